"""How household things, luggage and instruments are drawn; knows only the pen and the colours."""

from core.world.colours import INK, RGB, WHITE, Tint, mix
from core.world.pen import Drawing, Pen

CREAM: RGB = (252, 242, 220)
METAL: RGB = (150, 156, 168)
METAL_LIGHT: RGB = (208, 214, 222)
WOOD: RGB = (176, 124, 78)
WOOD_DARK: RGB = (112, 74, 48)
TEAL: RGB = (64, 150, 160)
FLAME: RGB = (255, 160, 40)


def clock(pen: Pen, tint: Tint, state: str) -> None:
    ringing = state == "ringing"
    s, dx, dy = (0.84, 0.077, 0.14) if ringing else (1.0, 0.0, 0.0)  # room for the noise

    def at(x: float, y: float) -> tuple[float, float]:
        return dx + x * s, dy + y * s

    pen.line([at(0.22, 0.9), at(0.14, 0.97)], tint.deep, 0.08 * s)
    pen.line([at(0.73, 0.9), at(0.81, 0.97)], tint.deep, 0.08 * s)
    pen.rect(*at(0.45, 0.03), *at(0.5, 0.2), tint.deep)
    for x, angle in ((0.22, -38), (0.73, 38)):
        pen.ellipse(*at(x, 0.15), 0.17 * s, 0.11 * s, tint.dark, angle)
    pen.circle(*at(0.475, 0.565), 0.42 * s, tint.base)
    pen.circle(*at(0.475, 0.565), 0.3 * s, CREAM if tint.name != "white" else (190, 214, 232))
    for x, y in ((0.475, 0.31), (0.475, 0.82), (0.22, 0.565), (0.73, 0.565)):
        pen.circle(*at(x, y), 0.025 * s, INK)
    pen.line([at(0.475, 0.565), at(0.475, 0.38)], INK, 0.05 * s)
    pen.line([at(0.475, 0.565), at(0.61, 0.64)], INK, 0.05 * s)
    if ringing:
        for x, y, start in ((0.26, 0.26, 195), (0.69, 0.26, 285)):
            pen.arc(x, y, 0.21, 0.21, start, start + 60, FLAME, 0.045)
        pen.line([(0.475, 0.1), (0.475, 0.025)], FLAME, 0.045)
        for x in (0.025, 0.925):
            pen.line([(x, 0.5), (x, 0.7)], FLAME, 0.045)


def vase(pen: Pen, tint: Tint, state: str) -> None:
    pen.blob(
        [(0.16, 0.06), (0.2, 0.2), (0.05, 0.4), (0.02, 0.58), (0.12, 0.82), (0.17, 0.99), (0.43, 0.99), (0.48, 0.82),
         (0.58, 0.58), (0.55, 0.4), (0.4, 0.2), (0.44, 0.06)], tint.base,
    )  # fmt: skip
    pen.blob(
        [(0.4, 0.22), (0.55, 0.4), (0.58, 0.58), (0.48, 0.82), (0.43, 0.98), (0.34, 0.98), (0.42, 0.75), (0.46, 0.5)],
        tint.dark,
    )
    pen.ellipse(0.3, 0.055, 0.18, 0.05, tint.light)
    pen.ellipse(0.3, 0.06, 0.13, 0.03, tint.deep)
    band = WHITE if tint.name != "white" else TEAL
    pen.line([(0.06 + 0.08 * i, 0.5 + 0.09 * (i % 2)) for i in range(7)], band, 0.035)
    pen.line([(0.055, 0.43), (0.545, 0.43)], band, 0.025)
    pen.line([(0.07, 0.67), (0.53, 0.67)], band, 0.025)


