"""Terms that a question lights but does not speak: how much of its weight is astray, and floors against that.

A term is astray where none of the first pictures found is described by it: "something to eat" lights *small* and
*front*, which the head uses to tell pictures apart, and which mean nothing to who asks. So a term that is not spoken
counts from a floor of its own on only, `unspoken_from` in the head's config. Floors are set on the val split; one that
would cost answers is not set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import bool_, float32, int64
from numpy.typing import NDArray

from core.evaluation.retrieval import ranks, recall_at
from core.models.model import Model
from core.vocabulary import Vocabulary

FOUND = 10  # the first pictures, of which one must be described by a term
EACH = 300  # questions of each kind that the share is measured with
SHORT = 4  # words
OFTEN = 5  # questions that light a term, so that it gets a floor
RIGHT = 0.8  # share of a term's weight above its floor that is not astray
MOST_LOST = 0.01  # of right answers among the first five and of captions' reciprocal ranks that all floors may cost
_CARD = """
## What a question lights without saying it
A head lights terms that a question does not say. Some help; some only tell pictures apart and mean nothing to who asks,
such as *small* for "something to eat". A term is astray where none of the first {found} pictures is described by it.
In a text that does not speak them, {unspoken[terms]} terms count only from a weight of their own on, {unspoken[never]}
of them not at all: such that {right:.0%} of a term's weight is not astray, as long as all this costs no more than
{most_lost:g} of right answers and reciprocal ranks on the val split. On the test split (all other
figures of heads are without the floors):

| | astray: {each} short questions | {each} captions | both | captions: R@1 | R@5 | MRR | right of the first five |
|---|---|---|---|---|---|---|---|
{unspoken_rows}
"""


@dataclass(frozen=True)
class Pictures:
    """`items` (n, |V|): weights of pictures. `described` (n, |V|): whether each could be described by each term."""

    items: NDArray[float32]
    described: NDArray[bool_]


@dataclass(frozen=True)
class Asked:
    """Questions: `weights` (m, |V|) by the head alone; `spoken` (m, |V|): which terms each says."""

    weights: NDArray[float32]
    spoken: NDArray[bool_]

    @classmethod
    def of(cls, model: Model, texts: Sequence[str]) -> "Asked":
        spoken = np.zeros((len(texts), len(model.vocabulary)), bool)
        for row, text in zip(spoken, texts, strict=True):
            row[model.vocabulary.literal_ids(text)] = True
        return cls(model.head.weigh(model.dense_texts(texts)), spoken)

    def above(self, floors: NDArray[float32]) -> NDArray[float32]:
        """(m, |V|) weights, without those of unspoken terms below their floors (|V|,)."""
        return np.where(self.spoken | (self.weights >= floors), self.weights, 0)

    def below(self, term: int, floor: float) -> NDArray[float32]:
        """(m,) the weight of a term where it is not spoken and below a floor, else 0."""
        weights = self.weights[:, term]
        return np.where(self.spoken[:, term] | (weights >= floor), 0, weights)

    def astray(self, pictures: Pictures, floors: NDArray[float32]) -> NDArray[float32]:
        """(m, |V|) the share of each question's weight on each unspoken term that no picture found is described by."""
        weights = self.above(floors)
        shares = np.zeros_like(weights)
        for start in range(0, len(weights), 500):
            part = slice(start, start + 500)
            first = np.argsort(-(weights[part] @ pictures.items.T), 1, kind="stable")[:, :FOUND]
            wrong = ~self.spoken[part] & ~pictures.described[first].any(1)
            whole = np.maximum(weights[part].sum(1, keepdims=True), 1e-9)
            shares[part] = np.where(wrong, weights[part], 0) / whole
        return shares


Scores = tuple[NDArray[float32], NDArray[float32]]


@dataclass(frozen=True)
class Trial:
    """What floors may cost: questions with their right `answers` (q, n), captions with the picture of each, `owner`."""

    pictures: Pictures
    questions: Asked
    answers: NDArray[bool_]
    captions: Asked
    owner: NDArray[int64]

    def scores(self, floors: NDArray[float32]) -> Scores:
        """(q, n) of the questions and (c, n) of the captions with each picture."""
        questions, captions = (asked.above(floors) @ self.pictures.items.T for asked in (self.questions, self.captions))
        return questions, captions

    def without(self, scores: Scores, term: int, floor: float) -> Scores:
        """The scores, less what a term below a floor adds to them."""
        weights = self.pictures.items[:, term]
        questions, captions = (
            one - np.outer(asked.below(term, floor), weights)
            for one, asked in zip(scores, (self.questions, self.captions), strict=True)
        )
        return questions, captions

    def reached(self, scores: Scores) -> tuple[float, float]:
        """The share of right pictures among the first five of a question, and the captions' mean reciprocal rank."""
        questions, captions = scores
        own = np.take_along_axis(captions, self.owner[:, None], 1)
        return first_five(questions, self.answers), float((1 / (1 + (captions > own).sum(1))).mean())


@dataclass(frozen=True)
class Measured:
    """`short`, `sentences`: shares of weight astray, `all` their mean; recall of captions, and right among five."""

    short: float
    sentences: float
    all: float
    recall_at_1: float
    recall_at_5: float
    mean_reciprocal_rank: float
    right_of_five: float


@dataclass(frozen=True)
class UnspokenFigures:
    """Without and with the shipped floors; `terms`: how many have one, `never`: how many of those count only spoken."""

    without: Measured
    with_floors: Measured
    terms: int
    never: int


