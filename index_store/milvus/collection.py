"""A collection in Milvus, asked and answering as a collection in a folder does: same ids, same hits, same scores.

Search: Milvus finds candidates by inner product in float32; each is scored here with the exact vector that comes with
it. The last candidate's own score, with what float32 may have lost given back, bounds all that did not come. So the
list is deepened until the k-th exact score is above that bound, or nothing is left: every answer is exact by proof, and
ties go to the smaller id. Milvus gives 16,384 candidates at most; where these prove nothing, ranges of ids are asked
one by one, each small enough to come whole. This takes Milvus at its word that what it holds back scores no higher.

What is guaranteed. An item is one row (`rows.py`), so it is there with all that belongs to it or not at all. `add`
writes 500 rows a request, each of which Milvus shows as a whole; where a later one fails, the earlier are taken back.
`replacing` is removed after the new ones are there: killed in between, both are, and the next `index` mends that. Ids
are taken from a counter before they are used, so none is used twice. Reads see all that was written (consistency
"Strong"). Not guaranteed: Milvus has no lock, so people see to it that one process writes at a time (two in this
process are refused, and a Milvus Lite file lets one process in). Numbers about all items (`stats`,
`document_frequencies`) read every vector, and are kept for a while: another process's changes show seconds later.
"""

import logging
import math
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar

import numpy as np

from index_store import folder, impacts
from index_store.address import MilvusAddress
from index_store.catalog import vocabulary_digest
from index_store.checks import KINDS, check_item, check_origin, check_tag, check_vector
from index_store.errors import (
    CollectionBusy,
    CollectionDamaged,
    CollectionError,
    CollectionExists,
    CollectionNotFound,
    CollectionTooNew,
    closed,
    no_item,
    open_for_reading,
)
from index_store.filters import EVERYTHING, Condition, Filter
from index_store.items import Counts, Hit, Item, NewItem, Repairs, Retrieval, Stats
from index_store.milvus import rows
from index_store.milvus.filters import ALL, expression, quoted
from index_store.milvus.server import Server
from index_store.ranking import Ranking
from index_store.thumbnails import FOLDER, Thumbnails
from index_store.vectors import SparseVector, split_bytes
from index_store.verification import Findings

REQUEST = 500  # rows in one request: some 10 MB with thumbnails, of 64 that Milvus takes
PAGE = 1_000  # rows at a time when walking all
FIRST_CANDIDATES = 32  # asked for at first, beside k: enough for most proofs, and a few kB
WIDENING = 4
MOST = 16_384  # candidates that Milvus gives at once, at most
FRESH_S, SHARE = 5.0, 0.05  # numbers about all items stay for so long, or until counting took this share of the time
_writers_guard = threading.Lock()
_writers: set[str] = set()  # addresses that this process writes to
T = TypeVar("T")
log = logging.getLogger(__name__)


