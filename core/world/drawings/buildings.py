"""How buildings and other standing works are drawn, each in its own box; knows only the pen and the colours."""

import math

from core.world.colours import INK, RGB, WHITE, Tint, mix
from core.world.pen import Drawing, Pen, Point, smooth

GLASS: RGB = (184, 224, 242)
GLOW: RGB = (255, 226, 120)
SLATE: RGB = (86, 86, 110)
SLATE_SHADE: RGB = (66, 66, 90)
TERRACOTTA: RGB = (190, 90, 66)
TERRACOTTA_SHADE: RGB = (158, 70, 56)
WOOD: RGB = (122, 78, 48)
WOOD_SHADE: RGB = (92, 58, 40)
STONE: RGB = (150, 150, 158)
SAILCLOTH: RGB = (248, 238, 214)
SAILCLOTH_SHADE: RGB = (196, 170, 132)


def _roof(tint: Tint) -> tuple[RGB, RGB]:
    # A roof must not be taken for the walls, whose colour the captions name.
    warm = tint.name in ("blue", "green", "purple", "white", "grey", "yellow")
    return (TERRACOTTA, TERRACOTTA_SHADE) if warm else (SLATE, SLATE_SHADE)


def _arch(pen: Pen, x0: float, x1: float, top: float, bottom: float, fill: RGB) -> None:
    """A door or window with a round head."""
    r = (x1 - x0) / 2
    pen.pie(x0 + r, top + r, r, r, 180, 360, fill)
    pen.rect(x0, top + r, x1, bottom, fill)


def house(pen: Pen, tint: Tint, state: str) -> None:
    roof, shade = _roof(tint)
    pen.rect(0.74, 0.03, 0.88, 0.36, shade)
    pen.rect(0.71, 0.0, 0.91, 0.07, roof, 0.02)
    pen.polygon([(0.08, 0.44), (0.525, 0.10), (0.97, 0.44), (0.97, 1.0), (0.08, 1.0)], tint.base)
    pen.rect(0.08, 0.93, 0.97, 1.0, tint.dark)
    pen.polygon([(0.17, 0.40), (0.525, 0.16), (0.88, 0.40), (0.97, 0.50), (0.97, 0.56), (0.525, 0.24), (0.08, 0.56),
                 (0.08, 0.50)],
                tint.dark)  # fmt: skip
    pen.polygon([(0.0, 0.46), (0.525, 0.02), (1.05, 0.46), (1.0, 0.53), (0.525, 0.14), (0.05, 0.53)], roof)
    pen.circle(0.525, 0.36, 0.07, WHITE)
    pen.circle(0.525, 0.36, 0.05, GLASS)
    pen.rect(0.415, 0.61, 0.635, 1.0, WHITE, 0.01)
    pen.rect(0.44, 0.64, 0.61, 1.0, WOOD, 0.01)
    pen.circle(0.58, 0.83, 0.015, GLOW)
    for x in (0.15, 0.72):
        pen.rect(x, 0.60, x + 0.19, 0.81, WHITE, 0.01)
        pen.rect(x + 0.02, 0.62, x + 0.17, 0.79, GLASS)
        pen.rect(x + 0.085, 0.62, x + 0.105, 0.79, WHITE)
        pen.rect(x + 0.02, 0.695, x + 0.17, 0.715, WHITE)


def barn(pen: Pen, tint: Tint, state: str) -> None:
    trim = WHITE if tint.name != "white" else WOOD
    gable: list[Point] = [(0.06, 0.50), (0.24, 0.20), (0.625, 0.06), (1.01, 0.20), (1.19, 0.50)]
    pen.polygon([*gable, (1.19, 1.0), (0.06, 1.0)], tint.base)
    for x in (0.17, 0.30, 0.93, 1.06):
        pen.rect(x, 0.44, x + 0.02, 1.0, tint.dark)
    pen.polygon([(0.0, 0.52), (0.19, 0.155), (0.625, 0.0), (1.06, 0.155), (1.25, 0.52), (1.16, 0.56), (1.0, 0.245),
                 (0.625, 0.11),
                 (0.25, 0.245), (0.09, 0.56)], SLATE)  # fmt: skip
    pen.rect(0.50, 0.22, 0.75, 0.43, trim, 0.01)
    pen.rect(0.53, 0.25, 0.72, 0.43, WOOD_SHADE)
    pen.pie(0.625, 0.43, 0.095, 0.10, 180, 360, GLOW)
    pen.rect(0.36, 0.52, 0.89, 1.0, trim)
    for x in (0.40, 0.64):
        pen.rect(x, 0.56, x + 0.21, 1.0, tint.dark)
        for y0, y1 in ((0.57, 0.99), (0.99, 0.57)):
            pen.polygon([(x, y0 - 0.02), (x + 0.21, y1 - 0.02), (x + 0.21, y1 + 0.02), (x, y0 + 0.02)], trim)


