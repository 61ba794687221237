"""faiss over dense vectors: not the same question, but what searching pictures costs without sparse vectors."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import Peer
from benchmarks.rows import Rows

DIMENSIONS = 256  # of BLIP's and ALBEF's common space


class Faiss(Peer):
    """Random unit vectors: a flat index takes the same time whatever they are."""

    name, module, faithful = "faiss", "faiss", False
    about = f"Flat, {DIMENSIONS} dense dimensions: other vectors"

    def build(self, items: Rows, folder: Path) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self._random = np.random.default_rng(1)
        self._index = faiss.IndexFlatIP(DIMENSIONS)
        for first in range(0, len(items), 100_000):
            self._index.add(self._draw(min(100_000, len(items) - first)))

    def ask(self, terms: NDArray, weights: NDArray) -> Any:
        return self._draw(1)

    def search(self, question: Any, k: int) -> Sequence[int]:
        _, found = self._index.search(question, k)
        return found[0].tolist()

    def _draw(self, count: int) -> NDArray[np.float32]:
        rows = self._random.standard_normal((count, DIMENSIONS), dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)
