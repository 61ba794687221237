"""Groups of nearly equal pictures are those that comparing each with each finds; and quickly."""

import time
from itertools import combinations

import numpy as np
import pytest

from index_store import similarity
from index_store.similarity import MOST_DECIDING_BITS, MOST_LOOKUP_BITS, Picture, groups

pytestmark = pytest.mark.numeric


def flipped(hash_: bytes, bits: list[int]) -> bytes:
    data = bytearray(hash_)
    for bit in bits:
        data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


def apart(one: bytes, other: bytes) -> int:
    return sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True))


def by_hand(pictures: list[Picture]) -> list[list[int]]:
    """The groups by comparing every two pictures: two that are near share a group, and so do all that are near them."""
    group = {one.id: {one.id} for one in pictures}
    for one, other in combinations(pictures, 2):
        near = one.content == other.content or (
            one.hash is not None
            and other.hash is not None
            and apart(one.hash[:8], other.hash[:8]) <= MOST_LOOKUP_BITS
            and apart(one.hash[8:], other.hash[8:]) <= MOST_DECIDING_BITS
            and abs(one.shape - other.shape) <= 0.05 * one.shape
        )
        if near and group[one.id] is not group[other.id]:
            group[one.id] |= group[other.id]
            for member in group[other.id]:
                group[member] = group[one.id]
    found = {tuple(sorted(some)) for some in group.values() if len(some) > 1}
    return sorted(map(list, found))


@pytest.mark.parametrize("seed", range(6))
def test_as_comparing_each_with_each(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity, "AT_ONCE", 50)
    random = np.random.default_rng(seed)
    pictures: list[Picture] = []
    for number in range(160):
        shape, content = float(random.choice([0.75, 1.5])), str(number)
        hash_: bytes | None = random.bytes(40)
        if pictures and random.random() < 0.6:  # near, or nearly near, to one that is there
            like = pictures[int(random.integers(len(pictures)))]
            if like.hash is not None:
                few = random.choice(64, int(random.integers(0, MOST_LOOKUP_BITS + 3)), replace=False).tolist()
                many = (
                    64 + random.choice(256, int(random.integers(0, MOST_DECIDING_BITS + 9)), replace=False)
                ).tolist()
                hash_, shape = flipped(like.hash, few + many), like.shape * float(random.choice([1.0, 1.02, 1.2]))
            content = like.content if random.random() < 0.1 else content
        pictures.append(Picture(3 * number, None if random.random() < 0.1 else hash_, shape, content))
    assert groups(pictures) == by_hand(pictures) != []


def test_nothing_and_one_and_all_alike() -> None:
    one = Picture(5, b"x" * 40, 1.5, "a")
    assert groups([]) == groups([one]) == []
    assert groups([one, one._replace(id=9, content="b"), one._replace(id=2, hash=None, content="c")]) == [[5, 9]]
    assert groups([one._replace(hash=None), one._replace(id=6, hash=None)]) == [[5, 6]], "equal to the byte"


@pytest.mark.slow
def test_a_hundred_thousand_take_seconds() -> None:
    """Even if thousands of pictures are equal, or thousands have the same short hash; 3 s on one free core."""
    random = np.random.default_rng(0)
    hashes = random.integers(0, 256, (100_000, 40), dtype=np.uint8)
    hashes[90_000:] = hashes[:10_000]
    hashes[90_000:, 20] ^= 1
    hashes[20_000:24_000] = hashes[20_000]
    hashes[30_000:32_000, :8] = hashes[30_000, :8]
    pictures = [Picture(at, row.tobytes(), 1.5, str(at)) for at, row in enumerate(hashes)]
    started = time.monotonic()
    found = groups(pictures)
    assert len(found) == 10_001 and max(map(len, found)) == 4_000
    assert time.monotonic() - started < 60
