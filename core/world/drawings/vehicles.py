"""How vehicles are drawn, each facing right in its own box; knows only the pen and the colours."""

import math

from core.world.colours import INK, RGB, WHITE, Fill, Tint
from core.world.pen import Drawing, Pen, Point, smooth

GLASS: RGB = (190, 226, 242)
GLASS_SHADE: RGB = (142, 190, 220)
CHROME: RGB = (200, 205, 212)
STEEL: RGB = (112, 116, 128)
ROTOR: RGB = (84, 86, 104)
LAMP: RGB = (255, 226, 130)
TAIL_LAMP: RGB = (176, 30, 44)
WOOD: RGB = (150, 98, 56)
CANVAS: RGB = (250, 246, 234)
FLAME: RGB = (250, 130, 36)
FLAME_CORE: RGB = (255, 220, 96)


def _wheel(pen: Pen, x: float, y: float, r: float, hub: RGB = CHROME) -> None:
    pen.circle(x, y, r, INK)
    pen.circle(x, y, r * 0.52, hub)
    pen.circle(x, y, r * 0.2, STEEL)


def _ring(pen: Pen, x: float, y: float, outer: float, inner: float, fill: Fill) -> None:
    # One polygon whose inner edge runs backwards: far fewer shapes than a stroke along a circle.
    angles = [math.tau * step / 40 for step in range(41)]
    points: list[Point] = [(x + outer * math.cos(a), y + outer * math.sin(a)) for a in angles]
    points += [(x + inner * math.cos(a), y + inner * math.sin(a)) for a in reversed(angles)]
    pen.polygon(points, fill)


def _saloon(pen: Pen, tint: Tint, roof: float) -> None:
    """A car's body whose roof is at height `roof`."""
    pen.blob([(0.30, 0.52), (0.52, roof + 0.10), (0.72, roof + 0.01), (1.14, roof + 0.01), (1.36, roof + 0.12),
              (1.66, 0.52)],
             tint.base)  # fmt: skip
    pen.polygon(smooth([(0.03, 0.80), (0.0, 0.62), (0.10, 0.47), (0.5, 0.42), (1.5, 0.42), (1.86, 0.50), (1.99, 0.64),
                        (1.97, 0.80)], closed=False), tint.base)  # fmt: skip
    pen.rect(0.02, 0.72, 1.98, 0.86, tint.dark, 0.06)
    pen.polygon([(0.45, 0.44), (0.60, roof + 0.14), (0.70, roof + 0.10), (0.90, roof + 0.10), (0.90, 0.44)], GLASS)
    pen.polygon([(0.99, 0.44), (0.99, roof + 0.10), (1.14, roof + 0.10), (1.27, roof + 0.15), (1.47, 0.44)], GLASS)
    pen.polygon([(1.28, 0.44), (1.13, roof + 0.10), (1.20, roof + 0.12), (1.39, 0.44)], WHITE)
    pen.ellipse(1.90, 0.60, 0.06, 0.07, LAMP)
    pen.rect(0.01, 0.54, 0.09, 0.66, TAIL_LAMP, 0.03)


def car(pen: Pen, tint: Tint, state: str) -> None:
    _saloon(pen, tint, 0.0)
    pen.rect(0.925, 0.44, 0.955, 0.72, tint.dark)
    pen.rect(0.74, 0.52, 0.86, 0.56, tint.deep, 0.02)
    for x in (0.43, 1.53):
        pen.pie(x, 0.80, 0.25, 0.25, 180, 360, tint.deep)
        _wheel(pen, x, 0.79, 0.21)


