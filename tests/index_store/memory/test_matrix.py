"""Vectors held in memory answer as brute force does, and as the same collection does that holds none."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_store.errors import CollectionDamaged
from index_store.filters import parse
from index_store.folder.collection import Collection
from index_store.items import Hit, NewItem
from index_store.memory.matrix import Matrix
from index_store.memory.part import Vectors
from index_store.vectors import SparseVector

pytestmark = pytest.mark.numeric
WORDS = [f"word{number}" for number in range(12)]
plain = st.sampled_from([0.25, 0.5, 1.0, 1.5]) | st.floats(min_value=0.001953125, max_value=4, width=32)
extreme = st.sampled_from([1e-45, 1e-38, 1e30, 3.4028234663852886e38])
vectors = st.dictionaries(st.integers(0, 11), plain, max_size=6).map(SparseVector.from_pairs)
wild = st.dictionaries(st.integers(0, 11), plain | extreme, max_size=6).map(SparseVector.from_pairs)
tied = st.dictionaries(st.integers(0, 2), st.just(0.5), max_size=3).map(SparseVector.from_pairs)
collections = st.lists(vectors | wild | tied, max_size=30) | st.lists(tied, min_size=12, max_size=30)


def new(vector: SparseVector, number: int) -> NewItem:
    return NewItem("image" if number % 3 else "caption", f"/p/{number}.png", None, str(number), vector)


def brute_force(items: dict[int, SparseVector], query: SparseVector, k: int) -> list[tuple[int, float]]:
    scored = ((item, query.dot(vector)) for item, vector in items.items())
    return sorted((pair for pair in scored if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))[:k]


@settings(max_examples=150, deadline=None)
@given(items=collections, query=vectors | wild | tied, k=st.integers(1, 12), data=st.data())
def test_it_finds_what_brute_force_finds(
    items: list[SparseVector], query: SparseVector, k: int, data: st.DataObject
) -> None:
    """For items added in any parts, some missing or not alive, with and without terms that an item must share."""
    held = Matrix(len(WORDS))
    held._tail = data.draw(st.sampled_from([2, 1_000]))  # items in parts, or scored one by one
    ends = sorted(data.draw(st.sets(st.integers(0, len(items)))) | {len(items)})
    missing = data.draw(st.sets(st.integers(0, len(items))))
    for start, end in zip([0, *ends], ends, strict=False):
        held.cover([(item, items[item].to_bytes()) for item in range(start, end) if item not in missing], end)
    assert held.covered == len(items)
    alive = np.array([data.draw(st.booleans()) or data.draw(st.booleans()) for _ in items], dtype=np.bool_)
    within = data.draw(st.none() | vectors)
    counted = {
        item: vector
        for item, vector in enumerate(items)
        if item not in missing and alive[item] and (within is None or within.dot(vector) > 0)
    }
    if len(query):
        assert held.search(query, k, alive, within) == brute_force(counted, query, k)


def _many(kind: str, rng: np.random.Generator, count: int) -> dict[int, SparseVector]:
    """Collections on which a bound or a tie may go wrong, of 50 terms."""

    def one(item: int) -> SparseVector:
        terms = np.sort(rng.choice(50, rng.integers(0, 9), replace=False))
        weights = rng.lognormal(-1, 0.8, terms.size)
        if kind == "equal":
            weights[:] = 0.5
        if kind == "wide":
            weights = 10 ** rng.uniform(-8, 4, terms.size)
        if kind == "giant" and item == count // 2:
            weights[:1] = 3e38
        return SparseVector(terms, weights.astype(np.float32))

    items = {item: one(item) for item in range(count)}
    return {item: items[item % 7] for item in items} if kind == "copies" else items


@pytest.mark.slow
@pytest.mark.parametrize("rows", [256, 65_536])
@pytest.mark.parametrize("kind", ["plain", "equal", "wide", "giant", "copies"])
def test_adversarial_collections(kind: str, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one block or in many, at one part or at many; narrow sums or wide ones; all alive, some, or few."""
    monkeypatch.setattr("index_store.memory.part.ROWS", rows)
    rng = np.random.default_rng(rows)
    items = _many(kind, rng, 6_000)
    whole, grown = Matrix(50), Matrix(50)
    whole.cover([(item, vector.to_bytes()) for item, vector in items.items()], 6_000)
    for start in range(0, 6_000, 1_900):
        some = range(start, min(start + 1_900, 6_000))
        grown.cover([(item, items[item].to_bytes()) for item in some], some[-1] + 1)
    assert whole.nbytes and len(grown._held.parts) > 1
    usual = {1: 1.0, 7: 0.3, 20: 2.0, 49: 0.7}
    queries = [usual, usual | {3: 1e-8, 5: 1e4}, {term: 1.0 for term in range(50)}, {11: 0.5}]
    for alive in (np.ones(6_000, np.bool_), rng.random(6_000) < 0.9, rng.random(5_500) < 0.01):
        counted = {item: items[item] for item in np.flatnonzero(alive).tolist()}
        for pairs in queries:
            query = SparseVector.from_pairs(pairs)
            truth = brute_force(counted, query, len(items))
            for k in (1, 10, 300, 10_000):
                for held in (whole, grown):
                    assert held.search(query, k, alive) == truth[:k]
                    assert held.search(query, k, alive, None, len(counted)) == truth[:k]


