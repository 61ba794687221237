"""What EXIF says of a picture, from Pillow's Exif; a value that is not as it should be says nothing."""

import math
from collections.abc import Mapping
from typing import Any

from PIL import Image

from core.pictures.captions.encodings import plain, unmarked_utf16
from core.pictures.metadata.source_metadata import SourceMetadata, coordinates, iso_time

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
DESCRIPTION, MAKE, MODEL = 0x010E, 0x010F, 0x0110
TITLE_XP, COMMENT_XP, KEYWORDS_XP, SUBJECT_XP = 0x9C9B, 0x9C9C, 0x9C9E, 0x9C9F  # Windows' own, in UTF-16
TAKEN, DIGITIZED, USER_COMMENT = 0x9003, 0x9004, 0x9286
TAKEN_OFFSET, DIGITIZED_OFFSET = 0x9011, 0x9012
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 1, 2, 3, 4
_CHARSET = 8  # bytes of a user comment that name its encoding


def read_exif(exif: Image.Exif) -> SourceMetadata:
    """What EXIF's tags say; a tag that cannot be read says nothing."""
    more, gps = _ifd(exif, EXIF_IFD), _ifd(exif, GPS_IFD)
    comment = more.get(USER_COMMENT)
    taken = iso_time(_text(more.get(TAKEN)), _text(more.get(TAKEN_OFFSET)))
    digitized = iso_time(_text(more.get(DIGITIZED)), _text(more.get(DIGITIZED_OFFSET)))
    return SourceMetadata(
        descriptions=(
            _text(exif.get(DESCRIPTION)),
            _utf16(exif.get(COMMENT_XP)),
            _utf16(exif.get(SUBJECT_XP)),
            _user_comment(comment) if isinstance(comment, bytes) else _text(comment),
        ),
        titles=(_utf16(exif.get(TITLE_XP)),),
        keywords=tuple(_utf16(exif.get(KEYWORDS_XP)).replace(",", ";").split(";")),
        times=tuple(filter(None, (taken, digitized))),
        make=_text(exif.get(MAKE)),
        model=_text(exif.get(MODEL)),
        coordinates=_gps_coordinates(gps),
    )


def _ifd(exif: Image.Exif, tag: int) -> Mapping[int, Any]:
    try:
        return dict(exif.get_ifd(tag))
    except Exception:  # Pillow raises whatever a damaged offset leads to
        return {}


def _text(value: Any) -> str:
    """A text, which Pillow reads as Latin-1 though many programs write UTF-8."""
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        value = value[0]
    if isinstance(value, str):
        try:
            value = value.encode("latin-1")
        except UnicodeEncodeError:
            return value.partition("\0")[0].strip()
    return plain(value).partition("\0")[0].strip() if isinstance(value, bytes) else ""


def _utf16(value: Any) -> str:
    if isinstance(value, tuple) and all(isinstance(one, int) and 0 <= one < 256 for one in value):
        value = bytes(value)
    return value.decode("utf-16-le", "replace").partition("\0")[0].strip() if isinstance(value, bytes) else ""


def _user_comment(value: bytes) -> str:
    """A text behind eight bytes that say its encoding; which end of UTF-16 comes first only the text itself tells."""
    charset, data = value[:_CHARSET], value[_CHARSET:]
    if charset.startswith(b"UNICODE"):
        mark = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = data.decode("utf-16" if mark else unmarked_utf16(data) or "utf-16-le", "replace")
    elif charset.startswith(b"JIS"):
        text = data.decode("iso2022_jp", "replace")
    else:
        named = charset.startswith(b"ASCII") or not charset.strip(b"\0 ")
        text = plain(data if named else value)
    return text.replace("\0", " ").strip()


def _gps_coordinates(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    latitude = _degrees(gps.get(LATITUDE), _text(gps.get(LATITUDE_REF)), "NS")
    longitude = _degrees(gps.get(LONGITUDE), _text(gps.get(LONGITUDE_REF)), "EW")
    return coordinates(latitude, longitude)


def _degrees(value: Any, side: str, sides: str) -> float:
    """Degrees from degrees, minutes and seconds; NaN for what is none of these, or on no side of the world."""
    try:
        parts = [float(part) for part in (value if isinstance(value, tuple | list) else (value,))]
    except (TypeError, ValueError, ZeroDivisionError):
        return math.nan
    sign = {sides[0]: 1.0, sides[1]: -1.0}.get(side[:1].upper(), math.nan)
    sound = 1 <= len(parts) <= 3 and all(part >= 0 for part in parts) and all(part <= 60 for part in parts[1:])
    return sign * sum(part / 60**i for i, part in enumerate(parts)) if sound else math.nan
