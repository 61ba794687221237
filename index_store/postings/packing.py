"""Packs exact vectors into few bytes that can be unpacked quickly; knows nothing of tantivy, whose documents hold them.

    "<IBB"   number of terms n; number of low bytes of a term (+ RAW, see weights); the lowest exponent
    low      n * (1, 2 or 4) bytes: the low part of each term
    high     Elias-Fano: n + (highest high part) bits, the i-th set bit at (high part of term i) + i; none for 4 bytes
    weights  n * 3 bytes, then n * 4 bits: float32 bit patterns less the lowest exponent's, below 2**28 as a rule;
             n * 4 bytes, whole float32, where weights differ by more than 2**32 (RAW)

Some 100 terms of 30,000 take less than 5 bytes each instead of 8. Weights are positive, so their sign bit is free.
"""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index_store.errors import VectorError
from index_store.vectors import RECORD, SparseVector

_HEADER = struct.Struct("<IBB")
_RAW = 0x10
_EXPONENT = 23  # bits below a float32's exponent
_ROOM = 1 << 28  # of a packed weight


def pack_all(vectors: Sequence[SparseVector]) -> list[bytes]:
    """As `pack` of each vector. Vectors of the usual kind are packed together, in a third of the time."""
    sizes = np.array([len(vector) for vector in vectors], dtype=np.int64)
    if not sizes.sum():
        return [pack(vector) for vector in vectors]
    filled = [vector for vector in vectors if len(vector)]
    terms, weights = (np.concatenate([getattr(v, part) for v in filled]) for part in ("terms", "weights"))
    ends = np.cumsum(sizes)
    owner, starts = np.repeat(np.arange(sizes.size), sizes), ends - sizes
    rank = np.arange(terms.size) - starts[owner]  # of a term in its vector

    lowest = np.zeros(sizes.size, np.uint32)
    bits = weights.view(np.uint32)
    lowest[sizes > 0] = np.minimum.reduceat(bits, starts[sizes > 0]) >> _EXPONENT
    rest = bits - (lowest << _EXPONENT)[owner]
    raw = np.bincount(owner, rest >= _ROOM, sizes.size) > 0

    high = (terms >> 8) + rank  # the bits that are set
    flag_bytes = np.zeros(sizes.size, np.int64)
    flag_bytes[sizes > 0] = high[ends[sizes > 0] - 1] // 8 + 1
    usual = (sizes > 0) & ~raw & (flag_bytes <= sizes)  # else one low byte a term may not be the shortest form

    low_terms = _spans(_low_bytes(terms.astype("<u4"), 1), sizes)
    flags = _spans(_packed_flags(high, owner, flag_bytes, usual), np.where(usual, flag_bytes, 0))
    low_rest = _spans(_low_bytes(rest.astype("<u4"), 3), 3 * sizes)
    halves = _spans(_packed_halves(rest, owner, rank, sizes), (sizes + 1) // 2)
    parts = zip(low_terms, flags, low_rest, halves, strict=True)
    every = zip(vectors, usual.tolist(), sizes.tolist(), lowest.tolist(), parts, strict=True)
    return [
        b"".join((_HEADER.pack(size, 1, low), *part)) if is_usual else pack(vector)
        for vector, is_usual, size, low, part in every
    ]


def _packed_flags(
    high: NDArray[np.int64], owner: NDArray[np.int64], flag_bytes: NDArray[np.int64], usual: NDArray[np.bool_]
) -> bytes:
    """The Elias-Fano bits of the usual vectors, one after another, each in its `flag_bytes` (vectors,).

    high, owner: (all terms,) the bit that each term sets, and the number of its vector.
    """
    ends = np.cumsum(np.where(usual, flag_bytes, 0))
    flags = np.zeros(8 * int(ends[-1]), np.uint8)
    flags[(8 * (ends - flag_bytes)[owner] + high)[usual[owner]]] = 1
    return np.packbits(flags, bitorder="little").tobytes()


def _packed_halves(
    rest: NDArray[np.uint32], owner: NDArray[np.int64], rank: NDArray[np.int64], sizes: NDArray[np.int64]
) -> bytes:
    """The highest four bits of every weight, two in a byte, each vector beginning with a byte of its own."""
    ends = np.cumsum((sizes + 1) // 2)
    halves = np.zeros(2 * int(ends[-1]), np.uint8)
    halves[2 * (ends - (sizes + 1) // 2)[owner] + rank] = rest >> 24
    return (halves[0::2] | halves[1::2] << 4).tobytes()


def _spans(data: bytes, lengths: NDArray[np.int64]) -> list[bytes]:
    """The successive parts of `data` that have these lengths (n,)."""
    ends = np.cumsum(lengths)
    return [data[start:end] for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True)]


def pack(vector: SparseVector) -> bytes:
    """The packed bytes of a vector."""
    if not len(vector):
        return _HEADER.pack(0, 1, 0)
    bits = vector.weights.view(np.uint32)
    lowest = int(bits.min()) >> _EXPONENT
    rest = bits - np.uint32(lowest << _EXPONENT)
    raw = int(rest.max()) >= _ROOM
    highest = int(vector.terms[-1])
    width = min((1, 2, 4), key=lambda width: len(vector) * width + (highest >> 8 * width) // 8)
    header = _HEADER.pack(len(vector), width + _RAW * raw, lowest)
    return header + _pack_terms(vector.terms, width) + (bits.astype("<u4").tobytes() if raw else _pack_weights(rest))


def unpack(packed: bytes) -> bytes:
    """`SparseVector.to_bytes()` of the vector; VectorError where the bytes are not what `pack` made."""
    try:
        size, form, lowest = _HEADER.unpack_from(packed)
        raw, width = bool(form & _RAW), form & ~_RAW
        weights_at = len(packed) - (4 * size if raw else 3 * size + (size + 1) // 2)
        if width not in (1, 2, 4) or weights_at < _HEADER.size + width * size:
            raise ValueError("its header says something impossible")
        held = np.empty(size, RECORD)
        held["term"] = _unpack_terms(packed, size, width, weights_at)
        held["weight"] = (_unpack_raw if raw else _unpack_weights)(packed, size, weights_at, lowest)
    except (struct.error, ValueError) as error:
        raise VectorError(f"A stored sparse vector of {len(packed)} bytes cannot be unpacked ({error}).") from error
    return held.tobytes()


def unpack_all(packed: Sequence[bytes]) -> list[bytes]:
    """As `unpack` of each. Vectors of the usual kind are unpacked together, in a tenth of the time."""
    usual = [data for data in packed if len(data) > _HEADER.size and data[4] == 1]
    together = iter(_unpack_usual(usual)) if usual else iter(())
    return [next(together) if len(data) > _HEADER.size and data[4] == 1 else unpack(data) for data in packed]


def _unpack_usual(packed: Sequence[bytes]) -> list[bytes]:
    """Unpacks vectors with one low byte a term and packed weights, all at once."""
    held = np.frombuffer(b"".join(packed), np.uint8)
    ends = np.cumsum([len(data) for data in packed])
    headers = [_HEADER.unpack_from(data) for data in packed]
    sizes = np.array([size for size, _, _ in headers], np.int64)
    low_at = np.append(0, ends[:-1]) + _HEADER.size
    flags_at, weights_at = low_at + sizes, ends - 3 * sizes - (sizes + 1) // 2
    flag_bytes = weights_at - flags_at
    if (sizes < 1).any() or (flag_bytes < 1).any():
        return [unpack(data) for data in packed]  # whichever is damaged says so

    owner = np.repeat(np.arange(sizes.size), sizes)
    rank = np.arange(owner.size) - (np.cumsum(sizes) - sizes)[owner]  # of a term in its vector
    flag_owner = np.repeat(np.arange(sizes.size), flag_bytes)
    flag_starts = np.cumsum(flag_bytes) - flag_bytes
    flags = held[np.arange(flag_owner.size) + (flags_at - flag_starts)[flag_owner]]
    high = np.flatnonzero(np.unpackbits(flags, bitorder="little"))
    counts = np.bincount(flag_owner[high // 8], minlength=sizes.size)
    last = np.cumsum(sizes) - 1
    if not np.array_equal(counts, sizes) or not np.array_equal(high[last] // 8 + 1 - flag_starts, flag_bytes):
        return [unpack(data) for data in packed]

    records = np.empty(owner.size, RECORD)
    records["term"] = (high - 8 * flag_starts[owner] - rank) << 8 | held[low_at[owner] + rank]
    parts = np.empty((owner.size, 4), np.uint8)
    three = weights_at[owner] + 3 * rank
    for byte in range(3):
        parts[:, byte] = held[three + byte]
    parts[:, 3] = held[(weights_at + 3 * sizes)[owner] + rank // 2] >> (rank % 2 * 4) & 15
    lowest = np.array([lowest for _, _, lowest in headers], np.uint32) << _EXPONENT
    records["weight"] = (parts.view("<u4")[:, 0] + lowest[owner]).view(np.float32)
    data, spans = records.tobytes(), np.cumsum(sizes) * RECORD.itemsize
    return [data[end - size * RECORD.itemsize : end] for end, size in zip(spans.tolist(), sizes.tolist(), strict=True)]


def _pack_terms(terms: NDArray[np.int32], width: int) -> bytes:
    low = _low_bytes(terms.astype("<u4"), width)
    if width == 4:
        return low
    at = (terms >> 8 * width) + np.arange(terms.size)
    flags = np.zeros(int(at[-1]) + 1, dtype=np.uint8)
    flags[at] = 1
    return low + np.packbits(flags, bitorder="little").tobytes()


def _unpack_terms(packed: bytes, size: int, width: int, end: int) -> NDArray[np.int64]:
    low = np.frombuffer(packed, f"<u{width}", size, _HEADER.size)
    at = _HEADER.size + size * width
    if width < 4:
        high = np.flatnonzero(np.unpackbits(np.frombuffer(packed, np.uint8, end - at, at), bitorder="little"))
        if high.size == size and (high[-1] // 8 + 1 if size else 0) == end - at:
            return (high - np.arange(size)) << 8 * width | low
    elif at == end:
        return low.astype(np.int64)
    raise ValueError("its terms and its length disagree")


def _pack_weights(rest: NDArray[np.uint32]) -> bytes:
    high = np.zeros(rest.size + rest.size % 2, np.uint8)
    high[: rest.size] = rest >> 24
    return _low_bytes(rest.astype("<u4"), 3) + (high[0::2] | high[1::2] << 4).tobytes()


def _unpack_weights(packed: bytes, size: int, at: int, lowest: int) -> NDArray[np.float32]:
    pairs = np.frombuffer(packed, np.uint8, (size + 1) // 2, at + 3 * size)
    parts = np.empty((size, 4), np.uint8)
    parts[:, :3] = np.frombuffer(packed, np.uint8, 3 * size, at).reshape(size, 3)
    parts[0::2, 3] = pairs & 15
    parts[1::2, 3] = pairs[: size // 2] >> 4
    bits: NDArray[np.uint32] = parts.view("<u4")[:, 0] + np.uint32(lowest << _EXPONENT)
    return bits.view(np.float32)


def _unpack_raw(packed: bytes, size: int, at: int, lowest: int) -> NDArray[np.float32]:
    return np.frombuffer(packed, "<f4", size, at)


def _low_bytes(numbers: NDArray[np.uint32], width: int) -> bytes:
    """The low `width` bytes of each number, the lowest first."""
    return numbers.view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
