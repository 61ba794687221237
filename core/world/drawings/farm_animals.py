"""Pets and farm animals, one function each; knows only the pen, the colours and the parts that animals share."""

from core.world.colours import INK, RGB, WHITE, Tint, mix
from core.world.drawings.animal_parts import ROSE, closed_eye, dreaming, eye, legs
from core.world.pen import Drawing, Pen

CAT_EYES: RGB = (250, 214, 60)
HORN: RGB = (236, 218, 178)
FACE: RGB = (72, 62, 66)  # of a pale sheep
TAN: RGB = (206, 172, 138)  # of a dark one
COLLAR: RGB = (222, 60, 70)


def _dog_head(pen: Pen, tint: Tint, x: float, y: float, asleep: bool = False) -> None:
    """In profile, about (x, y): long muzzle, dark nose, one long floppy ear."""
    pen.ellipse(x + 0.2, y + 0.07, 0.15, 0.09, tint.light)
    pen.ellipse(x, y, 0.19, 0.18, tint.base)
    pen.blob([(x + 0.02, y - 0.16), (x + 0.16, y - 0.1), (x + 0.3, y), (x + 0.24, y + 0.07), (x, y + 0.1)], tint.base)
    pen.ellipse(x + 0.31, y + 0.02, 0.045, 0.038, INK)
    pen.blob(
        [
            (x - 0.12, y - 0.17),
            (x - 0.24, y - 0.02),
            (x - 0.23, y + 0.2),
            (x - 0.12, y + 0.24),
            (x - 0.03, y + 0.1),
            (x, y - 0.08),
        ],
        tint.deep,
    )
    (closed_eye if asleep else eye)(pen, x + 0.1, y - 0.04, 0.028, tint)


def dog(pen: Pen, tint: Tint, state: str) -> None:
    if state == "sleeping":
        pen.line([(0.12, 0.86), (0.03, 0.74), (0.07, 0.62)], tint.dark, 0.07, curved=True)
        pen.blob([(0.06, 0.97), (0.06, 0.72), (0.3, 0.55), (0.6, 0.56), (0.82, 0.72), (0.9, 0.97)], tint.base)
        pen.ellipse(0.3, 0.84, 0.17, 0.14, tint.dark)
        legs(pen, tint.dark, [(0.7, 0.94, 1.14, 1.0)], 0.1)
        _dog_head(pen, tint, 0.88, 0.74, asleep=True)
        dreaming(pen, 0.82, 0.42, 0.13)
        return
    if state == "sitting":
        pen.line([(0.4, 0.92), (0.16, 0.9), (0.08, 0.7)], tint.base, 0.09, curved=True)
        legs(pen, tint.dark, [(0.74, 0.6, 0.84, 1.0)], 0.12)
        pen.blob([(0.5, 0.42), (0.8, 0.4), (0.86, 0.6), (0.76, 0.9), (0.6, 0.99), (0.3, 0.99), (0.26, 0.8)], tint.base)
        pen.ellipse(0.42, 0.84, 0.17, 0.15, tint.dark)
        pen.rect(0.34, 0.9, 0.64, 1.0, tint.dark, 0.05)
        legs(pen, tint.base, [(0.7, 0.6, 0.72, 1.0)], 0.12)
        pen.ellipse(0.77, 0.56, 0.07, 0.13, tint.light)
        pen.line([(0.56, 0.43), (0.82, 0.43)], COLLAR, 0.06)
        _dog_head(pen, tint, 0.7, 0.22)
        return
    running = state == "running"
    tail = [(0.22, 0.5), (0.1, 0.42), (0.03, 0.3)] if running else [(0.2, 0.52), (0.07, 0.38), (0.08, 0.16)]
    pen.line(tail, tint.base, 0.08, curved=True)
    far = [(0.32, 0.66, 0.28, 1.0), (0.76, 0.66, 0.78, 1.0)]
    near = [(0.22, 0.66, 0.2, 1.0), (0.68, 0.66, 0.66, 1.0)]
    if running:
        far = [(0.34, 0.62, 0.22, 0.96), (0.76, 0.62, 0.98, 0.9)]
        near = [(0.24, 0.62, 0.06, 0.9), (0.72, 0.62, 1.1, 0.82)]
    legs(pen, tint.dark, far, 0.1)
    legs(pen, tint.base, near, 0.11)
    pen.blob(
        [
            (0.14, 0.52),
            (0.3, 0.42),
            (0.56, 0.42),
            (0.78, 0.3),
            (0.9, 0.46),
            (0.82, 0.68),
            (0.64, 0.74),
            (0.4, 0.68),
            (0.22, 0.74),
        ],
        tint.base,
    )
    pen.ellipse(0.76, 0.6, 0.08, 0.1, tint.light)
    pen.line([(0.72, 0.38), (0.92, 0.44)], COLLAR, 0.055)
    _dog_head(pen, tint, 0.88, 0.23)


