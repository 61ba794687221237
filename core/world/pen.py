"""The pen: draws flat, anti-aliased shapes in an object's own box; knows nothing of what is drawn.

Coordinates are measured in the object's height: y runs from 0 (top) to 1 (the ground it stands on), x from 0 (left)
to the object's aspect ratio (right), so a circle stays round whatever the aspect. Everything is drawn on a canvas
several times too large, which the renderer scales down: that is the anti-aliasing.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from PIL import Image, ImageDraw

from core.world.colours import Fill, Tint

Point = tuple[float, float]


def smooth(points: Sequence[Point], closed: bool = True, steps: int = 8) -> list[Point]:
    """A Catmull-Rom curve through `points`, as a polyline with `steps` pieces between two points."""
    n = len(points)
    if n < 3:
        return list(points)
    curve: list[Point] = []
    for i in range(n if closed else n - 1):
        if closed:
            p0, p1, p2, p3 = (points[(i + j) % n] for j in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, n - 1)]
        for step in range(steps):
            t = step / steps
            curve.append(
                tuple(  # type: ignore[arg-type]
                    0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
                    for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
                )
            )
    if not closed:
        curve.append(points[-1])
    return curve


class Pen:
    """Draws in one box of a canvas, and remembers the extent of what it drew (`box`, canvas pixels)."""

    def __init__(
        self, canvas: Image.Image, left: float, top: float, height: float, aspect: float = 1.0, *, flip: bool = False
    ):
        """`left`, `top`, `height`: the box in canvas pixels; `aspect`: width / height; `flip`: mirror left-right."""
        self._draw = ImageDraw.Draw(canvas, "RGBA")
        self._left, self._top, self._height, self._aspect, self._flip = left, top, height, aspect, flip
        self._extent: tuple[float, float, float, float] | None = None

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """(left, top, right, bottom) of everything drawn so far, in canvas pixels; None before the first shape."""
        return self._extent

    def _pixels(self, points: Iterable[Point]) -> list[Point]:
        aspect = self._aspect
        placed = [
            (self._left + (aspect - x if self._flip else x) * self._height, self._top + y * self._height)
            for x, y in points
        ]
        xs, ys = [x for x, _ in placed], [y for _, y in placed]
        new = (min(xs), min(ys), max(xs), max(ys))
        old = self._extent or new
        self._extent = (min(old[0], new[0]), min(old[1], new[1]), max(old[2], new[2]), max(old[3], new[3]))
        return placed

    def polygon(self, points: Sequence[Point], fill: Fill) -> None:
        """A filled polygon with straight sides."""
        self._draw.polygon(self._pixels(points), fill=fill)

    def blob(self, points: Sequence[Point], fill: Fill) -> None:
        """A filled, smooth, closed curve through the points."""
        self.polygon(smooth(points), fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Fill, angle: float = 0.0) -> None:
        """A filled ellipse around (x, y), turned clockwise by `angle` degrees."""
        self.polygon(_arc(x, y, rx, ry, 0, 360, angle), fill)

    def circle(self, x: float, y: float, r: float, fill: Fill) -> None:
        """A filled circle around (x, y)."""
        self.ellipse(x, y, r, r, fill)

    def pie(self, x: float, y: float, rx: float, ry: float, start: float, end: float, fill: Fill) -> None:
        """A filled slice of an ellipse; degrees clockwise from three o'clock (180 to 360 is the upper half)."""
        self.polygon([(x, y), *_arc(x, y, rx, ry, start, end)], fill)

    def arc(self, x: float, y: float, rx: float, ry: float, start: float, end: float, fill: Fill, width: float) -> None:
        """A stroke along an ellipse; degrees as in `pie`."""
        self.line(_arc(x, y, rx, ry, start, end), fill, width)

    def rect(self, x0: float, y0: float, x1: float, y1: float, fill: Fill, radius: float = 0.0) -> None:
        """A filled rectangle with corners rounded by `radius`."""
        r = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
        if r <= 0:
            self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill)
            return
        corners = [(x1 - r, y0 + r, 270), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90), (x0 + r, y0 + r, 180)]
        self.polygon([p for x, y, start in corners for p in _arc(x, y, r, r, start, start + 90, steps=6)], fill)

    def line(self, points: Sequence[Point], fill: Fill, width: float, *, curved: bool = False) -> None:
        """A stroke through the points with round ends and joints; `width` in object heights."""
        path = smooth(points, closed=False) if curved else list(points)
        half = width / 2
        for (x0, y0), (x1, y1) in itertools.pairwise(path):
            length = math.hypot(x1 - x0, y1 - y0)
            if length:
                nx, ny = (y1 - y0) / length * half, (x0 - x1) / length * half
                self.polygon([(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)], fill)
        for x, y in path:
            self.polygon(_arc(x, y, half, half, 0, 360, steps=14), fill)


def _arc(
    x: float, y: float, rx: float, ry: float, start: float, end: float, angle: float = 0.0, steps: int = 0
) -> list[Point]:
    steps = steps or max(8, round(abs(end - start) / 8))
    turn_x, turn_y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    points: list[Point] = []
    for step in range(steps + 1):
        a = math.radians(start + (end - start) * step / steps)
        dx, dy = rx * math.cos(a), ry * math.sin(a)
        points.append((x + dx * turn_x - dy * turn_y, y + dx * turn_y + dy * turn_x))
    return points


Drawing = Callable[[Pen, Tint, str], None]
"""Draws one object in its box: `drawing(pen, tint, state)`; `state` is "" or one of the kind's states."""
