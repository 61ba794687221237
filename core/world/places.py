"""The outdoor backgrounds of the illustrated world; calm and muted, and knows nothing of what stands in front."""

import math
from collections.abc import Callable
from random import Random

from PIL import Image

from core.world.backdrop import Backdrop
from core.world.catalogue import Place
from core.world.rooms import ROOMS

SEA_LINE = 0.46  # the beach looks out on the sea


def draw_place(canvas: Image.Image, place: Place, time: str, rng: Random) -> None:
    """Fills the square canvas (RGB) with the place at that time (day, sunset or night); `rng` varies it a little."""
    draw = (ROOMS | OUTDOORS)[place.name]
    draw(Backdrop(canvas, time, rng), place.horizon)


def _beach(paint: Backdrop, horizon: float) -> None:
    paint.sky(SEA_LINE)
    paint.gradient(paint.lit((54, 150, 200)), paint.lit((126, 206, 214)), SEA_LINE, horizon + 0.03)
    for y in (0.485, 0.52, 0.555):
        x = paint.rng.random() * 0.7
        paint.rect(x, y, x + 0.22, y + 0.005, (190, 228, 236), 120)
    paint.ground((240, 218, 168), (228, 198, 138), horizon + 0.015)
    phase = paint.rng.uniform(0, 6.28)
    paint.land(lambda x: horizon - 0.004 + 0.012 * math.sin(9 * x + phase), horizon + 0.034, (244, 250, 248))
    paint.land(lambda x: horizon + 0.010 + 0.012 * math.sin(9 * x + phase), horizon + 0.040, (226, 202, 150))
    for _ in range(12):
        paint.ellipse(paint.rng.random(), paint.rng.uniform(0.72, 0.98), 0.035, 0.004, (210, 178, 120), 110)


def _sea(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon)
    paint.ground((70, 142, 196), (20, 84, 150), horizon)
    for step in range(9):
        y = horizon + 0.035 + 0.058 * step
        phase, size = paint.rng.uniform(0, 6.28), 0.004 + 0.0011 * step
        for start in (paint.rng.uniform(-0.1, 0.2), paint.rng.uniform(0.3, 0.55), paint.rng.uniform(0.65, 0.9)):
            length = 0.10 + 0.016 * step
            line = [(start + length * t / 40, y + size * 1.2 * math.sin(t * 0.47 + phase)) for t in range(41)]
            back = [(x, y + size) for x, y in reversed(line)]
            paint.polygon(line + back, (140, 200, 232), 130)


def _meadow(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon)
    paint.hills(horizon, 0.12, (170, 208, 170), 1.1)
    paint.hills(horizon, 0.06, (152, 204, 130), 1.7)
    paint.ground((146, 206, 102), (104, 178, 76), horizon)
    for _ in range(26):
        x, y = paint.rng.random(), paint.rng.uniform(horizon + 0.04, 0.99)
        paint.polygon(
            [(x, y), (x + 0.006, y - 0.022), (x + 0.010, y), (x + 0.018, y - 0.018), (x + 0.02, y)], (88, 160, 66), 150
        )


def _conifer(paint: Backdrop, x: float, base: float, height: float, colour: tuple[int, int, int]) -> None:
    wide = height * 0.30
    for level in range(3):
        foot = base - height * (0.06 + 0.27 * level)
        half = wide * (1 - 0.24 * level)
        paint.polygon([(x - half, foot), (x + half, foot), (x, foot - height * 0.42)], colour)


def _forest(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon, ((150, 200, 190), (214, 232, 208)))
    for colour, low, high, number in (((138, 182, 158), 0.34, 0.46, 11), ((104, 156, 126), 0.24, 0.40, 13)):
        for index in range(number):
            x = (index + paint.rng.uniform(0.1, 0.9)) / number
            _conifer(paint, x, horizon + 0.02, paint.rng.uniform(low, high), colour)
    for side in (-1, 1):  # two near trunks frame the picture
        edge = 0.0 if side < 0 else 1.0
        inner = edge - side * paint.rng.uniform(0.03, 0.055)
        paint.polygon(
            [(edge, 0), (inner, 0), (inner - side * 0.008, horizon + 0.06), (edge, horizon + 0.07)], (112, 104, 84)
        )
    paint.ground((94, 138, 84), (70, 108, 62), horizon)
    for _ in range(18):
        paint.ellipse(paint.rng.random(), paint.rng.uniform(horizon + 0.04, 0.98), 0.04, 0.007, (120, 128, 72), 110)


