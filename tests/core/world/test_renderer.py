"""A scene is always drawn as the same picture, at any size, with a box around everything in it."""

import hashlib
import subprocess
import sys
from random import Random

import pytest
from PIL import Image, ImageChops

from core.world.catalogue import PLACES, Place
from core.world.composer import compose
from core.world.places import draw_place
from core.world.renderer import render

DIGEST = """
import hashlib
from core.world.composer import compose
from core.world.renderer import render
print(hashlib.sha256(b"".join(render(compose("val", n), 96).image.tobytes() for n in range(4))).hexdigest())
"""


def test_the_same_picture_in_every_process() -> None:
    here = hashlib.sha256(b"".join(render(compose("val", n), 96).image.tobytes() for n in range(4))).hexdigest()
    there = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True).stdout.strip()
    assert here == there


@pytest.mark.parametrize(("size", "supersample"), [(64, 1), (384, 2), (97, 3)])
def test_size_and_boxes(size: int, supersample: int) -> None:
    scene = compose("train", 3)
    rendering = render(scene, size, supersample)
    assert rendering.image.size == (size, size)
    assert rendering.image.mode == "RGB"
    assert [len(boxes) for boxes in rendering.boxes] == [group.count for group in scene.groups]
    for left, top, right, bottom in (box for boxes in rendering.boxes for box in boxes):
        assert 0 <= left < right <= size
        assert 0 <= top < bottom <= size


def test_things_are_drawn_where_their_boxes_are() -> None:
    for number in range(12):
        scene = compose("train", number)
        rendering = render(scene, 192)
        empty = Image.new("RGB", (384, 384))
        place = next(place for place in PLACES if place.name == scene.place)
        draw_place(empty, place, scene.time, Random(f"train/{number}/place"))
        drawn = ImageChops.difference(rendering.image, empty.reduce(2)).convert("L")
        for box in (box for boxes in rendering.boxes for box in boxes):
            changed = sum(drawn.crop(box).histogram()[12:])
            assert changed > 0.15 * (box[2] - box[0]) * (box[3] - box[1]), (scene.id, box)


@pytest.mark.parametrize(("place", "time"), [(place, time) for place in PLACES for time in place.times])
def test_every_place_fills_the_picture_and_looks_like_no_other(place: Place, time: str) -> None:
    def tiny(of: Place, at: str) -> bytes:
        canvas = Image.new("RGB", (192, 192), (255, 0, 255))
        draw_place(canvas, of, at, Random(1))
        assert (255, 0, 255) not in {colour for _, colour in canvas.getcolors(192 * 192) or []}
        return canvas.resize((8, 8), Image.Resampling.BOX).tobytes()

    mine = tiny(place, time)
    for other in PLACES:
        for when in other.times:
            if (other, when) != (place, time):
                apart = sum(abs(a - b) for a, b in zip(mine, tiny(other, when), strict=True)) / len(mine)
                assert apart > 4, (other.name, when)
