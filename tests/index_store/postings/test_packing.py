"""Stored vectors: to the last bit, together or one by one, and what is damaged is refused."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_store.errors import VectorError
from index_store.postings import packing
from index_store.vectors import SparseVector

weights = st.floats(min_value=0, max_value=3.4028234663852886e38, exclude_min=True, width=32)
near = st.floats(min_value=0.0078125, max_value=4.0, width=32)
terms = st.integers(0, 40) | st.integers(0, 40_000) | st.integers(0, 2**31 - 1)
vectors = st.dictionaries(terms, near | weights, max_size=40).map(SparseVector.from_pairs) | st.dictionaries(
    st.integers(0, 3000), near, max_size=80
).map(SparseVector.from_pairs)


@given(st.lists(vectors, max_size=12))
def test_what_was_packed_comes_back(some: list[SparseVector]) -> None:
    packed = packing.pack_all(some)
    assert packed == [packing.pack(vector) for vector in some]
    assert [packing.unpack(data) for data in packed] == [vector.to_bytes() for vector in some]
    assert packing.unpack_all(packed) == [vector.to_bytes() for vector in some]


def test_a_usual_vector_takes_less_than_five_bytes_a_term() -> None:
    rng = np.random.default_rng(3)
    chosen = np.sort(rng.choice(30_522, 103, replace=False))
    vector = SparseVector(chosen, rng.lognormal(-1, 0.75, 103).clip(0.01, 3).astype(np.float32))
    assert len(packing.pack(vector)) < 4.9 * 103


@given(vectors.filter(len), st.data())
def test_what_is_damaged_is_refused_or_another_vector(vector: SparseVector, data: st.DataObject) -> None:
    """Wrong lengths are always noticed; one wrong bit may make another vector, but never anything worse."""
    packed = packing.pack(vector)
    for cut in (b"", packed[:5], packed[:-1], packed + b"\0" * 9, b"odd"):
        with pytest.raises(VectorError):
            packing.unpack(cut)
    at = data.draw(st.integers(0, len(packed) - 1))
    flipped = packed[:at] + bytes([packed[at] ^ (1 << data.draw(st.integers(0, 7)))]) + packed[at + 1 :]
    with contextlib.suppress(VectorError):
        assert len(packing.unpack(flipped)) % 8 == 0
    with contextlib.suppress(VectorError):
        assert packing.unpack_all([packed, flipped, packed])[::2] == [vector.to_bytes()] * 2
