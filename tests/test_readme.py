"""The README is short and true: its set-up commands, its first steps with one's own photographs, its program, figures.

Its other commands, links and files are tested with those of all pages: tests/test_docs.py.
"""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from demo.cli import app
from demo.state.app import AppState
from demo.web import serve
from index_store.folder.collection import Collection
from tests.pages import README, ROOT, USAGE, Page
from tests.photographs import folder_of_photographs


def test_it_is_read_in_three_minutes() -> None:
    assert len(README.text.encode()) <= 9_000
    assert len(re.findall(r"!\[", README.text)) == 1 and len(README.blocks("python")) == 1


def test_there_are_exactly_two_set_up_commands() -> None:
    assert [line.rsplit("&& ", 1)[1] for line in README.run if line.startswith("python3 -m venv")] == [
        ".venv/bin/python app.py",
        ".venv/bin/python -m pytest",
    ]


def test_the_tour_begins_with_photographs_of_one_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    (block,) = re.findall(r"```\n(sightwords index ~/Pictures.*?)```", README.text, re.DOTALL)
    assert README.text.index(block) < README.text.index("```sh\nsightwords search")
    folder_of_photographs(tmp_path / "Pictures")
    monkeypatch.chdir(tmp_path)
    index, search = (shlex.split(line.replace("~/Pictures", "Pictures"))[1:] for line in block.splitlines())
    result = CliRunner().invoke(app, index)
    assert result.exit_code == 0 and "5 added" in result.stdout and "'photos'" in result.stderr
    result = CliRunner().invoke(app, [*search, "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout)["exact"]


def test_its_program_asks_the_running_app(world: Collection, capsys: pytest.CaptureFixture[str]) -> None:
    """And the usage page lists every endpoint that this app has."""
    (program,) = README.blocks("python")
    served = serve(AppState())
    try:
        served.state.ready()
        exec(program.replace("http://127.0.0.1:7860", served.local_url), {})
        endpoints = served.get_api_info()["named_endpoints"].keys()
    finally:
        served.close(verbose=False)
    *hits, difference, terms, frequency = capsys.readouterr().out.splitlines()
    assert len(hits) == 3 and "'term'" in difference and "'puppy'" in terms and int(frequency) > 0
    told = {name for row in USAGE.table("| endpoint | answers |") for name in re.findall(r"`(/\w+)`", row[0])}
    assert told == set(endpoints)


def test_its_figures_are_those_of_the_benchmarks() -> None:
    benchmarks = Page("docs/benchmarks.md").text
    for _, figure in README.table("| what | figure |"):
        for number in re.findall(r"\d[\d.,]*\d|\d+", figure):
            assert number in benchmarks, figure


def test_every_file_it_shows_exists() -> None:
    linked = re.findall(r"\]\(((?!http)[^)#]+)\)", README.text)
    assert linked
    assert all((ROOT / path).exists() for path in linked)
