"""Collections of one's own, made and filled through the app's logic; what strangers may not do."""

import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gradio_client import Client
from PIL import Image

from core.errors import QueryError
from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.components.collection_stats import collection_stats
from demo.components.notices import report_notice
from demo.components.result_grid import file_url
from demo.components.welcome import mosaic
from demo.state.app import AppState
from demo.state.library import Library
from demo.state.names import WORLD
from demo.web import build, serve
from index_store.errors import ItemNotFound, SightwordsError
from index_store.folder.collection import Collection
from index_store.items import Description


@pytest.fixture
def started(
    model: Model, patches: list[Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[AppState, Library]]:
    """The app state on a collection of three pictures, and a home of its own."""
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path / "home"))
    (tmp_path / "pictures").mkdir()
    for number, patch in enumerate(patches[:3]):
        patch.save(tmp_path / "pictures" / f"{number}.png")
    with Collection.create(tmp_path / "mine", model=model.name, vocabulary=model.vocabulary.terms) as collection:
        index_paths(model, collection, [tmp_path / "pictures"])
    state = AppState(model, tmp_path / "mine")
    state.start()
    yield state, Library(state)
    state.close()


def test_a_collection_is_made_filled_searched_and_left(
    started: tuple[AppState, Library], patches: list[Image.Image], tmp_path: Path
) -> None:
    state, library = started
    assert list(library.collections()) == ["mine"] and library.current == "mine"
    state.ready()
    library.create("holiday 2026")
    _, collection = state.ready()
    assert library.current == "holiday 2026" and len(collection) == 0
    with zipfile.ZipFile(tmp_path / "trip.zip", "w") as archive:
        archive.write(tmp_path / "pictures" / "0.png", "0.png")
        archive.write(tmp_path / "pictures" / "1.png", "1.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    for name in ("a.exe", "b.exe", "notes.txt"):
        (tmp_path / name).write_bytes(b"no picture either")
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 half a zip")
    odd = [tmp_path / name for name in ("a.exe", "b.exe", "notes.txt", "bad.zip")]
    library.contents.add([tmp_path / "trip.zip", tmp_path / "broken.png", *odd])
    library.contents.job.wait()
    report = library.contents.added.report
    assert report is not None and (report.added, len(report.skipped)) == (2, 2), library.contents.job.status
    assert report.passed_over == {".exe": 2, ".txt": 1} and "bad.zip" in report.skipped[0][1]
    assert "2 added" in report_notice(report) and "2 files left out" in report_notice(report)
    assert "Passed over: 2 .exe, 1 .txt" in report_notice(report)
    hostile = replace(report, passed_over={".<b>": 1}, junk={"<i>": 2, "._*": 1})
    assert ".&lt;b&gt;" in report_notice(hostile) and "2 in &lt;i&gt;, 1 ._*" in report_notice(hostile)
    assert str(tmp_path) not in report_notice(report)  # whoever sent them does not know where they are kept
    taken = [Path(item.path) for item in state.sample(9)]
    assert all(path.is_relative_to(tmp_path / "home") and path.exists() for path in taken)  # kept, not only lent
    library.contents.add([], str(tmp_path / "pictures"))
    library.contents.job.wait()
    assert library.contents.added is not None and library.contents.added.report.added == 3 and state.size() == 5
    (tmp_path / "pictures" / "2.png").unlink()
    library.contents.add([], str(tmp_path / "pictures"))
    library.contents.job.wait()
    assert library.contents.added.report.removed == 1 and state.size() == 4
    wanted = library.contents.to_remove(str(tmp_path / "pictures"))
    assert library.contents.remove(wanted.ids) == 2 and state.size() == 2
    assert library.contents.added is None  # what was added before that is no news any more
    assert (tmp_path / "pictures" / "0.png").exists()
    (tmp_path / "elsewhere").mkdir()  # as an upload does, the captions lie apart from the pictures
    captions = tmp_path / "elsewhere" / "captions.jsonl"
    captions.write_text('{"file": "trip/0.png", "captions": ["a red patch"]}\n')
    library.contents.add([tmp_path / "trip.zip"], captions=captions)
    library.contents.job.wait()
    captions.write_text('{"file": "0.png", "captions": ["a red patch"]}\n')
    library.contents.add([], str(tmp_path / "pictures"), captions)
    library.contents.job.wait()
    assert library.contents.added.report.skipped == () and state.kinds() == {"image": 4, "caption": 2}
    captions.write_text('{"file": "0.png", "captions": ["a red patch"]}\n{}\n')
    library.contents.add([], str(tmp_path / "pictures"), captions)
    library.contents.job.wait()
    # it was sent from anywhere
    assert library.contents.added.report.skipped[0][1].startswith("captions.jsonl, line 2: ")
    captions.write_text("{}\n")
    library.contents.add([], str(tmp_path / "pictures"), captions)
    library.contents.job.wait()
    assert library.contents.job.status.error.startswith("captions.jsonl, line 1: ")
    library.use("mine")
    assert len(state.ready()[1]) == 3 and library.current == "mine"


def test_a_collection_is_made_with_another_model(
    started: tuple[AppState, Library], other_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, library = started
    own, _ = state.ready()
    labels = {name: label for label, name in library.models().items()}
    assert list(labels)[:2] == ["photos", own.name] and labels["scenes"] == "scenes"
    assert library.usual_model == own.name  # whoever starts the app with another model wants that one
    assert labels["blip-coco"] == "blip-coco (to be fetched)"
    with pytest.raises(SightwordsError, match="blip-coco"):
        library.create("photographs", "blip-coco")
    assert "photographs" not in library.collections() and state.ready()[0] is own
    monkeypatch.setattr("core.models.registry.load_model", lambda name, **options: other_model)
    library.create("others", other_model.name)
    model, collection = state.ready()
    assert model is other_model and collection.model == other_model.name and library.current == "others"
    library.use("mine")
    assert state.ready()[0] is own


def test_what_cannot_be_done_is_said_and_changes_nothing(started: tuple[AppState, Library], tmp_path: Path) -> None:
    state, library = started
    for name in ("", "../up", "a/b", ".hidden", "x" * 61, WORLD):
        with pytest.raises(QueryError, match="A collection's name"):
            library.create(name)
    library.create("one")
    for name in ("one", "ONE", " One "):
        with pytest.raises(QueryError, match="a collection 'one' already"):
            library.create(name)
    with pytest.raises(QueryError, match="no collection 'two'"):
        library.use("two")
    with pytest.raises(QueryError, match="nothing to add"):
        library.contents.add([])
    with pytest.raises(QueryError, match="nothing to remove"):
        library.contents.to_remove(" ")
    with pytest.raises(ItemNotFound, match="no item '99'"):
        library.contents.to_remove("99")
    (tmp_path / "a.exe").write_bytes(b"MZ")
    for files, folder, said in (
        ([tmp_path / "a.exe"], "", "(1 .exe)"),
        ([], "/no/such/folder", "no file or"),
    ):
        library.contents.add(files, folder)
        library.contents.job.wait()
        assert said in library.contents.job.status.error and state.size() == 0
    state._path = None  # as in the built-in world
    with pytest.raises(QueryError, match="fixed set of drawings"):
        library.contents.add([tmp_path / "a.exe"])


def test_work_is_cancelled_and_one_job_runs_at_a_time(
    started: tuple[AppState, Library], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state, library = started
    library.create("slow")
    model, _ = state.ready()
    whole = model.light_pictures

    def encode(images: list[Image.Image]) -> list:
        add = lambda: library.contents.add([], "/")  # noqa: E731
        for action in (add, lambda: library.delete("slow"), lambda: library.use("mine")):
            with pytest.raises(QueryError, match="still being added"):
                action()
        library.contents.job.stop()
        return whole(images)

    monkeypatch.setattr(model, "light_pictures", encode)
    monkeypatch.setattr("core.library.indexing.sync.BATCH", 1)
    library.contents.add([], str(tmp_path / "pictures"))
    library.contents.job.wait()
    report = library.contents.added.report
    assert library.contents.job.status.error == "" and report is not None and report.cancelled and report.added < 3
    assert report_notice(report).count("Stopped.") == 1


def test_many_items_go_only_once_a_person_agrees(
    started: tuple[AppState, Library], patches: list[Image.Image], tmp_path: Path
) -> None:
    state, library = started
    library.create("many")
    for number, patch in enumerate(patches[:8]):
        patch.save(tmp_path / "pictures" / f"{number}.png")
    library.contents.add([], str(tmp_path / "pictures"))
    library.contents.job.wait()
    few, all_ = library.contents.to_remove("1"), library.contents.to_remove("/")
    assert (len(few.ids), few.many) == (1, False) and (len(all_.ids), all_.held, all_.many) == (8, 8, True)
    for number in range(6):
        (tmp_path / "pictures" / f"{number}.png").unlink()
    library.contents.add([], str(tmp_path / "pictures"))
    library.contents.job.wait()
    assert library.contents.added is not None and len(library.contents.added.report.kept) == 6 and state.size() == 8
    assert library.contents.added.lost_from == str((tmp_path / "pictures").resolve())
    library.contents.keep_gone()
    assert library.contents.added.report.kept == () and library.contents.remove_gone() == 0 and state.size() == 8
    library.contents.add([], str(tmp_path / "pictures"))
    library.contents.job.wait()
    assert library.contents.remove_gone() == 6 and state.size() == 2


def test_items_are_taken_out_while_others_are_added(
    started: tuple[AppState, Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, library = started
    model, collection = state.ready()
    whole, gone = model.light_pictures, []

    def encode(images: list[Image.Image]) -> list:
        gone.append(library.contents.remove([1]))
        return whole(images)

    monkeypatch.setattr(model, "light_pictures", encode)
    Image.new("RGB", (20, 20), "red").save(tmp_path / "pictures" / "new.png")
    library.contents.add([], str(tmp_path / "pictures"))
    library.contents.job.wait()
    assert library.contents.job.status.error == ""
    assert gone == [1] and len(collection) == 3 and 1 not in collection.ids()


def test_a_collection_is_renamed_and_deleted_and_its_pictures_stay(
    started: tuple[AppState, Library], tmp_path: Path
) -> None:
    state, library = started
    state.ready()
    library.create("Flick")
    library.contents.add([tmp_path / "pictures" / "0.png"])
    library.contents.job.wait()
    (given,) = [Path(item.path) for item in state.sample(9)]
    library.rename("flick", "Trip to the sea")
    assert library.current == "Trip to the sea" and list(library.collections()) == ["mine", "Trip to the sea"]
    assert given.exists(), "renaming moves nothing that items point to"
    library.create("flick")  # the name is free again, its folder is not
    library.use("TRIP to the sea")
    assert len(state.ready()[1]) == 1
    with pytest.raises(QueryError, match="already"):
        library.rename("flick", "trip to the SEA")
    library.rename("flick", "FLICK")
    for action in (library.delete, library.what_goes, lambda name: library.rename(name, "else")):
        with pytest.raises(QueryError, match="not made here"):
            action("mine")
    said = library.what_goes("Trip to the sea")
    assert "the index of 1 picture" in said and "themselves stay" in said and str(given.parent) in said
    library.delete("Trip to the sea")
    assert library.current == "mine" and list(library.collections()) == ["mine", "FLICK"] and given.exists()
    assert not (given.parent.parent / "collection").exists() and not list(given.parent.parent.glob(".*"))
    library.delete("flick")
    assert list(library.collections()) == ["mine"]
    library.create("Flick")
    assert len(state.ready()[1]) == 0


def test_numbers_and_plots(started: tuple[AppState, Library]) -> None:
    state, _ = started
    _, collection = state.ready()
    lengths = [len(vector) for vector in collection.vectors([item.id for item in collection.all_items()])]
    shown = collection_stats(
        collection.stats(), "<b>tiny</b>", list(collection.document_frequencies().values()), lengths
    )
    assert "3 pictures" in shown and "&lt;b&gt;tiny" in shown and shown.count("<svg") == 2
    dark = replace(collection.stats(), distinct_terms=0, mean_terms=0.0, frequent=())
    assert "3 pictures" in collection_stats(dark, "tiny", [], [0, 0, 0])
    with Collection.open(collection.path, writable=True) as opened:
        opened.remove([item.id for item in opened.all_items()])
    assert "nothing yet" in collection_stats(collection.stats(), "tiny", [], [])


def test_strangers_may_look_but_change_nothing_and_learn_no_paths(
    started: tuple[AppState, Library], model: Model, tmp_path: Path
) -> None:
    with Collection.open(tmp_path / "mine", writable=True) as mine:
        mine.describe({item: Description(None, (), "2024", "Canon EOS 5D", 52.52, 13.405) for item in mine.ids()})
    public = AppState(model, tmp_path / "mine", public=True)
    ids = {component.elem_id for component in build(public).blocks.values()}
    assert "query" in ids and not {name for name in ids if name and name.startswith("library")}
    assert {c.elem_id for c in build(started[0]).blocks.values()} >= {"library-files", "library-remove"}
    app = serve(public)
    try:
        client = Client(app.local_url, verbose=False)
        found = client.predict("a red dog beside the sea", api_name="/search")
        assert found["hits"] and all(hit["file"] == "" for hit in found["hits"])
        assert str(tmp_path) not in str(found["hits"])
        assert found["hits"][0]["taken"] == "2024"
        assert "Canon" not in str(found) and "52.5" not in str(found)
        assert str(tmp_path) not in str(public.searcher.conditions())
        (item,) = public.sample(1)
        assert str(tmp_path) not in mosaic([item], 1)  # nor do the addresses of thumbnails tell it
        with urllib.request.urlopen(app.local_url + file_url(str(item.thumbnail))) as picture:
            assert picture.read() == Path(str(item.thumbnail)).read_bytes()
        client.close()
    finally:
        app.close(verbose=False)
