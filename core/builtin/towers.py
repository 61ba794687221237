"""Trains the two towers of the built-in encoder: first what is where (the grid), then pictures and sentences together.

The image tower first learns, cell by cell, which kinds and colours are there (the boxes teach it): from scratch and in
minutes, contrastive learning alone never finds the objects. Then both towers learn by the symmetric contrastive loss
of CLIP (Radford et al. 2021) with one false variant of a caption as an extra negative, and mirrored pictures whose
sentences swap left and right.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy import int16, int64
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.builtin.corpus import COLOUR_IDS, KIND_IDS, PLACE_IDS, SIZE, TIME_IDS, Corpus
from core.builtin.recipe import Recipe, Stage
from core.builtin.truth import Truth, holding
from core.encoders.scenes import BATCH, DIM, ImageTower, TextTower, as_input
from core.scenes.words import LEMMAS, MEANINGS
from core.vocabulary import Vocabulary

MAX_TOKENS = 40
Progress = Callable[[int, int, dict[str, float]], None]


@dataclass(frozen=True)
class Sentences:
    """Word ids of a corpus: captions and negatives (n, 5, L), phrases (n, p, L); an all-zero negative means none.

    `mirror` (words + 1,) maps every id to that of its mirror image (left <-> right).
    """

    captions: NDArray[int16]
    negatives: NDArray[int16]
    phrases: NDArray[int16]
    mirror: NDArray[int16]


def sentences(corpus: Corpus, words: tuple[str, ...]) -> Sentences:
    """The corpus's sentences as word ids; every word must be in `words` (the world's lexicon is complete)."""
    ids = {word: i + 1 for i, word in enumerate(words)}

    def table(lists: list[list[str]]) -> NDArray[int16]:
        out = np.zeros((len(lists), len(lists[0]), MAX_TOKENS), int16)
        for rows, texts in zip(out, lists, strict=True):
            for row, text in zip(rows, texts, strict=True):
                tokens = [ids[word] for word in Vocabulary.words(text)][:MAX_TOKENS]
                row[: len(tokens)] = tokens
        return out

    mirror = np.arange(len(words) + 1, dtype=int16)
    if "left" in ids and "right" in ids:
        mirror[ids["left"]], mirror[ids["right"]] = ids["right"], ids["left"]
    return Sentences(table(corpus.captions), table(corpus.negatives), table(corpus.phrases), mirror)


class GridHead(nn.Module):
    """Reads kinds and colours off every cell of the image tower's map, and the setting off its mean; training only."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds, self.colours = len(KIND_IDS) + 1, len(COLOUR_IDS) + 1  # id 0 = none
        self.cells = nn.Conv2d(ImageTower.MAP_CHANNELS, self.kinds + self.colours, 1)
        assert self.cells.bias is not None
        nn.init.constant_(self.cells.bias, -4.0)  # nearly every cell lacks nearly every kind
        self.setting = nn.Linear(ImageTower.MAP_CHANNELS, len(PLACE_IDS) + len(TIME_IDS))

    def loss(self, features: Tensor, boxes: Tensor, setting: Tensor) -> Tensor:
        """features (n, 512, h, h), boxes (n, 24, 6), setting (n, 2) -> cell-wise cross-entropy plus the setting's."""
        kinds, colours = self.targets(boxes, features.shape[2])
        target = torch.cat([kinds, colours], 1)  # (n, K + C, h, h)
        logits = self.cells(features).float()
        cells = functional.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(1).mean()
        guess = self.setting(features.mean((2, 3))).float()
        place, time = guess.split([len(PLACE_IDS), len(TIME_IDS)], 1)
        return cells + 0.3 * (
            functional.cross_entropy(place, setting[:, 0]) + functional.cross_entropy(time, setting[:, 1])
        )

    def targets(self, boxes: Tensor, cells: int) -> tuple[Tensor, Tensor]:
        """(n, 24, 6) boxes -> (n, K, cells, cells) kinds and (n, C, cells, cells) colours, 1 where there."""
        centre = (torch.arange(cells) + 0.5) * (SIZE / cells)
        half = SIZE / cells / 2  # a thing thinner than a cell still claims the cells it touches the middle half of
        left, top, right, bottom = (boxes[:, :, i].float().unsqueeze(2) for i in (2, 3, 4, 5))  # (n, 24, 1)
        across = (centre >= left - half / 2) & (centre <= right + half / 2)  # (n, 24, cells)
        down = (centre >= top - half / 2) & (centre <= bottom + half / 2)
        inside = (down.unsqueeze(3) & across.unsqueeze(2) & (boxes[:, :, 0] > 0)[:, :, None, None]).float()
        n = len(boxes)
        kinds, colours = torch.zeros(n, self.kinds, cells, cells), torch.zeros(n, self.colours, cells, cells)
        rows = torch.arange(n)
        for slot in range(boxes.shape[1]):
            kind, colour, mask = boxes[:, slot, 0], boxes[:, slot, 1], inside[:, slot]
            kinds[rows, kind] = torch.maximum(kinds[rows, kind], mask)
            colours[rows, colour] = torch.maximum(colours[rows, colour], mask)
        kinds[:, 0] = 0
        colours[:, 0] = 0
        return kinds, colours