def candle(pen: Pen, tint: Tint, state: str) -> None:
    burning = state == "burning"
    top = 0.34 if burning else 0.13
    pen.ellipse(0.25, 0.95, 0.25, 0.05, METAL)
    pen.ellipse(0.25, 0.92, 0.25, 0.05, METAL_LIGHT)
    pen.rect(0.09, top, 0.41, 0.93, tint.base, 0.03)
    pen.rect(0.31, top, 0.41, 0.93, tint.dark, 0.03)
    pen.ellipse(0.25, top, 0.16, 0.035, tint.light)
    pen.rect(0.09, top, 0.16, top + 0.2, tint.light, 0.035)
    pen.rect(0.2, top, 0.25, top + 0.12, tint.light, 0.025)
    pen.rect(0.235, top - 0.11, 0.265, top + 0.01, INK)
    if burning:
        pen.circle(0.25, 0.17, 0.17, (255, 220, 110, 90))
        pen.blob([(0.25, 0.01), (0.32, 0.13), (0.34, 0.22), (0.25, 0.3), (0.16, 0.22), (0.18, 0.13)], FLAME)
        pen.blob([(0.25, 0.11), (0.29, 0.19), (0.25, 0.27), (0.21, 0.19)], (255, 240, 150))
    else:
        pen.circle(0.25, 0.03, 0.025, INK)


def book(pen: Pen, tint: Tint, state: str) -> None:
    page, line = (250, 246, 234), (176, 172, 168)
    if state == "open":
        pen.polygon([(0.0, 0.1), (0.675, 0.2), (1.35, 0.1), (1.35, 0.92), (0.675, 1.0), (0.0, 0.92)], tint.base)
        pen.polygon([(0.6, 0.19), (0.675, 0.2), (0.75, 0.19), (0.75, 0.99), (0.675, 1.0), (0.6, 0.99)], tint.dark)
        for side in (-1, 1):
            x = [0.675 + side * d for d in (0.0, 0.25, 0.53)]
            pen.polygon([(x[0], 0.14), (x[2] + side * 0.03, 0.06), (x[2] + side * 0.03, 0.81), (x[0], 0.91)], tint.dark)
            pen.polygon([(x[0], 0.14), (x[1], 0.02), (x[2], 0.03), (x[2], 0.76), (x[1], 0.75), (x[0], 0.86)], page)
            pen.polygon(
                [(x[0], 0.14), (0.675 + side * 0.09, 0.08), (0.675 + side * 0.09, 0.82), (x[0], 0.86)], (222, 216, 204)
            )
            for y in (0.18, 0.33, 0.48, 0.62):
                pen.line([(0.675 + side * 0.19, y), (0.675 + side * 0.45, y - 0.02)], line, 0.035)
        return
    pen.polygon([(0.05, 0.72), (1.1, 0.72), (1.33, 0.16), (1.35, 0.28), (1.12, 1.0), (0.05, 1.0)], tint.dark)
    pen.polygon([(0.1, 0.74), (1.08, 0.74), (1.31, 0.2), (1.33, 0.28), (1.1, 0.91), (0.1, 0.91)], page)
    pen.line([(0.16, 0.83), (1.08, 0.83), (1.3, 0.28)], line, 0.02)
    pen.polygon([(0.27, 0.0), (1.35, 0.0), (1.1, 0.74), (0.02, 0.74)], tint.base)
    pen.polygon([(0.27, 0.0), (0.4, 0.0), (0.15, 0.74), (0.02, 0.74)], tint.dark)
    pen.line([(0.04, 0.75), (0.04, 0.96)], tint.dark, 0.08)
    mark = CREAM if tint.name != "white" else TEAL
    pen.polygon([(0.6, 0.16), (1.12, 0.16), (1.07, 0.3), (0.55, 0.3)], mark)
    pen.polygon([(0.6, 0.42), (0.95, 0.42), (0.93, 0.49), (0.58, 0.49)], mark)


