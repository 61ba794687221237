"""How furniture is drawn; knows only the pen and the colours, not what will stand on it.

The upper surfaces follow the catalogue: what is put on a seat or table top stands in the middle of a narrow top face.
"""

from core.world.colours import INK, RGB, WHITE, Tint, mix
from core.world.pen import Drawing, Pen

WOOD: RGB = (150, 104, 66)
WOOD_DARK: RGB = (112, 74, 48)
IRON: RGB = (66, 66, 78)
GLOW: RGB = (255, 226, 120)
SPINES: tuple[RGB, ...] = (
    (206, 70, 66), (240, 190, 80), (70, 130, 180), (236, 232, 220), (110, 160, 96), (134, 92, 160), (226, 128, 70),
)  # fmt: skip


def chair(pen: Pen, tint: Tint, state: str) -> None:
    for x in (0.1, 0.48):
        pen.rect(x, 0.55, x + 0.05, 0.94, tint.deep)
    pen.rect(0.05, 0.0, 0.57, 0.36, tint.dark, 0.08)
    pen.rect(0.11, 0.34, 0.18, 0.5, tint.dark)
    pen.rect(0.44, 0.34, 0.51, 0.5, tint.dark)
    pen.rect(0.09, 0.03, 0.53, 0.32, tint.base, 0.05)
    pen.rect(0.16, 0.08, 0.2, 0.27, tint.light, 0.02)
    pen.polygon([(0.1, 0.48), (0.52, 0.48), (0.61, 0.58), (0.01, 0.58)], tint.base)
    pen.rect(0.01, 0.57, 0.61, 0.66, tint.dark, 0.03)
    pen.rect(0.03, 0.62, 0.1, 1.0, tint.base, 0.02)
    pen.rect(0.52, 0.62, 0.59, 1.0, tint.base, 0.02)


def sofa(pen: Pen, tint: Tint, state: str) -> None:
    for x in (0.16, 1.74):
        pen.rect(x, 0.88, x + 0.1, 1.0, WOOD_DARK)
    pen.rect(0.14, 0.0, 1.86, 0.8, tint.dark, 0.16)
    for x in (0.24, 1.01):
        pen.rect(x, 0.06, x + 0.75, 0.62, tint.base, 0.12)
    pen.line([(0.4, 0.13), (0.78, 0.13)], tint.light, 0.04)
    pen.rect(0.2, 0.52, 1.8, 0.92, tint.dark, 0.06)
    for x in (0.24, 1.005):
        pen.rect(x, 0.52, x + 0.755, 0.76, tint.base, 0.07)
        pen.rect(x, 0.64, x + 0.755, 0.76, mix(tint.base, tint.dark, 0.5), 0.07)
    for x in (0.0, 1.7):
        pen.rect(x, 0.34, x + 0.3, 0.92, tint.base, 0.13)
        pen.rect(x + 0.06, 0.39, x + 0.24, 0.5, tint.light, 0.055)


def table(pen: Pen, tint: Tint, state: str) -> None:
    for x in (0.24, 1.47):
        pen.rect(x, 0.15, x + 0.09, 0.9, tint.deep)
    for x in (0.07, 1.6):
        pen.polygon([(x, 0.15), (x + 0.13, 0.15), (x + 0.115, 1.0), (x + 0.015, 1.0)], tint.dark)
    pen.rect(0.1, 0.2, 1.7, 0.3, tint.dark)
    pen.polygon([(0.1, 0.0), (1.7, 0.0), (1.8, 0.14), (0.0, 0.14)], tint.base)
    pen.polygon([(0.16, 0.02), (0.5, 0.02), (0.36, 0.11), (0.08, 0.11)], mix(tint.base, tint.light, 0.45))
    pen.rect(0.0, 0.13, 1.8, 0.22, mix(tint.base, tint.dark, 0.55), 0.03)


def bed(pen: Pen, tint: Tint, state: str) -> None:
    linen: RGB = WHITE if tint.name != "white" else (150, 190, 220)
    for x in (0.03, 1.98):
        pen.rect(x, 0.7, x + 0.1, 1.0, WOOD_DARK)
    pen.rect(0.0, 0.0, 0.16, 0.92, WOOD, 0.06)
    pen.rect(0.04, 0.06, 0.12, 0.5, mix(WOOD, WHITE, 0.25), 0.03)
    pen.rect(0.08, 0.76, 2.05, 0.92, WOOD_DARK)
    pen.rect(0.14, 0.5, 2.0, 0.8, (226, 226, 232), 0.04)
    pen.blob([(0.17, 0.5), (0.2, 0.31), (0.4, 0.29), (0.56, 0.34), (0.58, 0.5), (0.38, 0.55)], linen)
    pen.blob([(0.2, 0.5), (0.4, 0.47), (0.56, 0.42), (0.58, 0.5), (0.38, 0.55)], mix(linen, (90, 90, 120), 0.18))
    pen.rect(0.46, 0.43, 2.02, 0.86, tint.base, 0.07)
    pen.blob([(0.56, 0.64), (0.9, 0.67), (1.4, 0.62), (2.0, 0.64), (2.0, 0.84), (1.3, 0.855), (0.56, 0.85)], tint.dark)
    pen.rect(0.46, 0.43, 0.62, 0.86, tint.light, 0.06)
    pen.rect(1.95, 0.3, 2.1, 0.92, WOOD, 0.06)


