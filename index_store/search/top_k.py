"""Chooses the k best of candidates that come with upper bounds, and knows when no other candidate can be better.

Claim: `TopK.best` gives the k highest exact scores among the items scored so far, and where `walk` or `beats` says so,
no item that was not scored can be among the k best.

Why: candidates are scored many at a time by float64 sums of exact products. All products are positive, so a sum of m of
them is off by less than m * ROUNDING of itself. `_least` is the k-th highest sum less that error, hence no higher than
the k-th exact score, and an item whose bound is below it is worse than k others. Every item whose sum could be among
the k best within that error is summed up again, exactly (`vectors.exact_sum`), for its place and for the score shown.

Assumed: no item's exact score exceeds the bound that it came with.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index_store.vectors import RECORD, SparseVector, exact_sum

ROUNDING = 2.0**-52  # a term: of itself, a float64 sum of positive products is off by less
FIRST_STEP = 16  # candidates beyond k that are scored before the k-th best score is first compared with a bound


class TopK:
    """The k best items so far by exact score; of equal ones, the smaller ids.

    query: what to score against.  size: length of the vocabulary.
    """

    def __init__(self, query: SparseVector, k: int, size: int) -> None:
        self._query: NDArray[np.float64] = np.zeros(size)  # (|V|,)
        self._query[query.terms] = query.weights
        self._k = k
        self._scored: dict[int, bytes] = {}  # vectors by id, in the order of `_sums`
        self._sums: NDArray[np.float64] = np.zeros(0)
        self._slack = 1 - (len(query) + 1) * ROUNDING
        self._least = 0.0  # the k-th best item scores at least this; 0 while there are fewer

    def beats(self, bound: float) -> bool:
        """Whether k items score more than `bound`. Equal is not enough: a smaller id would win the tie."""
        return bound < self._least or self._k < 1

    def walk(self, bounds: Sequence[float], vectors: Callable[[int, int], Mapping[int, bytes]]) -> bool:
        """Scores candidates in descending order of their bounds; True as soon as no further one can be among the best.

        vectors(first, last): {id: `SparseVector.to_bytes()`} of the candidates at these positions, without those that
        do not count.
        """
        falling, at, step = -np.asarray(bounds), 0, self._k + FIRST_STEP
        while at < len(bounds):
            if self.beats(bounds[at]):
                return True
            end = min(at + step, int(np.searchsorted(falling, -self._least, side="right")))
            self.score(vectors(at, end))
            at, step = end, 4 * step
        return False

    def score(self, vectors: Mapping[int, bytes]) -> None:
        """Scores items {id: `SparseVector.to_bytes()`}; skips those that have been scored before."""
        new = {item: data for item, data in vectors.items() if data and item not in self._scored}  # no terms: no score
        if not new:
            return
        records = np.frombuffer(b"".join(new.values()), RECORD)
        products = self._query[records["term"]] * records["weight"]
        ends = np.cumsum([len(data) // RECORD.itemsize for data in new.values()])
        self._sums = np.append(self._sums, np.add.reduceat(products, np.append(0, ends[:-1])))
        self._scored |= new
        if 0 < self._k <= self._sums.size:
            self._least = float(np.partition(self._sums, -self._k)[-self._k]) * self._slack

    def best(self) -> list[tuple[int, float]]:
        """(id, score) by descending score, then ascending id; without items that share no term with the query."""
        ids = list(self._scored)
        possible = np.flatnonzero((self._sums >= self._least * self._slack) & (self._sums > 0))
        exact = [(ids[at], self._exact(self._scored[ids[at]])) for at in possible.tolist()]
        return sorted(exact, key=lambda pair: (-pair[1], pair[0]))[: self._k]

    def _exact(self, vector: bytes) -> float:
        records = np.frombuffer(vector, RECORD)
        products = self._query[records["term"]] * records["weight"]
        return exact_sum(products[products > 0])
