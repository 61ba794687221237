"""Places on the Earth: the distance between two, and circles as people write them, `52.52,13.40,5km`."""

import math
import re
from dataclasses import dataclass

EARTH = 6_371_008.8  # metres: its mean radius; distances on the sphere are right to 0.5 %
_UNITS = {"m": 1.0, "km": 1_000.0, "mi": 1_609.344}
_SLACK = 1e-6  # degrees: 10 cm
_DEGREES = r"\s*([-+]?\d{1,3}(?:\.\d*)?)\s*°?\s*"
_CIRCLE = re.compile(
    rf"{_DEGREES}([NS]?)\s*,{_DEGREES}([EW]?)\s*(?:,\s*(\d+(?:\.\d*)?)\s*(m|km|mi))?\s*", re.IGNORECASE
)


@dataclass(frozen=True)
class Circle:
    """All places at most `radius` metres from one; degrees, north and east positive."""

    latitude: float
    longitude: float
    radius: float

    @classmethod
    def parse(cls, text: str) -> "Circle | None":
        """From "latitude,longitude,radius": 52.52,13.40,5km, or 33.9 S,18.4 E (then 1 km). None for any other text."""
        match = _CIRCLE.fullmatch(text)
        if match is None:
            return None
        latitude, north, longitude, east, size, unit = match.groups()
        latitude, longitude = float(latitude), float(longitude)
        if (north and latitude < 0) or (east and longitude < 0):
            return None
        latitude = -latitude if north.upper() == "S" else latitude
        longitude = -longitude if east.upper() == "W" else longitude
        radius = float(size or 1) * _UNITS[(unit or "km").lower()]
        sound = abs(latitude) <= 90 and abs(longitude) <= 180 and 0 < radius <= math.pi * EARTH
        return cls(latitude, longitude, radius) if sound else None

    @property
    def latitudes(self) -> tuple[float, float]:
        """The southernmost and northernmost latitude, in degrees: no place outside them needs to be measured."""
        reach = math.degrees(self.radius / EARTH) + _SLACK
        return self.latitude - reach, self.latitude + reach

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a place, in degrees, lies in the circle."""
        return distance(self.latitude, self.longitude, latitude, longitude) <= self.radius


def distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two places, given in degrees, along the sphere (the haversine formula)."""
    north, other_north = math.radians(latitude), math.radians(other_latitude)
    east = math.radians(other_longitude - longitude)
    half = math.sin((other_north - north) / 2) ** 2 + math.cos(north) * math.cos(other_north) * math.sin(east / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(min(1.0, half)))
