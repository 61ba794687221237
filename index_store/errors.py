"""The errors that Sightwords raises on purpose, each with one sentence for a person; other layers derive theirs.

Both kinds of collection raise them, so the functions below make the sentences that more than one place needs.
"""

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
    """Another process is writing to the collection; only one may at a time."""


class CollectionReadOnly(CollectionError):
    """The collection is open for reading, or its folder may not be written."""


class CollectionFull(CollectionError):
    """The disk is full, or a quota is used up; nothing was added."""


class CollectionDamaged(CollectionError):
    """Files of the collection are missing, or hold something else than they should."""


class CollectionUnreachable(CollectionError):
    """The server that holds the collection does not answer, or refuses us."""


class CollectionClosed(CollectionError):
    """The collection was used after it was closed."""


class FilterError(SightwordsError):
    """A condition on items that cannot be understood."""


class ExchangeError(SightwordsError):
    """A file of items cannot be written or read, or a line of it is no item."""


class ItemNotFound(CollectionError, KeyError):
    """An id that the collection does not hold (never did, or the item was removed)."""

    def __str__(self) -> str:  # KeyError would show the sentence in quotes
        return str(self.args[0]) if self.args else ""


def disk_full(folder: Path) -> CollectionFull:
    """SQLite, tantivy or the operating system found no room left; whichever says so first, the sentence is the same."""
    return CollectionFull(f"The disk is full, so the collection {folder} could not be written; free some space.")


def not_writable(folder: Path) -> CollectionReadOnly:
    """The operating system does not let us write to the collection's folder."""
    return CollectionReadOnly(f"The collection {folder} may not be written here; check the folder's permissions.")


def cannot_be_read(folder: Path, error: OSError | ValueError) -> CollectionError:
    """The operating system does not let us look at the collection's folder, or the path cannot be one."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return CollectionError(f"The collection {folder} cannot be read: {reason.lower()}; check its path and permissions.")


def not_readable(folder: Path) -> CollectionError:
    """The operating system does not let us read files of the collection."""
    return CollectionError(f"The collection {folder} may not be read here; check the permissions of its files.")


def outdated(folder: Path) -> CollectionError:
    """A collection of an earlier form was opened for reading; only a writer can migrate it."""
    return CollectionError(
        f"The collection {folder} was written by an older Sightwords; it is brought up to date by "
        f"`sightwords verify --repair --collection {folder}`."
    )


def closed(address: Path | str) -> CollectionClosed:
    """The collection was used after `close`."""
    return CollectionClosed(f"The collection {address} has been closed; open it again to use it.")


def open_for_reading(address: Path | str) -> CollectionReadOnly:
    """A write was asked of a collection that is open for reading."""
    return CollectionReadOnly(f"The collection {address} is open for reading; open it with writable=True.")


def keeps_no_dense(address: Path | str) -> CollectionError:
    """A collection that keeps terms only was asked for dense vectors."""
    return CollectionError(
        f"The collection {address} keeps no dense vectors, which ranking by the whole picture needs; "
        f"`sightwords index FOLDER --keep-dense --collection {address}` adds them."
    )


def no_item(address: Path | str, item: int) -> ItemNotFound:
    """The collection was asked for an id that it does not hold."""
    return ItemNotFound(f"The collection {address} holds no item {item}; it may have been removed.")


def explain_os_error(error: OSError, folder: Path) -> CollectionError:
    """Turns an operating system's error while writing to a collection folder into one of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return disk_full(folder)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return not_writable(folder)
    reason = (error.strerror or str(error)).lower()
    return CollectionError(f"The collection {folder} could not be written ({reason}); check its path.")
