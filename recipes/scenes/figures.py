"""What the built-in model reaches on its own world: retrieval, sparsity and meaning, on pictures it never saw."""

from dataclasses import dataclass

import numpy as np
from numpy import bool_, float32
from numpy.typing import NDArray

from core.data.dense import DenseDataset
from core.data.literal_terms import literal_terms
from core.evaluation.meaning import exact_at, term_precision
from core.evaluation.retrieval import ranks, recall_at
from core.evaluation.sparsity import flops, mean_terms
from core.vocabulary import Vocabulary
from core.world.composer import compose
from core.world.oracle import oracle_ranks
from core.world.words import noun_and_colour_words, true_words
from recipes.scenes.vocabulary import COLOUR_NOUNS, colour_nouns_of

CUTS = (1, 5, 10)
TOP = 5


@dataclass(frozen=True)
class Recall:
    """R@1, R@5, R@10 of text-to-image search, 0..1."""

    at1: float
    at5: float
    at10: float

    @classmethod
    def of(cls, queries: NDArray[float32], items: NDArray[float32], target: NDArray[np.int64]) -> "Recall":
        found = ranks(queries, items, target)
        return cls(*(recall_at(found, k) for k in CUTS))


@dataclass(frozen=True)
class HeadFigures:
    """What one head reaches: recall, its share of the dense R@1, cost, terms and their meaning."""

    recall: Recall
    of_dense: float
    flops: float
    query_terms: float
    item_terms: float
    exact_at_20: float
    term_precision: float


def well_answered(scores: NDArray[float32], answers: NDArray[bool_]) -> float:
    """The share, 0..1, of questions with four or more right items among their five best.

    Only questions that five items or more answer count. scores (questions, items); answers (questions, items) bool:
    which items are right.
    """
    enough = answers.sum(1) >= TOP
    best = np.argsort(-scores[enough], 1, kind="stable")[:, :TOP]
    return float((np.take_along_axis(answers[enough], best, 1).sum(1) >= TOP - 1).mean())


def dense_figures(data: DenseDataset) -> Recall:
    """Recall of the dense vectors themselves."""
    return Recall.of(data.texts, data.images, data.image_of_text)


def oracle_figures(split: str, count: int) -> Recall:
    """The expected recall of somebody who knows all scene records and guesses among the scenes that a caption fits."""
    oracle = oracle_ranks([compose(split, number) for number in range(count)])
    return Recall(oracle.recall_at_1 / 100, oracle.recall_at_5 / 100, oracle.recall_at_10 / 100)


def head_figures(
    queries: NDArray[float32], items: NDArray[float32], data: DenseDataset, vocabulary: Vocabulary, split: str
) -> HeadFigures:
    """Measures a head on `data`, the first n scenes of `split`, by its weights.

    queries (m, |V|): of the captions; items (n, |V|): of the pictures.
    """
    recall = Recall.of(queries, items, data.image_of_text)
    scenes = [compose(split, number) for number in range(len(items))]
    true = [true_words(scene) | colour_nouns_of(scene) for scene in scenes]
    judged = noun_and_colour_words() | COLOUR_NOUNS.keys()
    return HeadFigures(
        recall=recall,
        of_dense=recall.at1 / dense_figures(data).at1,
        flops=flops(queries, items),
        query_terms=mean_terms(queries),
        item_terms=mean_terms(items),
        exact_at_20=exact_at(queries, literal_terms(data.captions, vocabulary).toarray(), 20),
        term_precision=term_precision(items, vocabulary.terms, judged, true),
    )