def taxi(pen: Pen, tint: Tint, state: str) -> None:
    _saloon(pen, tint, 0.17)
    pen.polygon([(0.66, 0.20), (0.70, 0.0), (1.14, 0.0), (1.18, 0.20)], LAMP if tint.name == "black" else WHITE)
    pen.rect(0.74, 0.06, 1.10, 0.13, INK, 0.02)
    light, ink = (WHITE, tint.deep) if tint.name == "black" else (tint.base, INK)
    pen.rect(0.12, 0.54, 1.80, 0.66, light)
    for column in range(24):
        x, y = 0.12 + 0.07 * column, 0.54 + 0.06 * (column % 2)
        pen.rect(x, y, x + 0.07, y + 0.06, ink)
    for x in (0.43, 1.53):
        pen.pie(x, 0.80, 0.25, 0.25, 180, 360, tint.deep)
        _wheel(pen, x, 0.79, 0.21)


def bus(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.0, 0.0, 2.0, 0.88, tint.base, 0.13)
    pen.rect(0.0, 0.76, 2.0, 0.90, tint.dark, 0.05)
    pen.rect(0.10, 0.04, 1.86, 0.08, tint.light, 0.02)
    for column in range(4):
        x = 0.10 + 0.335 * column
        pen.rect(x, 0.16, x + 0.285, 0.46, GLASS, 0.04)
        pen.polygon([(x + 0.05, 0.46), (x + 0.15, 0.16), (x + 0.22, 0.16), (x + 0.12, 0.46)], WHITE)
    pen.rect(1.46, 0.16, 1.68, 0.82, GLASS_SHADE, 0.03)
    pen.rect(1.56, 0.16, 1.58, 0.82, tint.deep)
    pen.rect(1.75, 0.16, 2.0, 0.50, GLASS, 0.05)
    pen.rect(0.0, 0.55, 1.40, 0.62, tint.light if tint.name != "white" else tint.dark)
    pen.ellipse(1.94, 0.68, 0.05, 0.05, LAMP)
    for x in (0.42, 1.22):
        pen.pie(x, 0.86, 0.18, 0.18, 180, 360, tint.deep)
        _wheel(pen, x, 0.85, 0.15)


def truck(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.02, 0.72, 1.80, 0.84, STEEL, 0.03)
    pen.rect(0.0, 0.0, 1.18, 0.74, tint.base, 0.04)
    pen.rect(0.0, 0.62, 1.18, 0.74, tint.dark, 0.03)
    for x in (0.16, 0.42, 0.68, 0.94):
        pen.rect(x, 0.08, x + 0.07, 0.56, tint.light, 0.03)
    pen.polygon(smooth([(1.24, 0.80), (1.24, 0.24), (1.50, 0.22), (1.66, 0.26), (1.76, 0.52), (1.84, 0.58),
                        (1.85, 0.82)],
                       closed=False, steps=4), tint.base)  # fmt: skip
    pen.polygon([(1.36, 0.50), (1.36, 0.31), (1.58, 0.31), (1.67, 0.50)], GLASS)
    pen.polygon([(1.46, 0.50), (1.54, 0.31), (1.58, 0.31), (1.67, 0.50)], WHITE)
    pen.rect(1.30, 0.56, 1.42, 0.59, tint.deep, 0.015)
    pen.rect(1.24, 0.74, 1.85, 0.86, tint.deep, 0.03)
    pen.ellipse(1.80, 0.67, 0.045, 0.05, LAMP)
    for x in (0.26, 0.66, 1.52):
        _wheel(pen, x, 0.82, 0.18)


def bicycle(pen: Pen, tint: Tint, state: str) -> None:
    back, front, crank, seat, head = (0.36, 0.64), (1.24, 0.64), (0.72, 0.66), (0.58, 0.26), (1.08, 0.24)
    for x, y in (back, front):
        _ring(pen, x, y, 0.36, 0.30, INK)
        _ring(pen, x, y, 0.30, 0.265, CHROME)  # keeps the wheels visible before a night sky
        pen.line([(x - 0.29, y), (x + 0.29, y)], CHROME, 0.015)
        pen.line([(x, y - 0.29), (x, y + 0.29)], CHROME, 0.015)
    for path in ([back, crank, head], [back, seat, head], [seat, crank], [front, (1.04, 0.10)]):
        pen.line(path, tint.base, 0.085)
    pen.line([seat, (0.54, 0.14)], STEEL, 0.05)
    pen.blob([(0.36, 0.07), (0.50, 0.05), (0.70, 0.09), (0.70, 0.14), (0.50, 0.17), (0.37, 0.14)], INK)
    pen.line([(1.04, 0.08), (1.16, 0.03), (1.27, 0.10)], INK, 0.06)
    pen.circle(*crank, 0.10, tint.dark)
    pen.circle(*crank, 0.04, CHROME)
    pen.line([crank, (0.80, 0.84)], STEEL, 0.04)
    pen.rect(0.72, 0.83, 0.90, 0.88, INK, 0.02)
    for x, y in (back, front):
        pen.circle(x, y, 0.06, tint.dark)


