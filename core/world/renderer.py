"""Draws a composed scene: the place, then every thing back to front with its shadow; chooses nothing itself."""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from core.world.catalogue import KIND_BY_NAME, PLACE_BY_NAME
from core.world.colours import BASES, TINTS
from core.world.drawings import DRAWINGS
from core.world.pen import Pen
from core.world.places import draw_place
from core.world.scene import Group, Placed, Scene

Box = tuple[int, int, int, int]
NO_COLOUR = TINTS["white"]  # kinds without a colour of their own ignore the tint


@dataclass(frozen=True)
class Rendering:
    """The picture (RGB, square) and, for each group, one pixel box (left, top, right, bottom) a member."""

    image: Image.Image
    boxes: tuple[tuple[Box, ...], ...]


def render(scene: Scene, size: int = 384, supersample: int = 2) -> Rendering:
    """The scene as `size` x `size` pixels, drawn `supersample` times larger; the same picture on every run.

    The background depends on the scene's split and number, everything else on the scene's groups.
    """
    place = PLACE_BY_NAME[scene.place]
    canvas = Image.new("RGB", (size * supersample, size * supersample), BASES["white"])
    draw_place(canvas, place, scene.time, Random(f"{scene.split}/{scene.number}/place"))
    riding = {relation.subject for relation in scene.relations if relation.name == "on"}
    boxes = []
    for index, group in enumerate(scene.groups):
        in_sky = group.placed[0].top + group.placed[0].height < place.horizon - 0.02
        shadow = not in_sky and index not in riding
        boxes.append(tuple(_draw(canvas, group, placed, scene, supersample, shadow) for placed in group.placed))
    image = canvas.reduce(supersample) if supersample > 1 else canvas
    return Rendering(image, tuple(boxes))


def _draw(canvas: Image.Image, group: Group, placed: Placed, scene: Scene, supersample: int, shadow: bool) -> Box:
    """One thing on the canvas; its box in pixels of the finished picture."""
    kind = KIND_BY_NAME[group.kind]
    side = canvas.width
    if shadow:
        _draw_shadow(canvas, placed, kind.aspect, scene)
    pen = Pen(canvas, placed.left * side, placed.top * side, placed.height * side, kind.aspect, flip=placed.flip)
    DRAWINGS[group.kind](pen, TINTS[group.colour] if group.colour else NO_COLOUR, group.state)
    left, top, right, bottom = pen.box or (0.0, 0.0, 1.0, 1.0)
    last = side // supersample
    low_x, low_y = (min(max(int(v / supersample), 0), last - 1) for v in (left, top))
    high_x = min(max(round(right / supersample), low_x + 1), last)
    return low_x, low_y, high_x, min(max(round(bottom / supersample), low_y + 1), last)


def _draw_shadow(canvas: Image.Image, placed: Placed, aspect: float, scene: Scene) -> None:
    """A soft contact shadow on the ground, or the ripples around what floats."""
    side = canvas.width
    width, foot = placed.height * aspect * side, (placed.top + placed.height) * side
    middle = placed.left * side + width / 2
    thick = min(0.07 * width, 0.022 * side)
    draw = ImageDraw.Draw(canvas, "RGBA")
    colour = (235, 248, 255) if scene.place == "sea" else (24, 20, 50)
    for spread, alpha in ((0.52, 22), (0.46, 26), (0.38, 30)):
        half, high = width * spread, thick * spread * 2
        draw.ellipse((middle - half, foot - high * 0.75, middle + half, foot + high * 0.75), fill=(*colour, alpha))
