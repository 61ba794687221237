"""What several animals share when they are drawn: eyes, legs, sleep, turned shapes; knows no kind of animal."""

import math
from collections.abc import Iterable, Sequence

from core.world.colours import INK, RGB, WHITE, Fill, Tint
from core.world.pen import Pen, Point

ROSE: RGB = (240, 150, 160)  # noses, inner ears, udders
BEAK: RGB = (245, 158, 36)
DREAM: RGB = (104, 122, 214)  # the letters over a sleeper
WATER: RGB = (190, 226, 246)

Leg = tuple[float, float, float, float]  # hip x, hip y, foot x, foot y


def eye(pen: Pen, x: float, y: float, r: float, tint: Tint) -> None:
    """A small friendly eye; on dark fur it gets a pale rim, or nobody would see it."""
    if tint.name in ("black", "brown"):
        pen.circle(x, y, r * 1.45, WHITE)
    pen.circle(x, y, r, INK)
    pen.circle(x + r * 0.35, y - r * 0.35, r * 0.35, WHITE)


def closed_eye(pen: Pen, x: float, y: float, r: float, tint: Tint) -> None:
    """An eye asleep: a small downward arc."""
    pen.line(
        [(x - r, y), (x - r * 0.4, y + r * 0.5), (x + r * 0.4, y + r * 0.5), (x + r, y)],
        WHITE if tint.name == "black" else INK,
        r * 0.45,
    )


def legs(pen: Pen, fill: Fill, places: Iterable[Leg], width: float) -> None:
    """Straight legs with round ends; the feet's lowest point is the given foot y."""
    for hip_x, hip_y, foot_x, foot_y in places:
        pen.line([(hip_x, hip_y), (foot_x, foot_y - width / 2)], fill, width)


def dreaming(pen: Pen, x: float, y: float, size: float) -> None:
    """Two letters Z rising to the right from (x, y): whoever lies below is asleep."""
    for left, top, side in ((x, y - size, size), (x + size * 1.1, y - size * 2.5, size * 1.4)):
        right, bottom, thick = left + side, top + side, side * 0.26
        pen.polygon(
            [
                (left, top), (right, top), (right, top + thick), (left + thick * 1.5, bottom - thick),
                (right, bottom - thick), (right, bottom), (left, bottom), (left, bottom - thick),
                (right - thick * 1.5, top + thick), (left, top + thick),
            ],
            DREAM,
        )  # fmt: skip


def turned(points: Sequence[Point], angle: float, x: float, y: float) -> list[Point]:
    """The points turned clockwise by `angle` degrees around (x, y)."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [(x + (px - x) * c - (py - y) * s, y + (px - x) * s + (py - y) * c) for px, py in points]
