"""How plants and the things of the sky are drawn, each in its own box; knows only the pen and the colours."""

import math

from core.world.colours import INK, RGB, WHITE, Fill, Tint, mix
from core.world.pen import Drawing, Pen, Point, smooth

BARK: RGB = (124, 82, 54)
BARK_SHADE: RGB = (96, 62, 44)
LEAF: RGB = (82, 156, 74)
LEAF_SHADE: RGB = (54, 120, 66)
CREAM: RGB = (250, 236, 210)
CREAM_SHADE: RGB = (226, 204, 172)
SEEDS: RGB = (104, 62, 40)
SEEDS_SHADE: RGB = (76, 44, 34)
PETAL: RGB = (244, 104, 156)
POLLEN: RGB = (252, 206, 70)
RAIN: RGB = (70, 140, 222)
RAINBOW: tuple[RGB, ...] = (
    (226, 62, 62),
    (244, 146, 48),
    (250, 214, 70),
    (88, 178, 92),
    (62, 126, 216),
    (136, 82, 186),
)


def _leaf(pen: Pen, start: Point, end: Point, bulge: float, fill: Fill) -> None:
    """A pointed leaf from `start` to `end`, `bulge` wide on either side."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    nx, ny = (y1 - y0) / length * bulge, (x0 - x1) / length * bulge
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    one, other = (middle[0] + nx, middle[1] + ny), (middle[0] - nx, middle[1] - ny)
    pen.polygon(smooth([start, one, end], closed=False) + smooth([end, other, start], closed=False), fill)


def tree(pen: Pen, tint: Tint, state: str) -> None:
    if state == "bare":
        _bare_tree(pen, tint)
        return
    pen.polygon([(0.365, 0.48), (0.485, 0.48), (0.49, 0.86), (0.55, 1.0), (0.30, 1.0), (0.36, 0.86)], BARK)
    pen.polygon([(0.43, 0.48), (0.485, 0.48), (0.49, 0.86), (0.55, 1.0), (0.44, 1.0)], BARK_SHADE)
    pen.line([(0.42, 0.72), (0.58, 0.54)], BARK, 0.05)
    for x, y, r in ((0.18, 0.40, 0.18), (0.42, 0.43, 0.19), (0.67, 0.40, 0.18)):
        pen.circle(x, y, r, tint.dark)
    for x, y, r in ((0.17, 0.34, 0.17), (0.30, 0.19, 0.19), (0.52, 0.18, 0.18), (0.67, 0.32, 0.18), (0.43, 0.34, 0.19)):
        pen.circle(x, y, r, tint.base)
    glint = mix(tint.base, tint.light, 0.5)
    pen.blob([(0.18, 0.20), (0.26, 0.06), (0.40, 0.06), (0.44, 0.14), (0.34, 0.17), (0.29, 0.26)], glint)
    pen.blob([(0.05, 0.36), (0.09, 0.27), (0.18, 0.25), (0.20, 0.31), (0.13, 0.38)], glint)
    pen.blob([(0.56, 0.36), (0.62, 0.26), (0.73, 0.25), (0.74, 0.32), (0.64, 0.36)], glint)


def _bare_tree(pen: Pen, tint: Tint) -> None:
    # A few last leaves keep the tree's colour true.
    pen.polygon([(0.375, 0.40), (0.475, 0.40), (0.49, 0.84), (0.56, 1.0), (0.29, 1.0), (0.36, 0.84)], BARK)
    pen.polygon([(0.43, 0.40), (0.475, 0.40), (0.49, 0.84), (0.56, 1.0), (0.44, 1.0)], BARK_SHADE)
    branches: tuple[tuple[Point, ...], ...] = (
        ((0.42, 0.66), (0.22, 0.46), (0.06, 0.40)), ((0.24, 0.48), (0.16, 0.24)), ((0.43, 0.60), (0.64, 0.40),
        (0.80, 0.36)),
        ((0.62, 0.42), (0.70, 0.18)), ((0.42, 0.44), (0.32, 0.20), (0.30, 0.06)), ((0.43, 0.44), (0.52, 0.22),
        (0.52, 0.03)),
    )  # fmt: skip
    for path in branches:
        pen.line(path, BARK, 0.045)
    tips = (
        (0.05, 0.39),
        (0.15, 0.22),
        (0.29, 0.05),
        (0.52, 0.04),
        (0.71, 0.16),
        (0.80, 0.36),
        (0.33, 0.27),
        (0.58, 0.32),
    )
    for x, y in tips:
        pen.ellipse(x, y, 0.05, 0.035, tint.base, 40)


def pine(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.25, 0.70, 0.35, 1.0, BARK)
    pen.rect(0.30, 0.70, 0.35, 1.0, BARK_SHADE)
    for top, bottom, half in ((0.34, 0.76, 0.30), (0.16, 0.55, 0.24), (0.0, 0.34, 0.18)):
        pen.polygon([(0.30, top), (0.30 + half, bottom), (0.30 - half, bottom)], tint.base)
        pen.polygon([(0.30, top), (0.30 + half, bottom), (0.34, bottom)], tint.dark)
        if state == "snowy":
            y, x = top + (bottom - top) * 0.58, half * 0.58
            cap: list[Point] = [(0.30, top), (0.30 + x, y), (0.30 + x * 0.6, y - 0.03), (0.30 + x * 0.25, y + 0.05),
                                (0.30 - x * 0.15, y - 0.02), (0.30 - x * 0.55, y + 0.04), (0.30 - x, y)]  # fmt: skip
            pen.polygon(cap, WHITE)


def palm(pen: Pen, tint: Tint, state: str) -> None:
    left: list[Point] = [(0.18, 1.0), (0.28, 0.78), (0.37, 0.54), (0.39, 0.26)]
    right: list[Point] = [(0.45, 0.26), (0.45, 0.56), (0.39, 0.80), (0.32, 1.0)]
    pen.polygon(smooth(left, closed=False) + smooth(right, closed=False), (168, 118, 72))
    for x, y in ((0.26, 0.88), (0.33, 0.74), (0.385, 0.60), (0.40, 0.46)):
        pen.line([(x, y), (x + 0.07, y + 0.02)], BARK, 0.02)
    fronds: tuple[tuple[Point, Point, Point, Fill], ...] = (
        ((0.60, 0.20), (0.70, 0.58), (0.53, 0.32), tint.dark), ((0.20, 0.22), (0.14, 0.60), (0.29, 0.34), tint.dark),
        ((0.62, 0.10), (0.80, 0.36), (0.60, 0.22), tint.base), ((0.20, 0.10), (0.0, 0.38), (0.22, 0.23), tint.base),
        ((0.55, -0.01), (0.78, 0.12), (0.56, 0.12), tint.light), ((0.27, -0.01), (0.02, 0.13), (0.26, 0.13), tint.base),
        ((0.42, 0.08), (0.46, 0.0), (0.50, 0.12), tint.base),
    )  # fmt: skip
    for upper, tip, lower, fill in fronds:
        crown = (0.42, 0.24)
        pen.polygon(smooth([crown, upper, tip], closed=False) + smooth([tip, lower, crown], closed=False), fill)
    for x, y in ((0.37, 0.30), (0.46, 0.30), (0.42, 0.27)):
        pen.circle(x, y, 0.04, BARK_SHADE)


def cactus(pen: Pen, tint: Tint, state: str) -> None:
    top = 0.09 if state == "blooming" else 0.0
    pen.line([(0.35, 0.68), (0.09, 0.68), (0.09, 0.42)], tint.dark, 0.16)
    pen.line([(0.35, 0.56), (0.61, 0.56), (0.61, 0.28)], tint.dark, 0.16)
    pen.line([(0.35, 0.66), (0.09, 0.66), (0.09, 0.42)], tint.base, 0.14)
    pen.line([(0.35, 0.54), (0.61, 0.54), (0.61, 0.28)], tint.base, 0.14)
    pen.rect(0.22, top, 0.48, 1.0, tint.base, 0.13)
    pen.rect(0.40, top + 0.10, 0.48, 1.0, tint.dark, 0.04)
    pen.rect(0.22, 0.90, 0.48, 1.0, tint.base)
    for x, y0, y1 in ((0.28, top + 0.14, 0.90), (0.35, top + 0.10, 0.90), (0.08, 0.42, 0.62), (0.60, 0.28, 0.50)):
        pen.rect(x, y0, x + 0.02, y1, tint.light, 0.01)
    if state == "blooming":
        for x, y, r in ((0.35, 0.09, 0.10), (0.09, 0.35, 0.08), (0.61, 0.20, 0.08)):
            for turn in (90, 210, 330):
                a = math.radians(turn)
                pen.circle(x + r * 0.5 * math.cos(a), y - r * 0.4 * math.sin(a), r * 0.6, PETAL)
            pen.circle(x, y, r * 0.4, POLLEN)


def flower(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.25, 0.40, 0.30, 1.0, LEAF, 0.02)
    _leaf(pen, (0.27, 0.97), (0.05, 0.66), 0.07, LEAF)
    _leaf(pen, (0.28, 0.94), (0.50, 0.62), 0.07, LEAF_SHADE)
    shade = mix(tint.base, tint.dark, 0.6)
    for turn in range(5):
        a = math.radians(72 * turn - 90)
        pen.circle(
            0.275 + 0.145 * math.cos(a), 0.275 + 0.145 * math.sin(a), 0.13, shade if turn in (2, 3) else tint.base
        )
    pen.circle(0.275, 0.275, 0.15, tint.base)
    pen.circle(0.275, 0.275, 0.085, SEEDS if tint.name in ("yellow", "orange") else POLLEN)


def sunflower(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.225, 0.44, 0.275, 1.0, LEAF_SHADE, 0.02)
    _leaf(pen, (0.25, 0.92), (0.02, 0.66), 0.08, LEAF)
    _leaf(pen, (0.25, 0.84), (0.48, 0.58), 0.08, LEAF)
    for ring, fill, reach in ((15.0, tint.dark, 0.235), (0.0, tint.base, 0.25)):
        points: list[Point] = []
        for petal in range(24):
            a = math.radians(15 * petal + ring)
            r = reach if petal % 2 == 0 else 0.15
            points.append((0.25 + r * math.cos(a), 0.25 + r * math.sin(a)))
        pen.polygon(points, fill)
    pen.circle(0.25, 0.25, 0.135, SEEDS)
    pen.circle(0.25, 0.25, 0.085, SEEDS_SHADE)


def mushroom(pen: Pen, tint: Tint, state: str) -> None:
    stem: list[Point] = [
        (0.35, 0.50),
        (0.34, 0.72),
        (0.28, 0.92),
        (0.36, 1.0),
        (0.60, 1.0),
        (0.67, 0.92),
        (0.61, 0.72),
        (0.60, 0.50),
    ]
    pen.polygon(smooth(stem, closed=False), CREAM)
    pen.polygon(smooth([(0.60, 0.5), (0.61, 0.72), (0.67, 0.92), (0.60, 1.0), (0.48, 1.0), (0.54, 0.75),
                        (0.50, 0.5)], steps=4),
                CREAM_SHADE)  # fmt: skip
    pen.ellipse(0.475, 0.58, 0.36, 0.08, CREAM_SHADE)
    cap: list[Point] = [(0.0, 0.50), (0.08, 0.24), (0.28, 0.05), (0.475, 0.0), (0.67, 0.05), (0.87, 0.24), (0.95, 0.50)]
    under: list[Point] = [(0.90, 0.61), (0.475, 0.55), (0.05, 0.61)]
    pen.polygon(smooth([*cap, *under], steps=5), tint.base)
    pen.polygon(smooth([(0.95, 0.50), (0.90, 0.61), (0.475, 0.55), (0.05, 0.61), (0.0, 0.50), (0.2, 0.50),
                        (0.475, 0.48),
                        (0.75, 0.50)], steps=5), tint.dark)  # fmt: skip
    dots = mix(tint.base, BARK, 0.35) if tint.name == "white" else WHITE
    for x, y, r in (
        (0.46, 0.15, 0.09),
        (0.22, 0.28, 0.075),
        (0.73, 0.27, 0.08),
        (0.48, 0.38, 0.06),
        (0.12, 0.45, 0.04),
        (0.86, 0.44, 0.04),
    ):
        pen.circle(x, y, r, dots)


def _foliage(x: float, y: float, rx: float, ry: float, bumps: int) -> list[Point]:
    """An ellipse with a scalloped edge: leaves in one shape."""
    points: list[Point] = []
    for step in range(bumps * 6):
        a = math.tau * step / (bumps * 6)
        swell = 0.88 + 0.12 * abs(math.sin(bumps * a / 2))
        points.append((x + rx * swell * math.cos(a), y + ry * swell * math.sin(a)))
    return points


def bush(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.20, 0.74, 1.20, 1.0, tint.dark, 0.14)
    for x, y, rx, ry in ((0.30, 0.72, 0.30, 0.28), (1.10, 0.72, 0.30, 0.28), (0.70, 0.72, 0.40, 0.28)):
        pen.polygon(_foliage(x, y, rx, ry, 11), tint.dark)
    for x, y, rx, ry in ((0.28, 0.60, 0.28, 0.27), (1.12, 0.60, 0.28, 0.27), (0.70, 0.44, 0.46, 0.44)):
        pen.polygon(_foliage(x, y, rx, ry, 13), tint.base)
    leaf = tint.light
    for x, y, turn in ((0.52, 0.24, -30), (0.74, 0.16, 20), (0.92, 0.34, 40), (0.64, 0.42, 0), (0.24, 0.52, -35),
                       (1.16, 0.54, 35),
                       (0.44, 0.62, 30), (0.90, 0.60, -25)):  # fmt: skip
        pen.ellipse(x, y, 0.065, 0.03, leaf, turn)
    if tint.name != "green":
        for x, y, turn in ((0.40, 0.38, -40), (1.0, 0.22, 40), (0.14, 0.70, 20), (1.24, 0.72, -20), (0.70, 0.68, 10)):
            pen.ellipse(x, y, 0.065, 0.035, LEAF, turn)


def pumpkin(pen: Pen, tint: Tint, state: str) -> None:
    stem = BARK if tint.name == "green" else LEAF_SHADE
    pen.polygon(
        smooth([(0.52, 0.26), (0.54, 0.10), (0.62, 0.0), (0.76, 0.03), (0.68, 0.12), (0.68, 0.26)], steps=4), stem
    )
    for x in (0.25, 0.95):
        pen.ellipse(x, 0.60, 0.25, 0.37, tint.dark)
    for x in (0.42, 0.78):
        pen.ellipse(x, 0.59, 0.27, 0.40, tint.base)
    pen.ellipse(0.60, 0.59, 0.20, 0.41, tint.dark)
    pen.ellipse(0.60, 0.59, 0.175, 0.41, tint.base)
    pen.ellipse(0.34, 0.42, 0.05, 0.12, tint.light, 14)
    if state == "carved":
        glow = POLLEN if tint.name != "orange" else (70, 36, 30)
        if tint.name == "white":
            glow = INK
        for x in (0.38, 0.82):
            pen.polygon([(x, 0.36), (x + 0.13, 0.56), (x - 0.13, 0.56)], glow)
        pen.polygon([(0.60, 0.54), (0.66, 0.64), (0.54, 0.64)], glow)
        grin: list[Point] = [(0.24, 0.68), (0.40, 0.74), (0.46, 0.68), (0.54, 0.76), (0.66, 0.76), (0.74, 0.68),
                             (0.80, 0.74),
                             (0.96, 0.68), (0.84, 0.84), (0.68, 0.84), (0.60, 0.92), (0.52, 0.84),
                             (0.36, 0.84)]  # fmt: skip
        pen.polygon(grin, glow)


def sun(pen: Pen, tint: Tint, state: str) -> None:
    for ray in range(12):
        a = math.radians(30 * ray)
        tip, side = (math.cos(a), math.sin(a)), math.radians(9)
        base = [(0.5 + 0.36 * math.cos(a + s), 0.5 + 0.36 * math.sin(a + s)) for s in (-side, side)]
        pen.polygon([*base, (0.5 + 0.5 * tip[0], 0.5 + 0.5 * tip[1])], tint.base)
    pen.circle(0.5, 0.5, 0.32, tint.base)
    pen.circle(0.5, 0.5, 0.23, mix(tint.base, tint.light, 0.4))


def moon(pen: Pen, tint: Tint, state: str) -> None:
    if state == "crescent":
        # Both circles pass through the horns, so these end sharp.
        outer = [math.radians(35 + 290 * step / 36) for step in range(37)]
        points = [(0.5 + 0.5 * math.cos(a), 0.5 + 0.5 * math.sin(a)) for a in outer]
        inner = [math.radians(311 - 262 * step / 24) for step in range(25)]
        points += [(0.66 + 0.38 * math.cos(a), 0.5 + 0.38 * math.sin(a)) for a in inner]
        pen.polygon(points, tint.base)
        return
    pen.circle(0.5, 0.5, 0.5, tint.base)
    craters = mix(tint.base, tint.dark, 0.55)
    for x, y, r in (
        (0.36, 0.32, 0.13),
        (0.68, 0.52, 0.10),
        (0.38, 0.70, 0.09),
        (0.64, 0.22, 0.06),
        (0.18, 0.54, 0.05),
        (0.66, 0.80, 0.06),
    ):
        pen.circle(x, y, r, craters)


def star(pen: Pen, tint: Tint, state: str) -> None:
    points: list[Point] = []
    for corner in range(10):
        a, r = math.radians(36 * corner - 90), 0.525 if corner % 2 == 0 else 0.23
        points.append((0.5 + r * math.cos(a), 0.54 + r * math.sin(a)))
    pen.polygon(points, tint.base)
    facet = tint.light if tint.name != "white" else mix(tint.base, tint.dark, 0.35)
    for corner in range(0, 10, 2):
        pen.polygon([(0.5, 0.54), points[corner], points[corner + 1]], facet)


def cloud(pen: Pen, tint: Tint, state: str) -> None:
    k = 0.70 if state == "raining" else 1.0  # a raining cloud leaves room for its drops
    pen.rect(0.04, 0.56 * k, 1.76, 1.0 * k, tint.dark, 0.22 * k)
    for x, y, rx, ry in (
        (0.27, 0.66, 0.27, 0.27),
        (0.62, 0.42, 0.34, 0.36),
        (1.10, 0.34, 0.36, 0.34),
        (1.50, 0.62, 0.30, 0.30),
        (0.9, 0.66, 0.6, 0.28),
    ):
        pen.ellipse(x, y * k, rx, ry * k, tint.base)
    pen.ellipse(1.04, 0.22 * k, 0.17, 0.12 * k, tint.light)
    if state == "raining":
        for index, x in enumerate((0.30, 0.62, 0.94, 1.26, 1.58)):
            y = 0.78 if index % 2 else 0.84
            pen.line([(x, y), (x - 0.05, y + 0.13)], RAIN, 0.06)


def rainbow(pen: Pen, tint: Tint, state: str) -> None:
    angles = [math.radians(180 + 180 * step / 36) for step in range(37)]
    for band, colour in enumerate(RAINBOW):
        outer, inner = 1.0 - 0.085 * band, 1.0 - 0.085 * (band + 1)
        points = [(1.0 + outer * math.cos(a), 1.0 + outer * math.sin(a)) for a in angles]
        points += [(1.0 + inner * math.cos(a), 1.0 + inner * math.sin(a)) for a in reversed(angles)]
        pen.polygon(points, colour)


DRAWINGS: dict[str, Drawing] = {
    "tree": tree,
    "pine": pine,
    "palm": palm,
    "cactus": cactus,
    "flower": flower,
    "sunflower": sunflower,
    "mushroom": mushroom,
    "bush": bush,
    "pumpkin": pumpkin,
    "sun": sun,
    "moon": moon,
    "star": star,
    "cloud": cloud,
    "rainbow": rainbow,
}
