"""One description of a picture from all that its file, and files beside it, say; decodes no picture."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from core.pictures.captions.caption_rows import clean
from core.pictures.metadata.boilerplate import is_written_by_person
from core.pictures.metadata.embedded import read_embedded
from core.pictures.metadata.iptc import read_iptc
from core.pictures.metadata.sidecars import read_sidecars
from core.pictures.metadata.source_metadata import SourceMetadata
from core.pictures.metadata.xmp import read_xmp
from index_store.items import Description

LONGEST_CAPTION = 2_000  # characters: the rest of a longer text describes no picture
LONGEST_TAG, MOST_TAGS, LONGEST_CAMERA = 100, 100, 100
_COMPANY = re.compile(
    r"[, ]+(?:corporation|corp\b|company|co\b\.?,? ?ltd|ltd|inc\b|gmbh|ag|electronics|techwin|imaging|optical|camera|"
    r"digital|co)\.?(?=[, .]|$)",
    re.IGNORECASE,
)


def read_description(path: Path) -> Description:
    """The caption, tags, time, camera and coordinates that a picture's file, and sidecars beside it, tell.

    An XMP sidecar goes before Google Takeout's JSON, that before XMP inside the file, that before IPTC and EXIF. Two
    things differ: EXIF's camera goes first, and Takeout's time goes last, as it is not local. The caption is the first
    description that a person wrote, or else the first title. Keywords of all sources are tags; each level of a
    hierarchy is one of its own.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's on damaged EXIF
        found = read_embedded(path)
    beside, takeout = read_sidecars(path)
    inside, iptc = [read_xmp(data) for data in found.xmp], read_iptc(found.iptc)
    sources = [*beside, *takeout, *inside, iptc, found.exif, found.texts]
    makers = [found.exif, *beside, *inside]
    camera = next((name for source in makers if (name := camera_name(source.make, source.model))), None)
    times = [time for source in (*beside, found.exif, *inside, iptc, *takeout) for time in source.times]
    located = (*beside, *takeout, found.exif, *inside)
    latitude, longitude = next((source.coordinates for source in located if source.coordinates), (None, None))
    cameras = (text for source in makers for text in (source.make, source.model))
    return Description(
        caption=_caption(sources, path.stem, path.name, camera or "", *cameras),
        tags=_tags(sources),
        taken=times[0] if times else None,
        camera=camera,
        latitude=latitude,
        longitude=longitude,
    )


def camera_name(make: str, model: str) -> str:
    """ "Canon EOS 5D" from "Canon" and "Canon EOS 5D", "Google Pixel 7" from "Google" and "Pixel 7"."""
    make, model = (" ".join("".join(s for s in text if s.isprintable()).split()) for text in (make, model))
    make = _COMPANY.sub("", make).strip(" ,.")
    named = [text for text in (make, model) if any(sign.isalnum() for sign in text) and text.casefold() != "unknown"]
    if len(named) == 2 and (first := model.split()[0].casefold()) and first in make.casefold().split():
        named = [model]
    return " ".join(named)[:LONGEST_CAMERA].strip()


def _caption(sources: Sequence[SourceMetadata], *not_this: str) -> str | None:
    """The first text that a person wrote; `not_this`: texts that name the file or the camera."""
    descriptions = [text for source in sources for text in source.descriptions]
    titles = [text for source in sources for text in source.titles]
    for text in map(_printable, [*descriptions, *titles]):
        if text and is_written_by_person(text, *not_this):
            return text[:LONGEST_CAPTION].rstrip()
    return None


def _tags(sources: Sequence[SourceMetadata]) -> tuple[str, ...]:
    """Keywords as tags: those that can be one, each once whatever its letters' case."""
    tags: dict[str, str] = {}
    for keyword in (keyword for source in sources for keyword in source.keywords):
        tag = _printable(keyword)
        if tag and len(tag) <= LONGEST_TAG:
            tags.setdefault(tag.casefold(), tag)
    return tuple(list(tags.values())[:MOST_TAGS])


def _printable(text: str) -> str:
    """A text on one line, without signs that cannot be shown or stored."""
    return "".join(sign for sign in clean(text) if sign.isprintable()).strip()
