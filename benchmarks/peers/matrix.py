"""Query times matrix with scipy: the scores of all items, exactly, without any index but the columns."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.peers.peer import Peer
from benchmarks.rows import Rows


class Scipy(Peer):
    """Always there: the project needs scipy itself."""

    name, module, about = "scipy", "scipy", "query @ CSC, then a partition"

    def build(self, items: Rows, folder: Path) -> None:
        by_item = sparse.csr_array((items.weights, items.terms, items.starts), shape=(len(items), items.width))
        self._by_term = by_item.tocsc().T  # (width, items) CSR: a product reads the rows of the query's terms

    def ask(self, terms: NDArray, weights: NDArray) -> Any:
        starts = np.array([0, len(terms)])
        return sparse.csr_array((weights, terms, starts), shape=(1, self._by_term.shape[0]))

    def search(self, question: Any, k: int) -> Sequence[int]:
        scores = question @ self._by_term
        best = np.argpartition(-scores.data, min(k, scores.nnz) - 1)[:k] if scores.nnz else []
        return scores.indices[best].tolist()
