"""The recipes are no part of the program: the wheel does not hold them, and nothing that it holds imports them."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]


def imported(file: Path) -> set[str]:
    """The top-level names of all that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return {name.partition(".")[0] for name in found}


def test_the_wheel_holds_no_recipe_and_needs_none() -> None:
    held = [ROOT / name for name in WHEEL["only-include"]]
    assert {"app.py", "demo", "core", "index_store", "assets"} == {path.name for path in held}
    files = [file for path in held for file in ([path] if path.suffix == ".py" else path.rglob("*.py"))]
    assert len(files) > 100
    unwanted = {str(file.relative_to(ROOT)) for file in files if imported(file) & {"recipes", "benchmarks", "tests"}}
    assert not unwanted
    assert imported(Path(__file__)) == {"ast", "tomllib", "pathlib"}  # the judge
