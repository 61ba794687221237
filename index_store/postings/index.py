"""Opens the folder of a tantivy index and hands out readers of what was committed last, by whichever process.

One document an item: `id`, `impacts` (tokens that say each term's weight, `documents.py`) and `vector` (`packing.py`).
The id field must be signed: deleting by an unsigned one deletes nothing.
"""

import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import tantivy

from index_store.errors import (
    CollectionBusy,
    CollectionDamaged,
    CollectionError,
    closed,
    disk_full,
    not_readable,
    not_writable,
)
from index_store.postings.reader import PostingsReader

MANY = 8  # segments: tantivy merges as many of a size by itself
RELOADS = 5  # tries to open a set of files that a writer is changing
_FORBIDDEN = ("PermissionDenied", "Permission denied", "ReadOnlyFilesystem", "Read-only file system", "LockFile")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", indexed=True, fast=True)
    builder.add_text_field("impacts", tokenizer_name="whitespace", index_option="freq")
    builder.add_bytes_field("vector", stored=True)
    return builder.build()


class PostingsIndex:
    """The index folder. Any number of processes may have it open, of which at most one writes (`writer.py`).

    Whoever drops the last searcher of a commit closes its files, and that deletes those that were merged away: it may
    take a tenth of a second, in which Python lets no other thread run. So the folder is opened twice, and readers come
    from the two by turns: the one that is not in turn still has the searcher of the reader before, and `let_go` makes
    tantivy drop it, beside which other threads run.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self._opened: list[tantivy.Index] = []  # one until the second reader is asked for
        self._turn = 1  # of those two, the one that the newest reader is from
        self._closed = False
        self._borrowed: tempfile.TemporaryDirectory[str] | None = None
        try:
            self._opened.append(self._open(writable))
            self.schema = self._opened[0].schema
        except Exception as error:
            raise explain(error, path, reading=not writable) from error

    @staticmethod
    def create(path: Path) -> None:
        """An empty index in a new folder."""
        path.mkdir()
        try:
            tantivy.Index(_schema(), path=str(path))
        except Exception as error:
            raise explain(error, path) from error

    def reader(self) -> PostingsReader:
        """The postings as last committed, by whichever process."""
        for attempt in range(RELOADS):
            try:
                self._link()  # the owner may have committed new files meanwhile
                index = self._next()
                index.reload()
                self._turn = self._opened.index(index)
                return PostingsReader.of(index.searcher(), self.schema)
            except Exception as error:
                # behind links the writer's lock is not seen, and it may delete a merged file while we open it
                if self._borrowed is None or attempt == RELOADS - 1:
                    raise explain(error, self.path, reading=True) from error
                time.sleep(0.01)
        raise AssertionError("unreachable")

    def let_go(self) -> None:
        """Closes the files that only readers before the newest had, once these are dropped; else the next call does."""
        other = 1 - self._turn
        if other < len(self._opened):
            with suppress(Exception):  # what cannot be read anew now can be later
                self._opened[other].reload()

    def scattered(self) -> int:
        """How many documents lie outside the largest segment, where there are more than MANY segments; else 0.

        A search reads every list once a segment.
        """
        try:
            segments = json.loads((self.path / "meta.json").read_text("utf-8"))["segments"]
        except (OSError, ValueError, KeyError):
            return 0
        sizes = [segment["max_doc"] for segment in segments]
        return sum(sizes) - max(sizes) if len(sizes) > MANY else 0

    def opened(self) -> tantivy.Index:
        """tantivy's own index; CollectionClosed after `close`."""
        if self._closed:
            raise closed(self.path.parent)
        return self._opened[0]

    def close(self) -> None:
        """Ends reading. Whoever writes closes the writer first."""
        self._closed = True
        self._opened.clear()
        if self._borrowed is not None:
            self._borrowed.cleanup()

    def _next(self) -> tantivy.Index:
        """The opened index whose searcher the newest reader does not have."""
        if self._closed:
            raise closed(self.path.parent)
        other = 1 - self._turn
        if other == len(self._opened):
            self._opened.append(_by_hand(str(self.path if self._borrowed is None else self._borrowed.name)))
        return self._opened[other]

    def _open(self, writable: bool) -> tantivy.Index:
        try:
            index = _by_hand(str(self.path))
            index.reload()  # takes the reader's lock file, which a read-only folder may refuse
            return index
        except ValueError:
            if os.access(self.path, os.W_OK):
                raise
            if writable:
                raise not_writable(self.path.parent) from None
        # tantivy wants to lock even for reading: it gets a temporary folder of links, where it may
        self._borrowed = tempfile.TemporaryDirectory(prefix="sightwords-")
        self._link()
        return _by_hand(self._borrowed.name)

    def _link(self) -> None:
        if self._borrowed is None:
            return
        for file in self.path.iterdir():
            link = Path(self._borrowed.name) / file.name
            if file.suffix != ".lock" and not link.is_symlink():
                link.symlink_to(file.resolve())


def _by_hand(folder: str) -> tantivy.Index:
    """The index in a folder, whose searchers change only when it is told to reload."""
    index = tantivy.Index.open(folder)
    index.config_reader("manual")
    return index


def explain(error: BaseException, path: Path, reading: bool = False) -> CollectionError:
    """tantivy's and the operating system's errors (mostly ValueError with a long text) as one of ours."""
    text, folder = str(error), path.parent
    if isinstance(error, CollectionError):
        return error
    if "LockBusy" in text:
        return CollectionBusy(
            f"The collection {folder} is being written to by another process; wait for it to finish, or open it "
            "for reading."
        )
    if any(sign in text for sign in ("StorageFull", "No space left", "code: 28", "code: 27", "code: 122")):
        return disk_full(folder)
    if any(sign in text for sign in _FORBIDDEN):
        return not_readable(folder) if reading else not_writable(folder)
    return CollectionDamaged(f"The postings of the collection {folder} cannot be used ({text}).")
