"""Migrates the postings of a collection from an earlier form; the only file that knows how that form was.

In the form "bits1", postings lay in `postings/`, with a token for each term and level of its weight, and vectors as
plain numbers. The migration writes new postings beside the old ones, then a transaction of the catalog says that the
new ones count, and only then the old ones are deleted. So killed at any moment, the collection has the old form or the
new one. (The catalog's own migrations are in `catalog/schema.py`.)
"""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import tantivy

from index_store.catalog.catalog import Catalog
from index_store.errors import explain_os_error
from index_store.files import sync
from index_store.folder import layout
from index_store.postings import impacts
from index_store.postings.index import PostingsIndex, explain
from index_store.postings.writer import PostingsWriter
from index_store.vectors import SparseVector

FORM = "bits1"
POSTINGS = "postings"
GONE = f".{POSTINGS}.gone"
HEAP = 15_000_000  # bytes: the least that tantivy accepts for a writer; this one writes nothing
PAGE = 500
log = logging.getLogger(__name__)


def migrate(folder: Path) -> None:
    """Gives a collection folder of an earlier form today's form; only while holding the writer's lock."""
    try:
        if (folder / POSTINGS).is_dir():
            with closing(_Earlier(folder / POSTINGS)) as earlier:
                _rewrite(folder, earlier)
            (folder / POSTINGS).rename(folder / GONE)  # in one step: half deleted postings would be unreadable
        if (folder / GONE).is_dir():
            shutil.rmtree(folder / GONE)
    except OSError as error:
        raise explain_os_error(error, folder) from error


def _rewrite(folder: Path, earlier: "_Earlier") -> None:
    with closing(Catalog(folder / layout.CATALOG, writable=True)) as catalog:
        if catalog.about()["impacts"] != FORM:  # an earlier migration came this far, then was killed
            return
        log.info("Bringing the postings of %s up to date", folder)
        ids, new = catalog.ids(), folder / f"{layout.POSTINGS}.new"
        for half in (new, folder / layout.POSTINGS):
            shutil.rmtree(half, ignore_errors=True)
        PostingsIndex.create(new)
        with closing(PostingsIndex(new, writable=True)) as index, closing(PostingsWriter(index)) as writer:
            writer.write(add=earlier.vectors(ids), count=len(ids))
        new.rename(folder / layout.POSTINGS)
        sync(folder)
        catalog.note("impacts", impacts.IMPACT_FORMAT)


class _Earlier:
    """Postings of the form "bits1", while no other process can write to them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            index = tantivy.Index.open(str(path))
            self._lock: tantivy.IndexWriter | None = index.writer(heap_size=HEAP, num_threads=1)
            index.reload()
            self._searcher, self._schema = index.searcher(), index.schema
        except Exception as error:
            raise explain(error, path) from error

    def vectors(self, ids: Sequence[int]) -> Iterator[tuple[int, SparseVector]]:
        """(id, vector) of the items whose vectors can be read; `verify` reports the others."""
        rest = iter(ids)
        while some := list(islice(rest, PAGE)):
            wanted = tantivy.Query.term_set_query(self._schema, "id", some)
            addresses = [at for _, at in self._searcher.search(wanted, limit=4 * len(some), count=False).hits]
            pairs = zip(self._searcher.fast_field_values("id", addresses), addresses, strict=True)
            for item, address in {int(item): at for item, at in pairs if item is not None}.items():
                data = bytes(self._searcher.doc(address).get_first("vector") or b"")
                try:
                    half = len(data) // 2
                    yield item, SparseVector(np.frombuffer(data[:half], "<i4"), np.frombuffer(data[half:], "<f4"))
                except ValueError as error:
                    log.warning("The stored vector of item %d in %s cannot be read (%s)", item, self._path, error)

    def close(self) -> None:
        """Gives the lock back."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.wait_merging_threads()
