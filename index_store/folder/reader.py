"""Answers questions about a collection folder: searches, items, vectors, numbers; writes nothing.

Items come from the catalog; what needs postings comes from a snapshot, in which search is exact (`search/exact.py`).
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index_store.catalog.catalog import Catalog
from index_store.dense import DenseQuery
from index_store.errors import CollectionError, VectorError, keeps_no_dense, no_item
from index_store.files import bytes_below
from index_store.filters import Filter
from index_store.folder.rows import item_of
from index_store.items import Counts, Item, Retrieval, Seen, Stats
from index_store.origin import Origin
from index_store.postings.reader import decode
from index_store.search import fused
from index_store.search.exact import search
from index_store.snapshots.dense_vectors import DenseVectors
from index_store.snapshots.snapshots import Snapshots
from index_store.vectors import SparseVector

PAGE = 500  # rows at a time when all items are read
WEIGHT_BYTES, ITEM_BYTES = 3, 24  # of memory: of a weight and an item that are held (`memory/kernels.py`)
DENSE_BYTES = 4  # of a number of a dense vector


class Reader:
    """Reads an open collection folder, from any thread."""

    def __init__(self, path: Path, origin: Origin, catalog: Catalog, snapshots: Snapshots) -> None:
        self._path, self._origin, self._catalog, self._snapshots = path, origin, catalog, snapshots
        self._dense = DenseVectors(catalog)

    def search(
        self,
        vector: SparseVector,
        k: int,
        kind: str | None,
        within: SparseVector | None,
        where: Filter,
        budget: int | None,
        dense: DenseQuery | None,
    ) -> Retrieval:
        """See `Store.search`. within: its `candidates`."""
        self._origin.check_vector(vector, "The query")
        started = time.perf_counter()
        snapshot = self._snapshots.among(where.of_kind(kind))
        if dense is None:
            answer = search(snapshot, vector, k, within, budget)
        else:
            self._check_dense(dense)
            answer = fused.search(snapshot, self._dense, vector, dense, k, within, budget)
        total = time.perf_counter() - started
        return Retrieval(answer.hits, answer.exact, 1000 * (total - answer.rescoring), 1000 * answer.rescoring)

    def _check_dense(self, dense: DenseQuery) -> None:
        """CollectionError where no dense vectors are kept, VectorError where they have another size."""
        size = self.dense_size
        if size is None:
            raise keeps_no_dense(self._path)
        if dense.vector.shape != (size,):
            raise VectorError(
                f"The dense question has {dense.vector.size} numbers, but the dense vectors of {self._path} have "
                f"{size}; encode with the model {self._origin.model}."
            )

    @property
    def dense_size(self) -> int | None:
        """Numbers of a dense vector; None where none are kept."""
        return self._dense.size

    def dense(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """{id: dense vector (d,)} of those ids that have one."""
        return self._dense.rows(ids)

    def without_dense(self) -> list[int]:
        """Ids of items that have no dense vector, ascending; CollectionError where none are kept."""
        if self.dense_size is None:
            raise keeps_no_dense(self._path)
        return self._catalog.without_dense()

    def hold_dense(self) -> None:
        """Holds dense vectors in memory from now on."""
        self._dense.hold()

    @property
    def caption_weight(self) -> float | None:
        """What captions weigh in their pictures' vectors; None where nobody has chosen."""
        return self._catalog.caption_weight()

    def seen(self, ids: Sequence[int]) -> dict[int, Seen]:
        """{id: …} of those ids whose vectors hold written words; CollectionDamaged where that cannot be read."""
        held = self._catalog.seen(ids)
        return {item: Seen(decode(item, data, self._path), words) for item, (data, words) in held.items()}

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`; ItemNotFound where one is not there."""
        rows = {row["id"]: row for row in self._catalog.rows(ids)}
        for item in ids:
            if item not in rows:
                raise no_item(self._path, item)
        return [item_of(rows[item], self._path) for item in ids]

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        return self._snapshots.current().vectors(ids)

    def all_items(self, kind: str | None) -> Iterator[Item]:
        """All items by ascending id, read page by page; items that are added meanwhile come too."""
        last = 0
        while page := self._catalog.page(last, PAGE, kind):
            for row in page:
                yield item_of(row, self._path)
            last = page[-1]["id"]

    def find(self, path: str | None, content_hash: str | None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id."""
        wanted = {"path": path, "content_hash": content_hash}
        given = {column: value for column, value in wanted.items() if value is not None}
        if not given:
            raise CollectionError("Finding items needs a path or a content hash.")
        return [item_of(row, self._path) for row in self._catalog.find(**given)]

    def ids(self, where: Filter) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""
        return self._catalog.ids(where)

    def count(self, where: Filter) -> int:
        """How many items a filter lets through; quick right after a search with the same filter."""
        return self._snapshots.among(where).count

    def counts(self, where: Filter, most: int) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera and year (`most` of each)."""
        return self._catalog.counts(where, most)

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, exact, for the terms that occur."""
        return self._snapshots.current().document_frequencies()

    def bytes_to_hold(self) -> int:
        """About how much memory all vectors take when they are held, but for exact ones, of which few are read."""
        totals = self._catalog.totals()
        each = ITEM_BYTES + DENSE_BYTES * (self.dense_size or 0)
        return sum(WEIGHT_BYTES * row["terms"] + each * row["items"] for row in totals)

    def stats(self, frequent: int) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""
        totals = self._catalog.totals()
        items, postings = sum(row["items"] for row in totals), sum(row["terms"] for row in totals)
        counted = self.document_frequencies()
        top = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:frequent]
        size = self.dense_size
        return Stats(
            items=items,
            by_kind={row["kind"]: row["items"] for row in totals},
            mean_terms=postings / items if items else 0.0,
            postings=postings,
            distinct_terms=len(counted),
            bytes_on_disk=bytes_below(self._path),
            frequent=tuple((self._origin.vocabulary[term], count) for term, count in top),
            dense_size=size,
            dense=items - len(self._catalog.without_dense()) if size is not None else 0,
            caption_weight=self.caption_weight,
            written=self._catalog.written(),
        )

    def without_similarity_hash(self) -> list[int]:
        """Ids of pictures whose similarity hash nobody has computed, ascending."""
        return self._catalog.without_similarity_hash()

    def copies(self) -> list[list[int]]:
        """The groups of nearly equal pictures, as they were found last: ids, ascending."""
        groups: dict[int, list[int]] = defaultdict(list)
        for item, group in self._catalog.copies().items():
            groups[group].append(item)
        return [ids for ids in groups.values() if len(ids) > 1]

    def copies_of(self, item: int) -> list[int]:
        """The ids of the group of copies that an item is in, ascending; none for one that has no copy."""
        ids = self._catalog.copies_of(item)
        return ids if len(ids) > 1 else []

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (number of its group of copies, size of the group)} of the ids in a group of at least two."""
        groups = self._catalog.alike(ids)
        return {item: (number, size) for item, (number, size) in groups.items() if size > 1}
