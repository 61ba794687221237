"""The pages of documentation as tests read them: blocks, commands, code spans, links and headings; runs nothing."""

import ast
import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from typer.main import get_command

from demo.cli import app

ROOT = Path(__file__).parent.parent
COMMANDS: dict[str, Any] = get_command(app).commands  # by name, as typer has them
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SCRIPT = re.compile(r"python (?:-m (recipes\.\w+)|(benchmarks/\w+\.py))(?= |$)")
PLACEHOLDER = re.compile(r"[A-Z]+")  # what a reader is to replace: NAME, DIR, N
KINDS = ("sightwords ", "python ", "pip ", "pytest ")  # of commands
LEFT_OUT = ("…", "OPTIONS")


@dataclass(frozen=True)
class Page:
    """A page of documentation. `name`: its path below the repository."""

    name: str

    @cached_property
    def text(self) -> str:
        """All of it."""
        return (ROOT / self.name).read_text("utf-8")

    @cached_property
    def prose(self) -> str:
        """All but its blocks."""
        return FENCE.sub("", self.text)

    def blocks(self, language: str = "") -> list[str]:
        """What stands in its blocks of a language; "" for those without one."""
        return [block for found, block in FENCE.findall(self.text) if found == language]

    @cached_property
    def run(self) -> list[str]:
        """The lines of its blocks `sh`, which are run as they stand."""
        return [line for block in self.blocks("sh") for line in block.splitlines()]

    @cached_property
    def spans(self) -> list[str]:
        """What stands in its prose as code."""
        return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", self.prose)]

    @cached_property
    def commands(self) -> list[str]:
        """Every command it names, in blocks and in its prose."""
        lines = [line for language in ("sh", "") for block in self.blocks(language) for line in block.splitlines()]
        return [
            line for line in [*lines, *self.spans] if line.startswith(("sightwords ", "python ", "pip ", "pytest "))
        ]

    @cached_property
    def links(self) -> list[tuple[str, str]]:
        """(file, anchor) that it leads to inside the repository; the file relative to the page, "" for the page."""
        return [
            (file, anchor)
            for file, _, anchor in (link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", self.text))
            if not file.startswith(("http://", "https://"))
        ]

    @cached_property
    def anchors(self) -> set[str]:
        """What links can name on it, as GitHub makes it of headings."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    def table(self, header: str) -> list[list[str]]:
        """The cells of the rows below a table's first line, which begins with `header`."""
        _, _, rest = self.text.partition(f"\n{header}")
        rows = rest.partition("\n\n")[0].splitlines()[2:]
        assert rows, f"{self.name} has no table {header}"
        return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


README, USAGE = Page("README.md"), Page("docs/usage.md")
PAGES = [README, Page("ARCHITECTURE.md"), *(Page(f"docs/{file.name}") for file in sorted((ROOT / "docs").glob("*.md")))]


def options(command: str) -> set[str]:
    """The options of a command of `sightwords`."""
    return {name for one in COMMANDS[command].params for name in [*one.opts, *one.secondary_opts] if name[:1] == "-"}


def parsed(line: str) -> None:
    """Raises what the command line would say against a command `sightwords …`, if more than its name is there.

    Placeholders stand for 1.
    """
    _, name, *rest = shlex.split(line)
    assert name in COMMANDS or line == "sightwords --help", f"there is no command {name}"
    if rest and "--help" not in rest:
        given = ["1" if PLACEHOLDER.fullmatch(part) else part for part in rest if part not in LEFT_OUT]
        COMMANDS[name].make_context(name, given)


def script_of(line: str) -> Path | None:
    """The file that a command `python benchmarks/… ` or `python -m recipes.…` starts; None for another command."""
    found = SCRIPT.match(line)
    if found is None:
        return None
    return ROOT / (found[2] or f"{found[1].replace('.', '/')}/__main__.py")


def arguments_of(script: Path) -> set[str]:
    """The options of a script, and the words that it knows of what else it is given."""
    calls = [node for node in ast.walk(ast.parse(script.read_text("utf-8"))) if isinstance(node, ast.Call)]
    added = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"]
    words = [node.value for call in added for node in ast.walk(call) if isinstance(node, ast.Constant)]
    return {word for word in words if isinstance(word, str)}
