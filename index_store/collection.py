"""A collection of sparse vectors: a folder to add to, remove from and search, exact by proof; knows nothing of models.

The folder: `catalog.sqlite` (which items exist), `postings/` (tantivy: what they are found by), `thumbs/` (pictures).

Two stores agree without a common transaction, for only the catalog decides and postings are always a superset:
- add: ids reserved, thumbnails written, postings committed, then the catalog's transaction: the moment it counts.
- remove: the catalog's transaction first, then the postings.
So at every moment, also after a crash, postings may hold documents that the catalog does not know. Searching skips
them; opening for writing deletes them. Ids are never used twice, so a leftover can never be taken for another item.

Search is exact: postings rank items by an upper bound of their score (`impacts.py`), the best are scored with their
float vectors in descending order of the bound, and the walk ends only when the next bound is below the k-th score found
(equal is not enough: a tie goes to the smaller id) or when nothing is left. Short lists are widened until that happens.
"""

import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index_store import impacts
from index_store.catalog import Catalog, vocabulary_digest
from index_store.errors import (
    CollectionClosed,
    CollectionDamaged,
    CollectionError,
    CollectionExists,
    CollectionMismatch,
    CollectionNotFound,
    CollectionReadOnly,
    CollectionTooNew,
    ItemNotFound,
    VectorError,
    explain_os_error,
)
from index_store.items import Hit, Item, NewItem, Retrieval, Stats
from index_store.postings import Candidates, Postings, PostingsView, decode
from index_store.ranking import Ranking
from index_store.thumbnails import Thumbnails
from index_store.vectors import SparseVector
from index_store.verification import problems

KINDS = ("image", "caption")
FIRST_CANDIDATES = 100  # the least worth asking tantivy for: cheaper than asking twice
WIDENING = 4
CACHE_BYTES = 256 * 2**20  # exact vectors kept in memory, ~1 kB each
PAGE = 500  # rows at a time when walking all items
log = logging.getLogger(__name__)

__all__ = ["Collection", "Hit", "Item", "NewItem", "Retrieval", "Stats"]


@dataclass(frozen=True)
class _View:
    """One moment of the collection: postings, and which of their ids count. Swapped as a whole, never changed."""

    postings: PostingsView
    alive: NDArray[np.bool_]  # (highest id + 1,)

    def holds(self, item: int) -> bool:
        return 0 <= item < self.alive.size and bool(self.alive[item])


