"""The batch of one step of the towers' training: rows of the corpus, their pictures through a window, sentences."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy import int16, int64
from numpy.typing import NDArray
from torch import Tensor

from core.encoders.scenes import as_input
from core.vocabulary import Vocabulary
from recipes.scenes.claim_arrays import ClaimArrays, claims_hold
from recipes.scenes.corpus import SIZE, Corpus
from recipes.scenes.recipe import Stage

MAX_TOKENS = 40
SHIFT = 4  # pixels: half a cell of the image tower's map


@dataclass(frozen=True)
class Sentences:
    """Word ids of a corpus, 0 = padding: captions and negatives (n, 5, L), phrases (n, p, L).

    A negative that is all zero means none. `mirror` (words + 1,): the id of each word in a mirrored picture (left <->
    right).
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


def batches(
    places: NDArray, steps: int, size: int, crowd: float, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """The rows of each of `steps` steps: passes over the corpus, with a share `crowd` of each batch from one place.

    places (n,): the id of each picture's place; `size`: rows a step. Pictures of one place differ only in what is
    there; where a batch has none of the same place, the place alone tells most of its pictures apart.
    """
    members = [np.flatnonzero(places == place) for place in range(int(places.max()) + 1)]
    own = size - round(crowd * size)
    waiting = rng.permutation(len(places))
    for _ in range(steps):
        while len(waiting) < own:
            waiting = np.concatenate([waiting, rng.permutation(len(places))])
        rows, waiting = waiting[:own], waiting[own:]
        if own < size:
            near = members[int(places[rng.integers(len(places))])]
            rows = np.union1d(rows, rng.choice(near, min(size - own, len(near)), replace=False))
        yield rows


def seen(
    pixels: NDArray, boxes: NDArray, mirrored: NDArray, window: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """The towers' input (n, 3, window, window) and its boxes (n, 24, 6): pictures through one window, some mirrored.

    pixels (n, side, side, 3), boxes (n, 24, 6), mirrored (n,) bool. The window lies anywhere in the picture and up to
    SHIFT pixels over its edges: the tower halves its map three times, so that a thing looks different to it wherever it
    falls between cells. The box of a thing that lies mostly outside the window is emptied.
    """
    pixels, boxes = pixels.copy(), boxes.astype(int64)
    pixels[mirrored] = pixels[mirrored][:, :, ::-1]
    left = boxes[mirrored][:, :, 2].copy()
    boxes[mirrored, :, 2] = SIZE - boxes[mirrored][:, :, 4]
    boxes[mirrored, :, 4] = SIZE - left
    side = pixels.shape[1]
    corner = rng.integers(-SHIFT, side - window + SHIFT + 1, 2)  # right, down
    x, y = corner + SHIFT
    padded = np.pad(pixels, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    scale = SIZE / window
    whole = boxes[:, :, 2:] * (scale * side / SIZE) - np.tile(corner, 2) * scale  # (n, 24, 4), in units of the window
    visible = whole.clip(0, SIZE)
    outside = 2 * _area(visible) < _area(whole)
    boxes[:, :, 2:] = visible.round()
    boxes[:, :, :2][outside] = 0
    return as_input(np.ascontiguousarray(padded[:, y : y + window, x : x + window])), torch.from_numpy(boxes)


def _area(boxes: NDArray) -> NDArray:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


@dataclass(frozen=True)
class BatchSentences:
    """The sentences of a batch of b pictures: two a picture, as word ids (b, L), 0 = padding.

    `false`: a false variant of the first sentence, all zero where there is none.
    `true` (b, b) bool: whether second sentence i is true of picture j.
    `phrase` (b,) bool: whether the second sentence is a short phrase, which names at most two things.
    `kinds` (b, 2, kinds + 1) bool: which kinds each of these things can be.
    `details` (b, 2, 2): the ids of their colours, then their exact counts; 0 = not said.
    """

    first: Tensor
    second: Tensor
    false: Tensor
    true: Tensor
    phrase: Tensor
    kinds: Tensor
    details: Tensor


def sentences_of(
    texts: Sentences, claims: ClaimArrays, rows: NDArray, mirrored: NDArray, stage: Stage, rng: np.random.Generator
) -> BatchSentences:
    """Sentences for the pictures of `rows` (b,): two captions each, the second at times a short phrase instead."""
    n, choices = len(rows), texts.captions.shape[1]
    a = rng.integers(0, choices, n)
    b = (a + rng.integers(1, choices, n)) % choices
    first, second, false = texts.captions[rows, a], texts.captions[rows, b], texts.negatives[rows, a]
    short = rng.random(n) < 2 * stage.phrase_share  # of the second sentences, so of `phrase_share` of all
    which = rng.integers(0, texts.phrases.shape[1], n)
    second = np.where(short[:, None], texts.phrases[rows, which], second)
    true = np.eye(n, dtype=bool)
    if stage.records:
        true |= claims_hold(claims, rows, which, rows) & short[:, None]
    tables = []
    for table in (first, second, false):
        table = np.where(mirrored[:, None], texts.mirror[table], table)
        length = max(1, int((table > 0).sum(1).max()))
        tables.append(torch.from_numpy(table[:, :length].astype(int64)))
    first_ids, second_ids, false_ids = tables
    details = claims.details[rows, which][:, :, :2].transpose(0, 2, 1).astype(int64)  # (b, 2, things)
    return BatchSentences(
        first_ids, second_ids, false_ids, torch.from_numpy(true), torch.from_numpy(short),
        torch.from_numpy(claims.kinds[rows, which]), torch.from_numpy(details),
    )  # fmt: skip
