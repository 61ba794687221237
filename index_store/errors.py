"""The errors that Sightwords raises on purpose: one sentence each, for a person; the base of every layer's own."""


class SightwordsError(Exception):
    """Something a person can act on; `str(error)` is one sentence: what was wrong, with which input, what to do."""


class VectorError(SightwordsError, ValueError):
    """A sparse vector that breaks its own rules (order, sign, finiteness)."""


class CollectionError(SightwordsError):
    """A collection that cannot be opened, read or written."""


class CollectionNotFound(CollectionError):
    """No collection lies at the path: nothing there, or a folder that is something else."""


class CollectionExists(CollectionError):
    """A collection (or another non-empty folder) already lies where one was to be made."""


class CollectionMismatch(CollectionError):
    """The collection was made by another model or with another vocabulary than the one asked for."""


class CollectionTooNew(CollectionError):
    """The collection was written by a newer version, in a form that this one does not know."""


class CollectionBusy(CollectionError):
    """Somebody else is writing to the collection (one writer at a time, across processes)."""


class CollectionReadOnly(CollectionError):
    """A write was asked of a collection that is open for reading, or of a folder that may not be written."""


class CollectionFull(CollectionError):
    """The disk ran full (or a quota was hit) while writing; nothing was added."""


class CollectionDamaged(CollectionError):
    """Files of the collection are missing or cannot be read as what they should be."""


class CollectionClosed(CollectionError):
    """The collection was used after it was closed."""


class ItemNotFound(CollectionError, KeyError):
    """An id that the collection does not hold (never did, or the item was removed)."""

    def __str__(self) -> str:  # KeyError would show the sentence in quotes
        return str(self.args[0]) if self.args else ""
