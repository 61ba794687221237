"""How toys and sports things are drawn; knows only the pen and the colours."""

import math

from core.world.colours import INK, RGB, WHITE, Fill, Tint, mix
from core.world.pen import Drawing, Pen, Point, smooth

METAL: RGB = (150, 156, 168)
WOOD: RGB = (176, 124, 78)
WOOD_DARK: RGB = (112, 74, 48)
CARROT: RGB = (244, 140, 40)
SCARF: RGB = (206, 60, 70)
LAMP: RGB = (255, 214, 80)


def _round(x: float, y: float, radii: tuple[float, ...], points: int, turn: float = -90.0) -> list[Point]:
    """`points` corners around (x, y), taking the radii in turns: one radius a polygon, two a star."""
    return [_at(x, y, radii[i % len(radii)], turn + 360 * i / points) for i in range(points)]


def _at(x: float, y: float, r: float, degrees: float, squash: float = 1.0) -> Point:
    """The point at `degrees` (clockwise from three o'clock) on a circle squashed in height."""
    return x + r * math.cos(math.radians(degrees)), y + r * squash * math.sin(math.radians(degrees))


def _shade(pen: Pen, x: float, y: float, r: float, fill: Fill, squash: float = 1.0) -> None:
    """The crescent of shade on the right of a round thing."""
    edge = [_at(x, y, r, degrees, squash) for degrees in range(-50, 111, 10)]
    inner = [edge[-1], (x + 0.4 * r, y + 0.62 * r * squash), (x + 0.68 * r, y + 0.1 * r * squash), edge[0]]
    pen.polygon([*edge, *smooth(inner, closed=False)], fill)


def ball(pen: Pen, tint: Tint, state: str) -> None:
    mark = WHITE if tint.name != "white" else (96, 150, 200)
    pen.circle(0.5, 0.5, 0.495, tint.base)
    _shade(pen, 0.5, 0.5, 0.495, tint.dark)
    for side in (-1, 1):
        ends = [_at(0.5, 0.5, 0.495, side * degrees) for degrees in (152, 28, 40, 140)]
        outer = smooth([ends[0], (0.5, 0.5 + side * 0.32), ends[1]], closed=False)
        pen.polygon([*outer, *smooth([ends[2], (0.5, 0.5 + side * 0.42), ends[3]], closed=False)], mark)
    pen.polygon(_round(0.5, 0.51, (0.27, 0.115), 10), mark)


def football(pen: Pen, tint: Tint, state: str) -> None:
    pen.circle(0.5, 0.5, 0.495, tint.base)
    _shade(pen, 0.5, 0.5, 0.495, tint.dark)
    for i in range(5):
        angle = -90 + 72 * i
        inner, outer = math.radians(angle), [math.radians(angle + d) for d in (-19, -10, 0, 10, 19)]
        pen.line([(0.5, 0.5), (0.5 + 0.34 * math.cos(inner), 0.5 + 0.34 * math.sin(inner))], INK, 0.025)
        edge = [(0.5 + 0.495 * math.cos(a), 0.5 + 0.495 * math.sin(a)) for a in outer]
        corners = [(0.5 + 0.37 * math.cos(inner + d), 0.5 + 0.37 * math.sin(inner + d)) for d in (0.24, -0.24)]
        pen.polygon([*edge, *corners], INK)
        far = inner + math.radians(72) - 0.24
        pen.line([corners[0], (0.5 + 0.37 * math.cos(far), 0.5 + 0.37 * math.sin(far))], INK, 0.025)
    pen.polygon(_round(0.5, 0.5, (0.19,), 5), INK)


