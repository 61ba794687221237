"""What people, cameras and telephones wrote into a picture's file, or beside it; decodes no picture.

Only headers are read, so that it costs a fraction of decoding. What is broken says nothing and never costs the picture.
"""

import io
import os
import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from core.pictures.captions.caption_rows import clean
from core.pictures.formats.kinds import pillow_formats
from core.pictures.metadata.boilerplate import is_written_by_person
from core.pictures.metadata.exif import read_exif
from core.pictures.metadata.iptc import iptc_resource, read_iptc
from core.pictures.metadata.source_metadata import SourceMetadata
from core.pictures.metadata.xmp import LARGEST, read_xmp
from index_store.items import Description

LONGEST_CAPTION = 2_000  # characters: the rest of a longer text describes no picture
LONGEST_TAG, MOST_TAGS, LONGEST_CAMERA = 100, 100, 100
SIDECARS = (".xmp", ".XMP")  # Lightroom's replaces the picture's suffix, darktable's and digiKam's follows it
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*")
_TIFF_LIKE = (b"IIRO", b"IIRS", b"MMOR", b"IIU\0")  # RAW files that are TIFFs but for this: Olympus, Panasonic
_PHOTOSHOP = b"Photoshop 3.0\0"  # before the resources in a JPEG
_FUJI = b"FUJIFILMCCD-RAW"
_JXL = (b"\xff\x0a", b"\0\0\0\x0cJXL ")  # bare, which has nothing beside the pixels, and in boxes
_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG = 700, 33723, 34377
_HEADER = 1 << 18  # bytes of a RAW file that is no plain TIFF
_CHUNK = 1 << 22  # bytes of a chunk of PNG at most
_COMPANY = re.compile(
    r"[, ]+(?:corporation|corp\b|company|co\b\.?,? ?ltd|ltd|inc\b|gmbh|ag|electronics|techwin|imaging|optical|camera|"
    r"digital|co)\.?(?=[, .]|$)",
    re.IGNORECASE,
)


@dataclass
class _Embedded:
    """The blocks found in a file: EXIF's texts are taken at once, as they may be read from the file itself."""

    exif: SourceMetadata = field(default_factory=SourceMetadata)
    xmp: list[bytes] = field(default_factory=list)
    iptc: bytes = b""
    texts: SourceMetadata = field(default_factory=SourceMetadata)  # that a format has besides


def read_description(path: Path) -> Description:
    """The caption, tags, moment, camera and place that a picture's file, and XMP files beside it, tell.

    A sidecar goes before XMP inside, that before IPTC and EXIF; of captions the first that a person wrote counts, and a
    title where there is none. Keywords of all sources are tags, each level of a hierarchy one of its own.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's on damaged EXIF
        found = _embedded(path)
    beside = [read_xmp(data) for file in sidecars(path) if (data := _read(file))]
    inside = [read_xmp(data) for data in found.xmp]
    sources = [*beside, *inside, read_iptc(found.iptc), found.exif, found.texts]
    makers = [found.exif, *beside, *inside]
    camera = next((name for told in makers if (name := camera_name(told.make, told.model))), None)
    times = [moment for told in (*beside, found.exif, *inside, read_iptc(found.iptc)) for moment in told.times]
    coordinates = (told.coordinates for told in (*beside, found.exif, *inside) if told.coordinates)
    latitude, longitude = next(coordinates, (None, None))
    return Description(
        caption=_caption(
            sources, path.stem, path.name, camera or "", *(text for t in makers for text in (t.make, t.model))
        ),
        tags=_tags(sources),
        taken=times[0] if times else None,
        camera=camera,
        latitude=latitude,
        longitude=longitude,
    )


class DueDescriptions:
    """Tells, for one run, whose files are to be asked; remembers which folders hold XMP files, as few do."""

    def __init__(self) -> None:
        self._folders: dict[Path, bool] = {}

    def is_due(self, path: Path, described: str | None) -> bool:
        """Whether a known picture's file was never asked (when it was: `described`), or one beside it changed since."""
        try:
            since = int(datetime.fromisoformat(described or "never").timestamp())
        except ValueError:
            return True
        folder = path.parent
        if folder not in self._folders:
            self._folders[folder] = _holds_sidecars(folder)
        try:
            return self._folders[folder] and any(int(file.stat().st_mtime) >= since for file in sidecars(path))
        except OSError:  # gone meanwhile
            return False


def _holds_sidecars(folder: Path) -> bool:
    try:
        return any(name.endswith(SIDECARS) for name in os.listdir(folder))
    except OSError:
        return False


