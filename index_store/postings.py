"""The inverted index of a collection, in tantivy: postings and exact vectors by item id; knows nothing of the catalog.

One document an item: `id`, `kind`, `impacts` (one token per term and impact level) and `vector` (the exact floats).
Facts of the binding that this file is built on: an id field must be signed (deleting by an unsigned one deletes
nothing), a wrong Python type kills the writer, and a writer that failed once must be replaced.
"""

import contextlib
import logging
import os
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import DocAddress, Occur, Query

from index_store import impacts
from index_store.errors import (
    CollectionBusy,
    CollectionDamaged,
    CollectionError,
    closed,
    disk_full,
    not_writable,
)
from index_store.vectors import SparseVector

WRITER_HEAP = 64_000_000  # bytes; one flush holds ~50k items of 100 terms
REWRITE_HEAP = 1_000_000_000
DOCUMENT_BYTES = 1_400  # of the writer's heap, for an item of some 100 terms
RELOADS = 5  # tries to open a set of files that a writer is changing
CHUNK = 1000  # ids in one look-up: bounds the size of a query
log = logging.getLogger(__name__)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", indexed=True, fast=True)
    builder.add_text_field("kind", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("impacts", tokenizer_name="whitespace", index_option="basic")
    builder.add_bytes_field("vector", stored=True)
    return builder.build()


@dataclass(frozen=True)
class Candidates:
    """Items in descending order of their bound.

    `beyond`: what the exact score of any other item cannot exceed; None where no other matches the query. `read`: how
    many postings were read. `cut`: whether others were left unread because of a budget.
    """

    ids: list[int]
    bounds: list[float]  # what the exact score cannot exceed
    addresses: list[DocAddress]
    beyond: float | None = None
    read: int = 0
    cut: bool = False


class Level(NamedTuple):
    """A list of postings: the items that hold a term at one impact level."""

    token: str
    ceiling: float  # what the weight of none of them exceeds
    length: int  # removed items counted until compaction


@dataclass(frozen=True)
class PostingsView:
    """The postings at one moment: immutable, usable by many threads."""

    searcher: tantivy.Searcher
    schema: tantivy.Schema
    _levels: dict[int, list[Level]] = field(default_factory=dict)  # of the terms asked for so far

    def candidates(
        self,
        query: SparseVector,
        limit: int,
        kind: str | None = None,
        within: SparseVector | None = None,
        budget: int | None = None,
    ) -> Candidates:
        """The `limit` items with the highest bounds, by at most `budget` postings (but at least one list of them).

        within: only items that share a term with it.
        """
        if not len(query):
            return Candidates([], [], [])
        scale = float(query.weights.max())
        lists = [
            (weight / scale * level.ceiling, term, level)
            for term, weight in zip(query.terms.tolist(), query.weights.tolist(), strict=True)
            for level in self._term_levels(term)
        ]
        lists, unread, read = _affordable(lists, budget)
        should = [
            (Occur.Should, Query.const_score_query(self._term("impacts", level.token), most))
            for most, _, level in lists
        ]
        filters = []
        if kind is not None:
            filters.append(self._term("kind", kind))
        if within is not None:
            allowed = [level.token for term in within.terms.tolist() for level in self._term_levels(term)]
            filters.append(Query.term_set_query(self.schema, "impacts", allowed) if allowed else Query.empty_query())
        wanted = Query.boolean_query(should) if should else Query.empty_query()
        if filters:
            silent = [(Occur.Must, Query.const_score_query(only, 0.0)) for only in filters]
            wanted = Query.boolean_query([(Occur.Must, wanted), *silent])
        limit = min(limit, self.searcher.num_docs + 1)  # room is set aside for as many as are asked for
        found = self.searcher.search(wanted, limit=limit, count=False).hits
        addresses = [address for _, address in found]
        bounds = [impacts.upper_bound(score + unread, len(query), scale) for score, _ in found]
        beyond = impacts.upper_bound(unread, len(query), scale) if unread else None
        if len(found) == limit:
            beyond = bounds[-1]
        return Candidates(self._ids(addresses), bounds, addresses, beyond, read, unread > 0)

    def vector_bytes(self, address: DocAddress) -> bytes:
        """The exact vector of a candidate, as `SparseVector.to_bytes` wrote it."""
        return bytes(self.searcher.doc(address).get_first("vector") or b"")

    def find(self, ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """(id, vector bytes) of those ids that have postings, in no particular order; twice if held twice."""
        for start in range(0, len(ids), CHUNK):
            some = list(ids[start : start + CHUNK])
            # room for duplicates, which only damage can bring about
            found = self.searcher.search(
                Query.term_set_query(self.schema, "id", some), limit=4 * len(some), count=False
            )
            addresses = [address for _, address in found.hits]
            for item, address in zip(self._ids(addresses), addresses, strict=True):
                yield item, self.vector_bytes(address)

    def all_ids(self) -> list[int]:
        """The ids of all documents, ascending, duplicates kept."""
        if not self.searcher.num_docs:
            return []
        found = self.searcher.search(Query.all_query(), limit=self.searcher.num_docs, count=False)
        return sorted(self._ids([address for _, address in found.hits]))

    def token_frequencies(self) -> dict[tuple[int, int], int]:
        """{(term, level): number of documents}, deleted ones not counted."""
        if not self.searcher.num_docs:
            return {}
        held = self.searcher.terms_with_prefix("impacts", "", filter_query=Query.all_query())
        return {impacts.parse(token): count for token, count in held}

    def holding(self, term: int, level: int, most: int) -> NDArray[np.int64]:
        """Ids, ascending, of the documents that hold a term at a level; at most `most` of them."""
        found = self.searcher.search(self._term("impacts", impacts.token(term, level)), limit=most, count=False).hits
        return np.sort(np.array(self._ids([address for _, address in found]), dtype=np.int64))

    def _term(self, name: str, value: str) -> Query:
        return Query.term_query(self.schema, name, value, index_option="basic")

    def _term_levels(self, term: int) -> list[Level]:
        known = self._levels.get(term)
        if known is None:
            held = self.searcher.terms_with_prefix("impacts", impacts.prefix(term))
            edges = impacts.ceilings(np.array([impacts.parse(token)[1] for token, _ in held], dtype=np.int64))
            known = [Level(token, edge, length) for (token, length), edge in zip(held, edges.tolist(), strict=True)]
            self._levels[term] = known
        return known

    def _ids(self, addresses: list[DocAddress]) -> list[int]:
        return cast(list[int], self.searcher.fast_field_values("id", addresses)) if addresses else []


def _affordable(
    lists: list[tuple[float, int, Level]], budget: int | None
) -> tuple[list[tuple[float, int, Level]], float, int]:
    """Of lists of postings (the most that each adds to a score, term, level), those that a budget allows to read.

    The ones that add most come first (Lin and Trotman, "Anytime Ranking for Impact-Ordered Indexes", ICTIR 2015). Also
    what all unread ones can still add to one item's score, which has a single level a term, and how many are read.
    """
    read = sum(level.length for _, _, level in lists)
    if budget is None or read <= budget:
        return lists, 0.0, read
    lists = sorted(lists, key=lambda one: (-one[0], one[1]))
    ends = list(accumulate(level.length for _, _, level in lists))
    count = max(1, bisect_right(ends, budget))
    unread: dict[int, float] = {}
    for most, term, _ in lists[count:]:
        unread.setdefault(term, most)
    return lists[:count], sum(unread.values()), ends[count - 1]


class Postings:
    """The index folder: opened by many readers, written by at most one writer across all processes."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self._writer: tantivy.IndexWriter | None = None
        self._index: tantivy.Index | None = None
        self._borrowed: tempfile.TemporaryDirectory[str] | None = None
        try:
            index = self._index = self._open()
            index.config_reader("manual")
            self.schema = index.schema
            if writable:
                self._writer = self._new_writer()
        except Exception as error:
            raise explain(error, path) from error

    @staticmethod
    def create(path: Path) -> None:
        """An empty index in a new folder."""
        path.mkdir()
        try:
            tantivy.Index(_schema(), path=str(path))
        except Exception as error:
            raise explain(error, path) from error

    def _open(self) -> tantivy.Index:
        try:
            index = tantivy.Index.open(str(self.path))
            index.reload()  # takes the reader's lock file, which a read-only folder may refuse
            return index
        except ValueError:
            if os.access(self.path, os.W_OK):
                raise
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
                return PostingsView(index.searcher(), self.schema)
            except Exception as error:
                # behind links the writer's lock is not seen, and it may delete a merged file while we open it
                if self._borrowed is None or attempt == RELOADS - 1:
                    raise explain(error, self.path) from error
                time.sleep(0.01)
        raise AssertionError("unreachable")

    def write(self, add: Iterable[tuple[int, str, SparseVector]] = (), delete: Iterable[int] = ()) -> None:
        """Adds documents and deletes others in one commit: all or nothing, durable when it returns."""
        try:
            writer = self._writer = self._writer or self._new_writer()
            for item in delete:
                writer.delete_documents_by_term("id", int(item))
            for item, kind, vector in add:
                document = tantivy.Document()
                document.add_integer("id", int(item))
                document.add_text("kind", kind)
                document.add_text("impacts", impacts.tokens(vector.terms, vector.weights))
                document.add_bytes("vector", vector.to_bytes())
                writer.add_document(document)
            writer.commit()
            self._share()
        except BaseException as error:
            self._abandon()
            if isinstance(error, Exception):
                raise explain(error, self.path) from error
            raise

    def rewrite(self, documents: Iterable[tuple[int, str, SparseVector]], items: int) -> None:
        """All documents anew, and no others, in one commit, as few segments as memory allows; `items`: about how many.

        tantivy merges by itself but never all into one, and keeps deleted documents until it does.
        """
        self.close_writer()
        heap = min(max(WRITER_HEAP, items * DOCUMENT_BYTES), REWRITE_HEAP)
        try:
            self._writer = self._opened().writer(heap_size=heap, num_threads=1)
            self._writer.delete_all_documents()
        except Exception as error:
            self._abandon()
            raise explain(error, self.path) from error
        self.write(documents)
        self.close_writer()  # ends merges: they would only cost time now
        self._writer = self._new_writer()

    def _share(self) -> None:
        """tantivy writes these two for their owner's eyes only; whoever may read the folder may read them."""
        for name in ("meta.json", ".managed.json"):
            with contextlib.suppress(OSError):
                (self.path / name).chmod(self.path.stat().st_mode & 0o666)

    def close(self) -> None:
        """Ends the writer (waiting for merges under way) and gives its lock back."""
        self.close_writer()
        self._index = None
        if self._borrowed is not None:
            self._borrowed.cleanup()

    def close_writer(self) -> None:
        """Ends the writer, but not reading."""
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

    def _new_writer(self) -> tantivy.IndexWriter:
        writer = self._opened().writer(heap_size=WRITER_HEAP, num_threads=1)
        self._sweep(writer)
        return writer

    @staticmethod
    def _sweep(writer: tantivy.IndexWriter) -> None:
        """Deletes what was not committed: its files may have the names that the next ones get, which are refused."""
        with contextlib.suppress(Exception):  # a full disk: then the next write says so
            writer.garbage_collect_files()

    def _abandon(self) -> None:
        """Forgets what was not committed; a writer that failed for good is replaced, now or on the next write."""
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
            try:
                self._writer = self._new_writer()
            except Exception as error:
                log.warning("The postings writer at %s could not be replaced yet: %s", self.path, error)


def explain(error: BaseException, path: Path) -> CollectionError:
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
    if any(sign in text for sign in ("PermissionDenied", "ReadOnlyFilesystem", "Read-only file system", "LockFile")):
        return not_writable(folder)
    return CollectionDamaged(f"The postings of the collection {folder} cannot be used ({text}).")


def decode(item: int, data: bytes, path: Path) -> SparseVector:
    """A stored vector; CollectionDamaged where the bytes are not one."""
    try:
        return SparseVector.from_bytes(data)
    except ValueError as error:
        raise CollectionDamaged(f"The stored vector of item {item} in {path} cannot be read ({error})") from error