class Collection:
    """Made by `create` or `open`, never directly. A context manager; reading methods may be called from any thread."""

    def __init__(self, path: Path, catalog: Catalog, index: Postings, *, writable: bool) -> None:
        self._path, self._catalog, self._postings, self._writable = path, catalog, index, writable
        about = catalog.about()
        self._model, self._digest = about["model"], about["digest"]
        self._vocabulary = catalog.vocabulary()
        self._thumbnails = Thumbnails(path)
        self._lock = threading.RLock()  # guards writing and the swapping of views
        self._cache: dict[int, bytes] = {}  # id -> vector bytes; never stale, for ids are never used twice
        self._cached = 0
        self._closed = False
        self._version: tuple[int, int] | None = None
        self._view = self._read_view()

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, model: str, vocabulary: Sequence[str]) -> "Collection":
        """A new, empty collection, open for writing. CollectionExists where something lies at `path` already."""
        target = Path(path).absolute()
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise CollectionExists(f"There is already something at {target}; open it, or choose another folder.")
        about = {"model": model, "impacts": impacts.IMPACT_FORMAT, "created": _now()}
        making = target.parent / f".{target.name}.new-{secrets.token_hex(4)}"
        try:
            making.mkdir(parents=True)
            (making / "thumbs").mkdir()
            Postings.create(making / "postings")
            Catalog.create(making / "catalog.sqlite", about, vocabulary)
            making.rename(target)  # a half-made collection never has its name
            _sync_folder(target.parent)
        except OSError as error:
            raise explain_os_error(error, target) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return cls.open(target, writable=True)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        model: str | None = None,
        vocabulary: Sequence[str] | None = None,
        writable: bool = False,
    ) -> "Collection":
        """An existing collection; with `model` or `vocabulary`, refuses one that was made by another."""
        folder = Path(path).absolute()
        if not folder.exists():
            raise CollectionNotFound(f"There is no collection at {folder}; index some pictures into it first.")
        if not cls.exists(folder):
            raise CollectionNotFound(f"{folder} is not a collection; name the folder that `index` made.")
        if writable and not os.access(folder, os.W_OK):
            raise CollectionReadOnly(
                f"The collection {folder} may not be written here; check the folder's permissions."
            )
        # the postings' lock first: while it is held, nobody else writes to the catalog
        index = Postings(folder / "postings", writable=writable)
        try:
            catalog = Catalog(folder / "catalog.sqlite", writable=writable)
            try:
                _check_origin(folder, catalog.about(), model, vocabulary)
                found = cls(folder, catalog, index, writable=writable)
                if writable:
                    found._purge()
                return found
            except BaseException:
                catalog.close()
                raise
        except BaseException:
            index.close()
            raise

    @staticmethod
    def exists(path: str | os.PathLike[str]) -> bool:
        """Whether a collection lies at `path` (looks for its parts, opens nothing)."""
        folder = Path(path)
        return (folder / "catalog.sqlite").is_file() and (folder / "postings").is_dir()

    @property
    def path(self) -> Path:
        """The folder, absolute."""
        return self._path

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
        """Whether `add` and `remove` are allowed."""
        return self._writable

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items, durably, or none; removes `replacing` in the same step. Returns the new ids, in order."""
        with self._lock:
            self._check_writable()
            for item in items:
                self._check_item(item)
            if not items:
                self.remove(replacing)
                return []
            first = self._catalog.reserve(len(items))
            ids = list(range(first, first + len(items)))
            try:
                rows = [self._row(number, item) for number, item in zip(ids, items, strict=True)]
                self._postings.write(add=[(n, item.kind, item.vector) for n, item in zip(ids, items, strict=True)])
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
        with self._lock:
            self._check_writable()
            wanted = [int(item) for item in ids]
            removed = self._catalog.replace([], wanted) if wanted else []
            if removed:
                self._show([], removed)
            return len(removed)

    def search(
        self, vector: SparseVector, k: int, *, kind: str | None = None, candidates: SparseVector | None = None
    ) -> Retrieval:
        """The k items with the highest `vector.dot(item)` > 0; ties go to the smaller id.

        kind: only such items.  candidates: only items that share at least one term with it.
        """
        self._check_vector(vector, "The query")
        started, rescoring = time.perf_counter(), 0.0
        view, ranking = self._current(), Ranking(vector, k, len(self._vocabulary))
        limit, proven = max(WIDENING * k, FIRST_CANDIDATES), k < 1
        while not proven:
            found = view.postings.candidates(vector, limit, kind, candidates)
            scoring = time.perf_counter()
            proven = self._rescore(view, found, ranking) or found.all
            rescoring += time.perf_counter() - scoring
            limit *= WIDENING
        hits = tuple(Hit(item, score) for item, score in ranking.best())
        total = time.perf_counter() - started
        return Retrieval(hits, True, 1000 * (total - rescoring), 1000 * rescoring)

    def _rescore(self, view: _View, found: Candidates, ranking: Ranking) -> bool:
        """Scores candidates with their float vectors, best bound first; True once no further one can matter."""
        for item, bound, address in zip(found.ids, found.bounds, found.addresses, strict=True):
            if ranking.full_above(bound):
                return True  # this and everything behind it, looked at or not, scores below the k-th
            if view.holds(item):
                ranking.take(item, partial(self._vector_bytes, view, item, address))
        return False

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`; ItemNotFound where one is not there."""
        held = {row["id"]: row for row in self._catalog.rows([int(item) for item in ids])}
        return [self._item(held[int(item)]) if int(item) in held else self._missing(int(item)) for item in ids]

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        view, wanted = self._current(), [int(item) for item in ids]
        for item in wanted:
            if not view.holds(item):
                self._missing(item)
        held = {item: self._cache[item] for item in wanted if item in self._cache}
        held.update(view.postings.find([item for item in wanted if item not in held]))
        lost = [item for item in wanted if item not in held]
        if lost:
            raise CollectionDamaged(
                f"Item {lost[0]} of the collection {self._path} has lost its postings; add it again."
            )
        return [decode(item, held[item], self._path) for item in wanted]

    def all_items(self, kind: str | None = None) -> Iterator[Item]:
        """All items by ascending id, read page by page (those added meanwhile come too)."""
        last, only, values = 0, " AND kind = ?" if kind else "", [kind] if kind else []
        while page := self._catalog.query(
            f"SELECT * FROM items WHERE id > ?{only} ORDER BY id LIMIT {PAGE}", [last, *values]
        ):
            yield from map(self._item, page)
            last = page[-1]["id"]

    def find(self, *, path: str | None = None, content_hash: str | None = None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id."""
        asked = {"path": path, "content_hash": content_hash}
        given = {column: value for column, value in asked.items() if value is not None}
        if not given:
            raise CollectionError("Finding items needs a path or a content hash.")
        where = " AND ".join(f"{column} = ?" for column in given)
        rows = self._catalog.query(f"SELECT * FROM items WHERE {where} ORDER BY id", list(given.values()))
        return [self._item(row) for row in rows]

    def __len__(self) -> int:
        """Number of items."""
        return int(self._current().alive.sum())

    def __bool__(self) -> bool:
        """An empty collection is still a collection."""
        return True

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, exact, for the terms that occur."""
        view = self._current()
        counted: dict[int, int] = {}
        for (term, _), count in view.postings.token_frequencies().items():
            counted[term] = counted.get(term, 0) + count
        for item, data in view.postings.find([i for i in view.postings.all_ids() if not view.holds(i)]):
            for term in decode(item, data, self._path).terms.tolist():  # left by an interrupted write: not ours
                counted[term] -= 1
        return {term: count for term, count in sorted(counted.items()) if count}

    def stats(self, frequent: int = 20) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""
        rows = self._catalog.query("SELECT kind, count(*) AS n, sum(terms) AS terms FROM items GROUP BY kind")
        items, held = sum(row["n"] for row in rows), sum(row["terms"] for row in rows)
        counted = self.document_frequencies()
        top = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:frequent]
        return Stats(
            items=items,
            by_kind={row["kind"]: row["n"] for row in rows},
            mean_terms=held / items if items else 0.0,
            postings=held,
            distinct_terms=len(counted),
            bytes_on_disk=_bytes_below(self._path),
            frequent=tuple((self._vocabulary[term], count) for term, count in top),
        )

    def verify(self) -> list[str]:
        """What is wrong with the collection, one sentence each; an empty list where catalog and postings agree."""
        damage = self._catalog.problems()
        if damage:
            return damage
        while True:
            with self._lock:
                view, version = self._current(), self._catalog.version()
            rows = self._catalog.query("SELECT id, terms, thumbnail FROM items")
            found = problems(view.postings, rows, self._path)
            if not found or (view is self._current() and version == self._catalog.version()):
                return found  # otherwise somebody wrote between the two looks: look again

    def close(self) -> None:
        """Ends writing and reading; closing twice is fine."""
        with self._lock:
            self._closed = True
            self._postings.close()
            self._catalog.close()

    def __enter__(self) -> "Collection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _current(self) -> _View:
        """The view to read from: this writer's own, or the newest that another process has committed."""
        self._check_open()
        if self._writable and self._version is not None:
            return self._view  # nobody else writes
        with self._lock:
            if self._version is None or self._catalog.version() != self._version:
                self._view = self._read_view()
            return self._view

    def _read_view(self) -> _View:
        """Catalog ids with postings that cover them: true when the catalog did not change while postings were read."""
        while True:
            before = self._catalog.version()
            alive = _flags(np.zeros(0, dtype=np.bool_), self._catalog.ids())
            view = _View(self._postings.view(), alive)
            self._version = self._catalog.version()
            if self._version == before:
                return view

    def _vector_bytes(self, view: _View, item: int, address: Any) -> bytes:
        data = self._cache.get(item)
        if data is None:
            data = view.postings.vector_bytes(address)
            if self._cached > CACHE_BYTES:
                self._cache, self._cached = {}, 0
            self._cache[item] = data
            self._cached += len(data)
        return data

    def _show(self, added: Sequence[int], removed: Sequence[int]) -> None:
        """After the catalog's commit: shows the new state to searches, then drops what removed items leave behind."""
        try:
            alive = _flags(self._current().alive, added, removed)
            self._view = _View(self._postings.view(), alive)
            if removed:
                self._postings.write(delete=removed)
                self._view = _View(self._postings.view(), alive)
        except CollectionError as error:  # the commit stands; the next reading, or opening for writing, catches up
            self._version = None
            log.warning("The collection %s was changed, but not tidied up: %s", self._path, error)
        for item in removed:
            self._cache.pop(item, None)
            self._thumbnails.drop(item)

    def _undo(self, ids: Sequence[int]) -> None:
        """After a failed add: nothing counts these ids, so clearing what was written only saves room."""
        self._version = None  # whatever happened: look again before the next reading
        try:
            if self._catalog.rows(ids):  # an error after the commit: they do count
                return
            for item in ids:
                self._thumbnails.drop(item)
            if any(True for _ in self._postings.view().find(ids)):
                self._postings.write(delete=ids)
        except CollectionError as error:
            log.warning("Postings of a failed add stay for now: %s", error)

    def _purge(self) -> None:
        """On opening for writing: deletes what an interrupted write left in the postings and among the thumbnails."""
        with self._lock:
            leftover = [item for item in self._view.postings.all_ids() if not self._view.holds(item)]
            if leftover:
                log.info("Clearing %d postings documents of an interrupted write at %s", len(leftover), self._path)
                self._postings.write(delete=leftover)
                self._view = self._read_view()
            self._thumbnails.keep_only(self._view.holds)

    def _check_open(self) -> None:
        if self._closed:
            raise CollectionClosed(f"The collection {self._path} has been closed; open it again to use it.")

    def _check_writable(self) -> None:
        self._check_open()
        if not self._writable:
            raise CollectionReadOnly(f"The collection {self._path} is open for reading; open it with writable=True.")

    def _check_item(self, item: NewItem) -> None:
        if item.kind not in KINDS:
            raise CollectionError(f"An item's kind is one of {', '.join(KINDS)}, not {item.kind!r} ({item.path}).")
        for text in (item.path, item.caption, item.content_hash):
            if text is not None and not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
                raise CollectionError(f"The text {text!r} is not valid Unicode and cannot be stored; rename the file.")
        self._check_vector(item.vector, f"The vector of {item.path}")

    def _check_vector(self, vector: SparseVector, what: str) -> None:
        if len(vector) and vector.terms[-1] >= len(self._vocabulary):
            raise VectorError(
                f"{what} has term {vector.terms[-1]}, but the collection's vocabulary ends at "
                f"{len(self._vocabulary) - 1}; encode with the model {self._model}."
            )

    def _row(self, number: int, item: NewItem) -> dict[str, Any]:
        """The catalog row of a new item; writes its thumbnail."""
        row = {column: getattr(item, column) for column in ("kind", "path", "caption", "content_hash")}
        row |= {"id": number, "width": item.width, "height": item.height, "bytes": item.bytes, "added": _now()}
        return row | {"thumbnail": self._thumbnails.write(number, item.thumbnail), "terms": len(item.vector)}

    def _item(self, row: dict[str, Any]) -> Item:
        known = {name: value for name, value in row.items() if name not in ("terms", "thumbnail")}
        return Item(**known, thumbnail=str(self._path / row["thumbnail"]) if row["thumbnail"] else None)

    def _missing(self, item: int) -> Any:
        raise ItemNotFound(f"The collection {self._path} holds no item {item}; it may have been removed.")


