"""Reads pictures from files, however odd, as upright RGB; must not know models or collections."""

import hashlib
import io
import os
import stat
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from core.errors import ImageError
from core.pictures.formats.colour import flattened
from core.pictures.formats.decoding import MAX_BYTES, Picture, decoded

WORKING_BOX = 1024  # encoders look at 384 px or less, so that nothing they could see is lost, and memory stays bounded
THUMBNAIL_BOX = 320
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst")  # in which pictures may lie
_CHUNK = 1 << 20


def open_image(path: str | os.PathLike[str]) -> Image.Image:
    """The picture in a file as encoders see it; the rest is as in `read_picture`."""
    return read_picture(path).image


def read_picture(path: str | os.PathLike[str]) -> Picture:
    """The picture in a file as RGB in sRGB, turned upright (EXIF), transparency on white, the first of an animation.

    Large ones come reduced, to no less than 1,536 px on their longer side. Of a RAW file it is the preview. Raises
    ImageError, one sentence naming file and reason: missing, a folder, unreadable, empty, no picture, damaged, a format
    that needs a package which is not here, or so large that decoding it would take too much memory (refused from its
    header, before anything is decoded).
    """
    path = Path(path)
    try:
        if _regular_size(path) == 0:
            raise ImageError(f"The picture {path} is empty (0 bytes).")
        with open(path, "rb") as file:
            return decoded(file, str(path), path.suffix)
    except ImageError:
        raise
    except FileNotFoundError as error:
        raise ImageError(f"There is no picture at {path}.") from error
    except PermissionError as error:
        raise ImageError(f"The picture {path} cannot be read: permission denied.") from error
    except UnidentifiedImageError as error:
        if path.suffix.lower() in ARCHIVES:
            raise ImageError(f"{path} is an archive; unpack it, and name its folder.") from error
        raise ImageError(f"{path} is not a picture that can be read.") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ImageError(
            f"The picture {path} has more pixels than can be read in {MAX_BYTES // 1_000_000} MB of memory; shrink it, "
            "or save it as an ordinary JPEG."
        ) from error
    except Exception as error:  # Pillow's decoders raise SyntaxError, struct.error, EOFError... on damaged files
        if isinstance(error, OSError) and error.errno:
            raise ImageError(f"The picture {path} cannot be read: {_reason(error)}.") from error
        raise ImageError(f"The picture {path} is damaged or incomplete ({_reason(error)}).") from error


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


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()).rstrip(".").lower() or type(error).__name__
