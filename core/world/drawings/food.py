"""How food and what it is served in are drawn; knows only the pen and the colours, not where things stand."""

from core.world.colours import RGB, WHITE, Tint, mix
from core.world.pen import Drawing, Pen, smooth

LEAF: RGB = (86, 160, 72)
LEAF_DARK: RGB = (52, 118, 58)
STEM: RGB = (104, 72, 44)
CREAM: RGB = (252, 240, 214)
CRUST: RGB = (206, 146, 78)
DOUGH: RGB = (232, 184, 118)
TOMATO: RGB = (206, 56, 48)
CHEESE: RGB = (250, 200, 70)
PATTY: RGB = (70, 42, 32)
STEAM: RGB = (206, 214, 226)


def _steam(pen: Pen, x: float, y0: float, y1: float, sway: float, width: float) -> None:
    """One curl of steam rising from `y1` up to `y0`."""
    h = (y1 - y0) / 3
    pen.line([(x, y1), (x + sway, y1 - h), (x - sway, y0 + h), (x + sway / 2, y0)], STEAM, width, curved=True)


def apple(pen: Pen, tint: Tint, state: str) -> None:
    outline = [
        (0.475, 0.3), (0.63, 0.22), (0.84, 0.29), (0.93, 0.52), (0.86, 0.8), (0.68, 0.98), (0.475, 0.95),
        (0.27, 0.98), (0.09, 0.8), (0.02, 0.52), (0.11, 0.29), (0.32, 0.22),
    ]  # fmt: skip
    pen.blob(outline, tint.base)
    pen.blob(
        [(0.84, 0.29), (0.93, 0.52), (0.86, 0.8), (0.68, 0.98), (0.56, 0.95), (0.74, 0.76), (0.83, 0.52)], tint.dark
    )
    pen.ellipse(0.475, 0.3, 0.13, 0.05, tint.deep)
    pen.ellipse(0.22, 0.45, 0.07, 0.13, tint.light, 20)
    pen.line([(0.475, 0.31), (0.46, 0.17), (0.41, 0.05)], STEM, 0.06, curved=True)
    pen.blob(
        [(0.48, 0.2), (0.54, 0.06), (0.76, 0.01), (0.7, 0.15), (0.58, 0.21)],
        LEAF_DARK if tint.name == "green" else LEAF,
    )


def banana(pen: Pen, tint: Tint, state: str) -> None:
    pen.blob(
        [(1.32, 0.1), (1.44, 0.12), (1.47, 0.4), (1.28, 0.74), (0.94, 0.95), (0.52, 0.98), (0.16, 0.84), (0.03, 0.62),
         (0.12, 0.56), (0.44, 0.62), (0.8, 0.58), (1.12, 0.4)], tint.base,
    )  # fmt: skip
    pen.blob(
        [(1.44, 0.2), (1.47, 0.4), (1.28, 0.74), (0.94, 0.95), (0.52, 0.98), (0.16, 0.84), (0.05, 0.66), (0.24, 0.76),
         (0.56, 0.84), (0.92, 0.8), (1.22, 0.58)], tint.dark,
    )  # fmt: skip
    pen.line([(0.4, 0.68), (0.78, 0.65), (1.08, 0.5)], tint.light, 0.05, curved=True)
    pen.line([(1.39, 0.16), (1.4, 0.05)], STEM, 0.1)
    pen.ellipse(0.07, 0.62, 0.06, 0.07, STEM)


def pear(pen: Pen, tint: Tint, state: str) -> None:
    pen.blob(
        [(0.375, 0.17), (0.49, 0.22), (0.53, 0.4), (0.64, 0.56), (0.73, 0.75), (0.64, 0.94), (0.375, 1.0), (0.11, 0.94),
         (0.02, 0.75), (0.11, 0.56), (0.22, 0.4), (0.26, 0.22)], tint.base,
    )  # fmt: skip
    pen.blob(
        [(0.53, 0.42), (0.64, 0.56), (0.73, 0.75), (0.64, 0.94), (0.42, 0.99), (0.56, 0.86), (0.6, 0.7)], tint.dark
    )
    pen.ellipse(0.19, 0.68, 0.06, 0.12, tint.light, 22)
    pen.line([(0.375, 0.21), (0.38, 0.1), (0.33, 0.03)], STEM, 0.05, curved=True)
    pen.blob(
        [(0.38, 0.14), (0.45, 0.03), (0.64, 0.02), (0.58, 0.13), (0.47, 0.17)],
        LEAF_DARK if tint.name == "green" else LEAF,
    )


