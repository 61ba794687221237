"""The folder of a collection and its parts: makes them whole or not at all, checks them, deletes them.

`catalog.sqlite` says which items exist, `index/` (tantivy) finds them, `thumbs/` has small pictures, `held/` what can
be made of these at any time (`memory/kept.py`). This file knows nothing of vectors, nor of what a collection does once
it is open.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from index_store.catalog.catalog import Catalog
from index_store.errors import (
    CollectionExists,
    CollectionNotFound,
    CollectionTooNew,
    cannot_be_read,
    explain_os_error,
    not_writable,
    outdated,
)
from index_store.files import sync
from index_store.folder.writer_lock import WriterLock
from index_store.items import now
from index_store.postings import impacts
from index_store.postings.index import PostingsIndex
from index_store.thumbnails import Thumbnails

CATALOG = "catalog.sqlite"
POSTINGS = "index"
GONE = ".deleted-"  # begins the name of what is left of a deleted collection; a random number follows
EARLIER = "postings"  # the folder of postings in earlier forms (`migration.py`)


def make(folder: Path, model: str, vocabulary: Sequence[str], precision: str | None = None) -> None:
    """Makes a new, empty collection; CollectionExists where something lies there already."""
    with _readable(folder):
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise _taken(folder)
    about = {"model": model, "impacts": impacts.IMPACT_FORMAT, "created": now()}
    if precision is not None:
        about["precision"] = precision
    making = folder.parent / f".{folder.name}.new-{secrets.token_hex(4)}"
    try:
        making.mkdir(parents=True)
        Thumbnails.create(making)
        PostingsIndex.create(making / POSTINGS)
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
def _readable(folder: Path) -> Iterator[None]:
    """Inside, errors of reading the folder become CollectionErrors."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise cannot_be_read(folder, error) from error


def is_collection(folder: Path) -> bool:
    """Whether the parts are there (opens nothing); OSError where the folder may not be read."""
    return (folder / CATALOG).is_file() and ((folder / POSTINGS).is_dir() or is_outdated(folder))


def exists(folder: Path) -> bool:
    """As `is_collection`, but CollectionError where the folder may not be read."""
    with _readable(folder):
        return is_collection(folder)


def is_outdated(folder: Path) -> bool:
    """Whether the collection is of an earlier form, or its migration was killed."""
    return (folder / EARLIER).is_dir()


def delete(folder: Path, wait: float) -> None:
    """Deletes a collection once nobody writes to it: first the folder loses its name at once, then the files go.

    wait: seconds for which it waits for another process's write.
    """
    check_folder(folder, writable=True)
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


def check_folder(folder: Path, *, writable: bool) -> None:
    """CollectionNotFound where no collection lies there; CollectionReadOnly where it cannot be opened `writable`.

    CollectionError where the folder may not be read, or is of an earlier form and is to be opened for reading.
    """
    with _readable(folder):
        if not folder.exists():
            raise CollectionNotFound(f"There is no collection at {folder}; index some pictures into it first.")
        if not is_collection(folder):
            raise CollectionNotFound(f"{folder} is not a collection; name the folder that `index` made.")
        if writable and not os.access(folder, os.W_OK):
            raise not_writable(folder)
        if not writable and not (folder / POSTINGS).is_dir():
            raise outdated(folder)


def check_form(folder: Path, about: dict[str, str]) -> None:
    """CollectionError where the postings have an earlier or an unknown form, by what `Catalog.about` says."""
    if about["impacts"] != impacts.IMPACT_FORMAT and is_outdated(folder):
        raise outdated(folder)
    if about["impacts"] != impacts.IMPACT_FORMAT:
        raise CollectionTooNew(f"The collection {folder} keeps its postings in another form; index the pictures anew.")