def motorcycle(pen: Pen, tint: Tint, state: str) -> None:
    pen.line([(0.32, 0.70), (0.80, 0.76)], STEEL, 0.10)
    pen.line([(1.33, 0.70), (1.06, 0.14)], CHROME, 0.07)
    for x in (0.30, 1.35):
        pen.circle(x, 0.70, 0.30, INK)
        pen.circle(x, 0.70, 0.17, CHROME)
        pen.circle(x, 0.70, 0.07, STEEL)
    pen.rect(0.58, 0.54, 0.98, 0.86, STEEL, 0.08)
    pen.circle(0.80, 0.70, 0.11, CHROME)
    pen.line([(0.12, 0.82), (0.74, 0.84)], CHROME, 0.09)
    pen.polygon(smooth([(0.0, 0.30), (0.24, 0.36), (0.62, 0.38), (0.66, 0.24), (0.92, 0.13), (1.16, 0.20), (1.22, 0.42),
                        (0.98, 0.58), (0.56, 0.60), (0.30, 0.50), (0.10, 0.42)], steps=5), tint.base)  # fmt: skip
    pen.polygon([(0.56, 0.60), (0.98, 0.58), (1.20, 0.44), (0.88, 0.48), (0.40, 0.50)], tint.dark)
    pen.blob([(0.74, 0.26), (0.92, 0.19), (1.06, 0.24), (0.90, 0.29)], tint.light)
    pen.blob([(0.14, 0.26), (0.40, 0.27), (0.66, 0.24), (0.64, 0.37), (0.38, 0.38), (0.18, 0.34)], INK)
    pen.pie(1.35, 0.68, 0.31, 0.34, 205, 315, tint.base)
    pen.pie(1.35, 0.70, 0.24, 0.24, 200, 320, INK)
    pen.circle(1.35, 0.70, 0.17, CHROME)
    pen.line([(1.33, 0.70), (1.22, 0.46)], CHROME, 0.07)
    pen.line([(1.06, 0.13), (0.94, 0.04)], INK, 0.08)
    pen.polygon([(1.06, 0.16), (1.14, 0.0), (1.24, 0.22)], GLASS)
    pen.ellipse(1.20, 0.29, 0.08, 0.09, LAMP)


def train(pen: Pen, tint: Tint, state: str) -> None:
    pen.polygon([(1.98, 0.74), (2.06, 0.74), (2.30, 0.97), (1.98, 0.97)], STEEL)
    pen.rect(0.08, 0.68, 2.10, 0.82, tint.deep, 0.03)
    pen.polygon([(1.62, 0.30), (1.66, 0.12), (1.58, 0.0), (1.94, 0.0), (1.86, 0.12), (1.90, 0.30)], INK)
    pen.rect(0.70, 0.28, 2.06, 0.70, tint.base, 0.10)
    pen.rect(0.70, 0.58, 2.06, 0.70, tint.dark, 0.05)
    pen.rect(0.80, 0.34, 1.96, 0.39, tint.light, 0.02)
    for x in (1.06, 1.46):
        pen.rect(x, 0.28, x + 0.07, 0.70, LAMP)
    pen.pie(1.26, 0.29, 0.13, 0.16, 180, 360, LAMP)
    pen.rect(0.12, 0.08, 0.76, 0.70, tint.base)
    pen.rect(0.12, 0.58, 0.76, 0.70, tint.dark)
    pen.rect(0.0, 0.0, 0.88, 0.11, tint.deep, 0.05)
    pen.rect(0.22, 0.19, 0.64, 0.46, GLASS, 0.04)
    pen.circle(2.06, 0.44, 0.08, LAMP)
    for x, r in ((0.34, 0.24), (0.86, 0.24), (1.38, 0.17), (1.76, 0.17)):
        pen.circle(x, 1.0 - r, r, INK)
        pen.circle(x, 1.0 - r, r * 0.62, tint.base)
        pen.circle(x, 1.0 - r, r * 0.24, CHROME)
    pen.line([(0.34, 0.80), (0.86, 0.80), (1.38, 0.83)], CHROME, 0.06)


