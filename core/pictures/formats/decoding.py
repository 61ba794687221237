"""Decodes pictures within bounded memory, reduced where their format allows it; must not know models or collections.

Encoders and thumbnails want about 1,000 px a side. A JPEG is decoded at a half, a quarter or an eighth of its size by
its own decoder (Pillow's draft), a JPEG 2000 without its finest levels; anything else is decoded whole and then shrunk
strip by strip. What a picture needs is told from its header: it waits while others need the memory, and is refused,
before anything is decoded, where it would need more than there ever is.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

from core.errors import ImageError
from core.pictures.formats.colour import adobe_rgb, flattened, in_srgb, unlayered, white_value
from core.pictures.formats.jpeg import START, Frame, read_frame
from core.pictures.formats.jxl import read_size
from core.pictures.formats.kinds import HEAD, missing_package, pillow_formats
from core.pictures.formats.raw import Window, is_raw, orientation, previews

MAX_BYTES = 800_000_000  # of memory for the pictures that are being decoded at one time: one of 200 megapixels, RGB
MAX_PIXELS = 1_000_000_000  # even of a JPEG: what has more takes minutes, and is a mistake or an attack
SHRUNK = 2048  # pixels a side that shrinking leaves at least: twice what encoders get at most
DRAFTED = 1536  # ... that a JPEG's own decoder leaves at least; vectors of the whole and of the reduced agree to .999
STRIP = 1 << 20  # pixels that are flattened at a time
# Bytes a pixel, measured: decoded rows and what the decoder itself needs beside them (Pillow keeps RGB in 4)
DECODER_BYTES = {"AVIF": 10, "HEIF": 8, "JPEG2000": 20, "JXL": 16, "TIFF": 9, "WEBP": 16}
MODE_BYTES = {"1": 1, "L": 1, "P": 1, "PA": 4, "I;16": 2, "I;16B": 2, "I;16L": 2}
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by the orientation of EXIF
_ORIENTATION = 0x0112
_HEADER = 1 << 16

Image.MAX_IMAGE_PIXELS = MAX_BYTES // 8  # Pillow refuses twice as many in what it finds inside ICO and others,
warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # and need not warn of less, which is judged here


@dataclass(frozen=True)
class Picture:
    """A picture as encoders see it: RGB in sRGB, upright, perhaps reduced; `width` and `height` are its full ones."""

    image: Image.Image
    width: int
    height: int


class Memory:
    """Bytes that are shared by all who decode: whoever wants more than is free waits."""

    def __init__(self, total: int) -> None:
        self._free, self._changed = total, threading.Condition()

    @contextmanager
    def held(self, amount: int) -> Iterator[None]:
        """Holds so many bytes, at most the total, as long as the context lasts."""
        with self._changed:
            self._changed.wait_for(lambda: self._free >= amount)
            self._free -= amount
        try:
            yield
        finally:
            with self._changed:
                self._free += amount
                self._changed.notify_all()


MEMORY = Memory(MAX_BYTES)


def decoded(file: BinaryIO, name: str, suffix: str) -> Picture:
    """The picture in an open file; `name` is what to call it in a sentence, `suffix` that of its name, as in ".jpg".

    Raises ImageError where it is too large, needs a package that is not installed, or is a RAW file without a preview;
    otherwise whatever Pillow raises, which is a lot of things.
    """
    head = file.read(HEAD)
    if head.startswith(START):
        return _jpeg(file, name)
    if is_raw(file, suffix):
        return _raw(file, name)
    if (lacking := missing_package(head)) is not None:
        raise ImageError(f"{name} {lacking}.")
    file.seek(0)
    size = read_size(file.read(_HEADER))
    if size is not None:  # Pillow's plugin decodes a JPEG XL as soon as it opens it
        _check(name, *size, "JPEG XL", (needed := size[0] * size[1] * DECODER_BYTES["JXL"]))
        with MEMORY.held(needed):
            return _opened(file, name, holding=True)
    return _opened(file, name)


def _opened(file: BinaryIO, name: str, holding: bool = False) -> Picture:
    file.seek(0)
    with Image.open(file, formats=pillow_formats()) as image:
        width, height = image.size
        needed = width * height * max(DECODER_BYTES.get(image.format or "", 0), MODE_BYTES.get(image.mode, 4))
        if image.format == "JPEG2000":
            levels = _levels_to_skip(file, width, height)
            image.reduce = levels  # type: ignore[method-assign,assignment]
            needed = (needed >> 2 * levels) + (1 << 24)
        _check(name, width, height, image.format or "picture", needed)
        with MEMORY.held(0 if holding else needed):
            image.load()
            return _finished(image, width, height, _orientation(image))


def _jpeg(file: BinaryIO, name: str, at: int = 0, turn: int | None = None) -> Picture:
    """The JPEG that begins at byte `at` of a file; `turn`: how it was held, where its own EXIF is not to say it."""
    frame = read_frame(file, at)
    file.seek(at)
    # its own class, as Image.open would refuse by pixels; and the first picture is all that is wanted of several
    with JpegImageFile(cast(BinaryIO, Window(file, at)) if at else file) as image:
        width, height = image.size
        frame = frame or Frame(width, height, True, 3 * width * height)
        if max(width, height) > DRAFTED:
            share = DRAFTED / max(width, height)
            image.draft(None, (max(1, round(width * share)), max(1, round(height * share))))
        needed = image.width * image.height * 4 + (2 * frame.coefficients if frame.whole else 0)
        _check(name, width, height, "progressive JPEG" if frame.whole else "JPEG", needed)
        with MEMORY.held(needed):
            image.load()
            return _finished(image, width, height, _orientation(image) if turn is None else turn)


def _raw(file: BinaryIO, name: str) -> Picture:
    """The largest preview of a RAW file that can be decoded; of one without any, the small picture that a TIFF has."""
    turn = orientation(file)
    for at, _ in previews(file):
        try:
            return _jpeg(file, name, at, turn)
        except (OSError, SyntaxError, ValueError):
            continue  # chance bytes that look like a JPEG, or one that is damaged
    try:
        return _opened(file, name)
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"{name} is a RAW picture without a preview that can be read; save it as JPEG.") from error


def _finished(image: Image.Image, width: int, height: int, turn: int) -> Picture:
    small = in_srgb(shrunk(image), image.info.get("icc_profile") or (adobe_rgb() if _means_adobe_rgb(image) else None))
    if turn in UPRIGHT:
        small = small.transpose(UPRIGHT[turn])
    return Picture(small, *((height, width) if turn >= 5 else (width, height)))


def shrunk(image: Image.Image) -> Image.Image:
    """The picture unlayered and, where it is far larger than needed, shrunk by a whole number, strip by strip."""
    factor = max(image.size) // SHRUNK
    if factor < 2:
        return unlayered(image)
    top = white_value(image) if image.mode.startswith(("I", "F")) else None
    rows = factor * max(1, STRIP // (image.width * factor))
    small: Image.Image | None = None
    for start in range(0, image.height, rows):
        strip = unlayered(image.crop((0, start, image.width, min(start + rows, image.height))), top)
        strip = (flattened(strip) if strip.mode == "LAB" else strip).reduce(factor)
        if small is None:
            small = Image.new(strip.mode, (strip.width, -(-image.height // factor)))
        small.paste(strip, (0, start // factor))
    assert small is not None  # no picture has no rows
    return small


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a whole picture with damaged EXIF: better shown lying than refused
        return 1


def _means_adobe_rgb(image: Image.Image) -> bool:
    """Whether EXIF says so, as cameras do: the index of interoperability is R03 (DCF 2.0)."""
    try:
        return str(image.getexif().get_ifd(ExifTags.IFD.Interop).get(1, "")).startswith("R03")
    except Exception:  # damaged EXIF means nothing
        return False


def _levels_to_skip(file: BinaryIO, width: int, height: int) -> int:
    """Of how many of its finest levels, each half as large as the next, a JPEG 2000 need not be decoded."""
    file.seek(0)
    head = file.read(_HEADER)
    start = head.find(b"\xff\x4f\xff\x51")
    style = head.find(b"\xff\x52", start) if start >= 0 else -1  # the marker COD
    held = head[style + 9] if 0 <= style < len(head) - 9 else 0
    return min(held, max(0, (max(width, height) // SHRUNK).bit_length() - 1))


def _check(name: str, width: int, height: int, form: str, needed: int) -> None:
    """ImageError for what is too large, from its header alone."""
    size = f"The picture {name} has {width:,} × {height:,} pixels"
    if width * height > MAX_PIXELS:
        raise ImageError(f"{size}, more than the {MAX_PIXELS // 1_000_000:,} megapixels that are read; shrink it.")
    if needed > MAX_BYTES:
        raise ImageError(
            f"{size}, and reading it as {form} takes {needed / 1e6:,.0f} MB of memory, more than the "
            f"{MAX_BYTES // 1_000_000} that are spent on a picture; shrink it, or save it as an ordinary JPEG."
        )
