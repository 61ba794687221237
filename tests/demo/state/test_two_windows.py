"""What two windows may do to one app: each changes only the collection that it shows, and is refused otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.errors import QueryError
from demo.state.app import AppState, OtherCollection, Shown
from demo.state.lab import Lab
from demo.state.lab_choice import Choice
from demo.state.library import Library
from demo.tabs.search_components import heat_of
from index_store.opening import open_collection
from tests.core.dense_sets import write_words

Action = Callable[[AppState, Library, Path, Shown], object]
ACTIONS: dict[str, Action] = {
    "adding": lambda state, library, root, shown: library.contents.add([], str(root / "pictures-0"), None, shown),
    "asking what to take out": lambda state, library, root, shown: library.contents.to_remove("1", shown),
    "taking out": lambda state, library, root, shown: library.contents.remove([1], shown),
    "taking out what is gone": lambda state, library, root, shown: library.contents.remove_gone(shown),
    "opening": lambda state, library, root, shown: library.use("mine", shown=shown),
    "making": lambda state, library, root, shown: library.create("new", shown=shown),
    "making for pictures": lambda state, library, root, shown: library.create_for(
        [], str(root / "pictures-0"), "new", shown=shown
    ),
    "renaming": lambda state, library, root, shown: library.rename("trip", "voyage", shown),
    "deleting": lambda state, library, root, shown: library.delete("trip", shown),
    "training": lambda state, library, root, shown: Lab(state, library).start(Choice("collection"), shown),
    "using a head": lambda state, library, root, shown: Lab(state, library).use("kept", shown),
    "using no head": lambda state, library, root, shown: Lab(state, library).back(shown),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_what_was_meant_for_another_collection_is_refused_and_changes_nothing(
    state: AppState, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.models.kept_heads.kept_head", lambda name: tmp_path)
    library, window = Library(state), state.shown
    library.use("trip", shown=window)  # another window does
    before = sorted(library.collections())
    with pytest.raises(OtherCollection, match=r"‘trip’ was opened meanwhile, .* still showed ‘mine’"):
        ACTIONS[name](state, library, tmp_path, window)
    library.contents.job.wait()
    assert (state.shown.name, state.ready()[1].ids()) == ("trip", [1, 2, 3, 4])
    assert sorted(library.collections()) == before and library.contents.job.status.state == "idle"


def test_a_window_that_shows_the_open_collection_changes_it(state: AppState, tmp_path: Path) -> None:
    library = Library(state)
    library.use("trip", shown=state.shown)
    window = state.shown
    assert library.contents.remove(library.contents.to_remove("1", window).ids, window) == 1
    library.rename("trip", "voyage", window)  # which is the same collection
    library.contents.add([], str(tmp_path / "pictures-0"), None, window)
    library.contents.job.wait()
    assert library.contents.added is not None and library.contents.added.report.added == 4
    library.use("mine", shown=window)
    assert library.contents.added is None  # a report is of its own collection
    with open_collection(window.address) as trip:  # type: ignore[arg-type]
        assert len(trip) == 7


def test_a_term_is_not_pointed_out_in_a_picture_of_another_collection(
    state: AppState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state.searcher, "heatmap", lambda item, term: Image.new("RGBA", (4, 4)))
    assert heat_of(state, [1, "dog", "mine"])[0].startswith("data:image/webp;base64,")
    Library(state).use("trip")
    assert heat_of(state, [1, "dog", "mine"]) == ["", "‘trip’ is open now, which this picture is not of; ask again."]
    for wrong in (None, [1, "dog"], ["1", "dog", "trip"], [1, "dog", None]):
        assert heat_of(state, wrong) == ["", ""]


def test_pictures_are_not_added_where_another_window_is_quicker(
    state: AppState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what is open and the beginning of the work."""
    library, window = Library(state), state.shown
    start = library.contents.job.start

    def quicker(*work: object, **options: object) -> None:
        library.use("trip")
        start(*work, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(library.contents.job, "start", quicker)
    with pytest.raises(OtherCollection):
        library.contents.add([], str(tmp_path / "pictures-1"), None, window)
    assert state.ready()[1].ids() == [1, 2, 3, 4]


def test_a_head_goes_into_use_only_where_its_collection_is_open_still(
    state: AppState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(state)
    lab = Lab(state, library)
    words = write_words(tmp_path / "words", words=state.ready()[0].vocabulary.terms, encoder="mean-colours")
    settings = {"epochs": 1, "batch_size": 16, "hidden_size": 16, "tau": 0.02}
    lab.start(Choice("folder", folder=str(words), settings=settings), state.shown)
    lab.job.wait()
    (key,) = lab.heads.experiments()
    lab.heads.keep(key, "kept")
    import core.library.reweighing as reweighing

    carry_over = reweighing.carry_over

    def slow(*given: object, **options: object) -> object:
        carried = carry_over(*given, **options)  # type: ignore[arg-type]
        library.use("trip")  # another window, meanwhile
        return carried

    monkeypatch.setattr(reweighing, "carry_over", slow)
    lab.use("kept", state.shown)
    lab.job.wait()
    assert "‘trip’ was opened meanwhile" in lab.said and state.shown.name == "trip"
    monkeypatch.setattr(reweighing, "carry_over", carry_over)
    library.use("mine")
    lab.use("kept", state.shown)
    lab.job.wait()
    assert lab.said.startswith("The app now searches") and state.shown.name == "mine with kept"
    lab.back(state.shown)
    assert lab.said == "" and state.shown.name == "mine"  # that was of the collection that is open no more


def test_nobody_goes_over_while_pictures_are_added(
    state: AppState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, model = Library(state), state.ready()[0]
    library.use("trip")
    whole, refused = model.light_pictures, []

    def encode(images: list) -> list:  # type: ignore[type-arg]
        for action in (lambda: library.use("mine"), lambda: library.create("new"), lambda: library.delete("trip")):
            with pytest.raises(QueryError, match="still being added"):
                action()
            refused.append(action)
        return whole(images)

    monkeypatch.setattr(model, "light_pictures", encode)
    library.contents.add([], str(tmp_path / "pictures-0"), None, state.shown)
    library.contents.job.wait()
    assert refused and library.contents.job.status.error == "" and state.shown.name == "trip"
