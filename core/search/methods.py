"""Ways to rank one collection for one text: its own head in full, literal or hybrid, another head, or dense vectors.

Shows on one question what the paper's tables say of many: which terms a head lights, and how far its order is from that
of the dense vectors it learned from. Knows no training.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy import float32
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from core.data.dense_items import DenseItems, best
from core.errors import ModelError, QueryError
from core.models.head import SparseHead, load_head
from core.search.comparison import Ranked
from core.search.explain import SearchTerm, query_terms
from core.search.search import Mode, search
from core.vocabulary import Vocabulary
from index_store.store import Store
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.models.model import Model

BLOCK = 1024  # items whose weights are dense at once
HEADS_KEPT = 3


@dataclass(frozen=True)
class Method:
    """A way to rank: "full", "literal", "hybrid" (the collection's own head), "dense", or the `head` in a folder."""

    kind: Literal["full", "literal", "hybrid", "dense", "head"]
    head: Path | None = None

    @property
    def needs_dense(self) -> bool:
        """Whether it ranks by vectors that the index does not hold."""
        return self.kind in ("dense", "head")


@dataclass(frozen=True)
class Ranking:
    """What one method answers: the k best items, the terms it searched with (none for dense vectors), milliseconds."""

    ranked: tuple[Ranked, ...]
    terms: tuple[SearchTerm, ...]
    milliseconds: float


@dataclass(frozen=True)
class _Weighed:
    head: SparseHead
    vocabulary: Vocabulary
    items: csr_array  # (n, |V|)


class Rankings:
    """Ranks one collection by any method; keeps what other heads make of its items. Safe to share between threads."""

    def __init__(self, model: "Model", collection: Store, dense: DenseItems | None = None):
        """`dense`: the items' dense vectors, which the methods "dense" and "head" need."""
        self._model, self._collection, self.dense = model, collection, dense
        self._heads: OrderedDict[Path, _Weighed] = OrderedDict()

    def of(self, collection: Store) -> bool:
        """Whether these are the rankings of that collection."""
        return self._collection is collection

    def rank(self, text: str, method: Method, k: int) -> Ranking:
        """The k best pictures for a text. Raises QueryError for a text that cannot be asked, ModelError for a head."""
        started = perf_counter()
        if method.kind in get_args(Mode):
            found = search(self._model, self._collection, text=text, k=k, mode=method.kind, kind="image")  # type: ignore[arg-type]
            ranked = [(hit.id, hit.score) for hit in found.hits]
            return _ranking(ranked, found.terms, started)
        if not text.strip():
            raise QueryError("The query is empty; type what the picture shows.")
        if self.dense is None:
            raise QueryError("The dense vectors of the pictures are not made yet; ask again when they are.")
        query = self._model.dense_texts([text])
        if method.head is None:
            return _ranking(self.dense.nearest(query[0], k), (), started)
        weighed = self._weighed(method.head, self.dense)
        weights = weighed.head.weigh(query)[0]
        found_items = best(self.dense.ids, weighed.items @ weights, k)
        vector = SparseVector.from_dense(weights)
        spoken = frozenset(weighed.vocabulary.literal_ids(text))
        terms = query_terms(vector, weighed.vocabulary.terms, spoken)
        return _ranking([row for row in found_items if row[1] > 0], terms, started)

    def _weighed(self, place: Path, dense: DenseItems) -> _Weighed:
        if place not in self._heads:
            head, vocabulary = load_head(place)
            if head.config.dense_size != self._model.encoder.dim:
                raise ModelError(
                    f"The head {place} takes vectors of {head.config.dense_size} dimensions, but those of "
                    f"'{self._model.name}' have {self._model.encoder.dim}; it was trained for another encoder."
                )
            self._heads[place] = _Weighed(head, vocabulary, _weights(head, dense.rows))
            while len(self._heads) > HEADS_KEPT:
                self._heads.popitem(last=False)
        return self._heads[place]


def _weights(head: SparseHead, rows: NDArray[float32]) -> csr_array:
    """(n, |V|) sparse weights of (n, dim) rows; never more than a block of them dense."""
    parts = [csr_array(head.weigh(rows[start : start + BLOCK])) for start in range(0, len(rows), BLOCK)]
    return vstack(parts).tocsr() if parts else csr_array((0, head.config.vocab_size), dtype=np.float32)


def _ranking(ranked: Sequence[tuple[int, float]], terms: tuple[SearchTerm, ...], started: float) -> Ranking:
    return Ranking(tuple(Ranked(*row) for row in ranked), terms, (perf_counter() - started) * 1000)