def strawberry(pen: Pen, tint: Tint, state: str) -> None:
    pen.blob(
        [(0.425, 0.18), (0.68, 0.17), (0.82, 0.32), (0.8, 0.54), (0.65, 0.8), (0.425, 0.99), (0.2, 0.8), (0.05, 0.54),
         (0.03, 0.32), (0.17, 0.17)], tint.base,
    )  # fmt: skip
    pen.blob([(0.8, 0.3), (0.82, 0.45), (0.65, 0.8), (0.43, 0.98), (0.54, 0.78), (0.68, 0.54)], tint.dark)
    for x, y in ((0.18, 0.45), (0.42, 0.42), (0.66, 0.45), (0.3, 0.62), (0.54, 0.62), (0.42, 0.81)):
        pen.ellipse(x, y, 0.028, 0.045, CREAM)
    leaves = [
        (0.02, 0.24), (0.2, 0.12), (0.36, 0.1), (0.42, 0.0), (0.49, 0.1), (0.65, 0.12), (0.83, 0.24), (0.64, 0.26),
        (0.57, 0.38), (0.46, 0.25), (0.4, 0.25), (0.28, 0.38), (0.2, 0.26),
    ]  # fmt: skip
    pen.polygon(leaves, LEAF)


def watermelon(pen: Pen, tint: Tint, state: str) -> None:
    if state == "sliced":
        pen.pie(1.03, 0.5, 1.01, 0.485, 90, 270, tint.base)
        for reach in (0.86, 0.68):
            pen.arc(1.03, 0.5, reach, 0.44, 115, 245, tint.deep, 0.075)
        pen.ellipse(1.03, 0.5, 0.555, 0.485, tint.dark)
        pen.ellipse(1.03, 0.5, 0.5, 0.43, (222, 238, 184))
        pen.ellipse(1.03, 0.5, 0.44, 0.37, (232, 74, 82))
        for x, y in ((0.78, 0.42), (0.95, 0.28), (1.17, 0.3), (1.3, 0.48), (1.17, 0.66), (0.92, 0.7), (1.03, 0.5)):
            pen.ellipse(x, y, 0.03, 0.048, (48, 28, 32))
        return
    pen.ellipse(0.8, 0.52, 0.79, 0.48, tint.base)
    for x, bend in ((0.32, -0.16), (0.57, -0.09), (0.8, 0.0), (1.03, 0.09), (1.28, 0.16)):
        top = 0.1 + abs(bend) * 0.7
        pen.line(
            [(0.8 + (x - 0.8) * 0.7, top), (x + bend * 0.35, 0.36), (x + bend * 0.5, 0.6),
                (0.8 + (x - 0.8) * 0.78, 1.02 - top)],
            tint.deep, 0.075, curved=True,
        )  # fmt: skip
    pen.ellipse(0.42, 0.28, 0.16, 0.05, tint.light, -24)
    pen.line([(0.8, 0.08), (0.86, 0.03)], LEAF_DARK, 0.06)


def carrot(pen: Pen, tint: Tint, state: str) -> None:
    for tip in ((0.04, 0.2), (0.02, 0.55), (0.1, 0.92), (0.22, 0.06)):
        x, y = tip
        pen.blob([(0.66, 0.5), (0.4, y * 0.8 + 0.02), (x, y), (0.32, y * 0.7 + 0.26)], LEAF if y < 0.6 else LEAF_DARK)
    pen.blob(
        [(0.62, 0.3), (0.78, 0.08), (1.1, 0.1), (1.6, 0.34), (2.06, 0.62), (2.19, 0.76), (2.02, 0.8), (1.5, 0.86),
         (0.94, 0.96), (0.66, 0.84), (0.57, 0.58)], tint.base,
    )  # fmt: skip
    pen.blob(
        [(0.62, 0.74), (1.0, 0.76), (1.6, 0.72), (2.16, 0.74), (2.02, 0.8), (1.5, 0.86), (0.94, 0.96), (0.7, 0.9)],
        tint.dark,
    )
    for x, y, length in ((0.86, 0.16, 0.2), (1.16, 0.22, 0.16), (1.42, 0.34, 0.14)):
        pen.line([(x, y), (x + 0.03, y + length)], tint.deep, 0.045)


