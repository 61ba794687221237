"""Colours come out in sRGB whatever profile a picture has; what is expected is computed from the profiles' formulas."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from core.pictures.formats.colour import flattened, in_srgb
from core.pictures.images import open_image
from tests import profiles
from tests.profiles import ADOBE_RGB, DISPLAY_P3, PROPHOTO, SRGB, cmyk_profile, grey_profile, rgb_profile

COLOURS = ((120, 90, 60), (200, 40, 30), (10, 220, 120), (128, 128, 128))


def seen(path: Path) -> tuple[int, ...]:
    pixel = open_image(path).getpixel((4, 4))
    assert isinstance(pixel, tuple)
    return pixel


def near(colour: tuple[int, ...], other: tuple[int, ...], slack: int = 1) -> bool:
    return bool(np.abs(np.subtract(colour, other)).max() <= slack)


def test_prophoto_as_everybody_sees_it(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9), (120, 90, 60)).save(tmp_path / "a.png", icc_profile=rgb_profile(PROPHOTO, 2.2))
    assert seen(tmp_path / "a.png") == (149, 80, 49)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "avif", "jp2"])
@pytest.mark.parametrize(("primaries", "gamma"), [(PROPHOTO, 1.8), (DISPLAY_P3, 2.2)])
def test_profiles_count_in_every_format_that_carries_them(
    tmp_path: Path, suffix: str, primaries: tuple[profiles.XYZ, profiles.XYZ, profiles.XYZ], gamma: float
) -> None:
    profile = rgb_profile(primaries, gamma)
    for number, colour in enumerate(COLOURS):
        path = tmp_path / f"{number}.{suffix}"
        picture = Image.new("RGB", (16, 16), colour)
        options = {"quality": 100} if suffix in ("jpg", "webp", "avif") else {}
        picture.save(path, icc_profile=profile, **options)
        with Image.open(path) as kept:
            if "icc_profile" not in kept.info:
                pytest.skip(f"this Pillow writes no profile into .{suffix}")
            stored = kept.convert("RGB").getpixel((4, 4))
        assert near(seen(path), profiles.in_srgb(stored, primaries, gamma), 2), colour  # type: ignore[arg-type]


def test_a_profile_in_a_png_of_sixteen_bits_a_channel(tmp_path: Path) -> None:
    """Pillow writes none; its own picture of 8 bits is rewritten, each value twice: v × 257."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + bytes(value for part in (120, 90, 60) for value in (part, part)) * 9
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 16, 2, 0, 0, 0))
        + chunk(b"iCCP", b"profile\0\0" + zlib.compress(rgb_profile(PROPHOTO, 2.2)))
        + chunk(b"IDAT", zlib.compress(row * 9)) + chunk(b"IEND", b"")
    )  # fmt: skip
    assert seen(tmp_path / "a.png") == (149, 80, 49)


def test_transparency_and_palettes_with_a_profile(tmp_path: Path) -> None:
    profile = rgb_profile(PROPHOTO, 2.2)
    Image.new("RGBA", (9, 9), (120, 90, 60, 0)).save(tmp_path / "clear.png", icc_profile=profile)
    Image.new("RGB", (9, 9), (120, 90, 60)).quantize(4).save(tmp_path / "palette.png", icc_profile=profile)
    assert near(seen(tmp_path / "clear.png"), (255, 255, 255), 1)
    assert seen(tmp_path / "palette.png") == (149, 80, 49)


def test_grey_with_a_profile_of_grey_and_of_colour(tmp_path: Path) -> None:
    grey = Image.new("L", (9, 9), 128)
    grey.save(tmp_path / "linear.png", icc_profile=grey_profile(1.0))
    grey.save(tmp_path / "colour.png", icc_profile=rgb_profile(PROPHOTO, 1.8))
    sixteen = Image.fromarray(np.full((9, 9), 128 * 257, np.uint16))
    sixteen.save(tmp_path / "sixteen.png", icc_profile=grey_profile(1.0))
    assert near(seen(tmp_path / "linear.png"), (188, 188, 188))  # half the light
    assert near(seen(tmp_path / "sixteen.png"), (188, 188, 188))
    expected = profiles.in_srgb((128, 128, 128), PROPHOTO, 1.8)
    assert near(seen(tmp_path / "colour.png"), expected, 2)


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_inks_with_the_profile_of_their_press(tmp_path: Path, suffix: str) -> None:
    profile = cmyk_profile((128, 128 + 60, 128))  # whatever the ink, it prints magenta
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / f"a.{suffix}", icc_profile=profile)
    red, green, blue = seen(tmp_path / f"a.{suffix}")
    assert red > green + 80 and blue > green + 40  # without the profile it were cyan
    Image.new("CMYK", (16, 16), (255, 0, 0, 0)).save(tmp_path / f"plain.{suffix}")
    red, green, blue = seen(tmp_path / f"plain.{suffix}")
    assert green > red and blue > red


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile", b"\0" * 200, rgb_profile(PROPHOTO, 1.8)[:150], rgb_profile(PROPHOTO, 1.8)[:-40],
        grey_profile(1.0), cmyk_profile((0, 0, 0)),
    ],
    ids=["text", "zeros", "half", "cut", "of grey", "of inks"],
)  # fmt: skip
def test_a_broken_or_foreign_profile_never_costs_the_picture(tmp_path: Path, profile: bytes) -> None:
    Image.new("RGB", (9, 9), (120, 90, 60)).save(tmp_path / "a.png", icc_profile=profile)
    Image.new("CMYK", (16, 16), (0, 0, 0, 0)).save(tmp_path / "a.tif", icc_profile=profile)
    assert seen(tmp_path / "a.png")[0] > 0 and open_image(tmp_path / "a.tif").size == (16, 16)
    if b"acsp" not in profile or profile[16:20] != b"RGB ":
        assert seen(tmp_path / "a.png") == (120, 90, 60)


def test_a_camera_that_means_adobe_rgb_and_says_so_in_exif_alone(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[0xA001] = 0xFFFF  # "uncalibrated"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = {1: "R03"}
    picture = Image.new("RGB", (16, 16), (60, 160, 90))
    picture.save(tmp_path / "a.jpg", exif=exif, quality=100)
    expected = profiles.in_srgb((60, 160, 90), ADOBE_RGB, 2.19921875)
    assert not near(expected, (60, 160, 90), 20)
    assert near(seen(tmp_path / "a.jpg"), expected, 2)
    own = rgb_profile(DISPLAY_P3, 2.2)  # a profile goes before it
    picture.save(tmp_path / "b.jpg", exif=exif, quality=100, icc_profile=own)
    assert near(seen(tmp_path / "b.jpg"), profiles.in_srgb((60, 160, 90), DISPLAY_P3, 2.2), 2)


def test_srgb_costs_nothing() -> None:
    """Its own profile, and another edition of it, give back the very picture that went in."""
    picture = Image.new("RGB", (9, 9), (120, 90, 60))
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert in_srgb(picture, own) is picture and in_srgb(picture, None) is picture
    assert in_srgb(picture, rgb_profile(SRGB, 1.8)) is not picture
    buffer = BytesIO()
    picture.save(buffer, "JPEG", icc_profile=own)
    assert in_srgb(picture, Image.open(buffer).info["icc_profile"]) is picture


def test_lab_becomes_rgb(tmp_path: Path) -> None:
    lab = Image.merge("LAB", [Image.new("L", (9, 9), value) for value in (255, 128, 128)])
    lab.save(tmp_path / "a.tif")
    assert near(seen(tmp_path / "a.tif"), (255, 255, 255), 6) and flattened(lab).mode == "RGB"
