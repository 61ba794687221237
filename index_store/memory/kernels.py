"""The compiled loops of searching in memory. Each reads the postings of a query's terms once and copies nothing.

A block of vectors is given as columns. `rows` (n,) holds the rows that have each term, term by term, ascending;
`weights` (n,) holds their weights; term t has the entries from `starts[t]` to `starts[t + 1]` of both
(`starts`: (|V| + 1,)). This is the only file that knows numba, which compiles a loop at its first call or reads the
machine code from its cache. Other threads run while a loop does.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

GROUP = 64  # rows are skipped together where the highest of their sums is too low; a length that vector units like

P = ParamSpec("P")
R = TypeVar("R")


def _compiled(loop: Callable[P, R]) -> Callable[P, R]:
    try:
        return numba.njit(nogil=True, cache=True)(loop)
    except RuntimeError:  # machine code cannot be cached: neither this folder nor the user's own can be written
        return numba.njit(nogil=True)(loop)


@_compiled
def add_up(
    starts: NDArray[np.int32],
    rows: NDArray[np.uint16],
    weights: NDArray[np.float32],
    terms: NDArray[np.int32],
    query: NDArray[np.float32],
    sums: NDArray[np.float32],
) -> None:
    """Sets `sums` (rows of the block,) to each row's dot product with a query of terms (m,) and weights (m,)."""
    sums[:] = 0
    for number in range(terms.size):
        first, last = starts[terms[number]], starts[terms[number] + 1]
        having, heavy, by = rows[first:last], weights[first:last], query[number]
        for entry in range(having.size):
            sums[having[entry]] += by * heavy[entry]


@_compiled
def lead(
    sums: NDArray[np.float32],
    counts: NDArray[np.bool_],
    best: NDArray[np.float32],
    doubt: float,
    found: NDArray[np.int32],
) -> int:
    """Writes into `found` (rows of the block,) the rows that may be among the k best; returns their number.

    These are the rows that count and whose sum is positive and at least `doubt` times the k-th highest sum so far.
    counts: flags of the first rows; later rows do not count.  best: (k,) the highest sums so far, zeros where there
    are fewer, as a heap with the lowest on top; this function updates it.
    """
    bits = sums.view(np.int32)  # bits of numbers >= 0 have the order of the numbers; many are compared at once
    floor = _floor(best, doubt)
    many = 0
    for start in range(0, counts.size, GROUP):
        end = min(start + GROUP, counts.size)
        highest = np.int32(0)
        group = bits[start:end]
        for entry in range(group.size):
            if group[entry] > highest:
                highest = group[entry]
        if highest < np.float32(floor).view(np.int32):
            continue
        for row in range(start, end):
            if sums[row] >= floor and counts[row]:
                found[many] = row
                many += 1
                if sums[row] > best[0]:
                    _replace_lowest(best, sums[row])
                    floor = _floor(best, doubt)
    return many


@_compiled
def _floor(best: NDArray[np.float32], doubt: float) -> np.float32:
    """What a sum must reach to count: at least the smallest positive float32, for a sum of zero is no hit."""
    return max(np.float32(best[0] * doubt), np.float32(2.0**-149))


@_compiled
def _replace_lowest(heap: NDArray[np.float32], value: float) -> None:
    at, below = 0, 1
    while below < heap.size:
        if below + 1 < heap.size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= value:
            break
        heap[at] = heap[below]
        at, below = below, 2 * below + 1
    heap[at] = value


@_compiled
def products(
    starts: NDArray[np.int32],
    rows: NDArray[np.uint16],
    weights: NDArray[np.float32],
    terms: NDArray[np.int32],
    query: NDArray[np.float64],
    wanted: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Exact products (wanted rows, terms) of their weights with the query's; 0 where a row lacks a term."""
    made = np.zeros((wanted.size, terms.size))
    for number in range(terms.size):
        first, last = starts[terms[number]], starts[terms[number] + 1]
        having = rows[first:last]
        for which in range(wanted.size):
            at = np.searchsorted(having, wanted[which])
            if at < having.size and having[at] == wanted[which]:
                made[which, number] = weights[first + at] * query[number]
    return made
