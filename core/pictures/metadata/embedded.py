"""Finds the blocks of metadata (EXIF, IPTC, XMP) inside a picture's file, by its format; decodes no picture.

Only headers are read, so that it costs a fraction of decoding. What is broken says nothing and never costs the picture.
"""

import io
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from core.pictures.formats.kinds import pillow_formats
from core.pictures.metadata.exif import read_exif
from core.pictures.metadata.iptc import iptc_resource
from core.pictures.metadata.source_metadata import SourceMetadata

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*")
_TIFF_LIKE = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0")  # RAW files that are TIFFs but for this: Olympus, Panasonic
_PHOTOSHOP = b"Photoshop 3.0\0"  # before the resources in a JPEG
_FUJI = b"FUJIFILMCCD-RAW"
_JXL = (b"\xff\x0a", b"\0\0\0\x0cJXL ")  # bare, which has nothing beside the pixels, and in boxes
_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG = 700, 33723, 34377
_HEADER = 1 << 18  # bytes of a RAW file that is no plain TIFF
_CHUNK = 1 << 22  # bytes of a chunk of PNG at most


@dataclass
class Embedded:
    """The blocks of metadata in a file.

    `exif` is read already, as it may lie anywhere in the file. `xmp`, `iptc`: bytes. `texts`: the format's own.
    """

    exif: SourceMetadata = field(default_factory=SourceMetadata)
    xmp: list[bytes] = field(default_factory=list)
    iptc: bytes = b""
    texts: SourceMetadata = field(default_factory=SourceMetadata)


def read_embedded(path: Path) -> Embedded:
    """The blocks in a picture's file; none of a file that is damaged or no picture."""
    try:
        with open(path, "rb") as file:
            head = file.read(16)
            file.seek(0)
            if head.startswith(_JPEG):
                return _jpeg(file)
            if head.startswith(_PNG):
                return _png(file)
            if head.startswith(_TIFF):
                return _tiff(file)
            if head.startswith(_TIFF_LIKE):
                plain = _TIFF[head.startswith(b"MM")]
                return _tiff(io.BytesIO(plain + file.read(_HEADER)[4:]))
            if head.startswith(_FUJI):
                return _fuji(file)
            if head.startswith(_JXL):
                return _jxl(file)
            with Image.open(file, formats=pillow_formats()) as image:
                return _other(image)
    except Exception:  # damaged headers raise SyntaxError, struct.error, EOFError and more
        pass
    return Embedded()


def _jpeg(file: BinaryIO) -> Embedded:
    image = JpegImageFile(file)  # its own class: Image.open refuses by pixels, though none is decoded here
    found = _other(image)
    segments = [data.removeprefix(_PHOTOSHOP) for name, data in image.applist if name == "APP13"]
    found.iptc = iptc_resource(b"".join(segments))
    return found


def _other(image: Image.Image) -> Embedded:
    """What Pillow found in the header of a file that it opened."""
    xmp = image.info.get("xmp")
    return Embedded(_exif(image.info.get("exif")), [xmp] if isinstance(xmp, bytes) else [])


def _exif(data: Any) -> SourceMetadata:
    if not isinstance(data, bytes):
        return SourceMetadata()
    exif = Image.Exif()
    try:
        exif.load(data)
        return read_exif(exif)
    except Exception:  # as above; IPTC and XMP may be whole
        return SourceMetadata()


def _tiff(file: BinaryIO) -> Embedded:
    exif = Image.Exif()
    exif.load_from_fp(file)
    xmp, photoshop = _bytes(exif.get(_XMP_TAG)), _bytes(exif.get(_PHOTOSHOP_TAG))
    iptc = _bytes(exif.get(_IPTC_TAG)) or iptc_resource(photoshop)
    return Embedded(read_exif(exif), [xmp] if xmp else [], iptc)


def _bytes(value: Any) -> bytes:
    """A block, which some programs write as whole numbers of four bytes."""
    if isinstance(value, tuple) and all(isinstance(one, int) for one in value):
        few = all(0 <= one < 256 for one in value)
        return bytes(value) if few else struct.pack(f"<{len(value)}I", *(one & 0xFFFFFFFF for one in value))
    return value if isinstance(value, bytes) else b""


def _fuji(file: BinaryIO) -> Embedded:
    file.seek(84)
    start, size = struct.unpack(">II", file.read(8))
    file.seek(start)
    return _jpeg(io.BytesIO(file.read(min(size, _HEADER))))


def _jxl(file: BinaryIO) -> Embedded:
    """By its boxes: Pillow's plugin decodes a JPEG XL as soon as it opens it."""
    found = Embedded()
    for kind, data in _boxes(file):
        if kind == b"Exif":
            found.exif = _exif(data[4:])  # behind the place of the TIFF in it
        else:
            found.xmp.append(data)
    return found


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of the boxes of EXIF and XMP in a JPEG XL."""
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        before = 8
        if size == 1:  # the size follows
            size, before = int.from_bytes(file.read(8)), 16
        if kind in (b"Exif", b"xml ") and size <= _CHUNK:
            yield kind, file.read(size - before if size else _CHUNK)
        elif size < before:  # to the end
            return
        else:
            file.seek(size - before, os.SEEK_CUR)


def _png(file: BinaryIO) -> Embedded:
    """By its chunks: what programs add stands often behind the pixels, which Pillow would decode to get there."""
    found, texts = Embedded(), dict[str, str]()
    for kind, data in _png_chunks(file):
        if kind == b"eXIf":
            found.exif = _exif(data)
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            name, _, rest = data.partition(b"\0")
            if kind == b"iTXt" and name == b"XML:com.adobe.xmp":
                found.xmp.append(_png_text(kind, rest))
            elif name in (b"Description", b"Title"):
                value = _png_text(kind, rest)
                texts[name.decode()] = value.decode("utf-8" if kind == b"iTXt" else "latin-1", "replace")
    described, titled = texts.get("Description", ""), texts.get("Title", "")
    found.texts = SourceMetadata(descriptions=(described,), titles=(titled,))
    return found


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    file.seek(len(_PNG))
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        wanted = kind in (b"eXIf", b"tEXt", b"zTXt", b"iTXt") and size <= _CHUNK
        if wanted:
            yield kind, file.read(size)
        file.seek((0 if wanted else size) + 4, os.SEEK_CUR)  # over the checksum


def _png_text(kind: bytes, rest: bytes) -> bytes:
    """The text of a chunk, behind its name."""
    packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
    if kind == b"iTXt":
        rest = rest[2:].split(b"\0", 2)[-1]  # behind flag, method, language and translated name
    elif packed:
        rest = rest[1:]
    return zlib.decompressobj().decompress(rest, _CHUNK) if packed else rest
