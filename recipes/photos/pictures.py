"""Teaches pooling and projection above kept maps first, then the backbone's last blocks as well.

Texts are read by a guide meanwhile, a small network above the frozen sentence encoder; `tower.py` makes the text tower
that ships learn from it.
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
from core.encoders.photos import DIM, Pooling, TaughtBlocks
from core.training.trainer import OnStep, unwatched
from recipes.photos.blocks import BlocksOverPlaces

SENTENCE = 384  # numbers of a sentence encoder's vector
SPREAD_FLOOR = 0.02  # of a part that hardly varies
TEMPERATURE = 0.05
LABELS, CLASSES, MEANINGS = 0.5, 0.3, 0.3  # how much each counts beside captions
CLASS_ROWS = 128  # classes a step whose row is held against its name


@dataclass(frozen=True)
class Schedule:
    """`labelled`: labelled photographs a captioned one; `rate`, `taught_rate`: of what is new, of the last blocks."""

    epochs: int
    batch: int
    labelled: float
    rate: float
    taught_rate: float = 0.0
    decay: float = 0.1
    average: float = 0.98  # of the moving average of all weights, which is what is kept


ABOVE = Schedule(epochs=40, batch=512, labelled=0.5, rate=1e-3)
TAUGHT = Schedule(epochs=24, batch=256, labelled=0.375, rate=5e-4, taught_rate=4e-4)


class Guide(nn.Module):
    """The sentence encoder's vectors (n, 384) to the common space: a hidden layer beside a linear path."""

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
    """Photographs of one kind: features and logits by view, (n, …) each; what `text` draws for some of their rows."""

    views: Sequence[tuple[NDArray[np.float16], NDArray[float32]]]

    def draw(self, rows: Sequence[int], random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Features and logits of the rows, each from any of the views."""
        which = random.integers(len(self.views), size=len(rows))
        drawn = [(self.views[view][0][row], self.views[view][1][row]) for view, row in zip(which, rows, strict=True)]
        features, logits = (np.stack(part) for part in zip(*drawn, strict=True))
        return torch.from_numpy(features.astype(np.float32)), torch.from_numpy(logits)


Reader = Callable[[str, Sequence[int]], Tensor]
"""Unit rows (n, dim) of texts by the kind of text ("captions", "phrases", "classes", "classes-short") and number."""


@dataclass(frozen=True)
class Lessons:
    """All that is taught: photographs with captions and with labels, and which texts are whose.

    `captions_of`: numbers of captions by captioned photograph. `phrases_of`: of short captions made of some of a
    labelled photograph's labels; `phrase_labels` (p, labels) which ones each says, `labels` (n, labels) all that each
    photograph shows.
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
    pooling: Pooling, guide: Guide, read: Reader, blocks: TaughtBlocks | None, lessons: Lessons, schedule: Schedule,
    *, seed: int = 0, on_step: OnStep = unwatched,
) -> tuple[Pooling, Guide, TaughtBlocks | None]:  # fmt: skip
    """The moving averages of pooling, guide and blocks after the schedule.

    `read`: reads texts by the guide. `blocks`: taught too, from maps in place of parts.
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
    steps = len(lessons.captions_of) // schedule.batch * schedule.epochs
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, [group["lr"] for group in groups], steps, pct_start=0.15)
    kept = copy.deepcopy(parts).eval()
    onward = BlocksOverPlaces(blocks) if blocks is not None else None
    captioned = _orders(len(lessons.captions_of), schedule.batch, random)
    labelled = _orders(len(lessons.labels), round(schedule.batch * schedule.labelled), random)
    for step in range(steps):
        parts.train()
        loss = _loss(pooling, read, onward, lessons, next(captioned), next(labelled), temperature.exp(), random)
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
    pooling: Pooling, read: Reader, onward: BlocksOverPlaces | None, lessons: Lessons, captioned: Sequence[int],
    labelled: Sequence[int], temperature: Tensor, random: np.random.Generator,
) -> Tensor:  # fmt: skip
    """Captions to their photographs, labels to theirs, likely classes to all, and class meanings to their names."""
    drawn = [lessons.captioned.draw(captioned, random), lessons.labelled.draw(labelled, random)]
    features, logits = (torch.cat(part) for part in zip(*drawn, strict=True))
    rows = pooling(onward(features) if onward is not None else features, logits)
    count = len(captioned)
    texts = read("captions", [int(random.choice(lessons.captions_of[row])) for row in captioned])
    loss = both_ways(texts, rows[:count], torch.eye(count), temperature)
    said = [int(random.choice(lessons.phrases_of[row])) for row in labelled]
    fits = ~lessons.phrase_labels[said][:, None] | lessons.labels[labelled][None]  # (phrases, photographs, labels)
    phrases = read("phrases", said)
    loss = loss + LABELS * both_ways(phrases, rows[count:], torch.from_numpy(fits.all(2)).float(), temperature)
    likely = torch.softmax(logits, 1)
    classes = torch.unique(torch.multinomial(likely, 1).squeeze(1))
    named = read(("classes", "classes-short")[random.integers(2)], classes.tolist())
    loss = loss + CLASSES * both_ways(named, rows, likely[:, classes].T + 1e-4, temperature)
    some = random.choice(len(pooling.meanings), CLASS_ROWS, replace=False).tolist()
    meant = functional.normalize(pooling.meanings[some], dim=1)
    return loss + MEANINGS * both_ways(read("classes", some), meant, torch.eye(CLASS_ROWS), temperature)


def both_ways(texts: Tensor, images: Tensor, fits: Tensor, temperature: Tensor) -> Tensor:
    """Cross-entropy of scores against what fits, (texts, images) shares of any sum, mean of both directions."""
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
