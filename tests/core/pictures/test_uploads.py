"""What a visitor hands over: honest files are taken, everything else is refused in one sentence and leaves nothing."""

import io
import re
import stat
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from core.pictures.folders import uploads
from core.pictures.folders.listing import list_pictures
from core.pictures.folders.uploads import receive_files
from tests.odd_files import jpeg


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_pictures_and_zips_are_taken(tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(picture("red"))
    packed = zipped(
        tmp_path / "trip.zip",
        {"beach/blue.png": picture("blue"), "notes.txt": b"x", "__MACOSX/._blue.png": b"x", "sub/": b""},
    )
    into = tmp_path / "taken"
    taken = receive_files([tmp_path / "red.png", packed], into)
    found = taken.paths
    assert (taken.passed_over, taken.junk, taken.refused) == ({".txt": 1}, {"__MACOSX": 1}, [])
    assert found == [into / "red.png", into / "trip" / "beach" / "blue.png"]
    assert list_pictures([into]).pictures == sorted(found)
    assert receive_files([tmp_path / "red.png"], into).paths == [into / "red.png"]  # the same once
    (tmp_path / "red.png").write_bytes(picture("darkred"))
    assert receive_files([tmp_path / "red.png"], into).paths == [into / "red-2.png"]  # another one of that name
    assert (into / "red.png").read_bytes() == picture("red")


def link(path: Path) -> Path:
    entry = zipfile.ZipInfo("passwords.png")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", picture("red"))
        archive.writestr(entry, "/etc/passwd")
    return path


def lying(path: Path) -> Path:
    """A zip that says of a file that it is one byte long."""
    zipped(path, {"a.png": picture("red") * 3})
    data, size = bytearray(path.read_bytes()), len(picture("red") * 3).to_bytes(4, "little")
    for _ in range(2):  # in the file's own head and in the list of contents
        at = data.index(size)
        data[at : at + 4] = (1).to_bytes(4, "little")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: zipped(path, {"a.png": picture("red"), "../../b.png": b"x"}), "outside itself"),
        (lambda path: zipped(path, {"/etc/b.png": b"x"}), "outside itself"),
        (lambda path: zipped(path, {"..\\b.png": b"x"}), "outside itself"),
        (lambda path: zipped(path, {"C:/b.png": b"x"}), "outside itself"),
        (link, "holds a link"),
        (lying, "it is refused|damaged"),
        (lambda path: zipped(path, {f"{i}.png": b"" for i in range(10_000)}), "10,000 files; at most 5,000"),
        (lambda path: zipped(path, {"bomb.png": bytes(50_000_000)}), "would unpack to 50 MB"),
        (lambda path: path.write_bytes(b"PK\x03\x04 half a zip") and path, "damaged"),
        (lambda path: path.write_bytes(b"") or path, "damaged"),
    ],
)
def test_a_dishonest_zip_is_refused_whole(tmp_path: Path, make: object, said: str) -> None:
    file = make(tmp_path / "hostile.zip")  # type: ignore[operator]
    (tmp_path / "red.png").write_bytes(picture("red"))
    into = tmp_path / "home" / "taken"
    taken = receive_files([tmp_path / "red.png", file], into)
    ((name, sentence),) = taken.refused
    assert name == "hostile.zip" and re.search(said, sentence) and sentence.endswith(".") and "\n" not in sentence
    assert list(into.rglob("*")) == taken.paths == [into / "red.png"]  # which does not suffer from it
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "hostile.zip", "red.png"]
    assert receive_files([file], into).why_nothing == sentence


def test_odd_files_are_passed_over_and_cost_the_others_nothing(tmp_path: Path) -> None:
    names = ("a.exe", "b.EXE", "a.svg", "a", "red.jfif")
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "red.jfif").write_bytes(jpeg(Image.new("RGB", (8, 8), "red")))
    (tmp_path / "odd.bin").write_bytes(picture("blue"))
    given = [tmp_path / name for name in (*names, "odd.bin")]
    taken = receive_files(given, tmp_path / "taken")
    assert sorted(path.name for path in taken.paths) == ["odd.bin", "red.jfif"]
    assert taken.passed_over == {".exe": 2, ".svg": 1, "": 1} and taken.refused == []
    nothing = receive_files(given[:4], tmp_path / "taken")
    assert nothing.paths == [] and "(2 .exe, 1 .svg, 1 without a suffix)" in nothing.why_nothing


def test_what_systems_keep_for_themselves_stays_in_the_zip(tmp_path: Path) -> None:
    data = picture("red")
    names = (
        "trip/a.png", "trip/#recycle/b.png", "trip/@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg", ".thumbnails/c.png",
        "__MACOSX/trip/._a.png", "trip/._a.png", "trip/.hidden.png", "x\\$RECYCLE.BIN\\d.png", "x\\e.png",
        "My.photoslibrary/originals/f.png", "My.photoslibrary/resources/derivatives/f.png",
    )  # fmt: skip
    taken = receive_files([zipped(tmp_path / "a.zip", dict.fromkeys(names, data))], tmp_path / "taken")
    assert [path.relative_to(tmp_path / "taken" / "a").as_posix() for path in taken.paths] == [
        "My.photoslibrary/originals/f.png", "trip/a.png", "x/e.png",
    ]  # fmt: skip
    assert taken.junk == {
        "#recycle": 1, "@eaDir": 1, ".thumbnails": 1, "__MACOSX": 1, "._*": 1, "$RECYCLE.BIN": 1, "resources": 1,
    }  # fmt: skip


def test_zips_of_one_name_and_equal_pictures(tmp_path: Path) -> None:
    for number, colour in enumerate(("red", "blue", "red")):
        (tmp_path / str(number)).mkdir()
        zipped(tmp_path / str(number) / "a.zip", {"a.png": picture(colour)})
    taken = receive_files([tmp_path / str(number) / "a.zip" for number in range(3)], tmp_path / "taken")
    assert [path.name for path in taken.paths] == ["a.png", "a-2.png"]


def test_a_limit_holds_while_unpacking_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 100)
    packed = zipped(tmp_path / "two.zip", {"a.png": picture("red"), "b.png": picture("blue")})
    assert "refused" in receive_files([packed], tmp_path / "taken").why_nothing
    assert list((tmp_path / "taken").iterdir()) == []


def test_cancelling_takes_nothing(tmp_path: Path) -> None:
    packed = zipped(tmp_path / "a.zip", {"a.png": picture("red")})
    assert receive_files([packed], tmp_path / "taken", should_stop=lambda: True).paths == []
    assert list((tmp_path / "taken").iterdir()) == []
