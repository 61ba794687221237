"""The pages of documentation are true: commands run or parse, files, anchors and options exist, tables are complete."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
import urllib.request
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from core.models.registry import SCENES
from core.training.config import TrainingConfig
from core.training.presets import RECIPES, SHIPPED_HEAD
from core.world.catalogue import KINDS, PLACES
from core.world.colours import BASES
from core.world.words import WORDS
from demo.cli import app
from tests.core.dense_sets import write_words
from tests.pages import COMMANDS, PAGES, README, ROOT, USAGE, Page, arguments_of, options, parsed, script_of

MILVUS = find_spec("milvus_lite") is not None
PAPER, MODELS, BENCHMARKS = (Page(f"docs/{name}.md") for name in ("paper", "models", "benchmarks"))
TRAINING, ARCHITECTURE = Page("docs/training.md"), Page("ARCHITECTURE.md")
NAMED = re.compile(r"((?:core|demo|index_store|recipes|benchmarks|assets|tests|docs)/[\w./-]*)(?:: (\w+))?")
RUN = [page for page in PAGES if page.run and page != PAPER]  # whose data comes from a hub: see below
SETS_UP = "python3 -m venv "  # tests/test_readme.py and .ci/run

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@every_page
def test_a_page_begins_with_what_it_is_and_leads_on(page: Page) -> None:
    title, said = re.findall(r"^# .+|^(?![-#\s]).+", page.prose.split("---\n")[-1], re.MULTILINE)[:2]
    assert title.startswith("# ") and len(said) > 60
    assert any(file.endswith(".md") for file, _ in page.links)
    assert page == README or page.name in {file for file, _ in README.links}


@every_page
def test_every_link_leads_somewhere(page: Page) -> None:
    for file, anchor in page.links:
        target = (ROOT / page.name).parent / file if file else ROOT / page.name
        assert target.is_file(), file
        if anchor:
            assert anchor in Page(str(target.resolve().relative_to(ROOT.resolve()))).anchors, f"{file}#{anchor}"


@every_page
def test_every_file_and_name_in_it_exists(page: Page) -> None:
    for path, name in (found.groups() for found in map(NAMED.fullmatch, page.spans) if found):
        assert (ROOT / path).exists(), path
        if name:
            defined = rf"^(?:def |class |)(?:{name})\b(?:\(|:| =)"
            assert re.search(defined, (ROOT / path).read_text("utf-8"), re.MULTILINE), f"{path}: {name}"


def test_the_architecture_tells_of_every_room() -> None:
    told = {room for row in ARCHITECTURE.table("| room | is for |") for room in re.findall(r"`([^`]+)/`", row[0])}
    tops = (ROOT / name for name in ("core", "demo", "index_store", "recipes"))
    rooms = {str(place.relative_to(ROOT)) for top in tops for place in top.iterdir() if any(place.glob("*.*"))}
    assert told == {room for room in rooms if not room.endswith("__pycache__")}


@every_page
def test_every_command_is_one_that_there_is(page: Page) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    with patch.dict(os.environ):  # which the options of devices are written into
        for line in page.commands:
            script = script_of(line)
            if line.startswith("sightwords "):
                parsed(line)
            elif script is not None:
                given = [part for part in shlex.split(line)[2:] if part[:1] == "-" or part == "figures"]
                given = [part for part in given if not part.startswith("-m")]
                assert set(given) <= arguments_of(script), line
            elif line.startswith("pip install -e"):
                assert set(re.findall(r"\w+", line.partition("[")[2])) <= extras.keys(), line
            else:
                assert line.startswith(("python -m pytest", "pytest ")), f"nothing checks {line}"
                assert all((ROOT / part).exists() for part in line.split() if "/" in part), line


@every_page
def test_every_option_in_it_exists(page: Page) -> None:
    """An option by itself belongs to some command, or script that the page names; one behind a command to that."""
    scripts = [script for script in map(script_of, page.commands) if script is not None]
    known = {name for command in COMMANDS for name in options(command)}.union(*map(arguments_of, scripts))
    for first, *rest in (re.split(r"[ =]", span) for span in page.spans):
        if first.startswith("--"):
            assert first in known | {"--help"}, first
        elif first in COMMANDS:
            given = {part for part in rest if part.startswith("--")}
            assert given <= options(first), f"{first} {given}"


def test_the_tables_of_commands_have_every_option_of_every_command() -> None:
    rows = [*USAGE.table("| command | what it does |"), *TRAINING.table("| command | its options |")]
    rows = [row for row in rows if "training.md" not in row[-1]]  # which has its own table
    told = {re.findall(r"[\w-]+", row[0])[0]: re.findall(r"(?<![\w-])--?[a-z][\w-]*", " ".join(row)) for row in rows}
    assert told.keys() == COMMANDS.keys()
    for command, some in told.items():
        assert set(some) == options(command) - {"--json"}, command
    without = {command for command in COMMANDS if "--json" not in options(command)}
    assert without == {"serve", "setup-lavis"}  # as the page says


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_its_commands_run(
    page: Page, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In their order, in an empty folder."""
    assert all(line.startswith(("sightwords ", SETS_UP)) for line in page.run), "what a test cannot run is no `sh`"
    lines = [shlex.split(line)[1:] for line in page.run if line.startswith("sightwords ")]
    lines = [line for line in lines if MILVUS or not any("milvus:" in part for part in line)]
    if any(line[0] == "search" and "--collection" not in line for line in lines):
        request.getfixturevalue("world")
    monkeypatch.chdir(tmp_path)
    for arguments in lines:
        if arguments[0] == "serve":
            _serves(arguments)
            continue
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, f"sightwords {shlex.join(arguments)}: {result.output}"
        if "--json" in arguments:
            assert json.loads(result.stdout)


