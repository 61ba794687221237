"""Groups pictures that are nearly equal, by hashes of what they show; knows neither pictures nor where hashes are kept.

A similarity hash has 40 bytes: 8 by which candidate pairs are looked up, and 32 that decide. Among 4.5 million pairs of
different photographs, no two differ in fewer than 82 of the 256 deciding bits. A photograph and its copy that was saved
again (JPEG, quality 30 to 95), halved or quartered in size, brightened, or cropped by a hundredth on each side differ
in at most 32 of them, and in at most 8 of the first 64 bits.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LOOKUP_BYTES = 8  # at the beginning of a hash; the other 32 decide
MOST_LOOKUP_BITS, MOST_DECIDING_BITS = 7, 44  # in which the hashes of nearly equal pictures differ
MOST_SHAPE = 0.05  # part of it by which width / height differs between nearly equal pictures
BAND = 16  # bits: where at most 7 of 64 bits differ, in one of the four bands at most one does
AT_ONCE = 1_000_000  # pairs compared at once: some 50 MB


class Picture(NamedTuple):
    """What decides whether an item is nearly equal to another. `hash`: None where the picture shows nothing."""

    id: int
    hash: bytes | None
    shape: float  # width / height; 0: not known
    content: str  # digest of the file


def groups(pictures: Sequence[Picture]) -> list[list[int]]:
    """Groups (ids, ascending) of at least two pictures that are nearly equal or equal to the byte, by their first ids.

    Similarity is passed on: where b is similar to both a and c, all three are in one group.
    """
    if len(pictures) < 2:
        return []
    pairs = [_equal([one.content for one in pictures])]
    hashed = np.array([at for at, one in enumerate(pictures) if one.hash is not None], dtype=np.int64)
    if len(hashed) > 1:
        hashes = np.frombuffer(b"".join(pictures[at].hash or b"" for at in hashed.tolist()), np.uint8)
        shapes = np.array([pictures[at].shape for at in hashed.tolist()])
        pairs += [hashed[some] for some in _similar(hashes.reshape(len(hashed), -1), shapes)]
    rows, columns = np.concatenate(pairs).T
    from scipy.sparse import coo_array  # a third of a second, which no reader should wait for
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(len(pictures),) * 2)
    _, labels = connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    parts = np.split(order, starts[1:])
    return sorted(sorted(pictures[at].id for at in part.tolist()) for part in parts if part.size > 1)


def _equal(keys: Sequence[object]) -> NDArray[np.int64]:
    """Positions (n, 2): each position beside the first one that has the same key."""
    first: dict[object, int] = {}
    return np.array([(first.setdefault(key, at), at) for at, key in enumerate(keys)], dtype=np.int64).reshape(-1, 2)


def _similar(hashes: NDArray[np.uint8], shapes: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    """Positions (pairs, 2), some at a time, of hashes (n, 40) that are similar and belong to pictures of one shape."""
    same = _equal([row.tobytes() for row in hashes])  # many equal ones are compared once
    yield same[np.abs(shapes[same[:, 0]] - shapes[same[:, 1]]) <= MOST_SHAPE * shapes[same[:, 0]]]
    first = np.unique(same[:, 0])  # a position of each different hash
    codes = np.ascontiguousarray(hashes[first]).view(np.uint64)  # (n, 5): one to look up by, four that decide
    for rows, columns in _candidates(codes[:, 0]):
        shape = np.abs(shapes[first[rows]] - shapes[first[columns]]) <= MOST_SHAPE * shapes[first[rows]]
        rows, columns = rows[shape], columns[shape]
        near = np.bitwise_count(codes[rows, 1:] ^ codes[columns, 1:]).sum(1) <= MOST_DECIDING_BITS
        yield np.stack([first[rows[near]], first[columns[near]]], 1)


def _candidates(codes: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of positions whose codes differ in at most MOST_LOOKUP_BITS bits; some pairs come more than once.

    Such codes differ in at most one bit of some band, so each band is looked up as it is and with each bit flipped.
    """
    for shift in range(0, 8 * LOOKUP_BYTES, BAND):
        keys = ((codes >> np.uint64(shift)) & np.uint64(2**BAND - 1)).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(2**BAND + 1))  # of each key among the ordered positions
        for flipped in (0, *(1 << bit for bit in range(BAND))):
            low, high = starts[keys ^ flipped], starts[(keys ^ flipped) + 1]
            counts = high - low
            begin = 0
            for end in (*np.flatnonzero(np.diff(np.cumsum(counts) // AT_ONCE)) + 1, len(codes)):
                some = counts[begin:end]
                rows = np.repeat(np.arange(begin, end), some)
                within = np.arange(some.sum()) - np.repeat(np.cumsum(some) - some, some)
                columns = order[np.repeat(low[begin:end], some) + within]
                near = (rows < columns) & (np.bitwise_count(codes[rows] ^ codes[columns]) <= MOST_LOOKUP_BITS)
                yield rows[near], columns[near]
                begin = int(end)
