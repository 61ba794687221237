"""Brings a collection of an earlier form up to date: the only place that knows how postings used to be kept.

Until the form "bits1" they lay in `postings/`, a token a term and level of its weight, with vectors as plain numbers.
New ones are made beside them, the catalog's transaction says which count, and only then the old ones go: killed at any
moment, the collection is of the old form or of the new.
"""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import tantivy

from index_store.catalog import Catalog
from index_store.errors import explain_os_error
from index_store.folder import layout
from index_store.postings import impacts
from index_store.postings.writer import Postings, explain
from index_store.vectors import SparseVector

FORM = "bits1"
POSTINGS = "postings"
GONE = f".{POSTINGS}.gone"
HEAP = 15_000_000  # bytes: the least that tantivy takes; nothing is written with it
PAGE = 500
log = logging.getLogger(__name__)


def upgrade(place: Path) -> None:
    """Makes the collection one of today's form where it is not; for whoever may write to it."""
    try:
        if (place / POSTINGS).is_dir():
            with closing(_Earlier(place / POSTINGS)) as earlier:
                _rewrite(place, earlier)
            (place / POSTINGS).rename(place / GONE)  # at once: of a half deleted one nothing could be said
        if (place / GONE).is_dir():
            shutil.rmtree(place / GONE)
    except OSError as error:
        raise explain_os_error(error, place) from error


def _rewrite(place: Path, earlier: "_Earlier") -> None:
    with closing(Catalog(place / layout.CATALOG, writable=True)) as catalog:
        if catalog.about()["impacts"] != FORM:  # killed after that, before the old ones had gone
            return
        log.info("Bringing the postings of %s up to date", place)
        ids, new = catalog.ids(), place / f"{layout.POSTINGS}.new"
        for half in (new, place / layout.POSTINGS):
            shutil.rmtree(half, ignore_errors=True)
        Postings.create(new)
        with closing(Postings(new, writable=True)) as postings:
            postings.write(add=earlier.vectors(ids), count=len(ids))
        new.rename(place / layout.POSTINGS)
        layout.sync(place)
        catalog.note("impacts", impacts.IMPACT_FORMAT)


class _Earlier:
    """Postings of the form "bits1", locked against writers."""

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
        """(id, vector) of the items whose vectors can be read; `verify` tells of the others."""
        rest = iter(ids)
        while some := list(islice(rest, PAGE)):
            wanted = tantivy.Query.term_set_query(self._schema, "id", some)
            addresses = [at for _, at in self._searcher.search(wanted, limit=4 * len(some), count=False).hits]
            found = zip(self._searcher.fast_field_values("id", addresses), addresses, strict=True)
            for item, address in {int(item): at for item, at in found if item is not None}.items():
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
