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
from recipes.scenes.english_lessons import hand_written_words
from recipes.scenes.english_words import FIRST_MEANINGS, FUNCTION_WORDS, NOUNS
from recipes.scenes.related_nouns import split

QUESTIONS = Path(__file__).with_name("english_questions.json")
TOP = 5


@dataclass(frozen=True)
class EnglishFigures:
    """What is understood of words that no caption says; all are shares, 0..1.

    `dense_precision_at_5`, `precision_at_5`: of queries, by the scene records, with the dense vectors and by terms.
    `nouns`: nouns that have a right term among their top five.
    `fresh_…`: of queries and nouns that the hand-written tables do not hold.
    `second_…`: of a list that was written before the way of teaching was chosen, and chose nothing.
    """

    dense_precision_at_5: float
    precision_at_5: float
    fresh_precision_at_5: float
    second_precision_at_5: float
    nouns: float
    fresh_nouns: float
    second_nouns: float


@cache
def questions() -> dict[str, Any]:
    """The hand-written questions.

    `queries`: claims with the text `query`; `nouns`: {noun: its right terms}; `inside`, `outside`: sentences that the
    world answers and does not (`stranger_figures`); `second`: another list of `queries` and `nouns`.
    """
    held: dict[str, Any] = json.loads(QUESTIONS.read_text("utf-8"))
    return held


@dataclass(frozen=True)
class FreshQuestions:
    """The numbers of the queries, and the nouns, that speak a word which the hand-written tables do not hold."""

    queries: list[int]
    nouns: list[str]


@cache
def fresh_questions() -> FreshQuestions:
    """The questions that nobody can have written into the tables."""
    texts = [*(words for words, _ in NOUNS.values()), *FIRST_MEANINGS.values()]
    held = {word for text in texts for word in Vocabulary.words(text)}
    held |= hand_written_words() | set(WORDS) | set(split(FUNCTION_WORDS))
    asked = questions()
    return FreshQuestions(
        [i for i, query in enumerate(asked["queries"]) if not set(Vocabulary.words(query["query"])) <= held],
        [noun for noun in asked["nouns"] if noun not in held],
    )


def english_figures(
    encoder: SceneEncoder, head: SparseHead, vocabulary: Vocabulary, images: NDArray[float32]
) -> EnglishFigures:
    """Measures a head and its vocabulary; `images` (n, dim): the vectors of the first n pictures of the test split.

    `encoder` must know English.
    """
    asked, shown = questions(), head.weigh(images)
    truths, texts, right = {}, {}, {}
    for name, part in (("first", asked), ("second", asked["second"])):
        truths[name] = true_of(part["queries"], len(images))
        texts[name] = encoder.encode_texts([query["query"] for query in part["queries"]])
        wrong = wrong_nouns(encoder, head, vocabulary, part["nouns"])
        right[name] = {noun: not terms for noun, terms in wrong.items()}
    scores = {name: head.weigh(rows) @ shown.T for name, rows in texts.items()}
    fresh = fresh_questions()
    return EnglishFigures(
        dense_precision_at_5=precision(texts["first"] @ images.T, truths["first"]),
        precision_at_5=precision(scores["first"], truths["first"]),
        fresh_precision_at_5=precision(scores["first"][fresh.queries], truths["first"][fresh.queries]),
        second_precision_at_5=precision(scores["second"], truths["second"]),
        nouns=float(np.mean(list(right["first"].values()))),
        fresh_nouns=float(np.mean([right["first"][noun] for noun in fresh.nouns])),
        second_nouns=float(np.mean(list(right["second"].values()))),
    )


def true_of(queries: Sequence[Mapping[str, Any]], count: int) -> NDArray[np.bool_]:
    """(queries, count) bool: whether the claim of each query holds of the first `count` scenes of the test split."""
    scenes = [compose("test", number) for number in range(count)]
    return np.array([[holds(claim_from_json(query), scene) for scene in scenes] for query in queries])


def precision(scores: NDArray[float32], truth: NDArray[np.bool_], k: int = TOP) -> float:
    """The mean share, 0..1, of each query's k best items (ties to the first) that are true of it.

    scores (queries, items); truth (queries, items) bool.
    """
    best = np.argsort(-scores, 1, kind="stable")[:, :k]
    return float(np.take_along_axis(truth, best, 1).mean())


def wrong_nouns(
    encoder: SceneEncoder, head: SparseHead, vocabulary: Vocabulary, nouns: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """{noun: its TOP heaviest terms where none of its right ones is among them, else none}."""
    weights = head.weigh(encoder.encode_texts(list(nouns)))
    best = np.argsort(-weights, 1, kind="stable")[:, :TOP]
    found = {}
    for noun, row in zip(nouns, best, strict=True):
        terms = [vocabulary.terms[term] for term in row]
        found[noun] = [] if set(nouns[noun]) & set(terms) else terms
    return found


def auroc(inside: NDArray[np.floating], outside: NDArray[np.floating]) -> float:
    """The probability that a strange sentence (outside) scores above a familiar one (inside); a tie counts half."""
    pairs = outside[:, None] - inside[None]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)