@pytest.mark.parametrize("count", [65_535, 65_536, 65_537])
def test_the_ends_of_blocks(count: int) -> None:
    """The first and the last item are found, and of equal ones the first."""
    data = [SparseVector.from_pairs({0: 1.0 + (item % 5 == 0), 1 + item % 2: 0.25}).to_bytes() for item in range(10)]
    held = Matrix(4)
    held.cover(((item, data[item % 10]) for item in range(count - 1)), count - 1)
    held.cover([(count - 1, SparseVector.from_pairs({0: 2.0, 3: 4.0}).to_bytes())], count)
    alive = np.ones(count, np.bool_)
    assert held.search(SparseVector.from_pairs({3: 1.0}), 3, alive) == [(count - 1, 4.0)]
    last = (count - 1, 6.0)
    assert held.search(SparseVector.from_pairs({0: 1.0, 3: 1.0}), 3, alive) == [last, (0, 2.0), (5, 2.0)]
    alive[:65_530] = False
    expected = [(item, 2.0) for item in range(65_530, count - 1) if item % 5 == 0]
    assert held.search(SparseVector.from_pairs({0: 1.0, 3: 1.0}), 2, alive) == [last, *expected][:2]


def test_a_query_of_very_many_terms() -> None:
    """Its sums are wide."""
    rng = np.random.default_rng(3)
    items = {}
    for item in range(3_000):
        terms = np.sort(rng.choice(5_000, 30, replace=False))
        items[item] = SparseVector(terms, rng.random(30).astype(np.float32) + 0.01)
    held, query = Matrix(5_000), SparseVector(np.arange(5_000), rng.random(5_000).astype(np.float32) + 0.01)
    held.cover([(item, vector.to_bytes()) for item, vector in items.items()], 3_000)
    assert held.search(query, 10, np.ones(3_000, np.bool_)) == brute_force(items, query, 10)


def test_parts_join_as_they_become_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index_store.memory.matrix.TAIL", 3)
    held = Matrix(3)
    for item in range(100):
        held.cover([(item, SparseVector.from_pairs({item % 3: 1.0 + item}).to_bytes())], item + 1)
    assert 1 <= len(held._held.parts) <= 12 and held.covered == 100 and held.nbytes >= 100 * 6
    alive = np.ones(100, np.bool_)
    assert held.search(SparseVector.from_pairs({2: 2.0}), 2, alive) == [(98, 198.0), (95, 192.0)]
    assert held.search(SparseVector.from_pairs({2: 2.0}), 2, alive[:96]) == [(95, 192.0), (92, 186.0)]