def laptop(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.15, 0.0, 1.3, 0.76, tint.base, 0.06)
    pen.rect(0.22, 0.07, 1.23, 0.68, (40, 60, 92))
    pen.rect(0.3, 0.15, 0.78, 0.5, (96, 196, 226), 0.03)
    pen.rect(0.84, 0.15, 1.15, 0.29, (250, 200, 90), 0.03)
    pen.rect(0.84, 0.35, 1.15, 0.5, (236, 110, 110), 0.03)
    pen.rect(0.3, 0.57, 0.9, 0.61, (220, 230, 240))
    pen.polygon(
        [(0.15, 0.74), (1.3, 0.74), (1.45, 0.93), (0.0, 0.93)], tint.light if tint.name != "white" else tint.base
    )
    pen.polygon([(0.25, 0.77), (1.2, 0.77), (1.26, 0.85), (0.19, 0.85)], tint.deep)
    pen.polygon([(0.56, 0.87), (0.89, 0.87), (0.92, 0.92), (0.53, 0.92)], tint.dark)
    pen.rect(0.0, 0.92, 1.45, 1.0, tint.dark, 0.04)


def camera(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.14, 0.06, 0.36, 0.3, METAL, 0.04)
    pen.polygon([(0.44, 0.22), (0.52, 0.0), (0.88, 0.0), (0.96, 0.22)], tint.dark)
    pen.rect(0.0, 0.18, 1.35, 1.0, tint.base, 0.12)
    pen.rect(0.0, 0.78, 1.35, 1.0, tint.dark, 0.12)
    pen.rect(0.0, 0.74, 1.35, 0.87, tint.base)
    pen.rect(0.58, 0.05, 0.82, 0.14, (255, 240, 190), 0.02)
    pen.rect(1.08, 0.28, 1.26, 0.4, METAL_LIGHT, 0.03)
    pen.rect(0.08, 0.26, 0.16, 0.74, tint.light, 0.04)
    pen.circle(0.68, 0.6, 0.35, METAL_LIGHT)
    pen.circle(0.68, 0.6, 0.3, INK)
    pen.circle(0.68, 0.6, 0.2, (62, 96, 150))
    pen.circle(0.68, 0.6, 0.1, (30, 40, 70))
    pen.ellipse(0.59, 0.5, 0.06, 0.045, (214, 232, 250), -40)


def umbrella(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.485, 0.0, 0.515, 0.92, WOOD_DARK, 0.015)
    pen.arc(0.575, 0.9, 0.075, 0.08, 0, 180, WOOD_DARK, 0.035)
    # Scalloped lower edge: the canopy's half disc, its panels, then the hollows between the ribs.
    pen.pie(0.5, 0.47, 0.495, 0.43, 180, 360, tint.base)
    for x0, x1, shade in ((0.005, 0.17, tint.base), (0.17, 0.39, tint.dark), (0.39, 0.61, tint.base),
        (0.61, 0.83, tint.dark), (0.83, 0.995, tint.base)):  # fmt: skip
        middle, half = (x0 + x1) / 2, (x1 - x0) / 2
        bulge_0, bulge_1 = 0.5 + (x0 - 0.5) * 1.02, 0.5 + (x1 - 0.5) * 1.02
        if shade == tint.dark:
            upper = [
                (0.5, 0.04),
                (0.5 + (x1 - 0.5) * 0.7, 0.16),
                (bulge_1, 0.46),
                (bulge_0, 0.46),
                (0.5 + (x0 - 0.5) * 0.7, 0.16),
            ]
            pen.polygon(upper, shade)
        pen.pie(middle, 0.46, half, 0.05, 0, 180, shade)
    pen.line([(0.16, 0.28), (0.22, 0.2)], tint.light, 0.03)


