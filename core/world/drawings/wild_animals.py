"""Wild animals, one function each; knows only the pen, the colours and the parts that animals share."""

from core.world.colours import INK, RGB, WHITE, Tint, mix
from core.world.drawings.animal_parts import ROSE, WATER, closed_eye, dreaming, eye, legs, turned
from core.world.pen import Drawing, Pen

IVORY: RGB = (250, 244, 224)
SPOTS: RGB = (152, 88, 36)
LEAF: RGB = (64, 148, 70)
MOUTH: RGB = (140, 34, 50)


def elephant(pen: Pen, tint: Tint, state: str) -> None:
    walking = state == "walking"
    pen.line([(0.08, 0.4), (0.02, 0.52), (0.04, 0.66)], tint.dark, 0.035, curved=True)
    far = [(0.34, 0.7, 0.34, 1.0), (0.82, 0.7, 0.82, 1.0)]
    near = [(0.18, 0.66, 0.18, 1.0), (0.68, 0.66, 0.68, 1.0)]
    if walking:
        far = [(0.34, 0.66, 0.46, 0.98), (0.78, 0.66, 0.66, 1.0)]
        near = [(0.2, 0.66, 0.12, 1.0), (0.74, 0.66, 0.9, 0.96)]
    legs(pen, tint.dark, far, 0.18)
    legs(pen, tint.base, near, 0.19)
    for _, _, x, y in near:
        pen.ellipse(x + 0.02, y - 0.025, 0.075, 0.025, IVORY)
    pen.blob(
        [
            (0.06, 0.5),
            (0.1, 0.26),
            (0.34, 0.13),
            (0.64, 0.15),
            (0.84, 0.24),
            (0.88, 0.56),
            (0.74, 0.76),
            (0.4, 0.78),
            (0.12, 0.74),
        ],
        tint.base,
    )
    if walking:
        pen.line([(1.14, 0.34), (1.25, 0.48), (1.3, 0.3), (1.28, 0.08)], tint.base, 0.1, curved=True)
        pen.circle(1.28, 0.075, 0.062, tint.dark)
    else:
        pen.line([(1.12, 0.3), (1.24, 0.46), (1.24, 0.7), (1.3, 0.86)], tint.base, 0.11, curved=True)
        pen.circle(1.295, 0.86, 0.06, tint.dark)
    pen.ellipse(1.04, 0.27, 0.21, 0.24, tint.base)
    pen.line([(1.08, 0.46), (1.14, 0.58), (1.24, 0.6)], IVORY, 0.055, curved=True)
    pen.blob(
        [(0.94, 0.1), (0.8, 0.03), (0.62, 0.12), (0.58, 0.34), (0.68, 0.54), (0.82, 0.6), (0.92, 0.44), (0.97, 0.26)],
        tint.dark,
    )
    pen.blob(
        [(0.89, 0.16), (0.79, 0.1), (0.67, 0.17), (0.64, 0.34), (0.71, 0.48), (0.81, 0.51), (0.87, 0.4), (0.91, 0.26)],
        mix(tint.light, ROSE, 0.45),
    )
    eye(pen, 1.1, 0.23, 0.03, tint)


