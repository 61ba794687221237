"""The k best of candidates that come with upper bounds, and the proof that no other can be better.

Candidates are scored many at a time by float64 sums of exact products. Such a sum is off by less than ROUNDING times
the number of terms; only where that leaves open who is among the k best, and for the scores told in the end, is the sum
made exactly (`vectors.exact_sum`).
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index_store.vectors import RECORD, SparseVector, exact_sum

ROUNDING = 2.0**-52  # of a sum of positive products, a term
FIRST_STEP = 16  # candidates beyond k that are scored before the first look at what the k-th best scores


class Ranking:
    """The k best items so far by exact score; ties go to the smaller id.

    query: what to score against.  size: length of the vocabulary.
    """

    def __init__(self, query: SparseVector, k: int, size: int) -> None:
        self._query: NDArray[np.float64] = np.zeros(size)  # (|V|,)
        self._query[query.terms] = query.weights
        self._k = k
        self._seen: dict[int, bytes] = {}  # by id, in the order of `_sums`
        self._sums: NDArray[np.float64] = np.zeros(0)
        self._slack = 1 - (len(query) + 1) * ROUNDING
        self._least = 0.0  # what the k-th best scores at least; 0 while there are fewer

    def full_above(self, bound: float) -> bool:
        """Whether k items score more than `bound`. Equal is not enough: a tie may still go to a smaller id."""
        return bound < self._least or self._k < 1

    def walk(self, bounds: Sequence[float], vectors: Callable[[int, int], Mapping[int, bytes]]) -> bool:
        """Scores candidates in the order of their bounds (descending); True as soon as no further one can matter.

        vectors: {id: `SparseVector.to_bytes()`} of the candidates between two positions, as far as they count.
        """
        falling, at, step = -np.asarray(bounds), 0, self._k + FIRST_STEP
        while at < len(bounds):
            if self.full_above(bounds[at]):
                return True
            end = min(at + step, int(np.searchsorted(falling, -self._least, side="right")))
            self.take(vectors(at, end))
            at, step = end, 4 * step
        return False

    def take(self, vectors: Mapping[int, bytes]) -> None:
        """Scores items {id: `SparseVector.to_bytes()`}; those that were scored before are passed over."""
        pairs = {item: data for item, data in vectors.items() if data and item not in self._seen}  # no terms: no score
        if not pairs:
            return
        records = np.frombuffer(b"".join(pairs.values()), RECORD)
        products = self._query[records["term"]] * records["weight"]
        ends = np.cumsum([len(data) // RECORD.itemsize for data in pairs.values()])
        self._sums = np.append(self._sums, np.add.reduceat(products, np.append(0, ends[:-1])))
        self._seen |= pairs
        if 0 < self._k <= self._sums.size:
            self._least = float(np.partition(self._sums, -self._k)[-self._k]) * self._slack

    def best(self) -> list[tuple[int, float]]:
        """(id, score) by descending score, then ascending id; items that share nothing with the query are none."""
        ids = list(self._seen)
        open_ = np.flatnonzero((self._sums >= self._least * self._slack) & (self._sums > 0))
        scored = [(ids[at], self._score(self._seen[ids[at]])) for at in open_.tolist()]
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[: self._k]

    def _score(self, vector: bytes) -> float:
        records = np.frombuffer(vector, RECORD)
        products = self._query[records["term"]] * records["weight"]
        return exact_sum(products[products > 0])
