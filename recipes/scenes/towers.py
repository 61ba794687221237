"""Trains the two towers of the built-in encoder: first what is where (the grid), then pictures and sentences together.

The image tower first learns, cell by cell, which kinds and colours are there (the boxes teach it): from scratch and in
minutes, contrastive learning alone never finds the objects. Then both towers learn by the symmetric contrastive loss
of CLIP (Radford et al. 2021) with one false variant of a caption as an extra negative, and mirrored pictures whose
sentences swap left and right.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy import int16, int64
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.precision import computes_bf16
from core.encoders.scenes import PICTURES, PIXELS, TEXTS, ImageTower, TextTower, as_input
from core.training.trainer import OnStep, unwatched
from recipes.scenes import batches
from recipes.scenes.auxiliary_heads import GridHead, NameHead
from recipes.scenes.batches import BatchSentences, Sentences
from recipes.scenes.claim_arrays import ClaimArrays
from recipes.scenes.corpus import Corpus
from recipes.scenes.recipe import Recipe, Stage


@dataclass
class Towers:
    """What is being trained: both towers, their auxiliary heads and the scale of the contrastive logits."""

    image: ImageTower
    text: TextTower
    grid: GridHead
    log_scale: nn.Parameter  # of the contrastive logits
    names: NameHead

    @classmethod
    def fresh(cls, words: Sequence[str], recipe: Recipe) -> "Towers":
        """New towers from the recipe's seed."""
        torch.manual_seed(recipe.seed)
        image = ImageTower().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        text, grid = TextTower(len(words)), GridHead()
        return cls(image, text, grid, nn.Parameter(torch.tensor(math.log(1 / recipe.temperature))), NameHead(words))

    def parameters(self) -> Iterator[nn.Parameter]:
        yield from self.image.parameters()
        yield from self.text.parameters()
        yield from self.grid.parameters()
        yield from self.names.parameters()
        yield self.log_scale

    def state(self) -> dict[str, Any]:
        return {"image": self.image.state_dict(), "text": self.text.state_dict(), "grid": self.grid.state_dict(),
                "names": self.names.state_dict(), "log_scale": self.log_scale.data}  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        self.image.load_state_dict(state["image"])
        self.text.load_state_dict(state["text"])
        self.grid.load_state_dict(state["grid"])
        self.names.load_state_dict(state["names"])
        self.log_scale.data.copy_(state["log_scale"])


def run_stage(
    towers: Towers,
    corpus: Corpus,
    texts: Sentences,
    claims: ClaimArrays,
    stage: Stage,
    recipe: Recipe,
    *,
    on_step: OnStep = unwatched,
) -> None:
    """Trains in place, in bfloat16 where the processor has it; deterministic for one machine, thread count and seed."""
    rng = np.random.default_rng([recipe.seed, recipe.stages.index(stage)])
    pictures = corpus.pictures[stage.side]
    optimiser = torch.optim.AdamW(towers.parameters(), lr=stage.rate, weight_decay=recipe.weight_decay)
    steps = int(stage.epochs * len(corpus) / recipe.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, stage.rate, total_steps=steps, pct_start=0.08)
    for module in (towers.image, towers.text, towers.grid):
        module.train()
    for step, rows in enumerate(batches.batches(corpus.setting[:, 0], steps, recipe.batch_size, stage.crowd, rng)):
        mirrored = rng.random(len(rows)) < 0.5
        pixels, boxes = batches.seen(pictures[rows], corpus.boxes[rows], mirrored, stage.window or stage.side, rng)
        setting = torch.from_numpy(corpus.setting[rows].astype(int64))
        with torch.autocast("cpu", torch.bfloat16, enabled=computes_bf16()):
            features = towers.image.map(pixels)
            grid_loss = towers.grid.loss(features, boxes, setting)
            loss, measures = grid_loss, {"grid": grid_loss.item()}
            if stage.joint:
                spoken = batches.sentences_of(texts, claims, rows, mirrored, stage, rng)
                vectors = _Vectors(
                    towers.image.pool(features), *map(towers.text, (spoken.first, spoken.second, spoken.false))
                )
                contrast = _contrast(towers.log_scale.exp(), vectors, spoken)
                loss = contrast + stage.grid_weight * grid_loss
                measures["contrast"] = contrast.item()
                if stage.names_weight:
                    names = _names(towers.names, vectors, spoken, boxes)
                    loss = loss + stage.names_weight * names
                    measures["names"] = names.item()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(list(towers.parameters()), 1.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            towers.log_scale.clamp_(max=math.log(100))
        on_step(step + 1, steps, measures)


@dataclass(frozen=True)
class _Vectors:
    """Unit rows (b, dim) of the pictures and of each set of sentences."""

    images: Tensor
    first: Tensor
    second: Tensor
    false: Tensor


def _names(head: NameHead, vectors: _Vectors, spoken: BatchSentences, boxes: Tensor) -> Tensor:
    """The loss of labels read off vectors: off pictures all that they show, off sentences all that they say."""
    first = head.loss(vectors.first, head.sentence_labels(spoken.first))
    second = head.loss(vectors.second, head.sentence_labels(spoken.second))
    named = head.phrase_labels(spoken.kinds[spoken.phrase], *spoken.details[spoken.phrase].unbind(1))
    phrases = head.loss(vectors.second[spoken.phrase], named)
    return head.loss(vectors.images, head.picture_labels(boxes)) + (first + second + phrases) / 3


def _contrast(scale: Tensor, vectors: _Vectors, spoken: BatchSentences) -> Tensor:
    """The symmetric contrastive loss of the images with each set of sentences, a scalar.

    False variants are further wrong sentences for the images. Where a sentence has several right answers, they share
    the target equally.
    """
    images = vectors.images
    wrong = scale * images @ vectors.false.T  # (b, b)
    wrong = wrong.masked_fill((spoken.false == 0).all(1)[None, :], -1e4)
    total = torch.zeros(())
    for rows, true in ((vectors.first, torch.eye(len(images))), (vectors.second, spoken.true.float())):
        right = scale * images @ rows.T  # (b pictures, b sentences)
        by_picture = functional.pad(true.T / true.T.sum(1, keepdim=True), (0, len(images)))
        total = total + functional.cross_entropy(torch.cat([right, wrong], 1).float(), by_picture)
        total = total + functional.cross_entropy(right.T.float(), true / true.sum(1, keepdim=True))
    return total / 4


@torch.inference_mode()
def embed(image: ImageTower, text: TextTower, corpus: Corpus, ids: NDArray[int16]) -> tuple[NDArray, NDArray]:
    """The vectors of a corpus's images (n, dim), at full side, and of its sentences (n * m, dim), by ids (n, m, L)."""
    image.eval()
    text.eval()
    pixels = corpus.pictures[PIXELS]
    images = [image(as_input(pixels[i : i + PICTURES])).numpy() for i in range(0, len(corpus), PICTURES)]
    flat = ids.reshape(-1, ids.shape[2]).astype(int64)
    rows = [text(torch.from_numpy(flat[i : i + TEXTS])).numpy() for i in range(0, len(flat), TEXTS)]
    return np.concatenate(images), np.concatenate(rows)