def test_every_kind_of_command_is_run_somewhere() -> None:
    run = {line.split()[1] for page in RUN for line in page.run if line.startswith("sightwords ")}
    assert run >= {"search", "encode", "scenes", "index", "stats", "remove", "serve"}
    assert run >= {"tag", "duplicates", "export", "import", "verify", "compact", "embed", "train", "evaluate"}


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


def test_the_page_of_the_paper_is_short() -> None:
    assert len(PAPER.text.encode()) <= 6_000


def test_every_setting_in_which_the_recipe_differs_is_in_the_table() -> None:
    ours, published = asdict(TrainingConfig()), RECIPES["paper"]
    differing = {name for name, value in published.items() if value != ours[name]}
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \| ([^|]*) \|$", PAPER.text, re.MULTILINE)
    told = {name: cells for names, *cells in rows for name in re.findall(r"`(\w+)`", names)}
    assert differing == set(told) & ours.keys()
    for name, (theirs, own) in told.items():
        for said, value in ((theirs, published[name]), (own, ours[name])):
            if isinstance(value, str):
                assert f"`{value}`" in said, name
            elif value is not None:
                assert float(value) in [float(number) for number in re.findall(r"\d[\d.]*(?:e-\d)?\b", said)], name


def test_the_commands_of_the_paper_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a small data set, for one epoch, from chance: no hub can be reached."""
    data = write_words(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    assert len(PAPER.blocks("sh")) == 1
    assert {line.split()[1] for line in PAPER.run} == {"train", "evaluate", "reproduce"}
    for line in PAPER.run:
        arguments = shlex.split(re.sub(r" --init-embeddings \S+", "", line))[1:]
        arguments[arguments.index("--data") + 1] = str(data)
        if arguments[0] == "reproduce":
            continue  # four heads, a process each: tests/demo/test_research.py
        result = CliRunner().invoke(app, [*arguments, *(["--epochs", "1"] if arguments[0] == "train" else [])])
        assert result.exit_code == 0, f"{line}: {result.output}"


def test_the_figures_are_the_measured_ones() -> None:
    figures = json.loads((SCENES / "figures.json").read_text("utf-8"))
    rows = {"oracle": figures["oracle"], "dense": figures["dense"], "shipped": figures["heads"][SHIPPED_HEAD]["recall"]}
    for name, recall in rows.items():
        cells = " | ".join(f"{recall[key]:.3f}" for key in ("at1", "at5", "at10"))
        assert re.search(rf"\| \**{name}[^|]*\| {re.escape(cells)} \|", BENCHMARKS.text), f"{name}: {cells}"


def test_the_figures_of_photographs_are_the_measured_ones() -> None:
    figures = json.loads((ROOT / "assets" / "photos" / "figures.json").read_text("utf-8"))
    rows = BENCHMARKS.table("| photographs | dense R@1 / 5 / 10 |")
    for row, name in zip(rows, ("captioned", "labelled"), strict=True):
        for cell, key in ((row[1], "dense"), (row[2], "sparse")):
            told = [float(number) for number in cell.split(" / ")]
            assert told == pytest.approx(figures[name][key], abs=0.0006), f"{name}: {key}"


def test_the_world_is_as_large_as_it_says() -> None:
    said = f"{len(KINDS)} kinds of things, {len(BASES)} colours, {len(PLACES)} places"
    assert said in " ".join(MODELS.text.split())
    assert f"{len(WORDS)} English words" in MODELS.text


def test_the_settings_from_outside_are_those_that_the_program_reads() -> None:
    named = re.compile(r"\b(?:SIGHTWORDS|MILVUS)(?:_[A-Z]+)+\b")
    told = {name for page in PAGES for name in named.findall(page.text)}
    folders = (ROOT / name for name in ("core", "demo", "index_store"))
    files = [ROOT / "app.py", *(file for folder in folders for file in folder.rglob("*.py"))]
    read = {name for file in files for name in named.findall(file.read_text("utf-8"))}
    assert told <= read
    assert {name for name in read if name.startswith("SIGHTWORDS_")} <= set(USAGE.spans)
