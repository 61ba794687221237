"""Several processes write to one collection, one at a time and in turn, and each follows what the others wrote."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from index_store.errors import CollectionBusy
from index_store.filters import parse
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector
from tests.children import Child, start

WITHOUT_A_PAUSE = """
import sys
from pathlib import Path
from tests.index_store.folder.test_writers import new
from index_store.folder.collection import Collection

with Collection.open(sys.argv[1], writable=True) as held:
    number = 0
    while not Path(sys.argv[1], "stop").exists():
        held.add([new(f"other-{number}")])
        number += 1
        print(number, flush=True)
"""
HOLDING = """
import sys, time
from index_store.folder.collection import Collection

with Collection.open(sys.argv[1], writable=True) as held, held.writing():
    print("holding", flush=True)
    time.sleep(60)
"""


def new(path: str, weight: float = 1.0) -> NewItem:
    return NewItem("image", path, None, f"hash of {path}", SparseVector.from_pairs({1: weight}))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    Collection.create(tmp_path / "c", model="m", vocabulary=["a", "b"]).close()
    return tmp_path / "c"


@contextmanager
def running(code: str, place: Path) -> Iterator[Child]:
    process = start(code, place)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_two_writers_in_turn_follow_each_other(place: Path) -> None:
    with Collection.open(place, writable=True, wait=0) as one, Collection.open(place, writable=True, wait=0) as two:
        first, second = one.add([new("a"), new("b", 2.0)])
        assert [item.path for item in two.all_items()] == ["a", "b"]
        two.tag([first], add=["best"])
        assert one.items([first])[0].tags == ("best",) and one.ids(parse(["tag=best"])) == [first]
        (third,) = two.add([new("c", 3.0)], replacing=[first])
        assert third > second and one.ids() == [second, third], "ids are never used twice, whoever takes them"
        (fourth,) = one.add([new("d", 4.0)])
        two.move({second: "moved"}, removing=[third])
        one.remove([third, fourth])
        for held in (one, two):
            assert [item.path for item in held.all_items()] == ["moved"] and held.verify() == []
            assert [hit.id for hit in held.search(SparseVector.from_pairs({1: 1.0}), 9).hits] == [second]
        two.compact()
        assert one.add([new("e")]) and len(two) == 2 and one.verify() == []


def test_a_block_keeps_others_out_and_tells_whether_they_wrote(place: Path) -> None:
    with Collection.open(place, writable=True, wait=0) as one, Collection.open(place, writable=True, wait=0) as two:
        with one.writing() as others:
            assert not others, "opening has seen it all"
            with pytest.raises(CollectionBusy):
                two.add([new("a")])
            with pytest.raises(CollectionBusy):
                Collection.open(place, writable=True, wait=0)
            with one.writing():
                one.add([new("b")])
        with one.writing() as others:
            assert not others
        with two.writing() as others:
            assert others and len(two) == 1
        assert two.add([new("c")])
        with one.writing() as others:
            assert others
    with Collection.open(place) as reader:
        assert len(reader) == 2


def test_who_writes_is_told_and_waited_for(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    with running(HOLDING, place) as other:
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(CollectionBusy) as caught:
            Collection.open(place, writable=True, wait=0)
        said = str(caught.value)
        assert f"`-c` (process {other.pid}), which began at " in said and "--wait" in said and said.count(". ") == 0
        started = time.monotonic()
        with pytest.raises(CollectionBusy):
            Collection.open(place, writable=True, wait=1.2)
        assert 1.1 < time.monotonic() - started < 10
        assert "Waiting for `-c`" in caplog.text, "a command that seems to hang says why"
        with Collection.open(place) as reader:
            assert len(reader) == 0, "reading needs no turn"
        other.kill()
        other.wait()
        with Collection.open(place, writable=True, wait=0) as mine:  # the dead hold nothing
            assert mine.add([new("a")])


def test_a_writer_without_a_pause_lets_others_in(place: Path) -> None:
    with running(WITHOUT_A_PAUSE, place) as other:
        assert other.stdout.readline() == "1\n"
        with Collection.open(place, writable=True, wait=30) as mine:
            for number in range(10):
                mine.add([new(f"mine-{number}")])
            before, started = len(mine), time.monotonic()
            while len(mine) == before:  # the other goes on meanwhile
                assert time.monotonic() - started < 30
                time.sleep(0.01)
        (place / "stop").touch()
        written = 1 + len(other.stdout.read().splitlines())
        assert other.wait() == 0
    with Collection.open(place) as reader:
        paths = [item.path for item in reader.all_items()]
        assert sorted(paths) == sorted([f"mine-{n}" for n in range(10)] + [f"other-{n}" for n in range(written)])
        assert reader.verify() == []
