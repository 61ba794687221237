"""Food, furniture, household things, toys: every kind and state is drawn, inside its box, and states look different."""

import numpy as np
import pytest
from PIL import Image

from core.world.catalogue import KINDS, Kind
from core.world.colours import TINTS
from core.world.drawings import food, furniture, objects, play
from core.world.pen import Pen

FILES = {"food": food.DRAWINGS, "furniture": furniture.DRAWINGS, "object": objects.DRAWINGS, "play": play.DRAWINGS}
OURS = [kind for kind in KINDS if kind.group in FILES]
CASES = [pytest.param(kind, state, id=f"{kind.name}-{state}") for kind in OURS for state in ("", *kind.states)]
HEIGHT, MARGIN = 96, 48
PAPER = (13, 200, 187)  # a colour that nothing here has


def _draw(kind: Kind, colour: str, state: str) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    canvas = Image.new("RGB", (round(HEIGHT * kind.aspect) + 2 * MARGIN, HEIGHT + 2 * MARGIN), PAPER)
    pen = Pen(canvas, MARGIN, MARGIN, HEIGHT, kind.aspect)
    FILES[kind.group][kind.name](pen, TINTS[colour], state)
    assert pen.box is not None
    return np.asarray(canvas).astype(int), pen.box


@pytest.mark.parametrize("group", FILES)
def test_every_kind_of_the_group_and_no_other_has_a_drawing(group: str) -> None:
    assert set(FILES[group]) == {kind.name for kind in KINDS if kind.group == group}


@pytest.mark.parametrize(("kind", "state"), CASES)
def test_each_state_fills_its_box_and_stays_inside(kind: Kind, state: str) -> None:
    for colour in kind.colours:
        picture, (left, top, right, bottom) = _draw(kind, colour, state)
        slack, width = 0.05 * HEIGHT, HEIGHT * kind.aspect
        assert left >= MARGIN - slack and top >= MARGIN - slack
        assert right <= MARGIN + width + slack and bottom <= MARGIN + HEIGHT + slack
        assert right - left > (0.65 if state else 0.85) * width and bottom - top > 0.85 * HEIGHT
        assert bottom > MARGIN + 0.95 * HEIGHT  # it stands on the ground
        assert (picture != PAPER).any(axis=2).sum() > 0.2 * HEIGHT * width


@pytest.mark.parametrize("kind", [kind for kind in OURS if kind.states], ids=lambda kind: kind.name)
def test_states_look_different(kind: Kind) -> None:
    pictures = [_draw(kind, kind.colours[0], state)[0] for state in ("", *kind.states)]
    for i, one in enumerate(pictures):
        for other in pictures[i + 1 :]:
            changed = (np.abs(one - other).max(axis=2) > 24).sum()
            assert changed > 0.04 * HEIGHT * HEIGHT * kind.aspect


@pytest.mark.parametrize("kind", [kind for kind in OURS if len(kind.colours) > 1], ids=lambda kind: kind.name)
def test_the_colour_shows(kind: Kind) -> None:
    first, second = (_draw(kind, colour, "")[0] for colour in kind.colours[:2])
    inked = (first != PAPER).any(axis=2).sum()
    assert (np.abs(first - second).max(axis=2) > 24).sum() > 0.3 * inked


@pytest.mark.parametrize("kind", [kind for kind in OURS if kind.on], ids=lambda kind: kind.name)
def test_what_stands_on_it_stands_on_paint(kind: Kind) -> None:
    assert kind.on is not None
    picture, _ = _draw(kind, kind.colours[0], "")
    row = MARGIN + round(kind.on.y * HEIGHT) + 2
    columns = slice(MARGIN + round(kind.on.x0 * HEIGHT), MARGIN + round(kind.on.x1 * HEIGHT))
    assert (picture[row, columns] != PAPER).any(axis=1).mean() > 0.95


@pytest.mark.parametrize("kind", [kind for kind in OURS if kind.shelter], ids=lambda kind: kind.name)
def test_there_is_room_under_it(kind: Kind) -> None:
    picture, _ = _draw(kind, kind.colours[0], "")
    under = picture[MARGIN + round(0.55 * HEIGHT) : MARGIN + round(0.95 * HEIGHT), MARGIN:-MARGIN]
    assert (under == PAPER).all(axis=2).mean() > 0.7
