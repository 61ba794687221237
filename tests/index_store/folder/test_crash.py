"""kill -9 at any moment loses nothing that was reported, and leaves two stores that agree."""

import json
import random
import shutil
import signal
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector
from tests.children import start

ROUNDS = 20
TERMS = 50

CHILD = """
import random, sys
import numpy as np
from tests.index_store.folder.test_crash import vector_of
from index_store.folder.collection import Collection
from index_store.items import NewItem

folder, round_, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
choose = random.Random(seed)
def say(*words): print(*words, flush=True)

with Collection.open(folder, writable=True) as collection:
    mine = [item.id for item in collection.all_items()]
    batch = 0
    while True:
        names = [f"{round_}-{batch}-{i}.png" for i in range(choose.randint(1, 6))]
        items = [NewItem("image", name, None, name, vector_of(name), thumbnail=b"RIFF") for name in names]
        choose.shuffle(mine)
        old = [mine.pop() for _ in range(min(len(mine), choose.choice([0, 0, 2])))]
        say("removing", *old)
        ids = collection.add(items, replacing=old)
        say("removed", *old)
        for item, name in zip(ids, names): say("added", item, name)
        mine += ids
        gone = [mine.pop() for _ in range(min(len(mine), choose.choice([0, 1, 3])))]
        say("removing", *gone)
        collection.remove(gone)
        say("removed", *gone)
        batch += 1
"""


