"""Readers in other processes while a writer adds: every answer is the exact one of some snapshot."""

import sys
from pathlib import Path

import pytest

from benchmarks.readers import Work, measure
from index_store.filters import parse
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector


@pytest.mark.skipif(sys.platform == "win32", reason="readers are forked")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("held", [True, False])
def test_readers_see_whole_moments_while_a_writer_adds(held: bool) -> None:
    told = measure(Work.draw(start=100, items=400, batch=16, held=held), readers=2, pause=0.0, idle=1.0)
    for reader in told:
        assert reader.errors == [] and reader.torn == 0
        assert all(reader.seconds[phase] for phase in ("idle before", "writing", "idle after"))
        assert len(reader.sizes) > 3 and max(reader.sizes) == 500


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system which files this process maps")
@pytest.mark.parametrize("held", [True, False])
def test_a_reader_lets_go_of_merged_files_with_its_next_snapshot(tmp_path: Path, held: bool) -> None:
    """Else their room on the disk would stay taken; the filters that were asked last keep none of them either."""

    def deleted() -> list[str]:
        lines = Path("/proc/self/maps").read_text().splitlines()
        return [line for line in lines if str(tmp_path / "c" / "index") in line and line.endswith("(deleted)")]

    question, only = SparseVector.from_pairs({1: 1.0}), parse(["kind=image"])
    with Collection.create(tmp_path / "c", model="m", vocabulary=["a", "b"]) as writer:
        writer.add([NewItem("image", "a.png", None, "a", question)])
        with Collection.open(tmp_path / "c") as reader:
            if held:
                reader.load()
            assert len(reader.search(question, 9, where=only).hits) == 1
            for count in range(2, 5):
                writer.add([NewItem("image", "b.png", None, "b", question)])
                writer.compact()
                assert deleted(), "the reader has not looked yet"
                assert len(reader.search(question, 9).hits) == count and not deleted()
                assert len(reader.search(question, 9, where=only).hits) == count and not deleted()
