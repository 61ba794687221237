"""Trains the image side: first pooling and projection, then the backbone's last blocks as well; makes the query bank.

Meanwhile a guide reads the texts, a small network above the frozen sentence encoder; the text tower that ships learns
from it later (`tower.py`).
"""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy import bool_, float32, int64
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.efficientnet import SameConv
from core.encoders.photos import BANK, DIM, Pooling, QueryBank, TaughtBlocks
from core.training.trainer import OnStep, unwatched
from recipes.photos.blocks import BlocksOverPlaces

SENTENCE = 384  # numbers of a sentence encoder's vector
SPREAD_FLOOR = 0.02  # of a part that hardly varies
TEMPERATURE = 0.05
LABELS, CLASSES, MEANINGS = 0.5, 0.3, 0.3  # how much each counts beside captions
CLASS_ROWS = 128  # classes a step whose row is held against its name
PASSES = 8  # of k-means


@dataclass(frozen=True)
class Schedule:
    """How one stage trains."""

    epochs: int
    batch: int  # captioned photographs a step
    labelled: float  # labelled photographs a captioned one
    rate: float  # learning rate of pooling and guide
    taught_rate: float = 0.0  # learning rate of the backbone's last blocks
    decay: float = 0.1
    average: float = 0.98  # of the moving average of all weights, which is what is kept


ABOVE = Schedule(epochs=40, batch=512, labelled=0.5, rate=1e-3)
TAUGHT = Schedule(epochs=24, batch=256, labelled=0.375, rate=5e-4, taught_rate=4e-4)


class Guide(nn.Module):
    """The sentence encoder's vectors (n, 384) -> unit rows (n, dim): a hidden layer beside a linear path."""

    def __init__(self, dim: int = DIM):
        super().__init__()
        self.hidden, self.project, self.straight = (
            nn.Linear(SENTENCE, 1024),
            nn.Linear(1024, dim),
            nn.Linear(SENTENCE, dim),
        )
        self.dropout = nn.Dropout(0.3)

    def forward(self, sentences: Tensor) -> Tensor:
        x = sentences * SENTENCE**0.5  # to the variance of one
        return functional.normalize(
            self.project(self.dropout(functional.gelu(self.hidden(self.dropout(x))))) + self.straight(x), dim=1
        )


