"""Vectors held in memory as the columns of a sparse matrix, which a search adds up; every result is exact.

A query with many terms touches nearly every item. tantivy then needs milliseconds, and gives only a bound; one pass
over the columns of the query's terms takes a tenth of that time. It costs 6 bytes of memory a weight, so it is meant
for a program that answers many queries. Nothing here is stored.

A row of the matrix is an item, by its id. Ids are never used twice, so the matrix only grows, and one matrix serves
every snapshot of a collection: each search says which rows count. Rows lie in blocks of at most ROWS, so that the sums
of a block stay in the processor's cache and two bytes number a row. New items make small blocks, which are joined
once there are many.

Claim: `Matrix.search` returns the k items with the highest exact scores, in order, with their exact scores.

Why: the loops add products in float32. All weights are positive, so with m terms a sum is off by less than
(m + 2) * 2**-23 of itself. A row whose sum is below (1 - 2 * (m + 2) * 2**-23) times the k-th highest sum is therefore
below the k-th exact score. All other rows are scored again, exactly (`vectors.exact_sum`), and sorted by that.

Assumed: no product vanishes in float32. Weights are scaled by a power of two so that the largest products are near 1;
a vanished product is then too small to matter beside the sums that decide. Where the k-th sum itself is no larger than
TINY, every row that shares a term with the query is scored exactly instead.
"""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, vstack

from index_store.memory.kernels import add_up, lead, products
from index_store.vectors import RECORD, SparseVector, exact_sum

ROWS = 65_536  # of a block at most
JOINED = 4  # blocks of about one size become one; with fewer we would join too often, with more search too many
NO_MORE: tuple[int, Iterator[tuple[int, bytes]]] = (-1, iter(()))
TINY = 2.0**-100  # a sum of scaled products up to here may have lost some of them in float32


class Block(NamedTuple):
    """The rows of successive ids from `first` on, as columns (`kernels.py`). A row without an item is empty."""

    first: int
    end: int  # the id after the last row
    starts: NDArray[np.int32]  # (|V| + 1,)
    rows: NDArray[np.uint16]  # (n,) id - first
    weights: NDArray[np.float32]  # (n,)
    heaviest: float  # the largest weight

    def sharing(self, query: SparseVector) -> NDArray[np.bool_]:
        """Flags (rows,) of the rows that share a term with a query."""
        flags = np.zeros(self.end - self.first, np.bool_)
        for term in query.terms.tolist():
            flags[self.rows[self.starts[term] : self.starts[term + 1]]] = True
        return flags

    def counted(self, alive: NDArray[np.bool_], within: SparseVector | None) -> NDArray[np.bool_]:
        """Flags (at most rows,) of the rows that count (see `Matrix.search`); rows behind the last one do not."""
        counts = alive[self.first : self.end]
        return counts if within is None else counts & self.sharing(within)[: counts.size]


