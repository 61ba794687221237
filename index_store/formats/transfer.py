"""What imports and exports share: files written whole, items added in batches, another collection as the source."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from index_store.address import Address
from index_store.errors import ExchangeError
from index_store.items import NewItem, again
from index_store.opening import open_collection
from index_store.progress import Progress, silent
from index_store.store import Store

BATCH = 500  # items at a time: bounds memory, and the time that a crash can cost


@dataclass(frozen=True)
class Imported:
    """How many items were added, and how many were there already (same kind, path, content and caption)."""

    added: int
    present: int


@contextmanager
def written_whole(target: Path) -> Iterator[BinaryIO]:
    """A file to be filled, which gets its name, durably, only once it is whole; ExchangeError where that fails."""
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ExchangeError(f"{target} cannot be written: {(error.strerror or str(error)).lower()}.") from error


def add_missing(collection: Store, items: Iterable[NewItem], total: int, *, progress: Progress = silent) -> Imported:
    """Adds the items that the collection does not have yet (same kind, path, content and caption), batch by batch.

    total: about how many items come, for `progress`.
    """
    added = present = 0
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        with collection.writing():
            new = [item for item in batch if not _present(collection, item)]
            collection.add(new)
        added, present = added + len(new), present + len(batch) - len(new)
        progress(added + present, max(total, added + present), "")
    return Imported(added, present)


def import_collection(collection: Store, source: Address, *, progress: Progress = silent) -> Imported:
    """Adds the items of another collection, with thumbnails and tags, except those that are there already.

    Where both keep dense vectors, these come along. Words that were weighed into vectors stay in them, told apart from
    what was seen. CollectionMismatch where another model, or one with another vocabulary, made it.
    """
    with open_collection(source, model=collection.model, vocabulary=collection.vocabulary) as other:
        return add_missing(collection, _copies(other), len(other), progress=progress)


def _copies(collection: Store) -> Iterator[NewItem]:
    items = collection.all_items()
    while batch := list(islice(items, BATCH)):
        ids = [item.id for item in batch]
        dense, seen = collection.dense(ids), collection.seen(ids)
        yield from map(again, collection.items(ids), collection.vectors(ids), map(dense.get, ids), map(seen.get, ids))


def _present(collection: Store, item: NewItem) -> bool:
    same = collection.find(path=item.path, content_hash=item.content_hash)
    return any((one.kind, one.caption) == (item.kind, item.caption) for one in same)
