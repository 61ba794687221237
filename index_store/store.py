"""What a collection can be asked, wherever it lies: the interface that everything above `index_store` uses.

`Collection` (in a folder) and `MilvusCollection` (in Milvus) answer alike, to the last bit of every score.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from index_store.dense import DenseQuery
from index_store.filters import EVERYTHING, Filter
from index_store.items import Compaction, Counts, Description, Item, NewItem, Repairs, Retrieval, Seen, Stats
from index_store.vectors import SparseVector


class Store(Protocol):
    """An open collection of sparse vectors. Any thread may call the methods that read.

    Every change is durable when its method returns. After `close`, every method raises CollectionClosed.
    """

    @property
    def address(self) -> str:
        """Where it lies, as text for people: the folder, absolute, or the address in Milvus."""

    @property
    def thumbnails(self) -> Path:
        """The folder of this machine below which the thumbnails of `items` lie."""

    @property
    def model(self) -> str:
        """Name of the model whose vectors the collection holds."""

    @property
    def precision(self) -> str | None:
        """The number format that the model computed in, in its own word; None where that was not kept."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The terms by id."""

    @property
    def digest(self) -> str:
        """SHA-256 that differs between vocabularies."""

    @property
    def writable(self) -> bool:
        """Whether the methods that write are allowed; else they raise CollectionReadOnly."""

    @property
    def wasteful(self) -> bool:
        """Whether `compact` is worth calling."""

    def writing(self) -> AbstractContextManager[bool]:
        """Keeps others from writing inside: for what is looked up first and then written. May be nested.

        Yields whether somebody else may have written since the last time. CollectionBusy after too long a wait.
        Milvus has no such lock: there only the threads of this process are kept out.
        """

    def add(self, items: Sequence[NewItem], replacing: Sequence[int] = ()) -> list[int]:
        """Adds all items and removes `replacing`. Returns the new ids, in the order of the items, ascending."""

    def remove(self, ids: Iterable[int]) -> int:
        """Removes items; skips ids that are not there. Returns how many were."""

    def move(self, paths: Mapping[int, str], removing: Sequence[int] = ()) -> int:
        """Gives items {id: path} other paths and removes `removing`; returns how many it removed."""

    def tag(self, ids: Iterable[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Gives items tags and takes others from them; CollectionError for a text that cannot be a tag."""

    def without_similarity_hash(self) -> list[int]:
        """Ids of pictures whose similarity hash nobody has computed, ascending; none where hashes are not kept."""

    def note_similarity_hashes(self, hashes: Mapping[int, bytes | None]) -> None:
        """Stores similarity hashes {id: hash} (`similarity.py`), or None for a picture that shows nothing.

        CollectionError where hashes are not kept.
        """

    @property
    def dense_size(self) -> int | None:
        """How many numbers the dense vectors have that are kept of items; None where none are kept."""

    def keep_dense(self, size: int) -> None:
        """From here on keeps dense vectors of `size` numbers, which `add` takes with an item.

        CollectionError where those kept have another size, and in Milvus.
        """

    def note_dense(self, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Gives items {id: (d,) of unit length} their dense vectors; skips ids that are not there.

        CollectionError where none are kept, VectorError for what is no dense vector.
        """

    def without_dense(self) -> list[int]:
        """Ids of items that have no dense vector, ascending; CollectionError where none are kept."""

    def dense(self, ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """{id: dense vector (d,)} of those ids that have one."""

    @property
    def caption_weight(self) -> float | None:
        """What captions and keywords weigh in their pictures' vectors, 0 to 1; None where nobody has chosen.

        It is kept for whoever makes vectors. Where it is None or 0, a picture's vector is of the picture alone.
        """

    def weigh_captions(self, weight: float) -> None:
        """Notes what captions and keywords weigh from here on; it changes no vector.

        CollectionError outside 0 to 1, and in Milvus.
        """

    def seen(self, ids: Sequence[int]) -> dict[int, Seen]:
        """{id: what was seen} of those ids whose vectors hold written words, too."""

    def group_copies(self) -> None:
        """Groups anew the pictures that are nearly equal, or equal to the byte."""

    def copies(self) -> list[list[int]]:
        """The groups of nearly equal pictures, as `group_copies` found them last: ids, ascending."""

    def copies_of(self, item: int) -> list[int]:
        """The ids of the group of copies that an item is in, ascending; none for one that has no copy."""

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (number of its group of copies, size of the group)} of the ids in a group of at least two."""

    def describe(self, descriptions: Mapping[int, Description]) -> None:
        """Stores what the files of items {id: …} say of them; skips ids that are not there.

        Tags are added to those that an item has; a caption that is None leaves the item's own as it is.
        """

    def ids(self, where: Filter = EVERYTHING) -> list[int]:
        """The ids of all items that a filter lets through, ascending."""

    def count(self, where: Filter = EVERYTHING) -> int:
        """How many items a filter lets through."""

    def counts(self, where: Filter = EVERYTHING, most: int = 50) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera and year (`most` of each)."""

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
        where: only items that this filter lets through.  budget: read at most so many postings, those that count most
        first; `exact` then says whether they were enough. CollectionError where postings cannot be counted.
        VectorError where the vector has a term that the vocabulary lacks.  dense: the whole of the question, compared
        with every item; the score is then `vector.dot(item)` + weight × cosine, and `vector` may be empty.
        CollectionError where no dense vectors are kept.
        """

    def load(self, memory: int | None = None) -> bool:
        """Prepares for many searches: a collection in a folder holds its vectors in memory. Twice is fine.

        memory: bytes that may be held. Returns whether the vectors are held now.
        """

    def items(self, ids: Sequence[int]) -> list[Item]:
        """The items, in the order of `ids`, with their thumbnails; ItemNotFound where one is not there."""

    def vectors(self, ids: Sequence[int]) -> list[SparseVector]:
        """The exact vectors, in the order of `ids`; ItemNotFound where one is not there."""

    def all_items(self, kind: str | None = None) -> Iterator[Item]:
        """All items by ascending id, read page by page. In Milvus, only `items` fetches thumbnails."""

    def find(self, *, path: str | None = None, content_hash: str | None = None) -> list[Item]:
        """Items with this path and (where both are given) this content hash, by ascending id; thumbnails as above."""

    def __len__(self) -> int:
        """Number of items."""

    def __bool__(self) -> bool:
        """True: an empty collection is still a collection."""

    def document_frequencies(self) -> dict[int, int]:
        """{term id: number of items that have it} for the terms that occur."""

    def stats(self, frequent: int = 20) -> Stats:
        """The collection in numbers, with its `frequent` most frequent terms."""

    def verify(self) -> list[str]:
        """What is wrong with the collection, one sentence each; none where all is well."""

    def repair(self) -> Repairs:
        """Mends what `verify` finds; removes what cannot be mended."""

    def compact(self) -> Compaction:
        """Gives the room of removed items back to the disk; CollectionError in Milvus, which does so by itself."""

    def close(self) -> None:
        """Ends writing and reading; closing twice is fine."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
