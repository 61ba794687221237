"""Which pictures are nearly equal, by hashes of what they show; knows neither pictures nor where hashes are kept.

A hash is 8 bytes, by which pairs are looked up, and 32 bytes, which tell. Of 4.5 million pairs of different photographs
none is nearer than 82 of the 256 bits, while the same one resaved (JPEG, quality 30 to 95), at half or a quarter of its
size, brighter or cropped by a hundredth on each side is at most 32 apart, and 8 of the first 64.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

LOOKED_UP, TELLING = 8, 32  # bytes
NEAR, SURELY = 7, 44  # bits in which nearly equal pictures differ at most, of the one and of the other
SHAPES = 0.05  # by how much their width / height may differ
BAND = 16  # bits: where at most 7 of 64 differ, at most one does in some of the four bands
AT_ONCE = 1_000_000  # pairs compared at once: some 50 MB


class Picture(NamedTuple):
    """What tells of an item whether it is nearly another one. `hash`: None where it shows nothing; then bytes tell."""

    id: int
    hash: bytes | None
    shape: float  # width / height; 0: not known
    content: str  # digest of the file


def groups(pictures: Sequence[Picture]) -> list[list[int]]:
    """Ids of pictures that are nearly equal, or equal to the byte, ascending, by the first id of each group.

    Nearness is passed on: where b is near both a and c, all three are one group.
    """
    if len(pictures) < 2:
        return []
    pairs = [_equal([one.content for one in pictures])]
    told = np.array([at for at, one in enumerate(pictures) if one.hash is not None], dtype=np.int64)
    if len(told) > 1:
        hashes = np.frombuffer(b"".join(pictures[at].hash or b"" for at in told.tolist()), np.uint8)
        shapes = np.array([pictures[at].shape for at in told.tolist()])
        pairs += [told[some] for some in _near(hashes.reshape(len(told), -1), shapes)]
    rows, columns = np.concatenate(pairs).T
    graph = coo_array((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(len(pictures),) * 2)
    _, labels = connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    found = [sorted(pictures[at].id for at in some.tolist()) for some in np.split(order, starts[1:]) if some.size > 1]
    return sorted(found)


def _equal(keys: Sequence[object]) -> NDArray[np.int64]:
    """(pairs, 2): each place with the first one that has the same key."""
    first: dict[object, int] = {}
    return np.array([(first.setdefault(key, at), at) for at, key in enumerate(keys)], dtype=np.int64).reshape(-1, 2)


def _near(hashes: NDArray[np.uint8], shapes: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    """(pairs, 2), some at a time: places of hashes (n, 40) that are near each other, of pictures of one shape."""
    same = _equal([row.tobytes() for row in hashes])  # many equal ones are compared once
    yield same[np.abs(shapes[same[:, 0]] - shapes[same[:, 1]]) <= SHAPES * shapes[same[:, 0]]]
    places = np.unique(same[:, 0])
    codes = np.ascontiguousarray(hashes[places]).view(np.uint64)  # (n, 5): one to look up by, four that tell
    for rows, columns in _candidates(codes[:, 0]):
        shape = np.abs(shapes[places[rows]] - shapes[places[columns]]) <= SHAPES * shapes[places[rows]]
        rows, columns = rows[shape], columns[shape]
        near = np.bitwise_count(codes[rows, 1:] ^ codes[columns, 1:]).sum(1) <= SURELY
        yield np.stack([places[rows[near]], places[columns[near]]], 1)


def _candidates(codes: NDArray[np.uint64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pairs of places whose codes differ in at most NEAR bits, looked up by a band in which one bit at most differs.

    Some pairs come more than once.
    """
    for shift in range(0, 8 * LOOKED_UP, BAND):
        keys = ((codes >> np.uint64(shift)) & np.uint64(2**BAND - 1)).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(2**BAND + 1))  # of each key among the ordered places
        for flipped in (0, *(1 << bit for bit in range(BAND))):
            low, high = starts[keys ^ flipped], starts[(keys ^ flipped) + 1]
            counts = high - low
            begin = 0
            for end in (*np.flatnonzero(np.diff(np.cumsum(counts) // AT_ONCE)) + 1, len(codes)):
                some = counts[begin:end]
                rows = np.repeat(np.arange(begin, end), some)
                within = np.arange(some.sum()) - np.repeat(np.cumsum(some) - some, some)
                columns = order[np.repeat(low[begin:end], some) + within]
                near = (rows < columns) & (np.bitwise_count(codes[rows] ^ codes[columns]) <= NEAR)
                yield rows[near], columns[near]
                begin = int(end)