def castle(pen: Pen, tint: Tint, state: str) -> None:
    for x in (0.17, 0.93):
        pen.rect(x, 0.02, x + 0.018, 0.22, WOOD_SHADE)
        pen.polygon([(x + 0.018, 0.02), (x + 0.17, 0.065), (x + 0.018, 0.11)], GLOW)
    pen.rect(0.30, 0.46, 0.85, 1.0, tint.dark)
    for x in (0.345, 0.475, 0.605, 0.735):
        pen.rect(x, 0.38, x + 0.08, 0.48, tint.dark)
    pen.rect(0.44, 0.22, 0.71, 0.48, tint.base)
    for x in (0.42, 0.53, 0.64):
        pen.rect(x, 0.13, x + 0.09, 0.26, tint.base)
    pen.rect(0.42, 0.20, 0.73, 0.26, tint.base)
    pen.rect(0.54, 0.30, 0.61, 0.40, tint.deep, 0.035)
    for x in (0.03, 0.77):
        pen.rect(x, 0.32, x + 0.35, 1.0, tint.base)
        pen.rect(x + 0.24, 0.34, x + 0.35, 1.0, tint.dark)
        for step in range(3):
            pen.rect(x - 0.03 + 0.15 * step, 0.20, x + 0.08 + 0.15 * step, 0.34, tint.base)
        pen.rect(x - 0.03, 0.28, x + 0.38, 0.36, tint.base)
        pen.rect(x + 0.11, 0.46, x + 0.21, 0.64, tint.deep, 0.05)
    _arch(pen, 0.445, 0.705, 0.60, 1.0, tint.light)
    _arch(pen, 0.475, 0.675, 0.63, 1.0, WOOD_SHADE)


def church(pen: Pen, tint: Tint, state: str) -> None:
    roof, shade = _roof(tint)
    pen.polygon([(0.06, 0.66), (0.22, 0.48), (0.58, 0.48), (0.74, 0.66), (0.74, 1.0), (0.06, 1.0)], tint.base)
    pen.polygon([(0.0, 0.70), (0.20, 0.46), (0.60, 0.46), (0.80, 0.70)], roof)
    pen.rect(0.06, 0.70, 0.74, 0.75, tint.dark)
    pen.rect(0.26, 0.36, 0.54, 1.0, tint.base)
    pen.rect(0.46, 0.36, 0.54, 1.0, tint.dark)
    pen.polygon([(0.22, 0.40), (0.40, 0.11), (0.58, 0.40)], roof)
    pen.polygon([(0.42, 0.40), (0.40, 0.11), (0.58, 0.40)], shade)
    pen.rect(0.387, 0.0, 0.413, 0.15, GLOW)
    pen.rect(0.345, 0.035, 0.455, 0.061, GLOW)
    pen.circle(0.40, 0.50, 0.062, WOOD_SHADE)
    pen.circle(0.40, 0.50, 0.045, GLASS)
    _arch(pen, 0.32, 0.48, 0.70, 1.0, WOOD)
    pen.rect(0.394, 0.74, 0.406, 1.0, WOOD_SHADE)
    for x in (0.11, 0.59):
        _arch(pen, x, x + 0.10, 0.79, 0.94, GLOW if tint.name == "brown" else SLATE)


def lighthouse(pen: Pen, tint: Tint, state: str) -> None:
    shining = state == "shining"

    def side(y: float) -> float:
        return 0.085 + 0.085 * (y - 0.24) / 0.76  # half the tower's width, wider below

    if shining:
        for edge, lift in ((0.0, 0.07), (0.45, 0.07)):
            pen.polygon([(0.225, 0.15), (edge, 0.15 - lift - 0.06), (edge, 0.15 + lift + 0.06)], (*GLOW, 215))
        pen.circle(0.225, 0.15, 0.14, (*GLOW, 150))
    pen.polygon([(0.225 - side(0.24), 0.24), (0.225 + side(0.24), 0.24), (0.225 + side(0.95), 0.95),
                 (0.225 - side(0.95), 0.95)],
                WHITE)  # fmt: skip
    for y0, y1 in ((0.24, 0.37), (0.50, 0.63), (0.76, 0.96)):
        a, b = side(y0), side(y1)
        pen.polygon([(0.225 - a, y0), (0.225 + a, y0), (0.225 + b, y1), (0.225 - b, y1)], tint.base)
    pen.polygon([(0.255, 0.24), (0.31, 0.24), (0.225 + side(0.95), 0.95), (0.29, 0.95)], (*INK, 40))
    pen.rect(0.155, 0.10, 0.295, 0.22, GLOW if shining else GLASS)
    pen.circle(0.225, 0.155, 0.045, WHITE if shining else mix(GLASS, SLATE, 0.5))
    for x in (0.155, 0.281):
        pen.rect(x, 0.10, x + 0.014, 0.22, INK)
    pen.rect(0.105, 0.205, 0.345, 0.25, INK, 0.015)
    pen.pie(0.225, 0.11, 0.095, 0.09, 180, 360, tint.base)
    pen.rect(0.217, 0.0, 0.233, 0.04, INK)
    pen.rect(0.195, 0.42, 0.24, 0.48, SLATE, 0.022)
    _arch(pen, 0.18, 0.27, 0.80, 0.95, WOOD_SHADE)
    rocks: list[Point] = [
        (0.0, 1.0),
        (0.02, 0.95),
        (0.10, 0.925),
        (0.225, 0.94),
        (0.34, 0.92),
        (0.43, 0.95),
        (0.45, 1.0),
    ]
    pen.polygon(smooth(rocks, closed=False, steps=3), STONE)