def bench(pen: Pen, tint: Tint, state: str) -> None:
    for x in (0.22, 1.6):
        pen.rect(x, 0.04, x + 0.08, 0.95, IRON)
    for y, shade in ((0.0, tint.base), (0.15, tint.base), (0.3, tint.base)):
        pen.rect(0.02, y, 1.88, y + 0.12, shade, 0.03)
        pen.rect(0.02, y + 0.08, 1.88, y + 0.12, tint.dark, 0.02)
    for x in (0.1, 1.68):
        pen.rect(x, 0.6, x + 0.12, 1.0, IRON, 0.02)
    pen.polygon([(0.1, 0.5), (1.8, 0.5), (1.9, 0.64), (0.0, 0.64)], tint.base)
    pen.polygon([(0.06, 0.56), (1.84, 0.56), (1.85, 0.58), (0.05, 0.58)], tint.dark)
    pen.rect(0.0, 0.63, 1.9, 0.75, tint.dark, 0.03)
    for x in (0.06, 1.78):
        pen.rect(x, 0.36, x + 0.06, 0.66, IRON, 0.02)
        pen.rect(x - 0.04, 0.34, x + 0.1, 0.41, IRON, 0.03)


def lamp(pen: Pen, tint: Tint, state: str) -> None:
    lit = state == "lit"
    if lit:
        pen.polygon([(0.05, 0.34), (0.45, 0.34), (0.48, 0.95), (0.02, 0.95)], (255, 226, 110, 125))
    pen.rect(0.235, 0.3, 0.265, 0.94, tint.deep)
    pen.blob([(0.25, 0.9), (0.38, 0.93), (0.44, 0.99), (0.06, 0.99), (0.12, 0.93)], tint.dark)
    if lit:
        pen.circle(0.25, 0.36, 0.07, (255, 247, 205))
    pen.polygon([(0.13, 0.01), (0.37, 0.01), (0.5, 0.35), (0.0, 0.35)], tint.base)
    pen.polygon([(0.31, 0.01), (0.37, 0.01), (0.5, 0.35), (0.38, 0.35)], tint.dark)
    if lit:
        pen.polygon([(0.06, 0.22), (0.44, 0.22), (0.49, 0.34), (0.01, 0.34)], (255, 238, 150, 120))
        pen.rect(0.01, 0.32, 0.49, 0.36, GLOW)
    else:
        pen.rect(0.01, 0.31, 0.49, 0.36, tint.dark)
        pen.line([(0.37, 0.37), (0.37, 0.48)], tint.deep, 0.015)
        pen.circle(0.37, 0.49, 0.018, tint.deep)


def bookcase(pen: Pen, tint: Tint, state: str) -> None:
    pen.rect(0.03, 0.02, 0.77, 1.0, tint.base)
    pen.rect(0.0, 0.0, 0.8, 0.06, tint.dark, 0.015)
    pen.rect(0.0, 0.95, 0.8, 1.0, tint.dark)
    heights = (0.15, 0.17, 0.13, 0.16, 0.14)
    for row, floor in enumerate((0.29, 0.52, 0.75)):
        pen.rect(0.1, floor - 0.19, 0.7, floor, tint.deep)
        x = 0.12 + 0.1 * (row == 1)
        for i in range(5):
            n = row * 2 + i
            width = 0.08 + 0.025 * (n % 2)
            pen.rect(x, floor - heights[n % 5], x + width, floor, SPINES[n % 7])
            x += width + 0.005
    pen.rect(0.1, 0.8, 0.39, 0.92, tint.dark)
    pen.rect(0.41, 0.8, 0.7, 0.92, tint.dark)
    pen.circle(0.35, 0.86, 0.02, tint.light)
    pen.circle(0.45, 0.86, 0.02, tint.light)


def television(pen: Pen, tint: Tint, state: str) -> None:
    pen.line([(0.7, 0.2), (0.42, 0.03)], IRON, 0.03)
    pen.line([(0.7, 0.2), (1.0, 0.03)], IRON, 0.03)
    pen.circle(0.42, 0.03, 0.03, IRON)
    pen.circle(1.0, 0.03, 0.03, IRON)
    pen.polygon([(0.16, 0.88), (0.28, 0.88), (0.2, 1.0), (0.12, 1.0)], WOOD_DARK)
    pen.polygon([(1.12, 0.88), (1.24, 0.88), (1.28, 1.0), (1.2, 1.0)], WOOD_DARK)
    pen.rect(0.0, 0.17, 1.4, 0.93, tint.dark, 0.11)
    pen.rect(0.0, 0.17, 1.4, 0.89, tint.base, 0.11)
    pen.rect(0.09, 0.25, 1.09, 0.81, INK, 0.09)
    pen.rect(0.12, 0.28, 1.06, 0.78, (126, 206, 240), 0.07)
    pen.circle(0.84, 0.41, 0.075, (255, 224, 110))
    pen.polygon([(0.12, 0.66), (0.36, 0.4), (0.58, 0.62), (0.7, 0.52), (0.94, 0.72), (0.3, 0.74)], (92, 126, 178))
    pen.rect(0.12, 0.64, 1.06, 0.78, (112, 190, 104), 0.06)
    for y in (0.36, 0.53):
        pen.circle(1.245, y, 0.065, tint.deep)
        pen.rect(1.235, y - 0.055, 1.255, y, tint.light)
    for y in (0.67, 0.72, 0.77):
        pen.rect(1.17, y, 1.32, y + 0.025, tint.deep)


DRAWINGS: dict[str, Drawing] = {
    "chair": chair,
    "sofa": sofa,
    "table": table,
    "bed": bed,
    "bench": bench,
    "lamp": lamp,
    "bookcase": bookcase,
    "television": television,
}
