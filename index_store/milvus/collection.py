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
import os
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar

from index_store.address import MilvusAddress
from index_store.errors import (
    CollectionBusy,
    CollectionError,
    FilterError,
    closed,
    no_item,
    open_for_reading,
)
from index_store.filters import EVERYTHING, Condition, Filter, circle_of
from index_store.folder import layout
from index_store.folder.thumbnails import FOLDER, Thumbnails
from index_store.folder.verification import Findings
from index_store.items import Counts, Description, Hit, Item, NewItem, Repairs, Retrieval, Stats
from index_store.milvus import rows, tables
from index_store.milvus.exact_search import Looking
from index_store.milvus.filters import ALL, between, expression, quoted
from index_store.milvus.server import Server
from index_store.validation import (
    KINDS,
    check_description,
    check_item,
    check_origin,
    check_tag,
    check_text,
    check_vector,
)
from index_store.vectors import SparseVector

REQUEST = 500  # rows in one request: some 10 MB with thumbnails, of 64 that Milvus takes
_COUNTED = ("kind", "path", "tags", "camera", "taken")
PAGE = 1_000  # rows at a time when walking all
FIRST_CANDIDATES = 32  # asked for at first, beside k: enough for most proofs, and a few kB
FRESH_S, SHARE = 5.0, 0.05  # numbers about all items stay for so long, or until counting took this share of the time
_writers_guard = threading.Lock()
_writers: set[str] = set()  # addresses that this process writes to
T = TypeVar("T")
log = logging.getLogger(__name__)