class NameHead(nn.Module):
    """Reads kinds and colours off finished vectors, of pictures and of sentences alike; training only."""

    SCALE = 16.0  # vectors have unit length; logits must not

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self.labels = len(KIND_IDS) + len(COLOUR_IDS) + 2  # id 0 = none, for kinds and for colours
        self.read = nn.Linear(DIM, self.labels)
        nn.init.constant_(self.read.bias, -4.0)  # nearly every picture lacks nearly every kind
        said = torch.zeros(len(words) + 1, self.labels)  # what a word names, where it can name only one thing
        for i, word in enumerate(words, 1):
            kinds = MEANINGS.get(LEMMAS.get(word, word), frozenset())
            if len(kinds) == 1:
                said[i, KIND_IDS[next(iter(kinds))]] = 1
            if word in COLOUR_IDS:
                said[i, len(KIND_IDS) + 1 + COLOUR_IDS[word]] = 1
        self.said: Tensor
        self.register_buffer("said", said)

    def loss(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """vectors (n, dim), labels (n, labels) 0 or 1 -> binary cross-entropy, summed over labels."""
        logits = self.read(self.SCALE * vectors).float()
        return functional.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1).mean()

    def shown(self, boxes: Tensor) -> Tensor:
        """(n, 24, 6) boxes -> (n, labels): the kinds and colours in the picture."""
        labels = torch.zeros(len(boxes), self.labels)
        labels.scatter_(1, boxes[:, :, 0], 1.0)
        labels.scatter_(1, boxes[:, :, 1] + len(KIND_IDS) + 1, 1.0)
        labels[:, [0, len(KIND_IDS) + 1]] = 0
        return labels

    def spoken(self, ids: Tensor) -> Tensor:
        """(n, L) word ids -> (n, labels): the kinds and colours that the sentence names."""
        return self.said[ids].amax(1)


