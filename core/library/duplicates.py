"""Finds the pictures of a collection that are equal or nearly so; knows no user interface."""

import io
import logging
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from core.pictures.similarity import similarity_hash
from index_store.items import Item
from index_store.store import Store

BATCH = 500  # thumbnails that are looked at between two commits
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Copies:
    """Pictures that are nearly equal, by ascending id; `equal`: to the byte."""

    items: tuple[Item, ...]
    equal: bool


def find_copies(collection: Store) -> None:
    """Brings the groups of nearly equal pictures up to date.

    A picture that was added without a similarity hash gets that of its thumbnail.
    """
    while collection.without_similarity_hash():
        with collection.writing():
            some = collection.without_similarity_hash()[:BATCH]  # others may have written before this
            collection.note_similarity_hashes({item.id: _of_thumbnail(item) for item in collection.items(some)})
    collection.group_copies()


def copies(collection: Store) -> list[Copies]:
    """The groups of nearly equal pictures, largest first, as `find_copies` found them last."""
    found = [collection.items(ids) for ids in collection.copies()]
    groups = [Copies(tuple(items), len({item.content_hash for item in items}) == 1) for items in found]
    return sorted(groups, key=lambda one: (-len(one.items), one.items[0].id))


def _of_thumbnail(item: Item) -> bytes | None:
    if item.thumbnail is None:
        return None
    try:
        with Image.open(io.BytesIO(Path(item.thumbnail).read_bytes())) as image:
            return similarity_hash(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, ValueError) as error:
        log.info("the thumbnail of item %d has no similarity hash: %s", item.id, error)
        return None
