"""Birds, one function each; knows only the pen, the colours and the parts that animals share."""

from core.world.colours import INK, RGB, WHITE, Tint, mix
from core.world.drawings.animal_parts import BEAK, WATER, eye
from core.world.pen import Drawing, Pen

COMB: RGB = (224, 40, 56)


def bird(pen: Pen, tint: Tint, state: str) -> None:
    if state == "flying":
        pen.blob([(0.42, 0.5), (0.5, 0.2), (0.68, 0.04), (0.76, 0.3), (0.72, 0.56)], tint.dark)
        pen.polygon([(0.3, 0.56), (0.02, 0.56), (0.04, 0.72), (0.16, 0.82), (0.42, 0.72)], tint.dark)
        pen.polygon([(1.02, 0.44), (1.2, 0.53), (1.02, 0.6)], BEAK)
        pen.blob(
            [
                (0.18, 0.66),
                (0.46, 0.52),
                (0.76, 0.44),
                (0.92, 0.36),
                (1.06, 0.46),
                (1.04, 0.64),
                (0.8, 0.82),
                (0.5, 0.82),
            ],
            tint.base,
        )
        pen.blob([(0.44, 0.76), (0.7, 0.72), (0.92, 0.66), (0.8, 0.8), (0.54, 0.83)], tint.light)
        pen.blob(
            [(0.4, 0.62), (0.3, 0.34), (0.22, 0.02), (0.44, 0.1), (0.62, 0.34), (0.7, 0.62), (0.56, 0.7)], tint.base
        )
        pen.blob([(0.38, 0.44), (0.3, 0.2), (0.24, 0.06), (0.42, 0.14), (0.54, 0.34), (0.52, 0.46)], tint.dark)
        eye(pen, 0.97, 0.49, 0.034, tint)
        return
    for x in (0.56, 0.68):
        pen.line([(x, 0.8), (x, 0.97), (x + 0.09, 0.98)], BEAK, 0.035)
    pen.polygon([(0.3, 0.5), (0.0, 0.5), (0.02, 0.68), (0.36, 0.76)], tint.dark)
    pen.polygon([(0.98, 0.2), (1.2, 0.31), (0.98, 0.4)], BEAK)
    pen.blob(
        [
            (0.18, 0.58),
            (0.42, 0.44),
            (0.58, 0.14),
            (0.78, 0.02),
            (0.98, 0.1),
            (1.04, 0.32),
            (0.98, 0.64),
            (0.76, 0.86),
            (0.42, 0.84),
        ],
        tint.base,
    )
    pen.blob([(0.8, 0.46), (1.0, 0.46), (0.94, 0.68), (0.76, 0.83), (0.58, 0.85), (0.7, 0.64)], tint.light)
    pen.blob([(0.12, 0.6), (0.36, 0.42), (0.62, 0.42), (0.68, 0.58), (0.5, 0.74), (0.3, 0.72)], tint.dark)
    eye(pen, 0.87, 0.23, 0.042, tint)


def duck(pen: Pen, tint: Tint, state: str) -> None:
    swimming = state == "swimming"
    low = 0.06 if swimming else 0.0
    if not swimming:
        for x in (0.46, 0.66):
            pen.line([(x, 0.82), (x, 0.95)], BEAK, 0.05)
            pen.polygon([(x - 0.04, 1.0), (x + 0.02, 0.92), (x + 0.14, 1.0)], BEAK)
    pen.blob([(0.94, 0.24 + low), (1.06, 0.26 + low), (1.15, 0.25 + low), (1.12, 0.36 + low), (0.96, 0.38 + low)], BEAK)
    pen.blob(
        [
            (0.01, 0.42 + low),
            (0.2, 0.54 + low),
            (0.54, 0.5 + low),
            (0.66, 0.4 + low),
            (0.94, 0.44 + low),
            (0.98, 0.66 + low),
            (0.84, 0.86),
            (0.54, 0.9),
            (0.24, 0.86),
            (0.08, 0.68),
        ],
        tint.base,
    )
    if tint.name in ("green", "brown"):
        pen.ellipse(0.8, 0.42 + low, 0.13, 0.1, WHITE)
    pen.circle(0.8, 0.22 + low, 0.2, tint.base)
    pen.rect(0.68, 0.26 + low, 0.92, 0.4 + low, tint.base, 0.06)
    pen.blob(
        [(0.18, 0.6 + low), (0.4, 0.56 + low), (0.66, 0.58 + low), (0.68, 0.7), (0.5, 0.8), (0.3, 0.78)], tint.dark
    )
    eye(pen, 0.87, 0.17 + low, 0.034, tint)
    if swimming:
        pen.blob(
            [
                (0.0, 0.9),
                (0.16, 0.84),
                (0.34, 0.89),
                (0.54, 0.84),
                (0.74, 0.89),
                (0.94, 0.84),
                (1.14, 0.9),
                (0.96, 0.98),
                (0.56, 0.99),
                (0.18, 0.98),
            ],
            WATER,
        )
        pen.line([(0.24, 0.94), (0.44, 0.94)], WHITE, 0.025)
        pen.line([(0.66, 0.93), (0.9, 0.93)], WHITE, 0.025)


