"""What a collection holds at one moment, and exact search in it; reads postings, knows neither catalog nor writing.

Postings are a superset of what counts (see `collection.py`): a view says which of their ids do, and skips the others.

Search is exact: postings rank items by an upper bound of their score (`impacts.py`), the best are scored with their
float vectors in descending order of the bound, and the walk ends only when the next bound is below the k-th score found
(equal is not enough: a tie goes to the smaller id) or when nothing is left. Short lists are widened until that happens.

Only a budget ends that sooner. It counts postings, which nearly all of a search's time goes into, and not milliseconds:
so an answer does not depend on the machine or on what else it does. Unread postings raise all bounds by the most that
they can add, so that the proof is the same, and often still succeeds.
"""

import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress

from index_store.errors import CollectionDamaged, no_item
from index_store.items import Hit
from index_store.postings import Candidates, PostingsView, decode
from index_store.ranking import Ranking
from index_store.vector_cache import VectorCache
from index_store.vectors import SparseVector

FIRST_CANDIDATES = 100  # the least worth asking tantivy for: cheaper than asking twice
WIDENING = 4
SCORED_ALL = 2_000  # items at most that are scored one by one when a filter leaves only them: some 20 ms
SKIPPED = 4  # of so many items a filter must leave fewer than one, else the walk soon meets those that count
NOBODY: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)  # the flags of a view without items


class Found(NamedTuple):
    """What a search found: hits in order, whether they are proven to be the best, seconds that scoring them took."""

    hits: tuple[Hit, ...]
    exact: bool
    rescoring: float


@dataclass(frozen=True, eq=False)
class View:
    """One moment of a collection, for any number of threads. Swapped as a whole, never changed."""

    folder: Path  # of the collection, for the sentences of errors
    size: int  # length of the vocabulary
    cache: VectorCache  # shared by all views of the collection
    postings: PostingsView
    alive: NDArray[np.bool_]  # (highest id + 1,) True where an item is there

    def after(self, postings: PostingsView, added: Sequence[int] = (), removed: Sequence[int] = ()) -> "View":
        """The next moment: newer postings, ids (ascending) added, others removed."""
        alive = np.zeros(max(self.alive.size, added[-1] + 1 if added else 0), dtype=np.bool_)
        alive[: self.alive.size] = self.alive
        alive[list(added)] = True
        alive[list(removed)] = False
        return replace(self, postings=postings, alive=alive)

    def holds(self, item: int) -> bool:
        """Whether the item is there."""
        return 0 <= item < self.alive.size and bool(self.alive[item])

    def only(self, ids: Sequence[int]) -> "View":
        """The same moment as if only these items were there."""
        alive = np.zeros(self.alive.size, dtype=np.bool_)
        there = np.array(ids, dtype=np.int64)
        alive[there[there < alive.size]] = True
        return replace(self, alive=self.alive & alive)

    def count(self) -> int:
        """Number of items."""
        return int(self.alive.sum())

    def leftovers(self) -> list[int]:
        """Ids that postings have though no such item is there: what an interrupted write left behind."""
        return [item for item in self.postings.all_ids() if not self.holds(item)]

    def search(
        self, query: SparseVector, k: int, kind: str | None, within: SparseVector | None, budget: int | None = None
    ) -> Found:
        """The k best hits, proven unless the budget ran out first (see the top of this file).

        kind: only such items.  within: only items that share a term with it.  budget: how many postings may be read.
        """
        held = self.count()
        if held <= SCORED_ALL and held * SKIPPED < self.postings.searcher.num_docs and kind is None:
            return self._search_all(query, k, within)
        ranking, rescoring, affordable = Ranking(query, k, self.size), 0.0, True
        wanted = max(WIDENING * k, FIRST_CANDIDATES)
        limit, proven = wanted * max(1, self.postings.searcher.num_docs // max(1, held)), k < 1
        while affordable and not proven:
            found = self.postings.candidates(query, limit, kind, within, budget)
            started = time.perf_counter()
            proven = self._rescore(found, ranking)
            rescoring += time.perf_counter() - started
            limit *= WIDENING
            if budget is not None:
                budget -= found.read
                affordable = not found.cut and found.read <= budget  # a wider list means reading them again
        return Found(tuple(Hit(item, score) for item, score in ranking.best()), proven, rescoring)

    def _search_all(self, query: SparseVector, k: int, within: SparseVector | None) -> Found:
        """As `search`, by scoring every item: where few of many are there, walking the many costs more."""
        started = time.perf_counter()
        ids = np.flatnonzero(self.alive).tolist()
        scored = (
            Hit(item, query.dot(vector))
            for item, vector in zip(ids, self.vectors(ids), strict=True)
            if within is None or within.dot(vector) > 0
        )
        best = heapq.nsmallest(k, (hit for hit in scored if hit.score > 0), key=lambda hit: (-hit.score, hit.id))
        return Found(tuple(best), True, time.perf_counter() - started)

    def _rescore(self, found: Candidates, ranking: Ranking) -> bool:
        """Scores candidates with their float vectors, best bound first; whether it is proven that no other matters."""
        for item, bound, address in zip(found.ids, found.bounds, found.addresses, strict=True):
            if ranking.full_above(bound):
                return True  # this and everything behind it, looked at or not, scores below the k-th
            if self.holds(item):
                ranking.take(item, partial(self._vector_bytes, item, address))
        return found.beyond is None or ranking.full_above(found.beyond)

    def _vector_bytes(self, item: int, address: DocAddress) -> bytes:
        data = self.cache.get(item)
        if data is None:
            data = self.postings.vector_bytes(address)
            self.cache.keep(item, data)
        return data

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        for item in ids:
            if not self.holds(item):
                raise no_item(self.folder, item)
        held = self.cache.known(ids)
        held.update(self.postings.find([item for item in ids if item not in held]))
        lost = [item for item in ids if item not in held]
        if lost:
            raise CollectionDamaged(
                f"Item {lost[0]} of the collection {self.folder} has lost its postings; add it again."
            )
        return [decode(item, held[item], self.folder) for item in ids]

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, exact, for the terms that occur."""
        counted: dict[int, int] = {}
        for (term, _), count in self.postings.token_frequencies().items():
            counted[term] = counted.get(term, 0) + count
        for item, data in self.postings.find(self.leftovers()):  # counted with the others, but not ours
            for term in decode(item, data, self.folder).terms.tolist():
                counted[term] -= 1
        return {term: count for term, count in sorted(counted.items()) if count}
