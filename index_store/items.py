"""What goes into a collection and what comes out of it: plain records; knows nothing of how they are stored."""

import builtins
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index_store.vectors import SparseVector

KINDS = ("image", "caption")


def now() -> str:
    """The present time as collections write it down: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Description:
    """What a picture's file says of it: a caption, keywords, when, with what and where it was taken.

    `taken`: ISO 8601, local time, as much as is known of it ("2024", "2024-05-03T14:07:09+02:00"). `latitude` and
    `longitude`: degrees, north and east positive; both or none.
    """

    caption: str | None = None
    tags: tuple[str, ...] = ()
    taken: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class Seen:
    """What an item's vector would be without the words that were weighed into it: its picture alone.

    No weight of `vector` is above the item's own; what lies between the two was written. `words`: a digest of the words
    and of how they were weighed in, by which it is known whether others are due.
    """

    vector: SparseVector
    words: str


@dataclass(frozen=True)
class NewItem:
    """What to add. `thumbnail`: bytes of a WebP or JPEG file; `bytes`: size of the original file.

    `taken` to `longitude`: as in `Description`. `described`: when the picture's file was read for them (ISO 8601,
    UTC). `similarity_hash`: 40 bytes (see `similarity.py`); None where nobody has computed it yet. `dense`: (d,), of
    unit length, which only a collection that keeps dense vectors stores; None where nobody has made it. `seen`: None
    where no words were weighed into `vector`. `added`: as in `Item`; now where it is None.
    """

    kind: str
    path: str
    caption: str | None
    content_hash: str
    vector: SparseVector
    width: int = 0
    height: int = 0
    bytes: int = 0
    thumbnail: builtins.bytes | None = None
    tags: tuple[str, ...] = ()
    taken: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    described: str | None = None
    similarity_hash: builtins.bytes | None = None
    dense: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    seen: Seen | None = None
    added: str | None = None


@dataclass(frozen=True)
class Item:
    """What a collection knows of an item. `added`: ISO 8601, UTC; `thumbnail`: absolute path of its file.

    The other fields are those of `NewItem`.
    """

    id: int
    kind: str
    path: str
    caption: str | None
    content_hash: str
    width: int
    height: int
    bytes: int
    added: str
    thumbnail: str | None
    tags: tuple[str, ...] = ()  # ascending
    taken: str | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    described: str | None = None


METADATA = (
    "kind",
    "path",
    "caption",
    "content_hash",
    "width",
    "height",
    "bytes",
    "tags",
    "taken",
    "camera",
    "latitude",
    "longitude",
    "described",
)  # the fields that `Item` and `NewItem` share, with the same values


def again(
    item: Item, vector: SparseVector, dense: NDArray[np.float32] | None = None, seen: Seen | None = None
) -> NewItem:
    """A copy of an item, to be added a second time. It has the thumbnail where that file can still be read."""
    try:
        thumbnail = Path(item.thumbnail).read_bytes() if item.thumbnail else None
    except OSError:
        thumbnail = None
    known = {name: getattr(item, name) for name in METADATA}
    return NewItem(**known, vector=vector, thumbnail=thumbnail, dense=dense, seen=seen)


@dataclass(frozen=True)
class Hit:
    """An item that a search found. `score` > 0: exactly `query.dot(item's vector)`, and what a dense question adds."""

    id: int
    score: float


@dataclass(frozen=True)
class Retrieval:
    """Hits by descending score, then ascending id. `exact`: proven to be the true top k (always, without a budget).

    `retrieve_ms`: milliseconds until the candidates were there; `rescore_ms`: those that scoring them took.
    """

    hits: tuple[Hit, ...]
    exact: bool
    retrieve_ms: float
    rescore_ms: float


@dataclass(frozen=True)
class Counts:
    """The number of items that a filter lets through, in all and by kind, folder, tag, camera and year.

    Folders are absolute; the year is that in which a picture was taken. The most frequent value comes first.
    """

    items: int
    kinds: dict[str, int]
    folders: dict[str, int]
    tags: dict[str, int]
    cameras: dict[str, int]
    years: dict[str, int]


@dataclass(frozen=True)
class Repairs:
    """How many items a repair removed, and how many it wrote anew."""

    removed: int
    rewritten: int


@dataclass(frozen=True)
class Compaction:
    """What compacting changed: bytes on disk, segments of the index and documents in it, before and after."""

    bytes_before: int
    bytes_after: int
    segments_before: int
    segments_after: int
    documents_before: int
    documents_after: int


@dataclass(frozen=True)
class Stats:
    """A collection in numbers; `frequent`: (term, number of items that have it), the most frequent first.

    `bytes_on_disk`: None where a server keeps the collection. `dense_size`: numbers of a dense vector, None where none
    are kept; `dense`: how many items have one. `caption_weight`: as in `Store`; `written`: how many items have a vector
    with words in it.
    """

    items: int
    by_kind: dict[str, int]
    mean_terms: float
    postings: int
    distinct_terms: int
    bytes_on_disk: int | None
    frequent: tuple[tuple[str, int], ...]
    dense_size: int | None = None
    dense: int = 0
    caption_weight: float | None = None
    written: int = 0
