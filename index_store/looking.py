"""One search under way in a view: reads lists, scores what they bring, and sums up what scoring takes."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from index_store.items import Hit
from index_store.ranking import Ranking
from index_store.reading import Reading
from index_store.vectors import SparseVector, shares

if TYPE_CHECKING:
    from index_store.view import View


class Found(NamedTuple):
    """What a search found: hits in order, whether they are proven to be the best, seconds that scoring them took."""

    hits: tuple[Hit, ...]
    exact: bool
    rescoring: float


class Looking:
    """`within`: only items that share a term with it are scored."""

    def __init__(self, view: "View", ranking: Ranking, within: SparseVector | None) -> None:
        self._view, self._ranking, self._within = view, ranking, within
        self._seconds = 0.0

    def found(self, proven: bool) -> Found:
        """The best so far."""
        started = time.perf_counter()
        hits = tuple(Hit(item, score) for item, score in self._ranking.best())
        return Found(hits, proven, self._seconds + time.perf_counter() - started)

    def read(self, reading: Reading, limit: int) -> bool:
        """Scores the best `limit` items of the lists, best bound first; whether no other can matter."""
        found = self._view.postings.candidates(reading, limit, self._within)
        started = time.perf_counter()

        def vectors(first: int, last: int) -> Mapping[int, bytes]:
            return self._view.exact(found.ids[first:last], found.addresses[first:last])

        proven = self._ranking.walk(found.bounds, vectors)
        self._seconds += time.perf_counter() - started
        return proven or found.beyond is None or self._ranking.full_above(found.beyond)

    def score_all(self) -> bool:
        """Scores every item of the view: where few of many are there, walking the many costs more."""
        started = time.perf_counter()
        vectors = self._view.data(np.flatnonzero(self._view.alive).tolist())
        if self._within is not None:
            vectors = {item: data for item, data in vectors.items() if shares(data, self._within)}
        self._ranking.take(vectors)
        self._seconds += time.perf_counter() - started
        return True
