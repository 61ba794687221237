"""Writes to a collection in Milvus; `collection.py` says what of it is guaranteed."""

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence

from index_store.errors import CollectionBusy, CollectionError
from index_store.items import Description, NewItem, Repairs
from index_store.milvus import rows, tables
from index_store.milvus.item_table import PAGE, REQUEST, ItemTable, parts
from index_store.milvus.reader import Reader
from index_store.milvus.thumbnails import CopiedThumbnails
from index_store.origin import Origin
from index_store.validation import check_description, check_item, check_tag, check_text

_writers_guard = threading.Lock()
_writers: set[str] = set()  # addresses that this process writes to
log = logging.getLogger(__name__)


class Writer:
    """Writes to an open collection, one thread at a time. Milvus can only replace whole rows."""

    def __init__(self, origin: Origin, table: ItemTable, thumbnails: CopiedThumbnails, lock: threading.RLock) -> None:
        """lock: held while a thread of this process writes."""
        self._origin, self._table, self._thumbnails, self._lock = origin, table, thumbnails, lock

    def writing(self) -> threading.RLock:
        """The lock, to be held while writing; notes that something changes."""
        self._table.check_open()
        self._table.changes += 1
        return self._lock

    def add(self, items: Sequence[NewItem], replacing: Sequence[int]) -> list[int]:
        """Adds all items and then removes `replacing`; returns the new ids, ascending."""
        with self.writing():
            for item in items:
                check_item(item, self._origin)
                rows.check_size(item)
            server, size, form = self._table.server, self._origin.size, self._table.form
            ids = tables.reserve(server, len(items)) if items else []
            new = [rows.row_of(number, item, size, form) for number, item in zip(ids, items, strict=True)]
            try:
                for some in parts(new, REQUEST):
                    self._table.ask("insert", some)
            except BaseException:
                self._take_back(ids)
                raise
            self.remove(replacing)
            return ids

    def remove(self, ids: Iterable[int]) -> int:
        """Removes items; skips ids that are not there. Returns how many were."""
        with self.writing():
            removed = 0
            for some in parts(sorted({int(item) for item in ids}), PAGE):
                present = [row["id"] for row in self._table.rows_of(some, ["id"])]
                if present:
                    self._table.ask("delete", ids=present)
                removed += len(present)
                for item in present:
                    self._thumbnails.drop(item)
            return removed

    def move(self, paths: Mapping[int, str], removing: Sequence[int]) -> int:
        """Removes `removing`, then gives items {id: path} other paths.

        Killed in between, some of the items still have their old path; the next `index` moves them.
        """
        with self.writing():
            for path in paths.values():
                check_text(path)
            removed = self.remove(removing)
            for some in parts(sorted(paths), REQUEST):
                self._replace([rows.moved(row, paths[row["id"]]) for row in self._table.whole_rows(some)])
            return removed

    def tag(self, ids: Iterable[int], add: Sequence[str], remove: Sequence[str]) -> None:
        """Gives items tags and takes others from them; CollectionError for a text that cannot be a tag."""
        with self.writing():
            for tag in add:
                check_tag(tag)
            for some in parts(sorted({int(item) for item in ids}), REQUEST):
                changed = []
                for row in self._table.whole_rows(some):
                    tags = sorted((set(row["tags"]) - set(remove)) | set(add))
                    if len(tags) > rows.MOST_TAGS:
                        raise CollectionError(f"{row['path']} would have {len(tags):,} tags: too many for Milvus.")
                    if tags != list(row["tags"]):
                        changed.append(row | {"tags": tags})
                self._replace(changed)

    def describe(self, descriptions: Mapping[int, Description]) -> None:
        """Stores what the files of items say of them; a table of the earlier form keeps only captions and tags."""
        with self.writing():
            for description in descriptions.values():
                check_description(description)
            for some in parts(sorted(descriptions), REQUEST):
                held = self._table.whole_rows(some)
                self._replace([rows.described(row, descriptions[row["id"]]) for row in held])

    def repair(self, reader: Reader) -> Repairs:
        """Removes the items whose rows are wrong; indexing their folders again brings them back."""
        with self.writing():
            found = reader.findings()
            return Repairs(removed=self.remove(found.other | found.unreadable), rewritten=0)

    def flush(self) -> None:
        """Has Milvus index what was written, which it would otherwise do when it likes."""
        if self._table.changes:
            try:
                self._table.ask("flush")
            except CollectionError as error:  # a server allows few in a row; nothing is lost
                log.info("%s is not indexed yet: %s", self._table.address, error)

    def _replace(self, new: list[rows.Row]) -> None:
        if new:
            self._table.ask("upsert", new)

    def _take_back(self, ids: Sequence[int]) -> None:
        """After a failed add: removes what was written of it."""
        try:
            self.remove(ids)
        except CollectionError as error:
            address = self._table.address
            log.warning("Items %d to %d of a failed add may stay in %s: %s", ids[0], ids[-1], address, error)


def begin_writing(address: str) -> None:
    """Notes that this process writes to the collection; CollectionBusy where it does so already."""
    with _writers_guard:
        if address in _writers:
            raise CollectionBusy(f"The collection {address} is being written already; wait until that has ended.")
        _writers.add(address)


def end_writing(address: str) -> None:
    """Notes that this process no longer writes to the collection."""
    with _writers_guard:
        _writers.discard(address)
