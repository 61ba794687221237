"""Vehicles, buildings, plants and the sky: each kind draws itself in every colour and state, inside its box."""

import importlib

import pytest
from PIL import Image, ImageChops

from core.world.catalogue import KINDS, Kind
from core.world.colours import TINTS
from core.world.pen import Drawing, Pen

MODULES = {"vehicle": "vehicles", "building": "buildings", "plant": "nature", "sky": "nature"}
OUTDOORS = [kind for kind in KINDS if kind.group in MODULES]
HEIGHT, MARGIN = 120, 40
BACKGROUND = (255, 0, 255)


def drawing_of(kind: Kind) -> Drawing:
    module = importlib.import_module(f"core.world.drawings.{MODULES[kind.group]}")
    drawing: Drawing = module.DRAWINGS[kind.name]
    return drawing


def draw(kind: Kind, colour: str, state: str, flip: bool = False) -> tuple[Image.Image, Pen]:
    canvas = Image.new("RGB", (round(HEIGHT * kind.aspect) + 2 * MARGIN, HEIGHT + 2 * MARGIN), BACKGROUND)
    pen = Pen(canvas, MARGIN, MARGIN, HEIGHT, kind.aspect, flip=flip)
    drawing_of(kind)(pen, TINTS[colour], state)
    return canvas, pen


def changed(a: Image.Image, b: Image.Image) -> int:
    """How many pixels differ."""
    grey = ImageChops.difference(a, b).convert("L").point(lambda value: 255 if value else 0)
    return grey.histogram()[255]


def colours_of(kind: Kind) -> tuple[str, ...]:
    return kind.colours or ("red",)


@pytest.mark.parametrize("module", sorted(set(MODULES.values())))
def test_a_module_draws_exactly_the_kinds_of_its_groups(module: str) -> None:
    drawings = importlib.import_module(f"core.world.drawings.{module}").DRAWINGS
    assert set(drawings) == {kind.name for kind in OUTDOORS if MODULES[kind.group] == module}


@pytest.mark.parametrize("kind", OUTDOORS, ids=lambda kind: kind.name)
def test_every_state_fills_its_box_and_stays_inside(kind: Kind) -> None:
    slack = 0.05 * HEIGHT
    width = HEIGHT * kind.aspect
    for state in ("", *kind.states):
        for colour in colours_of(kind):
            _, pen = draw(kind, colour, state)
            assert pen.box is not None
            left, top, right, bottom = pen.box
            assert left >= MARGIN - slack and top >= MARGIN - slack, (state, colour, pen.box)
            assert right <= MARGIN + width + slack and bottom <= MARGIN + HEIGHT + slack, (state, colour, pen.box)
            assert right - left >= 0.9 * width and bottom - top >= 0.9 * HEIGHT, (state, colour, pen.box)


@pytest.mark.parametrize("kind", OUTDOORS, ids=lambda kind: kind.name)
def test_states_and_colours_are_seen(kind: Kind) -> None:
    plain, _ = draw(kind, colours_of(kind)[0], "")
    for state in kind.states:
        assert changed(plain, draw(kind, colours_of(kind)[0], state)[0]) > 0.03 * HEIGHT * HEIGHT * kind.aspect, state
    for colour in kind.colours[1:]:
        assert changed(plain, draw(kind, colour, "")[0]) > 0.10 * HEIGHT * HEIGHT * kind.aspect, colour


@pytest.mark.parametrize("kind", [kind for kind in OUTDOORS if kind.colours], ids=lambda kind: kind.name)
def test_the_colour_of_a_thing_is_most_of_it(kind: Kind) -> None:
    """Enough of the silhouette has the shades of the tint; otherwise nobody could see the colour that captions name."""
    for colour in kind.colours:
        tint = TINTS[colour]
        canvas, _ = draw(kind, colour, "")
        counts = {rgb: count for count, rgb in canvas.getcolors(1 << 20) or [] if rgb != BACKGROUND}
        near = sum(
            count
            for rgb, count in counts.items()
            if min(
                sum(abs(a - b) for a, b in zip(rgb, shade, strict=True)) for shade in (tint.base, tint.dark, tint.light)
            )
            < 60
        )
        assert near > 0.25 * sum(counts.values()), (colour, near / sum(counts.values()))


@pytest.mark.parametrize("name", ["car", "boat", "house"])
def test_flipped_drawings_mirror(name: str) -> None:
    kind = next(kind for kind in OUTDOORS if kind.name == name)
    plain, _ = draw(kind, "red", "")
    mirrored, _ = draw(kind, "red", "", flip=True)
    assert changed(plain.transpose(Image.Transpose.FLIP_LEFT_RIGHT), mirrored) < 0.05 * HEIGHT * HEIGHT * kind.aspect
