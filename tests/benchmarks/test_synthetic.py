"""Synthetic items and queries have the statistics that they are said to have."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.rows import Rows
from benchmarks.synthetic import HEAVIEST, IN_USE, LIGHTEST, VOCABULARY, draw_items, draw_queries


@pytest.fixture(scope="module")
def items() -> Rows:
    return draw_items(4_000, seed=3)


def test_items_are_as_long_and_terms_as_frequent_as_said(items: Rows) -> None:
    lengths = np.diff(items.starts)
    assert len(items) == 4_000 and items.width == VOCABULARY
    assert 100 < lengths.mean() < 106 and lengths.min() >= 20 and lengths.max() <= 320
    frequency = np.sort(np.bincount(items.terms, minlength=VOCABULARY))[::-1] / len(items)
    assert 0.45 < frequency[0] < 0.6  # the most frequent is in half of all
    assert 0.99 * IN_USE <= np.count_nonzero(frequency) <= IN_USE
    assert frequency[10] > 3 * frequency[500] > 6 * frequency[4_000]


def test_every_item_is_a_valid_vector_of_weights_within_bounds(items: Rows) -> None:
    assert items.weights.min() >= np.float32(LIGHTEST) and items.weights.max() == HEAVIEST
    assert sum(map(len, items.vectors())) == len(items.terms)  # SparseVector refuses what is not ascending


def test_items_of_a_topic_share_more_terms_than_others(items: Rows) -> None:
    vectors = list(items.first(200).vectors())
    shared = np.array([[len(a.intersection(b)[0]) for b in vectors if b is not a] for a in vectors[:40]])
    assert shared.max(axis=1).mean() > 2 * shared.mean()


def test_the_same_seed_draws_the_same(items: Rows) -> None:
    one, same, other = (draw_items(50, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.terms, same.terms) and np.array_equal(one.weights, same.weights)
    assert not np.array_equal(one.terms, other.terms)
    first, second = (draw_queries(items, 5, 8, seed=1) for _ in range(2))
    assert np.array_equal(first.terms, second.terms) and np.array_equal(first.weights, second.weights)


@pytest.mark.parametrize("size", [8, 40])
def test_queries_are_about_as_long_as_asked(items: Rows, size: int) -> None:
    queries = draw_queries(items, 300, size, seed=2)
    assert len(queries) == 300
    assert 0.85 * size < np.diff(queries.starts).mean() < 1.05 * size
    assert all(len(vector) >= 2 for vector in queries.vectors())


def test_arrays_come_back_from_a_file(items: Rows, tmp_path: Path) -> None:
    items.save(tmp_path / "items.npz")
    back = Rows.load(tmp_path / "items.npz")
    assert back.width == items.width and list(tmp_path.iterdir()) == [tmp_path / "items.npz"]
    for name in ("starts", "terms", "weights"):
        assert np.array_equal(getattr(back, name), getattr(items, name))
