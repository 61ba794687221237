"""Exact search by terms and by the whole at once: score = sparse score + weight × cosine; knows nothing of writing.

Claim: without a budget, the hits are the k items with the highest exact sums above 0, of equal ones the smaller ids.

Why: the cosine of every item that counts is computed coarsely, in float32; weight × coarse cosine is off by less than
`_slack`. So for each item whose sparse score is known, the sum lies within the slack of a coarse one, and the k-th best
coarse sum, less the slack, is reached by k items: `least`. The items with the m best sparse scores come from
`exact.py`, proven. Any other item has at most the last of these scores, r (0 where the list ended by itself), hence

    sum <= r + weight * coarse cosine + slack.

Items outside the list are scored in descending order of this bound, and the walk ends where the bound is below `least`
(equal is not enough: a tie goes to the smaller id). So every item's sparse score became known, or its sum is below k
others. Of those that are known, each that comes within the slack of `least` is summed up exactly. Where many bounds
reach `least`, the list is asked for again, longer, which lowers r.

An item without a dense vector has nothing added; one without a shared term is found by the whole alone, unless terms
must be shared (`within`). A budget makes r no bound, and the answer unproven where `exact.py` does not prove its own.
"""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index_store.dense import DenseQuery
from index_store.items import Hit
from index_store.search import exact
from index_store.search.exact import Answer
from index_store.snapshots.dense_vectors import DenseVectors
from index_store.snapshots.snapshot import Snapshot
from index_store.vectors import SparseVector, shares

LISTED, LISTED_K = 100, 4  # items of the first list, and times k: what a page of results needs, and some more
WIDENING = 8
WALKED, WALKED_K = 200, 4  # items outside the list that are worth scoring one by one; each costs some 20 µs
STEP = 32  # of them at a time
ROUNDING = 2.0**-50  # of itself, a float64 sum of two numbers is off by less


def search(
    snapshot: Snapshot,
    vectors: DenseVectors,
    query: SparseVector,
    dense: DenseQuery,
    k: int,
    within: SparseVector | None = None,
    budget: int | None = None,
) -> Answer:
    """The k best hits by both, proven unless a budget ends the search by terms first (see the top of this file).

    query: the terms, which may be none.  within: only items that share a term with this vector.
    """
    started = time.perf_counter()
    if k < 1:
        return Answer((), True, 0.0)
    if within is not None and not np.isin(within.terms, query.terms).all():
        sharing = exact.search(snapshot, within, snapshot.count).hits
        snapshot, within = snapshot.only(sorted(hit.id for hit in sharing)), None
    gains, slack = _gains(snapshot, vectors, dense), _slack(dense)
    best = _Best(k, gains, slack)
    ids, depth = np.flatnonzero(snapshot.alive), max(LISTED, LISTED_K * k)
    while True:
        listed = exact.search(snapshot, query, depth, within, budget)
        best.add([hit.id for hit in listed.hits], [hit.score for hit in listed.hits])
        ended = len(listed.hits) < depth
        rest = 0.0 if ended else listed.hits[-1].score
        bounds = rest * (1 + ROUNDING) + gains[ids] + slack
        open_ = ids[(bounds >= best.least) & (bounds > 0) & ~np.isin(ids, best.ids)]
        if ended or len(open_) <= max(WALKED, WALKED_K * k):
            break
        depth *= WIDENING
    if ended and listed.exact and within is not None:
        open_ = open_[:0]  # its terms are the question's, so that whoever shares one is in the list
    unlisted = open_[np.argsort(-gains[open_], kind="stable")]
    for start in range(0, len(unlisted), STEP):
        some = unlisted[start : start + STEP].tolist()
        if rest * (1 + ROUNDING) + gains[some[0]] + slack < best.least:
            break
        best.add(*_sparse_scores(snapshot, query, some, within, none=ended and listed.exact))
    return Answer(best.hits(vectors, dense), listed.exact, time.perf_counter() - started)


class _Best:
    """Items whose sparse scores are known, and the k best of them by both."""

    def __init__(self, k: int, gains: NDArray[np.float64], slack: float) -> None:
        """gains: by id, weight × coarse cosine, which is off by less than `slack`."""
        self._k, self._gains, self._slack = k, gains, slack
        self.ids: NDArray[np.int64] = np.zeros(0, np.int64)  # (m,)
        self._sparse: NDArray[np.float64] = np.zeros(0)  # (m,) exact
        self.least = 0.0  # k items have at least this sum; 0 while there are fewer

    def add(self, ids: Sequence[int], sparse: Sequence[float]) -> None:
        """Adds items with their exact sparse scores; those that are there already stay once."""
        fresh = ~np.isin(ids, self.ids)
        self.ids = np.append(self.ids, np.array(ids, np.int64)[fresh])
        self._sparse = np.append(self._sparse, np.array(sparse, np.float64)[fresh])
        if len(self.ids) >= self._k:
            self.least = max(0.0, float(np.partition(self._coarse(), -self._k)[-self._k]) - self._slack)

    def hits(self, vectors: DenseVectors, dense: DenseQuery) -> tuple[Hit, ...]:
        """The k best by descending exact sum, then ascending id, of those above 0."""
        possible = np.flatnonzero(self._coarse() + self._slack >= self.least)
        rows = vectors.rows(self.ids[possible].tolist())
        exactly = []
        for item, score in zip(self.ids[possible].tolist(), self._sparse[possible].tolist(), strict=True):
            exactly.append(Hit(item, score + (dense.adds(rows[item]) if item in rows else 0.0)))
        return tuple(sorted((hit for hit in exactly if hit.score > 0), key=lambda hit: (-hit.score, hit.id))[: self._k])

    def _coarse(self) -> NDArray[np.float64]:
        return self._sparse + self._gains[self.ids]


def _sparse_scores(
    snapshot: Snapshot, query: SparseVector, ids: list[int], within: SparseVector | None, *, none: bool
) -> tuple[list[int], list[float]]:
    """Those of the items that share a term with `within`, and their exact sparse scores.

    none: they are known to share no term with the question, so that their vectors need not be read.
    """
    if none:
        return ids, [0.0] * len(ids)
    data = snapshot.data(ids)
    fitting = [item for item in ids if within is None or shares(data[item], within)]
    return fitting, [query.dot(SparseVector.from_bytes(data[item])) for item in fitting]


def _gains(snapshot: Snapshot, vectors: DenseVectors, dense: DenseQuery) -> NDArray[np.float64]:
    """(highest id + 1,) weight × coarse cosine of the items that have a dense vector; 0 for others."""
    gains = np.zeros(snapshot.alive.size)
    for page in vectors.pages():
        there = page.ids < gains.size
        gains[page.ids[there]] = dense.weight * (page.rows @ dense.vector).astype(np.float64)[there]
    return gains


def _slack(dense: DenseQuery) -> float:
    """More than weight × coarse cosine, and the sum of that and a score, may be off, for vectors of d numbers.

    A float32 sum of d products is off by at most d * 2**-24 / (1 - d * 2**-24) of the sum of their magnitudes, which
    is at most the product of the two lengths (Cauchy and Schwarz); these are 1, within `dense.LENGTH_OFF`.
    """
    return dense.weight * (dense.vector.size + 4) * 2.0**-23
