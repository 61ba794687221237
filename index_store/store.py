"""What can be asked of a collection wherever it lies: the interface that everything above `index_store` speaks to.

`Collection` (a folder) and `MilvusCollection` (a Milvus server) answer it alike, to the last bit of every score.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from index_store.filters import EVERYTHING, Filter
from index_store.items import Compaction, Counts, Description, Item, NewItem, Repairs, Retrieval, Stats
from index_store.vectors import SparseVector


class Store(Protocol):
    """A collection of sparse vectors, open. Reading methods may be called from any thread."""

    @property
    def place(self) -> str:
        """Where it lies, for people: the folder, absolute, or the address."""

    @property
    def thumbnails(self) -> Path:
        """The folder of this machine below which the thumbnails of `items` lie."""

    @property
    def model(self) -> str:
        """Name of the model whose vectors the collection holds."""

    @property
    def precision(self) -> str | None:
        """What the model computed in when it made the collection, in its own word; None where that was not kept."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The terms by id."""

    @property
    def digest(self) -> str:
        """SHA-256 that tells vocabularies apart."""

    @property
    def writable(self) -> bool:
        """Whether `add`, `remove` and `tag` are allowed."""

    @property
    def wasteful(self) -> bool:
        """Whether `compact` is worth calling."""

    def writing(self) -> AbstractContextManager[bool]:
        """Keeps others from writing inside, where that is ours to do: for what is looked up and then written.

        Yields whether somebody else may have written since the last time. CollectionBusy after too long a wait.
        """

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items, durably, and removes `replacing`. Returns the new ids, ascending."""

    def remove(self, ids: Iterable[int]) -> int:
        """Removes items, durably; ids that are not there are passed over. Returns how many were."""

    def move(self, paths: Mapping[int, str], removing: Sequence[int] = ()) -> int:
        """Gives items {id: path} other paths and removes `removing`, durably; returns how many it removed."""

    def tag(self, ids: Iterable[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Gives items tags and takes others from them, durably; CollectionError for a tag that cannot be one."""

    def without_likeness(self) -> list[int]:
        """Ids of pictures that nobody has looked at for a hash of what they show, ascending."""

    def note_likeness(self, hashes: Mapping[int, bytes | None]) -> None:
        """Writes down such hashes (`likeness.py`), or that a picture has none."""

    def group_copies(self) -> None:
        """Finds anew which pictures are nearly equal, or equal to the byte."""

    def copies(self) -> list[list[int]]:
        """The groups of nearly equal pictures, as they were found last: ids, ascending."""

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (a number that its whole group shares, how many that has)} of items in a group of at least two."""

    def describe(self, told: Mapping[int, Description]) -> None:
        """Writes down what the files of items {id: …} say of them, durably; ids that are not there are passed over.

        Tags are added to those they have; a caption that is None leaves theirs as it is.
        """

    def ids(self, where: Filter = EVERYTHING) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many items a filter lets through."""

    def counts(self, where: Filter = EVERYTHING, most: int = 50) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera, year (`most` of each)."""

    def search(
        self,
        vector: SparseVector,
        k: int,
        *,
        kind: str | None = None,
        candidates: SparseVector | None = None,
        where: Filter = EVERYTHING,
        budget: int | None = None,
    ) -> Retrieval:
        """The k items with the highest `vector.dot(item)` > 0; ties go to the smaller id.

        kind: only such items.  candidates: only items that share at least one term with it.  where: only items that it
        lets through.  budget: at most so many postings are read, the heaviest first; `exact` tells whether they
        were enough; CollectionError where postings cannot be counted.
        """

    def load(self) -> None:
        """Prepares for many searches, where that is ours to do: holds what they read in memory. Twice is fine."""

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`, with their thumbnails; ItemNotFound where one is not there."""

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""

    def all_items(self, kind: str | None = None) -> Iterator[Item]:
        """All items by ascending id, read page by page. Thumbnails from afar are told by `items` only."""

    def find(self, *, path: str | None = None, content_hash: str | None = None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id; as `all_items`."""

    def __len__(self) -> int:
        """Number of items."""

    def __bool__(self) -> bool:
        """An empty collection is still a collection."""

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it} for the terms that occur."""

    def stats(self, frequent: int = 20) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""

    def verify(self) -> list[str]:
        """What is wrong with the collection, one sentence each."""

    def repair(self) -> Repairs:
        """Mends what `verify` finds."""

    def compact(self) -> Compaction:
        """Makes the collection small; CollectionError where that is not ours to do."""

    def close(self) -> None:
        """Ends writing and reading; closing twice is fine."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
