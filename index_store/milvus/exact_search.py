"""One exact search among the candidates that Milvus gives.

Claim: the hits are the k items with the highest exact scores, of equal ones the smaller ids.

Why: Milvus finds candidates by inner product in float32, the best first, and each comes with its exact vector, by which
it is scored here (`search/top_k.py`). The float32 score of the last candidate, with what float32 may have lost given
back, bounds the score of all that did not come. So more and more candidates are asked for, until the k-th exact score
is above that bound, or nothing is left. Milvus gives MOST candidates at once at most. Where these prove nothing, ranges
of ids are searched one by one, each so small that all its items come.

Assumed: what Milvus holds back has no higher float32 score than what it gives. Where a query weight is so small beside
the largest that Milvus may lose its products, the answer is not called exact.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from index_store.milvus import rows
from index_store.postings import impacts
from index_store.search.top_k import TopK
from index_store.vectors import SparseVector, shares

FIRST_CANDIDATES = 32  # asked for at first, beside k: enough for most proofs, and a few kB
WIDENING = 4  # times as many candidates are asked for the next time
MOST = 16_384  # candidates that Milvus gives at once
# (query, condition, how many) -> candidates, the best first
Ask = Callable[[dict[int, float], str, int], Sequence[Any]]


class ExactSearch:
    """One search: the best items so far, and the query in the form in which Milvus is asked.

    The query's weights are divided by a power of two, which loses nothing and keeps float32 sums in range.
    """

    def __init__(self, vector: SparseVector, within: SparseVector | None, k: int, size: int, ask: Ask) -> None:
        """within: only items that share a term with this vector.  size: length of the vocabulary."""
        self.top = TopK(vector, k, size)
        self.seconds = 0.0  # spent on scoring
        self._ask = ask
        self._within, self._size, self._k = within, size, k
        largest = float(vector.weights.max()) if len(vector) else 1.0
        self._scale = 2.0 ** math.frexp(largest)[1]
        self._terms = 2 * len(vector)  # twice, as Milvus may round partial sums to float32 on the way
        scaled = vector.weights.astype(np.float64) / self._scale
        self.exact = bool((scaled >= rows.SMALLEST).all())
        kept = scaled >= np.finfo(np.float32).tiny
        self._query = dict(zip(vector.terms[kept].tolist(), scaled[kept].tolist(), strict=True))

    def run(self, condition: str, next_id: Callable[[], int]) -> None:
        """Finds the best of all items that meet the condition. next_id: one more than the highest id."""
        if not self._deepen(condition, self._k + FIRST_CANDIDATES):
            for start in range(1, next_id(), MOST - 1):
                self._deepen(f"{condition} and id >= {start} and id < {start + MOST - 1}", MOST)

    def _deepen(self, condition: str, limit: int) -> bool:
        """Asks for more and more candidates until no other can be better; False where Milvus gives no more."""
        while True:
            limit = min(limit, MOST)
            candidates = self._ask(self._query, condition, limit)
            if self._score(candidates) or len(candidates) < limit:
                return True
            if limit == MOST:
                return False
            limit *= WIDENING

    def _score(self, candidates: Sequence[Any]) -> bool:
        """Scores candidates, the highest bound first; True as soon as no further one can be among the best."""
        started = time.perf_counter()
        try:
            bounds = [impacts.upper_bound(hit["distance"], self._terms, self._scale) for hit in candidates]
            return self.top.walk(bounds, lambda first, last: self._vectors(candidates[first:last]))
        finally:
            self.seconds += time.perf_counter() - started

    def _vectors(self, candidates: Sequence[Any]) -> dict[int, bytes]:
        """{id: bytes} of those that share a term with `within`."""
        vectors = {hit["id"]: rows.vector_bytes(hit["entity"]["vector"], self._size) for hit in candidates}
        if self._within is None:
            return vectors
        return {item: data for item, data in vectors.items() if shares(data, self._within)}
