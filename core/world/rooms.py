"""The rooms of the illustrated world: wall, floor and a few muted fittings; knows nothing of what stands in front."""

from collections.abc import Callable
from itertools import pairwise

from core.world.backdrop import Backdrop
from core.world.colours import RGB


def _shell(paint: Backdrop, horizon: float, wall: tuple[RGB, RGB], floor: tuple[RGB, RGB], board: RGB) -> None:
    """Wall, floor and skirting board."""
    paint.gradient(paint.lit(wall[0]), paint.lit(wall[1]), 0, horizon)
    paint.ground(*floor, horizon)
    paint.rect(0, horizon - 0.028, 1, horizon, board)


def _window(paint: Backdrop, x: float, y: float, wide: float, high: float, frame: RGB) -> None:
    paint.rect(x - 0.014, y - 0.014, x + wide + 0.014, y + high + 0.014, frame)
    paint.rect(x, y, x + wide, y + high, (186, 220, 240))
    paint.polygon(
        [(x, y + high), (x, y + high * 0.75), (x + wide, y + high * 0.62), (x + wide, y + high)], (190, 218, 178)
    )
    paint.rect(x + wide / 2 - 0.005, y, x + wide / 2 + 0.005, y + high, frame)
    paint.rect(x, y + high / 2 - 0.005, x + wide, y + high / 2 + 0.005, frame)


def _frame(paint: Backdrop, x: float, y: float, wide: float, high: float, edge: RGB, inside: RGB) -> None:
    """A framed picture of nothing in particular."""
    paint.rect(x - 0.012, y - 0.012, x + wide + 0.012, y + high + 0.012, edge)
    paint.rect(x, y, x + wide, y + high, inside)
    paint.polygon([(x, y + high), (x + wide * 0.4, y + high * 0.5), (x + wide * 0.7, y + high)], (214, 196, 170))


def _checks(paint: Backdrop, horizon: float, colour: RGB, rows: int = 4, columns: int = 8) -> None:
    """A tiled floor in perspective."""
    edges = [horizon + (1 - horizon) * (step / rows) ** 1.4 for step in range(rows + 1)]

    def at(column: float, y: float) -> float:
        return 0.5 + (column / columns - 0.5) * (1.15 + 1.1 * (y - horizon))

    for line, (y0, y1) in enumerate(pairwise(edges)):
        for column in range(line % 2, columns, 2):
            paint.polygon(
                [(at(column, y0), y0), (at(column + 1, y0), y0), (at(column + 1, y1), y1), (at(column, y1), y1)], colour
            )


def _kitchen(paint: Backdrop, horizon: float) -> None:
    _shell(paint, horizon, ((236, 244, 232), (226, 238, 224)), ((232, 226, 214), (218, 210, 196)), (204, 214, 204))
    _checks(paint, horizon, (206, 196, 182))
    paint.rect(0, 0.30, 1, 0.47, (214, 232, 228))  # the tiled wall above the counter
    for index in range(1, 14):
        paint.rect(index / 14 - 0.002, 0.30, index / 14 + 0.002, 0.47, (198, 220, 216))
    for y in (0.30, 0.355, 0.41):
        paint.rect(0, y, 1, y + 0.004, (198, 220, 216))
    left = paint.rng.uniform(0.05, 0.5)
    for x in (left, left + 0.20):
        paint.rect(x, 0, x + 0.19, 0.20, (190, 210, 196))
        paint.rect(x + 0.015, 0.015, x + 0.175, 0.185, (202, 220, 206))
    paint.rect(0, 0.47, 1, 0.495, (196, 180, 158))
    paint.rect(0, 0.495, 1, horizon - 0.02, (186, 206, 194))
    for index in range(5):
        x = index * 0.2 + 0.012
        paint.rect(x, 0.508, x + 0.176, horizon - 0.036, (198, 216, 204))
        paint.rect(x + 0.07, 0.524, x + 0.106, 0.530, (160, 178, 168))


def _living_room(paint: Backdrop, horizon: float) -> None:
    _shell(paint, horizon, ((246, 224, 184), (240, 212, 166)), ((196, 148, 108), (172, 122, 84)), (250, 240, 222))
    for index in range(12):
        paint.rect(index / 12, 0, index / 12 + 0.028, horizon - 0.028, (242, 218, 176))
    for y in (0.72, 0.79, 0.88):
        paint.rect(0, y, 1, y + 0.004, (164, 116, 80), 150)
    paint.ellipse(0.5 + paint.rng.uniform(-0.1, 0.1), 0.86, 0.40, 0.10, (204, 172, 150))
    paint.ellipse(0.5, 0.86, 0.33, 0.078, (214, 184, 160), 170)
    x = paint.rng.uniform(0.06, 0.2)
    _window(paint, x, 0.10, 0.24, 0.28, (250, 242, 228))
    _frame(paint, x + paint.rng.uniform(0.42, 0.5), 0.12, 0.16, 0.13, (190, 150, 110), (232, 226, 210))


def _bedroom(paint: Backdrop, horizon: float) -> None:
    _shell(paint, horizon, ((214, 204, 238), (202, 190, 230)), ((184, 166, 204), (160, 142, 186)), (236, 230, 246))
    x = paint.rng.uniform(0.2, 0.5)
    _window(paint, x, 0.10, 0.26, 0.30, (240, 236, 248))
    for left in (x - 0.09, x + 0.25):
        paint.rect(left, 0.05, left + 0.10, 0.50, (232, 190, 212))
        for fold in (0.03, 0.065):
            paint.rect(left + fold, 0.05, left + fold + 0.006, 0.50, (220, 176, 202))
    paint.rect(x - 0.11, 0.04, x + 0.37, 0.055, (176, 160, 194))
    for _ in range(16):
        px, py = paint.rng.random(), paint.rng.uniform(0.04, 0.6)
        if not x - 0.11 < px < x + 0.37:
            paint.ellipse(px, py, 0.006, 0.006, (226, 218, 244))
    paint.ellipse(0.5, 0.87, 0.42, 0.10, (200, 186, 218))


def _office(paint: Backdrop, horizon: float) -> None:
    _shell(paint, horizon, ((200, 216, 224), (188, 206, 216)), ((128, 142, 154), (108, 122, 136)), (162, 178, 190))
    for index in range(1, 4):
        y = horizon + (1 - horizon) * (index / 4) ** 1.4
        paint.rect(0, y, 1, y + 0.003, (116, 130, 142))
    x = paint.rng.uniform(0.06, 0.16)
    paint.rect(x - 0.012, 0.08, x + 0.30, 0.40, (226, 234, 238))
    for step in range(10):  # a window with blinds
        paint.rect(x, 0.092 + 0.03 * step, x + 0.288, 0.112 + 0.03 * step, (206, 222, 232))
    board = x + 0.42
    paint.rect(board - 0.01, 0.09, board + 0.32, 0.31, (164, 180, 192))
    paint.rect(board, 0.10, board + 0.31, 0.30, (236, 241, 243))
    for y, wide in ((0.14, 0.16), (0.18, 0.22), (0.22, 0.12)):
        paint.rect(board + 0.03, y, board + 0.03 + wide, y + 0.006, (186, 202, 214))
    paint.rect(board - 0.02, 0.42, board + 0.34, 0.435, (158, 172, 184))


ROOMS: dict[str, Callable[[Backdrop, float], None]] = {
    "kitchen": _kitchen, "living room": _living_room, "bedroom": _bedroom, "office": _office,
}  # fmt: skip
