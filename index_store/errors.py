"""The errors that Sightwords raises on purpose: one sentence each, for a person; the base of every layer's own."""

import errno
from pathlib import Path


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


class CollectionUnreachable(CollectionError):
    """The server that holds the collection does not answer, or not as it should."""


class CollectionClosed(CollectionError):
    """The collection was used after it was closed."""


class FilterError(SightwordsError):
    """A condition on items that cannot be understood."""


class ExchangeError(SightwordsError):
    """A file of items that cannot be written or read, or a line of it that is no item."""


class ItemNotFound(CollectionError, KeyError):
    """An id that the collection does not hold (never did, or the item was removed)."""

    def __str__(self) -> str:  # KeyError would show the sentence in quotes
        return str(self.args[0]) if self.args else ""


def disk_full(folder: Path) -> CollectionFull:
    """Whichever of the two stores, or the system, says so first: the same sentence (so with the next two)."""
    return CollectionFull(f"The disk is full, so the collection {folder} could not be written; free some space.")


def not_writable(folder: Path) -> CollectionReadOnly:
    """The system does not let us write to the collection's folder."""
    return CollectionReadOnly(f"The collection {folder} may not be written here; check the folder's permissions.")


def cannot_be_read(folder: Path, error: OSError | ValueError) -> CollectionError:
    """The system does not let us look at the collection's folder, or it cannot be the name of one."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return CollectionError(f"The collection {folder} cannot be read: {reason.lower()}; check its path and permissions.")


def not_readable(folder: Path) -> CollectionError:
    """The system does not let us read files of the collection."""
    return CollectionError(f"The collection {folder} may not be read here; check the permissions of its files.")


def outdated(folder: Path) -> CollectionError:
    """A collection of an earlier form was opened for reading, which cannot bring it up to date."""
    return CollectionError(
        f"The collection {folder} was written by an older Sightwords; it is brought up to date by "
        f"`sightwords verify --repair --collection {folder}`."
    )


def closed(place: Path | str) -> CollectionClosed:
    """The collection was used after `close`."""
    return CollectionClosed(f"The collection {place} has been closed; open it again to use it.")


def open_for_reading(place: Path | str) -> CollectionReadOnly:
    """A write was asked of a collection that was not opened for that."""
    return CollectionReadOnly(f"The collection {place} is open for reading; open it with writable=True.")


def no_item(place: Path | str, item: int) -> ItemNotFound:
    """The collection was asked for an id that it does not hold."""
    return ItemNotFound(f"The collection {place} holds no item {item}; it may have been removed.")


def explain_os_error(error: OSError, folder: Path) -> CollectionError:
    """The operating system's error while writing to a collection folder, as one of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return disk_full(folder)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return not_writable(folder)
    reason = (error.strerror or str(error)).lower()
    return CollectionError(f"The collection {folder} could not be written ({reason}); check its path.")