def _cat_head(pen: Pen, tint: Tint, x: float, y: float, s: float = 1.0, asleep: bool = False) -> None:
    """From the front, about (x, y): two pointed ears, whiskers."""
    for side in (-1, 1):
        pen.polygon(
            [(x + side * 0.2 * s, y - 0.29 * s), (x + side * 0.22 * s, y), (x + side * 0.02 * s, y - 0.14 * s)],
            tint.base,
        )
        pen.polygon(
            [
                (x + side * 0.175 * s, y - 0.22 * s),
                (x + side * 0.18 * s, y - 0.07 * s),
                (x + side * 0.07 * s, y - 0.13 * s),
            ],
            ROSE,
        )
    pen.ellipse(x, y, 0.24 * s, 0.19 * s, tint.base)
    pen.ellipse(x, y + 0.085 * s, 0.1 * s, 0.07 * s, tint.light)
    whiskers = INK if tint.name == "white" else WHITE
    for side in (-1, 1):
        if asleep:
            closed_eye(pen, x + side * 0.1 * s, y - 0.02 * s, 0.05 * s, tint)
        else:
            pen.ellipse(x + side * 0.1 * s, y - 0.02 * s, 0.045 * s, 0.05 * s, CAT_EYES)
            pen.ellipse(x + side * 0.1 * s, y - 0.02 * s, 0.018 * s, 0.045 * s, INK)
        for rise in (-0.02, 0.05):
            pen.line(
                [(x + side * 0.12 * s, y + 0.08 * s), (x + side * 0.29 * s, y + (0.07 + rise) * s)], whiskers, 0.012
            )
    pen.polygon([(x - 0.03 * s, y + 0.045 * s), (x + 0.03 * s, y + 0.045 * s), (x, y + 0.08 * s)], ROSE)


