"""Exact search in one moment of a collection, and what it may leave unread; knows neither catalog nor writing.

Postings rank items by an upper bound of their score (`impacts.py`), the best are scored with their float vectors in
descending order of the bound, and the walk ends only when the next bound is below the k-th score found (equal is not
enough: a tie goes to the smaller id) or when nothing is left. Short lists are widened until that happens.

Where all vectors are held in memory (`matrix.py`), they are asked instead: exact as well, and sooner.

Only a budget ends a search sooner. It counts postings, which nearly all of a search's time goes into, and not
milliseconds: so an answer does not depend on the machine or on what else it does. Unread postings raise all bounds by
the most that they can add, so that the proof is the same, and often still succeeds.
"""

import math
import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from index_store.items import Hit
from index_store.postings.budget import Reading, within_budget
from index_store.search.ranking import Ranking
from index_store.snapshots.snapshot import View
from index_store.vectors import SparseVector, shares

FIRST_CANDIDATES = 100  # the least worth asking tantivy for: cheaper than asking twice
WIDENING = 4
SCORED_ALL = 2_000  # items at most that are scored one by one when a filter leaves only them: some 20 ms
SKIPPED = 4  # of so many items a filter must leave fewer than one, else the walk soon meets those that count


class Found(NamedTuple):
    """What a search found: hits in order, whether they are proven to be the best, seconds that scoring them took."""

    hits: tuple[Hit, ...]
    exact: bool
    rescoring: float


def search(
    view: View, query: SparseVector, k: int, within: SparseVector | None = None, budget: int | None = None
) -> Found:
    """The k best hits, proven unless the budget ran out first (see the top of this file).

    within: only items that share a term with it.  budget: how many postings may be read.
    """
    if k < 1 or not len(query):
        return Found((), True, 0.0)
    if view.matrix is not None and budget is None:
        best = view.matrix.search(query, k, view.alive, within)
        return Found(tuple(Hit(item, score) for item, score in best), True, 0.0)
    looking = _Looking(view, Ranking(query, k, view.size), within)
    held, documents = view.count, view.postings.searcher.num_docs
    if held <= SCORED_ALL and held * SKIPPED < documents:
        return looking.found(proven=looking.score_all())
    limit = max(WIDENING * k, FIRST_CANDIDATES) * max(1, documents // max(1, held))
    lists = view.postings.lists(query)
    left = math.inf if budget is None else budget
    reading = within_budget(lists, left)
    proven = looking.read(reading, limit)
    while not proven and not reading.unread and left >= 2 * reading.postings:
        left, limit = left - reading.postings, WIDENING * limit  # a wider look means reading them again
        proven = looking.read(reading, limit)
    return looking.found(proven)


class _Looking:
    """One search under way: reads lists, scores what they bring (if it shares a term with `within`), times scoring."""

    def __init__(self, view: View, ranking: Ranking, within: SparseVector | None) -> None:
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
