"""Makes and loads the two tables of a collection in Milvus (`rows.py` says what is in them), and reads its facts."""

from collections.abc import Sequence
from typing import Any

from index_store.address import MilvusAddress
from index_store.errors import CollectionDamaged, CollectionExists, CollectionNotFound, CollectionTooNew
from index_store.milvus import rows
from index_store.milvus.server import LOAD_S, Server
from index_store.origin import vocabulary_digest

FACTS = 10_000  # more than a collection has
TOGETHER = 50  # facts in one request: 3 MB


def items(address: MilvusAddress) -> str:
    """Name of the table of items."""
    return address.collection


def about(address: MilvusAddress) -> str:
    """Name of the table of facts."""
    return f"{address.collection}_about"


def exists(server: Server) -> bool:
    """Whether the collection exists."""
    return bool(server.ask("has_collection", items(server.address)))


def make(server: Server, model: str, vocabulary: Sequence[str], precision: str | None = None) -> None:
    """Makes both tables of a new collection; CollectionExists where one has this name already."""
    address, facts = server.address, about(server.address)
    if exists(server):
        raise CollectionExists(f"There is already something at {address}; open it, or choose another name.")
    if server.ask("has_collection", facts):  # left by an interrupted `make`
        server.ask("drop_collection", facts)
    _make(server, facts, rows.about_table())
    first = rows.first_facts(model, vocabulary, precision)
    for start in range(0, len(first), TOGETHER):
        server.ask("upsert", facts, first[start : start + TOGETHER])
    _make(server, items(address), rows.item_table())  # last: a collection exists once this table does


def load(server: Server) -> dict[str, str]:
    """Makes both tables ready to be read; returns the facts. CollectionError where a table is missing or damaged."""
    address = server.address
    if not exists(server):
        raise CollectionNotFound(f"There is no collection at {address}; index some pictures into it first.")
    if not server.ask("has_collection", about(address)):
        raise CollectionNotFound(f"{address} is no collection of Sightwords; name one that `index` made.")
    for table in (about(address), items(address)):
        server.ask("load_collection", table, timeout=LOAD_S)
    known = facts(server)
    if known.get("form", rows.EARLIER) not in (rows.FORM, rows.EARLIER):
        raise CollectionTooNew(f"The collection {address} was written by a newer Sightwords; update to open it.")
    whole = {"form", "model", "digest", "next_id"} <= known.keys()
    if not whole or vocabulary_digest(rows.vocabulary_of(known)) != known["digest"]:
        raise CollectionDamaged(f"The collection {address} has lost its vocabulary; index the pictures anew.")
    return known


def facts(server: Server, only: str = 'key >= ""') -> dict[str, str]:
    """{key: value} of the facts that meet a condition."""
    held = server.ask("query", about(server.address), filter=only, output_fields=["key", "value"], limit=FACTS)
    return {row["key"]: row["value"] for row in held}


def next_id(server: Server) -> int:
    """One more than the highest id that was ever taken."""
    return int(facts(server, 'key == "next_id"')["next_id"])


def reserve(server: Server, count: int) -> list[int]:
    """Takes the next `count` ids. None is given twice, even where the add then fails."""
    first = next_id(server)
    server.ask("upsert", about(server.address), [rows.fact("next_id", str(first + count))])
    return list(range(first, first + count))


def _make(server: Server, table: str, form: tuple[Any, Any]) -> None:
    schema, indexes = form
    # one shard, so that a request is shown as a whole
    server.ask(
        "create_collection", table, schema=schema, index_params=indexes, consistency_level="Strong", num_shards=1
    )