def giraffe(pen: Pen, tint: Tint, state: str) -> None:
    eating = state == "eating"
    pen.line([(0.08, 0.56), (0.03, 0.66), (0.04, 0.74)], SPOTS, 0.025, curved=True)
    legs(pen, tint.dark, [(0.18, 0.66, 0.19, 1.0), (0.48, 0.66, 0.49, 1.0)], 0.06)
    legs(pen, tint.base, [(0.11, 0.66, 0.1, 1.0), (0.41, 0.66, 0.4, 1.0)], 0.065)
    for x in (0.1, 0.19, 0.4, 0.49):
        pen.rect(x - 0.036, 0.965, x + 0.036, 1.0, SPOTS, 0.01)
    pen.blob(
        [(0.06, 0.6), (0.14, 0.54), (0.34, 0.5), (0.5, 0.48), (0.54, 0.62), (0.46, 0.71), (0.28, 0.71), (0.1, 0.73)],
        tint.base,
    )
    x, y = (0.56, 0.28) if eating else (0.54, 0.1)
    neck_y = y + 0.04
    pen.polygon([(0.32, 0.56), (x - 0.1, neck_y), (x + 0.02, neck_y), (0.54, 0.6)], tint.base)
    steps = (
        (0.38, 0.5, 0.04),
        (0.46, 0.53, 0.035),
        (0.42, 0.62, 0.04),
        (0.28, 0.61, 0.045),
        (0.16, 0.62, 0.035),
        (0.22, 0.67, 0.025),
    )
    for sx, sy, r in steps:
        pen.ellipse(sx, sy, r, r * 0.9, SPOTS)
    for share, side in ((0.24, 0.02), (0.42, -0.025), (0.6, 0.02), (0.78, -0.015)):
        sx, sy = 0.44 + (x - 0.04 - 0.44) * share + side, 0.52 + (neck_y - 0.52) * share
        pen.ellipse(sx, sy, 0.03, 0.034 if not eating else 0.022, SPOTS)
    for dx in (-0.05, 0.01):
        pen.line([(x + dx, y - 0.03), (x + dx - 0.005, y - 0.085)], SPOTS, 0.022)
    pen.ellipse(x - 0.1, y - 0.01, 0.05, 0.024, tint.dark, 15)
    if eating:
        pen.line([(x + 0.15, y + 0.05), (x + 0.1, y - 0.12), (x + 0.12, y - 0.24)], (112, 78, 44), 0.02)
        for dx, dy in ((0.06, -0.13), (0.14, -0.18), (0.08, -0.23), (0.13, 0.12), (0.12, -0.06), (0.08, 0.1)):
            pen.ellipse(x + dx, y + dy, 0.055, 0.03, LEAF, -30 if dy < 0 else 60)
    pen.blob(
        [
            (x - 0.09, y - 0.03),
            (x, y - 0.055),
            (x + 0.1, y),
            (x + 0.17, y + 0.035),
            (x + 0.15, y + 0.085),
            (x + 0.03, y + 0.08),
            (x - 0.07, y + 0.07),
        ],
        tint.base,
    )
    pen.ellipse(x + 0.13, y + 0.055, 0.045, 0.036, tint.light)
    eye(pen, x + 0.015, y - 0.002, 0.018, tint)


def _lion_head(pen: Pen, tint: Tint, x: float, y: float, state: str) -> None:
    """From the front, in the middle of a great dark mane of radius 0.35."""
    mane = mix(tint.base, (110, 40, 14), 0.62) if tint.name != "brown" else (72, 40, 28)
    pen.polygon([p for i in range(14) for p in turned([(x, y - 0.35), (x + 0.07, y - 0.29)], i * 360 / 14, x, y)], mane)
    pen.circle(x, y, 0.3, mane)
    for side in (-1, 1):
        pen.circle(x + side * 0.16, y - 0.18, 0.065, tint.dark)
    pen.ellipse(x, y + 0.01, 0.21, 0.21, tint.base)
    pen.ellipse(x, y + 0.12, 0.12, 0.09, tint.light)
    for side in (-1, 1):
        (closed_eye if state == "sleeping" else eye)(pen, x + side * 0.09, y - 0.04, 0.032, tint)
    if state == "roaring":
        pen.ellipse(x, y + 0.15, 0.1, 0.105, MOUTH)
        pen.ellipse(x, y + 0.215, 0.06, 0.035, ROSE)
        for side in (-1, 1):
            pen.polygon([(x + side * 0.075, y + 0.07), (x + side * 0.03, y + 0.07), (x + side * 0.05, y + 0.13)], WHITE)
    else:
        pen.line([(x, y + 0.09), (x, y + 0.15)], INK, 0.016)
        pen.arc(x, y + 0.12, 0.06, 0.04, 20, 160, INK, 0.016)
    pen.polygon([(x - 0.055, y + 0.035), (x + 0.055, y + 0.035), (x, y + 0.095)], INK)