def tractor(pen: Pen, tint: Tint, state: str) -> None:
    hub = WHITE if tint.name == "yellow" else LAMP
    pen.rect(1.00, 0.06, 1.07, 0.44, STEEL, 0.02)
    pen.rect(0.24, 0.06, 0.78, 0.62, GLASS)
    pen.polygon([(0.38, 0.62), (0.56, 0.06), (0.68, 0.06), (0.50, 0.62)], WHITE)
    for x0, x1 in ((0.16, 0.26), (0.72, 0.80)):
        pen.rect(x0, 0.06, x1, 0.62, tint.dark)
    pen.rect(0.08, 0.0, 0.88, 0.10, tint.base, 0.05)
    pen.polygon(smooth([(0.72, 0.82), (0.72, 0.42), (1.10, 0.39), (1.25, 0.44), (1.27, 0.60), (1.26, 0.80)],
                       closed=False, steps=4), tint.base)  # fmt: skip
    pen.rect(0.30, 0.56, 1.26, 0.80, tint.base, 0.04)
    pen.rect(0.60, 0.70, 1.26, 0.82, tint.dark, 0.03)
    for y in (0.49, 0.57, 0.65):
        pen.rect(0.92, y - 0.02, 1.12, y + 0.02, tint.deep, 0.02)
    pen.circle(1.23, 0.54, 0.05, LAMP)
    pen.pie(0.38, 0.62, 0.38, 0.30, 180, 345, tint.base)
    for x, r in ((0.36, 0.36), (1.08, 0.21)):
        pen.circle(x, 1.0 - r, r, INK)
        pen.circle(x, 1.0 - r, r * 0.58, hub)
        pen.circle(x, 1.0 - r, r * 0.22, tint.dark)


def boat(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.475, 0.0, 0.515, 0.74, WOOD, 0.02)
    pen.polygon([*smooth([(0.53, 0.04), (0.74, 0.26), (0.92, 0.62)], closed=False), (0.53, 0.62)], CANVAS)
    pen.polygon([(0.53, 0.40), (0.807, 0.40), (0.87, 0.52), (0.53, 0.52)], tint.base)
    pen.polygon([*smooth([(0.46, 0.1), (0.3, 0.34), (0.08, 0.62)], closed=False), (0.46, 0.62)], tint.base)
    pen.polygon([(0.46, 0.10), (0.46, 0.62), (0.34, 0.62)], tint.dark)
    hull: list[Point] = [(0.0, 0.69), (0.5, 0.72), (1.0, 0.66), (0.93, 0.86), (0.80, 1.0), (0.20, 1.0), (0.07, 0.86)]
    pen.polygon(smooth(hull, steps=5), tint.base)
    pen.polygon([(0.05, 0.84), (0.94, 0.84), (0.89, 0.93), (0.80, 1.0), (0.20, 1.0), (0.10, 0.93)], tint.dark)
    pen.polygon([(0.02, 0.735), (0.98, 0.725), (0.965, 0.775), (0.03, 0.78)], CANVAS if tint.name != "white" else STEEL)


