"""Indexing folders: what is encoded, what is kept, what goes, and that nothing bad stops it. Real files throughout."""

import itertools
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.errors import DatasetError, ImageError
from core.library.indexing.sync import BATCH, IndexReport, index_paths
from core.library.selection import remove_gone
from core.models.model import Model
from core.pictures.folders.listing import list_pictures
from core.pictures.images import open_image
from core.search.query import Query
from core.search.search import search
from index_store.errors import CollectionError
from index_store.filters import parse
from index_store.folder.collection import Collection
from index_store.vectors import SparseVector
from tests.rounding import alike
from tests.unprivileged import as_nobody, needs_nobody

pytestmark = pytest.mark.numeric


class Counting(Model):
    """A model that counts what it is asked to encode."""

    def __init__(self, model: Model):
        super().__init__(model.name, model.encoder, model.head, model.vocabulary)
        self.images: list[int] = []
        self.texts: list[int] = []

    def dense_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        self.images.append(len(images))
        return super().dense_images(images)

    def dense_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts.append(len(texts))
        return super().dense_texts(texts)


@pytest.fixture
def counting(model: Model) -> Counting:
    return Counting(model)


def counts(report: IndexReport) -> tuple[int, int, int, int, int]:
    return report.added, report.unchanged, report.updated, report.removed, len(report.skipped)


def ids(collection: Collection, root: Path, kind: str = "image") -> dict[str, int]:
    """Ids by path below a folder."""
    return {str(Path(item.path).relative_to(root)): item.id for item in collection.all_items(kind)}


def held(collection: Collection, kind: str = "image") -> dict[str, SparseVector]:
    """Vectors by file name."""
    items = list(collection.all_items(kind))
    return dict(
        zip([Path(item.path).name for item in items], collection.vectors([item.id for item in items]), strict=True)
    )


