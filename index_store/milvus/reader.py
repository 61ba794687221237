"""Answers questions about a collection in Milvus: searches, items, vectors, numbers; writes nothing."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from index_store.errors import CollectionError
from index_store.files import bytes_below
from index_store.filters import EVERYTHING, Filter
from index_store.findings import Findings
from index_store.items import KINDS, Counts, Hit, Item, Retrieval, Stats
from index_store.milvus import rows, tables
from index_store.milvus.exact_search import ExactSearch
from index_store.milvus.filters import ALL, expression, quoted
from index_store.milvus.item_table import ItemTable
from index_store.milvus.thumbnails import CopiedThumbnails
from index_store.origin import Origin
from index_store.vectors import SparseVector

_COUNTED = ("kind", "path", "tags", "camera", "taken")
FRESH_S = 5.0  # counted document frequencies are kept for so many seconds at least,
SHARE = 0.05  # or for so long that counting takes no more than this share of the time
T = TypeVar("T")


class Reader:
    """Reads an open collection, from any thread."""

    def __init__(self, origin: Origin, table: ItemTable, thumbnails: CopiedThumbnails) -> None:
        self._origin, self._table, self._thumbnails = origin, table, thumbnails
        self._groups: list[list[int]] = []  # of equal pictures, once `group_copies` was called
        self._frequencies: tuple[int, float, dict[int, int]] | None = None  # number of changes, fresh until, and they

    def search(
        self,
        vector: SparseVector,
        k: int,
        kind: str | None,
        within: SparseVector | None,
        where: Filter,
        budget: int | None,
    ) -> Retrieval:
        """See `Store.search` (within: its `candidates`); CollectionError for a budget."""
        self._origin.check_vector(vector, "The query")
        if budget is not None:
            raise CollectionError(
                f"{self._table.address} lies in Milvus, which counts no postings; leave the budget out."
            )
        started = time.perf_counter()
        search = ExactSearch(vector, within, k, self._origin.size, self._candidates)
        if k > 0 and len(vector):
            search.run(self._table.condition(where.of_kind(kind)), lambda: tables.next_id(self._table.server))
        total = time.perf_counter() - started
        hits = tuple(Hit(item, score) for item, score in search.top.best() if score > 0)
        return Retrieval(hits, search.exact, 1000 * (total - search.seconds), 1000 * search.seconds)

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`, with their thumbnails; ItemNotFound where one is not there."""
        held = self._table.rows_by_id(ids, self._table.fields)
        self._thumbnails.copy(ids)
        return [self._item(held[item]) for item in ids]

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        held = self._table.rows_by_id(ids, ["id", "vector"])
        return [self._table.vector(held[item]) for item in ids]

    def all_items(self, kind: str | None) -> Iterator[Item]:
        """All items by ascending id, read page by page; with the thumbnails that are copied already."""
        condition = expression(EVERYTHING.of_kind(kind)) if kind else ALL
        return map(self._item, self._table.walk(condition, self._table.fields))

    def find(self, path: str | None, content_hash: str | None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id."""
        wanted = {"path": path, "content_hash": content_hash}
        parts = [f"{name} == {quoted(value)}" for name, value in wanted.items() if value is not None]
        if not parts:
            raise CollectionError("Finding items needs a path or a content hash.")
        matching = self._table.ask("query", filter=" and ".join(parts), output_fields=self._table.fields)
        return [self._item(row) for row in sorted(matching, key=lambda row: row["id"])]

    def ids(self, where: Filter) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""
        return sorted(row["id"] for row in self._table.walk(self._table.condition(where), ["id"]))

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many items a filter lets through."""
        (row,) = self._table.ask("query", filter=self._table.condition(where), output_fields=["count(*)"])
        return int(row["count(*)"])

    def counts(self, where: Filter, most: int) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera and year; reads every row."""
        kinds, folders, tags, cameras, years = (Counter[str]() for _ in range(5))
        fields = [name for name in self._table.fields if name in _COUNTED]
        for row in self._table.walk(self._table.condition(where), fields):
            kinds[row["kind"]] += 1
            folders[row["path"].rpartition(os.sep)[0]] += 1
            tags.update(row["tags"])
            cameras.update(filter(None, [row.get("camera")]))
            years.update(filter(None, [row.get("taken", "")[:4]]))
        return Counts(
            sum(kinds.values()), *(_most(counted, most) for counted in (kinds, folders, tags, cameras, years))
        )

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, for the terms that occur; kept for some seconds.

        Counting reads every vector. So it is done again only after twenty times the time that it took, or when this
        process has changed something.
        """
        kept, changes = self._frequencies, self._table.changes
        started = time.monotonic()
        if kept is None or kept[0] != changes or started > kept[1]:
            counted = Counter[int]()
            for row in self._table.walk(ALL, ["vector"]):
                counted.update(term for term in row["vector"] if term < self._origin.size)
            ended = time.monotonic()
            fresh_until = ended + max(FRESH_S, (ended - started) / SHARE)
            kept = self._frequencies = changes, fresh_until, dict(sorted(counted.items()))
        return kept[2]

    def stats(self, frequent: int) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""
        by_kind = {kind: self.count(EVERYTHING.of_kind(kind)) for kind in sorted(KINDS)}
        items, counted = sum(by_kind.values()), self.document_frequencies()
        postings = sum(counted.values())
        file = self._table.server.address.file
        return Stats(
            items=items,
            by_kind={kind: count for kind, count in by_kind.items() if count},
            mean_terms=postings / items if items else 0.0,
            postings=postings,
            distinct_terms=len(counted),
            bytes_on_disk=bytes_below(file) if file is not None else None,
            frequent=tuple((self._origin.vocabulary[term], count) for term, count in _most(counted, frequent).items()),
        )

    def group_copies(self) -> None:
        """Groups anew the pictures that are equal to the byte; no hashes are kept here that could tell more."""
        digests: dict[str, list[int]] = defaultdict(list)
        images = expression(EVERYTHING.of_kind("image"))
        for row in self._table.walk(images, ["id", "content_hash"]):
            digests[row["content_hash"]].append(row["id"])
        self._groups = sorted(ids for ids in map(sorted, digests.values()) if len(ids) > 1)

    def copies(self) -> list[list[int]]:
        """The groups of equal pictures, as `group_copies` found them last: ids, ascending."""
        return self._groups

    def copies_of(self, item: int) -> list[int]:
        """The ids of the group of copies that an item is in, ascending; none for one that has no copy."""
        return next((group for group in self._groups if item in group), [])

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (number of its group of copies, size of the group)} of the ids in a group of at least two."""
        groups = {item: (group[0], len(group)) for group in self._groups for item in group}
        return {item: groups[item] for item in ids if item in groups}

    def findings(self) -> Findings:
        """What is wrong with the rows; whether Milvus's own index agrees with them is Milvus's affair."""
        other, unreadable = set[int](), set[int]()
        for row in self._table.walk(ALL, ["id", "terms", "vector"]):
            try:
                if len(self._table.vector(row)) != row["terms"]:
                    other.add(row["id"])
            except ValueError:  # VectorError too
                unreadable.add(row["id"])
        return Findings(unreadable=unreadable, other=other)

    def _candidates(self, query: dict[int, float], condition: str, limit: int) -> Sequence[Any]:
        (candidates,) = self._table.ask(
            "search",
            data=[query],
            anns_field="vector",
            filter=condition,
            limit=limit,
            output_fields=["vector"],
            search_params={"metric_type": "IP", "params": {"drop_ratio_search": 0.0}},
        )
        return list(candidates)

    def _item(self, row: rows.Row) -> Item:
        return rows.item_of(row, self._thumbnails.path(row["id"]))


def _most(counted: "dict[T, int]", most: int) -> "dict[T, int]":
    """The `most` frequent, the most frequent first, equally frequent ones in their own order."""
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:most])
