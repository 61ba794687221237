"""Files for tests that no camera need be fetched for: huge JPEGs, RAW files of several makes, headers that lie."""

import io
import struct
import zlib
from pathlib import Path

from PIL import Image


def huge_jpeg(path: Path, width: int, height: int) -> Path:
    """A baseline JPEG of mid-grey in any size, made without ever holding its pixels: each block is the same 14 bits."""
    data = jpeg(Image.new("RGB", (8, 8), (128, 128, 128)), subsampling=0, quality=90)
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    start = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
    head = data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 : start]
    blocks = -(-width // 8) * -(-height // 8)
    four, rest = int("00101000000000" * 4, 2).to_bytes(7, "big"), "00101000000000" * (blocks % 4)
    rest += "1" * (-len(rest) % 8)
    tail = int(rest, 2).to_bytes(len(rest) // 8, "big") if rest else b""
    path.write_bytes(head + four * (blocks // 4) + tail + b"\xff\xd9")
    return path


def jpeg(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def lossless_jpeg(width: int, height: int) -> bytes:
    """What the sensor's data look like in a CR2 or a DNG: a JPEG that libjpeg does not decode."""
    frame = struct.pack(">HBHHB", 17, 14, height, width, 3) + bytes((1, 17, 0, 2, 17, 0, 3, 17, 0))
    return b"\xff\xd8\xff\xc3" + frame + b"\xff\xda" + struct.pack(">HB", 12, 3) + bytes(9) + bytes(500) + b"\xff\xd9"


def png_header(width: int, height: int, mode: int = 2) -> bytes:
    """A PNG that claims a size (mode 2: RGB, 0: grey) and holds almost nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, mode, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def tiff_raw(
    previews: list[bytes], *, order: str = "<", magic: bytes = b"*\0", orientation: int = 1, dng: bool = False
) -> bytes:
    """A RAW file built on TIFF: IFD0 holds a small picture of 16 × 16 bytes of grey, each preview has a SubIFD.

    `magic`: bytes 2 and 3, b"RO" for Olympus, b"U\\0" for Panasonic.
    """
    short, long = f"{order}HHIHH", f"{order}HHII"

    def number(tag: int, value: int) -> bytes:
        return struct.pack(short, tag, 3, 1, value, 0)

    def offset(tag: int, value: int, count: int = 1) -> bytes:
        return struct.pack(long, tag, 4, count, value)

    def ifd(entries: list[bytes]) -> bytes:
        return struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)

    marks = [offset(0x014A, 0, len(previews))] if previews else []
    version = [struct.pack(f"{order}HHI4B", 0xC612, 1, 4, 1, 4, 0, 0)] if dng else []
    sub_size = 2 + 12 * 4 + 4
    first_size = 2 + 12 * (10 + len(marks) + len(version)) + 4
    subs_at = 8 + first_size
    list_at = subs_at + sub_size * len(previews)
    data_at = list_at + 4 * len(previews)
    starts = [data_at + 256 + sum(map(len, previews[:number])) for number in range(len(previews))]
    places = [subs_at + sub_size * number for number in range(len(previews))]
    if marks:
        marks = [offset(0x014A, places[0] if len(places) == 1 else list_at, len(places))]
    first = ifd(
        [
            number(0x00FE, 1), number(0x0100, 16), number(0x0101, 16), number(0x0102, 8), number(0x0103, 1),
            number(0x0106, 1), offset(0x0111, data_at), number(0x0112, orientation), number(0x0116, 16),
            offset(0x0117, 256), *marks, *version,
        ]
    )  # fmt: skip
    subs = [
        ifd([number(0x00FE, 1), number(0x0103, 6), offset(0x0201, start), offset(0x0202, len(preview))])
        for start, preview in zip(starts, previews, strict=True)
    ]
    mark = (b"II" if order == "<" else b"MM") + (magic if order == "<" else magic[::-1])
    pointers = b"".join(struct.pack(f"{order}I", place) for place in places)
    return b"".join([mark, struct.pack(f"{order}I", 8), first, *subs, pointers, b"\x80" * 256, *previews])


def cr3(preview: bytes, orientation: int) -> bytes:
    """Canon's: boxes, one with a TIFF that says how the camera was held, and the preview in the data."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + kind + content

    tiff = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", box(b"CMT1", tiff)) + box(b"mdat", bytes(99) + preview)


def raf(preview: bytes) -> bytes:
    """Fujifilm's: a header, then a JPEG with EXIF of its own."""
    return b"FUJIFILMCCD-RAW 0201FF383501".ljust(148, b"\0") + preview + bytes(5000)