def pizza(pen: Pen, tint: Tint, state: str) -> None:
    pen.ellipse(0.95, 0.56, 0.94, 0.43, mix(CRUST, PATTY, 0.3))
    pen.ellipse(0.95, 0.49, 0.94, 0.46, CRUST)
    pen.ellipse(0.95, 0.48, 0.81, 0.37, tint.base)
    topping, light = (WHITE, False) if tint.name == "red" else (TOMATO, True)
    for x, y in ((0.46, 0.38), (0.78, 0.22), (1.22, 0.25), (1.48, 0.46), (1.14, 0.72), (0.66, 0.66), (0.96, 0.46)):
        pen.ellipse(x, y, 0.13, 0.075, topping)
        if light:
            pen.ellipse(x - 0.02, y - 0.012, 0.08, 0.04, mix(TOMATO, CREAM, 0.22))
    for x, y, angle in ((0.62, 0.5, 30), (1.3, 0.6, -25), (1.0, 0.3, 10), (0.9, 0.74, -40)):
        pen.ellipse(x, y, 0.07, 0.03, LEAF_DARK, angle)
    for end in ((0.16, 0.28), (1.74, 0.28), (0.95, 0.93)):
        pen.line([(0.95, 0.48), end], mix(CRUST, PATTY, 0.35), 0.022)


def cake(pen: Pen, tint: Tint, state: str) -> None:
    pen.ellipse(0.55, 0.92, 0.54, 0.08, (188, 196, 210))
    pen.ellipse(0.55, 0.9, 0.54, 0.07, (226, 232, 240))
    pen.rect(0.1, 0.34, 1.0, 0.84, tint.base)
    pen.ellipse(0.55, 0.84, 0.45, 0.08, tint.base)
    pen.ellipse(0.55, 0.34, 0.45, 0.1, tint.light)
    for i in range(6):
        x = 0.175 + i * 0.15
        pen.rect(x - 0.075, 0.34 + 0.06 * (i in (1, 2, 3, 4)), x + 0.075, 0.54 + 0.06 * (i % 2), tint.dark, 0.07)
    if state == "sliced":
        _cut(pen, tint)
        for x, y in ((0.26, 0.33), (0.5, 0.25), (0.8, 0.27)):
            pen.circle(x, y - 0.03, 0.075, TOMATO)
            pen.line([(x, y - 0.09), (x + 0.04, y - 0.2)], LEAF_DARK, 0.03)
        return
    for x, y in ((0.3, 0.33), (0.55, 0.3), (0.8, 0.33)):
        pen.rect(x - 0.03, 0.13, x + 0.03, y, (104, 178, 214))
        pen.ellipse(x, 0.08, 0.035, 0.075, (255, 170, 40))


def _cut(pen: Pen, tint: Tint) -> None:
    """Takes the front piece out of the cake: the plate shows, and both cut faces with their layers."""
    sponge: RGB = CREAM if tint.name in ("brown", "yellow") else (222, 168, 104)
    left, middle, right = (0.36, 0.435), (0.55, 0.33), (0.9, 0.405)
    plate = [middle, right, (0.9, 0.93), (0.6, 0.965), (0.36, 0.95), left]
    pen.polygon(plate, (226, 232, 240))
    for (x0, y0), (x1, y1), shade in ((left, middle, 0.16), (middle, right, 0.0)):
        pen.polygon([(x0, y0), (x1, y1), (x1, y1 + 0.5), (x0, y0 + 0.49)], mix(sponge, PATTY, shade))
        for down, thick in ((0.0, 0.08), (0.24, 0.08)):
            strip = [(x0, y0 + down), (x1, y1 + down), (x1, y1 + down + thick), (x0, y0 + down + thick)]
            pen.polygon(strip, mix(tint.base, tint.dark, shade * 4))


def sandwich(pen: Pen, tint: Tint, state: str) -> None:
    crust = tint.dark if tint.name == "brown" else CRUST
    pen.polygon([(0.02, 0.44), (0.98, 0.01), (1.58, 0.44)], crust)
    pen.polygon([(0.1, 0.44), (0.97, 0.07), (1.48, 0.44)], tint.base)
    pen.rect(0.02, 0.42, 1.58, 0.56, tint.light if tint.name == "brown" else tint.base, 0.04)
    pen.rect(0.02, 0.52, 1.58, 0.57, crust, 0.02)
    pen.rect(0.05, 0.68, 1.55, 0.74, CHEESE, 0.02)
    pen.polygon([(0.3, 0.72), (0.62, 0.72), (0.46, 0.86)], CHEESE)
    pen.rect(0.06, 0.74, 1.54, 0.83, TOMATO, 0.04)
    pen.polygon([(0.9, 0.72), (1.3, 0.72), (1.1, 0.87)], CHEESE)
    pen.line([(0.04 + 0.152 * i, 0.6 + 0.06 * (i % 2)) for i in range(11)], LEAF, 0.09, curved=True)
    pen.rect(0.02, 0.84, 1.58, 1.0, tint.base, 0.05)
    pen.rect(0.02, 0.93, 1.58, 1.0, crust, 0.05)


