"""Search by terms and by the whole at once, against brute force over all items, to the last bit of every sum."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index_store.dense import DenseQuery
from index_store.errors import CollectionError, VectorError
from index_store.filters import parse
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.search import fused
from index_store.vectors import SparseVector

TERMS, SIZE, ITEMS = 60, 24, 700
Kept = dict[int, tuple[SparseVector, NDArray[np.float32] | None]]


def unit(rng: np.random.Generator, size: int = SIZE) -> NDArray[np.float32]:
    row = rng.normal(size=size)
    return (row / np.linalg.norm(row)).astype(np.float32)


def sparse(rng: np.random.Generator, most: int = 6) -> SparseVector:
    terms = np.sort(rng.choice(TERMS, rng.integers(0, most + 1), replace=False))
    return SparseVector(terms, np.round(rng.gamma(1.0, 0.7, len(terms)), 1) + 0.1)  # rounded, so that there are ties


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Collection, Kept]]:
    """700 items: many are twins of others, some have no dense vector, some no term, and every ninth is gone again."""
    rng = np.random.default_rng(5)
    items: Kept = {}
    path = tmp_path_factory.mktemp("fused") / "collection"
    with Collection.create(path, model="m", vocabulary=[str(term) for term in range(TERMS)]) as held:
        held.keep_dense(SIZE)
        made: list[tuple[SparseVector, NDArray[np.float32] | None]] = []
        for number in range(ITEMS):
            twin = made[int(rng.integers(number))] if number and rng.random() < 0.3 else None
            made.append(twin or (sparse(rng), None if rng.random() < 0.1 else unit(rng)))
        for start in range(0, ITEMS, 100):
            part = made[start : start + 100]
            new = [
                NewItem("caption" if i % 3 else "image", f"/p/{start + i}", None, f"{start + i}", one, dense=row)
                for i, (one, row) in enumerate(part)
            ]
            ids = held.add(new)
            items |= zip(ids, part, strict=True)
        gone = list(items)[::9]
        held.remove(gone)
        yield held, {item: pair for item, pair in items.items() if item not in gone}


def brute(
    items: Kept, query: SparseVector, dense: DenseQuery, k: int, within: SparseVector | None = None
) -> list[tuple[int, float]]:
    sums = []
    for item, (vector, row) in items.items():
        if within is None or len(within.intersection(vector)[0]):
            products = [] if row is None else [float(a) * float(b) for a, b in zip(dense.vector, row, strict=True)]
            sums.append((item, query.dot(vector) + (dense.weight * math.fsum(products) if products else 0.0)))
    return sorted((one for one in sums if one[1] > 0), key=lambda one: (-one[1], one[0]))[:k]


def found(held: Collection, *asked: object, **options: object) -> list[tuple[int, float]]:
    retrieval = held.search(*asked, **options)  # type: ignore[arg-type]
    assert retrieval.exact
    return [(hit.id, hit.score) for hit in retrieval.hits]


@pytest.mark.parametrize("narrow", [False, True], ids=["one list", "lists asked for again"])
@pytest.mark.parametrize("loaded", [False, True], ids=["from files", "held in memory"])
def test_the_best_by_both_are_those_of_brute_force(
    kept: tuple[Collection, Kept], loaded: bool, narrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, items = kept
    if narrow:
        for name in ("LISTED", "LISTED_K", "WALKED", "WALKED_K"):
            monkeypatch.setattr(fused, name, 1)
    if loaded:
        held.load()
    rng = np.random.default_rng(8)
    for k in (1, 3, 10, 40, 1000):
        for weight in (0.0, 1e-6, 0.3, 2.0, 50.0):
            query, dense = sparse(rng), DenseQuery(unit(rng), weight)
            assert found(held, query, k, dense=dense) == brute(items, query, dense, k)


def test_without_a_term_the_whole_alone_ranks(kept: tuple[Collection, Kept]) -> None:
    held, items = kept
    nothing, dense = SparseVector.from_pairs({}), DenseQuery(unit(np.random.default_rng(1)), 1.0)
    assert found(held, nothing, 30, dense=dense) == brute(items, nothing, dense, 30)


def test_terms_that_must_be_shared_and_conditions_hold_both_ways(kept: tuple[Collection, Kept]) -> None:
    held, items = kept
    rng = np.random.default_rng(3)
    for _ in range(6):
        query, dense, k = sparse(rng), DenseQuery(unit(rng), 1.5), 12
        own, others = query.top(1), sparse(rng, most=3)
        for within in (own, others):
            expected = brute(items, query, dense, k, within)
            assert found(held, query, k, candidates=within, dense=dense) == expected
        pictures = set(held.ids(parse(["kind=image"])))
        expected = brute({item: pair for item, pair in items.items() if item in pictures}, query, dense, k)
        assert found(held, query, k, kind="image", dense=dense) == expected


def test_a_budget_leaves_sums_exact_and_says_that_better_ones_may_be_missing(kept: tuple[Collection, Kept]) -> None:
    held, items = kept
    rng = np.random.default_rng(4)
    query, dense = SparseVector.from_pairs({term: 1.0 for term in range(20)}), DenseQuery(unit(rng), 0.5)
    retrieval = held.search(query, 10, budget=3, dense=dense)
    sums = dict(brute(items, query, dense, ITEMS))
    assert not retrieval.exact and len(retrieval.hits) == 10
    assert all(hit.score == sums[hit.id] for hit in retrieval.hits)


def test_what_is_added_filled_in_or_taken_out_is_followed(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = [unit(rng) for _ in range(4)]
    term = SparseVector.from_pairs({1: 1.0})
    with Collection.create(tmp_path / "c", model="m", vocabulary=["a", "b"]) as held:
        dense = DenseQuery(rows[0], 1.0)
        with pytest.raises(CollectionError, match="keeps no dense vectors"):
            held.search(term, 5, dense=dense)
        first = held.add([NewItem("image", f"/{n}", None, f"{n}", term, dense=rows[n]) for n in range(2)])
        held.keep_dense(SIZE)
        held.keep_dense(SIZE)
        assert held.without_dense() == first and held.dense(first) == {}  # it kept none of what came before
        held.load()
        with Collection.open(tmp_path / "c") as other:
            assert found(other, term, 5, dense=dense) == [(item, 1.0) for item in first]
            held.note_dense(dict(zip(first, rows, strict=False)))
            assert [item for item, _ in found(other, term, 5, dense=dense)] == first
            assert found(held, term, 1, dense=dense) == [(first[0], 1.0 + dense.adds(rows[0]))]
            (third,) = held.add([NewItem("image", "/3", None, "3", term, dense=rows[0])])
            held.remove(first[:1])
            for one in (held, other):
                assert found(one, term, 1, dense=dense) == [(third, 1.0 + dense.adds(rows[0]))]
            assert held.stats().dense == 2 and held.stats().dense_size == SIZE


def test_what_is_no_dense_vector_of_the_collection_is_refused_whole(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    term = SparseVector.from_pairs({1: 1.0})
    with Collection.create(tmp_path / "c", model="m", vocabulary=["a", "b"]) as held:
        held.keep_dense(SIZE)
        with pytest.raises(CollectionError, match="keeps dense vectors of 24 numbers"):
            held.keep_dense(SIZE + 1)
        for wrong in (unit(rng, 5), 2 * unit(rng), unit(rng) * np.float32(np.nan)):
            with pytest.raises(VectorError):
                held.add(
                    [NewItem("image", "/1", None, "1", term), NewItem("image", "/2", None, "2", term, dense=wrong)]
                )
        assert len(held) == 0
        (item,) = held.add([NewItem("image", "/1", None, "1", term)])
        with pytest.raises(VectorError):
            held.note_dense({item: unit(rng, 5)})
        with pytest.raises(VectorError, match="has 5 numbers"):
            held.search(term, 1, dense=DenseQuery(unit(rng, 5), 1.0))
        assert held.without_dense() == [item]