def teddy(pen: Pen, tint: Tint, state: str) -> None:
    soft = tint.light if tint.name != "white" else (238, 206, 176)
    for x in (0.19, 0.66):
        pen.circle(x, 0.12, 0.115, tint.dark)
        pen.circle(x, 0.12, 0.06, soft)
    pen.ellipse(0.13, 0.64, 0.12, 0.18, tint.dark, 25)
    pen.ellipse(0.72, 0.64, 0.12, 0.18, tint.dark, -25)
    pen.ellipse(0.425, 0.72, 0.28, 0.26, tint.base)
    pen.ellipse(0.425, 0.74, 0.17, 0.17, soft)
    for x in (0.16, 0.69):
        pen.ellipse(x, 0.86, 0.155, 0.135, tint.base)
        pen.circle(x, 0.87, 0.075, soft)
    pen.ellipse(0.425, 0.3, 0.31, 0.265, tint.base)
    pen.ellipse(0.425, 0.39, 0.14, 0.11, soft)
    for x in (0.3, 0.55):
        pen.circle(x, 0.26, 0.036, INK)
    pen.ellipse(0.425, 0.345, 0.055, 0.038, INK)
    bow = SCARF if tint.name != "orange" else (70, 120, 190)
    pen.polygon([(0.425, 0.565), (0.28, 0.5), (0.28, 0.64)], bow)
    pen.polygon([(0.425, 0.565), (0.57, 0.5), (0.57, 0.64)], bow)
    pen.circle(0.425, 0.567, 0.035, mix(bow, INK, 0.25))


def robot(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.36, 0.04, 0.39, 0.14, METAL)
    pen.circle(0.375, 0.04, 0.04, LAMP)
    for x in (0.05, 0.7):
        pen.rect(x - 0.05, 0.5, x + 0.05, 0.74, tint.dark, 0.04)
        pen.circle(x, 0.76, 0.055, METAL)
    for x in (0.26, 0.49):
        pen.rect(x - 0.06, 0.8, x + 0.06, 0.96, METAL)
        pen.rect(x - 0.1, 0.91, x + 0.1, 1.0, tint.deep, 0.04)
    pen.rect(0.3, 0.42, 0.45, 0.5, METAL)
    for x in (0.1, 0.65):
        pen.rect(x - 0.04, 0.22, x + 0.04, 0.35, METAL, 0.02)
    pen.rect(0.12, 0.12, 0.63, 0.44, tint.base, 0.07)
    pen.rect(0.18, 0.18, 0.57, 0.33, INK, 0.06)
    for x in (0.28, 0.47):
        pen.circle(x, 0.255, 0.05, (120, 230, 240))
    pen.line([(0.28, 0.385), (0.47, 0.385)], tint.deep, 0.035)
    pen.rect(0.1, 0.47, 0.65, 0.84, tint.base, 0.05)
    pen.rect(0.1, 0.76, 0.65, 0.84, tint.dark, 0.05)
    pen.rect(0.18, 0.53, 0.57, 0.7, tint.light, 0.03)
    for x, colour in ((0.26, (236, 90, 90)), (0.375, LAMP), (0.49, (90, 190, 120))):
        pen.circle(x, 0.615, 0.042, colour)


def kite(pen: Pen, tint: Tint, state: str) -> None:
    tail = [(0.45, 0.66), (0.38, 0.74), (0.5, 0.82), (0.36, 0.9), (0.44, 0.98)]
    pen.line(tail, METAL, 0.018, curved=True)
    for x, y in tail[1:4]:
        pen.polygon([(x, y), (x - 0.09, y - 0.045), (x - 0.09, y + 0.045)], tint.base)
        pen.polygon([(x, y), (x + 0.09, y - 0.045), (x + 0.09, y + 0.045)], tint.dark)
    pen.polygon([(0.45, 0.0), (0.85, 0.28), (0.45, 0.7), (0.0, 0.28)], tint.base)
    pen.polygon([(0.45, 0.0), (0.85, 0.28), (0.45, 0.28)], tint.light)
    pen.polygon([(0.0, 0.28), (0.45, 0.28), (0.45, 0.7)], tint.dark)
    pen.line([(0.45, 0.01), (0.45, 0.69)], WHITE, 0.022)
    pen.line([(0.01, 0.28), (0.84, 0.28)], WHITE, 0.022)


