"""The compiled loops of searching in memory; the proof of what they compute stands in `matrix.py`.

Rows are items, in blocks of at most 65,536, so that the sums of a block stay in the processor's cache and two bytes
number a row. A term's weights in a block are held rounded up to multiples of a `step`, in one of two ways: as a list of
rows with a code of 8 bits each, or, where one row in 16 has the term, as a column of one code of 4 bits for every row.
Beside them lie the exact vectors, row by row.

`directory` (|V|, blocks, 3) uint32 says of each term and block: where its list begins or which column is its own; how
many rows have the term, with the highest bit set for a column; and the step, the bits of a float32.
`lists` (n,) uint16: rows inside the block, ascending, and `codes` (n,) uint8: theirs.
`columns` (columns, rows of a block / 2) uint8: the low four bits are those of the first half of the rows.
`vectors` (nnz, 3 or 4) uint16: of each weight its term, in one number or two, and the two halves of its float32.
`starts` (rows + 1,) int64: row r has vectors[starts[r]:starts[r + 1]], terms ascending.

This is the only file that knows numba, which compiles a loop at its first call or reads the machine code from its
cache. Other threads run while a loop does.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
from numpy import float32, float64, int64, uint8, uint16, uint32
from numpy.typing import NDArray

GROUP = 64  # rows are skipped together where the highest of their sums is too low
COLUMN = 0x80000000  # the bit of the directory that marks a column
LIST_TOP, COLUMN_TOP = 255, 15  # the highest codes
DENSE = 16  # a term that more than one row in DENSE has gets a column
PARTIALS = 64  # a sum of float64 products has fewer parts that do not overlap
SURE = 1 + 2.0**-40  # times what rounding may have made too small
NOBODY = 2**62  # an id behind all others: of places that no item has taken

P = ParamSpec("P")
R = TypeVar("R")
Sums = NDArray[Any]  # (rows of a block,) uint16 or uint32, zeros between two calls


def _compiled(loop: Callable[P, R]) -> Callable[P, R]:
    try:
        return numba.njit(nogil=True, cache=True)(loop)
    except RuntimeError:  # machine code cannot be cached: neither this folder nor the user's own can be written
        return numba.njit(nogil=True)(loop)


# Making a part


@_compiled
def survey(vectors: NDArray[uint16], starts: NDArray[int64], size: int, block: int) -> tuple[NDArray[uint32], int, int]:
    """The directory of some rows (see the top) for blocks of `block` rows, the length of the lists, and of columns.

    size: |V|.
    """
    rows = starts.size - 1
    blocks = (rows + block - 1) // block
    directory = np.zeros((size, blocks, 3), np.uint32)
    for row in range(rows):
        for at in range(starts[row], starts[row + 1]):
            entry = directory[_term(vectors, at), row // block]
            entry[1] += np.uint32(1)
            entry[2] = max(entry[2], _bits(vectors, at))  # bits of positive floats have the order of the numbers
    length, columns = 0, 0
    for term in range(size):
        for number in range(blocks):
            entry = directory[term, number]
            if entry[1] == 0:
                continue
            if entry[1] * DENSE > block:
                entry[2] = _step(entry[2], COLUMN_TOP)
                entry[0] = columns
                entry[1] |= np.uint32(COLUMN)
                columns += 1
            else:
                entry[2] = _step(entry[2], LIST_TOP)
                entry[0] = length
                length += int(entry[1])
    return directory, length, columns


@_compiled
def fill(
    vectors: NDArray[uint16],
    starts: NDArray[int64],
    block: int,
    directory: NDArray[uint32],
    lists: NDArray[uint16],
    codes: NDArray[uint8],
    columns: NDArray[uint8],
) -> None:
    """Writes the lists, codes and columns (zeros before) that a directory announces."""
    half = block // 2
    ends = np.empty(directory.shape[0], np.int64)
    for number in range(directory.shape[1]):
        for term in range(ends.size):
            ends[term] = directory[term, number, 0]
        for row in range(number * block, min((number + 1) * block, starts.size - 1)):
            inside = row - number * block
            for at in range(starts[row], starts[row + 1]):
                term = int(_term(vectors, at))
                entry = directory[term, number]
                code = _code(_float(_bits(vectors, at)), _float(entry[2]))
                if entry[1] & np.uint32(COLUMN):
                    if inside < half:
                        columns[entry[0], inside] |= np.uint8(code)
                    else:
                        columns[entry[0], inside - half] |= np.uint8(code << 4)
                else:
                    lists[ends[term]] = inside
                    codes[ends[term]] = code
                    ends[term] += 1


@_compiled
def _step(bits: uint32 | int, top: int) -> np.uint32:
    """Bits of the smallest float32 of which `top` times is not below a weight, given as its bits."""
    heaviest = np.float64(_float(bits))
    step = np.float32(heaviest / top).view(np.uint32)
    while np.float64(_float(step)) * top < heaviest:  # both sides are exact in float64
        step = np.uint32(step + np.uint32(1))
    return step


@_compiled
def _code(weight: float32, step: float32) -> int64:
    """The smallest number of steps that is not below a weight."""
    code = np.int64(np.ceil(np.float64(weight) / np.float64(step)))
    return np.int64(code + 1) if np.float64(code) * np.float64(step) < np.float64(weight) else code


@_compiled
def _float(bits: uint32 | int) -> float32:
    return np.uint32(bits).view(np.float32)


@_compiled
def _term(vectors: NDArray[uint16], at: int) -> int64:
    if vectors.shape[1] == 3:
        return np.int64(vectors[at, 0])
    return np.int64(np.int64(vectors[at, 0]) | np.int64(vectors[at, 1]) << 16)


@_compiled
def _bits(vectors: NDArray[uint16], at: int) -> np.uint32:
    last = vectors.shape[1] - 1
    return np.uint32(np.uint32(vectors[at, last - 1]) | np.uint32(vectors[at, last]) << np.uint32(16))


# Searching a part


@_compiled
def search(
    directory: NDArray[uint32],
    lists: NDArray[uint16],
    codes: NDArray[uint8],
    columns: NDArray[uint8],
    vectors: NDArray[uint16],
    starts: NDArray[int64],
    first: int,
    block: int,
    alive: NDArray[np.bool_],
    within: NDArray[uint8],
    terms: NDArray[np.int32],
    weights: NDArray[float32],
    query: NDArray[float32],
    limit: int,
    sums: Sums,
    scores: NDArray[float64],
    ids: NDArray[int64],
    floor: float,
    patience: int,
) -> int:
    """Has the k best so far, `scores` and `ids` (k,), be those of this part's rows, too.

    Returns how many rows were scored exactly, or -1 where they would be more than `patience`: the k best are as good as
    they were found until then, and the sums are too coarse for this query.

    The part: as the top of this file tells; `first` is the id of its first row, `block` the rows of a block.
    alive: (any length,) flags of rows that count; rows behind its end do not.  within: (|V|,) 1 at terms of which a row
    must have one, or (0,).  The query: `terms` (m,) and `weights` (m,); `query` (|V|,) is room for it, zeros between
    two calls.  limit: what all sums must stay below.  floor: a score that k rows are known to reach.
    """
    scale = _scale(directory, terms, weights, limit)
    if scale == 0:  # this part has none of the terms
        return 0
    _lay_out(query, terms, weights)
    rows, scored, offset = starts.size - 1, 0, 0
    products = np.empty(terms.size + 1)
    which = np.empty((2, terms.size + 1), np.int64)  # of the block's columns: numbers, and factors
    peaks = np.empty(sums.size // GROUP, sums.dtype)
    for number in range(directory.shape[1]):
        offset = number * block
        here = sums[: min(block, rows - offset)]
        many = 0
        for at in range(terms.size):
            entry = directory[terms[at], number]
            if entry[1] == 0:
                continue
            factor = np.float64(weights[at]) * np.float64(_float(entry[2])) * scale * SURE
            if entry[1] & np.uint32(COLUMN):
                which[0, many], which[1, many] = entry[0], np.int64(np.ceil(factor))
                many += 1
            else:
                some = slice(np.int64(entry[0]), np.int64(entry[0]) + np.int64(entry[1]))
                _add_list(sums, lists[some], codes[some], np.uint32(np.ceil(factor * 256)))
        _add_columns(sums, columns, which, many)
        groups = (here.size + GROUP - 1) // GROUP
        _find_peaks(sums.reshape(-1, GROUP), peaks[:groups])
        counted = alive[offset : offset + here.size]
        floor = max(floor, scores[0])
        if floor == 0 and scores.size < here.size:
            k = scores.size
            floor = _reached(here, peaks[:groups], counted, k, vectors, starts, offset, within, query, products)
        least = _least(floor, scale)
        for group in range(groups):
            if peaks[group] >= least:
                for inside in range(group * GROUP, min((group + 1) * GROUP, here.size)):
                    if here[inside] >= least and inside < counted.size and counted[inside]:
                        row = offset + inside
                        scored += 1
                        if scored > patience:
                            _clear(sums)
                            _clear_at(query, terms)
                            return -1
                        if _offer(vectors, starts, row, first, within, query, products, scores, ids):
                            least = max(least, _least(scores[0], scale))
        _clear(here)
    _clear_at(query, terms)
    return scored


@_compiled
def score(
    vectors: NDArray[uint16],
    starts: NDArray[int64],
    first: int,
    rows: NDArray[int64],
    within: NDArray[uint8],
    terms: NDArray[np.int32],
    weights: NDArray[float32],
    query: NDArray[float32],
    scores: NDArray[float64],
    ids: NDArray[int64],
) -> None:
    """As `search`, of these rows (n,) only, each scored exactly."""
    products = np.empty(terms.size + 1)
    _lay_out(query, terms, weights)
    for row in rows:
        _offer(vectors, starts, row, first, within, query, products, scores, ids)
    _clear_at(query, terms)


@_compiled
def _scale(directory: NDArray[uint32], terms: NDArray[np.int32], weights: NDArray[float32], limit: int) -> float:
    """S of the proof in `matrix.py` for a part and sums that must stay below `limit`; 0 where no row has a term.

    What a term adds must also stay below 2**24: the loops compute it in 32 bits, times 256.
    """
    together, highest = 0.0, 0.0
    for at in range(terms.size):
        most = 0.0
        for block in range(directory.shape[1]):
            entry = directory[terms[at], block]
            top = COLUMN_TOP if entry[1] & np.uint32(COLUMN) else LIST_TOP
            most = max(most, top * np.float64(_float(entry[2])))
        together += np.float64(weights[at]) * most
        highest = max(highest, np.float64(weights[at]) * most)
    if highest == 0:
        return 0.0
    return float(min((limit - 1 - 16 * terms.size) / together, (min(limit, 2**24) - 4) / highest) * (1 - 2.0**-30))


@_compiled
def _lay_out(query: NDArray[float32], terms: NDArray[np.int32], weights: NDArray[float32]) -> None:
    for at in range(terms.size):
        query[terms[at]] = weights[at]


@_compiled
def _clear_at(query: NDArray[float32], terms: NDArray[np.int32]) -> None:
    for at in range(terms.size):
        query[terms[at]] = 0


@_compiled
def _add_list(sums: Sums, rows: NDArray[uint16], codes: NDArray[uint8], factor: np.uint32) -> None:
    """Adds code * factor / 256, rounded up, to the rows of a list; four at a time, which processors like."""
    up, by = np.uint32(255), np.uint32(8)
    whole = rows.size & ~3
    for at in range(0, whole, 4):
        a, b, c, d = rows[at], rows[at + 1], rows[at + 2], rows[at + 3]
        more_a = sums.dtype.type((np.uint32(codes[at]) * factor + up) >> by)
        more_b = sums.dtype.type((np.uint32(codes[at + 1]) * factor + up) >> by)
        more_c = sums.dtype.type((np.uint32(codes[at + 2]) * factor + up) >> by)
        more_d = sums.dtype.type((np.uint32(codes[at + 3]) * factor + up) >> by)
        sums[a] += more_a
        sums[b] += more_b
        sums[c] += more_c
        sums[d] += more_d
    for at in range(whole, rows.size):
        sums[rows[at]] += sums.dtype.type((np.uint32(codes[at]) * factor + up) >> by)


@_compiled
def _add_columns(sums: Sums, columns: NDArray[uint8], which: NDArray[int64], many: int) -> None:
    """Adds code * factor of some columns to all rows; two at a time, which reads the sums less often.

    Numbers are kept as narrow as the sums, so that the processor computes many at once.
    """
    half = columns.shape[1]
    if many % 2:  # an odd one is paired with itself, times 0
        which[0, many], which[1, many] = which[0, 0], 0
    for at in range(0, many, 2):
        by, other = sums.dtype.type(which[1, at]), sums.dtype.type(which[1, at + 1])
        _add_two(sums[:half], sums[half:], columns[which[0, at]], by, columns[which[0, at + 1]], other)


@_compiled
def _add_two(low: Sums, high: Sums, a: NDArray[uint8], by_a: int, b: NDArray[uint8], by_b: int) -> None:
    cast = low.dtype.type
    for row in range(a.size):
        low[row] = cast(low[row] + cast(cast(a[row] & 15) * by_a) + cast(cast(b[row] & 15) * by_b))
        high[row] = cast(high[row] + cast(cast(a[row] >> 4) * by_a) + cast(cast(b[row] >> 4) * by_b))


@_compiled
def _find_peaks(groups: Sums, peaks: Sums) -> None:
    """The highest sum of each group of rows."""
    for group in range(peaks.size):
        highest = groups.dtype.type(0)
        for row in range(groups.shape[1]):
            highest = max(highest, groups[group, row])
        peaks[group] = highest


@_compiled
def _clear(sums: Sums) -> None:
    for row in range(sums.size):
        sums[row] = 0


@_compiled
def _least(floor: float, scale: float) -> int64:
    """What a sum must reach, so that its row can score `floor`; rows that share no term have the sum 0.

    Where another part's rows score far more than this part's can, that is more than any sum.
    """
    return np.int64(max(1.0, min(floor * scale / SURE, 2.0**40)))


@_compiled
def _reached(
    sums: Sums,
    peaks: Sums,
    counted: NDArray[np.bool_],
    k: int,
    vectors: NDArray[uint16],
    starts: NDArray[int64],
    offset: int,
    within: NDArray[uint8],
    query: NDArray[float32],
    products: NDArray[float64],
) -> float:
    """A score that k rows of a block reach: the lowest of the k rows with the highest sums; 0 where there are fewer."""
    best, rows = np.zeros(k), np.full(k, NOBODY)
    for group in range(peaks.size):
        if peaks[group] > best[0]:
            for row in range(group * GROUP, min((group + 1) * GROUP, counted.size)):
                if counted[row] and sums[row] > best[0]:
                    _replace_worst(best, rows, np.float64(sums[row]), row)
    lowest = np.inf
    for row in rows:
        if row == NOBODY:
            return 0.0
        many = _multiply(vectors, starts, offset + row, within, query, products)
        lowest = min(lowest, _about(products[:many]))
    return lowest * (1 - (products.size + 1) * 2.0**-52)


@_compiled
def _offer(
    vectors: NDArray[uint16],
    starts: NDArray[int64],
    row: int,
    first: int,
    within: NDArray[uint8],
    query: NDArray[float32],
    products: NDArray[float64],
    scores: NDArray[float64],
    ids: NDArray[int64],
) -> bool:
    """Puts a row among the k best where it belongs there; returns whether it does. products: room for `_multiply`."""
    many = _multiply(vectors, starts, row, within, query, products)
    if many == 0 or _about(products[:many]) * (1 + (products.size + 1) * 2.0**-52) < scores[0]:
        return False
    score, item = _exact(products[:many]), first + row
    if score < scores[0] or (score == scores[0] and item > ids[0]):
        return False
    _replace_worst(scores, ids, score, item)
    return True


@_compiled
def _multiply(
    vectors: NDArray[uint16],
    starts: NDArray[int64],
    row: int,
    within: NDArray[uint8],
    query: NDArray[float32],
    products: NDArray[float64],
) -> int:
    """Writes the exact products of the terms that a row shares with the query into `products`; returns how many.

    0 where the row has none of the terms that it must have one of.  products: has room for one more than the query has
    terms, as the product of each term of the row is written, and the next over it where it is 0: a processor does that
    sooner than it finds out which terms are shared.
    """
    own, having = vectors[starts[row] : starts[row + 1]], within.size == 0
    for at in range(own.shape[0]):
        if having:
            break
        having = within[_term(own, at)] != 0
    if not having:
        return 0
    many = 0
    for at in range(own.shape[0]):
        product = np.float64(query[_term(own, at)]) * np.float64(_float(_bits(own, at)))
        products[many] = product
        many += int(product != 0)
    return many


@_compiled
def _about(products: NDArray[float64]) -> float:
    """The sum of products, as float64 adds them up."""
    total = 0.0
    for product in products:
        total += product
    return total


@_compiled
def _exact(products: NDArray[float64]) -> float:
    """The sum of products, correctly rounded, by Shewchuk's sum of parts that do not overlap, as `math.fsum` has it."""
    parts, many = np.empty(PARTIALS), 0
    for product in products:
        more, kept = product, 0
        for number in range(many):
            part = parts[number]
            if abs(more) < abs(part):
                more, part = part, more
            high = more + part
            low = part - (high - more)
            if low != 0:
                parts[kept] = low
                kept += 1
            more = high
        parts[kept] = more
        many = kept + 1
    return _rounded(parts, many)


