"""Which files are pictures: by what Pillow, and the packages that teach it more, can open; decodes nothing.

A known suffix makes a file a picture, so that a broken one is named; any other file is asked for its first bytes.
"""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO

from PIL import Image

from core.pictures.formats.raw import RAW_SUFFIXES

try:
    import pillow_heif

    pillow_heif.register_heif_opener()
    READS_HEIC = True
except ImportError:  # it is an extra: reading a HEIC says so
    READS_HEIC = False
try:
    import pillow_jxl  # noqa: F401  registers itself

    READS_JXL = True
except ImportError:
    READS_JXL = False

HEIC_SUFFIXES, JXL_SUFFIXES = frozenset({".heic", ".heics", ".heif", ".heifs", ".hif"}), frozenset({".jxl"})
# Stubs, what is drawn by other programs, films, and data that only happens to have a width and a height
NO_PICTURES = frozenset(
    ("BUFR", "EPS", "GRIB", "HDF5", "IMT", "IPTC", "MCIDAS", "MPEG", "PDF", "SPIDER", "WMF", "XVTHUMB")
)
OTHERS_SUFFIXES = frozenset({".fit", ".im", ".vst"})  # sports watches, and drawing programs, use them more often
_SIDECAR = re.compile(r".*\.xmp|.*(?P<suffix>\.\w+)(?:\.s[a-z-]*)?(?:\(\d+\))?\.json", re.IGNORECASE | re.DOTALL)
HALF_WRITTEN = frozenset({".crdownload", ".download", ".part", ".partial", ".tmp"})  # may begin as a picture does
HEAD = 32  # bytes that tell a format
_HEIC_BRANDS = rb"hei[cmsx]|hev[cmsx]|mif1|msf1"
_HEIC, _JXL = re.compile(rb"....ftyp(?:%b)" % _HEIC_BRANDS, re.DOTALL), re.compile(rb"\xff\x0a|....JXL \r\n", re.DOTALL)
_BYTES = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|II[*+]\0|MM\0[*+]|8BPS\0\x01|qoif"  # JPEG ... PSD, QOI
    rb"|BM....\0\0\0\0....[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"  # a BMP and the size of its header
    rb"|\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n|\xff\x0a|....JXL \r\n"  # JPEG 2000, JPEG XL
    rb"|....ftyp(?:avi[fs]|crx |%b)"  # AVIF, Canon's RAW, HEIC
    rb"|IIR[OS]|MMOR|IIU\0|FUJIFILMCCD-RAW|FOVb|\0MRM|II\x1a\0\0\0HEAPCCDR" % _HEIC_BRANDS,  # RAW files
    re.DOTALL,
)


@cache
def pillow_formats() -> tuple[str, ...]:
    """The names of the formats that are read; others of Pillow's would start programs, or are no pictures."""
    Image.init()
    return tuple(name for name in Image.OPEN if name not in NO_PICTURES)


@cache
def picture_suffixes() -> frozenset[str]:
    """Suffixes, as in ".jpg", of files that are taken for pictures without a look at their bytes."""
    formats = set(pillow_formats())
    known = {suffix for suffix, name in Image.registered_extensions().items() if name in formats}
    return frozenset(known | HEIC_SUFFIXES | JXL_SUFFIXES | RAW_SUFFIXES) - OTHERS_SUFFIXES


def is_sidecar(name: str) -> bool:
    """Whether a file is called as what is read with the picture beside it: XMP, or the JSON of Google Takeout.

    The names of Google's are `metadata.takeout`'s to explain; only those that hold a picture's name whole are known.
    """
    found = _SIDECAR.fullmatch(name)
    return found is not None and (found["suffix"] is None or found["suffix"].lower() in picture_suffixes())


def begins_as_picture(head: bytes) -> bool:
    """Whether a file's first bytes (HEAD of them, or fewer) are those of a picture, whatever its name."""
    return _BYTES.match(head) is not None


def tells_picture(suffix: str, opened: Callable[[], IO[bytes]]) -> bool:
    """Whether a file is a picture by its suffix, as in ".jpg", or else by its first bytes, for which it is opened."""
    if suffix in picture_suffixes():
        return True
    if suffix in HALF_WRITTEN:
        return False
    with opened() as file:
        return begins_as_picture(file.read(HEAD))


def is_picture(path: str | os.PathLike[str]) -> bool:
    """Whether a file on disk is one; OSError where its first bytes are needed and cannot be read."""
    return tells_picture(Path(path).suffix.lower(), lambda: open(path, "rb"))


def missing_package(head: bytes) -> str | None:
    """What to install to read a file that begins so, as one sentence without a subject; None where nothing lacks."""
    if not READS_HEIC and _HEIC.match(head):
        return "is a HEIC picture, which needs one more package: pip install pillow-heif"
    if not READS_JXL and _JXL.match(head):
        return "is a JPEG XL picture, which needs one more package: pip install pillow-jxl-plugin"
    return None