class Matrix:
    """Grows by `cover`, in one thread at a time. Others may search meanwhile: each uses the blocks it began with."""

    def __init__(self, size: int) -> None:
        """size: length of the vocabulary."""
        self._size = size
        self._blocks: tuple[Block, ...] = ()
        self._lock = threading.Lock()
        _warm()

    @property
    def covered(self) -> int:
        """The matrix holds all items with smaller ids that existed when `cover` reached them."""
        return self._blocks[-1].end if self._blocks else 0

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the blocks take."""
        return sum(part.nbytes for block in self._blocks for part in (block.starts, block.rows, block.weights))

    def cover(self, vectors: Iterable[tuple[int, bytes]], end: int) -> None:
        """Adds all items with ids from `covered` up to, not including, `end`.

        vectors: (id, `SparseVector.to_bytes()`), by ascending id; read a block at a time. Where reading them fails,
        nothing is added.
        """
        with self._lock:
            start, blocks = self.covered, list(self._blocks)
            groups = groupby(vectors, lambda pair: (pair[0] - start) // ROWS)
            number, some = next(groups, NO_MORE)
            for first in range(start, end, ROWS):
                held: dict[int, bytes] = {}
                if start + number * ROWS == first:
                    held = dict(some)
                    number, some = next(groups, NO_MORE)
                blocks.append(_block(held, first, min(first + ROWS, end), self._size))
                while _joins(blocks[-JOINED:]):
                    blocks[-JOINED:] = [_joined(blocks[-JOINED:])]
            self._blocks = tuple(blocks)

    def search(
        self, query: SparseVector, k: int, alive: NDArray[np.bool_], within: SparseVector | None = None
    ) -> list[tuple[int, float]]:
        """(id, score) of the k best items, by descending score, then ascending id.

        alive: (any length,) flags of the ids that count; ids behind its end do not.  within: only items that share a
        term with this vector.
        """
        return _best(self._blocks, query, k, alive, within)


def _warm() -> None:
    """Has the loops compiled now, where their machine code is not cached, so that no first search has to wait."""
    query = SparseVector.from_pairs({0: 1.0})
    _best([_block({0: query.to_bytes()}, 0, 1, 1)], query, 1, np.ones(1, np.bool_), None)


def _best(
    blocks: Sequence[Block], query: SparseVector, k: int, alive: NDArray[np.bool_], within: SparseVector | None
) -> list[tuple[int, float]]:
    """See `Matrix.search`."""
    blocks = [block for block in blocks if block.heaviest]
    if not blocks:
        return []
    weights, scored = query.weights.astype(np.float64), []
    for block, rows in zip(blocks, _leading(blocks, query, k, alive, within), strict=True):
        made = products(*block[2:5], query.terms, weights, rows)
        scored += [(block.first + row, exact_sum(some)) for row, some in zip(rows.tolist(), made, strict=True)]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]


def _leading(
    blocks: Sequence[Block], query: SparseVector, k: int, alive: NDArray[np.bool_], within: SparseVector | None
) -> list[NDArray[np.int32]]:
    """The rows of each block that may be among the k best, as far as float32 sums can tell (see the claim above)."""
    doubt = 1 - 2 * (len(query) + 2) * 2.0**-23
    best, sums, room = np.zeros(k, np.float32), np.empty(ROWS, np.float32), np.empty(ROWS, np.int32)
    scaled, leading = _scaled(query, max(block.heaviest for block in blocks)), []
    for block in blocks:
        here = sums[: block.end - block.first]
        add_up(*block[2:5], query.terms, scaled, here)
        rows = room[: lead(here, block.counted(alive, within), best, doubt, room)]
        leading.append((rows.copy(), here[rows]))
    if best[0] <= TINY:  # float32 may have lost products: every row that shares a term is scored exactly
        return [_sharing(block, query, alive, within) for block in blocks]
    return [rows[high >= best[0] * doubt] for rows, high in leading]


def _scaled(query: SparseVector, heaviest: float) -> NDArray[np.float32]:
    """The query's weights (m,), times the power of two that brings the largest products near 1."""
    scale = 2.0 ** -math.frexp(float(query.weights.max()))[1] * 2.0 ** -math.frexp(heaviest)[1]
    return (query.weights * np.float64(scale)).astype(np.float32)


def _sharing(
    block: Block, query: SparseVector, alive: NDArray[np.bool_], within: SparseVector | None
) -> NDArray[np.int32]:
    counts = block.counted(alive, within)
    return np.flatnonzero(counts & block.sharing(query)[: counts.size]).astype(np.int32)


def _block(vectors: Mapping[int, bytes], first: int, end: int, size: int) -> Block:
    records = np.frombuffer(b"".join(vectors.values()), RECORD)
    lengths = np.zeros(end - first, np.int64)
    ids = np.fromiter(vectors, np.int64, len(vectors))
    lengths[ids - first] = [len(data) // RECORD.itemsize for data in vectors.values()]
    starts = np.append(0, np.cumsum(lengths))
    weights = np.ascontiguousarray(records["weight"])
    return _columns(first, end, csr_array((weights, records["term"], starts), shape=(end - first, size)))


def _columns(first: int, end: int, rows: csr_array) -> Block:
    by_term = rows.tocsc()
    starts, inside, weights = by_term.indptr.astype(np.int32), by_term.indices.astype(np.uint16), by_term.data
    return Block(first, end, starts, inside, weights, float(weights.max(initial=0.0)))


def _joins(blocks: Sequence[Block]) -> bool:
    """Whether to join blocks: there are JOINED, together no longer than ROWS, and the first is not too full."""
    length = blocks[-1].end - blocks[0].first
    return len(blocks) == JOINED and length <= ROWS and blocks[0].rows.size <= JOINED * blocks[-1].rows.size


def _joined(blocks: Sequence[Block]) -> Block:
    size = blocks[0].starts.size - 1
    by_row = [
        csc_array((block.weights, block.rows, block.starts), shape=(block.end - block.first, size)).tocsr()
        for block in blocks
    ]
    return _columns(blocks[0].first, blocks[-1].end, vstack(by_row, format="csr"))
