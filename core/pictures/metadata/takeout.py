"""What Google Takeout writes into a JSON file beside each picture: text, time, coordinates; opens no file.

Its files are called `a.jpg.supplemental-metadata.json`, formerly `a.jpg.json`, and for the second picture of a name,
`a(1).jpg`, `a.jpg.supplemental-metadata(1).json`. Names are cut so that 46 characters stand before `.json`.
"""

import json
import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.pictures.captions.caption_rows import names_picture
from core.pictures.metadata.source_metadata import SourceMetadata, coordinates, iso_time

SUFFIX = ".json"
LONGEST_NAME = 46  # characters before the suffix
_ADDED = ".supplemental-metadata"
_NUMBERED = re.compile(r"(.+)(\(\d+\))(\.\w+)")  # a(1).jpg


def takeout_sidecars(path: Path) -> list[Path]:
    """The paths at which the file of a picture may lie, the newer form of the name first."""
    numbered = _NUMBERED.fullmatch(path.name)
    forms = [(path.name, "")] + ([(numbered[1] + numbered[3], numbered[2])] if numbered else [])
    names = [(name + added)[:LONGEST_NAME] + number for name, number in forms for added in (_ADDED, "")]
    return [path.with_name(name + SUFFIX) for name in dict.fromkeys(names)]


def read_takeout(data: bytes) -> SourceMetadata:
    """What such a file says; bytes that are none say nothing.

    A title that is a file's name, which Google makes where a person gave none, is left out. The time is in UTC.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return SourceMetadata()
    if not isinstance(document, dict) or "photoTakenTime" not in document:
        return SourceMetadata()
    description, title = (_text(document.get(key)) for key in ("description", "title"))
    taken = _time(document["photoTakenTime"])
    geography = next((place for key in ("geoData", "geoDataExif") if (place := _place(document.get(key)))), None)
    return SourceMetadata(
        descriptions=(description,),
        titles=() if names_picture(title) else (title,),
        times=(taken,) if taken else (),
        coordinates=geography,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _time(value: Any) -> str:
    """The ISO 8601 time of {"timestamp": seconds since 1970 as a text}; empty for anything else."""
    try:
        seconds = int(value["timestamp"])
        return iso_time(datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S"), "+00:00") if seconds else ""
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return ""


def _place(value: Any) -> tuple[float, float] | None:
    """The coordinates in {"latitude": degrees, "longitude": degrees}; None for anything else."""
    if not isinstance(value, dict):
        return None
    numbers = [value.get(key) for key in ("latitude", "longitude")]
    known = [float(n) if isinstance(n, int | float) and not isinstance(n, bool) else math.nan for n in numbers]
    return coordinates(known[0], known[1])