class MilvusCollection:
    """Made by `create` or `open`, never directly; see `Store` for what its methods promise."""

    def __init__(self, server: Server, about: dict[str, str], *, writable: bool) -> None:
        self._server, self._writable = server, writable
        self._place, self._items, self._about = str(server.address), *_tables(server.address)
        self._model, self._digest = about["model"], about["digest"]
        self._vocabulary = rows.vocabulary_of(about)
        self._size = len(self._vocabulary)
        self._lock = threading.RLock()  # guards writing, and the thumbnails
        self._closed = self._changed = False
        self._frequencies: tuple[float, dict[int, int]] | None = None  # fresh until when, and what
        # copies for as long as the collection is open: the page shows files, and nothing of them can grow old
        self._folder = tempfile.TemporaryDirectory(prefix="sightwords-")
        self._thumbnails = Thumbnails(Path(self._folder.name))
        Thumbnails.create(Path(self._folder.name))
        self._copied: dict[int, str | None] = {}  # path of each thumbnail that was looked for

    @classmethod
    def create(cls, address: MilvusAddress, *, model: str, vocabulary: Sequence[str]) -> "MilvusCollection":
        """A new, empty collection, open for writing. CollectionExists where one has the name already."""
        items, about = _tables(address)
        server = Server(address, make=True)
        try:
            if server.ask("has_collection", items):
                raise CollectionExists(f"There is already something at {address}; open it, or choose another name.")
            if server.ask("has_collection", about):  # of a creation that was interrupted
                server.ask("drop_collection", about)
            _make(server, about, rows.about_table())
            for some in _parts(rows.first_facts(model, vocabulary), 10):
                server.ask("upsert", about, some)
            _make(server, items, rows.item_table())  # last: a collection is there once this table is
        finally:
            server.close()
        return cls.open(address, writable=True)

    @classmethod
    def open(
        cls,
        address: MilvusAddress,
        *,
        model: str | None = None,
        vocabulary: Sequence[str] | None = None,
        writable: bool = False,
    ) -> "MilvusCollection":
        """An existing collection; with `model` or `vocabulary`, refuses one that was made by another."""
        items, about = _tables(address)
        with ExitStack() as opened:
            server = Server(address)
            opened.callback(server.close)
            if not server.ask("has_collection", items):
                raise CollectionNotFound(f"There is no collection at {address}; index some pictures into it first.")
            if not server.ask("has_collection", about):
                raise CollectionNotFound(f"{address} is no collection of Sightwords; name one that `index` made.")
            server.ask("load_collection", about)
            server.ask("load_collection", items)
            facts = _facts(server, about)
            _check_facts(address, facts)
            check_origin(str(address), facts, model, vocabulary)
            if writable:
                _begin_writing(str(address))
                opened.callback(_end_writing, str(address))
            found = cls(server, facts, writable=writable)
            opened.pop_all()  # from here on, all is ended by `close`
            return found

    @staticmethod
    def exists(address: MilvusAddress) -> bool:
        """Whether a collection has this name; CollectionError where that cannot be asked."""
        if address.file is not None and not address.file.exists():
            return False
        server = Server(address)
        try:
            return bool(server.ask("has_collection", _tables(address)[0]))
        finally:
            server.close()

    @property
    def place(self) -> str:
        """The address."""
        return self._place

    @property
    def thumbnails(self) -> Path:
        """The folder of this machine that thumbnails are copied to while the collection is open."""
        return Path(self._folder.name) / FOLDER

    @property
    def model(self) -> str:
        """Name of the model whose vectors the collection holds."""
        return self._model

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The terms by id."""
        return self._vocabulary

    @property
    def digest(self) -> str:
        """SHA-256 that tells vocabularies apart."""
        return self._digest

    @property
    def writable(self) -> bool:
        """Whether `add`, `remove` and `tag` are allowed."""
        return self._writable

    @property
    def wasteful(self) -> bool:
        """Never: Milvus tidies up by itself."""
        return False

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items and then removes `replacing`; returns the new ids, ascending."""
        with self._writing():
            for item in items:
                check_item(item, self._model, self._size)
                rows.check_size(item)
            ids = self._reserve(len(items)) if items else []
            new = [rows.row_of(number, item, self._size) for number, item in zip(ids, items, strict=True)]
            try:
                for some in _parts(new, REQUEST):
                    self._server.ask("insert", self._items, some)
            except BaseException:
                self._take_back(ids)
                raise
            self.remove(replacing)
            return ids

    def remove(self, ids: Iterable[int]) -> int:
        """Removes items; ids that are not there are passed over. Returns how many were."""
        with self._writing():
            removed = 0
            for some in _parts(sorted({int(item) for item in ids}), PAGE):
                there = [row["id"] for row in self._rows(some, ["id"])]
                if there:
                    self._server.ask("delete", self._items, ids=there)
                removed += len(there)
                for item in there:
                    self._thumbnails.drop(item)
                    self._copied.pop(item, None)
            return removed

    def tag(self, ids: Iterable[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Gives items tags and takes others from them: each row is read and written anew, whole."""
        with self._writing():
            for tag in add:
                check_tag(tag)
            for some in _parts(sorted({int(item) for item in ids}), REQUEST):
                changed = []
                for row in self._rows(some, rows.EVERY_FIELD):
                    tags = sorted((set(row["tags"]) - set(remove)) | set(add))
                    if len(tags) > rows.MOST_TAGS:
                        raise CollectionError(f"{row['path']} would have {len(tags):,} tags: too many for Milvus.")
                    if tags != list(row["tags"]):
                        changed.append({name: row[name] for name in rows.EVERY_FIELD} | {"tags": tags})
                if changed:
                    self._server.ask("upsert", self._items, changed)

    def ids(self, where: Filter = EVERYTHING) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""
        return sorted(row["id"] for row in self._walk(expression(where), ["id"]))

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many items a filter lets through."""
        (row,) = self._ask("query", self._items, filter=expression(where), output_fields=["count(*)"])
        return int(row["count(*)"])

    def counts(self, where: Filter = EVERYTHING, most: int = 50) -> Counts:
        """How many items a filter lets through, in all and by kind, folder and tag; reads a row for each."""
        kinds, folders, tags = Counter[str](), Counter[str](), Counter[str]()
        for row in self._walk(expression(where), ["kind", "path", "tags"]):
            kinds[row["kind"]] += 1
            folders[row["path"].rpartition("/")[0]] += 1
            tags.update(row["tags"])
        return Counts(sum(kinds.values()), _most(kinds, most), _most(folders, most), _most(tags, most))

    def search(
        self,
        vector: SparseVector,
        k: int,
        *,
        kind: str | None = None,
        candidates: SparseVector | None = None,
        where: Filter = EVERYTHING,
    ) -> Retrieval:
        """The k items with the highest `vector.dot(item)` > 0; ties go to the smaller id (see the top of this file).

        Not said to be exact where a weight is below 1e-18 of the largest, whose products Milvus may lose.
        """
        check_vector(vector, "The query", self._model, self._size)
        started = time.perf_counter()
        if kind is not None:
            where = Filter((*where.conditions, Condition("kind", "=", kind)))
        looked = _Looking(vector, candidates, k, self._size)
        if k > 0 and len(vector):
            only = expression(where)
            if not self._deepen(looked, only, k + FIRST_CANDIDATES):
                for start in range(1, self._next_id(), MOST - 1):
                    self._deepen(looked, f"{only} and id >= {start} and id < {start + MOST - 1}", MOST)
        total = time.perf_counter() - started
        hits = tuple(Hit(item, score) for item, score in looked.ranking.best() if score > 0)
        return Retrieval(hits, looked.exact, 1000 * (total - looked.seconds), 1000 * looked.seconds)

    def _deepen(self, looked: "_Looking", only: str, limit: int) -> bool:
        """Looks at more and more candidates until none that is left can matter; False where Milvus gives no more."""
        while True:
            limit = min(limit, MOST)
            (found,) = self._ask(
                "search",
                self._items,
                data=[looked.question],
                anns_field="vector",
                filter=only,
                limit=limit,
                output_fields=["vector"],
                search_params={"metric_type": "IP", "params": {"drop_ratio_search": 0.0}},
            )
            if looked.at(found) or len(found) < limit:
                return True
            if limit == MOST:
                return False
            limit *= WIDENING

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`, with their thumbnails; ItemNotFound where one is not there."""
        wanted = [int(item) for item in ids]
        held = self._held(wanted, rows.ITEM_FIELDS)
        self._copy_thumbnails(wanted)
        return [rows.item_of(held[item], self._copied.get(item)) for item in wanted]

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        wanted = [int(item) for item in ids]
        held = self._held(wanted, ["id", "vector"])
        return [self._vector(held[item]) for item in wanted]

    def all_items(self, kind: str | None = None) -> Iterator[Item]:
        """All items by ascending id, read page by page; with the thumbnails that are copied already."""
        only = expression(Filter((Condition("kind", "=", kind),))) if kind else ALL
        for row in self._walk(only, rows.ITEM_FIELDS):
            yield rows.item_of(row, self._copied.get(row["id"]))

    def find(self, *, path: str | None = None, content_hash: str | None = None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id."""
        given = {"path": path, "content_hash": content_hash}
        only = [f"{name} == {quoted(value)}" for name, value in given.items() if value is not None]
        if not only:
            raise CollectionError("Finding items needs a path or a content hash.")
        found = self._ask("query", self._items, filter=" and ".join(only), output_fields=rows.ITEM_FIELDS)
        return [rows.item_of(row, self._copied.get(row["id"])) for row in sorted(found, key=lambda row: row["id"])]

    def __len__(self) -> int:
        """Number of items."""
        return self.count()

    def __bool__(self) -> bool:
        """An empty collection is still a collection."""
        return True

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, for the terms that occur; some seconds old at most, or 5 % slower.

        Counting reads every vector, so it is done again only when twenty times the time that it took has gone by.
        """
        kept = self._frequencies
        started = time.monotonic()
        if kept is None or started > kept[0]:
            counted = Counter[int]()
            for row in self._walk(ALL, ["vector"]):
                counted.update(term for term in row["vector"] if term < self._size)
            ended = time.monotonic()
            kept = self._frequencies = ended + max(FRESH_S, (ended - started) / SHARE), dict(sorted(counted.items()))
        return kept[1]

    def stats(self, frequent: int = 20) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""
        by_kind = {kind: self.count(Filter((Condition("kind", "=", kind),))) for kind in sorted(KINDS)}
        items, counted = sum(by_kind.values()), self.document_frequencies()
        postings = sum(counted.values())
        file = self._server.address.file
        return Stats(
            items=items,
            by_kind={kind: count for kind, count in by_kind.items() if count},
            mean_terms=postings / items if items else 0.0,
            postings=postings,
            distinct_terms=len(counted),
            bytes_on_disk=folder.bytes_below(file) if file is not None else None,
            frequent=tuple((self._vocabulary[term], count) for term, count in _most(counted, frequent).items()),
        )

    def verify(self) -> list[str]:
        """What is wrong with the rows, one sentence each; whether Milvus's own index agrees with them is its affair."""
        return self._findings().sentences()

    def repair(self) -> Repairs:
        """Takes out what `verify` finds: indexing its folder again brings it back."""
        with self._writing():
            found = self._findings()
            return Repairs(removed=self.remove(found.other | found.unreadable), rewritten=0)

    def compact(self) -> NoReturn:
        """Refused: CollectionError."""
        raise CollectionError(f"Milvus tidies {self._place} up by itself; there is nothing to compact.")

    def close(self) -> None:
        """Ends writing and reading; closing twice is fine."""
        with self._lock:
            if self._closed:
                return
            self._tidy()
            self._closed = True
            self._server.close()
            self._folder.cleanup()
            if self._writable:
                _end_writing(self._place)

    def __enter__(self) -> "MilvusCollection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, what: str, *arguments: Any, **options: Any) -> Any:
        if self._closed:
            raise closed(self._place)
        return self._server.ask(what, *arguments, **options)

    def _walk(self, only: str, fields: list[str]) -> Iterator[rows.Row]:
        if self._closed:
            raise closed(self._place)
        for page in self._server.each(self._items, only, fields, PAGE):
            yield from page

    def _rows(self, ids: Sequence[int], fields: list[str]) -> list[rows.Row]:
        """The rows of those ids that exist."""
        return [
            row
            for some in _parts(list(dict.fromkeys(ids)), REQUEST)
            for row in self._ask("query", self._items, ids=list(some), output_fields=fields)
        ]

    def _held(self, ids: Sequence[int], fields: list[str]) -> dict[int, rows.Row]:
        held = {row["id"]: row for row in self._rows(ids, fields)}
        for item in ids:
            if item not in held:
                raise no_item(self._place, item)
        return held

    def _vector(self, row: rows.Row) -> SparseVector:
        return SparseVector.from_bytes(rows.vector_bytes(row["vector"], self._size))

    def _copy_thumbnails(self, ids: Sequence[int]) -> None:
        """Copies the thumbnails of items into the folder, where they are not there yet."""
        with self._lock:
            for row in self._rows([item for item in ids if item not in self._copied], ["id", "thumbnail"]):
                written = self._thumbnails.write(row["id"], rows.thumbnail_of(row))
                self._copied[row["id"]] = str(Path(self._folder.name) / written) if written else None

    def _writing(self) -> threading.RLock:
        """To be held while writing; CollectionReadOnly where that was not asked for."""
        if self._closed:
            raise closed(self._place)
        if not self._writable:
            raise open_for_reading(self._place)
        self._frequencies, self._changed = None, True
        return self._lock

    def _next_id(self) -> int:
        return int(_facts(self._server, self._about)["next_id"])

    def _reserve(self, count: int) -> list[int]:
        """The next ids, which nobody else will get, also when the add then fails."""
        first = self._next_id()
        self._server.ask("upsert", self._about, [rows.fact("next_id", str(first + count))])
        return list(range(first, first + count))

    def _take_back(self, ids: Sequence[int]) -> None:
        """After a failed add: removes what was written of it."""
        try:
            self.remove(ids)
        except CollectionError as error:
            log.warning("Items %d to %d of a failed add may stay in %s: %s", ids[0], ids[-1], self._place, error)

    def _tidy(self) -> None:
        """After writing: has Milvus index what is new, which it would otherwise do at its leisure."""
        if self._changed:
            try:
                self._server.ask("flush", self._items)
            except CollectionError as error:  # a server allows few in a row; nothing is lost
                log.info("%s is not indexed yet: %s", self._place, error)

    def _findings(self) -> Findings:
        other, unreadable = set[int](), set[int]()
        for row in self._walk(ALL, ["id", "terms", "vector"]):
            try:
                if len(self._vector(row)) != row["terms"]:
                    other.add(row["id"])
            except ValueError:  # VectorError too
                unreadable.add(row["id"])
        return Findings(set(), set(), set(), unreadable, other, set(), set(), {})


class _Looking:
    """One search under way: the best so far, and the question as Milvus is asked it.

    The question is divided by a power of two, which loses nothing and keeps float32 sums in range.
    """

    def __init__(self, vector: SparseVector, within: SparseVector | None, k: int, size: int) -> None:
        self.ranking = Ranking(vector, k, size)
        self.seconds = 0.0  # spent on scoring
        self._within, self._size = within, size
        largest = float(vector.weights.max()) if len(vector) else 1.0
        self._scale = 2.0 ** math.frexp(largest)[1]
        self._terms = 2 * len(vector)  # twice the losses of a plain sum: bounds on the way may be float32 too
        scaled = vector.weights.astype(np.float64) / self._scale
        self.exact = bool((scaled >= rows.SMALLEST).all())
        kept = scaled >= np.finfo(np.float32).tiny
        self.question = dict(zip(vector.terms[kept].tolist(), scaled[kept].tolist(), strict=True))

    def at(self, found: Sequence[Any]) -> bool:
        """Scores candidates, best bound first; True once no further one can matter."""
        started = time.perf_counter()
        try:
            for hit in found:
                if self.ranking.full_above(impacts.upper_bound(hit["distance"], self._terms, self._scale)):
                    return True
                data = rows.vector_bytes(hit["entity"]["vector"], self._size)
                if self._within is None or np.isin(split_bytes(data)[0], self._within.terms).any():
                    self.ranking.take(hit["id"], lambda data=data: data)  # type: ignore[misc]
            return False
        finally:
            self.seconds += time.perf_counter() - started


def _tables(address: MilvusAddress) -> tuple[str, str]:
    """Names of the tables of items and of facts."""
    return address.collection, f"{address.collection}_about"


def _make(server: Server, table: str, form: tuple[Any, Any]) -> None:
    schema, indexes = form
    options = {"consistency_level": "Strong", "num_shards": 1}  # one shard: a request is shown as a whole
    server.ask("create_collection", table, schema=schema, index_params=indexes, **options)


def _facts(server: Server, table: str) -> dict[str, str]:
    found = server.ask("query", table, filter='key >= ""', output_fields=["key", "value"], limit=MOST)
    return {row["key"]: row["value"] for row in found}


def _check_facts(address: MilvusAddress, facts: dict[str, str]) -> None:
    """CollectionDamaged, or CollectionTooNew, where the table of facts is not one of ours."""
    if facts.get("form", rows.FORM) != rows.FORM:
        raise CollectionTooNew(f"The collection {address} was written by a newer Sightwords; update to open it.")
    whole = {"form", "model", "digest", "next_id"} <= facts.keys()
    if not whole or vocabulary_digest(rows.vocabulary_of(facts)) != facts["digest"]:
        raise CollectionDamaged(f"The collection {address} has lost its vocabulary; index the pictures anew.")


def _begin_writing(place: str) -> None:
    with _writers_guard:
        if place in _writers:
            raise CollectionBusy(f"The collection {place} is being written already; wait until that has ended.")
        _writers.add(place)


def _end_writing(place: str) -> None:
    with _writers_guard:
        _writers.discard(place)


def _parts(values: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def _most(counted: "dict[T, int]", most: int) -> "dict[T, int]":
    """The `most` frequent, most first, equal ones in their own order."""
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:most])
