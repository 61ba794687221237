"""What the built-in model understands of English that no caption of its world says, by hand-written questions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from core.encoders.scenes import SceneEncoder
from core.models.head import SparseHead
from core.vocabulary import Vocabulary
from core.world.claims import claim_from_json, holds
from core.world.composer import compose
from core.world.words import WORDS
from recipes.scenes.english_lessons import told_words
from recipes.scenes.english_words import FIRST_MEANINGS, FUNCTION_WORDS, NOUNS
from recipes.scenes.relatives import split

QUESTIONS = Path(__file__).with_name("english_questions.json")
TOP = 5


@dataclass(frozen=True)
class EnglishFigures:
    """Precision@5 of queries in unseen words, by the records, with the dense vectors and by terms; share of unseen
    nouns with the right term among their top five (`fresh_…`: both for what the hand-written tables do not hold;
    `second_…`: both, of a list that was written before the way of teaching was chosen, and chose nothing); area under
    the ROC curve of telling what the world holds nothing like, and how often that is told wrongly of what it holds, and
    missed.
    """

    dense_precision_at_5: float
    precision_at_5: float
    fresh_precision_at_5: float
    second_precision_at_5: float
    nouns: float
    fresh_nouns: float
    second_nouns: float
    auroc: float
    false_alarms: float
    missed: float


@cache
def questions() -> dict[str, Any]:
    """`queries` (claims with a `query`), `nouns` {noun: its terms}, `inside` and `outside` sentences; `second`: other
    queries and nouns."""
    held: dict[str, Any] = json.loads(QUESTIONS.read_text("utf-8"))
    return held


@dataclass(frozen=True)
class FreshQuestions:
    """Rows of queries, and nouns, that speak a word which the hand-written tables do not hold."""

    queries: list[int]
    nouns: list[str]


@cache
def fresh_questions() -> FreshQuestions:
    """The questions that nobody can have written into the tables."""
    texts = [*(words for words, _ in NOUNS.values()), *FIRST_MEANINGS.values()]
    held = {word for text in texts for word in Vocabulary.words(text)}
    held |= told_words() | set(WORDS) | set(split(FUNCTION_WORDS))
    asked = questions()
    return FreshQuestions(
        [i for i, query in enumerate(asked["queries"]) if not set(Vocabulary.words(query["query"])) <= held],
        [noun for noun in asked["nouns"] if noun not in held],
    )


def english_figures(
    encoder: SceneEncoder, head: SparseHead, vocabulary: Vocabulary, images: NDArray[float32]
) -> EnglishFigures:
    """`images` (n, dim): the first n pictures of the test split. `encoder` must know English."""
    asked, shown = questions(), head.weigh(images)
    truths, texts, right = {}, {}, {}
    for name, part in (("first", asked), ("second", asked["second"])):
        truths[name] = true_of(part["queries"], len(images))
        texts[name] = encoder.encode_texts([query["query"] for query in part["queries"]])
        wrong = wrong_nouns(encoder, head, vocabulary, part["nouns"])
        right[name] = {noun: not terms for noun, terms in wrong.items()}
    scores = {name: head.weigh(rows) @ shown.T for name, rows in texts.items()}
    strange = {side: encoder.strangeness(asked[side]) for side in ("inside", "outside")}
    fresh = fresh_questions()
    assert encoder.english is not None
    limit = encoder.english.strange_from
    return EnglishFigures(
        dense_precision_at_5=precision(texts["first"] @ images.T, truths["first"]),
        precision_at_5=precision(scores["first"], truths["first"]),
        fresh_precision_at_5=precision(scores["first"][fresh.queries], truths["first"][fresh.queries]),
        second_precision_at_5=precision(scores["second"], truths["second"]),
        nouns=float(np.mean(list(right["first"].values()))),
        fresh_nouns=float(np.mean([right["first"][noun] for noun in fresh.nouns])),
        second_nouns=float(np.mean(list(right["second"].values()))),
        auroc=auroc(strange["inside"], strange["outside"]),
        false_alarms=float((strange["inside"] >= limit).mean()),
        missed=float((strange["outside"] < limit).mean()),
    )


def true_of(queries: Sequence[Mapping[str, Any]], count: int) -> NDArray[np.bool_]:
    """(queries, count): whether the first scenes of the test split hold what each query claims."""
    scenes = [compose("test", number) for number in range(count)]
    return np.array([[holds(claim_from_json(query), scene) for scene in scenes] for query in queries])


def precision(scores: NDArray[float32], truth: NDArray[np.bool_], k: int = TOP) -> float:
    """Mean share of each query's k best items (ties to the first) that are true."""
    best = np.argsort(-scores, 1, kind="stable")[:, :k]
    return float(np.take_along_axis(truth, best, 1).mean())


def wrong_nouns(
    encoder: SceneEncoder, head: SparseHead, vocabulary: Vocabulary, nouns: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """{noun: its five heaviest terms where none of its right ones is among them, else nothing}."""
    weights = head.weigh(encoder.encode_texts(list(nouns)))
    best = np.argsort(-weights, 1, kind="stable")[:, :TOP]
    found = {}
    for noun, row in zip(nouns, best, strict=True):
        terms = [vocabulary.terms[term] for term in row]
        found[noun] = [] if set(nouns[noun]) & set(terms) else terms
    return found


def auroc(inside: NDArray[float32], outside: NDArray[float32]) -> float:
    """The chance that a strange sentence scores above a familiar one; a tie counts half."""
    pairs = outside[:, None] - inside[None]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)
