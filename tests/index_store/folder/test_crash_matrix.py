"""kill -9 at every step of every operation: afterwards all is as before or as after, never in between.

What was reported as done is as after. `test_crash.py` has the other half: many operations on end, killed at random.
"""

import random
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index_store.dense import DenseQuery
from index_store.errors import CollectionError
from index_store.folder.collection import Collection
from index_store.items import NewItem, Seen
from index_store.memory import matrix
from index_store.vectors import SparseVector
from tests.index_store.folder.test_crash import TERMS, vector_of
from tests.killing import Server, Steps, server

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="children are forked")]
VOCABULARY = [str(number) for number in range(TERMS)]
OLD = Path(__file__).parents[1] / "collections" / "m001_first.zip"
BETWEEN = 8  # kills of each operation at moments between its steps: inside SQLite, inside tantivy
State = list[tuple[object, ...]]


def item(name: str) -> NewItem:
    return NewItem(
        "image", f"/p/{name}.png", f"picture {name}", name, vector_of(name), 6, 4, 9, b"RIFF" * 9, (name[0],),
        dense=dense_of(name), seen=Seen(vector_of(name).top(2), name) if name[-1] in "13" else None,
    )  # fmt: skip


def dense_of(name: str) -> NDArray[np.float32]:
    """One of the three unit vectors along an axis."""
    return np.eye(3, dtype=np.float32)[len(vector_of(name)) % 3]


def fill(folder: Path) -> None:
    """30 items with dense vectors in five commits, a third of which are gone again; words are in a third of them."""
    with Collection.create(folder, model="m", vocabulary=VOCABULARY) as held:
        held.keep_dense(3)
        for part in range(5):
            ids = held.add([item(f"{part}-{number}") for number in range(6)])
            held.remove(ids[:2])


CHANGES: dict[str, Callable[[Collection], object]] = {
    "add": lambda held: held.add([item("new-1"), item("new-2")]),
    "replace": lambda held: held.add([item("new-1")], replacing=[3]),
    "remove": lambda held: held.remove([3, 30]),
    "move": lambda held: held.move({3: "/p/0-3.png", 4: "/p/0-2.png"}, removing=[5]),
    "tag": lambda held: held.tag([3, 4], add=["a", "b"], remove=["0"]),
    "dense": lambda held: held.note_dense({3: dense_of("a"), 4: -dense_of("b")}),
    "compact": lambda held: held.compact(),
}


def change(name: str, folder: Path, steps: Steps) -> None:
    with Collection.open(folder, writable=True) as held:
        steps.begin()
        CHANGES[name](held)
        steps.done()


def add(folder: Path, steps: Steps) -> None:
    change("add", folder, steps)


def replace(folder: Path, steps: Steps) -> None:
    change("replace", folder, steps)


def remove(folder: Path, steps: Steps) -> None:
    change("remove", folder, steps)


def move(folder: Path, steps: Steps) -> None:
    change("move", folder, steps)


def tag(folder: Path, steps: Steps) -> None:
    change("tag", folder, steps)


def dense(folder: Path, steps: Steps) -> None:
    change("dense", folder, steps)


def compact(folder: Path, steps: Steps) -> None:
    change("compact", folder, steps)


def create(folder: Path, steps: Steps) -> None:
    steps.begin()
    Collection.create(folder, model="m", vocabulary=VOCABULARY[:5]).close()
    steps.done()


def reopen(folder: Path, steps: Steps) -> None:
    """Opening for writing, which clears what interrupted writes left, or brings an old collection up to date."""
    steps.begin()
    Collection.open(folder, writable=True).close()
    steps.done()


def load(folder: Path, steps: Steps) -> None:
    """Holds the vectors, keeps them in files, and makes these files longer."""
    matrix.KEPT_FROM = 1
    with Collection.open(folder) as held:
        held.load()
    with Collection.open(folder, writable=True) as held:
        held.add([item("new-1")])
    with Collection.open(folder) as held:
        steps.begin()
        held.load()
        steps.done()