@dataclass(frozen=True)
class Side:
    """Photographs of one kind: for each view, the features (n, …) and the classifier's logits (n, classes)."""

    views: Sequence[tuple[NDArray[np.float16], NDArray[float32]]]

    def draw(self, rows: Sequence[int], random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """The features and logits of some rows, each from a view drawn at random."""
        which = random.integers(len(self.views), size=len(rows))
        drawn = [(self.views[view][0][row], self.views[view][1][row]) for view, row in zip(which, rows, strict=True)]
        features, logits = (np.stack(part) for part in zip(*drawn, strict=True))
        return torch.from_numpy(features.astype(np.float32)), torch.from_numpy(logits)


Reader = Callable[[str, Sequence[int]], Tensor]
"""Texts, by their kind ("captions", "phrases", "classes", "classes-short") and numbers -> unit rows (n, dim)."""


@dataclass(frozen=True)
class TrainingPairs:
    """All that the image side learns from: photographs with captions and with labels, and which texts are whose.

    `captions_of`: for each captioned photograph, the numbers of its captions.
    `phrases_of`: for each labelled photograph, the numbers of its phrases, short captions made of some of its labels.
    `phrase_labels` (phrases, labels) bool: the labels that each phrase says.
    `labels` (photographs, labels) bool: all that each labelled photograph shows.
    """

    captioned: Side
    labelled: Side
    captions_of: Sequence[Sequence[int]]
    phrases_of: Sequence[Sequence[int]]
    phrase_labels: NDArray[bool_]
    labels: NDArray[bool_]


def standardise(pooling: Pooling, parts: NDArray[np.float16], logits: NDArray[float32]) -> None:
    """Sets mean and spread of the pooling's inputs from those of the teaching photographs."""
    for name, rows in (("parts", parts.astype(np.float32)), ("logits", logits)):
        floor = SPREAD_FLOOR if name == "parts" else 0.0
        getattr(pooling, f"{name}_mean").copy_(torch.from_numpy(rows.mean(0)))
        getattr(pooling, f"{name}_spread").copy_(torch.from_numpy(rows.std(0) + floor))


def teach(
    pooling: Pooling, guide: Guide, read: Reader, blocks: TaughtBlocks | None, pairs: TrainingPairs, schedule: Schedule,
    *, seed: int = 0, on_step: OnStep = unwatched,
) -> tuple[Pooling, Guide, TaughtBlocks | None]:  # fmt: skip
    """Trains by the schedule; the moving averages of pooling, guide and blocks.

    `read`: reads texts by the guide. `blocks`: trained too; the features in `pairs` are then maps in place of parts.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    temperature = nn.Parameter(torch.tensor(math.log(TEMPERATURE)))
    parts: nn.ModuleList = nn.ModuleList([pooling, guide] + ([blocks] if blocks is not None else []))
    groups: list[dict[str, Any]] = [
        {"params": [*pooling.parameters(), *guide.parameters()], "lr": schedule.rate, "weight_decay": schedule.decay},
        {"params": [temperature], "lr": schedule.rate, "weight_decay": 0.0},
    ]
    if blocks is not None:
        groups.append({"params": taught_parameters(blocks), "lr": schedule.taught_rate, "weight_decay": 0.02})
    optimiser = torch.optim.AdamW(groups)
    steps = len(pairs.captions_of) // schedule.batch * schedule.epochs
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, [group["lr"] for group in groups], steps, pct_start=0.15)
    kept = copy.deepcopy(parts).eval()
    onward = BlocksOverPlaces(blocks) if blocks is not None else None
    captioned = _orders(len(pairs.captions_of), schedule.batch, random)
    labelled = _orders(len(pairs.labels), round(schedule.batch * schedule.labelled), random)
    for step in range(steps):
        parts.train()
        loss = _loss(pooling, read, onward, pairs, next(captioned), next(labelled), temperature.exp(), random)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rates.step()
        _averaged(kept, parts, min(schedule.average, (1 + step) / (10 + step)))
        on_step(step + 1, steps, {"loss": float(loss)})
    return kept[0], kept[1], kept[2] if blocks is not None else None  # type: ignore[return-value]


def taught_parameters(blocks: TaughtBlocks) -> list[nn.Parameter]:
    """What of the last blocks is taught: all but the depthwise filters, whose gradients cost half of a step."""
    still = {id(p) for part in blocks.modules() if isinstance(part, SameConv) for p in part.parameters()}
    taught = [parameter for parameter in blocks.parameters() if id(parameter) not in still]
    for parameter in blocks.parameters():
        parameter.requires_grad_(id(parameter) not in still)
    return taught


def _loss(
    pooling: Pooling, read: Reader, onward: BlocksOverPlaces | None, pairs: TrainingPairs, captioned: Sequence[int],
    labelled: Sequence[int], temperature: Tensor, random: np.random.Generator,
) -> Tensor:  # fmt: skip
    """One step: captions with their photographs, phrases with theirs, likely classes with all, meanings with names."""
    drawn = [pairs.captioned.draw(captioned, random), pairs.labelled.draw(labelled, random)]
    features, logits = (torch.cat(part) for part in zip(*drawn, strict=True))
    rows = pooling(onward(features) if onward is not None else features, logits)
    count = len(captioned)
    texts = read("captions", [int(random.choice(pairs.captions_of[row])) for row in captioned])
    loss = contrastive_loss(texts, rows[:count], torch.eye(count), temperature)
    phrase_ids = [int(random.choice(pairs.phrases_of[row])) for row in labelled]
    fits = ~pairs.phrase_labels[phrase_ids][:, None] | pairs.labels[labelled][None]  # (phrases, photographs, labels)
    phrases = read("phrases", phrase_ids)
    loss = loss + LABELS * contrastive_loss(phrases, rows[count:], torch.from_numpy(fits.all(2)).float(), temperature)
    likely = torch.softmax(logits, 1)
    classes = torch.unique(torch.multinomial(likely, 1).squeeze(1))
    named = read(("classes", "classes-short")[random.integers(2)], classes.tolist())
    loss = loss + CLASSES * contrastive_loss(named, rows, likely[:, classes].T + 1e-4, temperature)
    some = random.choice(len(pooling.meanings), CLASS_ROWS, replace=False).tolist()
    meant = functional.normalize(pooling.meanings[some], dim=1)
    return loss + MEANINGS * contrastive_loss(read("classes", some), meant, torch.eye(CLASS_ROWS), temperature)


def contrastive_loss(texts: Tensor, images: Tensor, fits: Tensor, temperature: Tensor) -> Tensor:
    """The symmetric contrastive loss, a scalar: cross-entropy of scores against what fits, mean of both directions.

    texts (t, dim), images (i, dim): unit rows. fits (t, i): how well each text fits each image, shares of any sum.
    """
    scores = texts @ images.T / temperature
    by_text, by_image = (table / table.sum(1, keepdim=True).clamp(min=1e-6) for table in (fits, fits.T))
    return (functional.cross_entropy(scores, by_text) + functional.cross_entropy(scores.T, by_image)) / 2


def _orders(count: int, batch: int, random: np.random.Generator) -> Iterator[list[int]]:
    """Batches of row numbers, every row once before any comes again; a rest that fills no batch is left out."""
    while True:
        order: NDArray[int64] = random.permutation(count)
        yield from (order[start : start + batch].tolist() for start in range(0, count - batch + 1, batch))


@torch.no_grad()
def _averaged(kept: nn.Module, now: nn.Module, share: float) -> None:
    for mine, theirs in zip(kept.parameters(), now.parameters(), strict=True):
        mine.lerp_(theirs, 1 - share)


def query_bank(questions: Sequence[Tensor], images: Tensor, count: int = BANK, seed: int = 0) -> QueryBank:
    """The query bank: centres for all questions of the teaching, and how near photographs usually are to them.

    questions: unit rows (n, dim) of each kind of questions; every kind counts the same. images (m, dim): the rows of
    the teaching photographs.
    """
    bank = QueryBank(images.shape[1], count)
    rows = torch.cat(list(questions))
    shares = torch.cat([torch.full((len(kind),), 1 / len(kind) / len(questions)) for kind in questions])
    middles, weights = centres(rows, shares, count, seed)
    bank.centres.copy_(middles)
    bank.log_shares.copy_(weights.log())
    bank.usual.copy_(bank.nearness(images).mean())
    return bank


def centres(rows: Tensor, shares: Tensor, count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """k-means of rows (n, dim) with `shares` (n,): the means (count, dim), and what each stands for, (count,)."""
    generator = torch.Generator().manual_seed(seed)
    few = len(rows) < count  # then some stand for nothing
    middles = rows[torch.multinomial(shares, count, replacement=few, generator=generator)]
    weights = torch.zeros(count)
    for _ in range(PASSES):
        nearest = torch.cat([(some @ middles.T - (middles**2).sum(1) / 2).argmax(1) for some in rows.split(4096)])
        weights = torch.zeros(count).index_add_(0, nearest, shares)
        sums = torch.zeros_like(middles).index_add_(0, nearest, rows * shares[:, None])
        middles = torch.where(weights[:, None] > 0, sums / weights[:, None].clamp(min=1e-12), middles)
    return middles, weights.clamp(min=1e-9)