def test_a_folder(collection: Collection, counting: Counting, folder: Path) -> None:
    (folder / "notes.txt").write_text("not a picture, and not asked for")
    (folder / ".hidden.png").write_bytes((folder / "0.png").read_bytes())
    (folder / ".cache").mkdir()
    shutil.copy(folder / "0.png", folder / ".cache" / "x.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (6, 0, 0, 0, 0) and report.seconds > 0 and not report.cancelled
    assert counting.images == [6]
    paths = [item.path for item in collection.all_items()]
    assert paths == sorted(str(path.resolve()) for path in folder.rglob("*.png") if "/." not in str(path))
    for name, vector in held(collection).items():
        (own,) = Model.encode_images(counting, [Image.open(next(folder.rglob(name)))])
        assert alike(vector, own)
    item = next(iter(collection.all_items()))
    assert (item.width, item.height) == (48, 32) and item.bytes == os.path.getsize(item.path)
    assert item.thumbnail
    with Image.open(item.thumbnail) as small:
        assert small.format == "WEBP"


def test_again_encodes_nothing(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    before = list(collection.all_items())
    assert counts(index_paths(counting, collection, [folder, folder / "0.png"])) == (0, 6, 0, 0, 0)
    assert counting.images == [6] and list(collection.all_items()) == before


def test_changed_new_and_gone_files(
    collection: Collection, counting: Counting, folder: Path, patches: list[Image.Image]
) -> None:
    index_paths(counting, collection, [folder])
    patches[20].save(folder / "1.png")
    patches[21].save(folder / "new.png")
    (folder / "below" / "4.png").unlink()
    assert counts(index_paths(counting, collection, [folder])) == (1, 4, 1, 1, 0)
    assert counting.images == [6, 2]
    vectors = held(collection)
    assert set(vectors) == {"0.png", "1.png", "2.png", "3.png", "5.png", "new.png"}
    assert alike(vectors["1.png"], counting.encode_images([patches[20]])[0])


def test_a_folder_that_is_suddenly_empty_takes_nothing_out(
    collection: Collection, counting: Counting, folder: Path, tmp_path: Path
) -> None:
    """What an unmounted disk leaves behind is an empty folder."""
    folder = folder.rename(tmp_path / "$RECYCLED 'ones'")
    index_paths(counting, collection, [folder])
    folder.rename(tmp_path / "unplugged")
    folder.mkdir()
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (0, 0, 0, 0, 1) and len(held(collection)) == 6
    assert report.skipped[0][0] == str(folder) and "6 items" in report.skipped[0][1]
    _, _, command = report.skipped[0][1].partition("To take them out: ")
    assert shlex.split(command) == ["sightwords", "remove", str(folder), "--collection", str(collection.path)]
    folder.rmdir()
    (tmp_path / "unplugged").rename(folder)
    assert counts(index_paths(counting, collection, [folder])) == (0, 6, 0, 0, 0)


def test_a_renamed_picture_stays_the_same_item(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    before, known = ids(collection, folder), {item.id: item for item in collection.all_items()}
    vectors = dict(zip(known, collection.vectors(list(known)), strict=True))
    collection.tag([before["0.png"], before["3.png"]], add=["best"])
    (folder / "0.png").rename(folder / "renamed.png")
    (folder / "3.png").rename(folder / "below" / "3.png")
    shutil.move(folder / "below" / "4.png", folder / "4.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (0, 3, 0, 0, 0) and report.renamed == 3 and counting.images == [6]
    after = ids(collection, folder)
    assert after == {
        **{name: before[name] for name in ("1.png", "2.png", "below/5.png")},
        "renamed.png": before["0.png"],
        "below/3.png": before["3.png"],
        "4.png": before["below/4.png"],
    }
    for item in collection.all_items():
        old = known[item.id]
        assert (item.thumbnail, item.added, item.content_hash) == (old.thumbnail, old.added, old.content_hash)
        assert collection.vectors([item.id]) == [vectors[item.id]]
    assert collection.ids(parse(["tag=best"])) == sorted([before["0.png"], before["3.png"]])
    assert collection.ids(parse([f"folder={folder / 'below'}"])) == sorted([before["3.png"], before["below/5.png"]])
    assert collection.verify() == []
    assert counts(index_paths(counting, collection, [folder])) == (0, 6, 0, 0, 0)


def test_a_folder_that_was_renamed_or_moved(
    collection: Collection, counting: Counting, folder: Path, tmp_path: Path
) -> None:
    """Its old place is not there to be walked any more; the pictures are known by their bytes all the same."""
    index_paths(counting, collection, [folder])
    before = ids(collection, folder)
    folder.rename(tmp_path / "elsewhere")
    report = index_paths(counting, collection, [tmp_path / "elsewhere"])
    assert counts(report) == (0, 0, 0, 0, 0) and report.renamed == 6 and counting.images == [6]
    assert ids(collection, tmp_path / "elsewhere") == before


def test_a_copy_is_another_item_with_the_same_vector(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    (folder / "0.png").rename(folder / "renamed.png")
    shutil.copy(folder / "1.png", folder / "copy.png")
    before, known = held(collection), ids(collection, folder)
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (1, 5, 0, 0, 0) and report.renamed == 1 and counting.images == [6]
    after = held(collection)
    assert after["renamed.png"] == before["0.png"] and after["copy.png"] == before["1.png"] and "0.png" not in after
    assert ids(collection, folder)["1.png"] == known["1.png"]
    for item in collection.all_items():
        assert (item.width, item.height) == (48, 32)
        assert item.thumbnail and Path(item.thumbnail).exists()
    assert collection.verify() == []


def test_two_pictures_that_swapped_names(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    before = ids(collection, folder)
    (folder / "0.png").rename(folder / "x")
    (folder / "1.png").rename(folder / "0.png")
    (folder / "x").rename(folder / "1.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (0, 4, 0, 0, 0) and report.renamed == 2
    assert ids(collection, folder) == {**before, "0.png": before["1.png"], "1.png": before["0.png"]}
    assert counts(index_paths(counting, collection, [folder])) == (0, 6, 0, 0, 0)


def test_a_new_picture_under_the_name_of_a_renamed_one(
    collection: Collection, counting: Counting, folder: Path, patches: list[Image.Image]
) -> None:
    index_paths(counting, collection, [folder])
    before = ids(collection, folder)
    (folder / "0.png").rename(folder / "older.png")
    patches[30].save(folder / "0.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (1, 5, 0, 0, 0) and report.renamed == 1 and counting.images == [6, 1]
    after = ids(collection, folder)
    assert after["older.png"] == before["0.png"] and after["0.png"] not in before.values()
    assert alike(held(collection)["0.png"], counting.encode_images([patches[30]])[0])


def test_a_picture_renamed_over_another(collection: Collection, counting: Counting, folder: Path) -> None:
    captions = write_captions(folder / "c.jsonl", [{"file": f"{n}.png", "captions": [f"number {n}"]} for n in (0, 1)])
    index_paths(counting, collection, [folder], captions=captions)
    before, spoken = ids(collection, folder), ids(collection, folder, "caption")
    (folder / "0.png").rename(folder / "1.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (0, 4, 0, 2, 0) and report.renamed == 2  # the picture and its caption, over another two
    after = ids(collection, folder)
    assert after["1.png"] == before["0.png"] and before["1.png"] not in after.values() and len(after) == 5
    assert ids(collection, folder, "caption") == {"1.png": spoken["0.png"]} and collection.verify() == []


def test_equal_pictures_keep_their_own_ids_when_they_move(
    collection: Collection, counting: Counting, folder: Path
) -> None:
    shutil.copy(folder / "0.png", folder / "same.png")
    index_paths(counting, collection, [folder])
    before = ids(collection, folder)
    (folder / "same.png").rename(folder / "below" / "same.png")  # of the same name first, whatever comes before it
    (folder / "0.png").rename(folder / "below" / "aaa.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (0, 5, 0, 0, 0) and report.renamed == 2
    after = ids(collection, folder)
    assert (after["below/same.png"], after["below/aaa.png"]) == (before["same.png"], before["0.png"])
    (folder / "below" / "aaa.png").unlink()
    (folder / "below" / "same.png").rename(folder / "one.png")
    report = index_paths(counting, collection, [folder])  # two are gone, one place holds their bytes
    assert counts(report) == (0, 5, 0, 1, 0) and report.renamed == 1 and counting.images == [6]
    for name in ("two.png", "three.png"):
        shutil.copy(folder / "one.png", folder / name)
    (folder / "one.png").unlink()
    report = index_paths(counting, collection, [folder])  # one is gone, two places hold its bytes
    assert counts(report) == (1, 5, 0, 0, 0) and report.renamed == 1 and counting.images == [6]


def test_captions_go_with_their_picture(collection: Collection, counting: Counting, folder: Path) -> None:
    rows = [{"file": "0.png", "captions": ["a red dog", "a dog"]}]
    captions = write_captions(folder / "c.jsonl", rows)
    index_paths(counting, collection, [folder], captions=captions)
    before = {item.id for item in collection.all_items("caption")}
    (folder / "0.png").rename(folder / "new.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (0, 5, 0, 0, 0) and report.renamed == 3
    write_captions(captions, [rows[0] | {"file": "new.png"}])
    report = index_paths(counting, collection, [folder], captions=captions)
    assert counts(report) == (0, 8, 0, 0, 0) and counting.texts == [2]
    spoken = list(collection.all_items("caption"))
    assert {item.id for item in spoken} == before and {item.path for item in spoken} == {str(folder / "new.png")}
    assert [item.caption for item in collection.find(path=str(folder / "new.png")) if item.kind == "image"] == [
        "a red dog"
    ]


def test_a_renamed_picture_that_cannot_be_sought(collection: Collection, counting: Counting, folder: Path) -> None:
    """Only what is surely not at its old name any more is taken for renamed."""
    index_paths(counting, collection, [folder])
    before = ids(collection, folder)
    shutil.copy(folder / "below" / "4.png", folder / "copy.png")
    report = index_paths(counting, collection, [folder / "copy.png"])  # the folder below is not walked, but is there
    assert counts(report) == (1, 0, 0, 0, 0) and report.renamed == 0
    assert ids(collection, folder)["below/4.png"] == before["below/4.png"]


def test_a_renamed_picture_goes_with_the_rest_of_a_large_change(
    collection: Collection, counting: Counting, tmp_path: Path, patches: list[Image.Image]
) -> None:
    root = tmp_path / "many"
    root.mkdir()
    patches[0].save(root / "000.png")
    index_paths(counting, collection, [root])
    (known,) = ids(collection, root).values()
    (root / "000.png").rename(root / "999.png")  # its old name is in the first batch, its new one in the second
    for number in range(BATCH + 3):
        patches[1 + number].save(root / f"{number:03}.png")
    report = index_paths(counting, collection, [root])
    assert counts(report) == (BATCH + 3, 0, 0, 0, 0) and report.renamed == 1
    assert ids(collection, root)["999.png"] == known


def test_a_cancelled_run_renames_nothing(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    before = ids(collection, folder)
    (folder / "0.png").rename(folder / "9.png")
    report = index_paths(counting, collection, [folder], should_stop=lambda: True)
    assert report.cancelled and report.renamed == 0 and ids(collection, folder) == before


def test_equal_pictures_are_encoded_once(collection: Collection, counting: Counting, folder: Path) -> None:
    for number in range(4):
        shutil.copy(folder / "0.png", folder / f"same{number}.png")
    assert counts(index_paths(counting, collection, [folder])) == (10, 0, 0, 0, 0)
    assert counting.images == [6] and len(collection) == 10


def test_batches_and_progress(
    collection: Collection, counting: Counting, tmp_path: Path, patches: list[Image.Image]
) -> None:
    for number, patch in enumerate(patches):
        patch.save(tmp_path / f"{number:02}.png")
    calls: list[tuple[int, int, str]] = []

    def progress(done: int, total: int, name: str) -> None:
        calls.append((done, total, name))
        with Collection.open(collection.path) as reader:
            assert len(reader) >= done  # what is reported is stored

    index_paths(counting, collection, [tmp_path / f"{number:02}.png" for number in range(40)], progress=progress)
    assert sum(counting.images) == 40 and max(counting.images) <= 32
    assert [done for done, _, _ in calls] == list(range(1, 41)) and {total for _, total, _ in calls} == {40}
    assert calls[-1][2] == "39.png"


def test_cancelling_keeps_what_was_stored_and_the_next_run_goes_on(
    collection: Collection, counting: Counting, tmp_path: Path, patches: list[Image.Image]
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for number, patch in enumerate(patches):
        patch.save(root / f"{number:02}.png")
    report = index_paths(counting, collection, [root], should_stop=lambda: len(collection) > 0)
    assert report.cancelled and counts(report) == (32, 0, 0, 0, 0) and len(collection) == 32
    report = index_paths(counting, collection, [root])
    assert not report.cancelled and counts(report) == (8, 32, 0, 0, 0) and sum(counting.images) == 40


def test_a_slow_encoder_is_asked_for_little_at_a_time_and_what_it_encoded_before_a_stop_is_kept(
    collection: Collection,
    counting: Counting,
    tmp_path: Path,
    patches: list[Image.Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, patch in enumerate(patches[:20]):
        patch.save(tmp_path / f"{number:02}.png")
    ticks = itertools.count()
    monkeypatch.setattr(
        "core.library.indexing.new_pictures.perf_counter", lambda: 100.0 * next(ticks)
    )  # everything takes 100 seconds
    report = index_paths(counting, collection, [tmp_path], should_stop=lambda: len(counting.images) == 3)
    assert report.cancelled and counting.images == [8, 1, 1]
    assert counts(report) == (10, 0, 0, 0, 0) and len(collection) == 10
    report = index_paths(counting, collection, [tmp_path])
    assert counts(report) == (10, 10, 0, 0, 0) and sum(counting.images) == 20


def test_a_cancelled_run_removes_nothing(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    (folder / "0.png").unlink()
    assert counts(index_paths(counting, collection, [folder], should_stop=lambda: True)) == (0, 0, 0, 0, 0)
    assert len(collection) == 6


def test_bad_files_are_skipped_once_with_their_reason(collection: Collection, counting: Counting, folder: Path) -> None:
    (folder / "notes.jpg").write_text("a text")
    (folder / "empty.png").touch()
    (folder / "half.png").write_bytes((folder / "0.png").read_bytes()[:60])
    (folder / "dangling.png").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (6, 0, 0, 0, 5)
    reasons = {Path(path).name: reason for path, reason in report.skipped}
    assert set(reasons) == {"notes.jpg", "empty.png", "half.png", "dangling.png", "pipe.png"}
    assert "not a picture" in reasons["notes.jpg"] and "empty" in reasons["empty.png"]
    assert all(reason.endswith(".") and name in reason for name, reason in reasons.items())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such file names")
def test_a_name_that_is_no_text_is_skipped(collection: Collection, counting: Counting, folder: Path) -> None:
    shutil.copy(folder / "0.png", os.fsencode(folder) + b"/\xff\xfe.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (6, 0, 0, 0, 1) and "UTF-8" in report.skipped[0][1]


def test_a_known_file_that_turned_bad_goes(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    (folder / "2.png").write_text("overwritten")
    assert counts(index_paths(counting, collection, [folder])) == (0, 5, 0, 1, 1)
    assert "2.png" not in held(collection)


def test_a_collection_below_its_own_pictures(model: Model, folder: Path) -> None:
    with Collection.create(folder / "index", model=model.name, vocabulary=model.vocabulary.terms) as inside:
        assert counts(index_paths(model, inside, [folder])) == (6, 0, 0, 0, 0)
        assert counts(index_paths(model, inside, [folder])) == (0, 6, 0, 0, 0)  # its thumbnails are not pictures


def test_links_and_loops(collection: Collection, counting: Counting, folder: Path, tmp_path: Path) -> None:
    (folder / "below" / "up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "below")
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copy(folder / "0.png", outside / "linked.png")
    (folder / "out").symlink_to(outside)
    assert counts(index_paths(counting, collection, [folder])) == (7, 0, 0, 0, 0)
    paths = {item.path for item in collection.all_items()}
    assert str(folder / "out" / "linked.png") in paths and str(folder / "below" / "4.png") in paths


def test_only_walked_folders_lose_items(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    (folder / "0.png").unlink()
    (folder / "below" / "4.png").unlink()
    assert counts(index_paths(counting, collection, [folder / "below"])) == (0, 1, 0, 1, 0)
    assert set(held(collection)) == {"0.png", "1.png", "2.png", "3.png", "5.png"}
    assert counts(index_paths(counting, collection, [folder / "1.png"])) == (0, 1, 0, 0, 0)


def test_a_path_that_does_not_exist(collection: Collection, counting: Counting, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"no file or folder at .*nowhere"):
        index_paths(counting, collection, [tmp_path / "nowhere"])


def test_a_missing_path_costs_no_other(collection: Collection, counting: Counting, folder: Path) -> None:
    report = index_paths(counting, collection, [folder / "nowhere", folder])
    assert counts(report) == (6, 0, 0, 0, 1)
    assert report.skipped[0][0] == str(folder / "nowhere") and "no file or folder" in report.skipped[0][1]
    (folder / "below").rename(folder.parent / "unplugged")
    report = index_paths(counting, collection, [folder / "0.png", folder / "below"])  # of a disk that is not there
    assert counts(report) == (0, 1, 0, 0, 1) and len(collection) == 6


def test_one_item_is_called_one_item(collection: Collection, counting: Counting, folder: Path, tmp_path: Path) -> None:
    index_paths(counting, collection, [folder / "below" / "4.png"])
    (folder / "below").rename(tmp_path / "unplugged")
    (folder / "below").mkdir()
    (_, reason), *_ = index_paths(counting, collection, [folder / "below"]).skipped
    assert "but 1 item came from it; it stays." in reason and "To take it out:" in reason


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "~nobody-of-this-name/x"])
def test_paths_that_cannot_be(collection: Collection, counting: Counting, tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError):
        index_paths(counting, collection, [tmp_path / name])


@needs_nobody
def test_an_unreadable_folder_is_reported_and_its_items_stay(folder: Path) -> None:
    locked = folder / "below"
    locked.chmod(0o000)

    def work() -> list[object]:
        listing = list_pictures([folder])
        told = [[str(path), reason] for path, reason in listing.unreadable]
        return [len(listing.pictures), told, listing.covers(folder / "0.png"), listing.covers(locked / "4.png")]

    answer = as_nobody(work, folder)
    locked.chmod(0o755)
    assert answer == [4, [[str(locked), f"The folder {locked} cannot be read: permission denied."]], True, False]


def test_items_below_a_folder_that_became_unreadable_stay(
    collection: Collection, counting: Counting, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_paths(counting, collection, [folder])
    (folder / "0.png").unlink()
    shutil.rmtree(folder / "below")
    (folder / "below").mkdir()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "below":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (0, 3, 0, 1, 1)
    assert report.skipped[0] == (
        str(folder / "below"),
        f"The folder {folder / 'below'} cannot be read: permission denied.",
    )
    assert {"4.png", "5.png"} <= set(held(collection))


def test_a_collection_made_by_another_model(collection: Collection, other_model: Model, folder: Path) -> None:
    with pytest.raises(CollectionError, match="made by the model 'tiny'"):
        index_paths(other_model, collection, [folder])


def write_captions(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_captions_become_items(collection: Collection, counting: Counting, folder: Path) -> None:
    rows = [
        {"file": "0.png", "captions": ["a red dog", "a dog", "a red dog"]},
        {"file": "below/4.png", "captions": ["the sea"]},
        {"file": "below/4.png", "captions": ["the sea at night"]},
    ]
    captions = write_captions(folder / "captions.jsonl", rows)
    report = index_paths(counting, collection, [folder], captions=captions)
    assert counts(report) == (10, 0, 0, 0, 0) and counting.texts == [4]
    spoken = {(Path(item.path).name, item.caption) for item in collection.all_items("caption")}
    assert spoken == {
        ("0.png", "a red dog"),
        ("0.png", "a dog"),
        ("4.png", "the sea"),
        ("4.png", "the sea at night"),
    }
    alts = {Path(item.path).name: item.caption for item in collection.all_items("image")}
    assert alts["0.png"] == "a red dog" and alts["4.png"] == "the sea" and alts["1.png"] is None
    (item,) = [item for item in collection.all_items("caption") if item.caption == "the sea"]
    assert alike(collection.vectors([item.id])[0], counting.encode_texts(["the sea"])[0])
    assert counts(index_paths(counting, collection, [folder], captions=captions)) == (0, 10, 0, 0, 0)
    assert counts(index_paths(counting, collection, [folder])) == (0, 6, 0, 0, 0)


def test_captions_of_linked_pictures_and_absolute_names(
    collection: Collection, counting: Counting, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(folder)
    (folder / "below").rename(tmp_path / "moved")
    (folder / "inner").symlink_to(tmp_path / "moved")
    rows = [{"file": "inner/4.png", "captions": ["a"]}, {"file": str(tmp_path / "link" / "0.png"), "captions": ["b"]}]
    captions = write_captions(folder / "c.jsonl", rows)
    assert counts(index_paths(counting, collection, [tmp_path / "link"], captions=captions)) == (8, 0, 0, 0, 0)
    alts = {item.path: item.caption for item in collection.all_items("image") if item.caption}
    assert alts == {str(folder / "inner" / "4.png"): "a", str(folder / "0.png"): "b"}


def test_captions_follow_their_file_and_their_picture(collection: Collection, counting: Counting, folder: Path) -> None:
    captions = write_captions(folder / "c.jsonl", [{"file": "0.png", "captions": ["a dog", "a cat"]}])
    index_paths(counting, collection, [folder], captions=captions)
    write_captions(captions, [{"file": "0.png", "captions": ["a boat", "a cat"]}])
    assert counts(index_paths(counting, collection, [folder], captions=captions)) == (1, 6, 1, 1, 0)
    assert counting.images == [6]  # the new alt text did not cost an encoding
    assert {item.caption for item in collection.all_items("caption")} == {"a boat", "a cat"}
    (folder / "0.png").unlink()
    report = index_paths(counting, collection, [folder], captions=captions)
    assert counts(report) == (0, 5, 0, 3, 1) and "no such picture" in report.skipped[0][1]
    assert list(collection.all_items("caption")) == []


def test_a_bad_caption_is_told_and_the_others_are_taken(
    collection: Collection, counting: Counting, folder: Path
) -> None:
    path = folder / "captions.csv"
    path.write_text("file,caption\n0.png,a dog\n1.png,\nnowhere.png,x\n4.png,the sea\n")
    assert index_paths(counting, collection, [folder]).unread_captions == (str(path.resolve()),)
    report = index_paths(counting, collection, [folder], captions=path)
    assert counts(report) == (2, 4, 2, 0, 2) and report.unread_captions == ()
    assert [reason.split(", ")[1] for _, reason in report.skipped] == [
        "line 3: 1.png has no caption.",
        "line 4: it names 'nowhere.png'",
    ]
    assert {item.caption for item in collection.all_items("caption")} == {"a dog", "the sea"}
    assert index_paths(counting, collection, [folder]).unread_captions == ()  # they were read once
    path.write_text("file,caption\n,nothing\n")
    with pytest.raises(DatasetError, match=r"captions\.csv, line 2"):
        index_paths(counting, collection, [folder], captions=path)
    assert len(collection) == 8


def test_large_pictures_are_shrunk_for_indexing_and_searching_alike(
    collection: Collection, counting: Counting, tmp_path: Path
) -> None:
    Image.effect_noise((2500, 1200), 90).save(tmp_path / "large.png")
    index_paths(counting, collection, [tmp_path / "large.png"])
    (item,) = collection.all_items()
    assert (item.width, item.height) == (2500, 1200)
    (vector,) = collection.vectors([item.id])
    (hit,) = search(counting, collection, Query(picture=open_image(tmp_path / "large.png"))).hits
    assert hit.id == item.id and hit.score == pytest.approx(vector.dot(vector), rel=1e-5)


def test_a_copy_of_a_tagged_picture_is_a_new_picture(collection: Collection, counting: Counting, folder: Path) -> None:
    index_paths(counting, collection, [folder])
    before = ids(collection, folder)
    collection.tag([before["0.png"]], add=["best"])
    shutil.copy(folder / "0.png", folder / "copy.png")
    assert counts(index_paths(counting, collection, [folder])) == (1, 6, 0, 0, 0) and counting.images == [6]
    assert collection.ids(parse(["tag=best"])) == [before["0.png"]]
    shutil.copy(folder / "0.png", folder / "1.png")  # a picture that changes keeps its own tags, and takes no others
    collection.tag([before["1.png"]], add=["mine"])
    index_paths(counting, collection, [folder])
    (changed,) = collection.find(path=str((folder / "1.png").resolve()))
    assert changed.tags == ("mine",)


def test_a_folder_that_lost_much_keeps_its_items_until_somebody_agrees(
    collection: Collection, counting: Counting, tmp_path: Path, patches: list[Image.Image]
) -> None:
    pictures = tmp_path / "many"
    pictures.mkdir()
    for number in range(10):
        patches[number].save(pictures / f"{number}.png")
    index_paths(counting, collection, [pictures])
    before = ids(collection, pictures)
    for number in range(4):
        (pictures / f"{number}.png").unlink()
    assert counts(index_paths(counting, collection, [pictures])) == (0, 6, 0, 4, 0), "a few are nobody's worry"
    for number in range(4, 9):
        (pictures / f"{number}.png").unlink()
    report = index_paths(counting, collection, [pictures])
    assert counts(report) == (0, 1, 0, 0, 0) and len(collection) == 6
    assert report.kept == tuple(before[f"{number}.png"] for number in range(4, 9))
    patches[4].save(pictures / "4.png")
    assert remove_gone(collection, report.kept) == 4, "what came back meanwhile stays"
    assert sorted(ids(collection, pictures)) == ["4.png", "9.png"]
    for number in range(10, 30):
        patches[number].save(pictures / f"{number}.png")
    index_paths(counting, collection, [pictures])
    for number in range(10, 30):
        (pictures / f"{number}.png").unlink()
    assert counts(index_paths(counting, collection, [pictures], remove_many=True))[3] == 20


class Meddling(Counting):
    """While it encodes, another process does something to the collection."""

    def __init__(self, model: Model, work: Callable[[Collection], object], place: Path):
        super().__init__(model)
        self.work: list[Callable[[Collection], object]] = [work]
        self.place = place

    def dense_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        while self.work:
            with Collection.open(self.place, writable=True, wait=0) as other:
                self.work.pop()(other)
        return super().dense_images(images)


def test_others_write_while_pictures_are_encoded(
    collection: Collection, model: Model, folder: Path, patches: list[Image.Image]
) -> None:
    """A second run adds the same, tags are given, items are removed: no picture is there twice, nothing is lost."""
    index_paths(model, collection, [folder])
    known = ids(collection, folder)
    for number, name in enumerate(("1.png", "new.png", "2.png")):
        patches[20 + number].save(folder / name)
    shutil.copy(folder / "0.png", folder / "twin.png")  # needs no encoding, unless its twin goes meanwhile

    def meddle(other: Collection) -> None:
        other.tag([known["1.png"]], add=["late"])
        other.remove([known["0.png"]])
        index_paths(model, other, [folder / "new.png", folder / "2.png"])

    report = index_paths(Meddling(model, meddle, collection.path), collection, [folder])
    assert report.skipped == ()
    now = ids(collection, folder)
    assert sorted(now) == sorted({*known, "new.png", "twin.png"} - {"0.png"}) and len(collection) == len(now)
    assert collection.items([now["1.png"]])[0].tags == ("late",) and collection.verify() == []
    fresh = {item: vector for item, vector in held(collection).items() if item in ("1.png", "twin.png", "2.png")}
    for name, vector in fresh.items():
        (own,) = model.encode_images([open_image(folder / name)])
        assert alike(vector, own)


def test_two_runs_at_once_make_one_item_a_picture(collection: Collection, model: Model, folder: Path) -> None:
    index_paths(model, collection, [folder / "0.png"])
    (folder / "0.png").rename(folder / "moved.png")
    write_captions(folder / "captions.jsonl", [{"file": "1.png", "captions": ["two red dogs", "a boat"]}])

    before: dict[str, int] = {}

    def meddle(other: Collection) -> None:
        index_paths(model, other, [folder], captions=folder / "captions.jsonl")
        before.update(ids(other, folder))
        other.tag([before["2.png"]], add=["late"])

    late = Meddling(model, meddle, collection.path)
    report = index_paths(late, collection, [folder], captions=folder / "captions.jsonl")
    assert ids(collection, folder) == before and counts(report) == (0, 7, 0, 0, 0)  # nothing was replaced
    assert report.renamed == 1
    assert collection.items([before["2.png"]])[0].tags == ("late",)
    assert len(ids(collection, folder)) == len(list(collection.all_items("image"))) == 6
    assert sorted(item.caption or "" for item in collection.all_items("caption")) == ["a boat", "two red dogs"]
    assert collection.verify() == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights that people lack there")
def test_a_picture_that_is_linked_counts_once(collection: Collection, counting: Counting, folder: Path) -> None:
    (folder / "0-link.png").symlink_to(folder / "0.png")
    (folder / "below" / "a.png").symlink_to(folder / "1.png")
    (folder / "a.png").symlink_to(folder / "1.png")
    os.link(folder / "2.png", folder / "2-hard.png")
    report = index_paths(counting, collection, [folder])
    assert counts(report) == (6, 0, 0, 0, 0)
    names = {str(Path(item.path).relative_to(folder.resolve())) for item in collection.all_items()}
    assert names == {"0.png", "1.png", "2-hard.png", "3.png", "below/4.png", "below/5.png"}
    assert counts(index_paths(counting, collection, [folder])) == (0, 6, 0, 0, 0)
