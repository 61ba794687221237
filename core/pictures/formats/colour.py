"""Any picture in memory as RGB in sRGB: palettes, transparency, 16 bits, colour profiles; must not know files."""

import io
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

NEGLIGIBLE = 2  # of 255: as much as the many editions of sRGB's own profile differ among themselves
_STEPS = 9  # of the colours, a channel, on which a profile is compared with sRGB


def flattened(image: Image.Image) -> Image.Image:
    """Any Pillow mode as RGB: transparency laid on white, 16-bit grey scaled to 8 bits instead of clipped."""
    flat = unlayered(image)
    return flat if flat.mode == "RGB" else flat.convert("RGB")


def unlayered(image: Image.Image, top: float | None = None) -> Image.Image:
    """As `flattened`, but grey (L), CMYK and LAB stay what they are, for whose numbers a colour profile is made.

    `top`: the value of white in pictures of 16 or 32 bits or floats; told from the picture where it is None.
    """
    if image.mode in ("RGB", "L", "CMYK", "LAB") and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        image = _grey8(image, white_value(image) if top is None else top)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def white_value(image: Image.Image) -> float:
    """Which value is white in a picture of 16 or 32 bits or floats: integers are 16-bit, floats 0..1 or 0..255."""
    if image.mode.startswith("I"):
        return 65535.0
    return 1.0 if np.nanmax(np.asarray(image), initial=0.0) <= 1.0 else 255.0


def adobe_rgb() -> bytes:
    """The profile of Adobe RGB (1998), which cameras mean by a mark in EXIF and do not write out; adapted to D50."""
    primaries = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
    tags = {}
    for letter, primary in zip("rgb", primaries, strict=True):
        tags[f"{letter}XYZ"] = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(part * 65536) for part in primary))
        tags[f"{letter}TRC"] = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, 563)  # gamma 2.19921875
    head, table, data = bytearray(128), b"", b""
    for name, content in tags.items():
        table += name.encode() + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(content))
        data += content
    head[8:40] = b"\2\x40\0\0mntrRGB XYZ " + bytes(12) + b"acsp"
    head[68:80] = struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)  # D50
    head[:4] = struct.pack(">I", 132 + len(table) + len(data))
    return bytes(head) + struct.pack(">I", len(tags)) + table + data


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """An unlayered picture as RGB in sRGB, from the colour space of its profile; a broken or foreign one is ignored.

    sRGB itself, which most pictures have, is recognised once and then costs nothing.
    """
    if profile:
        if image.mode == "L" and _space(profile) == "RGB":
            image = image.convert("RGB")
        transform = _transform(profile, image.mode)
        if transform is not None:
            try:
                return ImageCms.applyTransform(image, transform) or image
            except ImageCms.PyCMSError:
                pass
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=64)
def _space(profile: bytes) -> str:
    try:
        opened: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return str(opened.profile.xcolor_space).strip()
    except (OSError, ValueError, TypeError, AttributeError):
        return ""


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB; None where there is nothing to do, or nothing that can be done."""
    if {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}.get(mode) != _space(profile):
        return None
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if mode == "RGB" and _changes_nothing(transform) else transform
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    steps = np.linspace(0, 255, _STEPS).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(_STEPS, -1, 3)
    changed = np.asarray(ImageCms.applyTransform(Image.fromarray(colours), transform))
    return bool(np.abs(changed.astype(int) - colours).max() <= NEGLIGIBLE)


def _grey8(image: Image.Image, top: float) -> Image.Image:
    values = np.asarray(image, dtype=np.float64)  # (height, width)
    return Image.fromarray(np.nan_to_num(values / top * 255.0).clip(0, 255).round().astype(np.uint8), "L")