def first_five(scores: NDArray[float32], answers: NDArray[bool_]) -> float:
    """The mean share of right pictures among the first five, or among as many as are right; both (questions, n)."""
    some = answers.any(1)
    first = np.argpartition(-scores[some], 5, 1)[:, :5]
    right = np.take_along_axis(answers[some], first, 1).sum(1)
    return float((right / np.minimum(answers[some].sum(1), 5)).mean())


def brief(texts: Sequence[str]) -> list[str]:
    """Those of up to SHORT words."""
    return [text for text in texts if len(Vocabulary.words(text)) <= SHORT]


def drawn(texts: Sequence[str]) -> list[str]:
    """EACH of the texts, drawn with seed 0."""
    return [texts[i] for i in np.random.default_rng(0).permutation(len(texts))[:EACH]]


def calibrate(short: Asked, trial: Trial) -> NDArray[float32]:
    """(|V|,) floors: 0 for most terms, infinite for one that counts only where it is spoken.

    `short`: questions of few words; beside them the trial's captions count, as much in all. Floors are set one by one,
    those first that cost least for what they remove, as long as all together cost no more than MOST_LOST.
    """
    none = np.zeros(short.weights.shape[1], float32)
    kinds = (short, trial.captions)
    wrong = [asked.astray(trial.pictures, none) for asked in kinds]
    wished = _wished(kinds, wrong)
    scores = trial.scores(none)
    whole = trial.reached(scores)

    def lost(rest: Scores) -> float:  # gains of one do not make up for losses of the other
        return sum(max(0.0, before - after) for before, after in zip(whole, trial.reached(rest), strict=True))

    def price(term: int) -> float:
        removed = sum(
            float(np.where(asked.weights[:, term] < wished[term], shares[:, term], 0).mean())
            for asked, shares in zip(kinds, wrong, strict=True)
        )
        return lost(trial.without(scores, term, wished[term])) / max(removed, 1e-9)

    floors = none.copy()
    for term in sorted(wished, key=price):
        rest = trial.without(scores, term, wished[term])
        if lost(rest) <= MOST_LOST:
            scores, floors[term] = rest, wished[term]
    return floors


def _wished(kinds: Sequence[Asked], wrong: Sequence[NDArray[float32]]) -> dict[int, float]:
    """{term: the least floor above which the share RIGHT of its weight is not astray}; infinite where none is."""
    lit = [(asked.weights > 0) & ~asked.spoken for asked in kinds]
    found = {}
    for term in np.flatnonzero(sum(one.sum(0) for one in lit) >= OFTEN).tolist():
        rows = [np.flatnonzero(one[:, term]) for one in lit]
        weights = np.concatenate([asked.weights[own, term] for asked, own in zip(kinds, rows, strict=True)])
        right = np.concatenate([shares[own, term] == 0 for shares, own in zip(wrong, rows, strict=True)])
        say = np.concatenate([np.full(len(own), 1 / len(one)) for own, one in zip(rows, lit, strict=True)])
        order = np.argsort(-weights, kind="stable")
        counted = (weights * say)[order]
        enough = np.flatnonzero(np.cumsum(counted * right[order]) >= RIGHT * np.cumsum(counted))
        least = enough[-1] if len(enough) else -1  # the lightest that still counts
        if least < len(order) - 1:
            found[term] = float(weights[order[least]]) if least >= 0 else np.inf
    return found


def measured(floors: NDArray[float32], trial: Trial, short: Asked, sentences: Asked) -> Measured:
    """What floors come to."""
    astray = [float(asked.astray(trial.pictures, floors).sum(1).mean()) for asked in (short, sentences)]
    found = ranks(trial.captions.above(floors), trial.pictures.items, trial.owner)
    right, _ = trial.reached(trial.scores(floors))
    return Measured(
        short=astray[0],
        sentences=astray[1],
        all=sum(astray) / 2,
        recall_at_1=recall_at(found, 1),
        recall_at_5=recall_at(found, 5),
        mean_reciprocal_rank=float((1 / found).mean()),
        right_of_five=right,
    )


def unspoken_figures(model: Model, trial: Trial, short: Sequence[str], captions: Sequence[str]) -> UnspokenFigures:
    """Measures the floors of a model on EACH short questions and EACH captions that did not set them."""
    few, many = (Asked.of(model, drawn(texts)) for texts in (brief(short), captions))
    floors = model.unspoken_from
    assert floors is not None
    without, with_floors = (measured(some, trial, few, many) for some in (np.zeros_like(floors), floors))
    return UnspokenFigures(without, with_floors, int((floors > 0).sum()), int(np.isinf(floors).sum()))


def as_config(vocabulary: Vocabulary, floors: NDArray[float32]) -> dict[str, float | None]:
    """{term: floor}, None for infinite ones, which JSON does not know; terms without a floor are left out."""
    named = zip(vocabulary.terms, floors.tolist(), strict=True)
    return {term: None if np.isinf(floor) else round(floor, 3) for term, floor in named if floor > 0}


def _rows(figures: Mapping[str, Any]) -> str:
    """Rows of a card's table, of UnspokenFigures as JSON."""
    named = {"by the head alone": figures["without"], "with the floors": figures["with_floors"]}
    fields = ("short", "sentences", "all", "recall_at_1", "recall_at_5", "mean_reciprocal_rank", "right_of_five")
    return "\n".join(
        f"| {name} | " + " | ".join(f"{found[field]:.3f}" for field in fields) + " |" for name, found in named.items()
    )


def unspoken_card(figures: Mapping[str, Any]) -> str:
    """The part of a model card about the floors, of UnspokenFigures as JSON."""
    return _CARD.format(
        unspoken=figures, unspoken_rows=_rows(figures), found=FOUND, right=RIGHT, most_lost=MOST_LOST, each=EACH
    ).strip()
