"""What the backbone's frozen early part gives for every picture, kept on disk: teaching begins there."""

import hashlib
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy import float16, uint8
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from core.encoders.efficientnet import SIDE
from core.encoders.photos import TAUGHT_FROM, backbone, normalised, to_pixels
from index_store.progress import Progress, silent

BLOCK, SHAPE = TAUGHT_FROM, (208, 9, 9)  # what the taught blocks are given
_BATCH = 16  # fastest on two cores
_SMALLEST, _NARROWEST = 0.5, 0.75  # share of the area, and width to height, of a crop
_TONES = 0.25  # how far brightness, contrast and colour are turned


def changed(image: Image.Image, draw: random.Random) -> Image.Image:
    """A crop of the picture, mirrored or not, its tones a little turned: what the same caption would still say."""
    area, ratio = draw.uniform(_SMALLEST, 1), draw.uniform(_NARROWEST, 1 / _NARROWEST)
    width = min(image.width, round(image.width * (area * ratio) ** 0.5))
    height = min(image.height, round(image.height * (area / ratio) ** 0.5))
    left, top = draw.randint(0, image.width - width), draw.randint(0, image.height - height)
    image = image.crop((left, top, left + width, top + height))
    if draw.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for tone in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = tone(image).enhance(draw.uniform(1 - _TONES, 1 + _TONES))
    return image


def kept_maps(
    cache: Path, name: str, pictures: Sequence[Path], *, view: int, progress: Progress = silent
) -> NDArray[float16]:
    """(n, 208, 9, 9), read from the cache where it is there; view 0 is the picture as it is, others are `changed`.

    Computed in bfloat16, which is twice as fast where processors have it, and close enough to learn from.
    """
    digest = hashlib.sha256("\n".join(path.name for path in pictures).encode()).hexdigest()[:8]
    path = cache / f"maps-{name}-{digest}-{view}.npy"
    if path.exists():
        return np.load(path, mmap_mode="r")
    cache.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npy")
    maps = np.lib.format.open_memmap(part, mode="w+", dtype=float16, shape=(len(pictures), *SHAPE))
    network = backbone().bfloat16()
    with ThreadPoolExecutor(1) as pool, torch.inference_mode():
        ahead = pool.submit(_batch, pictures, 0, view)
        for start in range(0, len(pictures), _BATCH):
            batch, ahead = ahead.result(), pool.submit(_batch, pictures, start + _BATCH, view)
            maps[start : start + len(batch)] = network.upto(normalised(batch).bfloat16(), BLOCK).float().numpy()
            progress(start + len(batch), len(pictures), path.stem)
    maps.flush()
    del maps
    part.rename(path)
    return np.load(path, mmap_mode="r")


def _batch(pictures: Sequence[Path], start: int, view: int) -> NDArray[uint8]:
    """(up to 16, 260, 260, 3); none past the end."""
    numbers = range(start, min(start + _BATCH, len(pictures)))
    return np.array([_pixels(number, pictures[number], view) for number in numbers], np.uint8)


def _pixels(number: int, path: Path, view: int) -> NDArray[uint8]:
    with Image.open(path) as image:
        rgb = image.convert("RGB")
    return to_pixels(changed(rgb, random.Random(f"{view}-{number}")) if view else rgb, SIDE)
