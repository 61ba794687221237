"""Qdrant in its local mode: the client's own Python, without a server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from benchmarks.peers.peer import Peer
from benchmarks.rows import Rows

TABLE, FIELD, BATCH = "items", "terms", 1_000


class Qdrant(Peer):
    """Walks all items in Python: for trying things out, which is also what its makers say."""

    name, module, slow, about = "qdrant", "qdrant_client", True, "local mode, in memory"
    _client: Any = None  # until it is built

    def build(self, items: Rows, folder: Path) -> None:
        from qdrant_client import QdrantClient, models

        self._client = QdrantClient(":memory:")
        self._client.create_collection(
            TABLE, vectors_config={}, sparse_vectors_config={FIELD: models.SparseVectorParams()}
        )
        for first in range(0, len(items), BATCH):
            points = [
                models.PointStruct(id=number, vector={FIELD: self.ask(*items.row(number))})
                for number in range(first, min(first + BATCH, len(items)))
            ]
            self._client.upsert(TABLE, points)

    def ask(self, terms: NDArray, weights: NDArray) -> Any:
        from qdrant_client import models

        return models.SparseVector(indices=terms.tolist(), values=weights.tolist())

    def search(self, question: Any, k: int) -> Sequence[int]:
        found = self._client.query_points(TABLE, query=question, using=FIELD, limit=k, with_payload=False)
        return [int(point.id) for point in found.points]

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
