"""Opens and makes a collection, wherever it lies; the only file that knows every kind of collection."""

import time
from collections.abc import Sequence
from pathlib import Path

from index_store.address import Address
from index_store.errors import CollectionBusy
from index_store.folder.collection import Collection
from index_store.folder.writer_lock import WAIT_S
from index_store.store import Store


def open_collection(
    address: Address,
    *,
    model: str | None = None,
    vocabulary: Sequence[str] | None = None,
    writable: bool = False,
    wait: float = WAIT_S,
) -> Store:
    """An existing collection; with `model` or `vocabulary`, refuses one that was made by another.

    wait: seconds for which opening it `writable`, and each write to a folder, waits while another process writes.
    """
    if isinstance(address, Path):
        return Collection.open(address, model=model, vocabulary=vocabulary, writable=writable, wait=wait)
    from index_store.milvus.collection import MilvusCollection

    end = time.monotonic() + wait
    while True:
        try:
            return MilvusCollection.open(address, model=model, vocabulary=vocabulary, writable=writable)
        except CollectionBusy:
            if not writable or time.monotonic() >= end:
                raise
            time.sleep(min(1.0, wait))


def create_collection(
    address: Address, *, model: str, vocabulary: Sequence[str], precision: str | None = None, wait: float = WAIT_S
) -> Store:
    """A new, empty collection, open for writing. CollectionExists where something lies there already."""
    if isinstance(address, Path):
        return Collection.create(address, model=model, vocabulary=vocabulary, precision=precision, wait=wait)
    from index_store.milvus.collection import MilvusCollection

    return MilvusCollection.create(address, model=model, vocabulary=vocabulary, precision=precision)


def collection_exists(address: Address) -> bool:
    """Whether a collection lies there; CollectionError where that cannot be found out."""
    if isinstance(address, Path):
        return Collection.exists(address)
    from index_store.milvus.collection import MilvusCollection

    return MilvusCollection.exists(address)
