"""A collection in Milvus, asked and answering as one in a folder does: the same ids, hits and scores.

`reader.py` answers questions (`exact_search.py` proves that searches are exact), `writer.py` changes the collection.
This file opens the parts, closes them, and passes on what it is asked.

Guaranteed: an item is one row (`rows.py`), so it is there with all that belongs to it, or not at all. `add` writes 500
rows a request, each of which Milvus shows as a whole; where a later request fails, the rows of the earlier ones are
removed. `replacing` is removed after the new items are there: killed in between, both are there, and the next `index`
mends that. Ids are taken from a counter before they are used, so none is used twice. Reads see all that was written
(consistency "Strong").

Not guaranteed: Milvus has no lock, so people must see to it that one process writes at a time. (A second writer in this
process is refused, and a file of Milvus Lite lets one process in.) Numbers about all items (`stats`,
`document_frequencies`) read every vector and are kept for a while, so another process's changes show seconds later.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from index_store.address import MilvusAddress
from index_store.dense import DenseQuery
from index_store.errors import CollectionError, open_for_reading
from index_store.filters import EVERYTHING, Filter
from index_store.items import Counts, Description, Item, NewItem, Repairs, Retrieval, Seen, Stats
from index_store.milvus import rows, tables
from index_store.milvus.item_table import ItemTable
from index_store.milvus.reader import Reader
from index_store.milvus.server import Server
from index_store.milvus.thumbnails import CopiedThumbnails
from index_store.milvus.writer import Writer, begin_writing, end_writing
from index_store.origin import Origin
from index_store.vectors import SparseVector


class MilvusCollection:
    """Made by `create` or `open`, never directly; `Store` says what its methods promise."""

    def __init__(self, server: Server, origin: Origin, form: str, *, writable: bool) -> None:
        """form: of the table of items (`rows.FORM`)."""
        self._origin = origin
        self._lock = threading.RLock()  # held while a thread of this process writes
        self._table = ItemTable(server, form, origin.size)
        self._thumbnails = CopiedThumbnails(self._table)
        self._reader = Reader(origin, self._table, self._thumbnails)
        self._writer = Writer(origin, self._table, self._thumbnails, self._lock) if writable else None

    @classmethod
    def create(
        cls, address: MilvusAddress, *, model: str, vocabulary: Sequence[str], precision: str | None = None
    ) -> "MilvusCollection":
        """A new, empty collection, open for writing. CollectionExists where one has the name already."""
        server = Server(address, make=True)
        try:
            tables.make(server, model, vocabulary, precision)
        finally:
            server.close()
        return cls.open(address, writable=True)

    @classmethod
    def open(
        cls,
        address: MilvusAddress,
        *,
        model: str | None = None,
        vocabulary: Sequence[str] | None = None,
        writable: bool = False,
    ) -> "MilvusCollection":
        """An existing collection; with `model` or `vocabulary`, refuses one that was made by another."""
        with ExitStack() as opened:
            server = Server(address)
            opened.callback(server.close)
            facts = tables.load(server)
            origin = Origin.of(facts, rows.vocabulary_of(facts))
            origin.check(str(address), model, vocabulary)
            if writable:
                begin_writing(str(address))
                opened.callback(end_writing, str(address))
            collection = cls(server, origin, facts.get("form", rows.EARLIER), writable=writable)
            opened.pop_all()  # from here on, `close` ends all this
            return collection

    @staticmethod
    def exists(address: MilvusAddress) -> bool:
        """Whether a collection has this name; CollectionError where the server cannot be asked."""
        if address.file is not None and not address.file.exists():
            return False
        server = Server(address)
        try:
            return tables.exists(server)
        finally:
            server.close()

    @property
    def address(self) -> str:
        """The address, as text for people."""
        return self._table.address

    @property
    def thumbnails(self) -> Path:
        """The folder of this machine to which thumbnails are copied while the collection is open."""
        return self._thumbnails.folder

    @property
    def model(self) -> str:
        """Name of the model whose vectors the collection holds."""
        return self._origin.model

    @property
    def precision(self) -> str | None:
        """The number format that the model computed in, in its own word; None where that was not kept."""
        return self._origin.precision

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The terms by id."""
        return self._origin.vocabulary

    @property
    def digest(self) -> str:
        """SHA-256 that differs between vocabularies."""
        return self._origin.digest

    @property
    def writable(self) -> bool:
        """Whether the methods that write are allowed."""
        return self._writer is not None

    @property
    def wasteful(self) -> bool:
        """False: Milvus tidies up by itself."""
        return False

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Keeps other threads from writing inside. Yields False, as if nobody else wrote: Milvus cannot tell."""
        with self._open_writer().writing():
            yield False

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items and then removes `replacing`; returns the new ids, ascending."""
        return self._open_writer().add(items, replacing)

    def remove(self, ids: Iterable[int]) -> int:
        """Removes items; skips ids that are not there. Returns how many were."""
        return self._open_writer().remove(ids)

    def move(self, paths: Mapping[int, str], removing: Sequence[int] = ()) -> int:
        """Removes `removing`, then gives items {id: path} other paths; returns how many it removed."""
        return self._open_writer().move(paths, removing)

    def tag(self, ids: Iterable[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Gives items tags and takes others from them; CollectionError for a text that cannot be a tag."""
        self._open_writer().tag(ids, add, remove)

    def describe(self, descriptions: Mapping[int, Description]) -> None:
        """Stores what the files of items {id: …} say of them; skips ids that are not there."""
        self._open_writer().describe(descriptions)

    def without_similarity_hash(self) -> list[int]:
        """None: no hashes are kept here, so only pictures that are equal to the byte are found to be copies."""
        return []

    def note_similarity_hashes(self, hashes: Mapping[int, bytes | None]) -> NoReturn:
        """Refused: CollectionError."""
        raise CollectionError(f"{self.address} lies in Milvus, which keeps no hashes of what pictures show.")

    @property
    def dense_size(self) -> None:
        """None: no dense vectors are kept here."""
        return None

    def keep_dense(self, size: int) -> NoReturn:
        """Refused: CollectionError."""
        raise self._no_dense()

    def note_dense(self, vectors: Mapping[int, NDArray[np.float32]]) -> NoReturn:
        """Refused: CollectionError."""
        raise self._no_dense()

    def without_dense(self) -> NoReturn:
        """Refused: CollectionError."""
        raise self._no_dense()

    def dense(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """None: no dense vectors are kept here."""
        return {}

    def _no_dense(self) -> CollectionError:
        return CollectionError(
            f"{self.address} lies in Milvus, where no dense vectors are kept; rank by terms, or index into a folder."
        )

    @property
    def caption_weight(self) -> None:
        """None: vectors are of the pictures alone here."""
        return None

    def weigh_captions(self, weight: float) -> NoReturn:
        """Refused: CollectionError."""
        raise CollectionError(
            f"{self.address} lies in Milvus, where captions weigh nothing in pictures' vectors; index into a folder."
        )

    def seen(self, ids: Sequence[int]) -> dict[int, Seen]:
        """None: vectors are of the pictures alone here."""
        return {}

    def group_copies(self) -> None:
        """Groups anew the pictures that are equal to the byte."""
        self._reader.group_copies()

    def copies(self) -> list[list[int]]:
        """The groups of equal pictures, as `group_copies` found them last: ids, ascending."""
        return self._reader.copies()

    def copies_of(self, item: int) -> list[int]:
        """The ids of the group of copies that an item is in, ascending; none for one that has no copy."""
        return self._reader.copies_of(item)

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (number of its group of copies, size of the group)} of the ids in a group of at least two."""
        return self._reader.alike(ids)

    def ids(self, where: Filter = EVERYTHING) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""
        return self._reader.ids(where)

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many items a filter lets through."""
        return self._reader.count(where)

    def counts(self, where: Filter = EVERYTHING, most: int = 50) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera and year; reads every row."""
        return self._reader.counts(where, most)

    def search(
        self,
        vector: SparseVector,
        k: int,
        *,
        kind: str | None = None,
        candidates: SparseVector | None = None,
        where: Filter = EVERYTHING,
        budget: int | None = None,
        dense: DenseQuery | None = None,
    ) -> Retrieval:
        """The k items with the highest `vector.dot(item)` > 0; of equal ones, those with the smaller ids.

        kind: only items of this kind.  candidates: only items that share at least one term with this vector.
        where: only items that this filter lets through.  budget: CollectionError, for Milvus counts no postings.
        `exact` is false where a weight is below 1e-18 of the largest, because Milvus may lose its products.
        dense: CollectionError, for no dense vectors are kept here.
        """
        if dense is not None:
            raise self._no_dense()
        return self._reader.search(vector, k, kind, candidates, where, budget)

    def load(self, memory: int | None = None) -> bool:
        """Does nothing: Milvus itself decides what it holds in memory."""
        return False

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`, with their thumbnails; ItemNotFound where one is not there."""
        return self._reader.items([int(item) for item in ids])

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        return self._reader.vectors([int(item) for item in ids])

    def all_items(self, kind: str | None = None) -> Iterator[Item]:
        """All items by ascending id, read page by page; with the thumbnails that are copied already."""
        return self._reader.all_items(kind)

    def find(self, *, path: str | None = None, content_hash: str | None = None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id."""
        return self._reader.find(path, content_hash)

    def __len__(self) -> int:
        """Number of items."""
        return self._reader.count()

    def __bool__(self) -> bool:
        """True: an empty collection is still a collection."""
        return True

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, for the terms that occur; kept for some seconds."""
        return self._reader.document_frequencies()

    def stats(self, frequent: int = 20) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""
        return self._reader.stats(frequent)

    def verify(self) -> list[str]:
        """What is wrong with the rows, one sentence each; whether Milvus's own index agrees with them is its affair."""
        return self._reader.findings().sentences()

    def repair(self) -> Repairs:
        """Removes the items that `verify` finds; indexing their folders again brings them back."""
        return self._open_writer().repair(self._reader)

    def compact(self) -> NoReturn:
        """Refused: CollectionError."""
        raise CollectionError(f"Milvus tidies {self.address} up by itself; there is nothing to compact.")

    def close(self) -> None:
        """Ends writing and reading; closing twice is fine."""
        with self._lock:
            if self._table.closed:
                return
            if self._writer is not None:
                self._writer.flush()
            self._table.close()
            self._thumbnails.close()
            if self._writer is not None:
                end_writing(self.address)

    def __enter__(self) -> "MilvusCollection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_writer(self) -> Writer:
        """The writer; CollectionClosed after `close`, CollectionReadOnly where writing was not asked for."""
        self._table.check_open()
        if self._writer is None:
            raise open_for_reading(self.address)
        return self._writer
