"""What made the vectors of a collection: a model and a vocabulary. Refuses what another model or vocabulary made."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index_store.errors import CollectionMismatch, VectorError
from index_store.vectors import SparseVector


def vocabulary_digest(terms: Sequence[str]) -> str:
    """SHA-256 of the terms in their order: two vocabularies are equal exactly where their digests are."""
    return hashlib.sha256(json.dumps(list(terms), ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Origin:
    """The model and the vocabulary that made a collection. Both kinds of collection keep these facts.

    model: its name.  vocabulary: the terms by id.  digest: `vocabulary_digest` of them.  precision: the number format
    that the model computed in, in the model's own word; None where the collection does not say.
    """

    model: str
    vocabulary: tuple[str, ...]
    digest: str
    precision: str | None = None

    @classmethod
    def of(cls, facts: dict[str, str], vocabulary: tuple[str, ...]) -> "Origin":
        """From what a collection noted about itself: `model`, `digest` and perhaps `precision`."""
        return cls(facts["model"], vocabulary, facts["digest"], facts.get("precision"))

    @property
    def size(self) -> int:
        """Number of terms, |V|."""
        return len(self.vocabulary)

    def check(self, address: Path | str, model: str | None, vocabulary: Sequence[str] | None) -> None:
        """CollectionMismatch where the caller's model or vocabulary is another one; None stands for any.

        address: of the collection, for the sentence.
        """
        if model is not None and model != self.model:
            raise CollectionMismatch(
                f"The collection {address} was made with the model {self.model}, not {model}; use that model, or index "
                "into another collection."
            )
        if vocabulary is not None and vocabulary_digest(vocabulary) != self.digest:
            raise CollectionMismatch(
                f"The collection {address} was made with another vocabulary than this model {self.model} has now; "
                "index into another collection."
            )

    def check_vector(self, vector: SparseVector, name: str) -> None:
        """VectorError where a vector has a term that the vocabulary lacks. name: what the sentence calls the vector."""
        if len(vector) and vector.terms[-1] >= self.size:
            raise VectorError(
                f"{name} has term {vector.terms[-1]}, but the collection's vocabulary ends at "
                f"{self.size - 1}; encode with the model {self.model}."
            )
