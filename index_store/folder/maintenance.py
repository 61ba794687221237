"""Takes care of a collection folder: verifies that its two stores agree, repairs it, and makes it compact."""

import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from index_store.catalog.catalog import Catalog
from index_store.errors import CollectionDamaged
from index_store.files import bytes_below
from index_store.findings import Findings
from index_store.folder.reader import Reader
from index_store.folder.verification import findings
from index_store.folder.writer import Writer
from index_store.items import Compaction, Repairs, again
from index_store.memory import FOLDER as HELD
from index_store.postings.index import PostingsIndex
from index_store.snapshots.snapshot import Snapshot
from index_store.snapshots.snapshots import Snapshots
from index_store.vectors import SparseVector

WASTE = 1_000  # documents of removed items, or outside the largest segment: up to here, compacting is not worth it
PAGE = 500  # items at a time


class Maintenance:
    """Verifies an open collection folder; repairs or compacts it with the help of its writer."""

    def __init__(
        self,
        path: Path,
        catalog: Catalog,
        index: PostingsIndex,
        snapshots: Snapshots,
        reader: Reader,
        lock: threading.RLock,
        size: int,
    ) -> None:
        """lock: held while a thread of this process writes.  size: length of the vocabulary."""
        self._path, self._catalog, self._index, self._snapshots = path, catalog, index, snapshots
        self._reader, self._lock, self._size = reader, lock, size

    def verify(self) -> list[str]:
        """What is wrong with the collection, one sentence each; none where catalog and postings agree."""
        if damage := self._catalog.problems():
            return damage
        found = self._findings()
        wrong = self._wrong_files(found)
        held = [f"Files of held vectors that are not the collection's (deleting them is safe): {', '.join(wrong)}."]
        return found.sentences() + (held if wrong else [])

    def repair(self, writer: Writer) -> Repairs:
        """Mends what `verify` finds: items are rewritten from their exact vectors where these can be read.

        Rewritten items get new ids, for an id never stands for other postings than its first. An item without a
        readable vector is removed, and so is one whose vector holds words that cannot be told from what was seen;
        indexing its folder again brings it back. A dense vector that cannot be read is dropped, and its item stays.
        CollectionDamaged where the catalog itself is damaged.
        """
        with writer.writing():
            if damage := self._catalog.problems():
                raise CollectionDamaged(
                    f"The catalog of {self._path} cannot be mended ({damage[0]}); index the pictures anew."
                )
            self._snapshots.check_again(forget=True)  # what is on the disk counts, not what is in memory
            found = self._findings()
            gone = sorted(found.lost | found.unreadable | found.other | found.not_seen)
            writer.remove(gone)
            known = set(self._catalog.ids()) & found.vectors.keys()
            wrong = sorted(known & (found.misfiled | found.doubled | found.bare))
            for start in range(0, len(wrong), PAGE):
                ids = wrong[start : start + PAGE]
                dense = self._reader.dense([item for item in ids if item not in found.not_dense])
                seen = self._reader.seen(ids)
                writer.add(
                    [
                        again(item, found.vectors[item.id], dense.get(item.id), seen.get(item.id))
                        for item in self._reader.items(ids)
                    ],
                    replacing=ids,
                )
            if found.not_dense:
                writer.forget_dense(sorted(found.not_dense))
            for name in self._wrong_files(found):
                (self._path / HELD / name).unlink(missing_ok=True)
            return Repairs(removed=len(gone), rewritten=len(wrong))

    def compact(self, writer: Writer) -> Compaction:
        """Writes the index anew without what was removed, in as few segments as can be; ids and scores stay.

        Others may read meanwhile. Killed at any moment, the collection is as before or as after.
        """
        with writer.writing():
            size, old = bytes_below(self._path), self._index.reader().searcher
            snapshot = self._snapshots.current()
            writer.rewrite_postings(self._documents(snapshot), snapshot.count)
            new = self._index.reader().searcher
            sizes = (size, bytes_below(self._path), old.num_segments, new.num_segments)
        return Compaction(*sizes, old.num_docs, new.num_docs)

    @property
    def wasteful(self) -> bool:
        """Whether the index holds more removed items than items, or lies in too many segments.

        Segments count where a quarter of the documents lies outside the largest one. So a growing collection is
        compacted rarely enough that each item is rewritten a few times at most. Up to WASTE documents never matter.
        """
        snapshot = self._snapshots.current()
        documents = snapshot.postings.searcher.num_docs
        removed = documents - snapshot.count
        return removed > max(WASTE, snapshot.count) or self._index.scattered() > max(WASTE, documents // 4)

    def _wrong_files(self, found: Findings) -> list[str]:
        """Names of the files of held vectors that are not those that were found."""
        if not (self._path / HELD).is_dir():
            return []
        from index_store.memory.kept import wrong_files  # imports a compiler

        return wrong_files(self._path / HELD, self._size, found.vectors)

    def _documents(self, snapshot: Snapshot) -> Iterator[tuple[int, SparseVector]]:
        rest = iter(self._catalog.ids())
        while page := list(islice(rest, PAGE)):
            yield from zip(page, snapshot.vectors(page), strict=True)

    def _dense(self) -> Iterator[tuple[int, bytes]]:
        """(id, bytes) of all dense vectors, whatever they hold."""
        last = 0
        while self._reader.dense_size is not None and (page := self._catalog.dense_page(last, PAGE)):
            yield from page
            last = page[-1][0]

    def _findings(self) -> Findings:
        while True:
            with self._lock:
                snapshot, version = self._snapshots.current(), self._catalog.version()
            dense = self._dense(), self._reader.dense_size or 0
            found = findings(
                snapshot.postings, self._catalog.promises(), self._path, *dense, seen=self._catalog.all_seen()
            )
            if not found.sentences() or (snapshot is self._snapshots.current() and version == self._catalog.version()):
                return found  # otherwise somebody wrote between reading the one store and the other: read again