def canoe(pen: Pen, tint: Tint, state: str) -> None:
    pen.blob([(0.10, 0.16), (0.8, 0.30), (1.6, 0.34), (2.4, 0.30), (3.10, 0.16), (2.6, 0.56), (1.6, 0.62), (0.6, 0.56)],
             tint.deep)  # fmt: skip
    for x in (0.85, 1.95):
        pen.rect(x, 0.36, x + 0.34, 0.50, WOOD, 0.04)
    pen.line([(1.05, 0.03), (1.75, 0.66)], LAMP, 0.09)
    rim: list[Point] = [(0.02, 0.02), (0.22, 0.20), (0.75, 0.42), (1.6, 0.48), (2.45, 0.42), (2.98, 0.20), (3.18, 0.02)]
    keel: list[Point] = [(3.16, 0.34), (2.88, 0.80), (2.40, 0.99), (1.6, 1.0), (0.80, 0.99), (0.32, 0.80), (0.04, 0.34)]
    pen.polygon(smooth([*rim, *keel], steps=5), tint.base)
    low: list[Point] = [(0.20, 0.64), (0.80, 0.76), (1.6, 0.80), (2.4, 0.76), (3.0, 0.64)]
    pen.polygon(smooth(low, closed=False) + smooth(keel[1:6], closed=False), tint.dark)
    upper = [(x, y + 0.10) for x, y in reversed(rim[1:-1])]
    pen.polygon(smooth(rim[1:-1], closed=False) + smooth(upper, closed=False), tint.light)
    pen.line([(1.72, 0.62), (1.80, 0.70)], LAMP, 0.09)
    pen.ellipse(1.95, 0.80, 0.22, 0.13, LAMP, 40)


def airplane(pen: Pen, tint: Tint, state: str) -> None:
    pen.polygon([(0.98, 0.46), (0.72, 0.14), (0.90, 0.14), (1.36, 0.48)], tint.dark)
    pen.polygon(smooth([(0.04, 0.02), (0.26, 0.02), (0.62, 0.44), (0.30, 0.56), (0.16, 0.44)], steps=3), tint.base)
    pen.polygon(smooth([(0.10, 0.42), (0.50, 0.38), (1.2, 0.35), (1.80, 0.36), (2.06, 0.46), (2.19, 0.60), (2.02, 0.70),
                        (1.5, 0.74), (0.9, 0.72), (0.4, 0.60)], steps=5), tint.base)  # fmt: skip
    pen.polygon(smooth([(0.30, 0.55), (0.9, 0.63), (1.5, 0.65), (2.18, 0.61), (2.02, 0.70), (1.5, 0.74), (0.9, 0.72)],
                       steps=4), tint.dark)  # fmt: skip
    pen.polygon([(0.08, 0.40), (0.0, 0.32), (0.20, 0.32), (0.46, 0.46), (0.36, 0.52)], tint.dark)
    for x in (0.66, 0.86, 1.06, 1.26, 1.46, 1.66):
        pen.circle(x, 0.475, 0.05, GLASS if tint.name != "white" else GLASS_SHADE)
    pen.polygon(
        [(1.84, 0.42), (1.96, 0.42), (2.08, 0.51), (1.84, 0.51)], GLASS if tint.name != "white" else GLASS_SHADE
    )
    pen.rect(0.98, 0.74, 1.28, 0.90, STEEL, 0.07)
    pen.polygon([(1.06, 0.58), (1.46, 0.58), (0.80, 0.98), (0.56, 0.98)], tint.deep)
    pen.polygon([(1.06, 0.58), (1.34, 0.58), (0.70, 0.98), (0.56, 0.98)], tint.light)


