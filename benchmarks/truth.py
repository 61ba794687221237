"""What a search should have found: exact scores of all items, and how much of the best an answer has."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.rows import Rows

EQUAL = 1e-9  # relative: what summing the same products in another order may change


class Columns:
    """All items by term, which is what makes scoring every one of them affordable."""

    def __init__(self, items: Rows) -> None:
        by_item = sparse.csr_array((items.weights, items.terms, items.starts), shape=(len(items), items.width))
        self._by_term = by_item.tocsc()

    def scores(self, terms: NDArray[np.int32], weights: NDArray[np.float32]) -> NDArray[np.float64]:
        """(items,) dot products in float64, in which products of float32 are exact."""
        scores = np.zeros(self._by_term.shape[0])
        starts = self._by_term.indptr
        for term, weight in zip(terms.tolist(), weights.astype(np.float64), strict=True):
            some = slice(starts[term], starts[term + 1])
            scores[self._by_term.indices[some]] += weight * self._by_term.data[some]
        return scores


class Truth:
    """For each question how many items belong in an answer of k, and the score that they have at least."""

    def __init__(self, items: Rows, questions: Rows, k: int, columns: Columns) -> None:
        self._items, self._questions = items, questions
        best = [best_of(columns.scores(*questions.row(number)), k) for number in range(len(questions))]
        self._wanted, self._least = zip(*best, strict=True)

    def overlap(self, question: int, found: Sequence[int]) -> float:
        """Share of the best k that an answer (rows) has; whoever scores as much as the k-th is one of the best."""
        wanted = self._wanted[question]
        if not wanted:
            return 1.0
        dense = np.zeros(self._items.width)
        terms, weights = self._questions.row(question)
        dense[terms] = weights
        rows = (self._items.row(row) for row in set(found))
        enough = self._least[question] * (1 - EQUAL)
        return min(sum(float(dense[terms] @ weights) >= enough for terms, weights in rows), wanted) / wanted


def best_of(scores: NDArray[np.float64], k: int) -> tuple[int, float]:
    """How many items an answer of k has (only scores > 0 count), and the lowest score among them."""
    positive = scores[scores > 0]
    wanted = min(k, positive.size)
    return wanted, float(np.partition(positive, -wanted)[-wanted]) if wanted else 0.0