def chicken(pen: Pen, tint: Tint, state: str) -> None:
    comb = (150, 18, 44) if tint.name == "red" else COMB
    for x in (0.44, 0.6):
        pen.line([(x, 0.8), (x, 0.97)], BEAK, 0.035)
        pen.line([(x - 0.06, 0.98), (x + 0.1, 0.98)], BEAK, 0.035)
    for dx, dy, r in ((0.62, 0.09, 0.07), (0.72, 0.06, 0.075), (0.82, 0.1, 0.065)):
        pen.circle(dx, dy, r, comb)
    for points in (
        [(0.26, 0.62), (0.0, 0.5), (0.0, 0.34), (0.14, 0.34), (0.3, 0.5)],
        [(0.22, 0.56), (0.08, 0.34), (0.12, 0.2), (0.24, 0.24), (0.38, 0.5)],
    ):
        pen.blob(points, tint.dark)
    pen.polygon([(0.86, 0.2), (1.0, 0.28), (0.86, 0.33)], BEAK)
    pen.ellipse(0.86, 0.4, 0.045, 0.08, comb)
    pen.blob(
        [
            (0.14, 0.48),
            (0.3, 0.46),
            (0.48, 0.5),
            (0.58, 0.24),
            (0.72, 0.11),
            (0.86, 0.2),
            (0.87, 0.5),
            (0.8, 0.74),
            (0.58, 0.88),
            (0.34, 0.84),
            (0.18, 0.7),
        ],
        tint.base,
    )
    pen.blob([(0.26, 0.58), (0.46, 0.54), (0.66, 0.6), (0.6, 0.74), (0.44, 0.78), (0.3, 0.72)], tint.dark)
    eye(pen, 0.76, 0.24, 0.03, tint)


def penguin(pen: Pen, tint: Tint, state: str) -> None:
    for x in (0.2, 0.45):
        pen.ellipse(x, 0.955, 0.12, 0.05, BEAK)
    pen.blob([(0.1, 0.42), (0.14, 0.36), (0.14, 0.6), (0.05, 0.74), (0.0, 0.7)], tint.dark)
    if state == "waving":
        pen.blob([(0.5, 0.44), (0.56, 0.3), (0.62, 0.1), (0.65, 0.16), (0.63, 0.34), (0.54, 0.52)], tint.dark)
    else:
        pen.blob([(0.55, 0.42), (0.51, 0.36), (0.51, 0.6), (0.6, 0.74), (0.65, 0.7)], tint.dark)
    pen.blob(
        [
            (0.33, 0.0),
            (0.48, 0.07),
            (0.52, 0.22),
            (0.53, 0.38),
            (0.58, 0.66),
            (0.52, 0.9),
            (0.33, 0.96),
            (0.13, 0.9),
            (0.07, 0.66),
            (0.12, 0.38),
            (0.13, 0.22),
            (0.18, 0.07),
        ],
        tint.base,
    )
    pen.ellipse(0.33, 0.64, 0.185, 0.28, WHITE)
    for x in (0.25, 0.41):
        pen.ellipse(x, 0.19, 0.09, 0.095, WHITE)
        pen.circle(x + 0.01, 0.18, 0.03, INK)
    pen.polygon([(0.26, 0.24), (0.4, 0.24), (0.33, 0.33)], BEAK)


def owl(pen: Pen, tint: Tint, state: str) -> None:
    disc = mix(tint.base, WHITE, 0.55) if tint.name != "white" else (220, 206, 184)
    for x in (0.26, 0.46):
        pen.ellipse(x, 0.955, 0.09, 0.045, BEAK)
    for side in (-1, 1):
        pen.polygon([(0.36 + side * 0.33, 0.0), (0.36 + side * 0.32, 0.3), (0.36 + side * 0.06, 0.14)], tint.dark)
    pen.blob(
        [
            (0.36, 0.08),
            (0.58, 0.12),
            (0.68, 0.3),
            (0.68, 0.62),
            (0.58, 0.9),
            (0.36, 0.97),
            (0.14, 0.9),
            (0.04, 0.62),
            (0.04, 0.3),
            (0.14, 0.12),
        ],
        tint.base,
    )
    pen.ellipse(0.36, 0.72, 0.2, 0.22, disc)
    for x, y in ((0.27, 0.66), (0.36, 0.66), (0.45, 0.66), (0.31, 0.76), (0.41, 0.76)):
        pen.pie(x, y, 0.04, 0.05, 0, 180, tint.dark)
    pen.blob([(0.02, 0.5), (0.1, 0.46), (0.17, 0.66), (0.12, 0.86), (0.04, 0.74)], tint.dark)
    pen.blob([(0.7, 0.5), (0.62, 0.46), (0.55, 0.66), (0.6, 0.86), (0.68, 0.74)], tint.dark)
    for x in (0.215, 0.505):
        pen.circle(x, 0.33, 0.165, disc)
        pen.circle(x, 0.33, 0.115, (252, 206, 60))
        pen.circle(x, 0.33, 0.065, INK)
        pen.circle(x + 0.025, 0.305, 0.022, WHITE)
    pen.polygon([(0.3, 0.4), (0.42, 0.4), (0.36, 0.53)], BEAK)


DRAWINGS: dict[str, Drawing] = {
    "bird": bird,
    "duck": duck,
    "chicken": chicken,
    "penguin": penguin,
    "owl": owl,
}
