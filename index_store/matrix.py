"""Vectors held in memory as a sparse matrix: exact search by multiplying the columns of a query's terms.

What tantivy needs milliseconds for (it visits nearly every item of a question with many terms, and says no more than a
bound), one product of a few columns of a sparse matrix with the query's weights tells in a tenth of the time. It costs
8 bytes a weight, so it is for whoever asks often: an app, not a single question. Nothing here is stored.

A row is an item, by its id; ids never come back, so a matrix only grows, and one matrix serves every moment of a
collection: which rows count, the asker says. New items make small blocks, which join as they become many.

Products are added in float32. With m terms a sum is off by less than (m + 2) * 2**-23 of itself, for weights are
positive; rows that this leaves in doubt are summed up exactly (`vectors.exact_sum`), so scores are those of everywhere.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, vstack

from index_store.vectors import RECORD, SparseVector, exact_sum

GROUPS = 2_048  # of rows: the k-th highest of their maxima is one that the k best do not fall below
JOINED = 4  # blocks of like size become one: fewer would be joined too often, more would all be searched
TINY = 2.0**-100  # of sums of scaled products: below, float32 may have lost some


class Block(NamedTuple):
    """Rows of successive ids from `first` on; those without an item are empty. `heaviest`: of all weights."""

    first: int
    rows: csc_array  # (ids, |V|) float32
    heaviest: float

    @property
    def end(self) -> int:
        """The id after the last row."""
        return self.first + int(self.rows.shape[0])


class Matrix:
    """Grows by `cover`, one thread at a time; searches may run meanwhile, each on the blocks that it found."""

    def __init__(self, size: int) -> None:
        """size: length of the vocabulary."""
        self._size = size
        self._blocks: tuple[Block, ...] = ()
        self._lock = threading.Lock()

    @property
    def covered(self) -> int:
        """All items with smaller ids are here, if they were anywhere when these ids were covered."""
        return self._blocks[-1].end if self._blocks else 0

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes."""
        parts = [(block.rows.data, block.rows.indices, block.rows.indptr) for block in self._blocks]
        return sum(part.nbytes for three in parts for part in three)

    def cover(self, vectors: Mapping[int, bytes], end: int) -> None:
        """Adds all items with ids from `covered` to `end`: {id: `SparseVector.to_bytes()`}, by ascending id."""
        with self._lock:
            first = self.covered
            if end <= first:
                return
            blocks = [*self._blocks, _block(vectors, first, end, self._size)]
            while len(blocks) >= JOINED and blocks[-JOINED].rows.nnz <= JOINED * blocks[-1].rows.nnz:
                blocks[-JOINED:] = [_joined(blocks[-JOINED:])]
            self._blocks = tuple(blocks)

    def search(
        self, query: SparseVector, k: int, alive: NDArray[np.bool_], within: SparseVector | None = None
    ) -> list[tuple[int, float]]:
        """(id, score) of the k best, by descending score, then ascending id.

        alive: which ids count; smaller than `covered` may be.  within: only items that share a term with it.
        """
        found: list[tuple[int, float]] = []
        for block in self._blocks:
            found += _best(block, query, k, alive[block.first : block.end], within)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]


def _block(vectors: Mapping[int, bytes], first: int, end: int, size: int) -> Block:
    records = np.frombuffer(b"".join(vectors.values()), RECORD)
    lengths = np.zeros(end - first, np.int64)
    lengths[np.fromiter(vectors, np.int64, len(vectors)) - first] = [
        len(data) // RECORD.itemsize for data in vectors.values()
    ]
    starts = np.append(0, np.cumsum(lengths))
    weights = np.ascontiguousarray(records["weight"])
    rows = csr_array((weights, records["term"], starts), shape=(end - first, size))
    return Block(first, rows.tocsc(), float(weights.max(initial=0.0)))


def _joined(blocks: Sequence[Block]) -> Block:
    rows = vstack([block.rows.tocsr() for block in blocks], format="csr")  # by rows it is a mere copy
    return Block(blocks[0].first, rows.tocsc(), max(block.heaviest for block in blocks))


def _best(
    block: Block, query: SparseVector, k: int, alive: NDArray[np.bool_], within: SparseVector | None
) -> list[tuple[int, float]]:
    """The k best of a block, in any order, and whichever float32 cannot tell from them."""
    if not block.heaviest:
        return []
    columns = block.rows[:, query.terms]  # (rows, terms of the query)
    scale = 2.0 ** -math.frexp(float(query.weights.max()))[1] * 2.0 ** -math.frexp(block.heaviest)[1]
    scaled = (query.weights * np.float64(scale)).astype(np.float32)
    sums: NDArray[np.float32] = columns @ scaled  # (rows,)
    counts = _counted(block, sums.size, alive, within)
    if counts is not None:
        sums *= counts
    rows = _leading(sums, k, 1 - 2 * (len(query) + 2) * 2.0**-23)
    if rows is None:  # float32 may have rounded scores away: whatever shares a term is in question
        rows = np.unique(columns.indices)
        rows = rows[counts[rows]] if counts is not None else rows
    return [(block.first + row, score) for row, score in zip(rows.tolist(), _exact(columns, query, rows), strict=True)]


def _counted(
    block: Block, size: int, alive: NDArray[np.bool_], within: SparseVector | None
) -> NDArray[np.bool_] | None:
    """Which rows (size,) count; None where all do."""
    if alive.size == size and alive.all() and within is None:
        return None
    counts = np.zeros(size, np.bool_)
    counts[: alive.size] = alive
    if within is not None:
        shared = np.zeros(size, np.bool_)
        shared[block.rows[:, within.terms].indices] = True
        counts &= shared
    return counts


def _leading(sums: NDArray[np.float32], k: int, doubt: float) -> NDArray[np.intp] | None:
    """Rows whose sums are not below the k-th highest * `doubt`, ascending, and perhaps a few more; None for tiny ones.

    What the k-th highest is at least, the maxima of groups tell sooner than the sums themselves.
    """
    if sums.size <= k:
        return None
    grouped = sums.size >= 8 * GROUPS and k <= GROUPS // 8
    whole = sums.size // GROUPS * GROUPS if grouped else 0
    groups = sums[:whole].reshape(-1, GROUPS)
    highest = groups.max(axis=0) if grouped else sums
    floor = float(np.partition(highest, -k)[-k]) * doubt
    if floor <= TINY:
        return None
    rest = whole + np.flatnonzero(sums[whole:] >= floor)
    if not grouped:
        return rest
    columns = np.flatnonzero(highest >= floor)
    down, across = np.nonzero(groups[:, columns] >= floor)
    return np.sort(np.concatenate([down * GROUPS + columns[across], rest]))


def _exact(columns: csc_array, query: SparseVector, rows: NDArray[np.integer]) -> list[float]:
    """The exact scores of some rows, ascending."""
    bounds = columns.indptr.tolist()
    at = np.empty((len(query), rows.size), np.int64)  # of each term, for each row: where it would be
    for term, (start, end) in enumerate(pairwise(bounds)):
        at[term] = start + np.searchsorted(columns.indices[start:end], rows)
    there = np.minimum(at, columns.nnz - 1)
    shared = (at < columns.indptr[1:, None]) & (columns.indices[there] == rows)
    products = columns.data[there].astype(np.float64) * query.weights[:, None] * shared
    return [exact_sum(row) for row in products.T]