def suitcase(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.26, 0.0, 0.59, 0.26, METAL, 0.05)
    pen.rect(0.31, 0.05, 0.54, 0.3, (232, 232, 236))
    for x in (0.14, 0.71):
        pen.rect(x - 0.07, 0.9, x + 0.07, 1.0, INK, 0.05)
    pen.rect(0.0, 0.2, 0.85, 0.95, tint.base, 0.1)
    pen.rect(0.0, 0.8, 0.85, 0.95, tint.dark, 0.1)
    pen.rect(0.0, 0.76, 0.85, 0.87, tint.base)
    for x in (0.14, 0.33, 0.52, 0.71):
        pen.rect(x - 0.022, 0.27, x + 0.022, 0.88, tint.dark, 0.02)
    pen.rect(0.3, 0.16, 0.55, 0.23, tint.deep, 0.03)
    pen.rect(0.07, 0.28, 0.1, 0.62, tint.light, 0.015)
    pen.rect(0.55, 0.38, 0.79, 0.55, CREAM if tint.name != "white" else TEAL, 0.03)


def backpack(pen: Pen, tint: Tint, state: str) -> None:
    pen.arc(0.4, 0.12, 0.11, 0.09, 180, 360, tint.deep, 0.05)
    for x in (0.06, 0.74):
        pen.rect(x - 0.06, 0.36, x + 0.06, 0.9, tint.deep, 0.06)
    pen.blob([(0.4, 0.08), (0.6, 0.12), (0.7, 0.3), (0.73, 0.6), (0.72, 0.94), (0.4, 1.0), (0.08, 0.94),
        (0.07, 0.6), (0.1, 0.3), (0.2, 0.12)], tint.base)  # fmt: skip
    pen.arc(0.4, 0.46, 0.25, 0.24, 190, 350, tint.dark, 0.03)
    pen.rect(0.15, 0.56, 0.65, 0.92, tint.dark, 0.07)
    pen.rect(0.15, 0.52, 0.65, 0.7, tint.light, 0.07)
    pen.line([(0.22, 0.64), (0.58, 0.64)], tint.deep, 0.025)
    pen.rect(0.36, 0.63, 0.44, 0.78, (250, 210, 90) if tint.name != "yellow" else METAL, 0.02)
    pen.line([(0.2, 0.24), (0.16, 0.4)], tint.light, 0.04)


def hat(pen: Pen, tint: Tint, state: str) -> None:
    pen.ellipse(0.8, 0.83, 0.8, 0.17, tint.dark)
    pen.ellipse(0.8, 0.79, 0.8, 0.16, tint.base)
    pen.blob([(0.34, 0.8), (0.38, 0.36), (0.5, 0.05), (0.68, 0.02), (0.8, 0.08), (0.92, 0.02), (1.1, 0.05),
        (1.22, 0.36), (1.26, 0.8), (0.8, 0.88)], tint.base)  # fmt: skip
    pen.blob([(1.1, 0.06), (1.22, 0.36), (1.25, 0.76), (1.08, 0.79), (1.1, 0.5)], tint.dark)
    ribbon = (52, 46, 60) if tint.name != "black" else (206, 206, 212)
    pen.polygon([(0.36, 0.54), (0.8, 0.61), (1.24, 0.54), (1.26, 0.74), (0.8, 0.82), (0.34, 0.74)], ribbon)
    pen.line([(0.52, 0.18), (0.47, 0.42)], tint.light, 0.06)


def gift(pen: Pen, tint: Tint, state: str) -> None:
    ribbon, fold = (WHITE, (206, 206, 218)) if tint.name != "white" else (TEAL, mix(TEAL, INK, 0.3))
    pen.rect(0.06, 0.4, 0.94, 1.0, tint.base, 0.03)
    pen.rect(0.06, 0.4, 0.94, 0.54, tint.dark)
    pen.rect(0.41, 0.4, 0.59, 1.0, ribbon)
    pen.rect(0.0, 0.27, 1.0, 0.48, tint.base, 0.04)
    pen.rect(0.41, 0.27, 0.59, 0.48, fold)
    for side in (-1, 1):
        pen.blob([(0.5, 0.26), (0.5 + side * 0.12, 0.06), (0.5 + side * 0.3, 0.01), (0.5 + side * 0.36, 0.14),
            (0.5 + side * 0.22, 0.25)], ribbon)  # fmt: skip
        pen.blob(
            [(0.5 + side * 0.06, 0.24), (0.5 + side * 0.17, 0.11), (0.5 + side * 0.27, 0.1), (0.5 + side * 0.2, 0.2)],
            fold,
        )
    pen.circle(0.5, 0.23, 0.08, ribbon)


