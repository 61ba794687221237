"""What goes into a collection and what comes out of it: plain records; knows nothing of how they are stored."""

import builtins
from dataclasses import dataclass

from index_store.vectors import SparseVector


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
class NewItem:
    """What to add. `thumbnail`: bytes of a WebP or JPEG file; `bytes`: size of the original file.

    `taken` to `longitude`: as in `Description`; `described`: when the file was asked for them (ISO 8601, UTC).
    `likeness`: a picture's hash (`likeness.py`); None where it is to be looked for later.
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
    likeness: builtins.bytes | None = None


@dataclass(frozen=True)
class Item:
    """What a collection knows of an item. `added`: ISO 8601, UTC; `thumbnail`: absolute path of its file.

    The rest as in `NewItem`.
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


@dataclass(frozen=True)
class Hit:
    """A found item; `score` is exactly `query.dot(item's vector)`, > 0."""

    id: int
    score: float


@dataclass(frozen=True)
class Retrieval:
    """Hits by descending score, then ascending id. `exact`: proven to be the true top k (always, without a budget)."""

    hits: tuple[Hit, ...]
    exact: bool
    retrieve_ms: float
    rescore_ms: float


@dataclass(frozen=True)
class Counts:
    """Items that a filter lets through: how many, and how many of each kind, folder (absolute), tag, camera and year
    that they were taken in, most first.
    """

    items: int
    kinds: dict[str, int]
    folders: dict[str, int]
    tags: dict[str, int]
    cameras: dict[str, int]
    years: dict[str, int]


@dataclass(frozen=True)
class Repairs:
    """What mending a collection did, in items."""

    removed: int
    rewritten: int


@dataclass(frozen=True)
class Compaction:
    """What making a collection small did: bytes on disk, pieces of the index and documents in it, before and after."""

    bytes_before: int
    bytes_after: int
    segments_before: int
    segments_after: int
    documents_before: int
    documents_after: int


@dataclass(frozen=True)
class Stats:
    """A collection in numbers; `frequent`: (term, number of items that have it), the most frequent first.

    `bytes_on_disk`: None where that is a server's own business.
    """

    items: int
    by_kind: dict[str, int]
    mean_terms: float
    postings: int
    distinct_terms: int
    bytes_on_disk: int | None
    frequent: tuple[tuple[str, int], ...]
