"""Reading pictures: odd ones come out upright and RGB, hostile ones are refused in a sentence. All are made here."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.pictures.images import content_hash, flattened, open_image, thumbnail, working_copy

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def left_right(size: tuple[int, int] = (32, 16)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, size[0], size[1]))
    return image


def near(pixel: object, expected: tuple[int, int, int], slack: int = 12) -> bool:
    return bool(np.abs(np.subtract(pixel, expected)).max() <= slack)  # type: ignore[arg-type]


# The eight orientations of EXIF, and which transposition of the stored picture shows it upright.
ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    left_right().transpose(ORIENTATIONS[orientation]).save(tmp_path / "turned.png", exif=exif)
    image = open_image(tmp_path / "turned.png")
    assert image.size == (32, 16)
    assert near(image.getpixel((2, 8)), RED) and near(image.getpixel((29, 8)), BLUE)


@pytest.mark.parametrize(
    ("mode", "suffix"), [("RGB", "jpg"), ("CMYK", "jpg"), ("P", "gif"), ("P", "png"), ("RGBA", "webp"), ("RGB", "tif")]
)
def test_modes_become_rgb(tmp_path: Path, mode: str, suffix: str) -> None:
    left_right().convert(mode).save(tmp_path / f"a.{suffix}")
    image = open_image(tmp_path / f"a.{suffix}")
    assert image.mode == "RGB"
    assert near(image.getpixel((4, 8)), RED, 40) and near(image.getpixel((27, 8)), BLUE, 40)


def test_alpha_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("LA", (4, 4), (0, 128)).save(tmp_path / "half.png")
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30])
    palette.save(tmp_path / "palette.png", transparency=0)
    assert open_image(tmp_path / "clear.png").getpixel((0, 0)) == WHITE
    assert near(open_image(tmp_path / "half.png").getpixel((0, 0)), (127, 127, 127), 2)
    assert open_image(tmp_path / "palette.png").getpixel((0, 0)) == WHITE


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    for name in ("ramp.png", "ramp.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        grey = np.asarray(open_image(tmp_path / name))[..., 0]
        assert np.abs(grey.astype(float) - ramp / 257).max() <= 1


def test_float_pictures_are_read(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "float.tif")
    assert near(open_image(tmp_path / "float.tif").getpixel((0, 0)), (128, 128, 128), 1)


def test_black_and_white_bits(tmp_path: Path) -> None:
    Image.new("1", (4, 4), 1).save(tmp_path / "bits.png")
    assert open_image(tmp_path / "bits.png").getpixel((0, 0)) == WHITE


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_first_frame_of_an_animation(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    frames[0].save(tmp_path / f"moving.{suffix}", save_all=True, append_images=frames[1:])
    assert near(open_image(tmp_path / f"moving.{suffix}").getpixel((0, 0)), RED)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_cost_the_picture(tmp_path: Path) -> None:
    left_right().save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    assert open_image(tmp_path / "a.jpg").size == (32, 16)


def refused(path: Path, reason: str) -> None:
    with pytest.raises(ImageError, match=reason) as caught:
        open_image(path)
    message = str(caught.value)
    assert str(path) in message, message
    assert message.endswith(".") and "\n" not in message and len(message) < 300 + len(str(path))


def test_text_file_named_jpg(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("just a text\n" * 20)
    refused(tmp_path / "notes.jpg", "not a picture")
    (tmp_path / "holiday.ZIP").write_bytes(b"PK\3\4" + bytes(40))
    refused(tmp_path / "holiday.ZIP", "is an archive; unpack it")


def test_zero_bytes(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    refused(tmp_path / "empty.png", "empty")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tif", "bmp"])
def test_truncated(tmp_path: Path, suffix: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    noise.save(buffer, {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper()))
    path = tmp_path / f"half.{suffix}"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    refused(path, "damaged|not a picture")


def test_missing_folder_and_pipe(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.png", "no picture at")
    (tmp_path / "folder.png").mkdir()
    refused(tmp_path / "folder.png", "is a folder")
    os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for a writer for ever
    refused(tmp_path / "pipe.png", "not a regular file")
    with pytest.raises(ImageError, match="not a regular file"):
        content_hash(tmp_path / "pipe.png")


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    refused(tmp_path / ("x" * 300 + ".png"), "name too long")
    with pytest.raises(ImageError):
        open_image("a\0b.png")


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_noise_behind_a_picture_header_is_refused_and_nothing_else(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    heads = [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF....WEBPVP8 ", b"II*\0\x08\0\0\0", b"BM"]
    for number in range(60):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(heads[number % len(heads)] + random.bytes(300))
        with pytest.raises(ImageError):
            open_image(path)


def test_working_copy_bounds_the_longest_side() -> None:
    assert working_copy(Image.new("RGB", (4096, 100))).size == (1024, 25)
    assert working_copy(Image.new("RGB", (1, 5000))).size == (1, 1024)
    small = Image.new("RGB", (640, 480))
    assert working_copy(small).size == small.size


def test_thumbnail_is_a_small_webp() -> None:
    image = Image.open(io.BytesIO(thumbnail(left_right((1000, 500)))))
    assert image.format == "WEBP" and image.size == (320, 160)
    assert near(image.getpixel((10, 80)), RED, 30)
    assert Image.open(io.BytesIO(thumbnail(left_right((20, 10))))).size == (20, 10)


def test_thumbnail_leaves_its_picture_alone() -> None:
    image = left_right((1000, 500))
    thumbnail(image)
    assert image.size == (1000, 500) and flattened(image) is image


def test_content_hash_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert content_hash(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(ImageError, match="no picture at"):
        content_hash(tmp_path / "b")
