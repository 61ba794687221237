"""Writes to a collection folder: adds, removes and changes items, durably; knows nothing of models.

Two stores lie in the folder: the catalog (SQLite) and the postings (tantivy). They have no common transaction.

Claim: at every moment, and after a crash at any moment, the collection holds exactly the items that the catalog lists,
and each of them can be found and scored.

Why: only the catalog decides which items exist, and the postings always hold at least those items.
- To add: take ids, write thumbnails, commit the postings, then commit the catalog. The items exist from then on.
- To remove: commit the catalog, then the postings. The items are gone from the first commit on.
So postings may hold documents of ids that the catalog does not list. A search skips them, and the next writer deletes
them. Ids are never used twice, so such a leftover can never be taken for another item.

Assumed: SQLite and tantivy each keep what they have committed, and one process writes at a time (`writer_lock.py`). A
process holds that lock only during a write; between two writes another process may have its turn.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index_store.catalog.catalog import Catalog
from index_store.dense import check_dense, to_bytes
from index_store.errors import CollectionError, explain_os_error, keeps_no_dense
from index_store.folder.rows import row_of
from index_store.folder.writer_lock import WriterLock
from index_store.items import Description, NewItem, now
from index_store.origin import Origin
from index_store.postings.index import PostingsIndex
from index_store.postings.writer import PostingsWriter
from index_store.similarity import Picture, groups
from index_store.snapshots.snapshots import Snapshots
from index_store.thumbnails import Thumbnails
from index_store.validation import check_caption_weight, check_description, check_item, check_tag, check_text
from index_store.vectors import SparseVector

log = logging.getLogger(__name__)


class Writer:
    """Writes to an open collection folder, one thread at a time; every method is one change, or none."""

    def __init__(
        self,
        path: Path,
        origin: Origin,
        catalog: Catalog,
        index: PostingsIndex,
        snapshots: Snapshots,
        *,
        lock: threading.RLock,
        writer_lock: WriterLock,
        postings: PostingsWriter,
        wait: float,
    ) -> None:
        """lock: held while a thread of this process writes.  writer_lock: held while this process does.

        wait: seconds for which each write waits for another process's.
        """
        self._path, self._origin, self._catalog, self._index, self._snapshots = path, origin, catalog, index, snapshots
        self._lock, self._writer_lock, self._postings, self._wait = lock, writer_lock, postings, wait
        self._thumbnails = Thumbnails(path)
        self._writing = False

    def clear_leftovers(self) -> None:
        """Deletes the postings and thumbnails that an interrupted write left. Only while holding the writer's lock."""
        self._snapshots.begin()
        self._clear_postings()
        self._thumbnails.keep_only(self._snapshots.current().holds)
        self._snapshots.end()
        self._postings.close()

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Keeps other threads and processes from writing inside. Each write enters it by itself; it may be nested.

        Yields whether somebody else may have written since the last time. CollectionBusy after too long a wait.
        """
        with self._lock:
            if self._writing:
                yield False
                return
            self._writer_lock.acquire(self._wait)
            try:
                self._writing = True
                others = self._snapshots.begin()
                if others:
                    self._clear_postings()
                yield others
            finally:
                self._writing = False
                self._snapshots.end()
                self._postings.close()
                self._writer_lock.release()

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items, or none; removes `replacing` in the same step. Returns the new ids, in order."""
        with self.writing():
            size, _ = self._catalog.dense_state()
            for item in items:
                check_item(item, self._origin, size)
            if not items:
                self.remove(replacing)
                return []
            first = self._catalog.reserve(len(items))
            ids = list(range(first, first + len(items)))
            try:
                added, numbered = now(), list(zip(ids, items, strict=True))
                rows = [
                    row_of(n, item, added, self._thumbnails.write(n, item.thumbnail), dense=size is not None)
                    for n, item in numbered
                ]
                self._postings.write(add=((n, item.vector) for n, item in numbered), count=len(items))
                removed = self._catalog.replace(rows, [int(old) for old in replacing])
            except BaseException as error:
                self._undo(ids)
                if isinstance(error, OSError):
                    raise explain_os_error(error, self._path) from error
                raise
            self._finish(ids, removed)
            return ids

    def remove(self, ids: Iterable[int]) -> int:
        """Removes items; skips ids that are not there. Returns how many were."""
        with self.writing():
            wanted = [int(item) for item in ids]
            removed = self._catalog.replace([], wanted) if wanted else []
            if removed:
                self._finish([], removed)
            return len(removed)

    def move(self, paths: Mapping[int, str], removing: Sequence[int]) -> int:
        """Gives items {id: path} other paths and removes `removing`, in one step; returns how many it removed.

        Everything else that is known of an item stays. Skips ids that are not there.
        """
        with self.writing():
            for path in paths.values():
                check_text(path)
            removed = self._catalog.move({int(item): path for item, path in paths.items()}, [int(i) for i in removing])
            self._snapshots.forget_filtered()
            if removed:
                self._finish([], removed)
            return len(removed)

    def tag(self, ids: Iterable[int], add: Sequence[str], remove: Sequence[str]) -> None:
        """Gives items tags and takes others from them; CollectionError for a text that cannot be a tag."""
        with self.writing():
            for tag in add:
                check_tag(tag)
            self._catalog.tag([int(item) for item in ids], add, remove)
            self._snapshots.forget_filtered()

    def describe(self, descriptions: Mapping[int, Description]) -> None:
        """Stores what the files of items {id: …} say of them; see `Catalog.describe`."""
        with self.writing():
            for description in descriptions.values():
                check_description(description)
            self._catalog.describe(descriptions)
            self._snapshots.forget_filtered()

    def note_similarity_hashes(self, hashes: Mapping[int, bytes | None]) -> None:
        """Stores similarity hashes (`similarity.py`), or that a picture has none."""
        with self.writing():
            self._catalog.note_similarity_hashes({int(item): data for item, data in hashes.items()})

    def keep_dense(self, size: int) -> None:
        """From here on dense vectors of `size` numbers are kept; CollectionError where those kept have another size."""
        with self.writing():
            kept, _ = self._catalog.dense_state()
            if kept is None:
                self._catalog.keep_dense(size)
            elif kept != size:
                raise CollectionError(
                    f"The collection {self._path} keeps dense vectors of {kept} numbers, not of {size}; index the "
                    "pictures into another collection."
                )

    def note_dense(self, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Gives items {id: (d,)} their dense vectors; CollectionError where none are kept, VectorError."""
        with self.writing():
            size, _ = self._catalog.dense_state()
            if size is None:
                raise keeps_no_dense(self._path)
            for item, row in vectors.items():
                check_dense(row, size, f"The dense vector of item {item}")
            self._catalog.note_dense({int(item): to_bytes(row) for item, row in vectors.items()})

    def forget_dense(self, ids: Sequence[int]) -> None:
        """Deletes the dense vectors of items that stay."""
        with self.writing():
            self._catalog.note_dense(dict.fromkeys(ids))

    def weigh_captions(self, weight: float) -> None:
        """Notes what captions weigh in their pictures' vectors from here on; CollectionError outside 0 to 1."""
        with self.writing():
            check_caption_weight(weight)
            self._catalog.weigh_captions(weight)

    def group_copies(self) -> None:
        """Groups anew the pictures that are nearly equal, or equal to the byte."""
        with self.writing():
            pictures = [
                Picture(row["id"], row["hash"], row["width"] / max(1, row["height"]), row["content_hash"])
                for row in self._catalog.similarity_hashes()
            ]
            self._catalog.group_copies(groups(pictures))

    def rewrite_postings(self, documents: Iterable[tuple[int, SparseVector]], count: int) -> None:
        """Replaces all postings by these documents, about `count`, and gives the catalog's free room to the disk."""
        with self.writing():
            self._postings.rewrite(documents, count)
            self._catalog.vacuum()
            self._snapshots.advance()

    def close(self) -> None:
        """Ends writing; closing twice is fine."""
        self._postings.close()

    def _finish(self, added: Sequence[int], removed: Sequence[int]) -> None:
        """After the catalog's commit: makes the next snapshot, then deletes what removed items leave behind."""
        try:
            self._snapshots.advance(added, removed)
            if removed:
                self._postings.write(delete=removed)
                self._snapshots.advance()
        except CollectionError as error:  # the commit stands; the next query, or the next writer, catches up
            self._snapshots.check_again()
            log.warning("The collection %s was changed, but not tidied up: %s", self._path, error)
        for item in removed:
            self._snapshots.drop(item)
            self._thumbnails.drop(item)

    def _undo(self, ids: Sequence[int]) -> None:
        """After a failed add: the catalog does not list these ids, so clearing what was written only saves room."""
        self._snapshots.check_again()  # whatever happened
        try:
            if self._catalog.rows(ids):  # the error came after the commit: the items exist
                return
            for item in ids:
                self._thumbnails.drop(item)
            if any(True for _ in self._index.reader().find(ids)):
                self._postings.write(delete=ids)
        except CollectionError as error:
            log.warning("Postings of a failed add stay for now: %s", error)

    def _clear_postings(self) -> None:
        leftover = self._snapshots.current().leftovers()
        if leftover:
            log.info("Clearing %d postings documents of an interrupted write at %s", len(leftover), self._path)
            self._postings.write(delete=leftover)
            self._snapshots.advance()