def guitar(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.185, 0.1, 0.235, 0.6, WOOD_DARK)
    pen.polygon([(0.15, 0.0), (0.27, 0.0), (0.25, 0.14), (0.17, 0.14)], tint.dark)
    for y in (0.03, 0.08):
        pen.circle(0.135, y, 0.018, METAL)
        pen.circle(0.285, y, 0.018, METAL)
    pen.blob(
        [(0.21, 0.44), (0.33, 0.45), (0.37, 0.54), (0.33, 0.64), (0.4, 0.74), (0.42, 0.86), (0.34, 0.97), (0.21, 1.0),
         (0.08, 0.97), (0.0, 0.86), (0.02, 0.74), (0.09, 0.64), (0.05, 0.54), (0.09, 0.45)], tint.base,
    )  # fmt: skip
    pen.blob([(0.36, 0.5), (0.37, 0.56), (0.33, 0.64), (0.4, 0.74), (0.42, 0.86), (0.34, 0.97), (0.24, 1.0),
        (0.35, 0.86), (0.28, 0.64)], tint.dark)  # fmt: skip
    pen.rect(0.187, 0.42, 0.233, 0.66, WOOD_DARK)
    pen.circle(0.21, 0.68, 0.075, (250, 226, 170))
    pen.circle(0.21, 0.68, 0.058, INK)
    pen.rect(0.12, 0.83, 0.3, 0.87, WOOD_DARK, 0.01)
    for x in (0.196, 0.21, 0.224):
        pen.rect(x - 0.0025, 0.08, x + 0.0025, 0.84, METAL_LIGHT)


def drum(pen: Pen, tint: Tint, state: str) -> None:
    rim = (240, 190, 70) if tint.name not in ("yellow", "orange") else METAL_LIGHT
    pen.rect(0.04, 0.36, 1.06, 0.86, tint.base)
    pen.ellipse(0.55, 0.86, 0.51, 0.13, tint.base)
    pen.polygon([(0.84, 0.36), (1.06, 0.36), (1.06, 0.86), (0.84, 0.96)], tint.dark)
    pen.line([(0.06, 0.5), (0.22, 0.86), (0.38, 0.53), (0.55, 0.9), (0.72, 0.53), (0.88, 0.86),
        (1.04, 0.5)], WHITE if tint.name != "white" else METAL, 0.035)  # fmt: skip
    pen.arc(0.55, 0.85, 0.51, 0.12, 0, 180, rim, 0.06)
    pen.ellipse(0.55, 0.37, 0.55, 0.16, rim)
    pen.ellipse(0.55, 0.34, 0.55, 0.15, mix(rim, WHITE, 0.25))
    pen.ellipse(0.55, 0.34, 0.47, 0.11, CREAM)
    for x0, x1 in ((0.2, 0.6), (0.9, 0.5)):
        pen.line([(x0, 0.05), (x1, 0.33)], WOOD, 0.04)
        pen.circle(x1, 0.33, 0.045, WOOD_DARK)
        pen.circle(x0, 0.05, 0.03, WOOD)


DRAWINGS: dict[str, Drawing] = {
    "clock": clock,
    "vase": vase,
    "candle": candle,
    "book": book,
    "laptop": laptop,
    "camera": camera,
    "umbrella": umbrella,
    "suitcase": suitcase,
    "backpack": backpack,
    "hat": hat,
    "gift": gift,
    "guitar": guitar,
    "drum": drum,
}
