"""Items as rows of the catalog, and back; knows neither connections nor postings."""

from pathlib import Path

from index_store.catalog.catalog import SEPARATOR
from index_store.catalog.connection import Row
from index_store.dense import to_bytes
from index_store.items import METADATA, Item, NewItem


def row_of(number: int, item: NewItem, added: str, thumbnail: str | None, dense: bool = False) -> Row:
    """A new item as a row for `Catalog.replace`.

    number: its id.  added: the time, as `now` gives it, for an item that says no other.  thumbnail: path of its file
    below the collection folder.  dense: whether dense vectors are kept.
    """
    return {name: getattr(item, name) for name in METADATA} | {
        "id": number,
        "added": item.added or added,
        "thumbnail": thumbnail,
        "terms": len(item.vector),
        "similarity_hash": item.similarity_hash if item.kind == "image" else None,
        "dense": to_bytes(item.dense) if dense and item.dense is not None else None,
        "seen": (item.seen.vector.to_bytes(), item.seen.words) if item.seen is not None else None,
    }


def item_of(row: Row, folder: Path) -> Item:
    """A row of the catalog as an item. folder: of the collection."""
    known = {name: value for name, value in row.items() if name not in ("terms", "thumbnail", "tags")}
    tags = tuple(row["tags"].split(SEPARATOR)) if row["tags"] else ()
    return Item(**known, tags=tags, thumbnail=str(folder / row["thumbnail"]) if row["thumbnail"] else None)