@_compiled
def _rounded(parts: NDArray[float64], many: int) -> float:
    """The sum of parts that do not overlap, ascending, rounded once: half way between two numbers, the rest decides."""
    if many == 0:
        return 0.0
    many -= 1
    total, low = parts[many], 0.0
    while many > 0:
        many -= 1
        before = total
        total = before + parts[many]
        low = parts[many] - (total - before)
        if low != 0:
            break
    if many > 0 and ((low < 0 and parts[many - 1] < 0) or (low > 0 and parts[many - 1] > 0)):
        twice = 2 * low
        other = total + twice
        if twice == other - total:
            total = other
    return total


@_compiled
def _replace_worst(scores: NDArray[float64], ids: NDArray[int64], score: float, item: int) -> None:
    """Puts an item in place of the worst, which stands first: the lowest score, and of equal ones the largest id."""
    at, below = 0, 1
    while below < scores.size:
        other = below + 1
        if other < scores.size and (
            scores[other] < scores[below] or (scores[other] == scores[below] and ids[other] > ids[below])
        ):
            below = other
        if scores[below] > score or (scores[below] == score and ids[below] < item):
            break
        scores[at], ids[at] = scores[below], ids[below]
        at, below = below, 2 * below + 1
    scores[at], ids[at] = score, item
