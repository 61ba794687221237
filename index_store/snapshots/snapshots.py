"""The snapshots of a collection folder, one after another: a writer's own, or what another process has committed.

All that is kept from one query to the next is here: the current snapshot, its restrictions to what filters let
through, the vectors that were read, and the vectors held in memory.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index_store.catalog.catalog import Catalog
from index_store.errors import CollectionBusy, closed
from index_store.filters import Filter
from index_store.memory import FOLDER as HELD
from index_store.postings.index import PostingsIndex
from index_store.snapshots.snapshot import NO_ITEMS, Snapshot
from index_store.snapshots.vector_cache import VectorCache
from index_store.snapshots.watcher import Watcher

if TYPE_CHECKING:
    from index_store.memory.matrix import Matrix

FILTERS_KEPT = 8  # restricted snapshots; each takes a byte an item
FRESH_S = 1.0  # seconds for which a reader's last check suffices while somebody commits


class Snapshots:
    """Gives the current snapshot of a collection to any thread. `size`: length of the vocabulary."""

    def __init__(self, folder: Path, size: int, catalog: Catalog, index: PostingsIndex) -> None:
        self._folder, self._size = folder, size
        self._catalog, self._index = catalog, index
        self._closed = False
        self._alone = False  # whether nobody else may write now
        self._begun: tuple[int, int] | None = None  # the catalog's version when writing last began
        self._replacing = threading.RLock()  # held by the thread that replaces the current snapshot
        self._cache = VectorCache()
        self._matrix: Matrix | None = None
        self._filtering = threading.Lock()  # guards the next
        self._filtered: dict[Filter, tuple[Snapshot, Snapshot]] = {}  # a snapshot, and its restriction
        self._checked = 0.0  # when a reader last checked that its snapshot is the newest
        self._watcher = Watcher(partial(self._check, patient=False))
        self._version: tuple[int, int] | None = None  # of the catalog, at the current snapshot; None: check again
        self._current = self._empty()
        self._current, self._version = self._read()

    def current(self) -> Snapshot:
        """The newest snapshot at the time of the call; CollectionClosed after `close`.

        A reader that checked less than FRESH_S ago does not wait for a commit under way: it gets the snapshot before
        that commit. While another process writes without a pause, the watcher's thread checks in the reader's place.
        """
        self._check_open()
        if self._version is not None:
            if self._alone:
                return self._current
            now = time.monotonic()
            watched = self._watcher.queried(now)
            if now - self._checked < FRESH_S and (watched or self._catalog.is_still(self._version)):
                return self._current
        self._check()
        return self._current

    def among(self, where: Filter) -> Snapshot:
        """The current snapshot, restricted to what a filter lets through. The last few restrictions are kept."""
        snapshot = self.current()
        if not where:
            return snapshot
        with self._filtering:
            of, restricted = self._filtered.get(where, (None, None))
            if of is not snapshot or restricted is None:
                restricted = snapshot.only(self._catalog.ids(where))
                self._filtered.pop(where, None)
                self._filtered[where] = snapshot, restricted
                while len(self._filtered) > FILTERS_KEPT:
                    self._filtered.pop(next(iter(self._filtered)))
            return restricted

    def begin(self) -> bool:
        """From here on nobody else writes. Returns whether somebody else may have since the last time."""
        with self._replacing:
            version = self._catalog.version()
            others, self._begun = version != self._begun, version  # commits of our own do not change it
            if version != self._version:
                self._renew()
            self._alone = True
            return others

    def end(self) -> None:
        """From here on others may write."""
        self._alone = False

    def advance(self, added: Sequence[int] = (), removed: Sequence[int] = ()) -> None:
        """Makes a writer's next snapshot: ids (ascending) were added, others removed, or postings written anew."""
        with self._replacing:
            self._current = self.current().after(self._index.reader(), added, removed).cover()
            self._drop_older()

    def forget_filtered(self) -> None:
        """Drops the restrictions: the items are the same, but what filters ask for has changed."""
        with self._filtering:
            self._filtered.clear()

    def check_again(self, *, forget: bool = False) -> None:
        """Has the next query read the disk. forget: without relying on anything that is in memory."""
        with self._replacing:
            self._version = None
            if forget:
                self._current = self._empty()

    def drop(self, item: int) -> None:
        """Forgets a removed item's vector."""
        self._cache.drop(item)

    def load(self) -> None:
        """Holds all vectors in memory from now on."""
        from index_store.memory.matrix import Matrix  # imports a compiler, half a second: only where it is used

        self._check_open()
        matrix = self._kept_matrix() or Matrix(self._size, self._folder / HELD)
        while self._matrix is None:
            snapshot = replace(self.current(), matrix=matrix).cover()  # takes its time; others go on meanwhile
            with self._replacing:
                if self._matrix is None and self.current().alive is snapshot.alive:
                    self._matrix, self._current = matrix, snapshot
                    self.forget_filtered()

    def _kept_matrix(self) -> "Matrix | None":
        """What an earlier process kept in files; None where nothing is, or something else than the collection has.

        A collection that was put back from a copy gives ids again that it had given before: so the last item of each
        part is compared.
        """
        from index_store.memory.matrix import Matrix

        snapshot = self.current()
        matrix = Matrix(self._size, self._folder / HELD, snapshot.alive.size)
        living = [np.flatnonzero(snapshot.alive[first:end]) + first for first, end in matrix.ranges]
        last = [int(ids[-1]) for ids in living if ids.size]
        same = all(matrix.vector(item) == data for item, data in snapshot.data(last).items())
        return matrix if same else None

    def close(self) -> None:
        """Ends reading; closing twice is fine."""
        self._closed = True
        self._watcher.close()

    def _check_open(self) -> None:
        if self._closed:
            raise closed(self._folder)

    def _empty(self) -> Snapshot:
        return Snapshot(self._folder, self._size, self._cache, self._index.reader(), NO_ITEMS, self._matrix)

    def _check(self, *, patient: bool = True) -> bool:
        """Reads the newest snapshot if there is a newer one; patient: waits for a commit under way if need be.

        Returns whether it could find out.
        """
        started = time.monotonic()
        with self._replacing:
            if self._version is not None and self._checked >= started:
                return True  # another thread has checked meanwhile
            patient = patient and (self._version is None or started - self._checked > FRESH_S)
            started = time.monotonic()
            try:
                with nullcontext() if patient else self._catalog.impatient():
                    if self._version is None or self._catalog.version() != self._version:
                        self._renew()
                        self._watcher.changed(started)
                self._checked = started
            except CollectionBusy:
                if patient:
                    raise
                return False
            return True

    def _renew(self) -> None:
        self._current, self._version = self._read()  # in this order, as other threads read both
        self._drop_older()

    def _drop_older(self) -> None:
        """Drops what only snapshots before the current one need."""
        self.forget_filtered()
        self._index.let_go()

    def _read(self) -> tuple[Snapshot, tuple[int, int]]:
        """The newest snapshot, and the catalog's version at it.

        Postings always cover what the catalog lists (`folder/writer.py`). So ids of the catalog with postings that
        were read later are a snapshot, provided that the catalog did not change in between; else both are read again.
        """
        while True:
            before, known = self._catalog.version(), self._current
            new = self._catalog.ids(after=known.alive.size - 1)
            if known.count + len(new) != self._catalog.size():  # some are gone; as ids are never reused, a count tells
                known, new = replace(known, alive=NO_ITEMS), self._catalog.ids()
            snapshot = known.after(self._index.reader(), new)
            if self._catalog.version() == before:
                return snapshot.cover(), before  # in which others may commit as they like
