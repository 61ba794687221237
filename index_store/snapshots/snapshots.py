"""Which moment of a collection to read from: a writer's own, or the newest that another process has committed.

Everything that is remembered from one question to the next is here: the view, what filters leave of it, the vectors
that were read or are held in memory.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from index_store.catalog import Catalog
from index_store.errors import CollectionBusy
from index_store.filters import Filter
from index_store.memory.vector_cache import VectorCache
from index_store.postings.writer import Postings
from index_store.snapshots.snapshot import NOBODY, View
from index_store.snapshots.watcher import Lookout

if TYPE_CHECKING:
    from index_store.memory.matrix import Matrix

FILTERS_KEPT = 8  # each a bit an item
FRESH_S = 1.0  # seconds for which a reader's last look is good enough while somebody commits


class Moments:
    """The views of a collection, one after the other. `size`: length of the vocabulary."""

    def __init__(self, folder: Path, size: int, catalog: Catalog, postings: Postings) -> None:
        self._folder, self._size = folder, size
        self._catalog, self._postings = catalog, postings
        self._alone = False  # whether nobody else may write now
        self._begun: tuple[int, int] | None = None  # the catalog's version when writing last began
        self._making = threading.RLock()  # held by whoever makes the next view
        self._cache = VectorCache()
        self._matrix: Matrix | None = None
        self._filtering = threading.Lock()  # guards the next
        self._filtered: dict[Filter, tuple[View, View]] = {}  # of which view, and what is left of it
        self._looked = 0.0  # when a reader last looked whether its view is the newest
        self._lookout = Lookout(partial(self._look, patient=False))
        self._version: tuple[int, int] | None = None  # the catalog's, as of the view; None: look again
        self._view = self._empty()
        self._view, self._version = self._read()

    def current(self) -> View:
        """The view to read from: the newest when it was asked for.

        While another process commits, the moment before is the newest: a reader does not wait for it, if only it
        looked a moment ago. And while one writes without a pause, a thread looks in the reader's place, now and then.
        """
        if self._version is not None:
            if self._alone:
                return self._view
            now = time.monotonic()
            if self._lookout.asked(now) and now - self._looked < FRESH_S:
                return self._view
        self._look()
        return self._view

    def among(self, where: Filter) -> View:
        """The view to read from, as if only items that a filter lets through were there; kept for the next question."""
        view = self.current()
        if not where:
            return view
        with self._filtering:
            of, found = self._filtered.get(where, (None, None))
            if of is not view or found is None:
                found = view.only(self._catalog.ids(where))
                self._filtered.pop(where, None)
                self._filtered[where] = view, found
                while len(self._filtered) > FILTERS_KEPT:
                    self._filtered.pop(next(iter(self._filtered)))
            return found

    def begin(self) -> bool:
        """Nobody else writes from here on; whether somebody else has since the last time (True the first time)."""
        with self._making:
            version = self._catalog.version()
            others, self._begun = version != self._begun, version  # what is committed here does not change it
            if version != self._version:
                self._view, self._version = self._read()
            self._alone = True
            return others

    def end(self) -> None:
        """From here on others may write."""
        self._alone = False

    def advance(self, added: Sequence[int] = (), removed: Sequence[int] = ()) -> None:
        """A writer's next moment: ids (ascending) were added, others removed, or postings written anew."""
        with self._making:
            self._view = self.current().after(self._postings.view(), added, removed).cover()

    def filter_anew(self) -> None:
        """What filters ask for has changed, though the items are the same."""
        with self._filtering:
            self._filtered.clear()

    def look_again(self, *, forget: bool = False) -> None:
        """The next reading looks at the disk. forget: all of it, for only what is there counts."""
        with self._making:
            self._version = None
            if forget:
                self._view = self._empty()

    def drop(self, item: int) -> None:
        """Forgets a removed item's vector."""
        self._cache.drop(item)

    def load(self) -> None:
        """Holds all vectors in memory from now on."""
        from index_store.memory.matrix import Matrix  # with a compiler, half a second: for those alone who hold

        matrix = Matrix(self._size)
        while self._matrix is None:
            view = replace(self.current(), matrix=matrix).cover()  # which takes its time: others go on meanwhile
            with self._making:
                if self._matrix is None and self.current().alive is view.alive:
                    self._matrix, self._view = matrix, view
                    self.filter_anew()

    def close(self) -> None:
        """Ends looking; closing twice is fine."""
        self._lookout.close()

    def _empty(self) -> View:
        return View(self._folder, self._size, self._cache, self._postings.view(), NOBODY, self._matrix)

    def _look(self, *, patient: bool = True) -> None:
        """Reads the newest moment if there is a newer one; patient: waits for a commit under way if need be."""
        started = time.monotonic()
        with self._making:
            if self._version is not None and self._looked >= started:
                return  # another thread did meanwhile
            patient = patient and (self._version is None or started - self._looked > FRESH_S)
            started = time.monotonic()
            try:
                with nullcontext() if patient else self._catalog.impatient():
                    if self._version is None or self._catalog.version() != self._version:
                        self._view, self._version = self._read()  # in this order: others ask meanwhile
                        self._lookout.found(started)
                self._looked = started
            except CollectionBusy:
                if patient:
                    raise

    def _read(self) -> tuple[View, tuple[int, int]]:
        """The newest view, of catalog ids with postings that cover them, and the catalog's version.

        True when the catalog did not change while postings were read.
        """
        while True:
            before, known = self._catalog.version(), self._view
            new = self._catalog.ids(after=known.alive.size - 1)
            if known.count + len(new) != self._catalog.size():  # some are gone: ids are never used again
                known, new = self._empty(), self._catalog.ids()
            view = known.after(self._postings.view(), new).cover()
            if self._catalog.version() == before:
                return view, before
