"""The teaching corpus: scenes of one split as small pictures, boxes and sentences, drawn once and cached."""

import hashlib
import json
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import int16, uint8
from numpy.typing import NDArray

from core.encoders.scenes import PIXELS, to_pixels
from core.scenes import captions as language
from core.scenes.catalogue import KINDS, PLACES, TIMES
from core.scenes.colours import BASES
from core.scenes.composer import compose
from core.scenes.renderer import render

SIZE = 384  # pictures are drawn at the size users see
SMALL = 64  # the side that the first stages train at
OBJECTS = 24  # box slots a scene
PHRASES = 3
CHUNK = 100  # scenes a task: long enough to amortise, short enough for a smooth progress bar
KIND_IDS = {kind.name: i + 1 for i, kind in enumerate(KINDS)}
COLOUR_IDS = {name: i + 1 for i, name in enumerate(BASES)}
PLACE_IDS = {place.name: i for i, place in enumerate(PLACES)}
TIME_IDS = {time: i for i, time in enumerate(TIMES)}


@dataclass(frozen=True)
class Corpus:
    """`n` scenes of a split.

    pixels (n, 96, 96, 3) and small (n, 64, 64, 3); boxes (n, 24, 6): kind id, colour id (0 = none), left, top, right,
    bottom in pixels of a 384 px picture; setting (n, 2): place and time ids; sentences: for each scene five captions,
    for each caption a false variant or "", and three short phrases.
    """

    pixels: NDArray[uint8]
    small: NDArray[uint8]
    boxes: NDArray[int16]
    setting: NDArray[int16]
    captions: list[list[str]]
    negatives: list[list[str]]
    phrases: list[list[str]]

    def __len__(self) -> int:
        return len(self.pixels)


def world_digest() -> str:
    """A hash of the source that draws and describes the world: a cached corpus is used only while it matches."""
    digest = hashlib.sha256()
    for path in sorted((Path(language.__file__).parent).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def load_corpus(
    split: str, count: int, cache: Path, *, supersample: int = 1, progress: Callable[[int, int], None] | None = None
) -> Corpus:
    """The first `count` scenes of `split`: read from the cache, or drawn on every core and cached.

    `supersample`: 1 is enough for what is scaled down to 96 px; 2 draws exactly the picture that users see.
    """
    folder = cache / f"{split}-{count}-{supersample}x-{world_digest()}"
    if not (folder / "sentences.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _draw(split, count, folder, supersample, progress)
    arrays = {name: np.load(folder / f"{name}.npy") for name in ("pixels", "small", "boxes", "setting")}
    return Corpus(**arrays, **json.loads((folder / "sentences.json").read_text("utf-8")))


def _draw(split: str, count: int, folder: Path, supersample: int, progress: Callable[[int, int], None] | None) -> None:
    arrays: dict[str, NDArray] = {
        "pixels": np.zeros((count, PIXELS, PIXELS, 3), uint8),
        "small": np.zeros((count, SMALL, SMALL, 3), uint8),
        "boxes": np.zeros((count, OBJECTS, 6), int16),
        "setting": np.zeros((count, 2), int16),
    }
    sentences: dict[str, list[list[str]]] = {"captions": [], "negatives": [], "phrases": []}
    tasks = [(split, start, min(start + CHUNK, count), supersample) for start in range(0, count, CHUNK)]
    with ProcessPoolExecutor() as pool:
        for (_, start, stop, _), (part, texts) in zip(tasks, pool.map(_draw_chunk, tasks), strict=True):
            for name, rows in part.items():
                arrays[name][start:stop] = rows
            for name, lists in texts.items():
                sentences[name].extend(lists)
            if progress:
                progress(stop, count)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "sentences.json").write_text(json.dumps(sentences), "utf-8")  # last: its presence says all is there


def _draw_chunk(task: tuple[str, int, int, int]) -> tuple[dict[str, NDArray], dict[str, list[list[str]]]]:
    split, start, stop, supersample = task
    rows = [_draw_one(split, number, supersample) for number in range(start, stop)]
    arrays = {name: np.stack([row[0][name] for row in rows]) for name in rows[0][0]}
    return arrays, {name: [row[1][name] for row in rows] for name in rows[0][1]}


def _draw_one(split: str, number: int, supersample: int) -> tuple[dict[str, NDArray], dict[str, list[str]]]:
    scene = compose(split, number)
    rendering = render(scene, SIZE, supersample)
    boxes = np.zeros((OBJECTS, 6), int16)
    slot = 0
    for group, group_boxes in zip(scene.groups, rendering.boxes, strict=True):
        for box in group_boxes:
            boxes[slot] = (KIND_IDS[group.kind], COLOUR_IDS.get(group.colour, 0), *box)
            slot += 1
    arrays: dict[str, NDArray] = {
        "pixels": to_pixels(rendering.image, PIXELS),
        "small": to_pixels(rendering.image, SMALL),
        "boxes": boxes,
        "setting": np.array([PLACE_IDS[scene.place], TIME_IDS[scene.time]], int16),
    }
    rng = random.Random(f"corpus/{split}/{number}")
    captions = language.captions(scene)
    swapped = [language.swapped(caption, scene, rng) for caption in captions]
    sentences = {
        "captions": [caption.text for caption in captions],
        "negatives": [caption.text if caption else "" for caption in swapped],
        "phrases": [language.phrases(scene, rng).text for _ in range(PHRASES)],
    }
    return arrays, sentences