def cat(pen: Pen, tint: Tint, state: str) -> None:
    if state == "sleeping":
        pen.blob(
            [(0.06, 0.94), (0.1, 0.68), (0.38, 0.48), (0.76, 0.5), (1.06, 0.72), (1.08, 0.94), (0.6, 1.0)], tint.base
        )
        pen.line([(0.44, 0.62), (0.4, 0.54)], tint.dark, 0.05)
        pen.line([(0.58, 0.6), (0.57, 0.52)], tint.dark, 0.05)
        _cat_head(pen, tint, 0.8, 0.76, 0.95, asleep=True)
        pen.line([(0.1, 0.84), (0.24, 0.95), (0.6, 0.95)], tint.dark, 0.09, curved=True)
        dreaming(pen, 0.7, 0.34, 0.12)
        return
    if state == "sitting":
        pen.line([(0.6, 0.92), (0.2, 0.93), (0.08, 0.78), (0.16, 0.62)], tint.dark, 0.09, curved=True)
        pen.blob([(0.48, 0.42), (0.78, 0.42), (0.92, 0.8), (0.86, 0.98), (0.4, 0.98), (0.34, 0.8)], tint.base)
        pen.ellipse(0.63, 0.6, 0.09, 0.13, tint.light)
        for x in (0.54, 0.72):
            pen.rect(x - 0.06, 0.68, x + 0.06, 1.0, tint.light, 0.06)
        pen.line([(0.63, 0.76), (0.63, 0.96)], tint.dark, 0.025)
        _cat_head(pen, tint, 0.63, 0.3, 1.05)
        return
    pen.line([(0.2, 0.56), (0.07, 0.42), (0.14, 0.22), (0.06, 0.06)], tint.base, 0.085, curved=True)
    pen.line([(0.1, 0.14), (0.06, 0.06)], tint.dark, 0.085)
    legs(pen, tint.dark, [(0.32, 0.66, 0.34, 1.0), (0.78, 0.66, 0.82, 1.0)], 0.09)
    legs(pen, tint.base, [(0.22, 0.66, 0.2, 1.0), (0.7, 0.66, 0.7, 1.0)], 0.1)
    pen.blob(
        [(0.14, 0.6), (0.24, 0.49), (0.5, 0.52), (0.76, 0.46), (0.88, 0.56), (0.82, 0.73), (0.5, 0.75), (0.22, 0.75)],
        tint.base,
    )
    for x in (0.32, 0.42, 0.52):
        pen.line([(x, 0.53), (x - 0.01, 0.63)], tint.dark, 0.04)
    _cat_head(pen, tint, 0.84, 0.31, 1.05)


def _horse_mane(tint: Tint) -> RGB:
    return (92, 88, 98) if tint.name == "black" else tint.deep if tint.name != "white" else (170, 150, 132)


def horse(pen: Pen, tint: Tint, state: str) -> None:
    mane = _horse_mane(tint)
    running, grazing = state == "running", state == "grazing"
    tail = [(0.2, 0.42), (0.08, 0.44), (0.02, 0.56), (0.05, 0.68), (0.12, 0.5), (0.24, 0.46)]
    if running:
        tail = [(0.22, 0.4), (0.08, 0.32), (0.02, 0.36), (0.01, 0.5), (0.12, 0.44), (0.24, 0.46)]
    pen.blob(tail, mane)
    far = [(0.32, 0.56, 0.32, 1.0), (0.76, 0.56, 0.78, 1.0)]
    near = [(0.22, 0.56, 0.2, 1.0), (0.68, 0.56, 0.66, 1.0)]
    if running:
        far = [(0.32, 0.56, 0.2, 0.98), (0.76, 0.54, 1.0, 0.9)]
        near = [(0.24, 0.56, 0.04, 0.94), (0.72, 0.54, 1.1, 0.8)]
    legs(pen, tint.dark, far, 0.075)
    legs(pen, tint.base, near, 0.085)
    for _, _, x, y in near:
        pen.rect(x - 0.05, y - 0.06, x + 0.05, y, INK, 0.02)
    pen.blob(
        [(0.14, 0.5), (0.22, 0.38), (0.5, 0.42), (0.74, 0.36), (0.84, 0.5), (0.76, 0.64), (0.5, 0.63), (0.22, 0.66)],
        tint.base,
    )
    if grazing:
        pen.blob(
            [(0.62, 0.38), (0.76, 0.36), (0.9, 0.5), (1.0, 0.72), (0.9, 0.78), (0.78, 0.66), (0.66, 0.58)], tint.base
        )
        pen.blob([(0.7, 0.35), (0.86, 0.42), (1.02, 0.66), (0.96, 0.7), (0.84, 0.54), (0.7, 0.44)], mane)
        pen.polygon([(0.97, 0.68), (1.06, 0.62), (1.04, 0.73)], tint.base)
        pen.blob(
            [(0.9, 0.68), (1.0, 0.66), (1.07, 0.78), (1.12, 0.93), (1.06, 0.99), (0.98, 0.95), (0.9, 0.8)], tint.base
        )
        pen.ellipse(1.07, 0.95, 0.055, 0.045, tint.dark)
        eye(pen, 1.0, 0.77, 0.022, tint)
        return
    pen.blob(
        [(0.6, 0.42), (0.72, 0.24), (0.82, 0.1), (0.96, 0.12), (0.96, 0.26), (0.88, 0.42), (0.8, 0.56), (0.64, 0.56)],
        tint.base,
    )
    pen.blob(
        [(0.6, 0.44), (0.64, 0.26), (0.76, 0.08), (0.9, 0.03), (0.92, 0.11), (0.83, 0.18), (0.76, 0.34), (0.7, 0.44)],
        mane,
    )
    pen.polygon([(0.86, 0.12), (0.9, 0.0), (0.96, 0.12)], tint.base)
    pen.blob(
        [(0.86, 0.1), (0.98, 0.09), (1.1, 0.22), (1.19, 0.34), (1.15, 0.41), (1.06, 0.39), (0.96, 0.31), (0.87, 0.27)],
        tint.base,
    )
    pen.ellipse(1.14, 0.355, 0.055, 0.05, tint.dark)
    eye(pen, 0.98, 0.17, 0.023, tint)


