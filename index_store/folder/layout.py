"""The folder of a collection: its parts, made all at once or not at all, and refused where they are not as asked.

`catalog.sqlite` says which items exist, `index/` (tantivy) is what they are found by, `thumbs/` has small pictures.
Knows nothing of vectors, nor of what a collection does once it is open.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from index_store.catalog import Catalog, now
from index_store.errors import (
    CollectionExists,
    CollectionNotFound,
    CollectionTooNew,
    cannot_be_read,
    explain_os_error,
    not_writable,
    outdated,
)
from index_store.folder.thumbnails import Thumbnails
from index_store.folder.writer_lock import WriterLock
from index_store.postings import impacts
from index_store.postings.writer import Postings

CATALOG = "catalog.sqlite"
POSTINGS = "index"
GONE = ".deleted-"  # and a random number: what is left of a deleted collection
EARLIER = "postings"  # of the forms before (`upgrading.py`)


def make(folder: Path, model: str, vocabulary: Sequence[str], precision: str | None = None) -> None:
    """A new, empty collection; CollectionExists where something lies there already."""
    with _looking_at(folder):
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise _taken(folder)
    about = {"model": model, "impacts": impacts.IMPACT_FORMAT, "created": now()}
    if precision is not None:
        about["precision"] = precision
    making = folder.parent / f".{folder.name}.new-{secrets.token_hex(4)}"
    try:
        making.mkdir(parents=True)
        Thumbnails.create(making)
        Postings.create(making / POSTINGS)
        Catalog.create(making / CATALOG, about, vocabulary)
        making.rename(folder)  # a half-made collection never has its name
        sync(folder.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):  # another program was quicker
            raise _taken(folder) from error
        raise explain_os_error(error, folder) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _taken(folder: Path) -> CollectionExists:
    return CollectionExists(f"There is already something at {folder}; open it, or choose another folder.")


@contextmanager
def _looking_at(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise cannot_be_read(folder, error) from error


def is_collection(folder: Path) -> bool:
    """Whether the parts are there (opens nothing); OSError where that may not be known."""
    return (folder / CATALOG).is_file() and ((folder / POSTINGS).is_dir() or is_outdated(folder))


def exists(folder: Path) -> bool:
    """As `is_collection`, but CollectionError where the folder may not be looked at."""
    with _looking_at(folder):
        return is_collection(folder)


def is_outdated(folder: Path) -> bool:
    """Whether it is of an earlier form, or was killed while it was brought up to date."""
    return (folder / EARLIER).is_dir()


def delete(folder: Path, wait: float) -> None:
    """Deletes a collection once nobody writes to it: at once it is no longer there, then its files go."""
    check_place(folder, writable=True)
    lock = WriterLock(folder)
    lock.acquire(wait)
    going = folder.parent / f"{GONE}{secrets.token_hex(4)}"
    try:
        try:
            folder.rename(going)
        finally:
            lock.release()
        sync(folder.parent)
        for left in folder.parent.glob(f"{GONE}*"):  # also of a deletion that was interrupted
            shutil.rmtree(left)
    except OSError as error:
        raise explain_os_error(error, folder) from error


def check_place(folder: Path, *, writable: bool) -> None:
    """CollectionNotFound where none lies there; CollectionReadOnly where writing is asked for and not allowed.

    CollectionError where the folder may not be looked at.
    """
    with _looking_at(folder):
        if not folder.exists():
            raise CollectionNotFound(f"There is no collection at {folder}; index some pictures into it first.")
        if not is_collection(folder):
            raise CollectionNotFound(f"{folder} is not a collection; name the folder that `index` made.")
        if writable and not os.access(folder, os.W_OK):
            raise not_writable(folder)
        if not writable and not (folder / POSTINGS).is_dir():
            raise outdated(folder)


def check_form(folder: Path, about: dict[str, str]) -> None:
    """CollectionError where `about` (see `Catalog.about`) tells of postings in an earlier or an unknown form."""
    if about["impacts"] != impacts.IMPACT_FORMAT and is_outdated(folder):
        raise outdated(folder)
    if about["impacts"] != impacts.IMPACT_FORMAT:
        raise CollectionTooNew(f"The collection {folder} keeps its postings in another form; index the pictures anew.")


def bytes_below(folder: Path) -> int:
    """Size of all files in the folder, however deep."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except OSError:  # a merge may delete files while we count, and others may not be looked at
            continue
    return total


def sync(folder: Path) -> None:
    """Makes a rename inside the folder survive a power cut (where the system lets folders be synced)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
