"""What counts as a picture: whatever can be opened, by suffix or first bytes; what needs a package says which."""

from pathlib import Path

import pytest
from PIL import Image

from core.errors import ImageError
from core.pictures.folders.listing import list_pictures
from core.pictures.formats import kinds
from core.pictures.formats.jxl import read_size
from core.pictures.images import open_image
from tests.odd_files import jpeg

WRITTEN = {
    "jfif": "JPEG", "jpe": "JPEG", "jp2": "JPEG2000", "j2k": "JPEG2000", "jpx": "JPEG2000", "ppm": "PPM", "pgm": "PPM",
    "pbm": "PPM", "pnm": "PPM", "tga": "TGA", "apng": "PNG", "ico": "ICO", "icns": "ICNS", "bmp": "BMP", "dib": "DIB",
    "pcx": "PCX", "sgi": "SGI", "dds": "DDS", "mpo": "MPO", "avif": "AVIF", "webp": "WEBP", "qoi": "QOI", "xbm": "XBM",
}  # fmt: skip
MODES = {"pgm": "L", "pbm": "1", "xbm": "1"}


def save(path: Path, form: str, mode: str = "RGB") -> Path:
    try:
        Image.new("RGB", (32, 32), (200, 60, 60)).convert(mode).save(path, form)
    except KeyError:
        pytest.skip(f"this Pillow writes no {form}")
    return path


@pytest.mark.parametrize("suffix", WRITTEN)
def test_every_format_that_pillow_opens(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"A.{suffix.upper()}", WRITTEN[suffix], MODES.get(suffix, "RGB"))
    assert list_pictures([tmp_path]).pictures == [path.resolve()]
    image = open_image(path)
    assert image.mode == "RGB" and min(image.size) >= 16
    if suffix not in MODES:
        red, green, _ = image.getpixel((5, 5))  # type: ignore[misc]
        assert red > green + 80


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "AVIF", "HEIF", "JXL"])
@pytest.mark.parametrize("name", ["a", "a.txt", "a.jxl", "a.0", "IMG_0001.JPG_original"])
def test_bytes_decide_where_the_suffix_does_not(tmp_path: Path, form: str, name: str) -> None:
    if form in ("HEIF", "JXL"):
        pytest.importorskip({"HEIF": "pillow_heif", "JXL": "pillow_jxl"}[form])
    path = save(tmp_path / name, form)
    assert list_pictures([tmp_path]).pictures == [path.resolve()]
    assert open_image(path).size == (32, 32)


def test_what_is_no_picture_is_counted_by_its_suffix(tmp_path: Path) -> None:
    others = {
        "notes.txt": b"BMW is a make of cars", "b.TXT": b"P1 wins", "film.mp4": b"\0\0\0\x20ftypisom\0\0\0\0",
        "clip.mov": b"\0\0\0\x14ftypqt  \0\0\0\0", "a.pdf": b"%PDF-1.7", "a.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
        "a.svg": b"<svg/>", "sound.wav": b"RIFF\0\0\0\0WAVEfmt ", "none": b"", "run.fit": b"\x0e\x10\0\0",
        "half.jpg.part": jpeg(Image.new("RGB", (8, 8))), "a.a long tail of a name": b"x", "empty.txt": b"",
    }  # fmt: skip
    for name, data in others.items():
        (tmp_path / name).write_bytes(data)
    listing = list_pictures([tmp_path])
    assert listing.pictures == [] and listing.unreadable == []
    assert dict(listing.passed_over) == {
        ".txt": 3, ".mp4": 1, ".mov": 1, ".pdf": 1, ".eps": 1, ".svg": 1, ".wav": 1, ".fit": 1, ".part": 1, "": 2,
    }  # fmt: skip


def test_a_known_suffix_without_a_picture_is_named(tmp_path: Path) -> None:
    """So that a broken one is not merely counted."""
    (tmp_path / "broken.jfif").write_bytes(b"no picture")
    (path,) = list_pictures([tmp_path]).pictures
    with pytest.raises(ImageError, match="not a picture"):
        open_image(path)


def test_no_other_program_is_ever_started(tmp_path: Path) -> None:
    """Pillow hands PostScript to Ghostscript."""
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with pytest.raises(ImageError, match="not a picture"):
        open_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("form", "flag", "package"), [("HEIF", "READS_HEIC", "pillow-heif"), ("JXL", "READS_JXL", "pillow-jxl-plugin")]
)
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, flag: str, package: str
) -> None:
    pytest.importorskip(package.replace("-", "_").removesuffix("_plugin"))
    monkeypatch.setattr(kinds, flag, False)
    path = save(tmp_path / "a.jpg", form)  # under whatever name it came
    with pytest.raises(
        ImageError, match=rf"a\.jpg is a .* picture, which needs one more package: pip install {package}\.$"
    ):
        open_image(path)


@pytest.mark.parametrize("size", [(64, 48), (64, 64), (37, 2), (1, 1), (300, 200), (160, 90), (2047, 5), (9000, 3)])
def test_the_size_of_a_jpeg_xl_is_read_before_it_is_opened(tmp_path: Path, size: tuple[int, int]) -> None:
    pytest.importorskip("pillow_jxl")
    exif = Image.Exif()
    exif[0x010E] = "with a box, it comes in a container"
    for options in ({}, {"exif": exif.tobytes()}, {"use_container": True}):
        Image.new("RGB", size, "red").save(tmp_path / "a.jxl", lossless=True, effort=1, **options)
        assert read_size((tmp_path / "a.jxl").read_bytes()) == size
    assert read_size(b"GIF89a" + bytes(99)) is None and read_size((tmp_path / "a.jxl").read_bytes()[:20]) is None


def test_a_jpeg_xl_of_too_many_pixels_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ISO/IEC 18181-1: not small, both sides in 30 bits."""
    pytest.importorskip("pillow_jxl")
    side, bits = 200_000 - 1, 0
    for shift, value in ((0, 0), (1, 3), (3, side), (33, 0), (36, 3), (38, side)):
        bits |= value << shift
    (tmp_path / "bomb.jxl").write_bytes(b"\xff\x0a" + bits.to_bytes(12, "little") + bytes(50))
    monkeypatch.setattr("PIL.Image.open", lambda *args, **options: pytest.fail("opened"))
    with pytest.raises(ImageError, match="200,000 × 200,000 pixels"):
        open_image(tmp_path / "bomb.jxl")
