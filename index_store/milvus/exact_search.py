"""One exact search among the candidates that Milvus finds (shown to be exact at the top of `collection.py`)."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from index_store.milvus import rows
from index_store.postings import impacts
from index_store.search.ranking import Ranking
from index_store.vectors import SparseVector, shares

WIDENING = 4
MOST = 16_384  # candidates that Milvus gives at once, at most
Ask = Callable[[dict[int, float], str, int], Sequence[Any]]  # question, condition, how many: candidates, best first


class Looking:
    """One search under way: the best so far, and the question as Milvus is asked it.

    The question is divided by a power of two, which loses nothing and keeps float32 sums in range.
    """

    def __init__(self, vector: SparseVector, within: SparseVector | None, k: int, size: int, ask: Ask) -> None:
        """within: only items that share a term with it.  size: length of the vocabulary."""
        self.ranking = Ranking(vector, k, size)
        self.seconds = 0.0  # spent on scoring
        self._ask = ask
        self._within, self._size = within, size
        largest = float(vector.weights.max()) if len(vector) else 1.0
        self._scale = 2.0 ** math.frexp(largest)[1]
        self._terms = 2 * len(vector)  # twice the losses of a plain sum: bounds on the way may be float32 too
        scaled = vector.weights.astype(np.float64) / self._scale
        self.exact = bool((scaled >= rows.SMALLEST).all())
        kept = scaled >= np.finfo(np.float32).tiny
        self._question = dict(zip(vector.terms[kept].tolist(), scaled[kept].tolist(), strict=True))

    def look(self, only: str, limit: int, next_id: Callable[[], int]) -> None:
        """Finds the best of all items that the condition lets through, asking for `limit` candidates at first."""
        if not self._deepen(only, limit):
            for start in range(1, next_id(), MOST - 1):
                self._deepen(f"{only} and id >= {start} and id < {start + MOST - 1}", MOST)

    def _deepen(self, only: str, limit: int) -> bool:
        """Looks at more and more candidates until none that is left can matter; False where Milvus gives no more."""
        while True:
            limit = min(limit, MOST)
            found = self._ask(self._question, only, limit)
            if self._take(found) or len(found) < limit:
                return True
            if limit == MOST:
                return False
            limit *= WIDENING

    def _take(self, found: Sequence[Any]) -> bool:
        """Scores candidates, best bound first; True once no further one can matter."""
        started = time.perf_counter()
        try:
            bounds = [impacts.upper_bound(hit["distance"], self._terms, self._scale) for hit in found]
            return self.ranking.walk(bounds, lambda first, last: self._vectors(found[first:last]))
        finally:
            self.seconds += time.perf_counter() - started

    def _vectors(self, hits: Sequence[Any]) -> dict[int, bytes]:
        """{id: bytes} of those that share a term with `within`."""
        found = {hit["id"]: rows.vector_bytes(hit["entity"]["vector"], self._size) for hit in hits}
        if self._within is None:
            return found
        return {item: data for item, data in found.items() if shares(data, self._within)}
