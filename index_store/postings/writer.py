"""The inverted index of a collection, in tantivy: postings and exact vectors by item id; knows nothing of the catalog.

One document an item: `id`, `impacts` (tokens that say each term's weight, `documents.py`) and `vector` (`packing.py`).
Facts of the binding that this file is built on: an id field must be signed (deleting by an unsigned one deletes
nothing), a wrong Python type kills the writer, and a writer that failed once must be replaced.
"""

import contextlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import tantivy

from index_store.errors import (
    CollectionBusy,
    CollectionDamaged,
    CollectionError,
    closed,
    disk_full,
    not_readable,
    not_writable,
)
from index_store.postings import documents, packing
from index_store.postings.reader import PostingsView
from index_store.vectors import SparseVector

WRITER_HEAP = 64_000_000  # bytes; one flush holds ~50k items of 100 terms
LARGEST_HEAP = 2_000_000_000  # of many items at once: tantivy takes no more than 4 GB
MANY = 8  # segments: tantivy merges as many of a size by itself
AT_ONCE = 1_000  # documents whose texts are made at once
DOCUMENT_BYTES = 1_400  # of the writer's heap, for an item of some 100 terms
_FORBIDDEN = ("PermissionDenied", "Permission denied", "ReadOnlyFilesystem", "Read-only file system", "LockFile")
RELOADS = 5  # tries to open a set of files that a writer is changing
log = logging.getLogger(__name__)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", indexed=True, fast=True)
    builder.add_text_field("impacts", tokenizer_name="whitespace", index_option="freq")
    builder.add_bytes_field("vector", stored=True)
    return builder.build()