def _desert(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon, ((134, 190, 222), (252, 234, 200)))
    paint.hills(horizon, 0.15, (238, 204, 154), 0.8)
    paint.hills(horizon, 0.08, (230, 186, 124), 1.3)
    paint.ground((234, 182, 110), (216, 154, 82), horizon)
    for y in (horizon + 0.13, horizon + 0.27):
        phase = paint.rng.uniform(0, 6.28)
        paint.land(lambda x, y=y, phase=phase: y + 0.03 * math.sin(5 * x + phase), y + 0.05, (210, 148, 78))  # type: ignore[misc]
        paint.land(lambda x, y=y, phase=phase: y + 0.014 + 0.03 * math.sin(5 * x + phase), y + 0.06, (226, 168, 96))  # type: ignore[misc]


def _mountains(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon)
    for index, (colour, high) in enumerate((((172, 188, 210), 0.40), ((134, 150, 178), 0.34))):
        for middle in (0.16, 0.52, 0.88):
            x = middle + paint.rng.uniform(-0.10, 0.10) + 0.18 * index
            top, half = horizon - high * paint.rng.uniform(0.75, 1.05), 0.30
            paint.polygon([(x - half, horizon), (x, top), (x + half, horizon)], colour)
            snow = 0.3 * (horizon - top)
            side = half * 0.3
            paint.polygon(
                [(x, top), (x + side, top + snow), (x + side * 0.4, top + snow * 0.72), (x, top + snow * 1.15),
                 (x - side * 0.45, top + snow * 0.75), (x - side, top + snow)], (244, 248, 252))  # fmt: skip
    paint.hills(horizon, 0.06, (126, 158, 128), 1.4)
    paint.ground((150, 172, 124), (118, 140, 98), horizon)
    for _ in range(10):
        x, y, r = paint.rng.random(), paint.rng.uniform(horizon + 0.05, 0.97), paint.rng.uniform(0.012, 0.03)
        paint.ellipse(x, y, r, r * 0.45, (158, 162, 152), 170)


def _snow(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon, ((168, 196, 222), (226, 236, 246)))
    paint.hills(horizon, 0.16, (206, 222, 240), 1.0)
    for index in range(9):
        x = (index + paint.rng.random()) / 9
        _conifer(paint, x, horizon, paint.rng.uniform(0.08, 0.14), (176, 200, 216))
    paint.hills(horizon, 0.05, (222, 233, 246), 1.6)
    paint.ground((236, 243, 251), (206, 222, 242), horizon)
    for y in (horizon + 0.16, horizon + 0.3):
        phase = paint.rng.uniform(0, 6.28)
        paint.land(lambda x, y=y, phase=phase: y + 0.016 * math.sin(6 * x + phase), y + 0.02, (220, 231, 246))  # type: ignore[misc]
    for _ in range(46):
        paint.ellipse(paint.rng.random(), paint.rng.random() * 0.95, 0.0035, 0.0035, (255, 255, 255), 200)


def _street(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon)
    colours = [(206, 186, 184), (190, 192, 204), (212, 204, 184), (186, 198, 190), (200, 184, 198)]
    x = -paint.rng.random() * 0.1
    while x < 1:
        wide, top = paint.rng.uniform(0.14, 0.20), horizon - paint.rng.uniform(0.20, 0.30)
        colour = colours[int(paint.rng.random() * len(colours))]
        paint.polygon([(x - 0.006, top), (x + wide / 2, top - 0.07), (x + wide + 0.006, top)], (176, 156, 158))
        paint.rect(x, top, x + wide, horizon, colour)
        for column in (0.22, 0.62):
            for level in range(2):
                left, high = x + wide * column, top + 0.035 + 0.085 * level
                window = (left, high, left + wide * 0.17, high + 0.042)
                if paint.time == "night" and paint.rng.random() < 0.5:
                    paint.glow(*window, (182, 164, 112))
                else:
                    paint.rect(*window, (170, 182, 196))
        x += wide
    paint.rect(0, horizon - 0.012, 1, horizon + 0.05, (206, 202, 198))
    paint.rect(0, horizon + 0.05, 1, horizon + 0.064, (176, 172, 172))
    paint.ground((126, 128, 138), (108, 110, 122), horizon + 0.064)
    shift = paint.rng.random() * 0.2
    for index in range(-1, 6):
        left = shift + 0.22 * index
        paint.polygon(
            [(left, 0.835), (left + 0.12, 0.835), (left + 0.115, 0.85), (left - 0.008, 0.85)], (214, 212, 204), 200
        )


