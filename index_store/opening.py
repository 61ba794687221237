"""Opens and makes a collection wherever it lies; the only place that knows every kind of collection."""

from collections.abc import Sequence
from pathlib import Path

from index_store.address import Address
from index_store.collection import Collection
from index_store.store import Store


def open_collection(
    address: Address, *, model: str | None = None, vocabulary: Sequence[str] | None = None, writable: bool = False
) -> Store:
    """An existing collection; with `model` or `vocabulary`, refuses one that was made by another."""
    if isinstance(address, Path):
        return Collection.open(address, model=model, vocabulary=vocabulary, writable=writable)
    from index_store.milvus.collection import MilvusCollection

    return MilvusCollection.open(address, model=model, vocabulary=vocabulary, writable=writable)


def create_collection(
    address: Address, *, model: str, vocabulary: Sequence[str], precision: str | None = None
) -> Store:
    """A new, empty collection, open for writing. CollectionExists where something lies there already."""
    if isinstance(address, Path):
        return Collection.create(address, model=model, vocabulary=vocabulary, precision=precision)
    from index_store.milvus.collection import MilvusCollection

    return MilvusCollection.create(address, model=model, vocabulary=vocabulary, precision=precision)


def collection_exists(address: Address) -> bool:
    """Whether a collection lies there; CollectionError where that cannot be asked."""
    if isinstance(address, Path):
        return Collection.exists(address)
    from index_store.milvus.collection import MilvusCollection

    return MilvusCollection.exists(address)