class Postings:
    """The index folder: opened by many readers, written by at most one writer across all processes.

    The writer, and with it tantivy's own lock, is given back by `close_writer` and taken again by the next write.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self._writer: tantivy.IndexWriter | None = None
        self._heap = 0  # bytes that the writer has
        self._index: tantivy.Index | None = None
        self._borrowed: tempfile.TemporaryDirectory[str] | None = None
        try:
            index = self._index = self._open(writable)
            index.config_reader("manual")
            self.schema = index.schema
            if writable:
                self._writer = self._new_writer()
        except Exception as error:
            raise explain(error, path, reading=not writable) from error

    @staticmethod
    def create(path: Path) -> None:
        """An empty index in a new folder."""
        path.mkdir()
        try:
            tantivy.Index(_schema(), path=str(path))
        except Exception as error:
            raise explain(error, path) from error

    def _open(self, writable: bool) -> tantivy.Index:
        try:
            index = tantivy.Index.open(str(self.path))
            index.reload()  # takes the reader's lock file, which a read-only folder may refuse
            return index
        except ValueError:
            if os.access(self.path, os.W_OK):
                raise
            if writable:
                raise not_writable(self.path.parent) from None
        # tantivy wants to lock even for reading: give it a folder of links where it may
        self._borrowed = tempfile.TemporaryDirectory(prefix="sightwords-")
        self._link()
        return tantivy.Index.open(self._borrowed.name)

    def _link(self) -> None:
        if self._borrowed is None:
            return
        for file in self.path.iterdir():
            link = Path(self._borrowed.name) / file.name
            if file.suffix != ".lock" and not link.is_symlink():
                link.symlink_to(file.resolve())

    def view(self) -> PostingsView:
        """The postings as last committed, by whichever process."""
        for attempt in range(RELOADS):
            try:
                self._link()  # the owner may have committed new files meanwhile
                index = self._opened()
                index.reload()
                return PostingsView.of(index.searcher(), self.schema)
            except Exception as error:
                # behind links the writer's lock is not seen, and it may delete a merged file while we open it
                if self._borrowed is None or attempt == RELOADS - 1:
                    raise explain(error, self.path, reading=True) from error
                time.sleep(0.01)
        raise AssertionError("unreachable")

    def scattered(self) -> int:
        """How many documents lie outside the largest segment, where there are more than MANY; else 0.

        A search reads every list once a segment.
        """
        try:
            told = json.loads((self.path / "meta.json").read_text("utf-8"))["segments"]
        except (OSError, ValueError, KeyError):
            return 0
        sizes = [segment["max_doc"] for segment in told]
        return sum(sizes) - max(sizes) if len(sizes) > MANY else 0

    def write(self, add: Iterable[tuple[int, SparseVector]] = (), delete: Iterable[int] = (), count: int = 0) -> None:
        """Adds documents and deletes others in one commit: all or nothing, durable when it returns.

        count: about how many are added. Many are written with as much memory as puts them into one segment, for each
        segment has lists of its own to be read.
        """
        try:
            writer = self._writer_for(count)
            for item in delete:
                writer.delete_documents_by_term("id", int(item))
            rest = iter(add)
            while some := list(islice(rest, AT_ONCE)):
                vectors = [vector for _, vector in some]
                texts, packed = documents.texts(vectors), packing.pack_all(vectors)
                for (item, _), text, data in zip(some, texts, packed, strict=True):
                    document = tantivy.Document()
                    document.add_integer("id", int(item))
                    document.add_text("impacts", text)
                    document.add_bytes("vector", data)
                    writer.add_document(document)
            writer.commit()
            self._share()
        except Exception as error:
            cause = self._cause(error)
            self._abandon()
            raise explain(cause, self.path) from error
        except BaseException:
            self._abandon()
            raise

    def rewrite(self, documents: Iterable[tuple[int, SparseVector]], items: int) -> None:
        """All documents anew, and no others, in one commit, as few segments as memory allows; `items`: about how many.

        tantivy merges by itself but never all into one, and keeps deleted documents until it does.
        """
        try:
            self._writer_for(items).delete_all_documents()
        except Exception as error:
            self._abandon()
            raise explain(error, self.path) from error
        self.write(documents, count=items)

    def _cause(self, error: Exception) -> Exception:
        """Where its thread has failed, tantivy refuses documents without a reason; committing cannot succeed then, and
        tells it.
        """
        if self._writer is not None and "writer was killed" in str(error):
            try:
                self._writer.commit()
            except Exception as cause:
                return cause
        return error

    def _share(self) -> None:
        """tantivy writes these two for their owner's eyes only; whoever may read the folder may read them."""
        for name in ("meta.json", ".managed.json"):
            with contextlib.suppress(OSError):
                (self.path / name).chmod(self.path.stat().st_mode & 0o666)

    def close(self) -> None:
        """Ends writing and reading."""
        self.close_writer()
        self._index = None
        if self._borrowed is not None:
            self._borrowed.cleanup()

    def close_writer(self) -> None:
        """Ends the writer (waiting for merges under way), which gives its lock back, but not reading."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.wait_merging_threads()
            except Exception as error:  # merges are an optimisation: what was committed stays committed
                log.warning("Merging postings at %s did not finish: %s", self.path, error)
        del writer

    def _opened(self) -> tantivy.Index:
        if self._index is None:
            raise closed(self.path.parent)
        return self._index

    def _new_writer(self, heap: int = WRITER_HEAP) -> tantivy.IndexWriter:
        writer = self._opened().writer(heap_size=heap, num_threads=1)
        self._sweep(writer)
        self._heap = heap
        return writer

    def _writer_for(self, documents: int) -> tantivy.IndexWriter:
        """A writer whose memory holds so many documents, or as many as may be."""
        heap = min(max(WRITER_HEAP, documents * DOCUMENT_BYTES), LARGEST_HEAP)
        if self._writer is not None and self._heap < heap:
            self.close_writer()
        self._writer = self._writer or self._new_writer(heap)
        return self._writer

    @staticmethod
    def _sweep(writer: tantivy.IndexWriter) -> None:
        """Deletes what was not committed: its files may have the names that the next ones get, which are refused."""
        with contextlib.suppress(Exception):  # a full disk: then the next write says so
            writer.garbage_collect_files()

    def _abandon(self) -> None:
        """Forgets what was not committed; a writer that failed for good is replaced by the next write."""
        writer = self._writer
        if writer is None:
            return
        try:
            writer.rollback()
            self._sweep(writer)
        except Exception:
            self._writer = None
            with contextlib.suppress(Exception):
                writer.wait_merging_threads()  # gives the lock back, whoever still refers to the writer


def explain(error: BaseException, path: Path, reading: bool = False) -> CollectionError:
    """tantivy's and the operating system's errors (mostly ValueError with a long text) as one of ours."""
    text, folder = str(error), path.parent
    if isinstance(error, CollectionError):
        return error
    if "LockBusy" in text:
        return CollectionBusy(
            f"The collection {folder} is being written to by another process; wait for it to finish, or open it "
            "for reading."
        )
    if any(sign in text for sign in ("StorageFull", "No space left", "code: 28", "code: 27", "code: 122")):
        return disk_full(folder)
    if any(sign in text for sign in _FORBIDDEN):
        return not_readable(folder) if reading else not_writable(folder)
    return CollectionDamaged(f"The postings of the collection {folder} cannot be used ({text}).")
