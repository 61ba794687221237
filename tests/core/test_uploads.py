"""What a visitor hands over: honest files are taken, everything else is refused in one sentence and leaves nothing."""

import io
import stat
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from core.errors import ImageError
from core.pictures import uploads
from core.pictures.files import list_pictures
from core.pictures.uploads import take_files


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
    found = take_files([tmp_path / "red.png", packed], into)
    assert found == [into / "red.png", into / "trip" / "beach" / "blue.png"]
    assert list_pictures([into]).pictures == sorted(found)
    assert take_files([tmp_path / "red.png"], into) == [into / "red.png"]  # the same once
    (tmp_path / "red.png").write_bytes(picture("darkred"))
    assert take_files([tmp_path / "red.png"], into) == [into / "red-2.png"]  # another one of that name
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
    with pytest.raises(ImageError, match=said):
        take_files([tmp_path / "red.png", file], into)
    assert list(into.rglob("*")) == [] and sorted(path.name for path in tmp_path.iterdir()) == [
        "home", "hostile.zip", "red.png",
    ]  # fmt: skip


def test_what_is_neither_picture_nor_zip_is_refused(tmp_path: Path) -> None:
    for name in ("a.exe", "a.svg", "a"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(ImageError, match=f"{name} is neither"):
            take_files([tmp_path / name], tmp_path / "taken")
    assert not (tmp_path / "taken").exists()


def test_a_limit_holds_while_unpacking_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 100)
    packed = zipped(tmp_path / "two.zip", {"a.png": picture("red"), "b.png": picture("blue")})
    with pytest.raises(ImageError, match="refused"):
        take_files([packed], tmp_path / "taken")
    assert list((tmp_path / "taken").iterdir()) == []


def test_cancelling_takes_nothing(tmp_path: Path) -> None:
    packed = zipped(tmp_path / "a.zip", {"a.png": picture("red")})
    assert take_files([packed], tmp_path / "taken", cancelled=lambda: True) == []
    assert list((tmp_path / "taken").iterdir()) == []
