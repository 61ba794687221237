"""Fills large areas of a background in shares of the picture, in the light of the day; knows no place and no thing."""

import math
from collections.abc import Callable, Sequence
from random import Random

from PIL import Image, ImageDraw

from core.world.colours import RGB, mix

Point = tuple[float, float]
NIGHT_INK: RGB = (30, 38, 98)
SUNSET_GLOW: RGB = (255, 140, 92)
SKIES: dict[str, tuple[RGB, RGB]] = {
    "day": ((118, 184, 238), (218, 240, 252)),
    "sunset": ((112, 88, 164), (252, 180, 128)),
    "night": ((34, 42, 96), (84, 100, 162)),
}


class Backdrop:
    """Paints areas on a canvas; every colour given is that of daylight, and is shaded for sunset or night."""

    def __init__(self, canvas: Image.Image, time: str, rng: Random) -> None:
        """`time`: day, sunset or night; `rng` shifts the palette a little and shapes hills."""
        self.canvas, self.time, self.rng = canvas, time, rng
        self.width, self.height = canvas.size
        self._draw = ImageDraw.Draw(canvas, "RGBA")
        self._shift = [rng.uniform(-7, 7) for _ in range(3)]

    def lit(self, colour: RGB) -> RGB:
        """The colour in the light of this time, with this picture's slight shift of the palette."""
        red, green, blue = (round(min(255, max(0, c + shift))) for c, shift in zip(colour, self._shift, strict=True))
        if self.time == "night":
            return mix((red, green, blue), NIGHT_INK, 0.5)
        return mix((red, green, blue), SUNSET_GLOW, 0.2) if self.time == "sunset" else (red, green, blue)

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.width, y * self.height) for x, y in points]

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        return x0 * self.width, y0 * self.height, x1 * self.width, y1 * self.height

    def gradient(self, top: RGB, bottom: RGB, y0: float, y1: float) -> None:
        """A vertical gradient over the whole width, colours as they are (not shaded)."""
        first, last = round(y0 * self.height), round(y1 * self.height)
        strip = Image.new("RGB", (1, 24))
        strip.putdata([mix(top, bottom, step / 23) for step in range(24)])
        column = strip.resize((1, last - first), Image.Resampling.BILINEAR)
        # Widened without interpolation: the same picture for a tenth of the time.
        self.canvas.paste(column.resize((self.width, last - first), Image.Resampling.NEAREST), (0, first))

    def sky(self, horizon: float, day: tuple[RGB, RGB] | None = None) -> None:
        """The sky down to the horizon; `day` replaces the (top, low) colours of daylight. At night faint far stars."""
        top, low = day if day and self.time == "day" else SKIES[self.time]
        self.gradient(self._shifted(top), self._shifted(low), 0, horizon + 0.01)
        if self.time == "night":
            for _ in range(26):
                x, y = self.rng.random() * self.width, self.rng.random() * horizon * 0.8 * self.height
                r = self.height * 0.0017
                self._draw.ellipse((x - r, y - r, x + r, y + r), fill=(214, 222, 255, 90))

    def _shifted(self, colour: RGB) -> RGB:
        red, green, blue = (round(min(255, max(0, c + s))) for c, s in zip(colour, self._shift, strict=True))
        return red, green, blue

    def ground(self, far: RGB, near: RGB, horizon: float) -> None:
        """The ground from the horizon down, `far` at the back to `near` at the front."""
        self.gradient(self.lit(far), self.lit(near), horizon, 1)

    def polygon(self, points: Sequence[Point], colour: RGB, alpha: int = 255) -> None:
        self._draw.polygon(self._pixels(points), fill=(*self.lit(colour), alpha))

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: RGB, alpha: int = 255) -> None:
        self._draw.rectangle(
            [*self._pixels([(x0, y0)])[0], *self._pixels([(x1, y1)])[0]], fill=(*self.lit(colour), alpha)
        )

    def rounded(self, x0: float, y0: float, x1: float, y1: float, radius: float, colour: RGB) -> None:
        """A rectangle with corners rounded by `radius` (share of the picture)."""
        self._draw.rounded_rectangle(self._box(x0, y0, x1, y1), radius * self.height, fill=self.lit(colour))

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: RGB, alpha: int = 255) -> None:
        self._draw.ellipse(self._box(x - rx, y - ry, x + rx, y + ry), fill=(*self.lit(colour), alpha))

    def glow(self, x0: float, y0: float, x1: float, y1: float, colour: RGB) -> None:
        """A rectangle in its own light: not shaded at night."""
        self._draw.rectangle(self._box(x0, y0, x1, y1), fill=colour)

    def land(self, outline: Callable[[float], float], base: float, colour: RGB) -> None:
        """Everything between the line y = outline(x) and y = base."""
        steps = 48
        line = [(step / steps, outline(step / steps)) for step in range(steps + 1)]
        self.polygon([*line, (1, base), (0, base)], colour)

    def hills(self, base: float, height: float, colour: RGB, waves: float = 1.5) -> None:
        """Soft hills of at most `height` above `base`."""
        a, b = self.rng.uniform(0, 6.28), self.rng.uniform(0, 6.28)

        def outline(x: float) -> float:
            rise = 0.6 + 0.28 * math.sin(6.28 * waves * x + a) + 0.12 * math.sin(6.28 * waves * 2.3 * x + b)
            return base - height * rise

        self.land(outline, base + 0.01, colour)
