"""Walking folders: one bad entry costs no other, junk is left out and counted, and what was not seen is not gone."""

import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.pictures.folders.junk import is_junk_folder, junk_folder
from core.pictures.folders.listing import Listing, list_pictures
from index_store.folder.collection import Collection
from tests.unprivileged import as_nobody, needs_nobody

JUNK = (
    "#recycle", "$RECYCLE.BIN", "$Recycle.Bin", "RECYCLER", "@Recycle", "@eaDir", ".@__thumb", ".thumbnails",
    "__MACOSX", ".Trash", ".Trash-1000", ".Trashes", "lost+found", "System Volume Information", ".picasaoriginals",
    "Lightroom Catalog Previews.lrdata", ".AppleDouble", "#snapshot", ".stversions", "files_trashbin", ".dtrash",
)  # fmt: skip


def names(listing: Listing, root: Path) -> set[str]:
    return {path.relative_to(root.resolve()).as_posix() for path in listing.pictures}


def test_a_link_that_cannot_be_followed_costs_no_other_entry(
    collection: Collection, model: Model, folder: Path, tmp_path: Path
) -> None:
    index_paths(model, collection, [folder])
    (folder / "0.png").unlink()
    (folder / "self").symlink_to("self")
    (folder / "a.jpg").symlink_to("a.jpg")
    (folder / "there").symlink_to("back")
    (folder / "back").symlink_to("there")
    (folder / "nowhere").symlink_to(tmp_path / "nowhere")
    Image.new("RGB", (8, 8)).save(folder / "z.png")
    report = index_paths(model, collection, [folder])
    assert (report.added, report.unchanged, report.removed) == (1, 5, 1)
    reasons = {Path(path).name: reason for path, reason in report.skipped}
    assert set(reasons) == {"self", "a.jpg", "there", "back", "nowhere"}
    assert all(reason.startswith(f"The link {folder / name} cannot be followed: ") for name, reason in reasons.items())
    assert all(reason.endswith(".") for reason in reasons.values())


@needs_nobody
def test_a_link_to_where_one_may_not_go(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    (secret / "inner").mkdir(parents=True)
    for name in ("link", "0a.png"):
        (folder / name).symlink_to(secret / "inner")
    secret.chmod(0o700)

    def work() -> list[Any]:
        listing = list_pictures([folder])
        told = sorted([path.name, reason] for path, reason in listing.unreadable)
        places = (folder / "0.png", folder / "link" / "x.png", secret / "inner" / "x.png")
        return [len(listing.pictures), told, [listing.covers(place) for place in places]]

    pictures, told, covered = as_nobody(work, folder)
    assert pictures == 6 and covered == [True, False, False]
    assert told == [
        [name, f"The link {folder / name} cannot be followed: permission denied."] for name in ("0a.png", "link")
    ]


def test_any_entry_that_raises_is_named_alone(
    collection: Collection, model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_paths(model, collection, [folder])
    (folder / "1.png").unlink()
    shutil.rmtree(folder / "below")
    (folder / "below").mkdir()
    real = os.scandir

    class Broken:
        """An entry as a failing disk gives it."""

        def __init__(self, entry: os.DirEntry[str]) -> None:
            self.name, self.path, self.is_symlink = entry.name, entry.path, entry.is_symlink

        def is_dir(self) -> bool:
            raise OSError(5, "Input/output error", self.path)

    class Entries:
        def __init__(self, place: Path) -> None:
            self.entries = real(place)

        def __enter__(self) -> Any:
            return (Broken(entry) if entry.name == "below" else entry for entry in self.entries)

        def __exit__(self, *what: object) -> None:
            self.entries.close()

    monkeypatch.setattr(os, "scandir", Entries)
    report = index_paths(model, collection, [folder])
    assert (report.unchanged, report.removed) == (3, 1)  # of the entry that could not be looked at, nothing is gone
    assert report.skipped == (
        (str(folder / "below"), f"The entry {folder / 'below'} cannot be read: input/output error."),
    )
    assert len(collection) == 5


@pytest.mark.parametrize("name", JUNK)
def test_junk_is_left_out_and_counted(tmp_path: Path, name: str) -> None:
    for place in (tmp_path / "a" / name / "deep", tmp_path / name):
        place.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(place / "deleted.png")
    (tmp_path / name / "info.txt").touch()
    Image.new("RGB", (8, 8)).save(tmp_path / "kept.png")
    listing = list_pictures([tmp_path])
    assert names(listing, tmp_path) == {"kept.png"} and listing.junk == {name: 2}
    everything = list_pictures([tmp_path], everything=True)
    assert len(everything.pictures) == 3 and everything.junk == {}
    assert len(list_pictures([tmp_path / name]).pictures) == 1  # a folder that is named is meant


def test_honest_folders_are_no_junk() -> None:
    for name in ("Recycling", "Thumbnails of Denmark", "trash", "Previews", "originals", "eaDir", "found", "snapshots"):
        assert not is_junk_folder(name, "Pictures"), name
    assert junk_folder(["a", "@eaDir", "#recycle"]) == "@eaDir" and junk_folder(["a", "b"]) is None


@pytest.mark.parametrize("library", ["Photos Library.photoslibrary", "iPhoto Library", "Old.photolibrary"])
def test_of_apples_libraries_only_the_originals_are_taken(tmp_path: Path, library: str) -> None:
    for part in ("originals/0", "Masters/2019", "resources/derivatives", "Thumbnails", "Data.noindex/2019", "database"):
        (tmp_path / library / part).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / library / part / "a.jpg")
    for root in (tmp_path, tmp_path / library):
        listing = list_pictures([root])
        assert names(listing, tmp_path / library) == {"originals/0/a.jpg", "Masters/2019/a.jpg"}
        assert set(listing.junk) == {"resources", "Thumbnails", "Data.noindex", "database"}


def test_what_macos_notes_about_a_picture_is_none(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    Image.new("RGB", (8, 8)).save(tmp_path / "._real.jpg")
    (tmp_path / "._a.jpg").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        ")
    (tmp_path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    listing = list_pictures([tmp_path])
    assert names(listing, tmp_path) == {"a.jpg"} and listing.junk == {"._*": 2} and listing.unreadable == []
    listing = list_pictures([tmp_path], everything=True)
    assert names(listing, tmp_path) == {"a.jpg", "._real.jpg"} and listing.junk == {"._*": 1}


def test_what_was_taken_from_junk_before_stays_and_is_told(collection: Collection, model: Model, folder: Path) -> None:
    (folder / "#recycle").mkdir()
    (folder / "0.png").rename(folder / "#recycle" / "0.png")
    assert index_paths(model, collection, [folder], everything=True).added == 6
    report = index_paths(model, collection, [folder])
    assert (report.unchanged, report.removed, report.junk) == (5, 0, {"#recycle": 1}) and len(collection) == 6
    ((place, reason),) = report.skipped
    assert place == str(folder / "#recycle") and reason.startswith("1 item of the collection came from ")
    assert f"sightwords remove {shlex.quote(place)}" in reason


def test_what_is_read_beside_pictures_is_not_passed_over(collection: Collection, model: Model, folder: Path) -> None:
    (folder / "captions.csv").write_text("file,caption\n0.png,a red dog\n")
    for name in ("0.xmp", "1.png.XMP", "other.csv"):
        (folder / name).touch()
    report = index_paths(model, collection, [folder], captions=folder / "captions.csv")
    assert report.passed_over == {".csv": 1} and report.added == 7


def test_a_pipe_of_any_name_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    listing = list_pictures([tmp_path])
    assert listing.pictures == [] and listing.unreadable == []
