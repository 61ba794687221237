"""How the inverted index stores weights, and the proof that a score of the index bounds the exact score.

Pure formulas; knows nothing of storage.

How a weight is stored. tantivy scores a posting by BM25, and its fastest loop by far is the one over plain BM25 lists.
So we make BM25 express a weight. A posting list has one term and one *band* (a power of BASE). The frequency of the
list's token in a document says how far up the band the weight lies. tantivy scores a document with frequency f in a
list of band b by

    boost * idf * (1 + k1) * f / (f + K),    K = k1 * (1 - b_length + b_length * length / average length)

Every document is filled up to LENGTH tokens, so length = average length and K = k1 = 1.2. For a query weight q we set
boost = q * BASE**b / (idf * (1 + k1)), so that tantivy adds up

    q * value(b, f),    value(b, f) = BASE**b * f / (f + K)

With BASE 4 and f from 1 to 8, every octave has four values, over the whole range of float32.

Claim: no exact score exceeds `upper_bound` of the index score. So an item whose bound is below the k-th exact score
found so far cannot be among the k best.

Why:
- A weight is stored as the least value that is not below it, and query weights are positive. Therefore
  index score(q, d) = sum_t q_t * value(d_t) >= sum_t q_t * d_t = exact score(q, d) in real numbers.
- A long vector, whose frequencies do not fit into LENGTH tokens, gets coarser values (f up to 4, 2 or 1). A vector with
  more terms than LENGTH gets a longer document, and its values are computed with the larger K of that length. No
  document is shorter than LENGTH, so the average length is never below LENGTH. A larger average makes K smaller, and so
  does rounding a length down as tantivy does; a smaller K makes scores larger, so the bound stands.
- tantivy adds in float32. A clause made in float32 and a sum of n of them lose less than (n + 16) * 2**-23 of the sum,
  plus 2**-120 for each product below the normal range. `upper_bound` gives that back. Query weights are divided by
  `scale` first, so that the float32 sum can neither overflow nor underflow.

Assumed: tantivy computes BM25 as above, with its own idf (`idf`) and its rounded document lengths (`rounded`). The
tests compare what the real index scores with these formulas, posting by posting.

Measured on 123,000 items of 103 terms (bases 2 to 4, highest frequencies 3 to 12): finer values mean fewer items to
score exactly, but longer documents and more postings. With the values chosen here, a proven top ten takes the exact
scores of some 35 items.
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

IMPACT_FORMAT = "bands4"  # written into each collection: another format means other tokens
BASE = 4.0
FREQUENCIES = (8, 4, 2, 1)  # the highest frequency of a token: as fine as the length of a document allows
LENGTH = 504  # tokens of a document: a length that tantivy stores exactly (it rounds others down, see `rounded`)
K1, B_LENGTH = 1.2, 0.75  # tantivy's own
FILLER = "~"  # the token that fills documents up; every document has it at least once
_SMALLEST, _LARGEST = 2.0**-149, float(np.finfo(np.float32).max)


class Values(NamedTuple):
    """All values that a weight can be stored as, ascending: `value` (n,) float64, with its `band` and `frequency`."""

    value: NDArray[np.float64]
    band: NDArray[np.int64]
    frequency: NDArray[np.int64]


class Impacts(NamedTuple):
    """A vector as the index stores it: `band` (n,) and `frequency` (n,) of its terms, `length` of its document."""

    band: NDArray[np.int64]
    frequency: NDArray[np.int64]
    length: int


Lengths = TypeVar("Lengths", float, NDArray[np.float64])


def saturation(length: Lengths, average: float) -> Lengths:
    """BM25's K of documents of this length, in tokens, where the average is `average`."""
    return K1 * (1 - B_LENGTH + B_LENGTH * length / average)


def rounded(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """What tantivy rounds lengths (n,) of at least 40 down to: 24 + a multiple of a power of two, four bits long."""
    step = 2.0 ** (np.floor(np.log2(lengths - 24)) - 3)
    return 24 + np.floor((lengths - 24) / step) * step


@cache
def values(most: int, length: int) -> Values:
    """All values with frequencies up to `most`, in documents of `length` tokens where the average is LENGTH.

    A band begins above the highest value of the band below it.
    """
    k = saturation(length, LENGTH)
    frequencies = np.arange(1, most + 1)
    top = most / (most + k)
    bands = np.arange(math.floor(math.log(_SMALLEST / top, BASE)), math.ceil(math.log(_LARGEST / top, BASE)) + 2)
    value = BASE ** bands.astype(np.float64)[:, None] * (frequencies / (frequencies + k))  # (bands, frequencies)
    kept = value > BASE ** (bands - 1.0)[:, None] * top
    band, frequency = np.broadcast_to(bands[:, None], value.shape), np.broadcast_to(frequencies, value.shape)
    order = np.argsort(value[kept], kind="stable")
    return Values(value[kept][order], band[kept][order], frequency[kept][order])


def impacts(weights: NDArray[np.float32]) -> Impacts:
    """Stores positive finite weights (n,): each as the least value that is not below it."""
    for most, length in _forms(weights.size):
        held = values(most, length)
        at = np.searchsorted(held.value, weights.astype(np.float64))
        frequency = held.frequency[at]
        if int(frequency.sum()) < length:  # one filler at least
            return Impacts(held.band[at], frequency, length)
    raise AssertionError("unreachable: the last form has room for a token a term")


def _forms(terms: int) -> Iterator[tuple[int, int]]:
    """(highest frequency, length) of the documents that a vector of `terms` terms may get, the finest first."""
    for most in FREQUENCIES:
        yield most, LENGTH
    length = LENGTH
    while length <= terms:
        length *= 2
    yield 1, length


def ceiling(band: int) -> float:
    """The highest value of a band, which no weight in it exceeds."""
    most = FREQUENCIES[0]
    return BASE**band * most / (most + K1)


def token(term: int, band: int) -> str:
    """The token of a term in a band."""
    return f"{term}_{band}"


def prefix(term: int) -> str:
    """The beginning that all tokens of a term share with no token of another term."""
    return f"{term}_"


def parse(token: str) -> tuple[int, int]:
    """(term, band) of a token."""
    term, _, band = token.partition("_")
    return int(term), int(band)


def idf(holding: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """tantivy's idf of lists that `holding` (n,) of the documents are in, in its own float32 arithmetic.

    Where nearly all documents are in a list, rounding is most of the value, so the arithmetic must be the same.
    """
    one, half = np.float32(1), np.float32(0.5)
    odds = ((documents - holding).astype(np.float32) + half) / (holding.astype(np.float32) + half)
    return np.log((one + odds).astype(np.float64))


def unit(holding: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """What tantivy scores a posting whose f / (f + K) is 1, in lists that `holding` (n,) documents are in."""
    return idf(holding, documents) * (1 + K1)


def upper_bound(index_score: float, terms: int, scale: float) -> float:
    """The most that the exact score can be (claimed and shown above).

    index_score: tantivy's float32 sum of `terms` clauses, for query weights divided by `scale`.
    """
    return (index_score * (1.0 + (terms + 16) * 2.0**-23) + (terms + 2) * 2.0**-120) * scale
