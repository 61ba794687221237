"""Selects items that a person names by id, file or folder, and says how many are too many to remove unasked.

Knows no user interface.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.pictures.folders.listing import is_gone
from index_store.errors import ItemNotFound
from index_store.store import Store

MANY = 20  # items: a person is asked before so many are removed,
SHARE = 10  # or before one in ten of the collection, or of the indexed folders, is,
FEW = 5  # but never about fewer than five


def is_many(count: int, held: int) -> bool:
    """Whether a person is asked before `count` of the `held` items of a collection are removed."""
    return count >= MANY or (count >= FEW and count * SHARE >= held)


def lost_much(count: int, known: int) -> bool:
    """Whether folders lost so many of their `known` items, `count`, that a person is asked before those are removed.

    People delete a few pictures of many. Where a tenth is gone, a disk that is not mounted is as likely.
    """
    return count * SHARE >= known and count >= (FEW if 2 * count > known else MANY)


def select_items(collection: Store, names: Sequence[str]) -> list[int]:
    """The ids, ascending, of all items at or below a named path, or with a named id.

    Raises ItemNotFound for a name that is none of either.
    """
    held = {item.id: Path(item.path) for item in collection.all_items()}
    ids: set[int] = set()
    for name in names:
        path = Path(os.path.realpath(os.path.expanduser(name.replace("\0", ""))))  # raises for neither ~name nor loops
        below = {item for item, file in held.items() if file.is_relative_to(path)}
        if not below and name.isdecimal() and int(name) in held:
            below = {int(name)}
        if not below:
            raise ItemNotFound(f"The collection {collection.address} has no item '{name}'; nothing was changed.")
        ids |= below
    return sorted(ids)


def remove_gone(collection: Store, ids: Iterable[int]) -> int:
    """Removes those of the items whose files are still gone; returns how many."""
    wanted = set(ids)
    with collection.writing():
        lost = [item.id for item in collection.all_items() if item.id in wanted and is_gone(item.path)]
        return collection.remove(lost)