def hamburger(pen: Pen, tint: Tint, state: str) -> None:
    bun, shade = mix(tint.base, CRUST, 0.35), tint.base
    pen.rect(0.05, 0.78, 1.1, 0.99, bun, 0.11)
    pen.rect(0.05, 0.88, 1.1, 0.99, shade, 0.11)
    pen.rect(0.03, 0.64, 1.12, 0.81, PATTY, 0.08)
    pen.polygon(
        [(0.06, 0.6), (1.09, 0.6), (0.92, 0.66), (0.78, 0.76), (0.62, 0.66), (0.4, 0.66), (0.28, 0.76), (0.16, 0.66)],
        CHEESE,
    )
    pen.rect(0.07, 0.52, 1.08, 0.6, TOMATO, 0.04)
    pen.line([(0.05 + 0.105 * i, 0.48 + 0.045 * (i % 2)) for i in range(11)], LEAF, 0.09, curved=True)
    dome = [(0.04, 0.46), (0.06, 0.28), (0.22, 0.1), (0.575, 0.01), (0.93, 0.1), (1.09, 0.28), (1.11, 0.46)]
    pen.polygon(smooth(dome, closed=False), bun)
    pen.blob([(0.93, 0.1), (1.08, 0.26), (1.11, 0.45), (0.8, 0.45), (0.95, 0.3)], shade)
    for x, y, angle in (
        (0.34, 0.2, -30),
        (0.57, 0.12, 0),
        (0.8, 0.2, 25),
        (0.46, 0.31, 10),
        (0.68, 0.31, -15),
        (0.22, 0.33, -30),
    ):
        pen.ellipse(x, y, 0.045, 0.025, CREAM, angle)


def donut(pen: Pen, tint: Tint, state: str) -> None:
    pen.ellipse(0.65, 0.6, 0.63, 0.39, CRUST)
    pen.ellipse(0.65, 0.52, 0.64, 0.42, DOUGH)
    pen.blob(
        [(0.03, 0.44), (0.16, 0.16), (0.45, 0.02), (0.85, 0.02), (1.14, 0.16), (1.27, 0.44), (1.18, 0.7), (1.05, 0.66),
         (0.9, 0.86), (0.74, 0.78), (0.58, 0.9), (0.4, 0.76), (0.24, 0.78), (0.12, 0.6)], tint.base,
    )  # fmt: skip
    pen.ellipse(0.65, 0.4, 0.23, 0.13, tint.dark)
    pen.ellipse(0.65, 0.43, 0.19, 0.09, mix(PATTY, CRUST, 0.35))
    pen.line([(0.2, 0.34), (0.3, 0.2), (0.46, 0.11)], tint.light, 0.05, curved=True)
    colours: tuple[RGB, ...] = ((255, 220, 90), (80, 190, 220), (236, 80, 120), (120, 200, 110))
    spots = ((0.25, 0.5, 40), (0.42, 0.66, -20), (0.66, 0.7, 70), (0.88, 0.62, 10), (1.06, 0.46, -50), (1.0, 0.24, 30),
             (0.8, 0.14, -15), (0.6, 0.14, 60), (0.36, 0.4, 80))  # fmt: skip
    for i, (x, y, angle) in enumerate(spots):
        pen.ellipse(x, y, 0.06, 0.024, colours[i % 4] if i % 4 or tint.name != "white" else (240, 140, 50), angle)


