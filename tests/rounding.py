"""How far two computations of one vector may lie apart: batch size, threads and processor decide the last digits."""

import numpy as np

from index_store.vectors import SparseVector

ROUNDING = 1e-5  # of a coordinate of a unit row, and so of a term's weight: what `DenseEncoder` allows between batches


def alike(vector: SparseVector, other: SparseVector) -> bool:
    """Whether no weight differs by more than ROUNDING; a term that is fainter than that may be in only one of them."""
    size = 1 + max(int(part.terms[-1]) if len(part) else 0 for part in (vector, other))
    rows = np.zeros((2, size))
    for row, part in zip(rows, (vector, other), strict=True):
        row[part.terms] = part.weights
    return bool(np.abs(rows[0] - rows[1]).max() <= ROUNDING)
