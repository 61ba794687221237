"""What XMP says of a picture, from a packet inside it or a sidecar file; a packet that is none says nothing."""

import math
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from core.pictures.captions.encodings import document
from core.pictures.metadata.source_metadata import SourceMetadata, coordinates, iso_time

LARGEST = 8_000_000  # bytes: darktable's sidecars hold masks
_PACKET = re.compile(r"<(\w+:)?(xmpmeta|RDF)\b.*</\1?\2\s*>", re.DOTALL)
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_DC = "{http://purl.org/dc/elements/1.1/}"
_EXIF, _TIFF = "{http://ns.adobe.com/exif/1.0/}", "{http://ns.adobe.com/tiff/1.0/}"
_PHOTOSHOP, _XMP = "{http://ns.adobe.com/photoshop/1.0/}", "{http://ns.adobe.com/xap/1.0/}"
_IPTC = "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}"
_LIGHTROOM = "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject"  # "Places|Germany|Berlin"
_DIGIKAM = "{http://www.digikam.org/ns/1.0/}TagsList"  # "Places/Germany/Berlin"
_DEGREES = re.compile(r"(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?([NSEW])", re.IGNORECASE)

Values = dict[str, list[str]]  # texts by property


def read_xmp(data: bytes) -> SourceMetadata:
    """What an XMP packet, in the bytes of a file or of a block in one, says."""
    values = _values(data)

    def first(*names: str) -> str:
        return next((text for name in names for text in values.get(name, ()) if text), "")

    nested = [
        part
        for name, between in ((_LIGHTROOM, "|"), (_DIGIKAM, "/"))
        for path in values.get(name, ())
        for part in path.split(between)
    ]
    times = (f"{_EXIF}DateTimeOriginal", f"{_PHOTOSHOP}DateCreated", f"{_EXIF}DateTimeDigitized", f"{_XMP}CreateDate")
    latitude, longitude = _degrees(first(f"{_EXIF}GPSLatitude"), "NS"), _degrees(first(f"{_EXIF}GPSLongitude"), "EW")
    return SourceMetadata(
        descriptions=tuple(values.get(f"{_DC}description", ()))[:1]
        + tuple(values.get(f"{_IPTC}AltTextAccessibility", ()))[:1],
        titles=tuple(values.get(f"{_DC}title", ()))[:1] + tuple(values.get(f"{_PHOTOSHOP}Headline", ())),
        keywords=(*values.get(f"{_DC}subject", ()), *nested),
        times=tuple(filter(None, (iso_time(text) for name in times for text in values.get(name, ())))),
        make=first(f"{_TIFF}Make"),
        model=first(f"{_TIFF}Model"),
        coordinates=coordinates(latitude, longitude),
    )


def _values(data: bytes) -> Values:
    """The texts of each property; of a text in several languages the one for any of them comes first."""
    if len(data) > LARGEST:
        return {}
    found = _PACKET.search(document(data))
    if found is None or "<!DOCTYPE" in found[0] or "<!ENTITY" in found[0]:  # entities could grow without end
        return {}
    try:
        root = ElementTree.fromstring(found[0].replace("\0", ""))
    except (ElementTree.ParseError, ValueError):
        return {}
    values: Values = {}
    for description in root.iter(f"{_RDF}Description"):
        for name, text in description.attrib.items():
            values.setdefault(name, []).append(text.strip())
        for child in description:
            values.setdefault(child.tag, []).extend(_texts(child))
    return values


def _texts(element: ElementTree.Element) -> Iterator[str]:
    items = list(element.iter(f"{_RDF}li"))
    if not items:
        yield (element.text or "").strip()
    for item in sorted(items, key=lambda item: item.get(_LANGUAGE) not in (None, "x-default")):  # stable
        if text := "".join(item.itertext()).strip():
            yield text


def _degrees(text: str, sides: str) -> float:
    """ "52,31.2N" or "52,31,12N" in degrees; NaN for anything else."""
    found = _DEGREES.fullmatch(text.strip())
    if found is None or found[4].upper() not in sides or any(float(part or 0) > 60 for part in found.group(2, 3)):
        return math.nan
    degrees = float(found[1]) + float(found[2] or 0) / 60 + float(found[3] or 0) / 3600
    return degrees if found[4].upper() == sides[0] else -degrees
