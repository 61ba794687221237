"""Ways to rank one collection for one text: its own head in full, literal or hybrid, another head, or dense vectors.

Shows on one question what the paper's tables say of many: which terms a head lights up, and how far its order is from
that of the dense vectors it learned from. Must not know training.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy import float32
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from core.data.dense_items import DenseItems, best
from core.errors import ModelError, QueryError
from core.models.head import SparseHead, load_head
from core.search.encoding import encode
from core.search.explain import QueryTerm, query_terms
from core.search.query import Query
from core.search.search import search
from core.vocabulary import Vocabulary
from index_store.items import Hit
from index_store.store import Store
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.models.model import Model

BLOCK = 1024  # items whose weights are dense at once
HEADS_KEPT = 3
NOT_MADE = "The dense vectors of the pictures are not made yet; ask again when they are."


OwnMethod = Literal["full", "literal", "hybrid", "fused", "dense"]


@dataclass(frozen=True)
class Method:
    """A way to rank: "full", "literal", "hybrid" (the collection's own head), "dense", or the `head` in a folder.

    "fused": the collection's own head in full, and the dense vectors, as the model weighs the two.
    """

    kind: OwnMethod | Literal["head"]
    head: Path | None = None

    @property
    def needs_dense(self) -> bool:
        """Whether it ranks by dense vectors, which not every collection keeps."""
        return self.kind in ("dense", "fused", "head")


@dataclass(frozen=True)
class Ranking:
    """What one method answers: at most k hits, best first; the terms it searched with (none for dense vectors)."""

    hits: tuple[Hit, ...]
    terms: tuple[QueryTerm, ...]
    milliseconds: float


@dataclass(frozen=True)
class _OtherHead:
    head: SparseHead
    vocabulary: Vocabulary
    item_weights: csr_array  # (n, |V|) of the collection's items


class Ranker:
    """Ranks one collection by any method; keeps the weights that other heads give to its items.

    Safe to share between threads.
    """

    def __init__(self, model: "Model", collection: Store, dense: DenseItems | None = None):
        """`dense`: the items' dense vectors, which the methods "dense", "fused" and "head" need."""
        self.model, self.collection, self.dense = model, collection, dense
        self._heads: OrderedDict[Path, _OtherHead] = OrderedDict()

    def ranks(self, collection: Store) -> bool:
        """Whether it is this collection that it ranks."""
        return self.collection is collection

    def rank(self, text: str, method: Method, k: int) -> Ranking:
        """The k best pictures for a text.

        Raises QueryError for what cannot be asked or is not prepared, ModelError for a head that does not fit.
        """
        started = perf_counter()
        query, mode = Query(text, k=k, kind="image"), method.kind
        query.check()
        if mode == "dense" or mode == "head":
            scored, terms = self._rank_dense(text, method.head, k)
        elif mode == "fused":
            scored, terms = self._rank_fused(query)
        else:
            result = search(self.model, self.collection, replace(query, mode=mode))
            scored, terms = [(hit.id, hit.score) for hit in result.hits], result.terms
        return Ranking(tuple(Hit(*row) for row in scored), terms, (perf_counter() - started) * 1000)

    def _rank_fused(self, query: Query) -> tuple[list[tuple[int, float]], tuple[QueryTerm, ...]]:
        """As a search ranks, where the collection keeps dense vectors; else by those that were made for comparing."""
        if self.collection.dense_size is not None:
            result = search(self.model, self.collection, replace(query, rank="fused"))
            return [(hit.id, hit.score) for hit in result.hits], result.terms
        if self.dense is None:
            raise QueryError(NOT_MADE)
        weight = self.model.dense_weight
        if weight is None:
            raise QueryError(f"The head of '{self.model.name}' does not say how much the whole picture weighs.")
        asked = encode(self.model, self.collection, query).whole(query.share)
        assert asked.dense is not None  # it is a text
        found = self.collection.search(asked.vector, max(1, len(self.collection)), kind="image")
        sparse = {hit.id: hit.score for hit in found.hits}
        cosines = self.dense.rows @ asked.dense
        sums = np.array([sparse.get(item, 0.0) for item in self.dense.ids.tolist()]) + weight * cosines
        scored = [row for row in best(self.dense.ids, sums, query.k) if row[1] > 0]
        return scored, query_terms(asked.vector, self.model.vocabulary.terms, asked.literal)

    def _rank_dense(
        self, text: str, head: Path | None, k: int
    ) -> tuple[list[tuple[int, float]], tuple[QueryTerm, ...]]:
        """(id, score) by the dense vectors, or by what another head makes of them; the terms that this one weighs."""
        if self.dense is None:
            raise QueryError(NOT_MADE)
        query = self.model.dense_texts([text])  # (1, dim)
        if head is None:
            return self.dense.nearest(query[0], k), ()
        other = self._other_head(head, self.dense)
        weights = other.head.weigh(query)[0]  # (|V|,)
        scored = best(self.dense.ids, other.item_weights @ weights, k)
        literal = frozenset(other.vocabulary.literal_ids(text))
        terms = query_terms(SparseVector.from_dense(weights), other.vocabulary.terms, literal)
        return [row for row in scored if row[1] > 0], terms

    def _other_head(self, folder: Path, dense: DenseItems) -> _OtherHead:
        if folder not in self._heads:
            head, vocabulary = load_head(folder)
            if head.config.dense_size != self.model.encoder.dim:
                raise ModelError(
                    f"The head {folder} takes vectors of {head.config.dense_size} dimensions, but those of "
                    f"'{self.model.name}' have {self.model.encoder.dim}; it was trained for another encoder."
                )
            self._heads[folder] = _OtherHead(head, vocabulary, _item_weights(head, dense.rows))
            while len(self._heads) > HEADS_KEPT:
                self._heads.popitem(last=False)
        return self._heads[folder]


def _item_weights(head: SparseHead, rows: NDArray[float32]) -> csr_array:
    """(n, |V|) sparse weights of (n, dim) rows; never more than a block of them dense."""
    parts = [csr_array(head.weigh(rows[start : start + BLOCK])) for start in range(0, len(rows), BLOCK)]
    return vstack(parts).tocsr() if parts else csr_array((0, head.config.vocab_size), dtype=np.float32)
