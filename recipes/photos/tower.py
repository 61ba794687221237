"""Trains the text tower: first on what the sentence encoder says of texts, then on what the guide makes of that."""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy import float32, int64
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.encoders.photo_text import ROW, TextTower, WordList, padded
from core.encoders.precision import computes_bf16
from core.training.trainer import OnStep, unwatched
from recipes.photos.pictures import contrastive_loss

BATCH, SORTED = 256, 16  # texts a step; batches that are sorted by length together, so that little is padding
RATE = 1e-3
ALIKE = 0.05  # temperature of the similarities within a step
FIT_RATE, FIT_TEXTS, FIT_CAPTIONS, FIT_TEMPERATURE = 5e-4, 192, 256, 0.043


def rows_of(vectors: NDArray[float32]) -> Tensor:
    """(words, 384) sentence vectors of single words -> (words, ROW) rows: their principal directions, of variance 1."""
    apart = vectors - vectors.mean(0)
    directions = np.linalg.eigh(apart.T @ apart)[1][:, -ROW:]
    rows = apart @ directions
    return torch.from_numpy((rows / np.sqrt((rows**2).mean())).astype(np.float32))


def similarity_loss(mine: Tensor, theirs: Tensor, weight: float) -> Tensor:
    """How far unit rows (n, d) are from their teacher's (n, d), a scalar.

    It is the mean distance of each row by the cosine, times `weight`, and how far the rows' similarities to the
    teacher's rows of the step differ from those that the teacher's rows have to each other.
    """
    apart = weight * (1 - (mine * theirs).sum(1)).mean()
    mine, theirs = mine @ theirs.T / ALIKE, theirs @ theirs.T / ALIKE
    return apart + functional.kl_div(torch.log_softmax(mine, 1), torch.softmax(theirs, 1), reduction="batchmean")


def distil(
    words: WordList,
    texts: Sequence[str],
    vectors: NDArray[np.float16],
    passes: float,
    *,
    seed: int = 0,
    on_step: OnStep = unwatched,
) -> TextTower:
    """A tower that gives each text what the sentence encoder does: unit rows of its 384 numbers."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    word_ids = [words.word_ids(text) for text in texts]
    tower = TextTower(vectors.shape[1])
    known = np.flatnonzero([bool(text) for text in word_ids])
    steps = int(len(known) / BATCH * passes)
    optimiser = torch.optim.AdamW(tower.parameters(), lr=RATE, weight_decay=0.01)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.05)
    batches = _alike_in_length(known, np.array([len(word_ids[i]) for i in known]), random)
    for step in range(steps):
        rows = next(batches)
        loss = similarity_loss(read_by(tower, words, [word_ids[i] for i in rows]), _given(vectors[rows]), 20.0)
        _step(tower, optimiser, loss)
        rates.step()
        on_step(step + 1, steps, {"loss": float(loss)})
    return tower


def fit(
    tower: TextTower, words: WordList, texts: Sequence[str], guided: Tensor, captions: Sequence[str],
    guided_captions: Tensor, pictures: Tensor, picture_of: NDArray[int64], steps: int, *,
    seed: int = 0, on_step: OnStep = unwatched,
) -> TextTower:  # fmt: skip
    """The distilled tower in the space of the pictures: what the guide says of texts and captions, and their pictures.

    `guided` (texts, dim), `guided_captions` (captions, dim): the guide's rows. `pictures` (views, photographs, dim),
    `picture_of` (captions,): the row of each caption's photograph. Returns the moving average.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    fitted = TextTower(guided.shape[1])
    fitted.load_state_dict({k: v for k, v in tower.state_dict().items() if not k.startswith("project")}, strict=False)
    kept = copy.deepcopy(fitted).eval()
    optimiser = torch.optim.AdamW(fitted.parameters(), lr=FIT_RATE, weight_decay=0.01)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, FIT_RATE, steps, pct_start=0.1)
    spoken, other = ([words.word_ids(text) for text in some] for some in (captions, texts))
    known = np.flatnonzero([bool(text) for text in other])
    for step in range(steps):
        rows, more = random.integers(len(captions), size=FIT_CAPTIONS), random.choice(known, FIT_TEXTS)
        read = read_by(fitted, words, [spoken[i] for i in rows])
        loss = similarity_loss(read, guided_captions[rows], 10.0)
        loss = loss + similarity_loss(read_by(fitted, words, [other[i] for i in more]), guided[more], 10.0)
        which = picture_of[rows]
        seen = pictures[random.integers(len(pictures), size=len(rows)), which]
        own = torch.from_numpy((which[:, None] == which[None]).astype(np.float32))
        loss = loss + contrastive_loss(read, seen, own, torch.tensor(FIT_TEMPERATURE))
        _step(fitted, optimiser, loss)
        rates.step()
        with torch.no_grad():
            share = min(0.99, (1 + step) / (10 + step))
            for mine, theirs in zip(kept.parameters(), fitted.parameters(), strict=True):
                mine.lerp_(theirs, 1 - share)
        on_step(step + 1, steps, {"loss": float(loss)})
    return kept


def read_by(tower: TextTower, words: WordList, word_ids: Sequence[Sequence[int]]) -> Tensor:
    """(n, dim) unit rows of texts given as word ids, products in bfloat16 where the processor has it."""
    with torch.autocast("cpu", torch.bfloat16, enabled=computes_bf16()):
        rows: Tensor = tower(*padded(words, word_ids))
    return rows.float()


def _given(vectors: NDArray[np.float16]) -> Tensor:
    return torch.from_numpy(vectors.astype(np.float32))


def _step(tower: TextTower, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
    optimiser.step()


def _alike_in_length(
    known: NDArray[int64], lengths: NDArray[int64], random: np.random.Generator
) -> Iterator[NDArray[int64]]:
    while True:
        order = random.permutation(len(known))
        for start in range(0, len(order) - BATCH * SORTED + 1, BATCH * SORTED):
            some = order[start : start + BATCH * SORTED]
            some = some[np.argsort(lengths[some], kind="stable")]
            batches = np.split(some, SORTED)
            yield from (known[batches[i]] for i in random.permutation(SORTED))
