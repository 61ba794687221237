"""What IPTC's records (IIM) say of a picture, from their bytes; a record that is cut off ends them."""

import struct
from collections import defaultdict

from core.pictures.captions.encodings import plain
from core.pictures.metadata.source_metadata import SourceMetadata, iso_time

_MARK = 0x1C
_CHARSET = (1, 90)
_UTF8 = b"\x1b%G"
TITLE, KEYWORDS, DATE, TIME, HEADLINE, CAPTION = 5, 25, 55, 60, 105, 120  # of record 2
_RESOURCE = b"8BIM"
_IPTC_RESOURCE = 0x0404


def read_iptc(data: bytes) -> SourceMetadata:
    """What IPTC's records, in these bytes, say."""
    found = defaultdict[tuple[int, int], list[bytes]](list)
    at = data.find(bytes([_MARK]))
    while 0 <= at <= len(data) - 5 and data[at] == _MARK:
        record, number, size = struct.unpack_from(">BBH", data, at + 1)
        at += 5
        if size & 0x8000:  # the size of the size
            extent = size & 0x7FFF
            size, at = int.from_bytes(data[at : at + extent]), at + extent
        if at + size > len(data):
            break
        found[record, number].append(data[at : at + size])
        at += size
    unicode = any(value.startswith(_UTF8) for value in found[_CHARSET])

    def texts(number: int) -> tuple[str, ...]:
        return tuple(v.decode("utf-8", "replace") if unicode else plain(v) for v in found[2, number])

    dates, times = texts(DATE), texts(TIME)
    taken = iso_time(f"{dates[0]} {times[0]}" if times else dates[0]) or iso_time(dates[0]) if dates else ""
    return SourceMetadata(
        descriptions=texts(CAPTION),
        titles=(*texts(HEADLINE), *texts(TITLE)),
        keywords=texts(KEYWORDS),
        times=(taken,) if taken else (),
    )


def iptc_resource(data: bytes) -> bytes:
    """IPTC's records among Photoshop's resources; empty where there are none."""
    at = data.find(_RESOURCE)
    while 0 <= at <= len(data) - 12 and data.startswith(_RESOURCE, at):
        (number,) = struct.unpack_from(">H", data, at + 4)
        start = at + 6 + (1 + data[at + 6] + 1) // 2 * 2  # behind a name of even length, its size with it
        if start + 4 > len(data):
            break
        (size,) = struct.unpack_from(">I", data, start)
        if number == _IPTC_RESOURCE:
            return data[start + 4 : start + 4 + size]
        at = start + 4 + (size + 1) // 2 * 2
    return b""
