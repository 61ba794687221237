"""What was seen goes with its items, apart from what is written: through files, collections, repairs and compaction."""

import json
import sqlite3
from pathlib import Path

import pytest

from index_store.errors import CollectionError, ExchangeError, VectorError
from index_store.folder.collection import Collection
from index_store.formats.jsonl import export_jsonl, import_jsonl
from index_store.formats.transfer import import_collection
from index_store.items import NewItem, Seen
from index_store.vectors import SparseVector

VOCABULARY = ["a", "b", "c"]
SEEN = Seen(SparseVector.from_pairs({1: 0.1}), "words")
WHOLE = SparseVector.from_pairs({0: 0.3, 1: 0.7})


def made(path: Path, *, full: bool = True) -> Collection:
    """Of three items, the last is of the picture alone."""
    held = Collection.create(path, model="m", vocabulary=VOCABULARY)
    if full:
        held.add([item("/0", SEEN), item("/1", SEEN), item("/2", None)])
    return held


def item(path: str, seen: Seen | None) -> NewItem:
    return NewItem("image", path, None, path, WHOLE, thumbnail=b"RIFF", seen=seen)


def parts(held: Collection) -> dict[str, Seen | None]:
    ids = held.ids()
    seen = held.seen(ids)
    assert held.vectors(ids) == [WHOLE] * len(ids)
    return {one.path: seen.get(one.id) for one in held.items(ids)}


ALL = {"/0": SEEN, "/1": SEEN, "/2": None}


def test_it_travels_in_json_lines_and_between_collections(tmp_path: Path) -> None:
    with made(tmp_path / "one") as one, made(tmp_path / "two", full=False) as two:
        export_jsonl(one, tmp_path / "items.jsonl")
        import_jsonl(two, tmp_path / "items.jsonl")
        assert parts(one) == parts(two) == ALL
        assert one.stats().written == 2 and one.caption_weight is None
    with made(tmp_path / "three", full=False) as three:
        import_collection(three, tmp_path / "one")
        assert parts(three) == ALL


@pytest.mark.parametrize(
    "given",
    [{"seen": {"b": 0.1}}, {"seen": [0.1], "words": "w"}, {"seen": {"c": 0.1}, "words": "w"},
     {"seen": {"b": 2.0}, "words": "w"}, {"seen": {"b": 0.1}, "words": 3}],
    ids=["no words", "a list", "another term", "more than the vector", "a number"],
)  # fmt: skip
def test_a_line_in_which_it_is_no_part_is_named(tmp_path: Path, given: dict[str, object]) -> None:
    (tmp_path / "items.jsonl").write_text(json.dumps({"vector": {"a": 1, "b": 1}} | given), "utf-8")
    with made(tmp_path / "one", full=False) as held:
        with pytest.raises(ExchangeError, match=r'Line 1 of .* is no item .*"seen"'):
            import_jsonl(held, tmp_path / "items.jsonl")
        assert len(held) == 0


def test_more_than_the_vector_is_refused(tmp_path: Path) -> None:
    with made(tmp_path / "one", full=False) as held:
        with pytest.raises(VectorError, match="must be a part of its vector"):
            held.add([item("/0", Seen(SparseVector.from_pairs({1: 0.8}), "words"))])
        assert len(held) == 0


def test_what_stays_keeps_it_and_what_goes_takes_it_along(tmp_path: Path) -> None:
    with made(tmp_path / "one") as held:
        first = held.ids()[0]
        held.remove([first])
        held.compact()
        assert parts(held) == {"/1": SEEN, "/2": None} and held.seen([first]) == {} and held.verify() == []
    with sqlite3.connect(tmp_path / "one" / "catalog.sqlite") as catalog:
        assert catalog.execute("SELECT count(*) FROM seen").fetchone() == (1,)


@pytest.mark.parametrize(
    "damage", [b"x" * 7, SparseVector.from_pairs({2: 0.1}).to_bytes(), SparseVector.from_pairs({1: 9}).to_bytes()],
    ids=["no vector", "another term", "a greater weight"],
)  # fmt: skip
def test_a_damaged_one_is_found_and_its_item_taken_out(tmp_path: Path, damage: bytes) -> None:
    with made(tmp_path / "one") as held:
        ids = held.ids()
    with sqlite3.connect(tmp_path / "one" / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE seen SET vector = ? WHERE item = ?", [damage, ids[1]])
    with Collection.open(tmp_path / "one", writable=True) as held:
        (problem,) = held.verify()
        assert "what was seen and what written" in problem and problem.endswith(f": {ids[1]}.")
        assert held.repair().removed == 1
        assert held.verify() == [] and parts(held) == {"/0": SEEN, "/2": None}


def test_items_that_a_repair_writes_anew_keep_it(tmp_path: Path) -> None:
    with made(tmp_path / "one") as held:
        ids = held.ids()
        (first,) = held.items(ids[:1])
        Path(first.thumbnail or "").unlink()
        assert held.repair().rewritten == 1
        assert held.ids() != ids and parts(held) == ALL


def test_the_weight_is_kept_and_only_a_writer_chooses_it(tmp_path: Path) -> None:
    with made(tmp_path / "one") as held:
        held.weigh_captions(0.25)
    with Collection.open(tmp_path / "one") as held:
        assert held.caption_weight == 0.25
        with pytest.raises(CollectionError, match="open for reading"):
            held.weigh_captions(0.5)