@pytest.fixture(scope="module")
def children() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
def place() -> Iterator[Path]:
    """In memory where there is room: a killed process leaves the same behind there, only sooner."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="sightwords-", dir=shared if shared.is_dir() else None) as folder:
        yield Path(folder)


def state(held: Collection) -> State:
    """All that a reader can know of a collection; asserts that every score is the stored vector's."""
    items = list(held.all_items())
    vectors = dict(zip([one.id for one in items], held.vectors([one.id for one in items]), strict=True))
    asked = query(held)
    found = {hit.id: hit.score for hit in held.search(asked, 1000).hits}
    scores = {one: asked.dot(vector) for one, vector in vectors.items()}
    assert found == {one: score for one, score in scores.items() if score > 0}
    rows, seen = held.dense(list(vectors)), held.seen(list(vectors))
    if held.dense_size is not None:
        whole = DenseQuery(np.array([0.6, 0.8, 0], np.float32), 100.0)
        sums = {one: score + (whole.adds(rows[one]) if one in rows else 0.0) for one, score in scores.items()}
        ranked = {hit.id: hit.score for hit in held.search(asked, 1000, dense=whole).hits}
        assert ranked == {one: score for one, score in sums.items() if score > 0}
    return [
        (one.id, one.kind, one.path, one.caption, one.content_hash, one.tags, vectors[one.id].to_bytes(),
         rows[one.id].tobytes() if one.id in rows else None, seen.get(one.id))
        for one in items
    ]  # fmt: skip


def looked_at(folder: Path) -> State:
    """What a reader sees, then a writer, who clears what is left over: the same, and whole. Writing goes on."""
    try:
        with Collection.open(folder) as reader:
            seen = state(reader)
            if (folder / "held").is_dir():
                reader.load()
                assert state(reader) == seen
    except CollectionError as error:
        assert "older Sightwords" in str(error), error
        seen = None
    with Collection.open(folder, writable=True) as writer:
        assert writer.verify() == []
        mended = state(writer)
        assert seen is None or seen == mended
        thumbnails = sorted(int(file.stem) for file in (folder / "thumbs").glob("*/*"))
        assert thumbnails == [one.id for one in writer.all_items() if one.thumbnail]
        (new,) = writer.add([NewItem("image", "later", None, "later", SparseVector.from_pairs({0: 1.0}))])
        assert new > max(writer.ids()[:-1], default=0) and writer.search(query(writer), 1000).exact
    return mended


def query(held: Collection) -> SparseVector:
    """A query that shares a term with every item that has any."""
    return SparseVector.from_pairs(dict.fromkeys(range(len(held.vocabulary)), 1.0))


def kill_at_every_step(children: Server, operation: str, template: Path | None, place: Path) -> int:
    """Kills at every step, and between steps; returns how often."""
    name = f"{__name__}:{operation}"

    def copied() -> Path:
        folder = place / "it"
        shutil.rmtree(folder, ignore_errors=True)
        if template is not None:
            shutil.copytree(template, folder)
        return folder

    before = looked_at(copied()) if template is not None else []
    whole = children.run(name, copied())
    assert not whole.killed and whole.done is not None
    after = looked_at(place / "it")
    choose, kills = random.Random(operation), 0
    plans = [(step, 0.0) for step in range(1, len(whole.steps) + 1)]
    plans += [(0, choose.uniform(0.0001, whole.done)) for _ in range(BETWEEN)]
    for at, delay in plans:
        folder = copied()
        done = children.run(name, folder, at=at, after=delay)
        assert done.killed or delay, f"never came to step {at}"
        kills += done.killed
        if template is None and done.done is None and not Collection.exists(folder):
            continue  # a collection is there whole or not at all
        found = looked_at(folder)
        where = f"killed at {whole.steps[at - 1] if at else f'{delay} s'} (step {at} of {len(whole.steps)})"
        assert found == after if done.done is not None else found in (before, after), where
    return kills


@pytest.fixture
def template(place: Path) -> Path:
    fill(place / "template")
    return place / "template"


@pytest.mark.parametrize("operation", CHANGES)
def test_killed_at_every_step(children: Server, operation: str, template: Path, place: Path) -> None:
    assert kill_at_every_step(children, operation, template, place) >= 9


def test_killed_while_what_is_held_is_kept(children: Server, template: Path, place: Path) -> None:
    assert kill_at_every_step(children, "load", template, place) >= 5


def test_killed_while_a_collection_is_made(children: Server, place: Path) -> None:
    assert kill_at_every_step(children, "create", None, place) >= 20


def test_killed_while_what_a_kill_left_is_cleared(children: Server, template: Path, place: Path) -> None:
    whole = children.run(f"{__name__}:add", _copy(template, place / "whole"))
    at = whole.steps.index("tantivy commit") + 2  # postings written, the catalog not
    assert children.run(f"{__name__}:add", template, at=at).killed
    with Collection.open(template) as reader:
        assert any("interrupted" in problem for problem in reader.verify())
    assert kill_at_every_step(children, "reopen", template, place) >= 5


def test_killed_while_an_old_collection_is_brought_up_to_date(children: Server, place: Path) -> None:
    with zipfile.ZipFile(OLD) as packed:
        packed.extractall(place / "template")
    assert kill_at_every_step(children, "reopen", place / "template", place) >= 10


def _copy(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target
