"""What one source inside or beside a picture (EXIF, IPTC, XMP) says of it, as it says it; knows no files."""

import math
import re
from dataclasses import dataclass
from datetime import datetime

_TIME = re.compile(
    r"(\d{4})(?:[:./-]?(\d\d)(?:[:./-]?(\d\d)(?:[ T]*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?\0*\s*"
)
_UNSET = ("1970-01-01T00:00:00", "1904-01-01T00:00:00")  # of clocks that nobody set
_FIRST_PHOTOGRAPH = 1826


@dataclass(frozen=True)
class SourceMetadata:
    """What one source says. Texts come best first.

    `times`: when the picture was taken, in ISO 8601. `make`, `model`: of the camera. `coordinates`: latitude and
    longitude in degrees.
    """

    descriptions: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    make: str = ""
    model: str = ""
    coordinates: tuple[float, float] | None = None


def iso_time(text: str, offset: str = "") -> str:
    """A date, perhaps with a time, as metadata write it, in ISO 8601; empty for what is none, as 0000:00:00.

    What is not known of it is left out. The time is local; its `offset` from UTC ("+02:00") is kept where there is one.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return ""
    year, month, day, hour, minute, second, zone = found.groups()
    if int(year) < _FIRST_PHOTOGRAPH or month == "00":
        return year if month == "00" and day in (None, "00") and int(year) >= _FIRST_PHOTOGRAPH else ""
    if day == "00":
        day = hour = None
    try:
        datetime(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return ""
    date = "-".join(part for part in (year, month, day) if part)
    try:
        datetime(2000, 1, 1, int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return date
    if hour is None:
        return date
    known = f"{date}T{hour}:{minute}:{second or '00'}"
    return "" if known in _UNSET else known + _zone(zone or offset)


def _zone(text: str) -> str:
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", text.strip().strip("\0"))
    if text.strip() == "Z":
        return "+00:00"
    return f"{found[1]}{found[2]}:{found[3]}" if found and int(found[2]) <= 14 and int(found[3]) < 60 else ""


def coordinates(latitude: float, longitude: float) -> tuple[float, float] | None:
    """(latitude, longitude) in degrees, north and east positive, rounded to some 10 cm.

    None for what is no place on Earth, and for 0, 0, which receivers write that do not know where they are.
    """
    sound = all(map(math.isfinite, (latitude, longitude))) and abs(latitude) <= 90 and abs(longitude) <= 180
    if not sound or (latitude == 0 and longitude == 0):
        return None
    return round(latitude, 6), round(longitude, 6)
