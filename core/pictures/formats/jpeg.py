"""Reads the header of a JPEG, wherever in a file it begins; decodes nothing and must not know what the file is."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

START = b"\xff\xd8\xff"  # with which every JPEG begins
SEGMENTS = 2_000  # of a header; what has more is no honest JPEG
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})  # what libjpeg decodes: not the lossless ones inside RAW files
_OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF})
_PROGRESSIVE = frozenset({0xC2, 0xCA})
_SCAN, _END, _BARE = 0xDA, 0xD9, frozenset({0x01, *range(0xD0, 0xD9)})  # _BARE: markers without a length


@dataclass(frozen=True)
class Frame:
    """`whole`: its decoder holds all coefficients in memory, as the picture comes in several scans.

    `coefficients`: their number, of all components, 2 bytes each.
    """

    width: int
    height: int
    whole: bool
    coefficients: int


def read_frame(file: BinaryIO, at: int = 0) -> Frame | None:
    """The frame of the JPEG that begins at byte `at`; None where none does that libjpeg could decode."""
    file.seek(at)
    if file.read(2) != START[:2]:
        return None
    frame: tuple[int, bytes] | None = None  # marker and content of its segment
    for _ in range(SEGMENTS):
        marker = _next_marker(file)
        if marker is None or marker == _END or marker in _OTHER_FRAMES:
            return None
        if marker in _BARE:
            continue
        size = file.read(2)
        if len(size) < 2 or (length := struct.unpack(">H", size)[0]) < 2:
            return None
        if marker in _FRAMES:
            frame = marker, file.read(length - 2)
        elif marker == _SCAN:
            return _frame(*frame, scan=file.read(1)) if frame else None
        else:
            file.seek(length - 2, 1)
    return None


def _next_marker(file: BinaryIO) -> int | None:
    if file.read(1) != b"\xff":
        return None
    while (byte := file.read(1)) == b"\xff":  # fill bytes
        pass
    return byte[0] if byte else None


def _frame(marker: int, content: bytes, scan: bytes) -> Frame | None:
    if len(content) < 6 or not scan:
        return None
    bits, height, width, count = struct.unpack(">BHHB", content[:6])
    sampling = [(content[at] >> 4, content[at] & 15) for at in range(7, len(content), 3)]
    if bits != 8 or not width or not height or count not in (1, 3, 4) or len(sampling) != count:
        return None
    most = max(across for across, _ in sampling) * max(down for _, down in sampling)
    if not most:
        return None
    samples = sum(across * down for across, down in sampling) / most  # 3 for full colour, 1.5 for 4:2:0
    return Frame(width, height, marker in _PROGRESSIVE or scan[0] < count, round(width * height * samples))