def vector_of(name: str) -> SparseVector:
    """The same vector for a name in every process."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    terms = np.sort(rng.choice(TERMS, int(rng.integers(1, 12)), replace=False)).astype(np.int32)
    return SparseVector(terms, rng.choice(np.array([0.3, 0.5, 1.0, 2.2], dtype=np.float32), terms.size))


class Story:
    """What the children have reported so far."""

    def __init__(self) -> None:
        self.there: dict[int, str] = {}  # reported as added, not as removed
        self.maybe: set[int] = set()  # a removal was under way
        self.gone: set[int] = set()
        self.ever: set[int] = set()

    def hear(self, line: str) -> None:
        verb, *words = line.split()
        if verb == "added":
            assert int(words[0]) not in self.ever, "an id was used twice"
            self.ever.add(int(words[0]))
            self.there[int(words[0])] = words[1]
        elif verb == "removing":
            self.maybe = {int(word) for word in words}
        else:
            self.gone |= {int(word) for word in words}
            self.maybe = set()
            self.there = {item: name for item, name in self.there.items() if item not in self.gone}

    def check(self, collection: Collection) -> None:
        names = {item.id: item.path for item in collection.all_items()}
        lost = self.there.keys() - self.maybe - names.keys()
        assert not lost, f"reported as added, but lost: {sorted(lost)}"
        assert not names.keys() & self.gone, "reported as removed, but there"
        assert all(names[item] == name for item, name in self.there.items() if item in names)
        unreported = {item: names[item] for item in names.keys() - self.there.keys()}
        assert len({name.rsplit("-", 1)[0] for name in unreported.values()}) <= 1, "more than the batch under way"
        found = {hit.id: hit.score for hit in collection.search(vector_of("query"), 10**4).hits}
        scores = {item: vector_of("query").dot(vector_of(name)) for item, name in names.items()}
        assert found == {item: score for item, score in scores.items() if score > 0}

    def take(self, collection: Collection) -> None:
        """What is there now counts from here on."""
        names = {item.id: item.path for item in collection.all_items()}
        self.ever |= names.keys()
        self.gone |= self.there.keys() - names.keys()
        self.there, self.maybe = names, set()


@pytest.mark.slow
def test_kill_9_at_any_moment(tmp_path: Path) -> None:
    choose, story, folder = random.Random(11), Story(), tmp_path / "c"
    Collection.create(folder, model="test", vocabulary=[str(i) for i in range(TERMS)]).close()
    interrupted = 0
    for number in range(ROUNDS):
        child = start(CHILD, folder, number, choose.randrange(10**9))
        for _ in range(choose.randint(1, 25)):
            story.hear(child.stdout.readline())
        time.sleep(choose.random() * 0.06)
        child.kill()
        for line in child.stdout.read().splitlines(keepends=True):
            if line.endswith("\n"):  # reported before the kill; a torn line was not
                story.hear(line)
        child.wait()
        child.stdout.close()
        with Collection.open(folder) as reader:
            story.check(reader)
            interrupted += any("interrupted" in problem for problem in reader.verify())
        with Collection.open(folder, writable=True) as collection:
            assert collection.verify() == []
            story.check(collection)
            story.take(collection)
            thumbnails = {int(file.stem) for file in (folder / "thumbs").glob("*/*")}
            assert thumbnails == set(story.there)
    assert len(story.ever) > 30, "the children did too little for the kills to mean anything"


HOT_JOURNAL = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN IMMEDIATE")
db.execute("DELETE FROM items")
db.executemany("INSERT INTO vocabulary VALUES (?, ?)", [(100 + i, "x" * 500) for i in range(2000)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_transaction_is_read_without_being_touched(tmp_path: Path) -> None:
    """A reader may not roll back the journal that a killed writer left; it must see the state before all the same."""
    folder = tmp_path / "c"
    with Collection.create(folder, model="test", vocabulary=[str(i) for i in range(TERMS)]) as collection:
        story_item = collection.add([_item("a"), _item("b")])
    early = Collection.open(folder)
    assert start(HOT_JOURNAL, folder / "catalog.sqlite").wait() == -signal.SIGKILL
    journal = folder / "catalog.sqlite-journal"
    assert journal.stat().st_size > 0
    before = (folder / "catalog.sqlite").read_bytes(), journal.read_bytes()
    with Collection.open(folder) as late:
        for reader in (early, late):
            assert [item.id for item in reader.all_items()] == story_item and reader.verify() == []
            assert len(reader.search(_item("a").vector, 5).hits) >= 1 and len(reader.vocabulary) == TERMS
        assert ((folder / "catalog.sqlite").read_bytes(), journal.read_bytes()) == before
        with Collection.open(folder, writable=True) as collection:
            assert collection.verify() == [] and not journal.exists()
            added = collection.add([_item("c")])
            for reader in (early, late):
                assert [item.id for item in reader.all_items()] == story_item + added
                assert len(reader) == 3
    early.close()


def test_a_crash_between_the_two_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the postings were committed and before the catalog was, which random kills rarely hit."""
    folder = tmp_path / "c"
    collection = Collection.create(folder, model="test", vocabulary=[str(i) for i in range(TERMS)])
    kept = collection.add([_item("a")])
    monkeypatch.setattr(collection._writer._catalog, "replace", _dies)
    monkeypatch.setattr(collection._writer, "_undo", lambda ids: None)  # a killed process cleans nothing up
    with pytest.raises(KeyboardInterrupt):
        collection.add([_item("b"), _item("c")], replacing=kept)
    collection.close()
    with Collection.open(folder) as reader:
        assert [hit.id for hit in reader.search(_item("b").vector, 9).hits if hit.id not in kept] == []
        assert any("interrupted" in problem for problem in reader.verify())
        assert sum(reader.document_frequencies().values()) == len(_item("a").vector)
    with Collection.open(folder, writable=True) as collection:
        assert collection.verify() == [] and [item.id for item in collection.all_items()] == kept
        assert collection.add([_item("d")])[0] > kept[0] + 2  # the lost ids are not given to others


def _item(name: str) -> NewItem:
    return NewItem("image", name, None, name, vector_of(name))


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_file_that_a_killed_removal_left_does_not_stop_the_next(tmp_path: Path) -> None:
    """tantivy names the file of a removal after a counter that a kill sets back, and refuses to write it twice."""
    with Collection.create(tmp_path / "c", model="test", vocabulary=[str(i) for i in range(TERMS)]) as collection:
        ids = collection.add([_item(str(number)) for number in range(20)])
    shutil.copytree(tmp_path / "c", tmp_path / "ahead")
    with Collection.open(tmp_path / "ahead", writable=True) as ahead:
        ahead.remove(ids[:2])
    (left,) = (tmp_path / "ahead" / "index").glob("*.del")
    postings = tmp_path / "c" / "index"
    (postings / left.name).write_bytes(left.read_bytes()[:5])  # written in part, not yet named by meta.json
    managed = json.loads((postings / ".managed.json").read_text())
    (postings / ".managed.json").write_text(json.dumps([*managed, left.name]))
    with Collection.open(tmp_path / "c", writable=True) as collection:
        assert collection.remove(ids[:2]) == 2 and collection.verify() == []
    with Collection.open(tmp_path / "c") as reader:
        assert reader.verify() == [] and len(reader) == 18
