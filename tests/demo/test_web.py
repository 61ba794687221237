"""The app is built without a network in mind, and listens where it is told."""

import re
from pathlib import Path

import pytest

import app
from core.models.model import Model
from demo.state.app import AppState
from demo.theme import ASSETS, LOGO, STATIC, STYLES, scripts, theme
from demo.web import build

ASKED = ("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "SPACE_ID")  # what hosts say of themselves
PLAIN = {"model": "scenes", "collection": None, "host": "127.0.0.1", "port": 7860, "tell_places": False}


@pytest.mark.parametrize(
    ("environment", "launched"),
    [
        ({}, PLAIN),
        ({"SPACE_ID": "somebody/sightwords"}, PLAIN | {"host": "0.0.0.0"}),
        (
            {"GRADIO_SERVER_NAME": "::1", "GRADIO_SERVER_PORT": "9000", "SPACE_ID": "x"},
            PLAIN | {"host": "::1", "port": 9000},
        ),
        (
            {"SIGHTWORDS_MODEL": "blip-coco", "SIGHTWORDS_COLLECTION": "mine"},
            PLAIN | {"model": "blip-coco", "collection": Path("mine")},
        ),
        ({"SIGHTWORDS_TELL_PLACES": "1"}, PLAIN | {"tell_places": True}),
    ],
)
def test_app_listens_where_the_environment_says_and_shows_what_it_names(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], launched: dict[str, object]
) -> None:
    for name in (*ASKED, "SIGHTWORDS_MODEL", "SIGHTWORDS_COLLECTION", "SIGHTWORDS_TELL_PLACES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(app, "launch", lambda **options: asked.append(options))
    app.main()
    assert asked == [launched]


def test_app_says_in_one_sentence_why_it_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", "eighty")
    with pytest.raises(SystemExit, match="Sightwords cannot start"):
        app.main()


def test_nothing_in_theme_or_style_points_to_the_web() -> None:
    dressed = theme()
    assert dressed._stylesheets == []
    for text in (dressed._get_theme_css(), *(style.read_text("utf-8") for style in STYLES)):
        assert not re.search(r"""url\(\s*['"]?(https?:)?//|@import""", text)
    assert not re.search(r"https?:|import\b|\bfetch\b", scripts())
    assert re.findall(r"https?://[^\"]+", LOGO.read_text("utf-8")) == ["http://www.w3.org/2000/svg"]


def test_every_style_and_script_is_loaded() -> None:
    assert {*STYLES, *STATIC.glob("*.js")} == {*STATIC.iterdir()}
    assert len(re.findall("<script>.*?</script>", scripts(), re.DOTALL)) == len(list(STATIC.glob("*.js")))


def test_the_page_calls_each_function_of_its_scripts_and_no_other() -> None:
    defined = re.findall(r"^window\.sightwords\.(\w+) = ", scripts(), re.MULTILINE)
    calling = scripts() + "".join(file.read_text("utf-8") for file in STATIC.parent.rglob("*.py"))
    assert sorted(defined) == sorted(set(re.findall(r"\bsightwords\.(\w+)\(", calling)))


def test_no_script_stands_in_python() -> None:
    for file in STATIC.parent.rglob("*.py"):
        assert not re.search(r"addEventListener|querySelector|setTimeout|=> \{", file.read_text("utf-8")), file


def test_assets_stay_small() -> None:
    assert all(path.stat().st_size < 10_000_000 for path in ASSETS.rglob("*") if path.is_file())


def test_the_page_has_the_names_that_tests_and_styles_rely_on(model: Model) -> None:
    page = build(AppState(model))
    names = {block.elem_id for block in page.blocks.values()}
    assert {"query", "search-button", "example-0", "expansion", "mode", "notice", "status", "about"} <= names
    assert {"welcome", "query-terms", "search-line", "results", "grid", "detail", "explanation"} <= names
    assert page.analytics_enabled is False
