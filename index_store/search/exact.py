"""Exact search in one snapshot of a collection, with or without a budget; knows neither catalog nor writing.

Claim: without a budget, the hits are the k items with the highest exact scores, of equal ones the smaller ids. With a
budget this holds wherever `exact` is true; every score is exact in any case.

Why: postings rank items by an upper bound of their score (`postings/impacts.py`). Candidates are scored with their
float vectors in descending order of the bound (`top_k.py`). The search ends only when the next bound is below the k-th
score so far, or when no candidate is left. An equal bound does not end it, because a tie goes to the smaller id. Where
the list of candidates ends too early for that, a longer list is asked for. Lists that a budget leaves unread raise all
bounds by the most that they can add, so the proof stays the same, and often still succeeds.

Where all vectors are held in memory, the matrix answers instead (`memory/matrix.py`, with a proof of its own), sooner.

A budget counts postings, which take nearly all of a search's time, and not milliseconds. So an answer depends neither
on the machine nor on what else the machine does.
"""

import math
import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from index_store.items import Hit
from index_store.postings.budget import BudgetPlan, plan_within
from index_store.search.top_k import TopK
from index_store.snapshots.snapshot import Snapshot
from index_store.vectors import SparseVector, shares

FIRST_CANDIDATES = 100  # fewer are not worth asking tantivy for: asking twice costs more
WIDENING = 4  # times as many candidates are asked for the next time
SCORED_ALL = 2_000  # up to so many items are scored one by one where a filter leaves only them: some 20 ms
SKIPPED = 4  # and only where fewer than one in so many is left; else the candidates soon include items that count


class Answer(NamedTuple):
    """The hits of a search, in order; whether they are proven to be the best; seconds that scoring them took."""

    hits: tuple[Hit, ...]
    exact: bool
    rescoring: float


def search(
    snapshot: Snapshot, query: SparseVector, k: int, within: SparseVector | None = None, budget: int | None = None
) -> Answer:
    """The k best hits, proven unless the budget ends the search first (see the top of this file).

    within: only items that share a term with this vector.  budget: how many postings may be read.
    """
    if k < 1 or not len(query):
        return Answer((), True, 0.0)
    if snapshot.matrix is not None and budget is None:
        best = snapshot.matrix.search(query, k, snapshot.alive, within, snapshot.count)
        return Answer(tuple(Hit(item, score) for item, score in best), True, 0.0)
    scoring = _Scoring(snapshot, TopK(query, k, snapshot.size), within)
    items, documents = snapshot.count, snapshot.postings.searcher.num_docs
    if items <= SCORED_ALL and items * SKIPPED < documents:
        return scoring.answer(proven=scoring.score_all())
    limit = max(WIDENING * k, FIRST_CANDIDATES) * max(1, documents // max(1, items))
    lists = snapshot.postings.lists(query)
    left = math.inf if budget is None else budget
    plan = plan_within(lists, left)
    proven = scoring.score_candidates(plan, limit)
    while not proven and not plan.unread and left >= 2 * plan.postings:
        left, limit = left - plan.postings, WIDENING * limit  # more candidates mean reading the lists again
        proven = scoring.score_candidates(plan, limit)
    return scoring.answer(proven)


class _Scoring:
    """Scores the candidates of one search, as far as they share a term with `within`, and measures the time."""

    def __init__(self, snapshot: Snapshot, top: TopK, within: SparseVector | None) -> None:
        self._snapshot, self._top, self._within = snapshot, top, within
        self._seconds = 0.0

    def answer(self, proven: bool) -> Answer:
        """The best items so far."""
        started = time.perf_counter()
        hits = tuple(Hit(item, score) for item, score in self._top.best())
        return Answer(hits, proven, self._seconds + time.perf_counter() - started)

    def score_candidates(self, plan: BudgetPlan, limit: int) -> bool:
        """Scores the `limit` items with the highest bounds, best first; True where no other item can be better."""
        candidates = self._snapshot.postings.candidates(plan, limit, self._within)
        started = time.perf_counter()

        def vectors(first: int, last: int) -> Mapping[int, bytes]:
            return self._snapshot.candidate_data(candidates.ids[first:last], candidates.addresses[first:last])

        proven = self._top.walk(candidates.bounds, vectors)
        self._seconds += time.perf_counter() - started
        return proven or candidates.beyond is None or self._top.beats(candidates.beyond)

    def score_all(self) -> bool:
        """Scores every item of the snapshot, which proves the best; for few items out of many, postings cost more."""
        started = time.perf_counter()
        vectors = self._snapshot.data(np.flatnonzero(self._snapshot.alive).tolist())
        if self._within is not None:
            vectors = {item: data for item, data in vectors.items() if shares(data, self._within)}
        self._top.score(vectors)
        self._seconds += time.perf_counter() - started
        return True