def _cow_head(pen: Pen, tint: Tint, patch: RGB, x: float, y: float) -> None:
    for side in (-1, 1):
        pen.line(
            [(x + side * 0.1, y - 0.12), (x + side * 0.17, y - 0.16), (x + side * 0.16, y - 0.23)],
            HORN,
            0.05,
            curved=True,
        )
        pen.ellipse(x + side * 0.2, y - 0.05, 0.09, 0.05, tint.dark, side * 20)
    pen.blob(
        [
            (x - 0.13, y - 0.15),
            (x + 0.13, y - 0.15),
            (x + 0.15, y),
            (x + 0.1, y + 0.2),
            (x - 0.1, y + 0.2),
            (x - 0.15, y),
        ],
        tint.base,
    )
    pen.blob([(x + 0.02, y - 0.17), (x + 0.15, y - 0.14), (x + 0.15, y + 0.03), (x + 0.04, y + 0.02)], patch)
    pen.ellipse(x, y + 0.15, 0.145, 0.1, ROSE)
    for side in (-1, 1):
        pen.ellipse(x + side * 0.055, y + 0.14, 0.018, 0.026, (150, 70, 90))
        pen.circle(x + side * 0.075, y - 0.03, 0.034, WHITE)
        pen.circle(x + side * 0.075, y - 0.03, 0.024, INK)


def cow(pen: Pen, tint: Tint, state: str) -> None:
    patch: RGB = (56, 52, 60) if tint.name == "white" else WHITE
    pen.line([(0.14, 0.32), (0.06, 0.4), (0.06, 0.66)], tint.dark, 0.04, curved=True)
    pen.ellipse(0.06, 0.7, 0.045, 0.08, patch if tint.name == "white" else tint.deep)
    legs(pen, tint.dark, [(0.32, 0.7, 0.32, 1.0), (0.94, 0.7, 0.94, 1.0)], 0.12)
    pen.pie(0.44, 0.72, 0.12, 0.13, 0, 180, ROSE)
    legs(pen, tint.base, [(0.18, 0.7, 0.18, 1.0), (0.8, 0.7, 0.8, 1.0)], 0.13)
    for x in (0.18, 0.8):
        pen.rect(x - 0.065, 0.94, x + 0.065, 1.0, INK, 0.02)
    pen.blob(
        [
            (0.1, 0.32),
            (0.22, 0.22),
            (0.6, 0.25),
            (0.94, 0.22),
            (1.06, 0.36),
            (1.04, 0.66),
            (0.9, 0.78),
            (0.5, 0.77),
            (0.18, 0.78),
            (0.1, 0.6),
        ],
        tint.base,
    )
    pen.blob([(0.2, 0.28), (0.38, 0.26), (0.46, 0.4), (0.34, 0.54), (0.2, 0.46)], patch)
    pen.blob([(0.62, 0.28), (0.84, 0.27), (0.88, 0.4), (0.72, 0.46), (0.62, 0.4)], patch)
    pen.blob([(0.52, 0.6), (0.7, 0.58), (0.74, 0.72), (0.54, 0.74)], patch)
    if state == "grazing":
        pen.blob([(0.9, 0.28), (1.06, 0.32), (1.26, 0.62), (1.2, 0.8), (1.0, 0.7), (0.92, 0.56)], tint.base)
        _cow_head(pen, tint, patch, 1.16, 0.75)
    else:
        pen.blob([(0.9, 0.26), (1.08, 0.2), (1.26, 0.26), (1.22, 0.46), (1.06, 0.6), (0.94, 0.52)], tint.base)
        _cow_head(pen, tint, patch, 1.16, 0.26)


