"""The teaching corpus: scenes of one split as small pictures, boxes and sentences, drawn once and cached."""

import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
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
from core.world.composer import compose
from core.world.renderer import render
from core.world.scene import Scene
from index_store.progress import Progress, silent

SIZE = 384  # pictures are drawn at the size users see
SIDES = (64, 96, PIXELS)  # that stages train at
OBJECTS = 24  # box slots a scene
PHRASES = 3
# What describes but does not draw: changing it leaves the pictures as they are.
LANGUAGE = {"captions.py", "sentences.py", "claims.py", "words.py", "oracle.py", "writer.py"}
CHUNK = 100  # scenes a task: long enough to amortise, short enough for a smooth progress bar
KIND_IDS = {kind.name: i + 1 for i, kind in enumerate(KINDS)}
COLOUR_IDS = {name: i + 1 for i, name in enumerate(BASES)}
PLACE_IDS = {place.name: i for i, place in enumerate(PLACES)}
TIME_IDS = {time: i for i, time in enumerate(TIMES)}


@dataclass(frozen=True)
class Corpus:
    """`n` scenes of a split.

    pictures: for each of SIDES (n, side, side, 3); boxes (n, 24, 6): kind id, colour id (0 = none), left, top, right,
    bottom in pixels of a 384 px picture; setting (n, 2): place and time ids; sentences: for each scene five captions,
    for each caption a false variant or "", and three short phrases.
    """

    pictures: dict[int, NDArray[uint8]]
    boxes: NDArray[int16]
    setting: NDArray[int16]
    captions: list[list[str]]
    negatives: list[list[str]]
    phrases: list[list[str]]

    def __len__(self) -> int:
        return len(self.boxes)


def world_digest(*, drawn_only: bool = False) -> str:
    """A hash of the source that draws (and describes) the world: what was cached is used only while it matches."""
    digest = hashlib.sha256()
    for path in sorted((Path(language.__file__).parent).rglob("*.py")):
        if not (drawn_only and path.name in LANGUAGE):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def load_corpus(split: str, count: int, cache: Path, *, supersample: int = 1, progress: Progress = silent) -> Corpus:
    """The first `count` scenes of `split`: read from the cache, or drawn and described on every core and cached.

    `supersample`: 1 is enough for what is scaled down to SIDES; 2 draws exactly the picture that users see.
    """
    sizes = "-".join(map(str, SIDES))
    pictures = cache / f"pictures-{split}-{count}-{supersample}x-{sizes}-{world_digest(drawn_only=True)}.npz"
    sentences = cache / f"sentences-{split}-{count}-{world_digest()}.npz"
    drawn = of_every_scene(pictures, split, count, partial(_draw, supersample=supersample), progress=progress)
    said = of_every_scene(sentences, split, count, _describe, progress=progress)
    scaled = {side: drawn[_scaled(side)] for side in SIDES}
    return Corpus(scaled, drawn["boxes"], drawn["setting"], **{name: rows.tolist() for name, rows in said.items()})


def _scaled(side: int) -> str:
    return f"pictures_{side}"


def save(path: Path, arrays: dict[str, NDArray]) -> None:
    """Writes arrays into one file, whole or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez(part, allow_pickle=False, **arrays)
    part.replace(path)


def of_every_scene(
    path: Path,
    split: str,
    count: int,
    row: Callable[[Scene], dict[str, NDArray]],
    *,
    progress: Progress = silent,
) -> dict[str, NDArray]:
    """What `row` makes of each of the first `count` scenes of `split`, stacked: read from `path`, or made on every core
    and kept there."""
    if not path.exists():
        chunks = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
        parts = []
        with ProcessPoolExecutor() as pool:
            for numbers, part in zip(chunks, pool.map(partial(_rows, row, split), chunks), strict=True):
                parts.append(part)
                progress(numbers.stop, count, f"{split} scenes")
        save(path, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _rows(row: Callable[[Scene], dict[str, NDArray]], split: str, numbers: range) -> dict[str, NDArray]:
    rows = [row(compose(split, number)) for number in numbers]
    return {name: np.stack([one[name] for one in rows]) for name in rows[0]}


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
