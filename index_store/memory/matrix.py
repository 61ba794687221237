"""Vectors held in memory, which a search adds up coarsely for every item and exactly for few; every result is exact.

A query with many terms touches nearly every item. tantivy then needs milliseconds, and gives only a bound; adding up
rounded weights in small whole numbers takes a tenth of that time and three bytes of memory a weight.

A row of the matrix is an item, by its id. Ids are never used twice, so the matrix only grows, and one matrix serves
every snapshot of a collection: each search says which rows count. Rows lie in parts (`part.py`). The last few, which
are too few for a part, are scored one by one. Parts of some thousand rows are joined once there are many.

Claim: `Matrix.search` returns the k items with the highest exact scores, of equal ones the smaller ids, in order.

Why, for a query of m terms with weights q_t. A held weight is code * step, and never below the true one (`_code`). The
loops add up, in whole numbers, for each row and each of its terms

    list:    ceil(code * ceil(256 * q_t * step * S) / 256)        column:    code * ceil(q_t * step * S)

each of which is at least S * q_t * weight. So **a row's sum is at least S times its score**. A row is passed over only
where its sum is below S * s, s being a score that k rows reach that count. Then its score is below s, and it is not
among the k best. All others are scored from their exact vectors, and kept where they are among the k best so far.

Sums do not overflow: in a list a term adds at most S * q_t * highest + 2, in a column + 15, where `highest` is its
highest held weight in a part, and S is chosen for each part so that all of them together stay below the end of the
sums' range. 16 bits are enough for most queries. Where they leave too many rows to be scored, as where one weight is
thousands of times all others, the query is asked again in 32 bits.

Rounding: factors are computed in float64, from four numbers, and enlarged by more than that can lose (`SURE`); `_least`
takes as much off what a sum must reach. Scores are first added up in float64, of exact products of which none is
negative; m of them are off by less than (m + 2) * 2**-52 of their sum. What that leaves open, the exact sum decides.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index_store.memory import kernels
from index_store.memory.kept import drop_superseded, keep, kept_parts
from index_store.memory.part import ROWS, Part, Vectors
from index_store.vectors import SparseVector

LONGEST = 8 * ROWS  # rows of a part at most: to make one takes some 2 kB of memory a row
KEPT_FROM = 8_192  # so many new items at once are kept in a file; fewer are soon made again
AT_ONCE = ROWS  # ids that are read at a time
TAIL = 1_024  # items behind the last part: up to here, each search scores every one of them
JOINED = 4  # parts of about one size become one; with fewer we would join too often, with more search too many
FEW = 4_000  # where no more items count, each of them is scored: some 0.4 ms
NARROW, WIDE = 2**16, 2**32  # the ends of the ranges of sums
MOST_TERMS = 128  # of a query whose sums may be narrow
PATIENCE = 2_000  # so many rows of a part, and PATIENCE_K times k, are scored before sums are thought too coarse
PATIENCE_K = 20
NOBODY_WAITS = 2**62  # a patience without end
NO_FLAGS: NDArray[np.uint8] = np.zeros(0, np.uint8)
NO_MORE: tuple[int, Iterator[tuple[int, bytes]]] = (-1, iter(()))


class _Held(NamedTuple):
    """What a matrix holds at one moment; never changed."""

    parts: tuple[Part, ...]
    tail: Vectors
    first: int  # id of the tail's first row

    @property
    def end(self) -> int:
        return self.first + self.tail.rows


class _Room(threading.local):
    """What a thread's searches compute in, so that none has to ask for memory. Between two searches all is 0."""

    def __init__(self, size: int) -> None:
        self.query = np.zeros(size, np.float32)
        self.narrow = np.zeros(ROWS, np.uint16)
        self.within = np.zeros(size, np.uint8)


