"""Many sparse vectors as three flat arrays (CSR), which is how benchmarks make, keep and hand them to others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index_store.vectors import SparseVector


@dataclass(frozen=True, eq=False)
class Rows:
    """Row i has terms[starts[i]:starts[i + 1]], ascending, and as many weights. `width`: length of the vocabulary."""

    starts: NDArray[np.int64]  # (rows + 1,)
    terms: NDArray[np.int32]  # (nnz,)
    weights: NDArray[np.float32]  # (nnz,)
    width: int

    @classmethod
    def of(cls, rows: Iterable[tuple[NDArray[np.int32], NDArray[np.float32]]], width: int) -> "Rows":
        """From (terms, weights) of each row."""
        terms, weights = zip(*rows, strict=True)
        starts = np.concatenate([[0], np.cumsum([len(row) for row in terms])]).astype(np.int64)
        return cls(starts, np.concatenate(terms).astype(np.int32), np.concatenate(weights).astype(np.float32), width)

    @classmethod
    def load(cls, path: Path) -> "Rows":
        """What `save` wrote."""
        with np.load(path) as kept:
            return cls(kept["starts"], kept["terms"], kept["weights"], int(kept["width"]))

    def save(self, path: Path) -> None:
        """As an uncompressed .npz file, there as a whole or not at all."""
        part = path.with_name(f"part-{path.name}")
        np.savez(part, starts=self.starts, terms=self.terms, weights=self.weights, width=np.int64(self.width))
        part.replace(path)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Terms and weights of one row, as views."""
        some = slice(self.starts[number], self.starts[number + 1])
        return self.terms[some], self.weights[some]

    def first(self, most: int | None) -> "Rows":
        """The first `most` rows, or all."""
        if most is None or most >= len(self):
            return self
        end = self.starts[most]
        return Rows(self.starts[: most + 1], self.terms[:end], self.weights[:end], self.width)

    def vector(self, number: int) -> SparseVector:
        """One row as the project's own vector."""
        return SparseVector(*self.row(number))

    def vectors(self) -> Iterator[SparseVector]:
        """All rows as the project's own vectors, one at a time."""
        return map(self.vector, range(len(self)))
