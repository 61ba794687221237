"""Which moment of a collection to read from: a writer's own, or the newest that another process has committed.

Everything that is remembered from one question to the next is here: the view, what filters leave of it, the vectors
that were read or are held in memory.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from index_store.catalog import Catalog
from index_store.errors import CollectionBusy
from index_store.filters import Filter
from index_store.postings import Postings
from index_store.vector_cache import VectorCache
from index_store.view import NOBODY, View

if TYPE_CHECKING:
    from index_store.matrix import Matrix

FILTERS_KEPT = 8  # each a bit an item
FRESH_S = 1.0  # seconds for which a reader's last look is good enough while somebody commits
BUSY, BUSY_S = 8, 2.0  # so many newer moments in so many seconds: somebody writes without a pause
PAUSE_S = 0.25  # seconds between two looks while somebody does


class Moments:
    """The views of a collection, one after the other. `size`: length of the vocabulary."""

    def __init__(self, folder: Path, size: int, catalog: Catalog, postings: Postings, *, writable: bool) -> None:
        self._folder, self._size, self._writable = folder, size, writable
        self._catalog, self._postings = catalog, postings
        self._lock = threading.RLock()  # guards the swapping of views
        self._cache = VectorCache()
        self._matrix: Matrix | None = None
        self._filtered: dict[Filter, tuple[View, View]] = {}  # of which view, and what is left of it
        self._looked = 0.0  # when a reader last saw that its view is the newest
        self._news: deque[float] = deque(maxlen=BUSY)  # when it found newer ones
        self._version: tuple[int, int] | None = None  # the catalog's, as of the view; None: look again
        self._view = self._empty()
        self._view = self._read()

    def current(self) -> View:
        """The view to read from.

        While another process commits, the moment before is the newest: a reader does not wait for it, if only it
        looked a moment ago. And while one writes without a pause, it does not look each time: a new view, in which
        nothing has been read yet, costs more than a search.
        """
        if self._writable and self._version is not None:
            return self._view  # nobody else writes
        with self._lock:
            started = time.monotonic()
            busy = len(self._news) == BUSY and started - self._news[0] < BUSY_S
            if self._version is not None and busy and started - self._looked < PAUSE_S:
                return self._view
            patient = self._version is None or started - self._looked > FRESH_S
            try:
                with nullcontext() if patient else self._catalog.impatient():
                    if self._version is None or self._catalog.version() != self._version:
                        self._view = self._read()
                        self._news.append(started)
                self._looked = time.monotonic()
            except CollectionBusy:
                if patient:
                    raise
            return self._view

    def among(self, where: Filter) -> View:
        """The view to read from, as if only items that a filter lets through were there; kept for the next question."""
        view = self.current()
        if not where:
            return view
        with self._lock:
            of, found = self._filtered.get(where, (None, None))
            if of is not view or found is None:
                found = view.only(self._catalog.ids(where))
                self._filtered.pop(where, None)
                self._filtered[where] = view, found
                while len(self._filtered) > FILTERS_KEPT:
                    self._filtered.pop(next(iter(self._filtered)))
            return found

    def advance(self, added: Sequence[int] = (), removed: Sequence[int] = ()) -> None:
        """A writer's next moment: ids (ascending) were added, others removed, or postings written anew."""
        with self._lock:
            self._view = self.current().after(self._postings.view(), added, removed).cover()

    def filter_anew(self) -> None:
        """What filters ask for has changed, though the items are the same."""
        with self._lock:
            self._filtered.clear()

    def look_again(self, *, forget: bool = False) -> None:
        """The next reading looks at the disk. forget: all of it, for only what is there counts."""
        with self._lock:
            self._version = None
            if forget:
                self._view = self._empty()

    def drop(self, item: int) -> None:
        """Forgets a removed item's vector."""
        self._cache.drop(item)

    def load(self) -> None:
        """Holds all vectors in memory from now on."""
        from index_store.matrix import Matrix  # with a compiler, half a second: for those alone who hold

        matrix = Matrix(self._size)
        while self._matrix is None:
            view = replace(self.current(), matrix=matrix).cover()  # which takes its time: others go on meanwhile
            with self._lock:
                if self._matrix is None and self.current().alive is view.alive:
                    self._matrix, self._view = matrix, view
                    self._filtered.clear()

    def _empty(self) -> View:
        return View(self._folder, self._size, self._cache, self._postings.view(), NOBODY, self._matrix)

    def _read(self) -> View:
        """Catalog ids with postings that cover them: true when the catalog did not change while postings were read."""
        while True:
            before, known = self._catalog.version(), self._view
            new = self._catalog.ids(after=known.alive.size - 1)
            if known.count + len(new) != self._catalog.size():  # some are gone: ids are never used again
                known, new = self._empty(), self._catalog.ids()
            view = known.after(self._postings.view(), new).cover()
            if self._catalog.version() == before:
                self._version = before
                return view
