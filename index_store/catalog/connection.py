"""A connection to the catalog's file, in SQLite: statements, waiting for other processes, errors in one sentence.

Knows nothing of the tables. The file has a rollback journal and no write-ahead log, so that a reader never has to
write and a collection can be read from read-only media. The price: a reader waits while another process commits.
"""

import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlite_utils

from index_store.errors import (
    CollectionBusy,
    CollectionDamaged,
    CollectionError,
    CollectionReadOnly,
    closed,
    disk_full,
    not_writable,
)
from index_store.geography import distance

BUSY_SECONDS = 30.0  # a reader waits this long for a commit under way, and a writer for readers
RETRY_SECONDS = 0.003  # between two tries of a waiting reader
SETTLED_NS = 2 * 10**9  # no file system dates a write more coarsely: what is older than that is dated before any other

Row = dict[str, Any]  # what SQLite gives: {column: value}


class _Date(NamedTuple):
    """When a file was written to, and which file it is."""

    written: int  # ns, by the clock of the file system
    changed: int
    size: int
    inode: int


class _Patience(threading.local):
    """How long a thread waits for a commit under way."""

    seconds = BUSY_SECONDS


class Connection:
    """The only connection of its owner, behind one lock: any thread may call any method.

    A reader that finds the journal of a killed writer may not roll it back, for that is a write. It then reads from a
    private copy, in which SQLite may, until somebody opens the collection for writing and clears the journal.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path, self.writable = path, writable
        self._file = str(path)
        self._lock = threading.RLock()
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._patience = _Patience()
        self._epoch = 0  # counts reconnections: part of `version`
        self._dated: tuple[tuple[int, int], _Date | None] | None = None  # a version, and the file's date at it
        self._db: sqlite_utils.Database | None = self._connect(path)

    def wait_by_itself(self) -> None:
        """From here on a reader waits in `read` and not inside SQLite, where it could not be told to be impatient."""
        if not self.writable:
            self.opened().execute("PRAGMA busy_timeout = 0")

    def opened(self) -> sqlite_utils.Database:
        """The database; CollectionClosed after `close`."""
        if self._db is None:
            raise closed(self.path.parent)
        return self._db

    def rows(self, sql: str, values: Sequence[str | int | float] = ()) -> list[Row]:
        """All rows of a SELECT."""
        columns, rows = self.read(sql, values)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def read(self, sql: str, values: Sequence[str | int | float] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows of a SELECT; waits for a commit under way, except inside `impatient`."""
        with self._lock, translated(self.path):
            if self._copy and not self._journal().exists():  # somebody opened it for writing and cleared the journal
                self._reconnect(self.path)
            end = time.monotonic() + self._patience.seconds
            while True:
                try:
                    answer = self.opened().conn.execute(sql, list(values))
                    return [column for column, *_ in answer.description], answer.fetchall()
                except sqlite3.OperationalError as error:
                    if _busy(error):  # a writer commits, and will clear the journal by itself
                        if time.monotonic() >= end:
                            raise
                        time.sleep(RETRY_SECONDS)
                    # READONLY: a writer was killed and its journal is to be rolled back, which a reader must not do
                    # CANTOPEN, IOERR: the same on media where the journal cannot even be opened as it should
                    elif self.writable or self._copy or not self._journal().exists():
                        raise
                    else:
                        self._recover_copy()

    @contextmanager
    def transaction(self) -> Iterator[sqlite_utils.Database]:
        """All statements inside take effect, or none; errors come out as CollectionErrors."""
        with self._lock, translated(self.path), self.opened().atomic():
            yield self.opened()

    def vacuum(self) -> None:
        """Gives the room of deleted rows back to the disk."""
        with self._lock, translated(self.path):
            self.opened().execute("VACUUM")

    def version(self) -> tuple[int, int]:
        """Changes whenever another connection has committed since the last call."""
        with self._lock:
            now, date = time.time_ns(), _date(self._file)
            ((number,),) = self.read("PRAGMA data_version")[1]
            version = self._epoch, number  # the epoch is read last: the query may have reconnected
            settled = date is not None and now - date.written > SETTLED_NS and date == _date(self._file)
            self._dated = (version, date) if settled and not self._copy else None
            return version

    def is_still(self, version: tuple[int, int] | None) -> bool:
        """Whether nobody has committed since `version` gave this, told from the file's date alone, in a microsecond.

        False where that cannot be told. Every commit writes to the file and so dates it anew: a date that was older
        than the coarsest clock of a file system, when the version was read, cannot come again. A network drive may
        tell dates late, so whoever asks should not rely on it for long.
        """
        dated = self._dated
        return dated is not None and dated[0] == version and dated[1] == _date(self._file)

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """Inside, this thread's `read` does not wait while another process commits, but raises CollectionBusy."""
        self._patience.seconds = 0.0
        try:
            yield
        finally:
            self._patience.seconds = BUSY_SECONDS

    def close(self) -> None:
        """Closes the file; closing twice is fine."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None
            if self._copy is not None:
                self._copy.cleanup()
                self._copy = None

    def _connect(self, path: Path) -> sqlite_utils.Database:
        mode = "rw" if self.writable or path != self.path else "ro"
        with translated(self.path):
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            connection.create_function("distance", 4, distance, deterministic=True)  # for the conditions `near`
            if self.writable:  # a commit survives a power cut, and so does the removal of its journal
                connection.execute("PRAGMA synchronous = EXTRA")
            return sqlite_utils.Database(connection)

    def _reconnect(self, path: Path) -> None:
        if self._db is not None:
            self._db.close()
        if self._copy and path == self.path:
            self._copy.cleanup()
            self._copy = None
        self._db = self._connect(path)
        self.wait_by_itself()
        self._epoch += 1

    def _journal(self) -> Path:
        return self.path.with_name(self.path.name + "-journal")

    def _recover_copy(self) -> None:
        """Reads from a private copy, where SQLite may roll the killed writer's transaction back."""
        self._copy = tempfile.TemporaryDirectory(prefix="sightwords-")
        for file in (self.path, self._journal()):
            shutil.copyfile(file, Path(self._copy.name) / file.name)
        self._reconnect(Path(self._copy.name) / self.path.name)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors inside come out as CollectionErrors of one sentence. path: of the catalog's file."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error


def _date(file: str) -> _Date | None:
    """The date of a file; None where the system does not tell."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return _Date(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def explain(error: sqlite3.Error, path: Path) -> CollectionError:
    """SQLite's error as one of ours, chosen by SQLite's own name for it."""
    name, folder = getattr(error, "sqlite_errorname", ""), path.parent
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE")):
        return disk_full(folder)
    if _busy(error):
        return CollectionBusy(f"The catalog of the collection {folder} is locked by another program; try again.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM")):
        return not_writable(folder)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_AUTH")):
        return CollectionReadOnly(f"The catalog of the collection {folder} cannot be opened; check its permissions.")
    return CollectionDamaged(f"The catalog of the collection {folder} cannot be used ({error}).")


def _busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
