"""The corpus that towers are trained on: scenes of one split as small pictures, boxes and sentences, made once."""

import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy import int16, uint8
from numpy.typing import NDArray

from core.encoders.scenes import PIXELS, to_pixels
from core.world import captions as language
from core.world.captions import Caption
from core.world.catalogue import KINDS, PLACES, TIMES
from core.world.colours import BASES
from core.world.renderer import render
from core.world.scene import Scene
from core.world.scene_table import scene_table, world_digest
from index_store.progress import Progress, silent

SIZE = 384  # pictures are drawn at the size users see
SIDES = (64, 96, PIXELS)  # that stages train at
OBJECTS = 24  # box slots a scene
PHRASES = 3
KIND_IDS = {kind.name: i + 1 for i, kind in enumerate(KINDS)}
COLOUR_IDS = {name: i + 1 for i, name in enumerate(BASES)}
PLACE_IDS = {place.name: i for i, place in enumerate(PLACES)}
TIME_IDS = {time: i for i, time in enumerate(TIMES)}


@dataclass(frozen=True)
class Corpus:
    """n scenes of a split.

    pictures: by side, one of SIDES: (n, side, side, 3) pixels.
    boxes (n, 24, 6): kind id, colour id (0 = none), left, top, right and bottom in pixels of a 384 px picture.
    setting (n, 2): ids of place and time.
    captions: five a scene; negatives: for each caption a false variant, or ""; phrases: three short ones a scene.
    """

    pictures: dict[int, NDArray[uint8]]
    boxes: NDArray[int16]
    setting: NDArray[int16]
    captions: list[list[str]]
    negatives: list[list[str]]
    phrases: list[list[str]]

    def __len__(self) -> int:
        return len(self.boxes)


def load_corpus(split: str, count: int, cache: Path, *, supersample: int = 1, progress: Progress = silent) -> Corpus:
    """The first `count` scenes of `split`: read from the cache, or drawn and described on every core and cached.

    `supersample`: 1 is enough for what is scaled down to SIDES; 2 draws exactly the picture that users see.
    """
    sizes = "-".join(map(str, SIDES))
    pictures = cache / f"pictures-{split}-{count}-{supersample}x-{sizes}-{world_digest(drawing_only=True)}.npz"
    sentences = cache / f"sentences-{split}-{count}-{world_digest()}.npz"
    drawn = scene_table(pictures, split, count, partial(_draw, supersample=supersample), progress=progress)
    described = scene_table(sentences, split, count, _describe, progress=progress)
    scaled = {side: drawn[_scaled(side)] for side in SIDES}
    return Corpus(scaled, drawn["boxes"], drawn["setting"], **{name: rows.tolist() for name, rows in described.items()})


def _scaled(side: int) -> str:
    return f"pictures_{side}"


def _draw(scene: Scene, supersample: int) -> dict[str, NDArray]:
    rendering = render(scene, SIZE, supersample)
    boxes = np.zeros((OBJECTS, 6), int16)
    slot = 0
    for group, group_boxes in zip(scene.groups, rendering.boxes, strict=True):
        for box in group_boxes:
            boxes[slot] = (KIND_IDS[group.kind], COLOUR_IDS.get(group.colour, 0), *box)
            slot += 1
    return {
        **{_scaled(side): to_pixels(rendering.image, side) for side in SIDES},
        "boxes": boxes,
        "setting": np.array([PLACE_IDS[scene.place], TIME_IDS[scene.time]], int16),
    }


def _describe(scene: Scene) -> dict[str, NDArray]:
    captions, swapped, phrases = said_of(scene)
    return {
        "captions": np.array([caption.text for caption in captions]),
        "negatives": np.array([caption.text if caption else "" for caption in swapped]),
        "phrases": np.array([phrase.text for phrase in phrases]),
    }


def said_of(scene: Scene) -> tuple[tuple[Caption, ...], list[Caption | None], list[Caption]]:
    """Five captions, for each a false variant or None, and three short phrases; always the same for a scene."""
    rng = random.Random(f"corpus/{scene.split}/{scene.number}")
    captions = language.captions(scene)
    swapped = [language.swapped(caption, scene, rng) for caption in captions]
    return captions, swapped, [language.phrases(scene, rng) for _ in range(PHRASES)]
