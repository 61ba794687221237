"""The vectors of successive ids, laid out for the compiled loops (`kernels.py`): in memory, or in a mapped file.

A part never changes. Its file has one line of JSON, which says what lies where, and then the arrays; it appears under
its name in one step, whole. Pages of a mapped file that nobody reads take no memory, and the exact vectors are read
only of the few items that may be among the best.
"""

import json
import math
import mmap
import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index_store.files import sync
from index_store.memory.kernels import fill, survey
from index_store.vectors import RECORD

FORM = "sightwords held 1"
ROWS = 65_536  # of a block at most: two bytes number them
MAKING = ".new-"  # begins the name of a file that is not finished
ALIGNED = 64  # bytes: where arrays of a file begin
SHORT = 65_536  # vocabularies of up to so many terms have two bytes a term


class Vectors(NamedTuple):
    """Exact vectors of rows, as `kernels.py` has them; read-only."""

    vectors: NDArray[np.uint16]  # (nnz, 3), or (nnz, 4) for vocabularies beyond SHORT
    starts: NDArray[np.int64]  # (rows + 1,)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.starts.size - 1)

    @classmethod
    def of(cls, held: Iterable[tuple[int, bytes]], first: int, end: int, size: int) -> "Vectors":
        """From (id, `SparseVector.to_bytes()`) of ids from `first` to, not including, `end`; rows of others are empty.

        size: |V|.
        """
        ids, data = [], []
        for item, some in held:
            ids.append(item - first)
            data.append(some)
        lengths = np.zeros(end - first, np.int64)
        lengths[ids] = [len(some) // RECORD.itemsize for some in data]
        numbers = np.frombuffer(b"".join(data), np.uint16).reshape(-1, 4)  # the halves of a term, then of a weight
        short = numbers[:, [0, 2, 3]] if size <= SHORT else numbers
        return cls(_frozen(np.ascontiguousarray(short)), _frozen(np.append(0, np.cumsum(lengths))))

    def row(self, number: int) -> bytes:
        """A row's vector, as `SparseVector.to_bytes` gives it."""
        own = self.vectors[self.starts[number] : self.starts[number + 1]]
        if own.shape[1] == 3:
            own = np.insert(own, 1, 0, axis=1)
        return own.tobytes()

    @classmethod
    def joined(cls, some: Sequence["Vectors"]) -> "Vectors":
        """Rows of several, one after the other."""
        offsets = np.cumsum([0, *(one.starts[-1] for one in some)])
        starts = [one.starts[:-1] + offset for one, offset in zip(some, offsets, strict=False)]
        together = np.concatenate([*starts, offsets[-1:]])
        return cls(_frozen(np.concatenate([one.vectors for one in some])), _frozen(together))


class Part(NamedTuple):
    """Ids from `first` on, a row each, in blocks of `block` rows (even); the arrays are told of in `kernels.py`."""

    directory: NDArray[np.uint32]
    lists: NDArray[np.uint16]
    codes: NDArray[np.uint8]
    columns: NDArray[np.uint8]
    vectors: NDArray[np.uint16]
    starts: NDArray[np.int64]
    first: int
    block: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.starts.size - 1)

    @property
    def end(self) -> int:
        """The id after the last row."""
        return self.first + self.rows

    @property
    def exact(self) -> Vectors:
        """The vectors."""
        return Vectors(self.vectors, self.starts)

    @property
    def nbytes(self) -> int:
        """Bytes that searches read: all but the exact vectors, of which they read a few."""
        return sum(part.nbytes for part in (self.directory, self.lists, self.codes, self.columns, self.starts))

    @classmethod
    def of(cls, exact: Vectors, first: int, size: int) -> "Part":
        """From vectors. The same vectors give the same arrays, to the bit. size: |V|."""
        least = -(-exact.rows // max(1, -(-exact.rows // ROWS)))  # rows of a block, where blocks are of one length
        block = max(1, -(-least // ALIGNED)) * ALIGNED
        directory, length, many = survey(*exact, size, block)
        lists, codes = np.empty(length, np.uint16), np.empty(length, np.uint8)
        columns = np.zeros((max(1, many), block // 2), np.uint8)
        fill(*exact, block, directory, lists, codes, columns)
        arrays = (_frozen(directory), _frozen(lists), _frozen(codes), _frozen(columns))
        return cls(*arrays, *exact, first, block)

    def save(self, folder: Path) -> Path:
        """Writes the file of this part into a folder, durably, and returns its path; OSError where that fails."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        head: dict[str, Any] = {"form": FORM, "first": self.first, "end": self.end, "block": self.block, "arrays": {}}
        at = 0
        for name, array in arrays.items():
            head["arrays"][name] = [array.dtype.str, list(array.shape), at]
            at += -(-array.nbytes // ALIGNED) * ALIGNED
        head["bytes"] = at
        line = json.dumps(head).encode()
        line += b" " * (-(len(line) + 1) % ALIGNED) + b"\n"
        target, making = folder / name_of(self.first, self.end), folder / f"{MAKING}{secrets.token_hex(4)}"
        try:
            with making.open("wb") as file:
                file.write(line)
                for array in arrays.values():
                    file.write(array.data if array.size else b"")
                    file.write(b"\0" * (-array.nbytes % ALIGNED))
                file.flush()
                os.fsync(file.fileno())
            making.rename(target)
            sync(folder)
        finally:
            with suppress(OSError):
                making.unlink(missing_ok=True)
        return target


_ARRAYS = Part._fields[:6]


def name_of(first: int, end: int) -> str:
    """The name of a part's file."""
    return f"{first}-{end}.held"


def range_of(name: str) -> tuple[int, int] | None:
    """The first id of a part and the one after its last, by the name of its file; None where it is none."""
    first, dash, end = name.removesuffix(".held").partition("-")
    if name.endswith(".held") and dash and first.isdecimal() and end.isdecimal() and int(first) < int(end):
        return int(first), int(end)
    return None


def mapped(path: Path, size: int) -> Part | None:
    """The part in a file; None where the file is not one, or not whole, or of another vocabulary's length `size`."""
    try:
        with path.open("rb") as file:
            line = file.readline(65_536)
            head = json.loads(line)
            if head["form"] != FORM or os.fstat(file.fileno()).st_size != len(line) + head["bytes"]:
                return None
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        arrays: dict[str, Any] = {}
        for name in _ARRAYS:
            dtype, shape, at = head["arrays"][name]
            arrays[name] = np.frombuffer(data, dtype, math.prod(shape), len(line) + at).reshape(shape)
        part = Part(**arrays, first=head["first"], block=head["block"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    fits = range_of(path.name) == (part.first, part.end) and part.directory.shape[0] == size
    return part if fits else None


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Read-only, as mapped arrays are: the loops are compiled once for both."""
    array.flags.writeable = False
    return array
