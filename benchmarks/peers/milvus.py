"""milvus-lite: Milvus in a file, without a server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from benchmarks.peers.peer import Peer
from benchmarks.rows import Rows

TABLE, BATCH = "items", 1_000
MAXSCORE = {"inverted_index_algo": "DAAT_MAXSCORE"}  # what Milvus recommends for exact search


class MilvusLite(Peer):
    """A sparse inverted index, inner product, nothing dropped from questions."""

    name, module, slow, about = "milvus-lite", "milvus_lite", True, "sparse inverted index, inner product"
    _client: Any = None  # until it is built

    def build(self, items: Rows, folder: Path) -> None:
        from pymilvus import DataType, MilvusClient

        self._client = MilvusClient(str(folder / "items.db"))
        schema = MilvusClient.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.SPARSE_FLOAT_VECTOR)
        indexes = MilvusClient.prepare_index_params()
        indexes.add_index("vector", index_type="SPARSE_INVERTED_INDEX", metric_type="IP", params=MAXSCORE)
        self._client.create_collection(TABLE, schema=schema, index_params=indexes)
        for first in range(0, len(items), BATCH):
            some = range(first, min(first + BATCH, len(items)))
            self._client.insert(TABLE, [{"id": number, "vector": self.ask(*items.row(number))} for number in some])
        self._client.flush(TABLE)
        self._client.load_collection(TABLE)

    def ask(self, terms: NDArray, weights: NDArray) -> Any:
        return dict(zip(terms.tolist(), weights.tolist(), strict=True))

    def search(self, question: Any, k: int) -> Sequence[int]:
        settings = {"metric_type": "IP", "params": {"drop_ratio_search": 0.0}}
        (found,) = self._client.search(TABLE, data=[question], anns_field="vector", limit=k, search_params=settings)
        return [int(hit["id"]) for hit in found]

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
