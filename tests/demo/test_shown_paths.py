"""Paths are told from where a person is, in every message of the command line; JSON has them whole."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import core.models.registry
from core.models.model import Model
from demo.cli import app
from demo.components.notices import error_notice
from demo.shown_paths import shorten_paths

HOME, HERE = Path("/home/me"), Path("/home/me/work")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("There is no collection at /home/me/work/mine; index", "There is no collection at mine; index"),
        ("The folder /home/me/work cannot be read.", "The folder ./ cannot be read."),
        ("in /home/me/other/x y.jpg.", "in ~/other/x y.jpg."),
        ("/home/me/work2/x and /home/me/work.old", "~/work2/x and ~/work.old"),
        ("/home/me, /home/meg/x, /srv/home/me/work/y", "~, /home/meg/x, /srv/home/me/work/y"),
        ("'/home/me/work/a' (/home/me/work/b) [/home/me/c]", "'a' (b) [~/c]"),
        ("file:///home/me/work/x", "file:///home/me/work/x"),
        ("nothing here", "nothing here"),
    ],
)
def test_from_here_and_from_home(text: str, said: str) -> None:
    assert shorten_paths(text, HERE, HOME) == said


def test_the_root_is_no_place_to_be_relative_to() -> None:
    assert shorten_paths("/home/me/x and /etc", Path("/"), Path("/")) == "/home/me/x and /etc"


def test_what_the_command_line_says(
    tmp_path: Path, folder: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.models.registry, "load_model", lambda name=None, **options: model)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(folder)
    (folder / "bad.png").touch()

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, arguments)
        return result.stdout + result.stderr

    told = run("index", ".", "--collection", "../elsewhere/../mine")
    assert "~/mine holds 6 items" in told and "The picture bad.png is empty" in told and str(tmp_path) not in told
    told = run("stats", "--collection", "../below/../mine")
    assert "~/mine" in told and ".." not in told and str(tmp_path) not in told
    assert "There is no collection at ~/nowhere;" in run("stats", "--collection", "../nowhere")
    assert "There is no collection at nowhere;" in run("stats", "--collection", "nowhere")
    assert str(tmp_path) not in run("search", "a red dog", "--collection", "~/mine")
    found = json.loads(run("search", "a red dog", "--collection", "~/mine", "--json"))
    assert all(hit["path"].startswith(str(folder.resolve())) for hit in found["hits"]) and found["hits"]


def test_the_app_tells_paths_from_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert "at ~/mine." in error_notice("There is no collection at /home/me/mine.")
