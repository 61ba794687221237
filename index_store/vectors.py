"""A sparse vector: ascending term ids and positive float32 weights; knows nothing of vocabularies, models or storage.

Claim: the score of two vectors is the real number sum(a_i * b_i) over their shared terms, rounded once to float64.

Why: the product of two float32 is exact in float64 (24 + 24 bits of significand fit into 53, and the exponents from
-298 to 256 into the range of float64), and `math.fsum` rounds the sum of exact numbers correctly. So a score depends
neither on the order of summation nor on the batch nor on who computes it: the index, a brute force loop and a test
agree to the last bit.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from index_store.errors import VectorError

RECORD = np.dtype([("term", "<i4"), ("weight", "<f4")])  # one term of a vector, as bytes


@dataclass(frozen=True, eq=False)
class SparseVector:
    """Terms and weights of one item or query.

    terms: (n,) int32, ascending, unique, >= 0.  weights: (n,) float32, > 0 and finite.  Both are read-only copies.
    Raises VectorError where the arrays break these rules. n may be 0.
    """

    terms: NDArray[np.int32]
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        given = np.asarray(self.terms)
        if given.size and not np.issubdtype(given.dtype, np.integer):
            raise VectorError(f"A sparse vector's terms must be integers, not {given.dtype}.")
        if given.size and (given.min() < 0 or given.max() > np.iinfo(np.int32).max):
            raise VectorError("A sparse vector's terms must lie between 0 and 2**31 - 1.")
        terms = np.array(given, dtype=np.int32)
        with np.errstate(over="ignore"):
            weights = np.array(self.weights, dtype=np.float32)
        if terms.ndim != 1 or weights.shape != terms.shape:
            raise VectorError(
                f"A sparse vector needs as many weights as terms, in one dimension; got {terms.shape} terms and "
                f"{weights.shape} weights."
            )
        if terms.size > 1 and not (terms[1:] > terms[:-1]).all():
            raise VectorError("A sparse vector's terms must be ascending and unique.")
        if not (np.isfinite(weights) & (weights > 0)).all():
            raise VectorError("A sparse vector's weights must be positive and finite (as float32).")
        terms.flags.writeable = weights.flags.writeable = False
        object.__setattr__(self, "terms", terms)
        object.__setattr__(self, "weights", weights)

    @classmethod
    def from_dense(cls, row: ArrayLike) -> "SparseVector":
        """The positive entries of a dense row (|V|,); zeros are left out, negative or non-finite numbers refused."""
        dense = np.asarray(row)
        if dense.ndim != 1:
            raise VectorError(f"A dense row must have one dimension, not {dense.ndim}.")
        with np.errstate(over="ignore"):
            dense = dense.astype(np.float32)
        if not (np.isfinite(dense) & (dense >= 0)).all():
            raise VectorError("A dense row must hold finite numbers >= 0.")
        terms = np.flatnonzero(dense)
        return cls(terms.astype(np.int32), dense[terms])

    @classmethod
    def from_pairs(cls, pairs: Mapping[int, float]) -> "SparseVector":
        """A vector from {term: weight}, in any order."""
        terms = sorted(pairs)
        return cls(np.array(terms, dtype=np.int64), np.array([pairs[term] for term in terms], dtype=np.float64))

    def to_bytes(self) -> bytes:
        """8 bytes a term, in order: its id (little-endian int32) and its weight (little-endian float32)."""
        records = np.empty(len(self), RECORD)
        records["term"], records["weight"] = self.terms, self.weights
        return records.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "SparseVector":
        """What `to_bytes` wrote; VectorError where the bytes are something else."""
        if len(data) % RECORD.itemsize:
            raise VectorError(f"A stored sparse vector must be a multiple of {RECORD.itemsize} bytes, not {len(data)}.")
        records = np.frombuffer(data, RECORD)
        return cls(records["term"], records["weight"])

    def dot(self, other: "SparseVector") -> float:
        """The score: sum of products over shared terms, exactly rounded (see the top of this file); 0.0 if none."""
        _, mine, theirs = self.intersection(other)
        return exact_sum(mine.astype(np.float64) * theirs)

    def intersection(self, other: "SparseVector") -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Shared terms (m,) ascending, with this vector's weights (m,) and the other's (m,)."""
        terms, mine, theirs = np.intersect1d(self.terms, other.terms, assume_unique=True, return_indices=True)
        return terms, self.weights[mine], other.weights[theirs]

    def top(self, k: int) -> "SparseVector":
        """The k heaviest terms (ties: smaller term id first), or the vector itself where it has no more than k."""
        if k >= len(self):
            return self
        heaviest = np.lexsort((self.terms, -self.weights))[: max(k, 0)]
        heaviest.sort()
        return SparseVector(self.terms[heaviest], self.weights[heaviest])

    def __len__(self) -> int:
        """Number of terms. An empty vector is valid (and falsy)."""
        return int(self.terms.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SparseVector):
            return NotImplemented
        return np.array_equal(self.terms, other.terms) and np.array_equal(self.weights, other.weights)

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{term}: {weight:.3g}" for term, weight in zip(self.terms[:6], self.weights[:6], strict=True)
        )
        return f"SparseVector({len(self)} terms: {{{shown}{', …' if len(self) > 6 else ''}}})"


def shares(data: bytes, other: SparseVector) -> bool:
    """Whether a vector, as `SparseVector.to_bytes` wrote it, shares a term with another."""
    return bool(np.isin(np.frombuffer(data, RECORD)["term"], other.terms).any())


def within(part: SparseVector, whole: SparseVector) -> bool:
    """Whether `whole` has every term of `part`, with no smaller weight."""
    shared, mine, theirs = part.intersection(whole)
    return shared.size == len(part) and bool((mine <= theirs).all())


def exact_sum(products: NDArray[np.float64]) -> float:
    """Sum of (n,) exact products, correctly rounded whatever their order; zeros change nothing."""
    return math.fsum(products.tolist())
