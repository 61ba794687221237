"""Animals and people: every kind and state is drawn, in its box, in its colour, each state a picture of its own."""

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from core.world.catalogue import KINDS, Kind
from core.world.colours import TINTS
from core.world.drawings import animals, people
from core.world.pen import Pen

DRAWINGS = {**animals.DRAWINGS, **people.DRAWINGS}
LIVING = [kind for kind in KINDS if kind.group in ("animal", "person")]
HEIGHT = 120
MARGIN = 40
BACKGROUND = (1, 255, 2)
GROWN = 0.05


def _poses() -> Iterator[tuple[Kind, str]]:
    for kind in LIVING:
        for state in ("", *kind.states):
            yield kind, state


def _draw(
    kind: Kind, state: str, colour: str, flip: bool = False
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    canvas = Image.new("RGB", (round(HEIGHT * kind.aspect) + 2 * MARGIN, HEIGHT + 2 * MARGIN), BACKGROUND)
    pen = Pen(canvas, MARGIN, MARGIN, HEIGHT, kind.aspect, flip=flip)
    DRAWINGS[kind.name](pen, TINTS[colour], state)
    assert pen.box is not None
    return np.asarray(canvas), pen.box


def _near(pixels: np.ndarray, shades: tuple[tuple[int, int, int], ...]) -> int:
    """How many pixels are within 24 steps of one of the shades in every channel."""
    distances = [np.abs(pixels.astype(int) - shade).max(axis=2) for shade in shades]
    return int((np.min(distances, axis=0) <= 24).sum())


def test_every_kind_has_a_drawing_and_no_drawing_is_left_over() -> None:
    assert set(animals.DRAWINGS) == {kind.name for kind in LIVING if kind.group == "animal"}
    assert set(people.DRAWINGS) == {kind.name for kind in LIVING if kind.group == "person"}


@pytest.mark.parametrize(
    ("kind", "state"), list(_poses()), ids=lambda value: getattr(value, "name", value) or "default"
)
def test_a_pose_fills_its_box_and_stays_in_it(kind: Kind, state: str) -> None:
    pixels, (left, top, right, bottom) = _draw(kind, state, kind.colours[0])
    assert (pixels != BACKGROUND).any(axis=2).sum() > 0.15 * HEIGHT * HEIGHT * kind.aspect
    slack = GROWN * HEIGHT * max(1.0, kind.aspect)
    assert left >= MARGIN - slack
    assert right <= MARGIN + HEIGHT * kind.aspect + slack
    assert top >= MARGIN - slack
    assert bottom >= MARGIN + HEIGHT * 0.95 or state == "flying" or kind.group == "person"
    assert bottom <= MARGIN + HEIGHT + slack
    assert bottom - top >= 0.6 * HEIGHT


@pytest.mark.parametrize("kind", [kind for kind in LIVING if kind.states], ids=lambda kind: kind.name)
def test_each_state_is_another_picture(kind: Kind) -> None:
    pictures = [_draw(kind, state, kind.colours[0])[0] for state in ("", *kind.states)]
    for i, one in enumerate(pictures):
        for other in pictures[:i]:
            assert (one != other).any(axis=2).sum() > 0.03 * HEIGHT * HEIGHT * kind.aspect


@pytest.mark.parametrize("kind", LIVING, ids=lambda kind: kind.name)
def test_the_body_wears_the_asked_colour(kind: Kind) -> None:
    for colour in kind.colours:
        pixels, _ = _draw(kind, "", colour)
        tint = TINTS[colour]
        drawn = (pixels != BACKGROUND).any(axis=2).sum()
        shades = (tint.base, tint.dark, tint.light, tint.deep)
        coloured = _near(pixels, shades)
        assert coloured > (0.25 if kind.group == "person" else 0.4) * drawn, colour


def test_flip_mirrors_the_picture() -> None:
    dog = next(kind for kind in LIVING if kind.name == "dog")
    there, _ = _draw(dog, "", "brown")
    back, _ = _draw(dog, "", "brown", flip=True)
    assert ((there != back[:, ::-1]).any(axis=2)).mean() < 0.03