def _city(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon, ((150, 186, 222), (232, 232, 236)))
    for layer, (colour, low, high) in enumerate((((186, 194, 214), 0.34, 0.56), ((156, 166, 192), 0.16, 0.38))):
        x = -paint.rng.random() * 0.06
        while x < 1:
            wide = paint.rng.uniform(0.07, 0.12)
            top = horizon - paint.rng.uniform(low, high)
            paint.rect(x, top, x + wide - 0.006, horizon, colour)
            _skyline_windows(paint, x, top, wide, horizon, layer)
            x += wide
    paint.ground((172, 172, 184), (146, 146, 162), horizon)
    for x in (-0.5, -0.1, 0.3, 0.7, 1.1, 1.5):
        low = 0.5 + (x - 0.5) * 1.7
        paint.polygon([(x, horizon), (x + 0.004, horizon), (low + 0.008, 1), (low, 1)], (134, 134, 152), 150)
    for y in (horizon + 0.06, horizon + 0.17):
        paint.rect(0, y, 1, y + 0.004, (134, 134, 152), 150)


def _skyline_windows(paint: Backdrop, x: float, top: float, wide: float, horizon: float, layer: int) -> None:
    y = top + 0.02
    while y < horizon - 0.03:
        for column in range(3):
            left = x + wide * (0.14 + 0.27 * column)
            if paint.time == "night":
                if paint.rng.random() < 0.45:
                    paint.glow(left, y, left + wide * 0.13, y + 0.012, (196, 176, 116) if layer else (122, 122, 138))
            elif layer:
                paint.rect(left, y, left + wide * 0.13, y + 0.012, (182, 192, 214))
        y += 0.032


def _park(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon)
    for colour, ry, number in (((158, 198, 172), 0.13, 8), ((128, 184, 140), 0.075, 11)):
        for index in range(number):
            x = (index + paint.rng.random()) / number
            r = ry * paint.rng.uniform(0.8, 1.15)
            paint.ellipse(x, horizon - r * 0.35, r, r, colour)
    paint.ground((132, 204, 128), (98, 178, 104), horizon)
    far, near = paint.rng.uniform(0.3, 0.7), paint.rng.uniform(0.2, 0.6)
    left, right = [], []
    for step in range(17):
        t = step / 16
        y = horizon + (1 - horizon) * t
        middle = far + (near - far) * t + 0.10 * math.sin(3.1 * t)
        left.append((middle - 0.02 - 0.20 * t, y))
        right.append((middle + 0.02 + 0.20 * t, y))
    paint.polygon(left + right[::-1], (228, 216, 184))


def _farm(paint: Backdrop, horizon: float) -> None:
    paint.sky(horizon)
    paint.hills(horizon, 0.10, (184, 206, 150), 0.9)
    for index in range(14):
        x = (index + paint.rng.random()) / 14
        paint.ellipse(x, horizon - 0.004, 0.05, 0.022, (132, 170, 112))
    paint.ground((220, 200, 112), (190, 160, 78), horizon)
    middle = paint.rng.uniform(0.35, 0.65)
    for index in range(-9, 10):
        top, low = middle + index * 0.085, middle + index * 0.26
        paint.polygon([(top, horizon), (top + 0.024, horizon), (low + 0.075, 1), (low, 1)], (166, 172, 80), 150)


OUTDOORS: dict[str, Callable[[Backdrop, float], None]] = {
    "beach": _beach, "sea": _sea, "meadow": _meadow, "forest": _forest, "desert": _desert, "mountains": _mountains,
    "snow": _snow, "street": _street, "city": _city, "park": _park, "farm": _farm,
}  # fmt: skip
