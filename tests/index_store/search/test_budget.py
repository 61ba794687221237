"""A budget ends a search early: `exact` stays a proof, scores stay exact, and the same question gets the same answer.

The collections are those that make bounds least useful: all scores alike, one weight that dwarfs the others, one term,
vectors that share nothing with the question.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_store.filters import EVERYTHING, Filter, parse
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.search import exact
from index_store.vectors import SparseVector

pytestmark = pytest.mark.numeric
WORDS = [f"word{number}" for number in range(30)]
Vectors = dict[int, SparseVector]
LIMITLESS = 10**9


def vector(**weights: float) -> SparseVector:
    return SparseVector.from_pairs({int(name[1:]): weight for name, weight in weights.items()})


def new(vector: SparseVector, number: int) -> NewItem:
    return NewItem("image" if number % 3 else "caption", f"/p/{number % 4}/{number}.png", None, str(number), vector)


def brute_force(live: Vectors, query: SparseVector, k: int) -> list[tuple[int, float]]:
    scored = ((item, query.dot(held)) for item, held in live.items())
    return sorted((pair for pair in scored if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))[:k]


def check(held: Collection, live: Vectors, query: SparseVector, k: int, where: Filter = EVERYTHING) -> list[int]:
    """Asks on every budget; returns those that were enough."""
    among = set(held.ids(where))
    truth = brute_force({item: one for item, one in live.items() if item in among}, query, k)
    postings = sum(len(query.intersection(one)[0]) for one in live.values())
    enough = []
    for budget in sorted({1, 2, 3, 5, 8, 13, 40, 100, max(1, postings - 1), max(1, postings), LIMITLESS}):
        found = held.search(query, k, where=where, budget=budget)
        got = [(hit.id, hit.score) for hit in found.hits]
        assert got == [(hit.id, hit.score) for hit in held.search(query, k, where=where, budget=budget).hits]
        assert got == sorted(got, key=lambda pair: (-pair[1], pair[0])) and len({item for item, _ in got}) == len(got)
        assert all(item in among and score == query.dot(live[item]) for item, score in got)
        assert len(got) <= k and (found.exact or budget < LIMITLESS)
        if found.exact:
            assert got == truth
            enough.append(budget)
    unlimited = held.search(query, k, where=where)
    assert unlimited.exact and [(hit.id, hit.score) for hit in unlimited.hits] == truth
    return enough


@pytest.fixture(autouse=True, scope="module")
def short_lists() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "FIRST_CANDIDATES", 2)  # so that small collections too need widening
        patch.setattr(exact, "WIDENING", 2)
        yield


weights = st.sampled_from([0.25, 0.5, 1.0, 1.5]) | st.floats(min_value=0.001953125, max_value=4, width=32)
huge = st.sampled_from([1e-45, 1e30, 3.4028234663852886e38])
vectors = st.dictionaries(st.integers(0, 8), weights | huge, max_size=6).map(SparseVector.from_pairs)
tied = st.dictionaries(st.integers(0, 2), st.just(0.5), max_size=3).map(SparseVector.from_pairs)
one_term = st.builds(lambda weight: vector(t1=weight), weights | huge)
strangers = st.dictionaries(st.integers(20, 29), weights, max_size=4).map(SparseVector.from_pairs)
questions = st.tuples(vectors | tied | one_term | strangers, st.integers(1, 12))


@settings(max_examples=25, deadline=None)
@given(
    items=st.lists(vectors | tied | one_term | strangers, max_size=40) | st.lists(tied, min_size=20, max_size=40),
    gone=st.sets(st.integers(1, 40)),
    asked=st.lists(questions, min_size=1, max_size=6),
)
def test_exact_is_a_proof_on_every_budget(
    items: list[SparseVector], gone: set[int], asked: list[tuple[SparseVector, int]]
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Collection.create(Path(folder) / "c", model="m", vocabulary=WORDS) as held,
    ):
        ids = held.add([new(item, number) for number, item in enumerate(items)])
        held.remove(gone)
        live = {item: one for item, one in zip(ids, items, strict=True) if item not in gone}
        for query, k in asked:
            check(held, live, query, k)
            check(held, live, query, k, parse(["kind=caption"]))
            check(held, live, query, k, parse(["folder=/p/1", "folder=/p/2"]))


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "c", model="m", vocabulary=WORDS) as made:
        yield made


def filled(held: Collection, count: int, make: Callable[[int], SparseVector]) -> Vectors:
    items = [make(number) for number in range(count)]
    return dict(zip(held.add([new(item, number) for number, item in enumerate(items)]), items, strict=True))


def test_where_all_are_alike_only_reading_all_proves_it(collection: Collection) -> None:
    live = filled(collection, 60, lambda _: vector(t1=0.7, t2=0.7))
    assert check(collection, live, vector(t1=1.0, t2=1.0), 5) == [LIMITLESS]
    found = collection.search(vector(t1=1.0), 5, budget=20)
    assert not found.exact and len(found.hits) == 5


def test_one_huge_weight_needs_little(collection: Collection) -> None:
    live = filled(collection, 60, lambda number: vector(t1=3e38 if number == 40 else 1.0, t2=0.1 + number / 100))
    assert check(collection, live, vector(t1=1.0), 1)[0] == 1
    assert check(collection, live, vector(t1=3e38, t2=1e-45), 1)[0] == 1
    assert collection.search(vector(t1=1.0, t2=1.0), 1, budget=1).hits[0].id == 41


def test_one_term_whose_best_hide_in_one_level(collection: Collection) -> None:
    rising = np.linspace(0.63, 0.71, 50, dtype=np.float32)  # stored as one value: the bound cannot tell them apart
    live = filled(collection, 50, lambda number: vector(t3=float(rising[number])))
    assert check(collection, live, vector(t3=2.0), 3) == [LIMITLESS]


def test_what_is_unread_may_be_better_than_what_is_read(collection: Collection) -> None:
    """The heaviest list holds one item; the best one is in two lists that are each a little lighter."""
    live = filled(collection, 40, lambda n: vector(t1=1.0) if n == 20 else vector(t2=0.75, t3=0.75 if n == 30 else 0.1))
    query = vector(t1=1.0, t2=1.0, t3=1.0)
    assert [hit.id for hit in collection.search(query, 1, budget=1).hits] == [21]
    assert not collection.search(query, 1, budget=1).exact
    assert check(collection, live, query, 1)[-1] == LIMITLESS


def test_ties_are_proven_by_the_smaller_id(collection: Collection) -> None:
    live = filled(collection, 60, lambda n: vector(t1=0.5, t2=0.5) if n % 2 else vector(t1=0.8125, t2=0.1875))
    check(collection, live, vector(t1=1.0, t2=1.0), 7)
    live |= dict(zip(collection.add([new(vector(t1=4.0), 60)] * 3), [vector(t1=4.0)] * 3, strict=True))
    assert check(collection, live, vector(t1=1.0, t2=1.0), 3)[0] == 1  # one list; nothing unread adds up to as much
    equal = vector(t1=2.0, t2=2.0)  # scores what the three do, from two unread lists
    live |= dict(zip(collection.add([new(equal, 70)]), [equal], strict=True))
    assert not collection.search(vector(t1=1.0, t2=1.0), 3, budget=1).exact


def test_nothing_in_common_is_proven_for_nothing(collection: Collection) -> None:
    live = filled(collection, 30, lambda number: vector(t1=1.0 + number))
    assert check(collection, live, vector(t2=1.0), 5)[0] == 1
    for query in (vector(t2=1.0), SparseVector.from_pairs({})):
        assert collection.search(query, 5, budget=1).exact
        assert collection.search(vector(t1=1.0), 5, candidates=query, budget=LIMITLESS).exact
    assert collection.search(vector(t1=1.0), 0, budget=1).exact


def test_few_items_are_scored_without_reading_postings(collection: Collection) -> None:
    live = filled(collection, 80, lambda number: vector(t1=1.0 + number % 7, t2=1.0))
    few = parse(["file=*/1.png", "file=*/2.png", "file=*/3.png", "file=*/4.png"])
    assert collection.count(few) == 4
    assert check(collection, live, vector(t1=1.0, t2=1.0), 2, few)[0] == 1