def skyscraper(pen: Pen, tint: Tint, state: str) -> None:
    glass = GLOW if tint.name in ("black", "grey", "brown", "blue") else WHITE
    pen.rect(0.217, 0.0, 0.233, 0.14, SLATE)
    pen.rect(0.14, 0.07, 0.31, 0.20, tint.dark)
    pen.rect(0.07, 0.13, 0.38, 0.30, tint.base)
    pen.rect(0.0, 0.22, 0.45, 1.0, tint.base)
    pen.rect(0.34, 0.22, 0.45, 1.0, tint.dark)
    for row in range(8):
        y = 0.265 + 0.078 * row
        pen.rect(0.035, y, 0.415, y + 0.034, glass)
    for x in (0.09, 0.185, 0.28, 0.34):
        pen.rect(x, 0.25, x + 0.045, 0.86, tint.dark if x > 0.33 else tint.base)
    pen.rect(0.12, 0.165, 0.33, 0.195, glass)
    pen.rect(0.15, 0.90, 0.30, 1.0, SLATE_SHADE)
    pen.rect(0.13, 0.875, 0.32, 0.905, tint.light)


def windmill(pen: Pen, tint: Tint, state: str) -> None:
    x, y = 0.475, 0.46
    pen.polygon([(0.28, 0.36), (0.67, 0.36), (0.80, 1.0), (0.15, 1.0)], tint.base)
    pen.polygon([(0.55, 0.36), (0.67, 0.36), (0.80, 1.0), (0.62, 1.0)], tint.dark)
    pen.pie(x, 0.37, 0.22, 0.22, 180, 360, tint.deep)
    _arch(pen, 0.40, 0.53, 0.78, 1.0, WOOD_SHADE)
    pen.rect(0.435, 0.63, 0.515, 0.72, SLATE, 0.02)
    for quarter in range(4):
        angle = math.radians(18 + 90 * quarter)
        along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))

        def at(a: float, b: float, along: Point = along, across: Point = across) -> Point:
            return x + a * along[0] + b * across[0], y + a * along[1] + b * across[1]

        pen.polygon([at(0.10, 0.0), at(0.485, 0.0), at(0.485, 0.13), at(0.10, 0.13)], SAILCLOTH)
        for start in (0.21, 0.34):
            pen.polygon(
                [at(start, 0.0), at(start + 0.012, 0.0), at(start + 0.012, 0.13), at(start, 0.13)], SAILCLOTH_SHADE
            )
        pen.polygon([at(0.0, -0.018), at(0.49, -0.018), at(0.49, 0.018), at(0.0, 0.018)], WOOD_SHADE)
    pen.circle(x, y, 0.05, WOOD_SHADE)


def tent(pen: Pen, tint: Tint, state: str) -> None:
    pen.polygon([(0.44, 0.06), (0.98, 0.14), (1.28, 1.0), (0.86, 1.0)], tint.dark)
    pen.line([(0.46, 0.02), (0.40, 0.10)], WOOD, 0.03)
    pen.polygon([(0.43, 0.04), (0.90, 1.0), (0.0, 1.0)], tint.base)
    pen.polygon([(0.43, 0.34), (0.62, 1.0), (0.26, 1.0)], tint.deep)
    pen.polygon([*smooth([(0.43, 0.34), (0.36, 0.7), (0.14, 1.0)], closed=False), (0.27, 1.0)], tint.light)
    pen.polygon([*smooth([(0.43, 0.34), (0.52, 0.7), (0.74, 1.0)], closed=False), (0.6, 1.0)], tint.light)
    pen.line([(0.43, 0.02), (0.43, 0.34)], tint.light, 0.02)
    pen.line([(1.20, 0.80), (1.29, 0.98)], WOOD, 0.02)


def fence(pen: Pen, tint: Tint, state: str) -> None:
    for y in (0.30, 0.66):
        pen.rect(0.0, y, 2.6, y + 0.13, tint.dark)
    for picket in range(8):
        x = 0.04 + 0.3257 * picket
        pen.polygon([(x, 1.0), (x, 0.18), (x + 0.12, 0.0), (x + 0.24, 0.18), (x + 0.24, 1.0)], tint.base)
        pen.polygon(
            [(x + 0.17, 1.0), (x + 0.17, 0.075), (x + 0.24, 0.18), (x + 0.24, 1.0)], mix(tint.base, tint.dark, 0.6)
        )


DRAWINGS: dict[str, Drawing] = {
    "house": house,
    "barn": barn,
    "castle": castle,
    "church": church,
    "lighthouse": lighthouse,
    "skyscraper": skyscraper,
    "windmill": windmill,
    "tent": tent,
    "fence": fence,
}
