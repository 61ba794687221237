"""Writes documents into the tantivy index of a collection, and deletes them; knows nothing of the catalog.

Two facts about tantivy's Python binding shape this file: a value of a wrong Python type kills tantivy's writer, and a
writer that has failed once must be replaced.
"""

import contextlib
import logging
from collections.abc import Iterable
from itertools import islice

import tantivy

from index_store.postings import documents, packing
from index_store.postings.index import PostingsIndex, explain
from index_store.vectors import SparseVector

WRITER_HEAP = 64_000_000  # bytes; one flush holds ~50k items of 100 terms
LARGEST_HEAP = 2_000_000_000  # bytes, for many items at once: tantivy takes no more than 4 GB
AT_ONCE = 1_000  # documents whose texts are made at once
DOCUMENT_BYTES = 1_400  # of the writer's heap, for an item of some 100 terms
log = logging.getLogger(__name__)


class PostingsWriter:
    """Writes to an index. At most one process may have one.

    tantivy's own writer, and with it tantivy's lock, is given back by `close` and taken again by the next write.
    """

    def __init__(self, index: PostingsIndex) -> None:
        """Takes tantivy's lock at once; CollectionBusy where another process has it."""
        self._index = index
        self._writer: tantivy.IndexWriter | None = None
        self._heap = 0  # bytes that tantivy's writer has
        try:
            self._writer = self._new_writer()
        except Exception as error:
            raise explain(error, index.path) from error

    def write(self, add: Iterable[tuple[int, SparseVector]] = (), delete: Iterable[int] = (), count: int = 0) -> None:
        """Adds documents (id, vector) and deletes others in one commit: all or nothing, durable when it returns.

        count: about how many are added. Many are written with enough memory to put them into one segment, because
        each segment has lists of its own that a search must read.
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
            raise explain(cause, self._index.path) from error
        except BaseException:
            self._abandon()
            raise

    def rewrite(self, documents: Iterable[tuple[int, SparseVector]], count: int) -> None:
        """Replaces all documents in one commit, with as few segments as memory allows; `count`: about how many.

        tantivy merges segments by itself, but never all into one, and keeps deleted documents until it does.
        """
        try:
            self._writer_for(count).delete_all_documents()
        except Exception as error:
            self._abandon()
            raise explain(error, self._index.path) from error
        self.write(documents, count=count)

    def close(self) -> None:
        """Gives tantivy's lock back, after merges under way have ended. The next write takes it again."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.wait_merging_threads()
            except Exception as error:  # merges are an optimisation: what was committed stays committed
                log.warning("Merging postings at %s did not finish: %s", self._index.path, error)
        del writer

    def _cause(self, error: Exception) -> Exception:
        """Why a write failed. Once its thread has failed, tantivy refuses documents without a reason.

        A commit cannot succeed then, but its error names the reason.
        """
        if self._writer is not None and "writer was killed" in str(error):
            try:
                self._writer.commit()
            except Exception as cause:
                return cause
        return error

    def _share(self) -> None:
        """Lets whoever may read the folder read these two files, which tantivy makes readable for their owner only."""
        folder = self._index.path
        for name in ("meta.json", ".managed.json"):
            with contextlib.suppress(OSError):
                (folder / name).chmod(folder.stat().st_mode & 0o666)

    def _new_writer(self, heap: int = WRITER_HEAP) -> tantivy.IndexWriter:
        writer = self._index.opened().writer(heap_size=heap, num_threads=1)
        self._sweep(writer)
        self._heap = heap
        return writer

    def _writer_for(self, count: int) -> tantivy.IndexWriter:
        """A writer with memory for `count` documents, or for as many as may be."""
        heap = min(max(WRITER_HEAP, count * DOCUMENT_BYTES), LARGEST_HEAP)
        if self._writer is not None and self._heap < heap:
            self.close()
        self._writer = self._writer or self._new_writer(heap)
        return self._writer

    @staticmethod
    def _sweep(writer: tantivy.IndexWriter) -> None:
        """Deletes files that were never committed: tantivy may give their names to new files, and then refuses them."""
        with contextlib.suppress(Exception):  # a full disk: then the next write says so
            writer.garbage_collect_files()

    def _abandon(self) -> None:
        """Drops what was not committed; the next write replaces a writer that failed for good."""
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