def sheep(pen: Pen, tint: Tint, state: str) -> None:
    face = TAN if tint.name == "black" else FACE
    legs(pen, mix(face, INK, 0.35), [(0.36, 0.7, 0.36, 1.0), (0.86, 0.7, 0.86, 1.0)], 0.09)
    legs(pen, face, [(0.24, 0.7, 0.24, 1.0), (0.74, 0.7, 0.74, 1.0)], 0.09)
    for x, y, r in ((0.18, 0.62, 0.17), (0.38, 0.7, 0.17), (0.6, 0.72, 0.17), (0.8, 0.64, 0.18)):
        pen.circle(x, y, r, tint.dark)
    for x, y, r in ((0.18, 0.44, 0.18), (0.34, 0.28, 0.19), (0.58, 0.22, 0.2), (0.8, 0.3, 0.19), (0.88, 0.48, 0.17)):
        pen.circle(x, y, r, tint.base)
    pen.ellipse(0.52, 0.5, 0.42, 0.25, tint.base)
    for x, y in ((0.3, 0.42), (0.54, 0.38), (0.42, 0.58)):
        pen.arc(x, y, 0.07, 0.06, 20, 170, tint.dark, 0.025)
    x, y = (1.02, 0.74) if state == "grazing" else (1.02, 0.36)
    if state == "grazing":
        pen.ellipse(0.92, 0.58, 0.16, 0.16, tint.base)
    pen.ellipse(x - 0.15, y - 0.06, 0.1, 0.05, mix(face, INK, 0.25), -25)
    pen.ellipse(x + 0.04, y + 0.02, 0.14, 0.21, face, -24)
    pen.ellipse(x + 0.16, y - 0.1, 0.07, 0.04, mix(face, INK, 0.25), 15)
    for dx, dy, r in ((-0.1, -0.17, 0.1), (0.03, -0.2, 0.1)):
        pen.circle(x + dx, y + dy, r, tint.base)
    for dx in (-0.02, 0.1):
        pen.circle(x + dx, y - 0.02, 0.03, WHITE)
        pen.circle(x + dx + 0.006, y - 0.02, 0.018, INK)
    pen.ellipse(x + 0.1, y + 0.15, 0.035, 0.02, ROSE)