class MilvusCollection:
    """Made by `create` or `open`, never directly; see `Store` for what its methods promise."""

    def __init__(self, server: Server, about: dict[str, str], *, writable: bool) -> None:
        self._server, self._writable = server, writable
        self._place, self._items = str(server.address), tables.items(server.address)
        self._model, self._digest, self._precision = about["model"], about["digest"], about.get("precision")
        self._vocabulary = rows.vocabulary_of(about)
        self._size = len(self._vocabulary)
        self._form = about.get("form", rows.EARLIER)
        self._fields = rows.item_fields(self._form)
        self._lock = threading.RLock()  # guards writing, and the thumbnails
        self._closed = self._changed = False
        self._groups: list[list[int]] = []  # of equal pictures, once they were looked for
        self._frequencies: tuple[float, dict[int, int]] | None = None  # fresh until when, and what
        # copies for as long as the collection is open: the page shows files, and nothing of them can grow old
        self._folder = tempfile.TemporaryDirectory(prefix="sightwords-")
        self._thumbnails = Thumbnails(Path(self._folder.name))
        Thumbnails.create(Path(self._folder.name))
        self._copied: dict[int, str | None] = {}  # path of each thumbnail that was looked for

    @classmethod
    def create(
        cls, address: MilvusAddress, *, model: str, vocabulary: Sequence[str], precision: str | None = None
    ) -> "MilvusCollection":
        """A new, empty collection, open for writing. CollectionExists where one has the name already."""
        server = Server(address, make=True)
        try:
            tables.make(server, model, vocabulary, precision)
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
        with ExitStack() as opened:
            server = Server(address)
            opened.callback(server.close)
            facts = tables.load(server)
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
            return tables.there(server)
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
    def precision(self) -> str | None:
        """What the model computed in when it made the collection, in its own word; None where that was not kept."""
        return self._precision

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

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Keeps other threads from writing inside; other processes are people's affair, so nobody else has written."""
        with self._writing():
            yield False

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items and then removes `replacing`; returns the new ids, ascending."""
        with self._writing():
            for item in items:
                check_item(item, self._model, self._size)
                rows.check_size(item)
            ids = tables.reserve(self._server, len(items)) if items else []
            new = [rows.row_of(number, item, self._size, self._form) for number, item in zip(ids, items, strict=True)]
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

    def move(self, paths: Mapping[int, str], removing: Sequence[int] = ()) -> int:
        """Removes `removing`, then gives items {id: path} other paths: each row is read and written anew, whole.

        Killed in between, some of the items still have their old path; the next `index` moves them.
        """
        with self._writing():
            for path in paths.values():
                check_text(path)
            removed = self.remove(removing)
            for some in _parts(sorted(paths), REQUEST):
                held = self._whole(some)
                if held:
                    self._server.ask("upsert", self._items, [rows.moved(row, paths[row["id"]]) for row in held])
            return removed

    def tag(self, ids: Iterable[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Gives items tags and takes others from them: each row is read and written anew, whole."""
        with self._writing():
            for tag in add:
                check_tag(tag)
            for some in _parts(sorted({int(item) for item in ids}), REQUEST):
                changed = []
                for row in self._whole(some):
                    tags = sorted((set(row["tags"]) - set(remove)) | set(add))
                    if len(tags) > rows.MOST_TAGS:
                        raise CollectionError(f"{row['path']} would have {len(tags):,} tags: too many for Milvus.")
                    if tags != list(row["tags"]):
                        changed.append(row | {"tags": tags})
                if changed:
                    self._server.ask("upsert", self._items, changed)

    def without_likeness(self) -> list[int]:
        """None: no hashes are kept here, so that only what is equal to the byte is found."""
        return []

    def note_likeness(self, hashes: Mapping[int, bytes | None]) -> None:
        """Writes down such hashes (`likeness.py`), or that a picture has none."""
        raise CollectionError(f"{self._place} lies in Milvus, which keeps no hashes of what pictures show.")

    def group_copies(self) -> None:
        """Finds anew which pictures are nearly equal, or equal to the byte."""
        digests: dict[str, list[int]] = defaultdict(list)
        for row in self._walk(expression(Filter((Condition("kind", "=", "image"),))), ["id", "content_hash"]):
            digests[row["content_hash"]].append(row["id"])
        self._groups = sorted(ids for ids in map(sorted, digests.values()) if len(ids) > 1)

    def copies(self) -> list[list[int]]:
        """The groups of nearly equal pictures, as they were found last: ids, ascending."""
        return self._groups

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (a number that its whole group shares, how many that has)} of items in a group of at least two."""
        group = {item: (some[0], len(some)) for some in self._groups for item in some}
        return {item: group[item] for item in ids if item in group}

    def describe(self, told: Mapping[int, Description]) -> None:
        """Writes down what the files of items say of them: each row is read and written anew, whole.

        A table of an earlier form has room for captions and tags only.
        """
        with self._writing():
            for one in told.values():
                check_description(one)
            for some in _parts(sorted(told), REQUEST):
                new = [rows.described(row, told[row["id"]]) for row in self._whole(some)]
                if new:
                    self._server.ask("upsert", self._items, new)

    def ids(self, where: Filter = EVERYTHING) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""
        return sorted(row["id"] for row in self._walk(self._only(where), ["id"]))

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many items a filter lets through."""
        (row,) = self._ask("query", self._items, filter=self._only(where), output_fields=["count(*)"])
        return int(row["count(*)"])

    def counts(self, where: Filter = EVERYTHING, most: int = 50) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera and year; reads every row."""
        kinds, folders, tags, cameras, years = (Counter[str]() for _ in range(5))
        for row in self._walk(self._only(where), [name for name in self._fields if name in _COUNTED]):
            kinds[row["kind"]] += 1
            folders[row["path"].rpartition(os.sep)[0]] += 1
            tags.update(row["tags"])
            cameras.update(filter(None, [row.get("camera")]))
            years.update(filter(None, [row.get("taken", "")[:4]]))
        return Counts(
            sum(kinds.values()), *(_most(counted, most) for counted in (kinds, folders, tags, cameras, years))
        )

    def search(
        self,
        vector: SparseVector,
        k: int,
        *,
        kind: str | None = None,
        candidates: SparseVector | None = None,
        where: Filter = EVERYTHING,
        budget: int | None = None,
    ) -> Retrieval:
        """The k items with the highest `vector.dot(item)` > 0; ties go to the smaller id (see the top of this file).

        Not said to be exact where a weight is below 1e-18 of the largest, whose products Milvus may lose.
        """
        check_vector(vector, "The query", self._model, self._size)
        if budget is not None:
            raise CollectionError(f"{self._place} lies in Milvus, which counts no postings; leave the budget out.")
        started = time.perf_counter()
        if kind is not None:
            where = Filter((*where.conditions, Condition("kind", "=", kind)))
        looked = Looking(vector, candidates, k, self._size, self._candidates)
        if k > 0 and len(vector):
            looked.look(self._only(where), k + FIRST_CANDIDATES, self._next_id)
        total = time.perf_counter() - started
        hits = tuple(Hit(item, score) for item, score in looked.ranking.best() if score > 0)
        return Retrieval(hits, looked.exact, 1000 * (total - looked.seconds), 1000 * looked.seconds)

    def _candidates(self, question: dict[int, float], only: str, limit: int) -> Sequence[Any]:
        (found,) = self._ask(
            "search",
            self._items,
            data=[question],
            anns_field="vector",
            filter=only,
            limit=limit,
            output_fields=["vector"],
            search_params={"metric_type": "IP", "params": {"drop_ratio_search": 0.0}},
        )
        return list(found)

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`, with their thumbnails; ItemNotFound where one is not there."""
        wanted = [int(item) for item in ids]
        held = self._held(wanted, self._fields)
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
        for row in self._walk(only, self._fields):
            yield rows.item_of(row, self._copied.get(row["id"]))

    def find(self, *, path: str | None = None, content_hash: str | None = None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id."""
        given = {"path": path, "content_hash": content_hash}
        only = [f"{name} == {quoted(value)}" for name, value in given.items() if value is not None]
        if not only:
            raise CollectionError("Finding items needs a path or a content hash.")
        found = self._ask("query", self._items, filter=" and ".join(only), output_fields=self._fields)
        return [rows.item_of(row, self._copied.get(row["id"])) for row in sorted(found, key=lambda row: row["id"])]

    def __len__(self) -> int:
        """Number of items."""
        return self.count()

    def __bool__(self) -> bool:
        """An empty collection is still a collection."""
        return True

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, for the terms that occur; kept for some seconds.

        Counting reads every vector, so it is done again only once twenty times the time that it took has gone by, or
        this writer has changed something.
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
            bytes_on_disk=layout.bytes_below(file) if file is not None else None,
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

    def load(self) -> None:
        """Milvus holds in memory what it wants to."""

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

    def _only(self, where: Filter) -> str:
        """The filter as an expression; what is near a place is measured here, among what lies as far north."""
        if self._form == rows.EARLIER:
            strange = next((one for one in where.conditions if one.key in ("taken", "camera", "near")), None)
            if strange is not None:
                raise FilterError(
                    f"'{strange}' is nothing that {self._place} can be asked, as an earlier Sightwords made it; index "
                    "the pictures into a new one."
                )
        near: dict[Condition, list[int]] = {}
        for one in where.conditions:
            if one.key == "near":
                circle = circle_of(one)
                found = self._walk(between(circle.latitudes), ["id", "latitude", "longitude"])
                near[one] = [row["id"] for row in found if circle.holds(row["latitude"], row["longitude"])]
        return expression(where, near)

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

    def _whole(self, ids: Sequence[int]) -> list[rows.Row]:
        """The rows of those ids that exist with every field, as they are written anew."""
        fields = rows.every_field(self._form)
        return [{name: row[name] for name in fields} for row in self._rows(ids, fields)]

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
        """One more than the highest id that anybody has taken."""
        return tables.next_id(self._server)

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