def sidecars(path: Path) -> list[Path]:
    """The XMP files beside a picture."""
    return [file for suffix in SIDECARS for file in (path.with_name(path.name + suffix), path.with_suffix(suffix))
            if file != path and os.path.isfile(file)]  # fmt: skip  # Path.is_file raises where a name gets too long


def camera_name(make: str, model: str) -> str:
    """ "Canon EOS 5D" from "Canon" and "Canon EOS 5D", "Google Pixel 7" from "Google" and "Pixel 7"."""
    make, model = (" ".join("".join(s for s in text if s.isprintable()).split()) for text in (make, model))
    make = _COMPANY.sub("", make).strip(" ,.")
    named = [text for text in (make, model) if any(sign.isalnum() for sign in text) and text.casefold() != "unknown"]
    if len(named) == 2 and (first := model.split()[0].casefold()) and first in make.casefold().split():
        named = [model]
    return " ".join(named)[:LONGEST_CAMERA].strip()


def _caption(sources: Sequence[SourceMetadata], *not_this: str) -> str | None:
    texts = [t for told in sources for t in told.descriptions] + [t for told in sources for t in told.titles]
    for text in map(_printable, texts):
        if text and is_written_by_person(text, *not_this):
            return text[:LONGEST_CAPTION].rstrip()
    return None


def _tags(sources: Sequence[SourceMetadata]) -> tuple[str, ...]:
    """Keywords as tags: those that can be one, each once whatever its letters' case."""
    tags: dict[str, str] = {}
    for keyword in (keyword for told in sources for keyword in told.keywords):
        tag = _printable(keyword)
        if tag and len(tag) <= LONGEST_TAG:
            tags.setdefault(tag.casefold(), tag)
    return tuple(list(tags.values())[:MOST_TAGS])


def _printable(text: str) -> str:
    """A text on one line, without signs that cannot be shown or stored."""
    return "".join(sign for sign in clean(text) if sign.isprintable()).strip()


def _embedded(path: Path) -> _Embedded:
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
    return _Embedded()


def _jpeg(file: BinaryIO) -> _Embedded:
    image = JpegImageFile(file)  # its own class: Image.open refuses by pixels, though none is decoded here
    found = _other(image)
    segments = [data.removeprefix(_PHOTOSHOP) for name, data in image.applist if name == "APP13"]
    found.iptc = iptc_resource(b"".join(segments))
    return found


def _other(image: Image.Image) -> _Embedded:
    """What Pillow found in the header of a file that it opened."""
    xmp = image.info.get("xmp")
    return _Embedded(_exif(image.info.get("exif")), [xmp] if isinstance(xmp, bytes) else [])


def _exif(data: Any) -> SourceMetadata:
    if not isinstance(data, bytes):
        return SourceMetadata()
    exif = Image.Exif()
    try:
        exif.load(data)
        return read_exif(exif)
    except Exception:  # as above; IPTC and XMP may be whole
        return SourceMetadata()


def _tiff(file: BinaryIO) -> _Embedded:
    exif = Image.Exif()
    exif.load_from_fp(file)
    xmp, photoshop = _bytes(exif.get(_XMP_TAG)), _bytes(exif.get(_PHOTOSHOP_TAG))
    iptc = _bytes(exif.get(_IPTC_TAG)) or iptc_resource(photoshop)
    return _Embedded(read_exif(exif), [xmp] if xmp else [], iptc)


def _bytes(value: Any) -> bytes:
    """A block, which some programs write as whole numbers of four bytes."""
    if isinstance(value, tuple) and all(isinstance(one, int) for one in value):
        few = all(0 <= one < 256 for one in value)
        return bytes(value) if few else struct.pack(f"<{len(value)}I", *(one & 0xFFFFFFFF for one in value))
    return value if isinstance(value, bytes) else b""


def _fuji(file: BinaryIO) -> _Embedded:
    file.seek(84)
    start, size = struct.unpack(">II", file.read(8))
    file.seek(start)
    return _jpeg(io.BytesIO(file.read(min(size, _HEADER))))


def _jxl(file: BinaryIO) -> _Embedded:
    """By its boxes: Pillow's plugin decodes a JPEG XL as soon as it opens it."""
    found = _Embedded()
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


def _png(file: BinaryIO) -> _Embedded:
    """By its chunks: what programs add stands often behind the pixels, which Pillow would decode to get there."""
    found, texts = _Embedded(), dict[str, str]()
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


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError:
        return b""
