"""Weights as the inverted index holds them: impact levels and the bounds they give; knows nothing of storage.

An inverted index that sums constants cannot hold a float a posting, so a weight becomes a level, and all items with
the same (term, level) share one posting list. A level is the weight's float32 bit pattern rounded UP to MANTISSA_BITS
bits of mantissa. Positive floats order like their bit patterns, so with s = 23 - MANTISSA_BITS:

    level(w)   = ceil(bits(w) / 2**s)            integer arithmetic, no logarithm, no rounding trouble
    ceiling(l) = float32 with the bits l * 2**s   the upper edge of the level:  ceiling(level(w)) >= w

There are 2**MANTISSA_BITS levels an octave over the whole range of float32, so neither tiny nor huge weights need a
special case. The index adds up query_weight * ceiling(level), therefore

    index score(q, d) = sum_t q_t * ceiling(level(d_t)) >= sum_t q_t * d_t = exact score(q, d)

and an item whose index score is below the k-th exact score found so far cannot be among the k best.

tantivy adds in float32. A clause rounded to float32 and a sum of n of them lose less than (n + 2) * 2**-23 of the sum,
plus, where products fall below the normal range, 2**-149 each; `upper_bound` gives that back. Query weights are divided
by their maximum first (`scale`), so that a query's size can neither overflow nor underflow the float32 sum.
"""

import numpy as np
from numpy.typing import NDArray

MANTISSA_BITS = 1  # 2 levels an octave: measured at 0, 1, 2, 3 bits, fewer clauses beat tighter bounds down to here
IMPACT_FORMAT = f"bits{MANTISSA_BITS}"  # written into each collection: another format means other tokens
_SHIFT = 23 - MANTISSA_BITS
_LARGEST = np.finfo(np.float32).max


def levels(weights: NDArray[np.float32]) -> NDArray[np.int64]:
    """Impact levels (n,) of positive finite float32 weights (n,): rounded up."""
    bits = np.ascontiguousarray(weights, dtype=np.float32).view(np.uint32).astype(np.int64)
    return (bits + (1 << _SHIFT) - 1) >> _SHIFT


def ceilings(of_levels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Upper edges (n,) float32 of levels (n,): never less than a weight of that level, always finite."""
    edges = (np.asarray(of_levels, dtype=np.int64) << _SHIFT).astype(np.uint32).view(np.float32)
    return np.minimum(edges, _LARGEST)


def tokens(terms: NDArray[np.int32], weights: NDArray[np.float32]) -> str:
    """What is indexed for a vector: one "term_level" a term, separated by spaces."""
    return " ".join(token(t, level) for t, level in zip(terms.tolist(), levels(weights).tolist(), strict=True))


def token(term: int, level: int) -> str:
    """What is indexed for a term at a level."""
    return f"{term}_{level}"


def prefix(term: int) -> str:
    """What all tokens of a term begin with, and no token of another."""
    return f"{term}_"


def parse(token: str) -> tuple[int, int]:
    """(term, level) of a token."""
    term, _, level = token.partition("_")
    return int(term), int(level)


def upper_bound(index_score: float, terms: int, scale: float) -> float:
    """The most that the exact score can be, given tantivy's float32 sum over a query of `terms` terms / `scale`."""
    return (index_score * (1.0 + (terms + 2) * 2.0**-23) + (terms + 2) * 2.0**-149) * scale