@settings(max_examples=25, deadline=None)
@given(
    first=collections,
    later=collections,
    gone=st.sets(st.integers(1, 40)),
    query=(vectors | wild).filter(len),
    k=st.integers(1, 12),
)
def test_a_collection_answers_alike_with_and_without(
    first: list[SparseVector], later: list[SparseVector], gone: set[int], query: SparseVector, k: int
) -> None:
    """Items that come and go after loading too, in the writer and in a reader."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Collection.create(Path(folder) / "c", model="m", vocabulary=WORDS) as writer,
        Collection.open(Path(folder) / "c") as reader,
        Collection.open(Path(folder) / "c") as plain_reader,
    ):
        ids = writer.add([new(vector, number) for number, vector in enumerate(first)])
        writer.load()
        reader.load()
        ids += writer.add([new(vector, number) for number, vector in enumerate(later)])
        writer.remove(gone)
        live = {item: v for item, v in zip(ids, [*first, *later], strict=True) if item not in gone}
        for where in ([], ["kind=caption"], ["kind=image"]):
            among = set(writer.ids(parse(where)))
            truth = brute_force({item: v for item, v in live.items() if item in among}, query, k)
            for held in (writer, reader, plain_reader):
                found = held.search(query, k, where=parse(where))
                assert found.exact and [(hit.id, hit.score) for hit in found.hits] == truth
                assert found.hits == held.search(query, k, where=parse(where), budget=10**9).hits
        assert writer.search(query, k, candidates=query).hits == writer.search(query, k).hits
        writer.compact()
        assert writer.search(query, k).hits == plain_reader.search(query, k).hits


def test_loading_twice_and_looking_while_loading(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "c", model="m", vocabulary=WORDS) as held:
        held.load()
        assert held.search(SparseVector.from_pairs({1: 1.0}), 3).hits == ()
        held.add([new(SparseVector.from_pairs({1: 2.0}), 1)])
        held.load()
        assert held.search(SparseVector.from_pairs({1: 1.0}), 3).hits == (Hit(1, 2.0),)


def test_a_vector_that_cannot_be_read_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Collection.create(tmp_path / "c", model="m", vocabulary=WORDS) as held:
        monkeypatch.setattr("index_store.postings.packing.pack_all", lambda vectors: [b"odd"] * len(vectors))
        held.add([new(SparseVector.from_pairs({1: 2.0}), 1)])
        monkeypatch.undo()
        with pytest.raises(CollectionDamaged, match="item 1"):
            held.load()


def _kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "held").glob("*"))


def test_what_is_held_is_kept_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken up by the next, made longer by appended parts, made again where it is torn, lost or another's."""
    monkeypatch.setattr("index_store.memory.matrix.KEPT_FROM", 20)
    monkeypatch.setattr("index_store.memory.matrix.LONGEST", 100)
    monkeypatch.setattr("index_store.memory.matrix.AT_ONCE", 40)
    rng, path, query = np.random.default_rng(5), tmp_path / "c", SparseVector.from_pairs({1: 1.0, 4: 0.5, 7: 2.0})
    reads: list[int] = []

    def some(count: int) -> list[NewItem]:
        rows = rng.lognormal(-1, 0.8, (count, 12)) * (rng.random((count, 12)) < 0.4)
        return [new(SparseVector.from_dense(row), number) for number, row in enumerate(rows)]

    def answers() -> list[int]:
        """Loads and compares with a reader that holds nothing; the ids that were read to load."""
        with Collection.open(path) as held, Collection.open(path) as plain:
            truth, expected = plain.search(query, 50), len(plain)
            of, reads[:] = Vectors.of, []

            def noting(rows: Iterable[tuple[int, bytes]], first: int, end: int, size: int) -> Vectors:
                listed = list(rows)
                reads.extend(item for item, _ in listed)
                return of(listed, first, end, size)

            with monkeypatch.context() as patch:
                patch.setattr(Vectors, "of", noting)
                held.load()
            assert held.search(query, 50).hits == truth.hits and len(held) == expected
            assert plain.verify() == []
        return list(reads)

    with Collection.create(path, model="m", vocabulary=WORDS) as writer:
        writer.add(some(90))
        writer.remove([3, 70])
        assert len(answers()) == 88 + 1  # and the one that warms the loops
        assert _kept(path) == ["0-80.held", "80-91.held"]
        assert len(answers()) == 1
        writer.add(some(10))
        assert len(answers()) == 10 + 1 and _kept(path) == ["0-80.held", "80-91.held"]  # too few to be kept
        writer.add(some(30))
        assert len(answers()) == 40 + 1 and _kept(path) == ["0-80.held", "80-131.held"]
        whole = (path / "held" / "0-80.held").read_bytes()
        for torn in (whole[:-1], whole[:100], b"", b"{}\n", b"{" + whole):
            (path / "held" / "0-80.held").write_bytes(torn)
            (path / "held" / ".new-0").write_bytes(torn)
            assert writer.verify() == [
                "Files of held vectors that are not the collection's (deleting them is safe): 0-80.held."
            ]
            answers()
            assert _kept(path)[-2:] == ["0-80.held", "80-131.held"]
        line, arrays = whole.index(b"\n") + 1, json.loads(whole.split(b"\n")[0])["arrays"]
        for name in ("directory", "columns", "vectors"):
            place = line + arrays[name][2]
            (path / "held" / "0-80.held").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert "0-80.held" in writer.verify()[0]
        writer.repair()
        assert "0-80.held" not in _kept(path) and writer.verify() == []
        answers()
        writer.compact()
        assert len(answers()) == 1
    copy = shutil.copytree(path / "held", tmp_path / "held")
    shutil.rmtree(path)
    with Collection.create(path, model="m", vocabulary=WORDS) as writer:  # the same ids, other vectors
        writer.add(some(140))
        shutil.copytree(copy, path / "held")
        assert writer.verify()
        assert len(answers()) == 140 + 2 and writer.verify() == []


def test_a_folder_that_cannot_be_written_to_is_held_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index_store.memory.matrix.KEPT_FROM", 1)
    with Collection.create(tmp_path / "c", model="m", vocabulary=WORDS) as held:
        held.add([new(SparseVector.from_pairs({1: 2.0}), 1)])
        (tmp_path / "c" / "held").write_text("not a folder")
        held.load()
        assert held.search(SparseVector.from_pairs({1: 1.0}), 3).hits == (Hit(1, 2.0),)
