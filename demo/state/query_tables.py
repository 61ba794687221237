"""The query table of the model in use: what its words light, and how a person changes that; knows no Gradio."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.search.query import check_text
from demo.components.amounts import count

if TYPE_CHECKING:
    from core.models.query_table import QueryTable
    from demo.state.app import AppState


@dataclass(frozen=True)
class TableReading:
    """What a text's words light: (word, {term: weight}) of each that lights something. `unknown`: words without one."""

    rows: tuple[tuple[str, dict[str, float]], ...]
    unknown: tuple[str, ...]


class QueryTables:
    """Reads and edits the table of the model that an app uses. Raises QueryError, one sentence, for what cannot be."""

    def __init__(self, app: "AppState"):
        self._app = app
        self._editing = threading.Lock()

    @property
    def size(self) -> int:
        """How many words have a row; 0 where the model has no table, or is not loaded yet."""
        return len(self._table()) if self._app.has_table() else 0

    @property
    def edited(self) -> bool:
        """Whether a person's edits are in the place of the table that came with the head."""
        from core.models.tables import is_edited

        return is_edited(self._app.model_name)

    def read(self, text: str) -> TableReading:
        """What each word of a text lights; QueryError where none of them lights anything."""
        check_text(text)
        table = self._table()
        rows = tuple(table.rows(text).items())
        unknown = tuple(table.unknown_words(text))
        if not rows:
            raise QueryError(f"None of these words lights anything: {text.strip()[:60]!r}; try others.")
        return TableReading(rows, unknown)

    def edit(self, word: str, row: str) -> str:
        """Gives a word another row, as in "dog=1.25, animal=0.25", or none where that is blank; what was done."""
        self._check_own()
        from core.models.tables import edited_row, keep_edited, key_of, read_row

        check_text(word, "word")
        check_text(row, "row")
        with self._editing:
            before = self._table()
            key, after = key_of(before.vocabulary, word), edited_row(before, word, read_row(row))
            keep_edited(self._app.model_name, after)
            self._app.ready()[0].use_table(after)
        return f"‘{key}’ lights {count(len(after.row(key)), 'term') if key in after else 'nothing'} now."

    def restore(self) -> str:
        """Goes back to the table that came with the head; what was done."""
        self._check_own()
        from core.models.tables import forget_edited, load_table

        with self._editing:
            model, _ = self._app.ready()
            forget_edited(model.name)
            model.use_table(load_table(model.name, model.vocabulary))
        return "The table is again as it came with the head."

    def _table(self) -> "QueryTable":
        return self._app.ready()[0].by_table().table

    def _check_own(self) -> None:
        if self._app.public:
            raise QueryError("The table of a public app is not for its visitors to change.")
