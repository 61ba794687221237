"""How high the right item ranks."""

import numpy as np
from numpy import float32, int64
from numpy.typing import NDArray


def ranks(
    queries: NDArray[float32], items: NDArray[float32], target: NDArray[int64], batch: int = 1000
) -> NDArray[int64]:
    """(m,) rank, from 1, of each query's target among all items by dot product.

    queries (m, d), items (n, d), target (m,) rows of `items`. Ties go to the lower row, as in a search.
    """
    found = np.empty(len(queries), int64)
    for start in range(0, len(queries), batch):
        part = slice(start, start + batch)
        scores = queries[part] @ items.T  # (b, n)
        own = np.take_along_axis(scores, target[part, None], 1)  # (b, 1)
        earlier = np.arange(len(items))[None, :] < target[part, None]
        found[part] = 1 + (scores > own).sum(1) + ((scores == own) & earlier).sum(1)
    return found


def recall_at(ranks: NDArray[int64], k: int) -> float:
    """R@k with one right item a query: the share of queries whose item ranks k-th or better, 0..1."""
    return float((ranks <= k).mean())
