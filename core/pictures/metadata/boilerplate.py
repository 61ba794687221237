"""Tells what cameras and programs write where a caption belongs from what people wrote."""

import json
import re

# whole texts, small, without signs at their ends
_TEXTS = frozenset(
    (
        "default", "x-default", "screenshot", "screen shot", "image", "picture", "photo", "photograph", "untitled",
        "no title", "unknown", "none", "null", "caption", "description", "title", "comment", "jpeg image", "dcim",
        "samsung", "samsung camera pictures", "exif_jpeg_picture", "exif_jpeg_t422", "jpeg_picture", "applemark",
        "dsc", "hdr", "dav", "sdr", "rhdr", "rsdr", "cof", "sco", "oznor", "hdrpl", "hdrplus", "nor", "mde", "ptr",
        "bty", "dig", "ztc", "fbt", "btf", "edf", "jpeg", "ascii", "unicode", "user comments", "user comment",
        "type your comment here", "digital camera", "digital still camera", "digital image",
    )
)  # fmt: skip
_MAKES = (
    "acer|agfa|agfaphoto|aiptek|benq|canon|casio|concord|digimax|epson|fuji|fujifilm|ge|genius|hp|jenoptik|kodak|"
    "konica|kyocera|leica|medion|minolta|nikon|nokia|olympus|panasonic|pentax|polaroid|praktica|ricoh|rollei|samsung|"
    "sanyo|sigma|sony|toshiba|traveler|vivitar|yakumo"
)
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?:{_MAKES})\b[\w .,&-]{{0,40}}?(?:digital (?:still )?camera|camera|dsc|dcs|digimax|co\.,? ?ltd)"
        r"(?: pictures?| [a-z]*-?\d[\w-]*)?",  # OLYMPUS DIGITAL CAMERA, KODAK DIGITAL CAMERA Z712
        r"(?:created|processed|edited|made|generated|exported|optimi[sz]ed|compressed|saved|scanned) "
        r"(?:with|by|using|in) (?:the )?(?:gimp|vsco\b|adobe|photoshop|lightroom|snapseed|picasa|paint|imagegear|"
        r"acdsee|jpegmini|google|polarr|darktable|rawtherapee|canva|figma|matplotlib|inkscape).*",
        r"digimax [\w-]+|file (?:written|source) .*|(?:lead|intel).* (?:technologies|jpeg).*",
        r"acd systems.*|handmade software.*",
        r"creator: gd-jpeg.*|.*\bsoftware (?:v|version|\d).*",
        r"(?:filter|module|filterintensity)\s*:.*|.*\bhw-remosaic\b.*",  # telephones' settings
        r"(?:oppo|oplus|realme|vivo|xiaomi|miui|huawei|honor)_\w+",
        r"(?:img|dscn?|dscf|pict?|p|mvi|vid|pano|burst|screenshot|scan|image|photo|picture)[ _-]?\d[\d _-]*(?:\.\w+)?",
        r"screen ?shot(?:[ _-]from)?[ _-][\d :_.-]+.*",
        r"[!-~]{80,}",  # data of a program in letters
        r"charset=.*|xmp\.\w+:.*",
    )
)


def is_written_by_person(text: str, *not_this: str) -> bool:
    """Whether a text says something of a picture. `not_this`: its camera, its file's name and the like."""
    bare = " ".join(text.split()).strip(" \t.*-_<>[]()\"'").casefold()
    if not any(sign.isalpha() for sign in bare) or bare in _TEXTS:
        return False
    if bare in (" ".join(other.split()).casefold() for other in not_this):
        return False
    shouted = text.isupper() and bare.endswith(("digital camera", "digital still camera", " dsc"))
    return not shouted and not any(form.fullmatch(bare) for form in _FORMS) and not _is_record(text)


def _is_record(text: str) -> bool:
    """Whether a text is an object of JSON, as telephones write their settings."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False