def pig(pen: Pen, tint: Tint, state: str) -> None:
    snout = mix(tint.base, (255, 120, 150), 0.45) if tint.name != "pink" else (232, 100, 146)
    pen.arc(0.09, 0.42, 0.06, 0.07, -60, 250, tint.dark, 0.04)
    legs(pen, tint.dark, [(0.4, 0.8, 0.4, 1.0), (1.0, 0.8, 1.0, 1.0)], 0.15)
    legs(pen, tint.base, [(0.26, 0.8, 0.26, 1.0), (0.86, 0.8, 0.86, 1.0)], 0.16)
    pen.ellipse(0.6, 0.5, 0.49, 0.4, tint.base)
    pen.pie(0.58, 0.6, 0.38, 0.28, 10, 170, tint.light)
    for side, x in ((-1, 0.9), (1, 1.22)):
        pen.polygon([(x + side * 0.02, 0.03), (x - 0.11, 0.26), (x + 0.12, 0.24)], tint.dark)
    pen.ellipse(1.07, 0.42, 0.29, 0.3, tint.base)
    pen.ellipse(1.25, 0.48, 0.18, 0.14, snout)
    for x in (1.2, 1.31):
        pen.ellipse(x, 0.48, 0.026, 0.045, mix(snout, INK, 0.6))
    for x in (1.03, 1.24):
        eye(pen, x, 0.3, 0.034, tint)
    pen.arc(1.16, 0.6, 0.1, 0.06, 20, 150, mix(snout, INK, 0.5), 0.022)


def rabbit(pen: Pen, tint: Tint, state: str) -> None:
    inner = ROSE
    if state == "jumping":
        legs(pen, tint.dark, [(0.26, 0.7, 0.08, 0.98), (0.62, 0.58, 0.84, 0.72)], 0.09)
        pen.circle(0.1, 0.62, 0.09, WHITE if tint.name != "white" else tint.dark)
        pen.blob(
            [(0.12, 0.72), (0.18, 0.5), (0.42, 0.36), (0.64, 0.36), (0.68, 0.54), (0.48, 0.7), (0.24, 0.8)], tint.base
        )
        legs(pen, tint.base, [(0.3, 0.72, 0.2, 1.0), (0.58, 0.58, 0.78, 0.8)], 0.1)
        pen.ellipse(0.4, 0.2, 0.06, 0.18, tint.dark, -58)
        pen.ellipse(0.5, 0.19, 0.07, 0.21, tint.base, -36)
        pen.ellipse(0.5, 0.19, 0.035, 0.15, inner, -36)
        pen.ellipse(0.68, 0.35, 0.18, 0.15, tint.base)
        pen.ellipse(0.78, 0.4, 0.08, 0.065, tint.light)
        pen.circle(0.85, 0.37, 0.028, ROSE)
        eye(pen, 0.71, 0.31, 0.03, tint)
        return
    pen.circle(0.1, 0.8, 0.1, WHITE if tint.name != "white" else tint.dark)
    pen.ellipse(0.52, 0.2, 0.07, 0.2, tint.dark, -8)
    pen.ellipse(0.68, 0.19, 0.075, 0.2, tint.base, 10)
    pen.ellipse(0.68, 0.19, 0.036, 0.15, inner, 10)
    pen.blob([(0.1, 0.86), (0.16, 0.64), (0.4, 0.54), (0.66, 0.6), (0.74, 0.82), (0.66, 0.98), (0.22, 0.99)], tint.base)
    legs(pen, tint.dark, [(0.66, 0.74, 0.7, 1.0)], 0.1)
    pen.ellipse(0.3, 0.82, 0.18, 0.16, tint.dark)
    pen.rect(0.24, 0.91, 0.56, 1.0, tint.base, 0.05)
    pen.ellipse(0.64, 0.48, 0.21, 0.18, tint.base)
    pen.ellipse(0.74, 0.54, 0.1, 0.08, tint.light)
    pen.circle(0.84, 0.5, 0.032, ROSE)
    pen.rect(0.75, 0.57, 0.8, 0.65, WHITE, 0.01)
    eye(pen, 0.68, 0.43, 0.034, tint)


DRAWINGS: dict[str, Drawing] = {
    "dog": dog,
    "cat": cat,
    "horse": horse,
    "cow": cow,
    "sheep": sheep,
    "pig": pig,
    "rabbit": rabbit,
}
