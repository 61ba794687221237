"""Finds the JPEG that a camera put into its RAW file to be looked at; develops nothing.

Every make keeps it elsewhere (SubIFDs, maker's notes, boxes), so that it is sought by its first bytes: the largest JPEG
in the file that can be decoded is the preview. What the sensor saw is none of them, though it may be lossless JPEG.
"""

import io
import struct
from typing import BinaryIO

from core.pictures.formats.jpeg import START, Frame, read_frame

RAW_SUFFIXES = frozenset(
    (
        ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".kdc", ".mef", ".mos",
        ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
    )
)  # fmt: skip
_MAKERS = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM", b"II\x1a\0\0\0HEAPCCDR")
_TIFF = (b"II*\0", b"MM\0*")
_ORIENTATION, _DNG_VERSION = 0x0112, 0xC612
_CHUNK = 1 << 20
_HEAD = 1 << 16
LEAST = 16  # pixels a side: smaller ones are chance


class Window(io.RawIOBase):
    """A file from one of its bytes on, as a file of its own; closing it leaves the file open."""

    def __init__(self, file: BinaryIO, at: int) -> None:
        self._file, self._start, self._at = file, at, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file; from the end, it is the file's own end."""
        if whence == io.SEEK_END:
            self._at = max(0, self._file.seek(offset, io.SEEK_END) - self._start)
        else:
            self._at = max(0, offset + (self._at if whence == io.SEEK_CUR else 0))
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Reads at this window's own place."""
        self._file.seek(self._start + self._at)
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def is_raw(file: BinaryIO, suffix: str) -> bool:
    """Whether a file is a camera's RAW file: by its bytes and, as many are TIFFs like any other, by its suffix."""
    file.seek(0)
    head = file.read(32)
    if head.startswith(_MAKERS) or head[4:11] == b"ftypcrx":
        return True
    if not head.startswith(_TIFF):
        return False
    return suffix.lower() in RAW_SUFFIXES or head[8:10] == b"CR" or _tag(file, 0, _DNG_VERSION) is not None


def previews(file: BinaryIO) -> list[tuple[int, Frame]]:
    """(first byte, frame) of the JPEGs in a file, the one with most pixels first."""
    found = [(at, frame) for at in _starts(file) if (frame := read_frame(file, at)) is not None]
    found = [(at, frame) for at, frame in found if min(frame.width, frame.height) >= LEAST]
    return sorted(found, key=lambda entry: -entry[1].width * entry[1].height)


def orientation(file: BinaryIO) -> int | None:
    """How the camera was held, by EXIF's numbers (1 to 8), as the RAW file itself says; None where it does not."""
    file.seek(0)
    head = file.read(_HEAD)
    at = head.find(b"CMT1") + 4 if head[4:11] == b"ftypcrx" else 0  # Canon's box with a TIFF inside
    value = _tag(file, at, _ORIENTATION) if head[at : at + 2] in (b"II", b"MM") else None
    return value if value is not None and 1 <= value <= 8 else None


def _starts(file: BinaryIO) -> list[int]:
    """Where a JPEG may begin."""
    file.seek(0)
    found: list[int] = []
    before, rest = 0, b""  # how many bytes lie before `data`, and the end of the last chunk, where a start may be cut
    while chunk := file.read(_CHUNK):
        data = rest + chunk
        at = data.find(START)
        while at >= 0:
            found.append(before + at)
            at = data.find(START, at + 1)
        rest = data[-2:]
        before += len(data) - len(rest)
    return found


def _tag(file: BinaryIO, at: int, wanted: int) -> int | None:
    """The value, or its first, of a tag of the first IFD of the TIFF that begins at byte `at`; None without one."""
    file.seek(at)
    head = file.read(8)
    order = "<" if head[:2] == b"II" else ">"
    if len(head) < 8:
        return None
    file.seek(at + struct.unpack(f"{order}I", head[4:])[0])
    count = file.read(2)
    if len(count) < 2:
        return None
    for _ in range(struct.unpack(f"{order}H", count)[0]):
        entry = file.read(12)
        if len(entry) < 12:
            return None
        tag, kind = struct.unpack(f"{order}HH", entry[:4])
        if tag == wanted:
            value: int = struct.unpack(f"{order}H", entry[8:10])[0] if kind == 3 else entry[8]
            return value
    return None
