"""The illustrated world as a dense data set folder: drawn, described and encoded by the built-in encoder, once."""

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy import float32
from numpy.typing import NDArray
from PIL import Image

from core.data.dense import FILES, write_dense
from core.encoders.scenes import PICTURES, SceneEncoder, to_pixels
from core.shipped import SHIPPED, WORLD_MODEL
from core.vocabulary import Vocabulary
from core.world.captions import captions
from core.world.renderer import render
from core.world.scene import Scene
from core.world.scene_table import scene_table, world_digest
from index_store.progress import Progress, named, silent

HELD_OUT = {"val": 500, "test": 1000}  # scenes; the figures of the documentation are of the same 1,000
ENCODED = 64 * PICTURES  # scenes between two calls of progress


def world_data(train_scenes: int, cache: Path, *, progress: Progress = silent) -> Path:
    """The folder of the world's dense data set with so many train scenes, made below `cache` where it is not there yet.

    Five captions a scene. The folder's name holds a hash of what draws the world and of the encoder.
    """
    encoder_file = SHIPPED[WORLD_MODEL].folder / "encoder.safetensors"
    digest = hashlib.sha256(world_digest().encode() + encoder_file.read_bytes()).hexdigest()[:12]
    out = cache / f"world-{train_scenes}-{digest}"
    if all((out / name).exists() for name in FILES):
        return out
    cache.mkdir(parents=True, exist_ok=True)
    encoder = SceneEncoder.load(encoder_file)
    images: dict[int, NDArray[float32]] = {}
    texts: dict[int, NDArray[float32]] = {}
    entries: list[dict[str, Any]] = []
    for split, count in {"train": train_scenes, **HELD_OUT}.items():
        pixels, captions_of = _drawn(split, count, cache, progress)
        image_rows, text_rows = _encoded(encoder, pixels, captions_of, named(progress, f"encoding {split} scenes"))
        for row, caption_texts in enumerate(captions_of):
            first, imgid = len(texts), len(images)
            texts.update(enumerate(text_rows[row], first))
            images[imgid] = image_rows[row]
            sentences = [{"sentid": sentid, "raw": caption} for sentid, caption in enumerate(caption_texts, first)]
            name = f"{split}-{row:06d}.png"
            entries.append({"imgid": imgid, "split": split, "filename": name, "sentences": sentences})
    write_dense(out, images, texts, {"images": entries, "encoder": encoder.name})
    return out


def world_vocabulary() -> Vocabulary:
    """The words that the world's captions say of pictures, as terms: the vocabulary of the heads without questions."""
    return Vocabulary.load(SHIPPED[WORLD_MODEL].folder / "heads" / "caption-control" / "vocabulary.json")


def _drawn(split: str, count: int, cache: Path, progress: Progress) -> tuple[NDArray[np.uint8], list[list[str]]]:
    """The first scenes of a split as pixels (count, side, side, 3), and the five captions of each; kept in `cache`.

    Held-out scenes are drawn exactly as users see them, train scenes as the encoder saw them (not smoothed).
    """
    file = cache / f"scenes-{split}-{count}-{world_digest()}.npz"
    row = partial(_row, supersample=1 if split == "train" else 2)
    table = scene_table(file, split, count, row, progress=named(progress, f"drawing {split} scenes"))
    return table["pixels"], table["captions"].tolist()


def _row(scene: Scene, supersample: int) -> dict[str, NDArray]:
    return {
        "pixels": to_pixels(render(scene, supersample=supersample).image),
        "captions": np.array([caption.text for caption in captions(scene)]),
    }


def _encoded(
    encoder: SceneEncoder, pixels: NDArray[np.uint8], captions_of: list[list[str]], progress: Progress
) -> tuple[NDArray[float32], NDArray[float32]]:
    """(n, dim) the vectors of n scenes' pictures, and (n, captions, dim) those of their captions."""
    images, texts = [], []
    progress(0, len(pixels), "")
    for start in range(0, len(pixels), ENCODED):
        part = slice(start, start + ENCODED)
        images.append(encoder.encode_images([Image.fromarray(picture) for picture in pixels[part]]))
        texts.append(encoder.encode_texts([caption for several in captions_of[part] for caption in several]))
        progress(min(part.stop, len(pixels)), len(pixels), "")
    return np.concatenate(images), np.concatenate(texts).reshape(len(pixels), -1, encoder.dim)
