"""What the app holds in memory fits into its budget."""

import os
from pathlib import Path

import pytest

from demo.state import memory
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector


def test_half_of_the_machine_or_of_its_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr(memory, "LIMIT", tmp_path / "limit")
    assert memory.usual_budget() == machine // 2
    for limit, expected in (("max", machine // 2), ("1000000\n", 500_000), (str(4 * machine), machine // 2)):
        (tmp_path / "limit").write_text(limit)
        assert memory.usual_budget() == expected


def test_a_collection_is_held_where_it_fits(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "c", model="m", vocabulary=["a", "b"]) as held:
        held.add([NewItem("image", f"{n}.png", None, "", SparseVector.from_pairs({0: 1.0, 1: 2.0})) for n in range(50)])
        assert not held.load(memory=100)
        assert held.search(SparseVector.from_pairs({0: 1.0}), 1).hits[0].score == 1.0
        assert held.load(memory=10_000)
        assert held.load()
