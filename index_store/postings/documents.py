"""Turns vectors into the texts that tantivy indexes: each term's token, as often as its frequency says, then fillers.

A *piece* of a text is one token, repeated. Most pieces of a new text have been made before, so they are kept in a table
and taken from there a thousand texts at a time; that takes a third of the time that a dictionary would.
"""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index_store.postings.impacts import FILLER, FREQUENCIES, LENGTH, impacts, token, values
from index_store.vectors import SparseVector

USUAL = 2.0**-9, 2.0**4  # pieces are kept for weights in this range; those of learned sparse vectors lie within
TERMS_KEPT = 65_536  # terms with smaller ids
PIECES_KEPT = 500_000  # some 50 MB


class _Pieces:
    """The pieces made so far, by term and by rank of the weight among the finest values; any thread may take them."""

    def __init__(self) -> None:
        self._finest = values(FREQUENCIES[0], LENGTH)
        self._first, self._end = np.searchsorted(self._finest.value, USUAL).tolist()
        self._table = np.empty((0, self._end - self._first), object)
        self._kept = 0
        self._lock = threading.Lock()

    def take(self, terms: NDArray[np.int64], ranks: NDArray[np.int64]) -> list[str]:
        """The pieces of terms (n,) whose weights have these ranks (n,) among the finest values."""
        usual = (terms < TERMS_KEPT) & (ranks >= self._first) & (ranks < self._end)
        taken = np.empty(terms.size, object)
        with self._lock:
            taken[usual] = self._known(terms[usual], ranks[usual] - self._first)
        for at in np.flatnonzero(~usual).tolist():
            taken[at] = self._make(int(terms[at]), int(ranks[at]))
        return taken.tolist()

    def _known(self, terms: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.object_]:
        more = int(terms.max(initial=-1)) + 1 - len(self._table)
        if more > 0:
            self._table = np.concatenate([self._table, np.empty((more, self._table.shape[1]), object)])
        flat, at = self._table.reshape(-1), terms * self._table.shape[1] + columns
        taken = flat[at]
        missing = np.flatnonzero(~taken.astype(np.bool_))  # pieces are never empty
        for one in np.unique(at[missing]).tolist():
            term, column = divmod(one, self._table.shape[1])
            flat[one] = self._make(term, column + self._first)
            self._kept += 1
        taken[missing] = flat[at[missing]]
        if self._kept > PIECES_KEPT:
            flat[:], self._kept = None, 0
        return taken

    def _make(self, term: int, rank: int) -> str:
        return _piece(term, self._finest.band[rank], self._finest.frequency[rank])


def _piece(term: int, band: int, frequency: int) -> str:
    return f"{token(term, band)} " * int(frequency)


_pieces = _Pieces()
_fillers = f"{FILLER} " * LENGTH


def texts(vectors: Sequence[SparseVector]) -> list[str]:
    """The text of each vector, with values as fine as its document has room for (`impacts.py`)."""
    if not vectors:
        return []
    finest = values(FREQUENCIES[0], LENGTH)
    weights = np.concatenate([vector.weights for vector in vectors])
    ranks = np.searchsorted(finest.value, weights.astype(np.float64))
    pieces = _pieces.take(np.concatenate([vector.terms for vector in vectors]).astype(np.int64), ranks)
    ends = np.cumsum([len(vector) for vector in vectors])
    used = np.append(0, np.cumsum(finest.frequency[ranks]))[ends]  # tokens up to the end of each vector
    spans = zip(vectors, [0, *ends.tolist()], ends.tolist(), np.diff(used, prepend=0).tolist(), strict=False)
    return [
        "".join(pieces[start:end]) + _fillers[: len(f"{FILLER} ") * (LENGTH - count)]
        if count < LENGTH
        else _coarse(vector)
        for vector, start, end, count in spans
    ]


def _coarse(vector: SparseVector) -> str:
    """The text of a vector that has too many terms for the finest values."""
    held = impacts(vector.weights)
    named = zip(vector.terms.tolist(), held.band.tolist(), held.frequency.tolist(), strict=True)
    return "".join(_piece(*one) for one in named) + f"{FILLER} " * (held.length - int(held.frequency.sum()))