def balloon(pen: Pen, tint: Tint, state: str) -> None:
    pen.line([(0.25, 0.64), (0.3, 0.74), (0.2, 0.86), (0.26, 0.99)], METAL, 0.018, curved=True)
    pen.polygon([(0.25, 0.58), (0.31, 0.67), (0.19, 0.67)], tint.dark)
    pen.blob([(0.25, 0.0), (0.42, 0.07), (0.495, 0.25), (0.42, 0.45), (0.25, 0.61), (0.08, 0.45), (0.005, 0.25),
        (0.08, 0.07)], tint.base)  # fmt: skip
    pen.blob([(0.42, 0.07), (0.495, 0.25), (0.42, 0.45), (0.26, 0.6), (0.36, 0.42), (0.42, 0.24)], tint.dark)
    pen.ellipse(0.13, 0.19, 0.045, 0.09, tint.light, 25)


def skateboard(pen: Pen, tint: Tint, state: str) -> None:
    pen.line([(0.12, 0.16), (0.4, 0.38), (1.4, 0.38), (2.4, 0.38), (2.68, 0.16)], tint.dark, 0.2)
    pen.line([(0.12, 0.12), (0.4, 0.36), (1.4, 0.36), (2.4, 0.36), (2.68, 0.12)], tint.base, 0.13)
    for x in (0.7, 2.1):
        pen.polygon([(x - 0.22, 0.5), (x + 0.22, 0.5), (x + 0.08, 0.78), (x - 0.08, 0.78)], METAL)
        pen.circle(x, 0.76, 0.235, INK)
        pen.circle(x, 0.76, 0.11, (244, 236, 214))


def surfboard(pen: Pen, tint: Tint, state: str) -> None:
    stripe = WHITE if tint.name != "white" else (70, 160, 190)
    pen.blob([(0.16, 0.0), (0.25, 0.13), (0.31, 0.4), (0.3, 0.7), (0.22, 0.97), (0.16, 1.0), (0.1, 0.97),
        (0.02, 0.7), (0.01, 0.4), (0.07, 0.13)], tint.base)  # fmt: skip
    pen.blob(
        [(0.16, 0.0), (0.25, 0.13), (0.31, 0.4), (0.3, 0.7), (0.22, 0.97), (0.17, 0.99), (0.24, 0.7), (0.25, 0.4)],
        tint.dark,
    )
    pen.polygon([(0.145, 0.03), (0.175, 0.03), (0.175, 0.98), (0.145, 0.98)], stripe)
    pen.polygon([(0.012, 0.36), (0.308, 0.28), (0.312, 0.37), (0.01, 0.45)], stripe)
    pen.polygon([(0.009, 0.49), (0.314, 0.41), (0.314, 0.44), (0.009, 0.52)], stripe)


def _hat(pen: Pen, x: float, y: float, lean: float) -> None:
    """The snowman's top hat, its brim's middle at (x, y), leaning `lean` to the right at the top."""
    pen.polygon([(x - 0.12, y), (x + 0.12, y), (x + 0.12 + lean, y - 0.17), (x - 0.12 + lean, y - 0.17)], INK)
    pen.polygon([(x - 0.12, y), (x + 0.12, y), (x + 0.12 + lean / 3, y - 0.05), (x - 0.12 + lean / 3, y - 0.05)], SCARF)
    pen.line([(x - 0.18, y - lean / 3), (x + 0.18, y + lean / 3)], INK, 0.04)


