"""While somebody writes without a pause, a thread looks for newer snapshots in the place of queries."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from index_store.errors import CollectionBusy
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.snapshots import snapshots, watcher
from index_store.snapshots.watcher import BUSY, Watcher
from index_store.vectors import SparseVector

HOURS = 7200.0


def new(weight: float) -> NewItem:
    return NewItem("image", "a.png", None, "hash", SparseVector.from_pairs({1: weight}))


def soon(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while not (done := true()) and time.monotonic() < end:
        time.sleep(0.005)
    return done


def running() -> int:
    return sum(thread.name == "snapshot-watcher" for thread in threading.enumerate())


def test_it_looks_while_there_are_many_newer_snapshots_and_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "PAUSE_S", 0.01)
    monkeypatch.setattr(watcher, "BUSY_S", HOURS)
    looks: list[float] = []

    def look() -> bool:
        looks.append(time.monotonic())
        return True

    watch = Watcher(look)
    for _ in range(BUSY - 1):
        watch.changed(time.monotonic())
    assert not watch.queried(time.monotonic()) and not running(), "not so many yet"
    watch.changed(time.monotonic())
    assert not looks and watch.queried(time.monotonic()), "nobody looks before there is a question"
    assert soon(lambda: bool(looks))
    assert soon(lambda: not running()), "no question for a while: it ends"
    assert soon(lambda: watch.queried(time.monotonic()) and bool(running())), "and begins anew with the next"
    watch.close()
    watch.close()
    assert not running() and not watch.queried(time.monotonic())


def test_it_ends_when_nothing_is_new_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "PAUSE_S", 0.01)
    monkeypatch.setattr(watcher, "BUSY_S", 0.2)
    watch = Watcher(lambda: True)
    for _ in range(BUSY):
        watch.changed(time.monotonic())
    assert watch.queried(time.monotonic())
    assert soon(lambda: not watch.queried(time.monotonic())), "though there are questions"
    watch.close()


def test_it_goes_on_as_long_as_it_finds_something_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its looks may be so far apart that what it finds would not start it."""
    monkeypatch.setattr(watcher, "BUSY_S", HOURS)
    monkeypatch.setattr(watcher, "PAUSE_S", HOURS)
    watch, now = Watcher(lambda: True), time.monotonic()
    for _ in range(BUSY - 1):
        watch.changed(now - 2 * HOURS)
    watch.changed(now)
    assert not watch.queried(now) and watch._needed()
    for _ in range(BUSY):
        watch.changed(now - 2 * HOURS)
    assert not watch._needed(), "nothing new for long"
    watch.close()


def test_it_looks_again_soon_where_a_commit_kept_it_from_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "PAUSE_S", 0.01)
    looks: list[bool] = []

    def look() -> bool:
        monkeypatch.setattr(watcher, "PAUSE_S", HOURS)
        looks.append(len(looks) == 3)
        return looks[-1]

    watch = Watcher(look)
    for _ in range(BUSY):
        watch.changed(time.monotonic())
    assert watch.queried(time.monotonic()) and soon(lambda: len(looks) == 4)
    assert looks == [False, False, False, True]
    watch.close()


def test_what_it_meets_with_is_left_to_the_next_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "PAUSE_S", 0.01)
    looks: list[float] = []

    def busy() -> bool:
        looks.append(time.monotonic())
        raise CollectionBusy("somebody commits")

    watch = Watcher(busy)
    for _ in range(BUSY):
        watch.changed(time.monotonic())
    assert soon(lambda: watch.queried(time.monotonic()) and len(looks) > 2), "it goes on"
    watch.close()


@pytest.mark.parametrize("held", [True, False])
def test_a_reader_of_a_busy_writer_is_brought_up_to_date_beside_its_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    monkeypatch.setattr(watcher, "BUSY_S", HOURS)
    monkeypatch.setattr(watcher, "PAUSE_S", HOURS)
    monkeypatch.setattr(snapshots, "FRESH_S", HOURS)
    with (
        Collection.create(tmp_path / "c", model="m", vocabulary=["a", "b"]) as writer,
        Collection.open(tmp_path / "c") as reader,
    ):
        if held:
            reader.load()
        for count in range(1, BUSY + 1):
            writer.add([new(float(count))])
            assert len(reader) == count, "at first each question sees what was written before it"
        writer.add([new(99.0)])
        assert len(reader) == BUSY and running() == 1, "the thread has not looked yet"
        monkeypatch.setattr(snapshots, "FRESH_S", 0.0)
        assert len(reader) == BUSY + 1, "a question does not rely on a thread that is late"
    assert not running()

    monkeypatch.setattr(watcher, "PAUSE_S", 0.01)
    with Collection.open(tmp_path / "c", writable=True) as writer, Collection.open(tmp_path / "c") as reader:
        if held:
            reader.load()
        for count in range(1, BUSY + 1):
            writer.add([new(100.0 + count)])
            assert len(reader) == BUSY + 1 + count
        monkeypatch.setattr(snapshots, "FRESH_S", HOURS)
        assert len(reader) == 2 * BUSY + 1
        writer.add([new(200.0)])
        question = SparseVector.from_pairs({1: 1.0})
        assert soon(lambda: reader.search(question, 1).hits[0].score == 200.0)
    assert not running()
