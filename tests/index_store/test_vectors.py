"""Sparse vectors: rules, round trips and an exact, order-independent score."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_store.errors import SightwordsError, VectorError
from index_store.vectors import SparseVector

weights = st.floats(min_value=0, max_value=3.4028234663852886e38, exclude_min=True, width=32)
vectors = st.dictionaries(st.integers(0, 60), weights, max_size=25).map(SparseVector.from_pairs)


@given(vectors)
def test_bytes_and_pairs_round_trip(vector: SparseVector) -> None:
    assert SparseVector.from_bytes(vector.to_bytes()) == vector
    assert hash(SparseVector.from_bytes(vector.to_bytes())) == hash(vector)
    assert SparseVector.from_pairs(dict(zip(vector.terms.tolist(), vector.weights.tolist(), strict=True))) == vector
    assert len(vector.to_bytes()) == 8 * len(vector)


@given(vectors)
def test_dense_round_trip(vector: SparseVector) -> None:
    row = np.zeros(61, dtype=np.float32)
    row[vector.terms] = vector.weights
    assert SparseVector.from_dense(row) == vector


@given(vectors, vectors)
def test_the_score_is_the_rounded_real_number(a: SparseVector, b: SparseVector) -> None:
    ours = dict(zip(a.terms.tolist(), a.weights.tolist(), strict=True))
    theirs = dict(zip(b.terms.tolist(), b.weights.tolist(), strict=True))
    real = sum((Fraction(ours[t]) * Fraction(theirs[t]) for t in ours.keys() & theirs.keys()), Fraction(0))
    assert a.dot(b) == b.dot(a) == float(real)


@given(vectors, vectors)
def test_intersection(a: SparseVector, b: SparseVector) -> None:
    terms, mine, theirs = a.intersection(b)
    assert terms.tolist() == sorted(set(a.terms.tolist()) & set(b.terms.tolist()))
    assert mine.tolist() == [float(a.weights[a.terms == term][0]) for term in terms]
    assert theirs.tolist() == [float(b.weights[b.terms == term][0]) for term in terms]


@given(vectors, st.integers(-1, 30))
def test_top_keeps_the_heaviest(vector: SparseVector, k: int) -> None:
    kept = vector.top(k)
    pairs = sorted(
        zip(vector.terms.tolist(), vector.weights.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0])
    )
    assert dict(zip(kept.terms.tolist(), kept.weights.tolist(), strict=True)) == dict(pairs[: max(k, 0)])


def test_vectors_do_not_change() -> None:
    source = np.array([0.5, 1.0], dtype=np.float32)
    vector = SparseVector(np.array([1, 4], dtype=np.int32), source)
    source[0] = 9
    assert vector.weights.tolist() == [0.5, 1.0]
    with pytest.raises(ValueError):
        vector.weights[0] = 2


def test_an_empty_vector_is_valid_and_falsy() -> None:
    empty = SparseVector.from_pairs({})
    assert not empty and len(empty) == 0 and empty.dot(SparseVector.from_pairs({1: 1.0})) == 0.0
    assert SparseVector.from_bytes(b"") == empty and empty != "something else"


@pytest.mark.parametrize(
    ("terms", "numbers"),
    [
        ([2, 1], [1, 1]),
        ([1, 1], [1, 1]),
        ([-1, 1], [1, 1]),
        ([1, 2**31], [1, 1]),
        ([1.0, 2.0], [1, 1]),
        ([1, 2], [1]),
        ([[1, 2]], [[1, 2]]),
        ([1, 2], [1, 0]),
        ([1, 2], [1, -1]),
        ([1, 2], [1, np.nan]),
        ([1, 2], [1, np.inf]),
        ([1, 2], [1, 1e39]),  # infinite as float32
        ([1, 2], [1, 1e-50]),  # zero as float32
    ],
)
def test_rules_are_kept(terms: list[int], numbers: list[float]) -> None:
    with pytest.raises(VectorError) as caught:
        SparseVector(np.array(terms), np.array(numbers))
    assert isinstance(caught.value, SightwordsError) and str(caught.value).endswith(".")


@pytest.mark.parametrize("row", [[1.0, -0.1], [np.nan, 1], [np.inf, 1], [[1.0]]])
def test_bad_dense_rows(row: list[float]) -> None:
    with pytest.raises(VectorError):
        SparseVector.from_dense(np.array(row))


def test_bad_bytes() -> None:
    with pytest.raises(VectorError):
        SparseVector.from_bytes(b"1234567")
