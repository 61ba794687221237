"""A collection of sparse vectors: a folder to add to, remove from and search; knows nothing of models.

Two stores lie in the folder (`folder.py`): the catalog says which items exist, postings are what they are found by.
They agree without a common transaction, for only the catalog decides and postings are always a superset:
- add: ids reserved, thumbnails written, postings committed, then the catalog's transaction: the moment it counts.
- remove: the catalog's transaction first, then the postings.
So at every moment, also after a crash, postings may hold documents that the catalog does not know. Searching skips
them; opening for writing deletes them. Ids are never used twice, so a leftover can never be taken for another item.

One process writes at a time, and only while it does: between two writes others may have a turn (`writer_lock.py`).

Reading goes through a `View` of one moment (`view.py`), in which search is exact (`searching.py`). A writer makes a new
one at each change; a new one is made, too, whenever the catalog says that somebody else has written.
"""

import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType

from index_store.catalog import SEPARATOR, Catalog, Row, now
from index_store.errors import (
    CollectionDamaged,
    CollectionError,
    closed,
    explain_os_error,
    no_item,
    open_for_reading,
)
from index_store.filters import EVERYTHING, Condition, Filter
from index_store.folder import layout
from index_store.folder.migration import upgrade
from index_store.folder.thumbnails import FOLDER as THUMBNAILS
from index_store.folder.thumbnails import Thumbnails
from index_store.folder.verification import Findings, findings
from index_store.folder.writer_lock import WAIT_S, WriterLock
from index_store.items import Compaction, Counts, Description, Hit, Item, NewItem, Repairs, Retrieval, Stats
from index_store.postings.writer import Postings
from index_store.search.exact import search
from index_store.similarity import Picture, groups
from index_store.snapshots.snapshot import View
from index_store.snapshots.snapshots import Moments
from index_store.validation import check_description, check_item, check_origin, check_tag, check_text, check_vector
from index_store.vectors import SparseVector

ITEM_COLUMNS = (
    "kind",
    "path",
    "caption",
    "content_hash",
    "width",
    "height",
    "bytes",
    "tags",
    "taken",
    "camera",
    "latitude",
    "longitude",
    "described",
)  # what an item is told with
WASTE = 1_000  # documents, of removed items or in pieces, that nobody minds
PAGE = 500  # rows at a time when walking all items
log = logging.getLogger(__name__)

__all__ = ["Collection", "Hit", "Item", "NewItem", "Retrieval", "Stats"]


