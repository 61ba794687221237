"""The k best of candidates that come with upper bounds, and the proof that no other can be better."""

import heapq
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from index_store.vectors import SparseVector, exact_sum, split_bytes


class Ranking:
    """The k best items so far by exact score; ties go to the smaller id.

    query: what to score against.  size: length of the vocabulary.
    """

    def __init__(self, query: SparseVector, k: int, size: int) -> None:
        self._query: NDArray[np.float64] = np.zeros(size)  # (|V|,)
        self._query[query.terms] = query.weights
        self._k = k
        self._seen: set[int] = set()
        self._best: list[tuple[float, int]] = []  # a heap of (score, -id): the worst of the best comes first

    def full_above(self, bound: float) -> bool:
        """Whether k items score more than `bound`. Equal is not enough: a tie may still go to a smaller id."""
        return len(self._best) == self._k and bound < self._best[0][0]

    def take(self, item: int, vector: Callable[[], bytes]) -> None:
        """Scores an item, once; `vector` gives the bytes of its exact vector."""
        if item in self._seen:
            return
        self._seen.add(item)
        terms, weights = split_bytes(vector())
        scored = exact_sum(self._query[terms] * weights), -item
        if len(self._best) < self._k:
            heapq.heappush(self._best, scored)
        else:
            heapq.heappushpop(self._best, scored)

    def best(self) -> list[tuple[int, float]]:
        """(id, score) by descending score, then ascending id."""
        return [(-negative, score) for score, negative in sorted(self._best, reverse=True)]
