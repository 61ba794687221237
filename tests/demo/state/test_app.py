"""The app state makes model and collection ready in the background, and says in one sentence what went wrong."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.errors import QueryError
from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.search.results import SearchResult
from demo.state.app import AppState, large_picture
from demo.state.question import FIRST
from index_store.errors import CollectionNotFound, SightwordsError
from index_store.folder.collection import Collection
from index_store.items import Description


@pytest.fixture
def start() -> Callable[[AppState], AppState]:
    """Starts the app and waits until it is ready or has failed."""
    started: list[AppState] = []

    def run(state: AppState) -> AppState:
        started.append(state)
        state.start()
        state.job.wait(60)
        return state

    yield run  # type: ignore[misc]
    for state in started:
        state.close()


def ask(state: AppState, text: str, **options: Any) -> SearchResult:
    return state.searcher.search(replace(FIRST, text=text, k=5, **options))


def test_the_world_is_drawn_once_and_found_again(model: Model, home: Path, start: Callable) -> None:
    state = start(AppState(model, pictures=3))
    assert (state.status.stage, state.size(), len(state.sample(9))) == ("ready", 3, 3)
    assert state.about == model.about and state.place("x.png") == ""
    before = sorted((path, path.stat().st_mtime_ns) for path in home.rglob("*.png"))
    assert len(before) == 3
    again = start(AppState(model, pictures=3))
    assert again.status.stage == "ready"
    assert sorted((path, path.stat().st_mtime_ns) for path in home.rglob("*.png")) == before


def test_a_collection_of_ones_own_is_searched(model: Model, collection: Collection, folder: Path, start) -> None:
    index_paths(model, collection, [folder])
    opened: list[Path] = []
    state = AppState(model, collection.path)
    state.opened = opened.append
    start(state)
    assert opened == [collection.thumbnails] and state.place("x.png") == "x.png"
    found = ask(state, "a red dog and a blue house")
    assert found.query == "a red dog and a blue house"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_question_is_refused_kindly(model: Model, collection: Collection, text: str, start) -> None:
    state = start(AppState(model, collection.path))
    with pytest.raises(QueryError, match="query is empty"):
        ask(state, text)


def test_a_collection_that_is_not_there_is_said_at_once(model: Model, tmp_path: Path) -> None:
    with pytest.raises(CollectionNotFound, match="no collection"):
        AppState(model, tmp_path / "nowhere")


def test_a_wrong_collection_fails_with_a_sentence(other_model: Model, collection: Collection, start) -> None:
    state = start(AppState(other_model, collection.path))
    assert state.status.stage == "failed" and "tiny" in state.status.message
    with pytest.raises(SightwordsError, match="tiny"):
        ask(state, "a dog")


def test_an_unknown_model_fails_with_a_sentence(collection: Collection, start) -> None:
    state = start(AppState("nobody", collection.path))
    assert state.status.stage == "failed" and "nobody" in state.status.message


def test_a_closed_session_says_so(model: Model, collection: Collection, start) -> None:
    state = start(AppState(model, collection.path))
    state.close()
    with pytest.raises(SightwordsError, match="closing"):
        ask(state, "a dog")


def test_going_over_to_another_collection_while_the_world_is_drawn_is_no_closing(
    model: Model, collection: Collection, home: Path, start: Callable
) -> None:
    state = AppState(model, pictures=400)
    state.start()
    try:
        state.ready()
        turning = threading.Thread(target=state.use, args=(collection.path, model))
        turning.start()
        while turning.is_alive():
            assert state.ready()[0] is model  # waits; it was told that the app is closing
        assert state.ready()[1].address == str(collection.path)
    finally:
        state.close()


def test_items_are_counted_by_kind_and_a_folder_with_those_inside_it(
    model: Model, collection: Collection, folder: Path, patches: list[Image.Image], start: Callable
) -> None:
    (folder / "inside").mkdir()
    patches[0].save(folder / "inside" / "deep.png")
    patches[1].save(folder / "top.png")
    index_paths(model, collection, [folder], alt_texts={(folder / "top.png").resolve(): "a red dog"})
    pictures = collection.stats(0).by_kind["image"]
    path, captions = collection.path, len(collection) - pictures
    collection.close()
    state = start(AppState(model, path))
    offered = {condition: int(said.rpartition(" ")[2]) for said, condition in state.searcher.conditions()}
    for condition, items in offered.items():
        assert state.searcher.size_of(replace(FIRST, kind="both", where=(condition,))) == items, condition
    assert len(offered) == 3 and max(offered.values()) == pictures + captions
    for kind, items in (("image", pictures), ("caption", captions), ("both", pictures + captions)):
        assert state.searcher.size_of(replace(FIRST, kind=kind)) == items


def test_a_large_picture_is_embedded_or_missing(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (3000, 10), "red").save(path)
    picture = large_picture(str(path))
    assert picture is not None and picture.source.startswith("data:image/webp;base64,")
    assert (picture.width, picture.height) == (1024, 3)
    assert large_picture(str(tmp_path / "gone.png")) is None


def test_bending_a_question_and_finding_more_like_an_item(
    model: Model, collection: Collection, folder: Path, start
) -> None:
    index_paths(model, collection, [folder])
    state = start(AppState(model, collection.path))
    query = replace(FIRST, text="a red dog and a blue house")
    plain = state.searcher.search(query)
    term = plain.all_terms[0].term
    bent = state.searcher.search(replace(query, weights={term: -1.0}), plain.encoded)
    assert all(row.contribution < 0 for hit in bent.hits for row in hit.contributions if row.term == term)
    assert [hit.score for hit in bent.hits] != [hit.score for hit in plain.hits]
    item = state.searcher.item(plain.hits[0].id)
    own = state.searcher.search(replace(FIRST, like=item.id)).hits
    assert item.path == plain.hits[0].path and item.id in [hit.id for hit in own]
    assert state.kinds() == {"image": 6} and not state.searcher.can_point()
    with pytest.raises(SightwordsError, match="cannot point"):
        state.searcher.heatmap(item.id, "dog")


def test_terms_are_suggested_with_their_frequency(model: Model, collection: Collection, folder: Path, start) -> None:
    index_paths(model, collection, [folder])
    state = start(AppState(model, collection.path))
    frequencies = collection.document_frequencies()
    suggested = state.searcher.suggest("B")
    assert {term for term, _ in suggested[:2]} <= {term for term in model.vocabulary.terms if term.startswith("b")}
    assert all(count == frequencies.get(model.vocabulary.id(term), 0) for term, count in suggested)
    assert state.searcher.suggest("no such term") == []


def test_only_some_items_are_searched(model: Model, collection: Collection, folder: Path, start) -> None:
    """Conditions are offered with counts; where files lie is neither told to strangers nor found out by them."""
    index_paths(model, collection, [folder])
    first, second, *_ = collection.ids()
    collection.tag([first, second], add=["best"])
    collection.describe({first: Description(None, (), "2024-05-03T14:07:09", "Canon EOS 5D", 52.52, 13.405)})
    path = collection.path
    collection.close()
    state = start(AppState(model, path))
    assert ("tag best · 2", "tag=best") in state.searcher.conditions()
    assert any(condition.startswith("folder=") for _, condition in state.searcher.conditions())
    found = ask(state, "red dog", where=("tag=best",))
    assert {hit.id for hit in found.hits} <= {first, second}
    assert state.searcher.size_of(replace(FIRST, where=("tag=best",))) == 2
    with pytest.raises(SightwordsError, match="is no condition"):
        ask(state, "red dog", where=("best",))
    (hit,) = ask(state, "red dog", where=("camera=canon", "near=52.5,13.4,5km")).hits
    when, where = [("taken", "2024-05-03 14:07")], [("camera", "Canon EOS 5D"), ("place", "52.52, 13.405")]
    assert state.searcher.facts(hit) == [*when, *where, ("tags", "best")]
    assert ("taken in 2024 · 1", "taken=2024") in state.searcher.conditions()
    assert ("camera Canon EOS 5D · 1", "camera=Canon EOS 5D") in state.searcher.conditions()
    public = start(AppState(model, path, public=True))
    assert [condition for _, condition in public.searcher.conditions()] == ["tag=best", "taken=2024"]
    assert public.searcher.facts(hit) == [*when, ("tags", "best")]
    assert start(AppState(model, path, public=True, tell_places=True)).searcher.facts(hit)[1:3] == where
    for probe in (f"folder={folder}", "file=*.png", "camera=canon", "near=52.5,13.4,5km"):
        with pytest.raises(SightwordsError, match="not told here"):
            ask(public, "red dog", where=(probe,))