@dataclass
class Towers:
    """What is being trained."""

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
    truth: Truth,
    stage: Stage,
    recipe: Recipe,
    progress: Progress | None = None,
) -> None:
    """Trains in place; deterministic for one machine, thread count and seed."""
    rng = np.random.default_rng([recipe.seed, recipe.stages.index(stage)])
    pictures = corpus.pixels if stage.side == corpus.pixels.shape[1] else corpus.small
    optimiser = torch.optim.AdamW(towers.parameters(), lr=stage.rate, weight_decay=recipe.weight_decay)
    steps = int(stage.epochs * len(corpus) / recipe.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, stage.rate, total_steps=steps, pct_start=0.08)
    for module in (towers.image, towers.text, towers.grid):
        module.train()
    order = np.concatenate([rng.permutation(len(corpus)) for _ in range(math.ceil(stage.epochs) + 1)])
    for step in range(steps):
        rows = order[step * recipe.batch_size : (step + 1) * recipe.batch_size]
        mirrored = rng.random(len(rows)) < 0.5
        pixels, boxes = _pictures(pictures[rows], corpus.boxes[rows], mirrored)
        setting = torch.from_numpy(corpus.setting[rows].astype(int64))
        with torch.autocast("cpu", torch.bfloat16):
            features = towers.image.map(pixels)
            grid_loss = towers.grid.loss(features, boxes, setting)
            loss, measures = grid_loss, {"grid": grid_loss.item()}
            if stage.joint:
                said = _said(texts, truth, rows, mirrored, stage, rng)
                vectors = _Vectors(
                    towers.image.pool(features), *map(towers.text, (said.first, said.second, said.false))
                )
                contrast = _contrast(towers.log_scale.exp(), vectors, said)
                loss = contrast + stage.grid_weight * grid_loss
                measures["contrast"] = contrast.item()
                if stage.names_weight:
                    names = _names(towers.names, vectors, said, boxes)
                    loss = loss + stage.names_weight * names
                    measures["names"] = names.item()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(list(towers.parameters()), 1.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            towers.log_scale.clamp_(max=math.log(100))
        if progress:
            progress(step + 1, steps, measures)


def _pictures(pixels: NDArray, boxes: NDArray, mirrored: NDArray) -> tuple[Tensor, Tensor]:
    pixels, boxes = pixels.copy(), boxes.copy()
    pixels[mirrored] = pixels[mirrored][:, :, ::-1]
    left = boxes[mirrored][:, :, 2].copy()
    boxes[mirrored, :, 2] = SIZE - boxes[mirrored][:, :, 4]
    boxes[mirrored, :, 4] = SIZE - left
    return as_input(pixels), torch.from_numpy(boxes.astype(int64))


@dataclass(frozen=True)
class _Said:
    """Word ids (b, L) of two sentences a picture and of a false variant of the first (all zero where there is none).

    true (b, b): whether second sentence i is true of picture j.
    """

    first: Tensor
    second: Tensor
    false: Tensor
    true: Tensor


def _said(
    texts: Sentences, truth: Truth, rows: NDArray, mirrored: NDArray, stage: Stage, rng: np.random.Generator
) -> _Said:
    n, choices = len(rows), texts.captions.shape[1]
    a = rng.integers(0, choices, n)
    b = (a + rng.integers(1, choices, n)) % choices
    first, second, false = texts.captions[rows, a], texts.captions[rows, b], texts.negatives[rows, a]
    short = rng.random(n) < 2 * stage.phrase_share  # of the second sentences, so of `phrase_share` of all
    which = rng.integers(0, texts.phrases.shape[1], n)
    second = np.where(short[:, None], texts.phrases[rows, which], second)
    true = np.eye(n, dtype=bool)
    if stage.records:
        true |= holding(truth, rows, which) & short[:, None]
    tables = []
    for table in (first, second, false):
        table = np.where(mirrored[:, None], texts.mirror[table], table)
        length = max(1, int((table > 0).sum(1).max()))
        tables.append(torch.from_numpy(table[:, :length].astype(int64)))
    first_ids, second_ids, false_ids = tables
    return _Said(first_ids, second_ids, false_ids, torch.from_numpy(true))


@dataclass(frozen=True)
class _Vectors:
    """Unit rows (b, dim) of the pictures and of each set of sentences."""

    images: Tensor
    first: Tensor
    second: Tensor
    false: Tensor


def _names(head: NameHead, vectors: _Vectors, said: _Said, boxes: Tensor) -> Tensor:
    """Pictures must name all that they show, sentences all that they say."""
    first = head.loss(vectors.first, head.spoken(said.first))
    second = head.loss(vectors.second, head.spoken(said.second))
    return head.loss(vectors.images, head.shown(boxes)) + (first + second) / 2


def _contrast(scale: Tensor, vectors: _Vectors, said: _Said) -> Tensor:
    """Symmetric contrastive loss of the images with each set of sentences; false variants are columns for the images.

    Where a sentence has several right answers the target is shared among them equally.
    """
    images = vectors.images
    wrong = scale * images @ vectors.false.T  # (b, b)
    wrong = wrong.masked_fill((said.false == 0).all(1)[None, :], -1e4)
    total = torch.zeros(())
    for rows, true in ((vectors.first, torch.eye(len(images))), (vectors.second, said.true.float())):
        right = scale * images @ rows.T  # (b pictures, b sentences)
        by_picture = functional.pad(true.T / true.T.sum(1, keepdim=True), (0, len(images)))
        total = total + functional.cross_entropy(torch.cat([right, wrong], 1).float(), by_picture)
        total = total + functional.cross_entropy(right.T.float(), true / true.sum(1, keepdim=True))
    return total / 4


@torch.inference_mode()
def embed(image: ImageTower, text: TextTower, corpus: Corpus, ids: NDArray[int16]) -> tuple[NDArray, NDArray]:
    """(n, dim) images at full side and (n * m, dim) sentences (n, m, L), in order, as the encoder gives them."""
    image.eval()
    text.eval()
    images = [image(as_input(corpus.pixels[i : i + BATCH])).numpy() for i in range(0, len(corpus), BATCH)]
    flat = ids.reshape(-1, ids.shape[2]).astype(int64)
    rows = [text(torch.from_numpy(flat[i : i + BATCH])).numpy() for i in range(0, len(flat), BATCH)]
    return np.concatenate(images), np.concatenate(rows)
