"""What a collection holds at one moment; reads postings, knows neither catalog nor writing.

Postings are a superset of what counts (see `collection.py`): a view says which of their ids do, and skips the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress

from index_store.errors import CollectionDamaged, no_item
from index_store.memory.vector_cache import VectorCache
from index_store.postings.reader import PostingsView, decode, readable
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from index_store.memory.matrix import Matrix

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
            if first := self.matrix.covered:
                new = (np.flatnonzero(self.alive[first:]) + first).tolist()
                found: Iterable[tuple[int, bytes | None]] = sorted(self.postings.find(new), key=itemgetter(0))
            else:
                found = self.postings.all_vectors()
            sound = ((item, readable(item, data, self.folder)) for item, data in found if self.holds(item))
            self.matrix.cover(sound, self.alive.size)
        return self

    def leftovers(self) -> list[int]:
        """Ids that postings have though no such item is there: what an interrupted write left behind."""
        return [item for item in self.postings.all_ids() if not self.holds(item)]

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
