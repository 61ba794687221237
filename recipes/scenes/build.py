"""The stages of making the built-in model, each cached: corpus, towers, dense vectors, heads."""

import hashlib
import logging
from pathlib import Path

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from scipy.sparse import csr_array
from tqdm import tqdm

from core.data.dense import DenseDataset
from core.encoders import scenes as encoder_source
from core.encoders.scenes import ImageTower, SceneEncoder, TextTower
from core.models.head import SparseHead
from core.training.config import TrainingConfig
from core.training.trainer import Lesson, OnStep, train_head
from core.world.words import WORDS
from recipes.scenes import corpus as corpus_source
from recipes.scenes import lessons as lessons_source
from recipes.scenes import readers as readers_source
from recipes.scenes import towers as towers_source
from recipes.scenes import truth as truth_source
from recipes.scenes.corpus import Corpus, load_corpus, save, world_digest
from recipes.scenes.figures import dense_figures
from recipes.scenes.lessons import sentences
from recipes.scenes.recipe import Recipe
from recipes.scenes.towers import Towers, embed, run_stage
from recipes.scenes.truth import load_truth

log = logging.getLogger(__name__)


def corpus(split: str, count: int, cache: Path) -> Corpus:
    """The cached corpus of a split; held-out splits are drawn exactly as users see them."""
    with tqdm(total=count, desc=f"{split} scenes", unit="scene", mininterval=5) as bar:
        return load_corpus(split, count, cache, supersample=1 if split == "train" else 2,
                           progress=lambda done, *_: bar.update(done - bar.n))  # fmt: skip


def train_towers(recipe: Recipe, cache: Path) -> SceneEncoder:
    """All stages in turn; a stage is read from the cache while neither its inputs nor its code have changed."""
    train, val = corpus("train", recipe.train_scenes, cache), corpus("val", recipe.val_scenes, cache)
    texts = sentences(train, WORDS)
    with tqdm(total=recipe.train_scenes, desc="what is true of what", unit="scene", mininterval=5) as bar:
        truth = load_truth("train", recipe.train_scenes, cache, progress=lambda done, *_: bar.update(done - bar.n))
    towers = Towers.fresh(WORDS, recipe)
    key = hashlib.sha256(world_digest().encode())
    for module in (encoder_source, towers_source, readers_source, lessons_source, corpus_source, truth_source):
        key.update(Path(str(module.__file__)).read_bytes())
    key.update(repr((recipe.train_scenes, recipe.batch_size)).encode())
    key.update(repr((recipe.weight_decay, recipe.temperature, recipe.seed)).encode())
    for number, stage in enumerate(recipe.stages, 1):
        key.update(repr(stage).encode())
        path = cache / f"towers-{number}-{key.hexdigest()[:12]}.pt"
        if path.exists():
            towers.restore(torch.load(path, weights_only=True))
            continue
        with tqdm(desc=f"towers, stage {number} of {len(recipe.stages)}", unit="step", mininterval=10) as bar:
            run_stage(towers, train, texts, truth, stage, recipe, on_step=shown(bar))
        torch.save(towers.state(), path)
        if stage.joint:
            log.info("after stage %d, dense on val: %s", number, dense_figures(dataset(towers.image, towers.text, val)))
    return SceneEncoder(WORDS, towers.image, towers.text)


def shown(bar: tqdm) -> OnStep:
    """What shows a training's steps and their measures on a bar."""

    def on_step(step: int, steps: int, measures: dict[str, float]) -> None:
        bar.total = steps
        bar.set_postfix({name: f"{value:.3f}" for name, value in measures.items()}, refresh=False)
        bar.update(step - bar.n)

    return on_step


def dataset(image: ImageTower, text: TextTower, part: Corpus, *, phrases: bool = False) -> DenseDataset:
    """A corpus's dense vectors with its captions, and with its short phrases where asked; an image's in a row."""
    ids = sentences(part, WORDS)
    spoken = np.concatenate([ids.captions, ids.phrases], 1) if phrases else ids.captions
    said = [a + b for a, b in zip(part.captions, part.phrases, strict=True)] if phrases else part.captions
    images, texts = embed(image, text, part, spoken)
    return dense_dataset(said, images, texts)


def encoded(encoder_file: Path, split: str, count: int, cache: Path, *, phrases: bool = False) -> DenseDataset:
    """The corpus of a split by the encoder of that file, as `dataset` gives it; its vectors are cached."""
    digest = hashlib.sha256(world_digest().encode() + encoder_file.read_bytes()).hexdigest()[:12]
    path = cache / f"dense-{split}-{count}{'-phrases' if phrases else ''}-{digest}.npz"
    if not path.exists():
        encoder = SceneEncoder.load(encoder_file)  # as shipped: half precision and frozen
        made = dataset(encoder.image_tower, encoder.text_tower, corpus(split, count, cache), phrases=phrases)
        texts = np.array(made.captions).reshape(count, -1)
        save(path, {"images": made.images, "texts": made.texts, "captions": texts})
    with np.load(path) as arrays:
        return dense_dataset(arrays["captions"].tolist(), arrays["images"], arrays["texts"])


def dense_dataset(captions: list[list[str]], images: NDArray[float32], texts: NDArray[float32]) -> DenseDataset:
    """Rows of images and of their captions, the same number for each image, in order."""
    flat = [caption for several in captions for caption in several]
    return DenseDataset(images, texts, np.repeat(np.arange(len(images)), len(flat) // len(images)), flat)


def train_builtin_head(
    data: DenseDataset,
    spoken: csr_array,
    config: TrainingConfig,
    name: str,
    *,
    taught: SparseHead | None = None,
    lesson: Lesson | None = None,
) -> SparseHead:
    """One head, with a progress bar."""
    with tqdm(desc=f"head: {name}", unit="step", mininterval=5) as bar:
        return train_head(data, spoken, config, on_step=shown(bar), taught=taught, lesson=lesson)
