"""The compiled loops by hand, and where their machine code cannot be kept."""

import importlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core import caching

from index_store.memory import kernels
from index_store.memory.part import Part, Vectors
from index_store.vectors import SparseVector

pytestmark = pytest.mark.numeric
positive = st.floats(min_value=2.0**-149, max_value=2.0**127, width=32)
halves = st.sampled_from([2.0**at for at in (-149, -126, -53, -52, -24, -1, 0, 1, 24, 52, 53, 100, 127)])


@settings(max_examples=300, deadline=None)
@given(weights=st.lists(positive | halves, min_size=1, max_size=8), top=st.sampled_from([15, 255]))
def test_held_weights_are_never_below_the_true_ones(weights: list[float], top: int) -> None:
    """And at most one step above them; the highest code is enough for the heaviest."""
    exact = [np.float32(weight) for weight in weights]
    step = kernels._step(max(exact).view(np.uint32), top)
    length = float(np.uint32(step).view(np.float32))
    for weight in exact:
        code = kernels._code(weight, np.float32(length))
        assert 1 <= code <= top
        assert (code - 1) * length < float(weight) <= code * length


@settings(max_examples=300, deadline=None)
@given(pairs=st.lists(st.tuples(positive | halves, positive | halves), max_size=40))
def test_scores_are_rounded_once(pairs: list[tuple[float, float]]) -> None:
    vector = SparseVector.from_pairs({at: weight for at, (weight, _) in enumerate(pairs)})
    query = np.array([by for _, by in pairs] + [7.0], np.float32)
    query[:-1:3] = 0  # terms that the question lacks
    exact = Vectors.of([(0, vector.to_bytes())], 0, 1, query.size)
    shared = [float(np.float32(a)) * float(by) for (a, _), by in zip(pairs, query, strict=False) if by]
    products = np.full(len(shared) + 2, 7.0)
    assert kernels._multiply(*exact, 0, np.zeros(0, np.uint8), query, products[:-1]) == len(shared)
    assert products[: len(shared)].tolist() == shared and products[-1] == 7
    assert kernels._exact(products[: len(shared)]) == math.fsum(shared)
    assert kernels._about(products[: len(shared)]) == pytest.approx(math.fsum(shared), rel=1e-14)


@pytest.mark.parametrize("kind", [np.uint16, np.uint32])
def test_lists_and_columns_add_up(kind: type) -> None:
    sums = np.zeros(130, kind)
    rows, codes = np.array([0, 2, 3, 64, 65, 127], np.uint16), np.array([1, 255, 3, 4, 5, 6], np.uint8)
    kernels._add_list(sums, rows, codes, np.uint32(257))
    expected = np.zeros(130)
    expected[rows] = [2, 256, 4, 5, 6, 7]  # code * 257 / 256, rounded up
    assert sums.tolist() == expected.tolist()
    columns = np.zeros((3, 64), np.uint8)
    columns[0, 0], columns[2, 63], columns[2, 0] = 15 | 2 << 4, 9 << 4, 1
    kernels._add_columns(sums, columns, np.array([[0, 2, 1, 0], [10, 100, 1000, 0]]), 3)
    expected[[0, 64]] += [150 + 100, 20]
    expected[127] += 900
    assert sums.tolist() == expected.tolist()


@pytest.mark.parametrize("size", [300, 70_000])
def test_a_part_holds_every_posting_once(size: int) -> None:
    """In lists or columns; terms of large vocabularies take two numbers."""
    rng = np.random.default_rng(size)
    terms = np.append(rng.choice(size, 20, replace=False), size - 1)
    vectors = {}
    for item in range(1_000):
        some = np.unique(rng.choice(terms, rng.integers(0, 6)))
        vectors[item] = SparseVector(some, rng.random(some.size).astype(np.float32) + 0.01)
    part = Part.of(Vectors.of(((item, v.to_bytes()) for item, v in vectors.items()), 0, 1_000, size), 0, size)
    held = {}
    for term in range(size):
        for number in range(part.directory.shape[1]):
            start, count, bits = part.directory[term, number].tolist()
            step = float(np.uint32(bits).view(np.float32))
            if count & kernels.COLUMN:
                column = np.concatenate([part.columns[start] & 15, part.columns[start] >> 4])
                found = [(row, code) for row, code in enumerate(column.tolist()) if code]
                assert len(found) == count - kernels.COLUMN
            else:
                some = slice(start, start + count)
                found = list(zip(part.lists[some].tolist(), part.codes[some].tolist(), strict=True))
            held |= {(number * part.block + row, term): code * step for row, code in found}
    true = {
        (item, term): weight
        for item, vector in vectors.items()
        for term, weight in zip(vector.terms.tolist(), vector.weights.tolist(), strict=True)
    }
    assert held.keys() == true.keys()
    assert all(weight <= held[at] for at, weight in true.items())


def test_machine_code_that_cannot_be_kept_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither this folder nor the user's own can be written: slower to start, but it works."""
    with monkeypatch.context() as patch:
        patch.setattr(caching.CacheImpl, "_locator_classes", [])
        importlib.reload(kernels)
        test_lists_and_columns_add_up(np.uint16)
    importlib.reload(kernels)
