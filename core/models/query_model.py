"""What asking needs of a model: words to weighted terms; imports no torch, and knows no encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from numpy import float32
from numpy.typing import NDArray

from core.vocabulary import Vocabulary
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Lit:
    """What a text or a picture lights. `vector`: the terms that count; `all_terms`: those with stray ones.

    `dense`: (dim,) float32 of unit length, what the encoder made of it; None where none was asked. `encode_ms` and
    `project_ms`: milliseconds in the encoder, and from there to terms.
    """

    vector: SparseVector
    all_terms: SparseVector
    dense: NDArray[float32] | None = field(default=None, compare=False, repr=False)
    encode_ms: float = 0.0
    project_ms: float = 0.0


class QueryModel(Protocol):
    """Lights terms for questions: a `Model` by its encoder and head, a `TableModel` by looking words up."""

    name: str
    vocabulary: Vocabulary
    answered_from: float | None  # the `best_match` from which an item answers a question; None where it cannot tell
    dense_weight: float | None  # what a cosine of 1 counts beside terms, where the two are fused
    listed_words: tuple[str, ...]  # that it knows one by one

    def light(self, texts: Sequence[str]) -> list[Lit]:
        """What each text lights."""
        ...

    def light_pictures(self, pictures: "Sequence[Image]") -> list[Lit]:
        """What each RGB picture lights; QueryError where it cannot see."""
        ...

    def unknown_words(self, text: str) -> list[str]:
        """The words of the text that it has never seen, in order, each once."""
        ...

    def out_of_world(self, text: str) -> bool:
        """Whether it tells that nothing it has seen is like what the text says; most cannot."""
        ...

    def by_table(self) -> "QueryModel":
        """The same, asked by its query table; QueryError where it has none."""
        ...