def lion(pen: Pen, tint: Tint, state: str) -> None:
    tuft = mix(tint.base, (110, 40, 14), 0.62) if tint.name != "brown" else (72, 40, 28)
    if state == "sleeping":
        pen.line([(0.16, 0.8), (0.06, 0.64), (0.1, 0.46)], tint.dark, 0.045, curved=True)
        pen.ellipse(0.1, 0.44, 0.06, 0.09, tuft)
        pen.blob(
            [(0.06, 0.97), (0.06, 0.76), (0.26, 0.62), (0.6, 0.62), (0.86, 0.74), (0.9, 0.98), (0.5, 1.0)], tint.base
        )
        pen.ellipse(0.26, 0.86, 0.16, 0.13, tint.dark)
        _lion_head(pen, tint, 1.0, 0.65, state)
        legs(pen, tint.base, [(0.74, 0.95, 1.3, 1.0)], 0.1)
        dreaming(pen, 0.52, 0.36, 0.14)
        return
    if state == "roaring":
        pen.line([(0.18, 0.52), (0.08, 0.36), (0.14, 0.14)], tint.base, 0.05, curved=True)
        pen.ellipse(0.14, 0.1, 0.065, 0.1, tuft)
    else:
        pen.line([(0.18, 0.52), (0.05, 0.58), (0.07, 0.8)], tint.base, 0.05, curved=True)
        pen.ellipse(0.08, 0.84, 0.06, 0.09, tuft)
    legs(pen, tint.dark, [(0.36, 0.7, 0.36, 1.0), (0.88, 0.7, 0.9, 1.0)], 0.12)
    legs(pen, tint.base, [(0.24, 0.66, 0.22, 1.0), (0.76, 0.66, 0.76, 1.0)], 0.13)
    pen.blob(
        [(0.12, 0.56), (0.24, 0.43), (0.6, 0.44), (0.9, 0.4), (0.98, 0.6), (0.86, 0.76), (0.5, 0.74), (0.2, 0.78)],
        tint.base,
    )
    _lion_head(pen, tint, 0.99, 0.36, state)


def _bear_head(pen: Pen, tint: Tint, x: float, y: float, asleep: bool = False) -> None:
    """From the front: small round ears, broad pale muzzle."""
    for side in (-1, 1):
        pen.circle(x + side * 0.17, y - 0.16, 0.085, tint.base)
        pen.circle(x + side * 0.17, y - 0.155, 0.045, tint.dark)
    pen.ellipse(x, y, 0.235, 0.21, tint.base)
    pen.ellipse(x, y + 0.09, 0.125, 0.095, mix(tint.light, (236, 206, 170), 0.5))
    pen.ellipse(x, y + 0.045, 0.05, 0.036, INK)
    pen.line([(x, y + 0.06), (x, y + 0.12)], INK, 0.015)
    for side in (-1, 1):
        (closed_eye if asleep else eye)(pen, x + side * 0.1, y - 0.04, 0.028, tint)


def bear(pen: Pen, tint: Tint, state: str) -> None:
    if state == "standing":
        legs(pen, tint.dark, [(0.5, 0.8, 0.46, 1.0), (0.8, 0.8, 0.84, 1.0)], 0.2)
        pen.line([(0.42, 0.48), (0.26, 0.6), (0.22, 0.74)], tint.base, 0.15)
        pen.line([(0.88, 0.48), (1.04, 0.4), (1.08, 0.24)], tint.base, 0.15)
        pen.blob(
            [
                (0.65, 0.3),
                (0.88, 0.4),
                (0.98, 0.68),
                (0.88, 0.92),
                (0.65, 0.96),
                (0.42, 0.92),
                (0.32, 0.68),
                (0.42, 0.4),
            ],
            tint.base,
        )
        pen.ellipse(0.65, 0.68, 0.19, 0.21, mix(tint.light, (236, 206, 170), 0.3))
        _bear_head(pen, tint, 0.65, 0.24)
        return
    if state == "sleeping":
        pen.blob(
            [(0.03, 0.97), (0.06, 0.68), (0.32, 0.48), (0.66, 0.52), (0.9, 0.7), (0.96, 0.97), (0.5, 1.0)], tint.base
        )
        pen.ellipse(0.26, 0.88, 0.17, 0.12, tint.dark)
        _bear_head(pen, tint, 0.96, 0.76, asleep=True)
        legs(pen, tint.dark, [(0.7, 0.94, 1.26, 1.0)], 0.1)
        dreaming(pen, 0.78, 0.34, 0.13)
        return
    pen.circle(0.07, 0.48, 0.07, tint.dark)
    legs(pen, tint.dark, [(0.36, 0.7, 0.36, 1.0), (0.88, 0.7, 0.88, 1.0)], 0.17)
    legs(pen, tint.base, [(0.2, 0.66, 0.18, 1.0), (0.72, 0.66, 0.7, 1.0)], 0.18)
    pen.blob(
        [
            (0.05, 0.56),
            (0.14, 0.3),
            (0.4, 0.2),
            (0.62, 0.16),
            (0.82, 0.1),
            (1.0, 0.3),
            (0.98, 0.62),
            (0.8, 0.78),
            (0.44, 0.76),
            (0.12, 0.78),
        ],
        tint.base,
    )
    _bear_head(pen, tint, 1.05, 0.37)


