"""Dense vectors: what a question is compared with whole, beside its terms; knows nothing of how they are stored.

A dense vector has unit length, and the dot product of two, their cosine, lies between -1 and 1. `exact_cosine` is the
real number, rounded once to float64, as the score of two sparse vectors is (`vectors.py`), and for the same reason:
the products of float32 numbers are exact in float64, and `math.fsum` rounds their sum correctly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index_store.errors import VectorError
from index_store.vectors import exact_sum

LENGTH_OFF = 1e-3  # by which a length may differ from 1: encoders compute in float32, or in half of that


@dataclass(frozen=True, eq=False)
class DenseQuery:
    """The whole of a question: `vector` (d,) float32 of unit length; `weight` >= 0: what a cosine of 1 adds."""

    vector: NDArray[np.float32]
    weight: float

    def adds(self, row: NDArray[np.float32]) -> float:
        """What an item with the dense vector `row` (d,) gains: weight × cosine, each rounded once."""
        return self.weight * exact_cosine(self.vector, row)


def exact_cosine(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The dot product of two dense vectors (d,), exactly rounded."""
    return exact_sum(first.astype(np.float64) * second)


def check_dense(row: NDArray[np.float32], size: int, name: str) -> None:
    """VectorError unless a row is a dense vector of `size` numbers. name: what the sentence calls it."""
    if row.shape != (size,):
        raise VectorError(f"{name} has {row.size} numbers, but the dense vectors of this collection have {size}.")
    if not sound(row):
        raise VectorError(f"{name} is no dense vector: its numbers must be finite, and its length 1.")


def sound(row: NDArray[np.float32]) -> bool:
    """Whether a row (d,) is finite and has unit length."""
    return bool(all_sound(row[None])[0])


def all_sound(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n,) whether each row (n, d) is `sound`."""
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.abs(np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64)) - 1)
    return np.asarray(off <= LENGTH_OFF)


def to_bytes(row: NDArray[np.float32]) -> bytes:
    """4 bytes a number, little-endian float32."""
    return row.astype("<f4").tobytes()


def from_bytes(data: bytes) -> NDArray[np.float32]:
    """What `to_bytes` wrote, read-only."""
    return np.frombuffer(data, "<f4")