def _check_origin(folder: Path, about: dict[str, str], model: str | None, vocabulary: Sequence[str] | None) -> None:
    if about["impacts"] != impacts.IMPACT_FORMAT:
        raise CollectionTooNew(f"The collection {folder} keeps its postings in another form; index the pictures anew.")
    if model is not None and model != about["model"]:
        raise CollectionMismatch(
            f"The collection {folder} was made with the model {about['model']}, not {model}; use that model, or index "
            "into another folder."
        )
    if vocabulary is not None and vocabulary_digest(vocabulary) != about["digest"]:
        raise CollectionMismatch(
            f"The collection {folder} was made with another vocabulary than this model {about['model']} has now; index "
            "into another folder."
        )


def _flags(alive: NDArray[np.bool_], added: Sequence[int], removed: Sequence[int] = ()) -> NDArray[np.bool_]:
    """(highest id + 1,) True where an item is there: `alive` with ids (ascending) added and others removed."""
    flags = np.zeros(max(alive.size, added[-1] + 1 if added else 0), dtype=np.bool_)
    flags[: alive.size] = alive
    flags[list(added)] = True
    flags[list(removed)] = False
    return flags


def _sync_folder(folder: Path) -> None:
    """Makes a rename inside the folder survive a power cut (where the system lets folders be synced)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _bytes_below(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except FileNotFoundError:  # a merge may delete files while we count
            continue
    return total
