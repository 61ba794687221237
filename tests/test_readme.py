"""The README is true: its commands run in their order, its figures are the measured ones, its files exist."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.models.registry import SCENES
from core.training.presets import SHIPPED_HEAD
from core.world.catalogue import KINDS, PLACES
from core.world.colours import BASES
from core.world.words import WORDS
from demo.cli import app
from demo.state.app import Session
from demo.web import serve
from index_store.folder.collection import Collection
from tests.photographs import folder_of_photographs

MILVUS = find_spec("milvus_lite") is not None
ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


def test_there_are_exactly_two_set_up_commands() -> None:
    assert [line.rsplit("&& ", 1)[1] for line in COMMANDS if line.startswith("python3 -m venv")] == [
        ".venv/bin/python app.py",
        ".venv/bin/python -m pytest",
    ]


@pytest.mark.slow
def test_the_tour_runs(world: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in COMMANDS if line.startswith("sightwords ")]
    tour = [shlex.split(line)[1:] for line in lines if MILVUS or "milvus:" not in line]
    assert {line[0] for line in tour} >= {"search", "encode", "scenes", "index", "stats", "remove", "serve"}
    monkeypatch.chdir(tmp_path)
    for arguments in tour:
        if arguments[0] == "serve":
            _serves(arguments)
            continue
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, f"sightwords {shlex.join(arguments)}: {result.output}"
        if "--json" in arguments:
            assert json.loads(result.stdout)


def test_the_tour_begins_with_photographs_of_one_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    (block,) = re.findall(r"```\n(sightwords index ~/Pictures.*?)```", README, re.DOTALL)
    assert README.index(block) < README.index("```sh\nsightwords search")
    folder_of_photographs(tmp_path / "Pictures")
    monkeypatch.chdir(tmp_path)
    index, search = (shlex.split(line.replace("~/Pictures", "Pictures"))[1:] for line in block.splitlines())
    result = CliRunner().invoke(app, index)
    assert result.exit_code == 0 and "5 added" in result.stdout and "'photos'" in result.stderr
    result = CliRunner().invoke(app, [*search, "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout)["exact"]


def _serves(arguments: list[str]) -> None:
    port = arguments[arguments.index("--port") + 1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen([sys.executable, "-m", "demo.cli", *arguments], env=environment)
    try:
        for _ in range(600):
            assert server.poll() is None, "serve ended by itself"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                    assert b"Sightwords" in page.read()
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail("serve did not answer within a minute")
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_its_program_asks_the_running_app(world: Collection, capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    served = serve(Session())
    try:
        served.session.ready()
        exec(program.replace("http://127.0.0.1:7860", served.local_url), {})
    finally:
        served.close(verbose=False)
    *hits, difference, terms, frequency = capsys.readouterr().out.splitlines()
    assert len(hits) == 3 and "'term'" in difference and "'puppy'" in terms and int(frequency) > 0


def test_the_figures_are_the_measured_ones() -> None:
    figures = json.loads((SCENES / "figures.json").read_text("utf-8"))
    rows = {"oracle": figures["oracle"], "dense": figures["dense"], "shipped": figures["heads"][SHIPPED_HEAD]["recall"]}
    for name, recall in rows.items():
        cells = " | ".join(f"{recall[key]:.3f}" for key in ("at1", "at5", "at10"))
        assert re.search(rf"\| \**{name}[^|]*\| {re.escape(cells)} \|", README), f"{name}: {cells}"


def test_the_world_is_as_large_as_it_says() -> None:
    said = f"{len(KINDS)} kinds of\nthings, {len(BASES)} colours, {len(PLACES)} places"
    assert said in README
    assert f"{len(WORDS)} English words" in README


def test_every_file_it_shows_exists() -> None:
    linked = re.findall(r"\]\(((?!http)[^)#]+)\)", README)
    named = re.findall(r"\(`((?:core|demo|index_store|benchmarks|assets)/[^`]*)`\)", README)
    assert linked and named
    assert all((ROOT / path).exists() for path in [*linked, *named])