def cup(pen: Pen, tint: Tint, state: str) -> None:
    s, dx, dy = (0.74, 0.12, 0.26) if state == "steaming" else (1.0, 0.0, 0.0)  # room for the steam

    def at(x: float, y: float) -> tuple[float, float]:
        return dx + x * s, dy + y * s

    x, y = at(0.8, 0.47)
    pen.arc(x, y, 0.22 * s, 0.24 * s, -110, 110, tint.dark, 0.11 * s)
    foot = [
        (0.8, 0.82),
        (0.76, 0.92),
        (0.68, 0.98),
        (0.58, 0.99),
        (0.28, 0.99),
        (0.18, 0.98),
        (0.1, 0.92),
        (0.06, 0.82),
    ]
    pen.polygon([at(*point) for point in [(0.02, 0.1), (0.84, 0.1), *foot]], tint.base)
    pen.polygon([at(*point) for point in [(0.68, 0.1), (0.84, 0.1), *foot[:4], (0.64, 0.8)]], tint.dark)
    x, y = at(0.43, 0.1)
    pen.ellipse(x, y, 0.42 * s, 0.1 * s, tint.light)
    pen.ellipse(x, y + 0.01 * s, 0.36 * s, 0.07 * s, PATTY)
    pen.line([at(0.15, 0.32), at(0.19, 0.7)], tint.light, 0.06 * s)
    if state == "steaming":
        for x, top in ((0.28, 0.09), (0.46, 0.04), (0.64, 0.09)):
            _steam(pen, x, top, 0.27, 0.055, 0.055)


def bottle(pen: Pen, tint: Tint, state: str) -> None:
    pen.blob(
        [(0.12, 0.12), (0.24, 0.12), (0.24, 0.28), (0.33, 0.42), (0.35, 0.6), (0.35, 0.9), (0.3, 0.99), (0.06, 0.99),
         (0.01, 0.9), (0.01, 0.6), (0.03, 0.42), (0.12, 0.28)], tint.base,
    )  # fmt: skip
    pen.blob(
        [(0.22, 0.3), (0.33, 0.44), (0.35, 0.6), (0.35, 0.9), (0.3, 0.99), (0.24, 0.95), (0.27, 0.7), (0.27, 0.48)],
        tint.dark,
    )
    pen.rect(0.105, 0.1, 0.255, 0.16, tint.dark, 0.02)
    pen.rect(0.125, 0.01, 0.235, 0.11, (190, 140, 92), 0.02)
    pen.rect(0.01, 0.58, 0.35, 0.82, CREAM if tint.name != "white" else (120, 170, 196))
    pen.circle(0.18, 0.7, 0.07, tint.base)
    pen.line([(0.075, 0.46), (0.13, 0.36)], tint.light, 0.04)


def teapot(pen: Pen, tint: Tint, state: str) -> None:
    s, dx, dy = (0.8, 0.02, 0.2) if state == "steaming" else (1.0, 0.0, 0.0)

    def at(x: float, y: float) -> tuple[float, float]:
        return dx + x * s, dy + y * s

    x, y = at(0.27, 0.55)
    pen.arc(x, y, 0.21 * s, 0.23 * s, 80, 285, tint.dark, 0.1 * s)
    pen.polygon(
        [at(0.9, 0.8), at(1.1, 0.66), at(1.2, 0.3), at(1.34, 0.26), at(1.32, 0.36), at(1.24, 0.76), at(1.0, 0.94)],
        tint.dark,
    )
    x, y = at(0.65, 0.62)
    pen.ellipse(x, y, 0.44 * s, 0.36 * s, tint.base)
    pen.blob([at(0.95, 0.36), at(1.09, 0.62), at(0.95, 0.9), at(0.65, 0.98), at(0.84, 0.84), at(0.94, 0.62)], tint.dark)
    pen.rect(*at(0.42, 0.92), *at(0.88, 1.0), tint.deep, 0.04)
    pen.pie(*at(0.65, 0.3), 0.28 * s, 0.16 * s, 180, 360, tint.light)
    pen.rect(*at(0.35, 0.28), *at(0.95, 0.35), tint.deep, 0.03)
    pen.circle(*at(0.65, 0.09), 0.08 * s, tint.deep)
    for flower in ((0.5, 0.58), (0.65, 0.7), (0.8, 0.58)):
        pen.circle(*at(*flower), 0.05 * s, WHITE if tint.name != "white" else (110, 150, 200))
    pen.ellipse(*at(0.37, 0.5), 0.05 * s, 0.11 * s, tint.light, 25)
    if state == "steaming":
        for x, top in ((1.05, 0.08), (1.2, 0.04)):
            _steam(pen, x, top, 0.34, 0.05, 0.055)


DRAWINGS: dict[str, Drawing] = {
    "apple": apple,
    "banana": banana,
    "pear": pear,
    "strawberry": strawberry,
    "watermelon": watermelon,
    "carrot": carrot,
    "pizza": pizza,
    "cake": cake,
    "sandwich": sandwich,
    "hamburger": hamburger,
    "donut": donut,
    "cup": cup,
    "bottle": bottle,
    "teapot": teapot,
}