def helicopter(pen: Pen, tint: Tint, state: str) -> None:
    pen.polygon([(0.16, 0.36), (0.90, 0.36), (0.90, 0.62), (0.24, 0.46)], tint.dark)
    pen.polygon([(0.06, 0.14), (0.22, 0.14), (0.34, 0.46), (0.18, 0.46)], tint.base)
    pen.ellipse(0.12, 0.32, 0.12, 0.12, (*CHROME, 150))
    pen.circle(0.12, 0.32, 0.04, INK)
    pen.rect(1.14, 0.04, 1.22, 0.26, STEEL)
    pen.rect(0.46, 0.0, 1.90, 0.065, ROTOR, 0.03)
    pen.rect(1.08, 0.0, 1.28, 0.10, STEEL, 0.04)
    for x in (0.98, 1.38):
        pen.line([(x, 0.80), (x - 0.04, 0.95)], STEEL, 0.06)
    pen.line([(0.70, 0.965), (1.62, 0.965), (1.74, 0.90)], STEEL, 0.07)
    pen.polygon(smooth([(0.70, 0.52), (0.82, 0.30), (1.10, 0.20), (1.42, 0.23), (1.70, 0.42), (1.80, 0.64),
                        (1.62, 0.82),
                        (1.10, 0.86), (0.82, 0.76)], steps=6), tint.base)  # fmt: skip
    pen.polygon(smooth([(0.76, 0.66), (1.2, 0.72), (1.79, 0.68), (1.62, 0.82), (1.10, 0.86), (0.84, 0.77)], steps=4),
                tint.dark)  # fmt: skip
    pen.polygon(smooth([(1.36, 0.30), (1.50, 0.32), (1.68, 0.46), (1.73, 0.60), (1.36, 0.60)], steps=4), GLASS)
    pen.rect(0.98, 0.32, 1.24, 0.58, GLASS, 0.06)


def rocket(pen: Pen, tint: Tint, state: str) -> None:
    flying = state == "flying"
    k = 0.76 if flying else 1.0  # a flying rocket leaves room for its flame
    if flying:
        pen.blob([(0.12, 0.68), (0.33, 0.68), (0.34, 0.82), (0.225, 1.02), (0.11, 0.82)], FLAME)
        pen.blob([(0.16, 0.68), (0.29, 0.68), (0.28, 0.80), (0.225, 0.92), (0.17, 0.80)], FLAME_CORE)
    for side in (-1.0, 1.0):
        fin: list[Point] = [(0.08, 0.56), (0.20, 0.74), (0.225, 1.0), (0.08, 0.88)]
        pen.polygon([(0.225 + side * x, y * k) for x, y in fin], tint.deep)
    pen.rect(0.15, 0.86 * k, 0.30, 0.95 * k, STEEL, 0.01)
    hull: list[Point] = [(0.225, 0.0), (0.33, 0.16), (0.375, 0.36), (0.37, 0.64), (0.32, 0.90)]
    left: list[Point] = [(0.45 - x, y) for x, y in reversed(hull[1:])]
    pen.polygon([(x, y * k) for x, y in smooth(hull + left, steps=4)], tint.base)
    shade = smooth(hull, closed=False) + smooth([(0.25, 0.90), (0.30, 0.50), (0.225, 0.0)], closed=False)
    pen.polygon([(x, y * k) for x, y in shade], tint.dark)
    nose: list[Point] = [(0.128, 0.155), (0.225, 0.0), (0.322, 0.155)]
    pen.polygon([(x, y * k) for x, y in (*smooth(nose, closed=False), (0.225, 0.18))], tint.deep)
    pen.circle(0.225, 0.36 * k, 0.085, WHITE if tint.name != "white" else STEEL)
    pen.circle(0.225, 0.36 * k, 0.060, GLASS_SHADE)
    pen.polygon([(0.205, 0.66 * k), (0.245, 0.66 * k), (0.25, 1.0 * k), (0.20, 1.0 * k)], tint.deep)


DRAWINGS: dict[str, Drawing] = {
    "car": car,
    "bus": bus,
    "truck": truck,
    "taxi": taxi,
    "bicycle": bicycle,
    "motorcycle": motorcycle,
    "train": train,
    "tractor": tractor,
    "boat": boat,
    "canoe": canoe,
    "airplane": airplane,
    "helicopter": helicopter,
    "rocket": rocket,
}
