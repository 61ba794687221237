"""Weights as the inverted index holds them: bands and frequencies, and the bounds they give; knows nothing of storage.

tantivy scores a posting by BM25, and its fastest loop by far is the one over plain BM25 lists. So BM25 is made to say a
weight. A posting list has one term and one *band* (a power of BASE), and the frequency of its token in a document says
how far up the band the weight lies. A document with frequency f in the list of band b is scored

    boost * idf * (1 + k1) * f / (f + K),    K = k1 * (1 - b_length + b_length * length / average length)

by tantivy. Every document is filled up to LENGTH tokens, so length = average length and K = k1 = 1.2. A query weight q
asks a list with boost = q * BASE**b / (idf * (1 + k1)), and what tantivy adds up is

    q * value(b, f),    value(b, f) = BASE**b * f / (f + K)

With BASE 4 and f from 1 to 8, every octave has four values, over the whole range of float32. A weight is stored
as the least value that is not below it, therefore

    index score(q, d) = sum_t q_t * value(d_t) >= sum_t q_t * d_t = exact score(q, d)

and an item whose index score is below the k-th exact score found so far cannot be among the k best.

Long vectors, whose frequencies do not fit into LENGTH tokens, get coarser ones (up to 4, 2 or 1), and those with more
terms than that a longer document, for which a larger K is reckoned with. As no document is shorter than LENGTH, the
average is never less, so K is never larger than reckoned, and a score never lower: the bound stands.

tantivy adds in float32. A clause made in float32 and a sum of n of them lose less than (n + 16) * 2**-23 of the sum,
plus, where products fall below the normal range, 2**-120 each; `upper_bound` gives that back. Query weights are divided
by `scale` first, so that the size of a query can neither overflow nor underflow the float32 sum.

Measured on 123,000 items of 103 terms (bases 2 to 4, up to 3 to 12 frequencies): finer values mean fewer items to score
exactly, but longer documents and larger postings; these need some 35 items for a proven top ten.
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
LENGTH = 504  # tokens of a document; one of the lengths that tantivy tells apart, which it rounds down to
K1, B_LENGTH = 1.2, 0.75  # tantivy's own
FILLER = "~"  # the token that fills documents up; every document has it at least once
_SMALLEST, _LARGEST = 2.0**-149, float(np.finfo(np.float32).max)


class Values(NamedTuple):
    """What weights can be stored as, ascending: `value` (n,) float64, and the `band` and `frequency` that say it."""

    value: NDArray[np.float64]
    band: NDArray[np.int64]
    frequency: NDArray[np.int64]


class Impacts(NamedTuple):
    """A vector as the index holds it: `band` (n,) and `frequency` (n,) of its terms, `length` of its document."""

    band: NDArray[np.int64]
    frequency: NDArray[np.int64]
    length: int


Lengths = TypeVar("Lengths", float, NDArray[np.float64])


def saturation(length: Lengths, average: float) -> Lengths:
    """BM25's K of documents."""
    return K1 * (1 - B_LENGTH + B_LENGTH * length / average)


def rounded(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lengths (n,) that tantivy takes documents of `lengths` (at least 40) for: 24 + a number of four bits."""
    step = 2.0 ** (np.floor(np.log2(lengths - 24)) - 3)
    return 24 + np.floor((lengths - 24) / step) * step


@cache
def values(most: int, length: int) -> Values:
    """All values with frequencies up to `most` in documents of `length` tokens, beside ones of LENGTH.

    A band begins above the highest value of the one below it.
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
    """How positive finite weights (n,) are stored: each as the least value that is not below it."""
    for most, length in _forms(weights.size):
        held = values(most, length)
        at = np.searchsorted(held.value, weights.astype(np.float64))
        frequency = held.frequency[at]
        if int(frequency.sum()) < length:  # one filler at least
            return Impacts(held.band[at], frequency, length)
    raise AssertionError("unreachable: the last form has room for a token a term")


def _forms(terms: int) -> Iterator[tuple[int, int]]:
    """(highest frequency, length) of a document with so many terms, the finest first."""
    for most in FREQUENCIES:
        yield most, LENGTH
    length = LENGTH
    while length <= terms:
        length *= 2
    yield 1, length


def ceiling(band: int) -> float:
    """What no weight in a band exceeds."""
    most = FREQUENCIES[0]
    return BASE**band * most / (most + K1)


def token(term: int, band: int) -> str:
    """What is indexed for a term in a band."""
    return f"{term}_{band}"


def prefix(term: int) -> str:
    """What all tokens of a term begin with, and no token of another."""
    return f"{term}_"


def parse(token: str) -> tuple[int, int]:
    """(term, band) of a token."""
    term, _, band = token.partition("_")
    return int(term), int(band)


def idf(holding: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """tantivy's, in its float32 arithmetic: of lists that nearly all documents are in, rounding is most of it."""
    one, half = np.float32(1), np.float32(0.5)
    odds = ((documents - holding).astype(np.float32) + half) / (holding.astype(np.float32) + half)
    return np.log((one + odds).astype(np.float64))


def unit(holding: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """What tantivy gives a posting whose f / (f + K) is 1: idf * (1 + k1), of lists that `holding` documents are in."""
    return idf(holding, documents) * (1 + K1)


def upper_bound(index_score: float, terms: int, scale: float) -> float:
    """The most that the exact score can be, given a float32 sum over a query of `terms` terms / `scale`."""
    return (index_score * (1.0 + (terms + 16) * 2.0**-23) + (terms + 2) * 2.0**-120) * scale
