"""Copies of thumbnails in a temporary folder of this machine, because the app shows files."""

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from index_store.milvus import rows
from index_store.milvus.item_table import ItemTable
from index_store.thumbnails import FOLDER, Thumbnails


class CopiedThumbnails:
    """The copies made so far. They live as long as the collection is open, and never change: ids are not reused."""

    def __init__(self, table: ItemTable) -> None:
        self._table = table
        self._lock = threading.Lock()  # guards what follows
        self._folder = tempfile.TemporaryDirectory(prefix="sightwords-")
        self._files = Thumbnails(Path(self._folder.name))
        Thumbnails.create(Path(self._folder.name))
        self._copied: dict[int, str | None] = {}  # path by id, of each thumbnail that was asked for

    @property
    def folder(self) -> Path:
        """The folder below which the copies lie."""
        return Path(self._folder.name) / FOLDER

    def path(self, item: int) -> str | None:
        """Path of an item's copy; None where it has no thumbnail, or none was copied yet."""
        return self._copied.get(item)

    def copy(self, ids: Sequence[int]) -> None:
        """Copies the thumbnails of items that were not asked for before."""
        with self._lock:
            for row in self._table.rows_of([item for item in ids if item not in self._copied], ["id", "thumbnail"]):
                written = self._files.write(row["id"], rows.thumbnail_of(row))
                self._copied[row["id"]] = str(Path(self._folder.name) / written) if written else None

    def drop(self, item: int) -> None:
        """Deletes a removed item's copy."""
        with self._lock:
            self._files.drop(item)
            self._copied.pop(item, None)

    def close(self) -> None:
        """Deletes all copies."""
        self._folder.cleanup()
