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
from core.training.trainer import AuxiliaryLoss, OnStep, train_head
from core.world.scene_table import save_arrays, world_digest
from core.world.words import WORDS
from recipes.scenes import auxiliary_heads as auxiliary_source
from recipes.scenes import batches as batches_source
from recipes.scenes import claim_arrays as claims_source
from recipes.scenes import corpus as corpus_source
from recipes.scenes import towers as towers_source
from recipes.scenes.batches import sentences
from recipes.scenes.claim_arrays import load_claims
from recipes.scenes.corpus import Corpus, load_corpus
from recipes.scenes.figures import dense_figures
from recipes.scenes.recipe import Recipe
from recipes.scenes.towers import Towers, embed, run_stage

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
    with tqdm(total=recipe.train_scenes, desc="claims", unit="scene", mininterval=5) as bar:
        claims = load_claims("train", recipe.train_scenes, cache, progress=lambda done, *_: bar.update(done - bar.n))
    towers = Towers.fresh(WORDS, recipe)
    key = hashlib.sha256(world_digest().encode())
    for module in (encoder_source, towers_source, auxiliary_source, batches_source, corpus_source, claims_source):
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
            run_stage(towers, train, texts, claims, stage, recipe, on_step=on_bar(bar))
        torch.save(towers.state(), path)
        if stage.joint:
            log.info("after stage %d, dense on val: %s", number, dense_figures(dataset(towers.image, towers.text, val)))
    return SceneEncoder(WORDS, towers.image, towers.text)


def on_bar(bar: tqdm) -> OnStep:
    """Shows a training's steps and their measures on a bar."""

    def on_step(step: int, steps: int, measures: dict[str, float]) -> None:
        bar.total = steps
        bar.set_postfix({name: f"{value:.3f}" for name, value in measures.items()}, refresh=False)
        bar.update(step - bar.n)

    return on_step


def dataset(image: ImageTower, text: TextTower, part: Corpus, *, phrases: bool = False) -> DenseDataset:
    """The dense vectors of a corpus and its captions; with `phrases` each image's short phrases follow its captions."""
    ids = sentences(part, WORDS)
    sentence_ids = np.concatenate([ids.captions, ids.phrases], 1) if phrases else ids.captions
    own_texts = [a + b for a, b in zip(part.captions, part.phrases, strict=True)] if phrases else part.captions
    images, texts = embed(image, text, part, sentence_ids)
    return dense_dataset(own_texts, images, texts)


def encoded(encoder_file: Path, split: str, count: int, cache: Path, *, phrases: bool = False) -> DenseDataset:
    """The dense vectors of a split by the encoder in a file, as `dataset` gives them; cached."""
    digest = hashlib.sha256(world_digest().encode() + encoder_file.read_bytes()).hexdigest()[:12]
    path = cache / f"dense-{split}-{count}{'-phrases' if phrases else ''}-{digest}.npz"
    if not path.exists():
        encoder = SceneEncoder.load(encoder_file)  # as shipped: half precision and frozen
        made = dataset(encoder.image_tower, encoder.text_tower, corpus(split, count, cache), phrases=phrases)
        texts = np.array(made.captions).reshape(count, -1)
        save_arrays(path, {"images": made.images, "texts": made.texts, "captions": texts})
    with np.load(path) as arrays:
        return dense_dataset(arrays["captions"].tolist(), arrays["images"], arrays["texts"])


def dense_dataset(captions: list[list[str]], images: NDArray[float32], texts: NDArray[float32]) -> DenseDataset:
    """A data set from the captions of each image, the same number for all, and the vectors of both, in that order."""
    flat = [caption for several in captions for caption in several]
    return DenseDataset(images, texts, np.repeat(np.arange(len(images)), len(flat) // len(images)), flat)


def train_builtin_head(
    data: DenseDataset,
    literal: csr_array,
    config: TrainingConfig,
    name: str,
    *,
    pretrained: SparseHead | None = None,
    auxiliary: AuxiliaryLoss | None = None,
) -> SparseHead:
    """A head as `train_head` trains it, behind a progress bar; `literal` (captions, |V|) bool: the terms of each."""
    with tqdm(desc=f"head: {name}", unit="step", mininterval=5) as bar:
        return train_head(data, literal, config, pretrained=pretrained, auxiliary=auxiliary, on_step=on_bar(bar))
