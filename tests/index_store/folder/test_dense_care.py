"""Dense vectors go with their items: through files, other collections, repairs and compaction, to the last bit."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from index_store.errors import ExchangeError
from index_store.folder.collection import Collection
from index_store.formats.jsonl import export_jsonl, import_jsonl
from index_store.formats.transfer import import_collection
from index_store.items import NewItem
from index_store.vectors import SparseVector

VOCABULARY = ["a", "b", "c"]
ROWS = {
    f"/{n}": (row / np.linalg.norm(row)).astype(np.float32)
    for n, row in enumerate(np.random.default_rng(1).normal(size=(5, 7)))
}


def made(path: Path, *, keeps: bool = True, full: bool = True) -> Collection:
    held = Collection.create(path, model="m", vocabulary=VOCABULARY)
    if keeps:
        held.keep_dense(7)
    if full:
        vector = SparseVector.from_pairs({1: 0.5})
        held.add(
            [NewItem("image", name, None, name, vector, thumbnail=b"RIFF", dense=row) for name, row in ROWS.items()]
        )
    return held


def same(held: Collection) -> bool:
    """Whether every item has its own row."""
    paths = {item.id: item.path for item in held.all_items()}
    rows = held.dense(list(paths))
    return len(rows) == len(paths) > 0 and all(np.array_equal(rows[i], ROWS[paths[i]]) for i in paths)


def test_they_travel_in_json_lines_and_between_collections(tmp_path: Path) -> None:
    with made(tmp_path / "one") as one, made(tmp_path / "two", full=False) as two:
        export_jsonl(one, tmp_path / "items.jsonl")
        assert import_jsonl(two, tmp_path / "items.jsonl").added == 5
        assert same(one) and same(two)
    with made(tmp_path / "three", full=False) as three:
        assert import_collection(three, tmp_path / "one").added == 5
        assert same(three)
    with made(tmp_path / "four", keeps=False, full=False) as four:
        import_collection(four, tmp_path / "one")
        assert four.dense_size is None and four.dense(four.ids()) == {}


@pytest.mark.parametrize(
    "written", ["[1, 2]", '["a"]', "0.5", "[1e400]", "{}"], ids=["too long", "texts", "a number", "infinite", "object"]
)
def test_a_line_whose_dense_vector_is_none_is_named(tmp_path: Path, written: str) -> None:
    (tmp_path / "items.jsonl").write_text(f'{{"vector": {{"a": 1}}, "dense": {written}}}\n', "utf-8")
    with made(tmp_path / "one", full=False) as held:
        with pytest.raises(ExchangeError, match=r'Line 1 of .* is no item .*"dense"'):
            import_jsonl(held, tmp_path / "items.jsonl")
        assert len(held) == 0


def test_what_stays_keeps_them_and_what_goes_takes_them_along(tmp_path: Path) -> None:
    with made(tmp_path / "one") as held:
        first, *rest = held.ids()
        held.remove([first])
        held.compact()
        assert same(held) and held.dense([first]) == {}
        assert held.stats().dense == 4 and held.verify() == []
    with sqlite3.connect(tmp_path / "one" / "catalog.sqlite") as catalog:
        assert [item for (item,) in catalog.execute("SELECT item FROM dense")] == rest


@pytest.mark.parametrize("damage", [b"", b"\0" * 28, b"\xff" * 28, b"x" * 27], ids=["empty", "zeros", "nans", "short"])
def test_a_damaged_one_is_found_and_dropped_and_its_item_stays(tmp_path: Path, damage: bytes) -> None:
    with made(tmp_path / "one") as held:
        ids = held.ids()
    with sqlite3.connect(tmp_path / "one" / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE dense SET vector = ? WHERE item = ?", [damage, ids[1]])
    with Collection.open(tmp_path / "one", writable=True) as held:
        assert list(held.dense(ids)) == [ids[0], *ids[2:]]
        (problem,) = held.verify()
        assert "dense vector cannot be read" in problem and problem.endswith(f": {ids[1]}.")
        held.repair()
        assert held.verify() == [] and held.ids() == ids and held.without_dense() == [ids[1]]
        held.note_dense({ids[1]: ROWS["/1"]})
        assert same(held)


def test_items_that_a_repair_writes_anew_keep_them(tmp_path: Path) -> None:
    with made(tmp_path / "one") as held:
        ids = held.ids()
        (item,) = held.items(ids[:1])
        Path(item.thumbnail or "").unlink()
        assert "thumbnail is missing" in held.verify()[0]
        assert held.repair().rewritten == 1
        assert held.ids() != ids and same(held)
