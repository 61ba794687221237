"""What a collection holds at one moment, and exact search in it; reads postings, knows neither catalog nor writing.

Postings are a superset of what counts (see `collection.py`): a view says which of their ids do, and skips the others.

Search is exact: postings rank items by an upper bound of their score (`impacts.py`), the best are scored with their
float vectors in descending order of the bound, and the walk ends only when the next bound is below the k-th score found
(equal is not enough: a tie goes to the smaller id) or when nothing is left. Short lists are widened until that happens.

Where all vectors are held in memory (`matrix.py`), they are asked instead: exact as well, and sooner.

Only a budget ends a search sooner. It counts postings, which nearly all of a search's time goes into, and not
milliseconds: so an answer does not depend on the machine or on what else it does. Unread postings raise all bounds by
the most that they can add, so that the proof is the same, and often still succeeds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress

from index_store.errors import CollectionDamaged, no_item
from index_store.items import Hit
from index_store.looking import Found, Looking
from index_store.postings_view import PostingsView, decode, readable
from index_store.ranking import Ranking
from index_store.reading import within_budget
from index_store.vector_cache import VectorCache
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from index_store.matrix import Matrix

FIRST_CANDIDATES = 100  # the least worth asking tantivy for: cheaper than asking twice
WIDENING = 4
SCORED_ALL = 2_000  # items at most that are scored one by one when a filter leaves only them: some 20 ms
SKIPPED = 4  # of so many items a filter must leave fewer than one, else the walk soon meets those that count
NOBODY: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)  # the flags of a view without items


@dataclass(frozen=True, eq=False)
class View:
    """One moment of a collection, for any number of threads. Swapped as a whole, never changed."""

    folder: Path  # of the collection, for the sentences of errors
    size: int  # length of the vocabulary
    cache: VectorCache  # shared by all views of the collection
    postings: PostingsView
    alive: NDArray[np.bool_]  # (highest id + 1,) True where an item is there
    matrix: "Matrix | None" = None  # with all of these items, where they are held in memory

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

    @cached_property
    def count(self) -> int:
        """Number of items."""
        return int(self.alive.sum())

    def cover(self) -> "View":
        """This view, once the matrix holds its items; CollectionDamaged where a vector cannot be read."""
        if self.matrix is not None and self.matrix.covered < self.alive.size:
            first = self.matrix.covered
            new = (np.flatnonzero(self.alive[first:]) + first).tolist() if first else []
            found = sorted(self.postings.find(new), key=itemgetter(0)) if first else self.postings.all_vectors()
            sound = ((item, readable(item, data, self.folder)) for item, data in found if self.holds(item))
            self.matrix.cover(sound, self.alive.size)
        return self

    def leftovers(self) -> list[int]:
        """Ids that postings have though no such item is there: what an interrupted write left behind."""
        return [item for item in self.postings.all_ids() if not self.holds(item)]

    def search(
        self, query: SparseVector, k: int, within: SparseVector | None = None, budget: int | None = None
    ) -> Found:
        """The k best hits, proven unless the budget ran out first (see the top of this file).

        within: only items that share a term with it.  budget: how many postings may be read.
        """
        if k < 1 or not len(query):
            return Found((), True, 0.0)
        if self.matrix is not None and budget is None:
            best = self.matrix.search(query, k, self.alive, within)
            return Found(tuple(Hit(item, score) for item, score in best), True, 0.0)
        looking = Looking(self, Ranking(query, k, self.size), within)
        held, documents = self.count, self.postings.searcher.num_docs
        if held <= SCORED_ALL and held * SKIPPED < documents:
            return looking.found(proven=looking.score_all())
        limit = max(WIDENING * k, FIRST_CANDIDATES) * max(1, documents // max(1, held))
        lists = self.postings.lists(query)
        left = math.inf if budget is None else budget
        reading = within_budget(lists, left)
        proven = looking.read(reading, limit)
        while not proven and not reading.unread and left >= 2 * reading.postings:
            left, limit = left - reading.postings, WIDENING * limit  # a wider look means reading them again
            proven = looking.read(reading, limit)
        return looking.found(proven)

    def exact(self, ids: Sequence[int], addresses: Sequence[DocAddress]) -> dict[int, bytes]:
        """{id: vector bytes} of those candidates that are there."""
        return {item: self._vector_bytes(item, at) for item, at in zip(ids, addresses, strict=True) if self.holds(item)}

    def _vector_bytes(self, item: int, address: DocAddress) -> bytes:
        data = self.cache.get(item)
        if data is None:
            data = readable(item, self.postings.vector_bytes(address), self.folder)
            self.cache.keep(item, data)
        return data

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        held = self.data(ids)
        return [decode(item, held[item], self.folder) for item in ids]

    def data(self, ids: Sequence[int]) -> dict[int, bytes]:
        """{id: bytes of its exact vector}; ItemNotFound where one is not there."""
        for item in ids:
            if not self.holds(item):
                raise no_item(self.folder, item)
        held = self.cache.known(ids)
        for item, data in self.postings.find([item for item in ids if item not in held]):
            held[item] = readable(item, data, self.folder)
        lost = [item for item in ids if item not in held]
        if lost:
            raise CollectionDamaged(
                f"Item {lost[0]} of the collection {self.folder} has lost its postings; add it again."
            )
        return held

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, exact, for the terms that occur."""
        counted: dict[int, int] = {}
        for (term, _), count in self.postings.frequencies().items():
            counted[term] = counted.get(term, 0) + count
        for item, data in self.postings.find(self.leftovers()):  # counted with the others, but not ours
            for term in decode(item, data, self.folder).terms.tolist():
                counted[term] -= 1
        return {term: count for term, count in sorted(counted.items()) if count}
