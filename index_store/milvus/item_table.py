"""The table of items of an open collection: asks Milvus for its rows; knows neither searching nor writing."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from index_store.errors import FilterError, closed, no_item
from index_store.filters import Condition, Filter, circle_of
from index_store.milvus import rows, tables
from index_store.milvus.filters import between, expression
from index_store.milvus.server import Server
from index_store.vectors import SparseVector

REQUEST = 500  # rows in one request: some 10 MB with thumbnails, of 64 that Milvus takes
PAGE = 1_000  # rows at a time when all are read
T = TypeVar("T")


class ItemTable:
    """Any thread may ask. After `close`, everything raises CollectionClosed.

    `changes`: how many writes this process has begun; what was computed from the rows is out of date with the next.
    """

    def __init__(self, server: Server, form: str, size: int) -> None:
        """form: of the table (`rows.FORM`).  size: length of the vocabulary."""
        self.server, self.form, self.size = server, form, size
        self.address = str(server.address)
        self.fields = rows.item_fields(form)
        self.changes = 0
        self.closed = False
        self._name = tables.items(server.address)

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Calls a method of pymilvus's client for this table."""
        self.check_open()
        return self.server.ask(method, self._name, *arguments, **options)

    def walk(self, condition: str, fields: list[str]) -> Iterator[rows.Row]:
        """All rows that meet a condition, by ascending id, read page by page."""
        self.check_open()
        for page in self.server.each(self._name, condition, fields, PAGE):
            yield from page

    def rows_of(self, ids: Sequence[int], fields: list[str]) -> list[rows.Row]:
        """The rows of those ids that exist."""
        return [
            row
            for some in parts(list(dict.fromkeys(ids)), REQUEST)
            for row in self.ask("query", ids=some, output_fields=fields)
        ]

    def whole_rows(self, ids: Sequence[int]) -> list[rows.Row]:
        """The rows of those ids that exist, with every field, to be written anew."""
        fields = rows.every_field(self.form)
        return [{name: row[name] for name in fields} for row in self.rows_of(ids, fields)]

    def rows_by_id(self, ids: Sequence[int], fields: list[str]) -> dict[int, rows.Row]:
        """{id: row} of all these ids; ItemNotFound where one is not there."""
        held = {row["id"]: row for row in self.rows_of(ids, fields)}
        for item in ids:
            if item not in held:
                raise no_item(self.address, item)
        return held

    def vector(self, row: rows.Row) -> SparseVector:
        """The exact vector of a row that has the field `vector`."""
        return SparseVector.from_bytes(rows.vector_bytes(row["vector"], self.size))

    def condition(self, where: Filter) -> str:
        """A filter as an expression. Milvus measures no distances, so conditions `near` are measured here.

        Only items between the circle's latitudes are measured. FilterError where the table cannot be asked this.
        """
        if self.form == rows.EARLIER:
            strange = next((one for one in where.conditions if one.key in ("taken", "camera", "near")), None)
            if strange is not None:
                raise FilterError(
                    f"'{strange}' is nothing that {self.address} can be asked, as an earlier Sightwords made it; index "
                    "the pictures into a new one."
                )
        near: dict[Condition, list[int]] = {}
        for one in where.conditions:
            if one.key == "near":
                circle = circle_of(one)
                candidates = self.walk(between(circle.latitudes), ["id", "latitude", "longitude"])
                near[one] = [row["id"] for row in candidates if circle.holds(row["latitude"], row["longitude"])]
        return expression(where, near)

    def check_open(self) -> None:
        """CollectionClosed after `close`."""
        if self.closed:
            raise closed(self.address)

    def close(self) -> None:
        """Ends the connection; closing twice is fine."""
        self.closed = True
        self.server.close()


def parts(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """The values in lists of at most `size`."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
