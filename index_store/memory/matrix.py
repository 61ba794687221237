"""Vectors held in memory as columns of a sparse matrix: exact search by adding up the columns of a query's terms.

What tantivy needs milliseconds for (it visits nearly every item of a question with many terms, and says no more than a
bound), one pass over a few columns tells in a tenth of the time. It costs 6 bytes a weight, so it is for whoever asks
often: an app, not a single question. Nothing here is stored.

A row is an item, by its id; ids never come back, so a matrix only grows, and one matrix serves every moment of a
collection: which rows count, the asker says. Rows lie in blocks, so that a block's sums stay in the processor's cache
and a row's number in two bytes. New items make small blocks, which join as they become many.

Products are added in float32. With m terms a sum is off by less than (m + 2) * 2**-23 of itself, for weights are
positive; rows that this leaves in doubt are summed up exactly (`vectors.exact_sum`), so scores are those of everywhere.
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
JOINED = 4  # blocks of like size become one: fewer would be joined too often, more would all be searched
NO_MORE: tuple[int, Iterator[tuple[int, bytes]]] = (-1, iter(()))
TINY = 2.0**-100  # of sums of scaled products: below, float32 may have lost some


class Block(NamedTuple):
    """Rows of successive ids from `first` on, as columns (`kernels.py`); those without an item are empty."""

    first: int
    end: int  # the id after the last row
    starts: NDArray[np.int32]  # (|V| + 1,)
    rows: NDArray[np.uint16]  # (n,) id - first
    weights: NDArray[np.float32]  # (n,)
    heaviest: float  # of all weights

    def sharing(self, query: SparseVector) -> NDArray[np.bool_]:
        """(rows,) which rows share a term with a query."""
        flags = np.zeros(self.end - self.first, np.bool_)
        for term in query.terms.tolist():
            flags[self.rows[self.starts[term] : self.starts[term + 1]]] = True
        return flags

    def counted(self, alive: NDArray[np.bool_], within: SparseVector | None) -> NDArray[np.bool_]:
        """Flags of the first rows: which count (see `Matrix.search`); later ones do not."""
        counts = alive[self.first : self.end]
        return counts if within is None else counts & self.sharing(within)[: counts.size]


class Matrix:
    """Grows by `cover`, one thread at a time; searches may run meanwhile, each on the blocks that it found."""

    def __init__(self, size: int) -> None:
        """size: length of the vocabulary."""
        self._size = size
        self._blocks: tuple[Block, ...] = ()
        self._lock = threading.Lock()
        _warm()

    @property
    def covered(self) -> int:
        """All items with smaller ids are here, if they were anywhere when these ids were covered."""
        return self._blocks[-1].end if self._blocks else 0

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes."""
        return sum(part.nbytes for block in self._blocks for part in (block.starts, block.rows, block.weights))

    def cover(self, vectors: Iterable[tuple[int, bytes]], end: int) -> None:
        """Adds all items with ids from `covered` to `end`: (id, `SparseVector.to_bytes()`), by ascending id.

        They are taken as they come, a block at a time. Nothing is added where that fails.
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
        """(id, score) of the k best, by descending score, then ascending id.

        alive: which ids count; smaller than `covered` may be.  within: only items that share a term with it.
        """
        return _best(self._blocks, query, k, alive, within)


def _warm() -> None:
    """Machine code is made now, where it is not kept from before: not while somebody waits for a first answer."""
    query = SparseVector.from_pairs({0: 1.0})
    _best([_block({0: query.to_bytes()}, 0, 1, 1)], query, 1, np.ones(1, np.bool_), None)


def _best(
    blocks: Sequence[Block], query: SparseVector, k: int, alive: NDArray[np.bool_], within: SparseVector | None
) -> list[tuple[int, float]]:
    """What `Matrix.search` gives."""
    blocks = [block for block in blocks if block.heaviest]
    if not blocks:
        return []
    exact, found = query.weights.astype(np.float64), []
    for block, rows in zip(blocks, _leading(blocks, query, k, alive, within), strict=True):
        made = products(*block[2:5], query.terms, exact, rows)
        found += [(block.first + row, exact_sum(some)) for row, some in zip(rows.tolist(), made, strict=True)]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]


def _leading(
    blocks: Sequence[Block], query: SparseVector, k: int, alive: NDArray[np.bool_], within: SparseVector | None
) -> list[NDArray[np.int32]]:
    """Rows of each block that hold the k best, and whichever float32 cannot tell from them."""
    doubt = 1 - 2 * (len(query) + 2) * 2.0**-23
    best, sums, room = np.zeros(k, np.float32), np.empty(ROWS, np.float32), np.empty(ROWS, np.int32)
    scaled, found = _scaled(query, max(block.heaviest for block in blocks)), []
    for block in blocks:
        here = sums[: block.end - block.first]
        add_up(*block[2:5], query.terms, scaled, here)
        rows = room[: lead(here, block.counted(alive, within), best, doubt, room)]
        found.append((rows.copy(), here[rows]))
    if best[0] <= TINY:  # float32 may have rounded scores away: whatever shares a term is in question
        return [_sharing(block, query, alive, within) for block in blocks]
    return [rows[high >= best[0] * doubt] for rows, high in found]


def _scaled(query: SparseVector, heaviest: float) -> NDArray[np.float32]:
    """The query's weights (m,) times a power of two with which the largest products are near 1."""
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
    """Whether the last blocks are to become one: enough of them, not too long together, the first not too heavy."""
    length = blocks[-1].end - blocks[0].first
    return len(blocks) == JOINED and length <= ROWS and blocks[0].rows.size <= JOINED * blocks[-1].rows.size


def _joined(blocks: Sequence[Block]) -> Block:
    size = blocks[0].starts.size - 1
    by_row = [
        csc_array((block.weights, block.rows, block.starts), shape=(block.end - block.first, size)).tocsr()
        for block in blocks
    ]
    return _columns(blocks[0].first, blocks[-1].end, vstack(by_row, format="csr"))
