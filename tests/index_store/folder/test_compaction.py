"""Compaction: the same answers from less; readers go on; killed at any moment, all is as before or as after."""

import random
import time
from pathlib import Path

import pytest

from index_store.filters import parse
from index_store.folder import maintenance
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.postings import index
from index_store.vectors import SparseVector
from tests.children import start
from tests.index_store.folder.test_crash import TERMS, vector_of

VOCABULARY = [f"w{number}" for number in range(TERMS)]
QUERY = SparseVector.from_pairs(dict.fromkeys(range(0, TERMS, 3), 1.0))


def item(name: str, tags: tuple[str, ...] = ()) -> NewItem:
    return NewItem("image", name, f"picture {name}", name, vector_of(name), thumbnail=b"RIFF", tags=tags)


def fill(path: Path, rounds: int) -> Collection:
    """Many small commits, most of whose items are gone again."""
    made = Collection.create(path, model="m", vocabulary=VOCABULARY)
    for round_ in range(rounds):
        ids = made.add([item(f"{round_}-{i}", ("kept",)) for i in range(20)])
        made.remove(ids[:15])
    return made


def answers(held: Collection) -> list[tuple[int, float, str, tuple[str, ...]]]:
    hits = held.search(QUERY, 1000).hits
    return [
        (hit.id, hit.score, one.path, one.tags) for hit, one in zip(hits, held.items([h.id for h in hits]), strict=True)
    ]


def test_the_same_answers_from_less(tmp_path: Path) -> None:
    with fill(tmp_path / "c", 12) as held, Collection.open(tmp_path / "c") as reader:
        before, frequencies = answers(held), held.document_frequencies()
        assert answers(reader) == before
        done = held.compact()
        assert done.documents_after == len(held) == 60 and done.segments_after == 1
        assert done.bytes_after < done.bytes_before and done.documents_before >= 60
        for one in (held, reader):
            assert answers(one) == before and one.document_frequencies() == frequencies and one.verify() == []
        assert held.ids(parse(["tag=kept", "caption=picture"])) == held.ids()
        (new,) = held.add([item("later")])  # writing goes on
        assert new == 241 and {path for _, _, path, _ in answers(reader)} >= {"later"}
    with Collection.open(tmp_path / "c", writable=True) as again:
        assert again.verify() == [] and len(again) == 61
        assert again.compact().documents_after == 61
    with Collection.create(tmp_path / "empty", model="m", vocabulary=VOCABULARY) as empty:
        assert empty.compact().documents_after == 0 and empty.verify() == []


def test_it_is_worth_it_when_the_index_lies_in_many_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "WASTE", 10)
    monkeypatch.setattr(index, "MANY", 3)
    with Collection.create(tmp_path / "c", model="m", vocabulary=VOCABULARY) as held:
        wasteful = []
        for part in range(5):
            held.add([item(f"{part}-{number}") for number in range(20)])
            wasteful.append(held.wasteful)
        assert wasteful == [False, False, False, True, True]
        assert held.compact().segments_after == 1 and not held.wasteful
        held.add([item(f"later-{number}") for number in range(4)])
        assert not held.wasteful


def test_it_is_worth_it_when_most_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "WASTE", 10)
    with Collection.create(tmp_path / "c", model="m", vocabulary=VOCABULARY) as held:
        ids = held.add([item(str(n)) for n in range(40)])
        assert not held.wasteful
        held.remove(ids[:15])
        assert not held.wasteful
        held.remove(ids[15:30])
        wasteful = held.wasteful
        held.compact()
        assert not held.wasteful and (wasteful or held.compact().documents_before == 10)


CHILD = """
import sys
from index_store.folder.collection import Collection
with Collection.open(sys.argv[1], writable=True) as held:
    print("ready", flush=True)
    while True:
        held.compact()
        print("done", flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost(tmp_path: Path) -> None:
    choose = random.Random(5)
    with fill(tmp_path / "c", 25) as held:
        expected = answers(held)
    for _ in range(12):
        child = start(CHILD, tmp_path / "c")
        assert child.stdout.readline() == "ready\n"
        time.sleep(choose.uniform(0, 0.15))
        child.kill()
        child.wait()
        child.stdout.close()
        with Collection.open(tmp_path / "c") as reader:
            assert answers(reader) == expected
        with Collection.open(tmp_path / "c", writable=True) as writer:
            assert answers(writer) == expected and writer.verify() == []