class Collection:
    """Made by `create` or `open`, never directly. A context manager; reading methods may be called from any thread."""

    def __init__(
        self, path: Path, catalog: Catalog, postings: Postings, lock: WriterLock | None = None, wait: float = WAIT_S
    ) -> None:
        """lock: for one that may be written to."""
        self._path, self._catalog, self._postings = path, catalog, postings
        self._writer_lock, self._wait, self._writing = lock, wait, False
        about = catalog.about()
        self._model, self._digest, self._precision = about["model"], about["digest"], about.get("precision")
        self._vocabulary = catalog.vocabulary()
        self._thumbnails = Thumbnails(path)
        self._lock = threading.RLock()  # guards writing
        self._closed = False
        self._moments = Moments(path, len(self._vocabulary), catalog, postings)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        model: str,
        vocabulary: Sequence[str],
        precision: str | None = None,
        wait: float = WAIT_S,
    ) -> "Collection":
        """A new, empty collection, open for writing. CollectionExists where something lies at `path` already."""
        target = Path(path).absolute()
        layout.make(target, model, vocabulary, precision)
        return cls.open(target, writable=True, wait=wait)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        model: str | None = None,
        vocabulary: Sequence[str] | None = None,
        writable: bool = False,
        wait: float = WAIT_S,
    ) -> "Collection":
        """An existing collection; with `model` or `vocabulary`, refuses one that was made by another.

        wait: seconds for which opening it `writable`, and each write, waits while another process writes;
        CollectionBusy then says which.
        """
        target = Path(path).absolute()
        layout.check_place(target, writable=writable)
        with ExitStack() as opened, ExitStack() as alone:
            lock = WriterLock(target) if writable else None
            if lock is not None:
                lock.acquire(wait)
                alone.callback(lock.release)
                upgrade(target)
            postings = Postings(target / layout.POSTINGS, writable=writable)
            opened.callback(postings.close)
            catalog = Catalog(target / layout.CATALOG, writable=writable)
            opened.callback(catalog.close)
            layout.check_form(target, catalog.about())
            check_origin(target, catalog.about(), model, vocabulary)
            found = cls(target, catalog, postings, lock, wait)
            if writable:
                found._moments.begin()
                found._clear_leftovers()
                found._moments.end()
                postings.close_writer()
            opened.pop_all()  # from here on, they are closed by `close`
            return found

    @staticmethod
    def delete(path: str | os.PathLike[str], wait: float = WAIT_S) -> None:
        """Deletes the collection in a folder, for good; whatever its items were made from stays."""
        layout.delete(Path(path).absolute(), wait)

    @staticmethod
    def exists(path: str | os.PathLike[str]) -> bool:
        """Whether a collection lies at `path` (opens nothing); CollectionError where that cannot be told."""
        return layout.exists(Path(path))

    @staticmethod
    def outdated(path: str | os.PathLike[str]) -> bool:
        """Whether the collection at `path` is of an earlier form, which opening it for writing brings up to date."""
        return layout.is_outdated(Path(path))

    @property
    def path(self) -> Path:
        """The folder, absolute."""
        return self._path

    @property
    def place(self) -> str:
        """Where it lies, for people: the folder, absolute."""
        return str(self._path)

    @property
    def thumbnails(self) -> Path:
        """The folder below which the thumbnails lie."""
        return self._path / THUMBNAILS

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
        """Whether `add` and `remove` are allowed."""
        return self._writer_lock is not None

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Keeps other processes from writing inside: for what is looked up and then written. Each write does it itself.

        Yields whether somebody else may have written since the last time. CollectionBusy after too long a wait.
        """
        with self._lock:
            lock = self._check_writable()
            if self._writing:
                yield False
                return
            lock.acquire(self._wait)
            try:
                self._writing = True
                others = self._moments.begin()
                if others:
                    self._clear_postings()
                yield others
            finally:
                self._writing = False
                self._moments.end()
                self._postings.close_writer()
                lock.release()

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items, durably, or none; removes `replacing` in the same step. Returns the new ids, in order."""
        with self.writing():
            for item in items:
                check_item(item, self._model, len(self._vocabulary))
            if not items:
                self.remove(replacing)
                return []
            first = self._catalog.reserve(len(items))
            ids = list(range(first, first + len(items)))
            try:
                added = now()
                rows = [self._row(number, item, added) for number, item in zip(ids, items, strict=True)]
                self._postings.write(
                    add=((n, item.vector) for n, item in zip(ids, items, strict=True)), count=len(items)
                )
                removed = self._catalog.replace(rows, [int(old) for old in replacing])
            except BaseException as error:
                self._undo(ids)
                if isinstance(error, OSError):
                    raise explain_os_error(error, self._path) from error
                raise
            self._show(ids, removed)
            return ids

    def remove(self, ids: Iterable[int]) -> int:
        """Removes items, durably; ids that are not there are passed over. Returns how many were."""
        with self.writing():
            wanted = [int(item) for item in ids]
            removed = self._catalog.replace([], wanted) if wanted else []
            if removed:
                self._show([], removed)
            return len(removed)

    def move(self, paths: Mapping[int, str], removing: Sequence[int] = ()) -> int:
        """Gives items {id: path} other paths and removes `removing`, durably, in one step; returns how many it removed.

        Whatever else is known of an item stays. Ids that are not there are passed over.
        """
        with self.writing():
            for path in paths.values():
                check_text(path)
            removed = self._catalog.move({int(item): path for item, path in paths.items()}, [int(i) for i in removing])
            self._moments.filter_anew()
            if removed:
                self._show([], removed)
            return len(removed)

    def tag(self, ids: Iterable[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Gives items tags and takes others from them, durably; CollectionError for a tag that cannot be one."""
        with self.writing():
            for tag in add:
                check_tag(tag)
            self._catalog.tag([int(item) for item in ids], add, remove)
            self._moments.filter_anew()

    def without_likeness(self) -> list[int]:
        """Ids of pictures that nobody has looked at for a hash of what they show, ascending."""
        return self._catalog.without_likeness()

    def note_likeness(self, hashes: Mapping[int, bytes | None]) -> None:
        """Writes down such hashes (`likeness.py`), or that a picture has none."""
        with self.writing():
            self._catalog.note_likeness({int(item): data for item, data in hashes.items()})

    def group_copies(self) -> None:
        """Finds anew which pictures are nearly equal, or equal to the byte."""
        with self.writing():
            told = [
                Picture(row["id"], row["hash"], row["width"] / max(1, row["height"]), row["content_hash"])
                for row in self._catalog.likenesses()
            ]
            self._catalog.group_copies(groups(told))

    def copies(self) -> list[list[int]]:
        """The groups of nearly equal pictures, as they were found last: ids, ascending."""
        found: dict[int, list[int]] = defaultdict(list)
        for item, group in self._catalog.copies().items():
            found[group].append(item)
        return [ids for ids in found.values() if len(ids) > 1]

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (a number that its whole group shares, how many that has)} of items in a group of at least two."""
        found = self._catalog.alike([int(item) for item in ids])
        return {item: (number, size) for item, (number, size) in found.items() if size > 1}

    def describe(self, told: Mapping[int, Description]) -> None:
        """Writes down what the files of items say of them, durably, in one step; see `Catalog.describe`."""
        with self.writing():
            for one in told.values():
                check_description(one)
            self._catalog.describe(told)
            self._moments.filter_anew()

    def ids(self, where: Filter = EVERYTHING) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""
        return self._catalog.ids(where)

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many items a filter lets through; quick where a search among them was just made."""
        return self._among(where).count

    def counts(self, where: Filter = EVERYTHING, most: int = 50) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera, year (`most` of each)."""
        return self._catalog.counts(where, most)

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
        """The k items with the highest `vector.dot(item)` > 0; ties go to the smaller id.

        kind: only such items.  candidates: only items that share at least one term with it.  where: only items that it
        lets through.  budget: at most so many postings (an item under a term) are read, those that count most first.
        Where that ends the search before the proof, `exact` is false: scores still are, but better items may lack.
        """
        check_vector(vector, "The query", self._model, len(self._vocabulary))
        started = time.perf_counter()
        if kind is not None:
            where = Filter((*where.conditions, Condition("kind", "=", kind)))
        found = search(self._among(where), vector, k, candidates, budget)
        total = time.perf_counter() - started
        return Retrieval(found.hits, found.exact, 1000 * (total - found.rescoring), 1000 * found.rescoring)

    def load(self) -> None:
        """Holds all vectors in memory from now on, 6 bytes a weight: searches then take a fraction of the time.

        Worth it for whoever asks often. What is added later is held as well; calling it again does nothing.
        """
        self._check_open()
        self._moments.load()

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`; ItemNotFound where one is not there."""
        wanted = [int(item) for item in ids]
        held = {row["id"]: row for row in self._catalog.rows(wanted)}
        for item in wanted:
            if item not in held:
                raise no_item(self._path, item)
        return [self._item(held[item]) for item in wanted]

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        return self._current().vectors([int(item) for item in ids])

    def all_items(self, kind: str | None = None) -> Iterator[Item]:
        """All items by ascending id, read page by page (those added meanwhile come too)."""
        last = 0
        while page := self._catalog.page(last, PAGE, kind):
            yield from map(self._item, page)
            last = page[-1]["id"]

    def find(self, *, path: str | None = None, content_hash: str | None = None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id."""
        asked = {"path": path, "content_hash": content_hash}
        given = {column: value for column, value in asked.items() if value is not None}
        if not given:
            raise CollectionError("Finding items needs a path or a content hash.")
        return [self._item(row) for row in self._catalog.find(**given)]

    def __len__(self) -> int:
        """Number of items."""
        return self._current().count

    def __bool__(self) -> bool:
        """An empty collection is still a collection."""
        return True

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, exact, for the terms that occur."""
        return self._current().document_frequencies()

    def stats(self, frequent: int = 20) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""
        totals = self._catalog.totals()
        items, held = sum(row["items"] for row in totals), sum(row["terms"] for row in totals)
        counted = self.document_frequencies()
        top = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:frequent]
        return Stats(
            items=items,
            by_kind={row["kind"]: row["items"] for row in totals},
            mean_terms=held / items if items else 0.0,
            postings=held,
            distinct_terms=len(counted),
            bytes_on_disk=layout.bytes_below(self._path),
            frequent=tuple((self._vocabulary[term], count) for term, count in top),
        )

    def verify(self) -> list[str]:
        """What is wrong with the collection, one sentence each; an empty list where catalog and postings agree."""
        return self._catalog.problems() or self._findings().sentences()

    def repair(self) -> Repairs:
        """Mends what `verify` finds, for good: what can be written anew from its exact vector is, the rest is removed.

        Rewritten items get new ids, as an id never stands for other postings. An item that lost its vector is taken
        out: indexing its folder again brings it back. CollectionDamaged where the catalog itself is damaged.
        """
        with self.writing():
            if damage := self._catalog.problems():
                raise CollectionDamaged(
                    f"The catalog of {self._path} cannot be mended ({damage[0]}); index the pictures anew."
                )
            self._moments.look_again(forget=True)  # what is on the disk counts, not what is remembered
            found = self._findings()
            gone = sorted(found.lost | found.unreadable | found.other)
            self.remove(gone)
            known = set(self._catalog.ids()) & found.vectors.keys()
            again = sorted(known & (found.misfiled | found.doubled | found.bare))
            for start in range(0, len(again), PAGE):
                self._rewrite(again[start : start + PAGE], found.vectors)
            return Repairs(removed=len(gone), rewritten=len(again))

    def compact(self) -> Compaction:
        """Writes the index anew without what was removed, in as few pieces as can be; ids and scores stay.

        Others may read meanwhile. Killed at any moment, the collection is as before or as after.
        """
        with self.writing():
            before = layout.bytes_below(self._path), self._postings.view()
            view = self._current()
            self._postings.rewrite(self._documents(view), view.count)
            self._catalog.vacuum()
            self._moments.advance()
            after = layout.bytes_below(self._path), self._postings.view()
        sizes = (before[0], after[0], before[1].searcher.num_segments, after[1].searcher.num_segments)
        return Compaction(*sizes, before[1].searcher.num_docs, after[1].searcher.num_docs)

    @property
    def wasteful(self) -> bool:
        """Whether the index holds more of what was removed than of what is there, or lies in too many pieces.

        Pieces count where a quarter of the documents lies outside the largest, so that each item is written a few times
        at most, however a collection grows; and all that counts only where there is enough of it to matter.
        """
        held = self._current()
        documents = held.postings.searcher.num_docs
        return documents - held.count > max(WASTE, held.count) or self._postings.scattered() > max(
            WASTE, documents // 4
        )

    def _documents(self, view: View) -> Iterator[tuple[int, SparseVector]]:
        rest = iter(self._catalog.ids())
        while page := list(islice(rest, PAGE)):
            yield from zip(page, view.vectors(page), strict=True)

    def _rewrite(self, ids: Sequence[int], vectors: Mapping[int, SparseVector]) -> None:
        """Adds items anew, from what is known of them, in the place of the old ones."""
        self.add([again(item, vectors[item.id]) for item in self.items(ids)], replacing=ids)

    def _findings(self) -> Findings:
        while True:
            with self._lock:
                view, version = self._current(), self._catalog.version()
            found = findings(view.postings, self._catalog.promises(), self._path)
            if not found.sentences() or (view is self._current() and version == self._catalog.version()):
                return found  # otherwise somebody wrote between the two looks: look again

    def close(self) -> None:
        """Ends writing and reading; closing twice is fine."""
        with self._lock:
            self._closed = True
            self._moments.close()
            self._postings.close()
            self._catalog.close()

    def __enter__(self) -> "Collection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _current(self) -> View:
        self._check_open()
        return self._moments.current()

    def _among(self, where: Filter) -> View:
        self._check_open()
        return self._moments.among(where)

    def _show(self, added: Sequence[int], removed: Sequence[int]) -> None:
        """After the catalog's commit: shows the new state to searches, then drops what removed items leave behind."""
        try:
            self._moments.advance(added, removed)
            if removed:
                self._postings.write(delete=removed)
                self._moments.advance()
        except CollectionError as error:  # the commit stands; the next reading, or opening for writing, catches up
            self._moments.look_again()
            log.warning("The collection %s was changed, but not tidied up: %s", self._path, error)
        for item in removed:
            self._moments.drop(item)
            self._thumbnails.drop(item)

    def _undo(self, ids: Sequence[int]) -> None:
        """After a failed add: nothing counts these ids, so clearing what was written only saves room."""
        self._moments.look_again()  # whatever happened
        try:
            if self._catalog.rows(ids):  # an error after the commit: they do count
                return
            for item in ids:
                self._thumbnails.drop(item)
            if any(True for _ in self._postings.view().find(ids)):
                self._postings.write(delete=ids)
        except CollectionError as error:
            log.warning("Postings of a failed add stay for now: %s", error)

    def _clear_leftovers(self) -> None:
        """On opening for writing: deletes what an interrupted write left in the postings and among the thumbnails."""
        self._clear_postings()
        self._thumbnails.keep_only(self._current().holds)

    def _clear_postings(self) -> None:
        leftover = self._current().leftovers()
        if leftover:
            log.info("Clearing %d postings documents of an interrupted write at %s", len(leftover), self._path)
            self._postings.write(delete=leftover)
            self._moments.advance()

    def _check_open(self) -> None:
        if self._closed:
            raise closed(self._path)

    def _check_writable(self) -> WriterLock:
        self._check_open()
        if self._writer_lock is None:
            raise open_for_reading(self._path)
        return self._writer_lock

    def _row(self, number: int, item: NewItem, added: str) -> Row:
        """The catalog row of a new item; writes its thumbnail."""
        return {
            "id": number,
            "kind": item.kind,
            "path": item.path,
            "caption": item.caption,
            "content_hash": item.content_hash,
            "width": item.width,
            "height": item.height,
            "bytes": item.bytes,
            "added": added,
            "thumbnail": self._thumbnails.write(number, item.thumbnail),
            "terms": len(item.vector),
            "tags": item.tags,
            "likeness": item.likeness if item.kind == "image" else None,
            "taken": item.taken,
            "camera": item.camera,
            "latitude": item.latitude,
            "longitude": item.longitude,
            "described": item.described,
        }

    def _item(self, row: Row) -> Item:
        known = {name: value for name, value in row.items() if name not in ("terms", "thumbnail", "tags")}
        tags = tuple(row["tags"].split(SEPARATOR)) if row["tags"] else ()
        return Item(**known, tags=tags, thumbnail=str(self._path / row["thumbnail"]) if row["thumbnail"] else None)


def again(item: Item, vector: SparseVector) -> NewItem:
    """What adds an item a second time, with its thumbnail where that is still there."""
    try:
        thumbnail = Path(item.thumbnail).read_bytes() if item.thumbnail else None
    except OSError:
        thumbnail = None
    return NewItem(**{column: getattr(item, column) for column in ITEM_COLUMNS}, vector=vector, thumbnail=thumbnail)