def snowman(pen: Pen, tint: Tint, state: str) -> None:
    if state == "melting":
        pen.ellipse(0.325, 0.925, 0.325, 0.075, (140, 192, 232))
        pen.blob([(0.325, 0.52), (0.5, 0.6), (0.55, 0.82), (0.57, 0.92), (0.325, 0.95), (0.08, 0.92), (0.1, 0.8),
            (0.15, 0.6)], tint.base)  # fmt: skip
        pen.blob([(0.48, 0.6), (0.55, 0.82), (0.57, 0.92), (0.4, 0.945), (0.45, 0.78)], tint.dark)
        pen.line([(0.12, 0.72), (0.02, 0.9)], WOOD_DARK, 0.028)
        pen.line([(0.54, 0.72), (0.63, 0.88)], WOOD_DARK, 0.028)
        pen.blob([(0.36, 0.22), (0.5, 0.28), (0.53, 0.42), (0.5, 0.52), (0.5, 0.62), (0.4, 0.56), (0.25, 0.58),
            (0.21, 0.42), (0.24, 0.28)], tint.base)  # fmt: skip
        pen.line([(0.2, 0.55), (0.36, 0.59), (0.53, 0.54)], SCARF, 0.065, curved=True)
        pen.line([(0.47, 0.57), (0.5, 0.72)], SCARF, 0.06)
        pen.polygon([(0.37, 0.4), (0.37, 0.46), (0.6, 0.5)], CARROT)
        _hat(pen, 0.4, 0.26, 0.08)
        face = [(0.31, 0.35), (0.45, 0.36), (0.34, 0.72), (0.36, 0.83)]
    else:
        pen.line([(0.14, 0.55), (0.01, 0.4)], WOOD_DARK, 0.028)
        pen.line([(0.51, 0.55), (0.64, 0.4)], WOOD_DARK, 0.028)
        for y, r, squash in ((0.76, 0.29, 0.83), (0.52, 0.21, 0.82), (0.3, 0.155, 1.0)):
            pen.ellipse(0.325, y, r, r * squash, tint.base)
            _shade(pen, 0.325, y, r, tint.dark, squash)
        pen.line([(0.19, 0.41), (0.325, 0.45), (0.46, 0.41)], SCARF, 0.07, curved=True)
        pen.line([(0.42, 0.44), (0.44, 0.58)], SCARF, 0.065)
        pen.polygon([(0.325, 0.29), (0.325, 0.35), (0.56, 0.34)], CARROT)
        _hat(pen, 0.325, 0.19, 0.0)
        face = [(0.27, 0.26), (0.39, 0.26), (0.325, 0.56), (0.325, 0.7), (0.325, 0.83)]
    for x, y in face:
        pen.circle(x, y, 0.024, INK)


def sled(pen: Pen, tint: Tint, state: str) -> None:
    pen.line([(0.3, 0.8), (1.42, 0.8), (1.6, 0.7), (1.64, 0.5)], mix(METAL, INK, 0.4), 0.06, curved=True)
    for x in (0.42, 1.28):
        pen.line([(x, 0.56), (x, 0.8)], WOOD_DARK, 0.08)
        pen.line([(x - 0.12, 0.6), (x - 0.12, 0.92)], WOOD, 0.1)
    runner = [
        (0.05, 0.94),
        (1.42, 0.94),
        (1.72, 0.82),
        (1.84, 0.54),
        (1.82, 0.22),
        (1.68, 0.05),
        (1.53, 0.1),
        (1.54, 0.25),
    ]
    pen.line(runner, METAL, 0.11, curved=True)
    pen.polygon([(0.2, 0.32), (1.58, 0.32), (1.7, 0.56), (0.04, 0.56)], tint.base)
    for y, left, right in ((0.39, 0.152, 1.615), (0.47, 0.098, 1.655)):
        pen.polygon([(left, y), (right, y), (right + 0.01, y + 0.025), (left - 0.016, y + 0.025)], tint.deep)
    pen.rect(0.02, 0.55, 1.76, 0.67, tint.dark, 0.05)


DRAWINGS: dict[str, Drawing] = {
    "ball": ball,
    "football": football,
    "teddy": teddy,
    "robot": robot,
    "kite": kite,
    "balloon": balloon,
    "skateboard": skateboard,
    "surfboard": surfboard,
    "snowman": snowman,
    "sled": sled,
}
