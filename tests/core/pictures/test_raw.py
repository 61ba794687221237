"""RAW files are read by the picture that the camera put into them. Files of their forms are made here."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.pictures.folders.listing import list_pictures
from core.pictures.formats.raw import RAW_SUFFIXES
from core.pictures.images import open_image, read_picture
from tests.odd_files import cr3, jpeg, lossless_jpeg, raf, tiff_raw

RED, BLUE = (255, 0, 0), (0, 0, 255)


def left_right(size: tuple[int, int]) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, size[0], size[1]))
    return image


SMALL, LARGE = jpeg(left_right((96, 64))), jpeg(left_right((480, 320)))


def reddish(image: Image.Image, x: float, y: float) -> bool:
    pixel = image.getpixel((int(image.width * x), int(image.height * y)))
    return bool(np.argmax(pixel) == 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", sorted(RAW_SUFFIXES))
def test_the_largest_preview_is_taken_whatever_the_make(tmp_path: Path, suffix: str) -> None:
    for order in ("<", ">"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(tiff_raw([SMALL, LARGE, lossless_jpeg(4000, 3000)], order=order))
        picture = read_picture(path)
        assert (picture.width, picture.height) == (480, 320) and reddish(picture.image, 0.1, 0.5)
    assert list_pictures([tmp_path]).pictures == [path.resolve()]


def test_a_raw_file_is_known_by_its_bytes(tmp_path: Path) -> None:
    forms = {
        "olympus": tiff_raw([LARGE], magic=b"RO"),
        "panasonic": tiff_raw([LARGE], magic=b"U\0"),
        "dng.tif": tiff_raw([SMALL, LARGE], dng=True),
        "canon.bin": cr3(LARGE, 1),
        "fuji.dat": raf(LARGE),
    }
    for name, data in forms.items():
        (tmp_path / name).write_bytes(data)
        assert read_picture(tmp_path / name).width == 480, name
    assert len(list_pictures([tmp_path]).pictures) == len(forms)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_raw_files_own_orientation_turns_the_preview(tmp_path: Path, orientation: int) -> None:
    (tmp_path / "a.nef").write_bytes(tiff_raw([LARGE], order=">", orientation=orientation))
    (tmp_path / "a.cr3").write_bytes(cr3(LARGE, orientation))
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "a.raf").write_bytes(raf(jpeg(left_right((480, 320)), exif=exif)))
    (tmp_path / "a.jpg").write_bytes(jpeg(left_right((480, 320)), exif=exif))  # which Pillow's own function turns
    expected = open_image(tmp_path / "a.jpg")
    for name in ("a.nef", "a.cr3", "a.raf"):
        picture = read_picture(tmp_path / name)
        assert picture.image.size == expected.size == (picture.width, picture.height), name
        assert np.abs(np.asarray(picture.image, int) - np.asarray(expected, int)).max() < 3, name


def test_a_damaged_preview_gives_way_to_the_next(tmp_path: Path) -> None:
    broken = LARGE[:300] + b"\xff\xd9"
    (tmp_path / "a.arw").write_bytes(tiff_raw([SMALL]) + broken)
    assert open_image(tmp_path / "a.arw").size == (96, 64)


def test_without_a_preview_the_small_picture_has_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.dng").write_bytes(tiff_raw([], dng=True))
    assert open_image(tmp_path / "a.dng").size == (16, 16)
    (tmp_path / "b.cr3").write_bytes(cr3(lossless_jpeg(6000, 4000), 1))
    with pytest.raises(ImageError, match=r"b\.cr3 is a RAW picture without a preview.*save it as JPEG\.$"):
        open_image(tmp_path / "b.cr3")


def test_a_wrong_suffix_is_decided_by_the_bytes(tmp_path: Path) -> None:
    for suffix in ("dng", "cr2", "jxl", "heic", "png", "tif"):
        (tmp_path / f"a.{suffix}").write_bytes(LARGE)
        assert open_image(tmp_path / f"a.{suffix}").size == (480, 320)
    left_right((48, 32)).save(tmp_path / "b.tif")
    (tmp_path / "b.tif").rename(tmp_path / "b.jpg")
    assert open_image(tmp_path / "b.jpg").size == (48, 32)


def test_a_start_between_two_chunks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for chunk in (997, 998, 999, 1000):
        monkeypatch.setattr("core.pictures.formats.raw._CHUNK", chunk)
        (tmp_path / "a.orf").write_bytes(tiff_raw([], magic=b"RO").ljust(996, b"\0") + LARGE)
        assert open_image(tmp_path / "a.orf").size == (480, 320)
