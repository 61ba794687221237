"""Reads pictures from files, however odd, as upright RGB; must not know models or collections."""

import hashlib
import io
import os
import stat
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import ImageError

try:
    import pillow_heif

    pillow_heif.register_heif_opener()
    READS_HEIC = True
except ImportError:  # it is an extra: open_image says so when it meets a HEIC
    READS_HEIC = False

HEIC_SUFFIXES = frozenset({".heic", ".heif"})
IMAGE_SUFFIXES = HEIC_SUFFIXES | {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
MAX_PIXELS = 100_000_000  # 300 MB once decoded; anything larger is a mistake or an attack
WORKING_BOX = 1024  # encoders look at 384 px or less, so that nothing they could see is lost, and memory stays bounded
THUMBNAIL_BOX = 320
_CHUNK = 1 << 20

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # Pillow only warns above this; open_image refuses before decoding


def open_image(path: str | os.PathLike[str]) -> Image.Image:
    """The picture in a file as RGB: turned upright (EXIF), transparency on white, the first frame of an animation.

    Raises ImageError, one sentence naming file and reason: missing, a folder, unreadable, empty, no picture, damaged,
    or more than 100 megapixels (refused from its header, before anything is decoded).
    """
    path = Path(path)
    try:
        if _regular_size(path) == 0:
            raise ImageError(f"The picture {path} is empty (0 bytes).")
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(path, f"{image.width:,} × {image.height:,} pixels")
            image.load()
            return flattened(_upright(image))
    except ImageError:
        raise
    except FileNotFoundError as error:
        raise ImageError(f"There is no picture at {path}.") from error
    except PermissionError as error:
        raise ImageError(f"The picture {path} cannot be read: permission denied.") from error
    except UnidentifiedImageError as error:
        if path.suffix.lower() in HEIC_SUFFIXES and not READS_HEIC:
            raise ImageError(
                f"{path} is a HEIC picture, which needs one more package: pip install pillow-heif."
            ) from error
        raise ImageError(f"{path} is not a picture that can be read.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(path, "far more pixels") from error
    except Exception as error:  # Pillow's decoders raise SyntaxError, struct.error, EOFError... on damaged files
        if isinstance(error, OSError) and error.errno:
            raise ImageError(f"The picture {path} cannot be read: {_reason(error)}.") from error
        raise ImageError(f"The picture {path} is damaged or incomplete ({_reason(error)}).") from error


def flattened(image: Image.Image) -> Image.Image:
    """Any Pillow mode as RGB: transparency laid on white, 16-bit grey scaled to 8 bits instead of clipped."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        image = _grey8(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def working_copy(image: Image.Image) -> Image.Image:
    """The RGB picture that encoders get, at most 1,024 px a side: the same for indexing and for searching."""
    image = flattened(image)
    if max(image.size) <= WORKING_BOX:
        return image
    scale = WORKING_BOX / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def thumbnail(image: Image.Image) -> bytes:
    """A WebP that fits 320 × 320 px; small pictures keep their size."""
    small = flattened(image)
    if max(small.size) > THUMBNAIL_BOX:
        small = small.copy()
        small.thumbnail((THUMBNAIL_BOX, THUMBNAIL_BOX), Image.Resampling.LANCZOS, reducing_gap=1.5)  # half its time
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=80, method=0)  # a third of the time of the default, a fifth larger
    return buffer.getvalue()


def content_hash(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes in hexadecimal, read in pieces; ImageError when it cannot be read."""
    digest = hashlib.sha256()
    path = Path(path)
    try:
        _regular_size(path)
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError as error:
        raise ImageError(f"There is no picture at {path}.") from error
    except OSError as error:
        raise ImageError(f"The picture {path} cannot be read: {_reason(error)}.") from error
    return digest.hexdigest()


def _regular_size(path: Path) -> int:
    """The bytes of a regular file; ImageError for folders and for pipes and devices, whose reading may never end."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise ImageError(f"{path} is a folder, not a picture.")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{path} is not a regular file.")
    return status.st_size


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a whole picture with damaged EXIF: better shown lying than refused
        return image.copy()


def _grey8(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits or floats as 8 bits; integers are read as 16-bit, floats as 0..1 or 0..255."""
    values = np.asarray(image, dtype=np.float64)  # (height, width)
    top = 65535.0 if image.mode.startswith("I") else (1.0 if np.nanmax(values, initial=0.0) <= 1.0 else 255.0)
    return Image.fromarray(np.nan_to_num(values / top * 255.0).clip(0, 255).round().astype(np.uint8), "L")


def _too_large(path: Path, what: str) -> ImageError:
    return ImageError(
        f"The picture {path} has {what}, more than the {MAX_PIXELS // 1_000_000} megapixels that are read; shrink it."
    )


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()).rstrip(".").lower() or type(error).__name__