class Matrix:
    """Grows by `cover`, in one thread at a time. Others may search meanwhile: each uses what it began with."""

    def __init__(self, size: int, folder: Path | None = None, end: int = 0) -> None:
        """size: length of the vocabulary, |V|.  folder: where parts are kept; those with ids below `end` are taken up.

        Whether they are those of the collection is for the caller to see.
        """
        self._size, self._folder = size, folder
        parts = kept_parts(folder, size, end) if folder is not None else []
        self._held = _Held(tuple(parts), Vectors.of((), 0, 0, size), parts[-1].end if parts else 0)
        self._lock, self._tail = threading.Lock(), TAIL
        self._room = _Room(size)
        _warm(self._size)

    @property
    def covered(self) -> int:
        """The matrix holds all items with smaller ids that existed when `cover` reached them."""
        return self._held.end

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Of each part, the first id and the one after the last."""
        return [(part.first, part.end) for part in self._held.parts]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that searches read (see `Part.nbytes`)."""
        held = self._held
        return sum(part.nbytes for part in held.parts) + held.tail.vectors.nbytes + held.tail.starts.nbytes

    def vector(self, item: int) -> bytes | None:
        """The vector that is held of an item, as `SparseVector.to_bytes` gives it; None where none is held."""
        held = self._held
        for part in held.parts:
            if part.first <= item < part.end:
                return part.exact.row(item - part.first)
        return held.tail.row(item - held.first) if held.first <= item < held.end else None

    def cover(self, vectors: Iterable[tuple[int, bytes]], end: int) -> None:
        """Adds all items with ids from `covered` up to, not including, `end`.

        vectors: (id, `SparseVector.to_bytes()`), by ascending id; read AT_ONCE ids at a time. Where reading them fails,
        nothing is added.
        """
        with self._lock:
            held, start = self._held, self.covered
            kept = self._folder is not None and end - start >= KEPT_FROM
            waiting: list[Vectors] = []
            groups = groupby(vectors, lambda pair: (pair[0] - start) // AT_ONCE)
            number, some = next(groups, NO_MORE)
            for first in range(start, end, AT_ONCE):
                here: Iterable[tuple[int, bytes]] = ()
                if start + number * AT_ONCE == first:
                    here = list(some)
                    number, some = next(groups, NO_MORE)
                more = Vectors.of(here, first, min(first + AT_ONCE, end), self._size)
                if not kept:
                    held = self._with(held, more)
                    continue
                waiting.append(more)
                if first + AT_ONCE >= end or sum(one.rows for one in waiting) + AT_ONCE > LONGEST:
                    held, waiting = self._keeping(held, waiting), []
            self._held = held
            if kept and self._folder is not None:
                drop_superseded(self._folder, list(held.parts))

    def search(
        self,
        query: SparseVector,
        k: int,
        alive: NDArray[np.bool_],
        within: SparseVector | None = None,
        count: int | None = None,
    ) -> list[tuple[int, float]]:
        """(id, score) of the k best items, by descending score, then ascending id.

        alive: (any length,) flags of the ids that count; ids behind its end do not.  within: only items that share a
        term with this vector.  count: how many flags are set, where the caller knows.
        """
        held, room = self._held, self._room
        k = min(k, held.end)
        if not k or not len(query):
            return []
        flags = NO_FLAGS if within is None else room.within
        try:
            if within is not None:
                flags[within.terms] = 1
            few = count is not None and count <= FEW < held.end
            scores, ids = (_best_of_few if few else _best)(held, query, k, alive, flags, room)
        finally:
            if within is not None:
                flags[within.terms] = 0
        found = [(item, score) for item, score in zip(ids.tolist(), scores.tolist(), strict=True) if score > 0]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _keeping(self, held: _Held, more: list[Vectors]) -> _Held:
        """The same with more rows, in a part that is kept in a file, and that takes in shorter ones before it."""
        assert self._folder is not None
        parts, some = list(held.parts), [held.tail, *more] if held.tail.rows else more
        first = held.first
        while parts and parts[-1].rows <= JOINED * sum(one.rows for one in some):
            if parts[-1].rows + sum(one.rows for one in some) > LONGEST:
                break
            first = parts[-1].first
            some = [parts.pop().exact, *some]
        made = Part.of(Vectors.joined(some) if len(some) > 1 else some[0], first, self._size)
        parts.append(keep(made, self._folder, self._size))
        return _Held(tuple(parts), Vectors.of((), 0, 0, self._size), parts[-1].end)

    def _with(self, held: _Held, more: Vectors) -> _Held:
        """The same with more rows, in parts that are not too many."""
        tail = Vectors.joined([held.tail, more]) if held.tail.rows else more
        if tail.rows <= self._tail:
            return _Held(held.parts, tail, held.first)
        parts = [*held.parts, Part.of(tail, held.first, self._size)]
        while _joins(parts[-JOINED:]):
            joined = Vectors.joined([part.exact for part in parts[-JOINED:]])
            parts[-JOINED:] = [Part.of(joined, parts[-JOINED].first, self._size)]
        return _Held(tuple(parts), Vectors.of((), 0, 0, self._size), parts[-1].end)


def _best(
    held: _Held, query: SparseVector, k: int, alive: NDArray[np.bool_], within: NDArray[np.uint8], room: _Room
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores and ids (k,) of the best, in no order; of places that no item has taken the score is 0."""
    scores, ids = _nobody(k)
    _score_all([(held.tail, held.first)], query, alive, within, room, scores, ids)
    narrow, floor = len(query) <= MOST_TERMS, 0.0
    for part in held.parts:
        asked = alive[part.first : part.end], within, query.terms, query.weights, room.query
        if narrow:
            found = scores.copy(), ids.copy()
            patience = PATIENCE + PATIENCE_K * k
            if kernels.search(*part, *asked, NARROW, room.narrow, *found, 0.0, patience) >= 0:
                scores, ids = found
                continue
            narrow, floor = False, float(found[0][0])
        wide = np.zeros(ROWS, np.uint32)
        kernels.search(*part, *asked, WIDE, wide, scores, ids, floor, NOBODY_WAITS)
    return scores, ids


def _best_of_few(
    held: _Held, query: SparseVector, k: int, alive: NDArray[np.bool_], within: NDArray[np.uint8], room: _Room
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """As `_best`, where few items count: each is scored."""
    scores, ids = _nobody(k)
    exact = [(part.exact, part.first) for part in held.parts]
    _score_all([*exact, (held.tail, held.first)], query, alive, within, room, scores, ids)
    return scores, ids


def _score_all(
    some: Iterable[tuple[Vectors, int]],
    query: SparseVector,
    alive: NDArray[np.bool_],
    within: NDArray[np.uint8],
    room: _Room,
    scores: NDArray[np.float64],
    ids: NDArray[np.int64],
) -> None:
    """Scores all rows that count of some vectors, which come with the id of their first row."""
    for exact, first in some:
        if not exact.rows:
            continue
        rows = np.flatnonzero(alive[first : first + exact.rows])
        if rows.size:
            kernels.score(*exact, first, rows, within, query.terms, query.weights, room.query, scores, ids)


def _nobody(k: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.zeros(k), np.full(k, kernels.NOBODY)


def _joins(parts: Sequence[Part]) -> bool:
    """Whether to join parts: there are JOINED, together no longer than ROWS, and the first is not much longer."""
    return len(parts) == JOINED and parts[-1].end - parts[0].first <= ROWS and parts[0].rows <= JOINED * parts[-1].rows


def _warm(size: int) -> None:
    """Has the loops compiled now, where their machine code is not cached, so that no first search has to wait."""
    query = SparseVector.from_pairs({0: 1.0})
    exact = Vectors.of([(0, query.to_bytes())], 0, 1, size)
    held, room, alive = _Held((Part.of(exact, 0, size),), exact, 1), _Room(size), np.ones(2, np.bool_)
    for limit, sums in ((NARROW, room.narrow), (WIDE, np.zeros(ROWS, np.uint32))):
        asked = alive, NO_FLAGS, query.terms, query.weights, room.query, limit, sums
        kernels.search(*held.parts[0], *asked, *_nobody(1), 0.0, 1)
    _best(held, query, 1, alive, NO_FLAGS, room)
