"""A collection of sparse vectors in a folder, as one object; knows nothing of models.

`reader.py` answers questions, `writer.py` changes it (and proves that the two stores agree), `maintenance.py` verifies,
repairs and compacts it. This file opens the parts, closes them, and passes on what it is asked.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from index_store.catalog.catalog import Catalog
from index_store.dense import DenseQuery
from index_store.errors import closed, open_for_reading
from index_store.filters import EVERYTHING, Filter
from index_store.folder import layout
from index_store.folder.maintenance import Maintenance
from index_store.folder.migration import migrate
from index_store.folder.reader import Reader
from index_store.folder.writer import Writer
from index_store.folder.writer_lock import WAIT_S, WriterLock
from index_store.items import Compaction, Counts, Description, Item, NewItem, Repairs, Retrieval, Seen, Stats
from index_store.origin import Origin
from index_store.postings.index import PostingsIndex
from index_store.postings.writer import PostingsWriter
from index_store.snapshots.snapshots import Snapshots
from index_store.thumbnails import FOLDER as THUMBNAILS
from index_store.vectors import SparseVector


class Collection:
    """Made by `create` or `open`, never directly. A context manager; any thread may call the methods that read.

    Every change is durable when its method returns, and is made whole or not at all.
    """

    def __init__(
        self,
        path: Path,
        origin: Origin,
        catalog: Catalog,
        index: PostingsIndex,
        writers: tuple[WriterLock, PostingsWriter] | None,
        wait: float,
    ) -> None:
        """writers: of a collection that may be written to."""
        self._path, self._origin = path, origin
        self._lock = threading.RLock()  # held while a thread of this process writes
        self._closed = False
        self._catalog, self._index = catalog, index
        self._snapshots = snapshots = Snapshots(path, origin.size, catalog, index)
        self._reader = Reader(path, origin, catalog, snapshots)
        self._maintenance = Maintenance(path, catalog, index, snapshots, self._reader, self._lock, origin.size)
        self._writer: Writer | None = None
        if writers is not None:
            lock, postings = writers
            self._writer = Writer(
                path, origin, catalog, index, snapshots, lock=self._lock, writer_lock=lock, postings=postings, wait=wait
            )

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        model: str,
        vocabulary: Sequence[str],
        precision: str | None = None,
        wait: float = WAIT_S,
    ) -> "Collection":
        """A new, empty collection, open for writing. CollectionExists where something lies at `path` already."""
        target = Path(path).absolute()
        layout.make(target, model, vocabulary, precision)
        return cls.open(target, writable=True, wait=wait)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        model: str | None = None,
        vocabulary: Sequence[str] | None = None,
        writable: bool = False,
        wait: float = WAIT_S,
    ) -> "Collection":
        """An existing collection; with `model` or `vocabulary`, refuses one that was made by another.

        wait: seconds for which opening it `writable`, and each write, waits while another process writes;
        CollectionBusy then says which.
        """
        target = Path(path).absolute()
        layout.check_folder(target, writable=writable)
        with ExitStack() as opened, ExitStack() as alone:
            lock = WriterLock(target) if writable else None
            if lock is not None:
                lock.acquire(wait)
                alone.callback(lock.release)
                migrate(target)
            index = PostingsIndex(target / layout.POSTINGS, writable=writable)
            opened.callback(index.close)
            writers = None
            if lock is not None:
                postings = PostingsWriter(index)
                opened.callback(postings.close)
                writers = lock, postings
            catalog = Catalog(target / layout.CATALOG, writable=writable)
            opened.callback(catalog.close)
            about = catalog.about()
            layout.check_form(target, about)
            origin = Origin.of(about, catalog.vocabulary())
            origin.check(target, model, vocabulary)
            collection = cls(target, origin, catalog, index, writers, wait)
            if collection._writer is not None:
                collection._writer.clear_leftovers()
            opened.pop_all()  # from here on, `close` closes them
            return collection

    @staticmethod
    def delete(path: str | os.PathLike[str], wait: float = WAIT_S) -> None:
        """Deletes the collection in a folder, for good; the files that its items were made from stay."""
        layout.delete(Path(path).absolute(), wait)

    @staticmethod
    def exists(path: str | os.PathLike[str]) -> bool:
        """Whether a collection lies at `path` (opens nothing); CollectionError where that cannot be found out."""
        return layout.exists(Path(path))

    @staticmethod
    def outdated(path: str | os.PathLike[str]) -> bool:
        """Whether the collection at `path` is of an earlier form, which opening it for writing migrates."""
        return layout.is_outdated(Path(path))

    @property
    def path(self) -> Path:
        """The folder, absolute."""
        return self._path

    @property
    def address(self) -> str:
        """The folder, absolute, as text for people."""
        return str(self._path)

    @property
    def thumbnails(self) -> Path:
        """The folder below which the thumbnails lie."""
        return self._path / THUMBNAILS

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

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Keeps others from writing inside: for what is looked up first and then written. Each write enters it itself.

        Yields whether somebody else may have written since the last time. CollectionBusy after too long a wait.
        """
        with self._open_writer().writing() as others:
            yield others

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items, or none; removes `replacing` in the same step. Returns the new ids, in order."""
        return self._open_writer().add(items, replacing)

    def remove(self, ids: Iterable[int]) -> int:
        """Removes items; skips ids that are not there. Returns how many were."""
        return self._open_writer().remove(ids)

    def move(self, paths: Mapping[int, str], removing: Sequence[int] = ()) -> int:
        """Gives items {id: path} other paths and removes `removing`, in one step; returns how many it removed.

        Everything else that is known of an item stays. Skips ids that are not there.
        """
        return self._open_writer().move(paths, removing)

    def tag(self, ids: Iterable[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Gives items tags and takes others from them; CollectionError for a text that cannot be a tag."""
        self._open_writer().tag(ids, add, remove)

    def describe(self, descriptions: Mapping[int, Description]) -> None:
        """Stores what the files of items {id: …} say of them, in one step; skips ids that are not there.

        Tags are added to those that an item has; a caption that is None leaves the item's own as it is.
        """
        self._open_writer().describe(descriptions)

    def without_similarity_hash(self) -> list[int]:
        """Ids of pictures whose similarity hash nobody has computed, ascending."""
        return self._reader.without_similarity_hash()

    def note_similarity_hashes(self, hashes: Mapping[int, bytes | None]) -> None:
        """Stores similarity hashes {id: hash} (`similarity.py`), or None for a picture that shows nothing."""
        self._open_writer().note_similarity_hashes(hashes)

    @property
    def dense_size(self) -> int | None:
        """How many numbers the dense vectors have that are kept of items; None where none are kept."""
        return self._reader.dense_size

    def keep_dense(self, size: int) -> None:
        """From here on keeps dense vectors of `size` numbers; CollectionError where those kept have another size."""
        self._open_writer().keep_dense(size)

    def note_dense(self, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Gives items {id: (d,) of unit length} their dense vectors; skips ids that are not there.

        CollectionError where none are kept, VectorError for what is no dense vector.
        """
        self._open_writer().note_dense(vectors)

    def without_dense(self) -> list[int]:
        """Ids of items that have no dense vector, ascending; CollectionError where none are kept."""
        return self._reader.without_dense()

    def dense(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """{id: dense vector (d,)} of those ids that have one."""
        return self._reader.dense([int(item) for item in ids])

    @property
    def caption_weight(self) -> float | None:
        """What captions weigh in their pictures' vectors, 0 to 1; None where nobody has chosen, so that they do not."""
        return self._reader.caption_weight

    def weigh_captions(self, weight: float) -> None:
        """Notes what captions weigh from here on, 0 to 1, for whoever makes vectors; it changes none."""
        self._open_writer().weigh_captions(weight)

    def seen(self, ids: Sequence[int]) -> dict[int, Seen]:
        """{id: what was seen} of those ids whose vectors hold written words, too."""
        return self._reader.seen([int(item) for item in ids])

    def group_copies(self) -> None:
        """Groups anew the pictures that are nearly equal, or equal to the byte."""
        self._open_writer().group_copies()

    def copies(self) -> list[list[int]]:
        """The groups of nearly equal pictures, as `group_copies` found them last: ids, ascending."""
        return self._reader.copies()

    def copies_of(self, item: int) -> list[int]:
        """The ids of the group of copies that an item is in, ascending; none for one that has no copy."""
        return self._reader.copies_of(item)

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (number of its group of copies, size of the group)} of the ids in a group of at least two."""
        return self._reader.alike([int(item) for item in ids])

    def ids(self, where: Filter = EVERYTHING) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""
        return self._reader.ids(where)

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many items a filter lets through; quick right after a search with the same filter."""
        return self._reader.count(where)

    def counts(self, where: Filter = EVERYTHING, most: int = 50) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera and year (`most` of each)."""
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
        where: only items that this filter lets through.  budget: read at most so many postings (an item under a term),
        those that count most first. Where the budget ends the search before the proof, `exact` is false: the scores
        are exact still, but better items may be missing.  dense: the whole of the question, compared with every item;
        the score is then `vector.dot(item)` + weight × cosine, and `vector` may be empty. CollectionError where no
        dense vectors are kept.
        """
        return self._reader.search(vector, k, kind, candidates, where, budget, dense)

    def load(self, memory: int | None = None) -> bool:
        """Holds all vectors in memory from now on, some 3 bytes a weight: a search then takes a fraction of the time.

        Worth it for a program that searches often. Items that are added later are held as well; twice is fine. They
        are kept in files below the folder, where it can be written to, for whoever loads them next. memory: bytes that
        may be held; where more would be needed, nothing is, and the answer is False.
        """
        if memory is not None and self._reader.bytes_to_hold() > memory:
            return False
        self._snapshots.load()
        self._reader.hold_dense()
        return True

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`; ItemNotFound where one is not there."""
        return self._reader.items([int(item) for item in ids])

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""
        return self._reader.vectors([int(item) for item in ids])

    def all_items(self, kind: str | None = None) -> Iterator[Item]:
        """All items by ascending id, read page by page; items that are added meanwhile come too."""
        return self._reader.all_items(kind)

    def find(self, *, path: str | None = None, content_hash: str | None = None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id."""
        return self._reader.find(path, content_hash)

    def __len__(self) -> int:
        """Number of items."""
        return self._snapshots.current().count

    def __bool__(self) -> bool:
        """True: an empty collection is still a collection."""
        return True

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it}, exact, for the terms that occur."""
        return self._reader.document_frequencies()

    def stats(self, frequent: int = 20) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""
        return self._reader.stats(frequent)

    def verify(self) -> list[str]:
        """What is wrong with the collection, one sentence each; none where catalog and postings agree."""
        return self._maintenance.verify()

    def repair(self) -> Repairs:
        """Mends what `verify` finds (see `Maintenance.repair`); CollectionDamaged where the catalog is damaged."""
        return self._maintenance.repair(self._open_writer())

    def compact(self) -> Compaction:
        """Writes the index anew without what was removed, in as few segments as can be; ids and scores stay."""
        return self._maintenance.compact(self._open_writer())

    @property
    def wasteful(self) -> bool:
        """Whether `compact` is worth calling (see `Maintenance.wasteful`)."""
        return self._maintenance.wasteful

    def close(self) -> None:
        """Ends writing and reading; closing twice is fine."""
        with self._lock:
            self._closed = True
            self._snapshots.close()
            if self._writer is not None:
                self._writer.close()
            self._index.close()
            self._catalog.close()

    def __enter__(self) -> "Collection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_writer(self) -> Writer:
        """The writer; CollectionClosed after `close`, CollectionReadOnly where writing was not asked for."""
        if self._closed:
            raise closed(self._path)
        if self._writer is None:
            raise open_for_reading(self._path)
        return self._writer