def frog(pen: Pen, tint: Tint, state: str) -> None:
    if state == "jumping":
        pen.line([(0.5, 0.56), (0.2, 0.6), (0.26, 0.84), (0.05, 0.96)], tint.dark, 0.09)
        pen.line([(0.84, 0.56), (1.02, 0.7), (1.14, 0.62)], tint.dark, 0.07)
        pen.blob(
            [
                (0.3, 0.62),
                (0.46, 0.36),
                (0.74, 0.14),
                (1.02, 0.16),
                (1.14, 0.32),
                (1.0, 0.52),
                (0.7, 0.68),
                (0.44, 0.74),
            ],
            tint.base,
        )
        pen.blob([(0.62, 0.62), (0.84, 0.46), (1.08, 0.4), (1.0, 0.52), (0.76, 0.66)], tint.light)
        pen.line([(0.52, 0.64), (0.3, 0.72), (0.38, 0.92), (0.18, 0.97)], tint.base, 0.1)
        pen.line([(0.86, 0.56), (0.98, 0.74), (0.94, 0.84)], tint.base, 0.075)
        eyes = ((0.8, 0.13), (1.0, 0.13))
    else:
        for side in (-1, 1):
            pen.ellipse(0.6 + side * 0.42, 0.74, 0.17, 0.22, tint.dark, side * 20)
            pen.ellipse(0.6 + side * 0.42, 0.95, 0.17, 0.05, tint.dark)
        pen.blob(
            [
                (0.14, 0.44),
                (0.3, 0.24),
                (0.6, 0.2),
                (0.9, 0.24),
                (1.06, 0.44),
                (0.98, 0.8),
                (0.8, 0.96),
                (0.4, 0.96),
                (0.22, 0.8),
            ],
            tint.base,
        )
        pen.ellipse(0.6, 0.78, 0.26, 0.18, tint.light)
        for side in (-1, 1):
            pen.line([(0.6 + side * 0.25, 0.72), (0.6 + side * 0.22, 0.94)], tint.base, 0.1)
            pen.ellipse(0.6 + side * 0.21, 0.965, 0.12, 0.035, tint.base)
        pen.arc(0.6, 0.42, 0.28, 0.12, 15, 165, tint.deep, 0.03)
        eyes = ((0.36, 0.17), (0.84, 0.17))
    r = 0.16 if state != "jumping" else 0.12
    for x, y in eyes:
        pen.circle(x, y, r, tint.base)
        pen.circle(x, y, r * 0.68, WHITE)
        pen.circle(x + 0.015, y, r * 0.38, INK)


def turtle(pen: Pen, tint: Tint, state: str) -> None:
    skin = mix(tint.light, (176, 214, 120), 0.5)
    shade = mix(skin, tint.deep, 0.3)
    pen.polygon([(0.2, 0.72), (0.01, 0.8), (0.22, 0.86)], skin)
    if state == "swimming":
        pen.blob([(0.42, 0.7), (0.3, 0.86), (0.12, 0.98), (0.3, 0.98), (0.5, 0.84)], shade)
        pen.blob([(1.0, 0.7), (0.92, 0.9), (0.72, 1.0), (0.94, 1.0), (1.14, 0.84)], skin)
        pen.blob([(1.04, 0.6), (1.2, 0.3), (1.4, 0.14), (1.36, 0.34), (1.2, 0.66)], shade)
        hx, hy = 1.42, 0.58
        for x, y in ((1.3, 0.04), (1.44, 0.1), (0.12, 0.24), (0.22, 0.12)):
            pen.circle(x, y, 0.035, WATER)
    else:
        legs(pen, shade, [(0.46, 0.8, 0.46, 1.0), (1.06, 0.8, 1.08, 1.0)], 0.16)
        legs(pen, skin, [(0.32, 0.78, 0.28, 1.0), (0.94, 0.78, 0.94, 1.0)], 0.17)
        hx, hy = 1.42, 0.4
    pen.line([(1.06, 0.76), (1.26, 0.7), (hx - 0.04, hy + 0.08)], skin, 0.17, curved=True)
    pen.ellipse(hx, hy, 0.17, 0.15, skin)
    eye(pen, hx + 0.06, hy - 0.04, 0.036, tint if tint.name != "brown" else Tint("", INK, INK, INK, INK))
    pen.line([(hx + 0.02, hy + 0.05), (hx + 0.08, hy + 0.075), (hx + 0.14, hy + 0.04)], tint.deep, 0.02)
    pen.blob(
        [(0.1, 0.78), (0.18, 0.44), (0.4, 0.12), (0.7, 0.01), (1.0, 0.12), (1.2, 0.44), (1.28, 0.78), (0.7, 0.86)],
        tint.base,
    )
    for x, y, r in ((0.68, 0.32, 0.18), (0.36, 0.5, 0.12), (1.0, 0.5, 0.12)):
        pen.polygon(
            turned(
                [
                    (x - r, y),
                    (x - r / 2, y - r * 0.8),
                    (x + r / 2, y - r * 0.8),
                    (x + r, y),
                    (x + r / 2, y + r * 0.8),
                    (x - r / 2, y + r * 0.8),
                ],
                0,
                x,
                y,
            ),
            tint.dark,
        )
    pen.rect(0.1, 0.72, 1.28, 0.84, tint.dark, 0.06)


