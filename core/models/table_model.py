"""A model that is asked by its query table, in its encoder's place; imports no torch."""

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.models.query_model import Lit
from core.models.query_table import QueryTable
from core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from PIL.Image import Image


class TableModel:
    """A `QueryModel` that looks words up: it knows those with a row, sees no pictures and cannot tell a stranger."""

    answered_from: float | None = None
    dense_weight: float | None = None

    def __init__(self, name: str, table: QueryTable):
        self.name, self.table = name, table
        self.vocabulary: Vocabulary = table.vocabulary
        self.listed_words = table.words

    def light(self, texts: Sequence[str]) -> list[Lit]:
        """The sum of the rows of each text's words."""
        return [self._look_up(text) for text in texts]

    def light_pictures(self, pictures: "Sequence[Image]") -> list[Lit]:
        """Refuses: QueryError."""
        raise QueryError("A query table has words only, and sees no picture; ask without --table.")

    def unknown_words(self, text: str) -> list[str]:
        """The words of the text without a row, in order, each once."""
        return self.table.unknown_words(text)

    def out_of_world(self, text: str) -> bool:
        """Never: a table only knows which words it has."""
        return False

    def by_table(self) -> "TableModel":
        """Itself."""
        return self

    def _look_up(self, text: str) -> Lit:
        started = perf_counter()
        vector = self.table.look_up(text)
        return Lit(vector, vector, project_ms=(perf_counter() - started) * 1000)
