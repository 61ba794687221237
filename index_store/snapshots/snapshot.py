"""What a collection folder holds after one commit; reads postings, knows neither catalog nor writing.

Postings may hold more than counts (`folder/writer.py` says why): a snapshot knows which ids count, and skips others.
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
from index_store.postings.reader import PostingsReader, decode, readable
from index_store.snapshots.vector_cache import VectorCache
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from index_store.memory.matrix import Matrix

PAGE = 50_000  # vectors of new items are read so many at a time
NO_ITEMS: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)  # the flags of a snapshot without items


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A collection after one commit. It never changes, so any number of threads may read it."""

    folder: Path  # of the collection, for the sentences of errors
    size: int  # length of the vocabulary
    cache: VectorCache  # shared by all snapshots of the collection
    postings: PostingsReader
    alive: NDArray[np.bool_]  # (highest id + 1,) True where an item is there
    matrix: "Matrix | None" = None  # holds at least these items, where vectors are held in memory

    def after(self, postings: PostingsReader, added: Sequence[int] = (), removed: Sequence[int] = ()) -> "Snapshot":
        """The next snapshot: with newer postings, with ids (ascending) added and others removed."""
        alive = np.zeros(max(self.alive.size, added[-1] + 1 if added else 0), dtype=np.bool_)
        alive[: self.alive.size] = self.alive
        alive[list(added)] = True
        alive[list(removed)] = False
        return replace(self, postings=postings, alive=alive)

    def holds(self, item: int) -> bool:
        """Whether the item is there."""
        return 0 <= item < self.alive.size and bool(self.alive[item])

    def only(self, ids: Sequence[int]) -> "Snapshot":
        """The same snapshot, restricted to these items."""
        alive = np.zeros(self.alive.size, dtype=np.bool_)
        wanted = np.array(ids, dtype=np.int64)
        alive[wanted[wanted < alive.size]] = True
        return replace(self, alive=self.alive & alive)

    @cached_property
    def count(self) -> int:
        """Number of items."""
        return int(self.alive.sum())

    def cover(self) -> "Snapshot":
        """This snapshot, once its matrix (if any) holds its items; CollectionDamaged where a vector cannot be read."""
        if self.matrix is not None and self.matrix.covered < self.alive.size:
            if first := self.matrix.covered:
                new = (np.flatnonzero(self.alive[first:]) + first).tolist()
                pages = (new[start : start + PAGE] for start in range(0, len(new), PAGE))
                stored: Iterable[tuple[int, bytes | None]] = (
                    pair for page in pages for pair in sorted(self.postings.find(page), key=itemgetter(0))
                )
            else:
                stored = self.postings.all_vectors()
            sound = ((item, readable(item, data, self.folder)) for item, data in stored if self.holds(item))
            self.matrix.cover(sound, self.alive.size)
        return self

    def leftovers(self) -> list[int]:
        """Ids that have postings but no item: what an interrupted write left behind."""
        return [item for item in self.postings.all_ids() if not self.holds(item)]

    def candidate_data(self, ids: Sequence[int], addresses: Sequence[DocAddress]) -> dict[int, bytes]:
        """{id: bytes of its exact vector} of those candidates that are there."""
        return {item: self._vector_bytes(item, at) for item, at in zip(ids, addresses, strict=True) if self.holds(item)}

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        data = self.data(ids)
        return [decode(item, data[item], self.folder) for item in ids]

    def data(self, ids: Sequence[int]) -> dict[int, bytes]:
        """{id: bytes of its exact vector}; ItemNotFound where one is not there."""
        for item in ids:
            if not self.holds(item):
                raise no_item(self.folder, item)
        known = self.cache.known(ids)
        for item, data in self.postings.find([item for item in ids if item not in known]):
            known[item] = readable(item, data, self.folder)
        lost = [item for item in ids if item not in known]
        if lost:
            raise CollectionDamaged(
                f"Item {lost[0]} of the collection {self.folder} has lost its postings; add it again."
            )
        return known

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, exact, for the terms that occur."""
        counted: dict[int, int] = {}
        for (term, _), count in self.postings.frequencies().items():
            counted[term] = counted.get(term, 0) + count
        for item, data in self.postings.find(self.leftovers()):  # they were counted with the others
            for term in decode(item, data, self.folder).terms.tolist():
                counted[term] -= 1
        return {term: count for term, count in sorted(counted.items()) if count}

    def _vector_bytes(self, item: int, address: DocAddress) -> bytes:
        data = self.cache.get(item)
        if data is None:
            data = readable(item, self.postings.vector_bytes(address), self.folder)
            self.cache.keep(item, data)
        return data