def butterfly(pen: Pen, tint: Tint, state: str) -> None:
    for side in (-1, 1):

        def at(x: float, side: int = side) -> float:
            return 0.575 + side * x

        pen.blob(
            [(at(0.02), 0.5), (at(0.2), 0.5), (at(0.44), 0.62), (at(0.46), 0.86), (at(0.3), 0.98), (at(0.12), 0.84)],
            tint.dark,
        )
        pen.blob(
            [
                (at(0.02), 0.5),
                (at(0.12), 0.22),
                (at(0.34), 0.04),
                (at(0.55), 0.06),
                (at(0.55), 0.34),
                (at(0.42), 0.56),
                (at(0.2), 0.58),
            ],
            tint.base,
        )
        pen.ellipse(at(0.4), 0.23, 0.095, 0.1, tint.light)
        pen.circle(at(0.24), 0.41, 0.06, tint.light)
        pen.circle(at(0.3), 0.78, 0.075, tint.light)
        pen.line([(0.575, 0.26), (at(0.06), 0.12), (at(0.15), 0.04)], INK, 0.022)
        pen.circle(at(0.15), 0.04, 0.03, INK)
    pen.ellipse(0.575, 0.54, 0.05, 0.3, INK)
    pen.circle(0.575, 0.26, 0.065, INK)


def fish(pen: Pen, tint: Tint, state: str) -> None:
    jumping = state == "jumping"
    scale = 0.72 if jumping else 1.0

    def place(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        if not jumping:
            return points
        moved = [(0.75 + (x - 0.75) * scale, 0.42 + (y - 0.5) * scale) for x, y in points]
        return turned(moved, -36, 0.75, 0.42)

    pen.blob(place([(0.4, 0.5), (0.2, 0.2), (0.02, 0.1), (0.1, 0.5), (0.02, 0.9), (0.2, 0.8)]), tint.dark)
    pen.blob(place([(0.56, 0.24), (0.66, 0.02), (0.94, 0.01), (1.12, 0.22)]), tint.dark)
    pen.blob(place([(0.66, 0.76), (0.6, 0.97), (0.8, 0.99), (0.98, 0.8)]), tint.dark)
    pen.blob(
        place(
            [(0.28, 0.5), (0.5, 0.24), (0.86, 0.12), (1.22, 0.22), (1.48, 0.5), (1.22, 0.78), (0.86, 0.88), (0.5, 0.76)]
        ),
        tint.base,
    )
    pen.blob(
        place([(0.5, 0.7), (0.86, 0.7), (1.2, 0.66), (1.36, 0.64), (1.16, 0.78), (0.86, 0.86), (0.6, 0.8)]), tint.light
    )
    for x in (0.58, 0.8):
        pen.blob(
            place([(x, 0.26), (x + 0.09, 0.22), (x + 0.14, 0.48), (x + 0.09, 0.74), (x, 0.72), (x + 0.06, 0.5)]),
            tint.light,
        )
    pen.blob(place([(1.0, 0.54), (0.86, 0.46), (0.78, 0.58), (0.86, 0.7), (0.98, 0.64)]), tint.dark)
    (x, y) = place([(1.22, 0.4)])[0]
    pen.circle(x, y, 0.085 * scale, WHITE)
    pen.circle(x + 0.01, y, 0.05 * scale, INK)
    if jumping:
        pen.blob(
            [(0.14, 0.98), (0.16, 0.9), (0.34, 0.92), (0.5, 0.84), (0.62, 0.93), (0.86, 0.88), (0.98, 0.98)], WATER
        )
        for x, y, r in ((0.06, 0.76, 0.05), (0.72, 0.82, 0.05), (0.94, 0.76, 0.04)):
            pen.circle(x, y, r, WATER)


DRAWINGS: dict[str, Drawing] = {
    "elephant": elephant,
    "giraffe": giraffe,
    "lion": lion,
    "bear": bear,
    "frog": frog,
    "turtle": turtle,
    "butterfly": butterfly,
    "fish": fish,
}
