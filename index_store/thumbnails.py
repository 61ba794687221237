"""The small pictures of a collection, one file an item; knows nothing of how they are made or shown.

A file is written before its item exists and deleted after the item is gone, so a crash may leave too many files, never
too few. Files are not forced to the disk one by one: after a power cut, `verify` names those that are missing.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

A_FOLDER = 1000  # files in one folder; file managers and backups choke on millions
FOLDER = "thumbs"
ENDINGS = ("webp", "jpg")


class Thumbnails:
    """The folder `thumbs` of a collection folder."""

    def __init__(self, collection: Path) -> None:
        self._collection = collection

    @staticmethod
    def create(collection: Path) -> None:
        """An empty folder of thumbnails in a new collection folder."""
        (collection / FOLDER).mkdir()

    def write(self, item: int, data: bytes | None) -> str | None:
        """Writes the bytes of a WebP or JPEG file; returns its path below the collection folder, None without bytes.

        OSError where the disk refuses.
        """
        if data is None:
            return None
        file = self._folder(item) / f"{item}.{'webp' if data[:4] == b'RIFF' else 'jpg'}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file.relative_to(self._collection).as_posix()

    def drop(self, item: int) -> None:
        """Deletes an item's file, if it has one; leaves a file that cannot be deleted."""
        for ending in ENDINGS:
            with suppress(OSError):
                (self._folder(item) / f"{item}.{ending}").unlink()

    def keep_only(self, wanted: Callable[[int], bool]) -> None:
        """Deletes the files of all items for which `wanted(id)` is false."""
        for file in (self._collection / FOLDER).glob("*/*"):
            if file.stem.isdecimal() and not wanted(int(file.stem)):
                with suppress(OSError):
                    file.unlink()

    def _folder(self, item: int) -> Path:
        return self._collection / FOLDER / f"{item // A_FOLDER:04d}"
