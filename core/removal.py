"""Which items a person means who names them by id, file or folder; knows no user interface."""

from collections.abc import Sequence
from pathlib import Path

from index_store.errors import ItemNotFound
from index_store.store import Store


def matching(collection: Store, names: Sequence[str]) -> list[int]:
    """The ids of all items at or below a named path, or with a named id; ItemNotFound for a name without any."""
    held = {item.id: Path(item.path) for item in collection.all_items()}
    ids: set[int] = set()
    for name in names:
        path = Path(name).expanduser().resolve()
        below = {item for item, place in held.items() if place.is_relative_to(path)}
        if not below and name.isdecimal() and int(name) in held:
            below = {int(name)}
        if not below:
            raise ItemNotFound(f"The collection {collection.place} has no item '{name}'; nothing was changed.")
        ids |= below
    return sorted(ids)
