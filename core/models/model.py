"""A model: a frozen encoder, its head and the head's vocabulary; pictures and texts to sparse vectors."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy import float32
from numpy.typing import NDArray
from PIL import Image

from core.encoders import DenseEncoder
from core.errors import ModelError, QueryError
from core.models.head import SparseHead
from core.models.query_model import Lit
from core.models.query_table import QueryTable
from core.models.table_model import TableModel
from core.models.tables import NO_TABLE
from core.vocabulary import Vocabulary
from index_store.vectors import SparseVector


class Model:
    """What searching and indexing need of a model; safe to share between threads. Only its query table can change."""

    def __init__(
        self,
        name: str,
        encoder: DenseEncoder,
        head: SparseHead,
        vocabulary: Vocabulary,
        about: str = "",
        answered_from: float | None = None,
        unspoken_from: NDArray[float32] | None = None,
        dense_weight: float | None = None,
        table: QueryTable | None = None,
    ):
        """`about`: what it can and cannot do. `answered_from`: the `best_match` from which an item answers a question.

        `unspoken_from` (|V|,): the weight from which each term counts in a text that does not speak it. `dense_weight`:
        what a cosine of 1 between question and picture counts beside their terms, where the two are fused. `table`: by
        which it can be asked without its encoder.

        Raises ModelError when encoder, head and vocabulary do not fit together.
        """
        if head.config.dense_size != encoder.dim:
            raise ModelError(
                f"The head of '{name}' wants dense vectors of {head.config.dense_size} dimensions, "
                f"but the encoder '{encoder.name}' gives {encoder.dim}."
            )
        if head.config.vocab_size != len(vocabulary):
            raise ModelError(
                f"The head of '{name}' weighs {head.config.vocab_size} terms, "
                f"but its vocabulary has {len(vocabulary)}; they do not belong together."
            )
        self.name, self.encoder, self.head, self.vocabulary = name, encoder, head.eval(), vocabulary
        self.about, self.answered_from, self.unspoken_from = about, answered_from, unspoken_from
        self.dense_weight = dense_weight
        self.use_table(table)
        self.precision: str = getattr(encoder, "precision", "fp32")  # that its encoder computes in
        self.listed_words: tuple[str, ...] = getattr(encoder, "listed_words", ())  # that its encoder knows one by one

    def dense_texts(self, texts: Sequence[str]) -> NDArray[float32]:
        """(n, dim) unit rows."""
        return self.encoder.encode_texts(texts)

    def dense_images(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        """(n, dim) unit rows."""
        return self.encoder.encode_images(images)

    def project(self, dense: NDArray[float32]) -> list[SparseVector]:
        """(n, dim) dense rows -> one sparse vector each, by the head."""
        if not len(dense):
            return []
        return [SparseVector.from_dense(row) for row in self.head.weigh(dense)]

    def without_stray_terms(self, text: str, vector: SparseVector) -> SparseVector:
        """The vector of a text, less the terms that it does not speak and that lie below their floors.

        Where nothing would stay, all stays.
        """
        if self.unspoken_from is None:
            return vector
        spoken = np.isin(vector.terms, self.vocabulary.literal_ids(text))
        kept = spoken | (vector.weights >= self.unspoken_from[vector.terms])
        return SparseVector(vector.terms[kept], vector.weights[kept]) if kept.any() else vector

    def light(self, texts: Sequence[str]) -> list[Lit]:
        """What each sentence lights; the milliseconds are those of all together."""
        lit = zip(texts, self._lit(self.dense_texts, texts), strict=True)
        return [replace(one, vector=self.without_stray_terms(text, one.all_terms)) for text, one in lit]

    def light_pictures(self, pictures: Sequence[Image.Image]) -> list[Lit]:
        """What each RGB picture lights; the milliseconds are those of all together."""
        return self._lit(self.dense_images, pictures)

    def _lit(self, encode: Callable[[Sequence[Any]], NDArray[float32]], inputs: Sequence[Any]) -> list[Lit]:
        """What each input lights, with stray terms; the milliseconds are those of all together."""
        if not inputs:
            return []
        started = perf_counter()
        dense = encode(inputs)  # (n, dim)
        encoded = perf_counter()
        vectors = self.project(dense)
        spent = (encoded - started) * 1000, (perf_counter() - encoded) * 1000
        return [Lit(vector, vector, row, *spent) for vector, row in zip(vectors, dense, strict=True)]

    def encode_texts(self, texts: Sequence[str]) -> list[SparseVector]:
        """Sentences -> sparse vectors without stray terms."""
        return [lit.vector for lit in self.light(texts)]

    def encode_images(self, images: Sequence[Image.Image]) -> list[SparseVector]:
        """RGB pictures -> sparse vectors."""
        return [lit.vector for lit in self.light_pictures(images)]

    @property
    def table(self) -> QueryTable | None:
        """The query table by which it can be asked, too; None where there is none."""
        return None if self._asked_by_table is None else self._asked_by_table.table

    def use_table(self, table: QueryTable | None) -> None:
        """Is asked by another query table from now on, or by none."""
        self._asked_by_table = None if table is None else TableModel(self.name, table)

    def by_table(self) -> TableModel:
        """The same, asked by its query table; QueryError where it has none."""
        if self._asked_by_table is None:
            raise QueryError(NO_TABLE.format(name=self.name))
        return self._asked_by_table

    def unknown_words(self, text: str) -> list[str]:
        """The words of the text that the encoder has never seen, in order, each once."""
        return self.encoder.unknown_words(text)

    def out_of_world(self, text: str) -> bool:
        """Whether the encoder tells that nothing it has seen is like what the text says (only the built-in one can)."""
        return self.encoder.out_of_world(text)
