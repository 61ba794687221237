"""The illustrated world as a dense data set folder: drawn, described and encoded by the shipped encoder, once."""

import hashlib
from pathlib import Path
from typing import Any

from numpy import float32
from numpy.typing import NDArray

from core.data.dense import FILES, write_dense
from core.encoders.scenes import SceneEncoder
from core.models.registry import SCENES
from index_store.progress import Progress, named, silent
from recipes.scenes.build import dataset
from recipes.scenes.corpus import load_corpus, world_digest

HELD_OUT = {"val": 500, "test": 1000}  # scenes; the README's figures are of the same 1,000


def world_data(train_scenes: int, cache: Path, *, progress: Progress = silent) -> Path:
    """The folder of the world's dense data set with so many train scenes, made below `cache` where it is not there yet.

    Five captions a scene. The folder's name holds a hash of what draws the world and of the encoder.
    """
    encoder_file = SCENES / "encoder.safetensors"
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
        # held-out scenes exactly as users see them, train scenes as the encoder saw them
        drawn = named(progress, f"drawing {split} scenes")
        part = load_corpus(split, count, cache, supersample=1 if split == "train" else 2, progress=drawn)
        progress(0, count, f"encoding {split} scenes")
        data = dataset(encoder.image_tower, encoder.text_tower, part)
        for row, captions in enumerate(part.captions):
            first, imgid = len(texts), len(images)
            texts.update(enumerate(data.texts[row * len(captions) : (row + 1) * len(captions)], first))
            images[imgid] = data.images[row]
            sentences = [{"sentid": sentid, "raw": caption} for sentid, caption in enumerate(captions, first)]
            name = f"{split}-{row:06d}.png"
            entries.append({"imgid": imgid, "split": split, "filename": name, "sentences": sentences})
    write_dense(out, images, texts, {"images": entries, "encoder": encoder.name})
    return out
