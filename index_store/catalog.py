"""The catalog of a collection, in SQLite: which items exist and what made them; knows nothing of postings.

The catalog is the truth about what a collection holds: an item counts as added, or removed, when the catalog's
transaction commits. It keeps a rollback journal (not a WAL), so that reading needs no write, also on read-only media.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlite_utils
from sqlite_utils.migrations import Migrations

from index_store.errors import (
    CollectionBusy,
    CollectionDamaged,
    CollectionError,
    CollectionReadOnly,
    CollectionTooNew,
    closed,
    disk_full,
    not_writable,
    outdated,
)
from index_store.filters import EVERYTHING, Filter
from index_store.geography import distance
from index_store.items import Counts, Description

BUSY_SECONDS = 30  # a reader waits this long for a commit under way, and a writer for readers
BUSY_AGAIN = 0.003  # seconds until it tries again
CHUNK = 500  # ids in one statement: below SQLite's oldest limit on variables

Row = dict[str, Any]  # what SQLite gives: {column: value}
COLUMNS = (
    "id",
    "kind",
    "path",
    "caption",
    "content_hash",
    "width",
    "height",
    "bytes",
    "added",
    "thumbnail",
    "terms",
    "taken",
    "camera",
    "latitude",
    "longitude",
    "described",
)  # of `items`
# `tags` as one text, ascending, US between them: a character that no tag may hold
_ITEMS = """SELECT items.*, (SELECT group_concat(tag, char(31)) FROM
    (SELECT tag FROM tags WHERE item = items.id ORDER BY tag)) AS tags FROM items"""
SEPARATOR = "\x1f"
migrations = Migrations("index_store")


@migrations()
def m001_first(db: sqlite_utils.Database) -> None:
    """What made the collection, its vocabulary, and its items."""
    db.execute("CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    db.execute("CREATE TABLE vocabulary (id INTEGER PRIMARY KEY, term TEXT NOT NULL)")
    db.execute(
        """CREATE TABLE items (
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, caption TEXT, content_hash TEXT NOT NULL,
            width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL, added TEXT NOT NULL,
            thumbnail TEXT, terms INTEGER NOT NULL)"""
    )
    for column in ("path", "content_hash", "kind"):
        db.execute(f"CREATE INDEX items_{column} ON items ({column})")


@migrations()
def m002_filters(db: sqlite_utils.Database) -> None:
    """Tags of items, and what finds the words of captions."""
    db.execute("CREATE TABLE tags (item INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (item, tag)) WITHOUT ROWID")
    db.execute("CREATE INDEX tags_tag ON tags (tag)")
    db.execute("CREATE TRIGGER tags_gone AFTER DELETE ON items BEGIN DELETE FROM tags WHERE item = old.id; END")
    # no caption is ever updated: these two keep the words in step
    db.execute("CREATE VIRTUAL TABLE items_fts USING fts5(caption, content='items', content_rowid='id')")
    db.execute("INSERT INTO items_fts (rowid, caption) SELECT id, caption FROM items WHERE caption IS NOT NULL")
    db.execute(
        """CREATE TRIGGER items_fts_new AFTER INSERT ON items WHEN new.caption IS NOT NULL BEGIN
            INSERT INTO items_fts (rowid, caption) VALUES (new.id, new.caption); END"""
    )
    db.execute(
        """CREATE TRIGGER items_fts_gone AFTER DELETE ON items WHEN old.caption IS NOT NULL BEGIN
            INSERT INTO items_fts (items_fts, rowid, caption) VALUES ('delete', old.id, old.caption); END"""
    )


@migrations()
def m003_lean(db: sqlite_utils.Database) -> None:
    """Without an index of two values, which served nobody and took a tenth of the catalog."""
    db.execute("DROP INDEX items_kind")


@migrations()
def m004_descriptions(db: sqlite_utils.Database) -> None:
    """When, with what and where pictures were taken; `described`: when files were asked. Captions may change now."""
    for column in ("taken TEXT", "camera TEXT", "latitude REAL", "longitude REAL", "described TEXT"):
        db.execute(f"ALTER TABLE items ADD COLUMN {column}")
    db.execute(
        """CREATE TRIGGER items_fts_changed AFTER UPDATE OF caption ON items BEGIN
            INSERT INTO items_fts (items_fts, rowid, caption)
                SELECT 'delete', old.id, old.caption WHERE old.caption IS NOT NULL;
            INSERT INTO items_fts (rowid, caption) SELECT new.id, new.caption WHERE new.caption IS NOT NULL; END"""
    )


@migrations()
def m005_likeness(db: sqlite_utils.Database) -> None:
    """Hashes of what pictures show, for which there is no row yet where none was looked for, and groups of copies."""
    db.execute("CREATE TABLE likeness (item INTEGER PRIMARY KEY, hash BLOB, copy_of INTEGER)")
    db.execute("CREATE INDEX likeness_copy_of ON likeness (copy_of) WHERE copy_of IS NOT NULL")
    db.execute("CREATE TRIGGER likeness_gone AFTER DELETE ON items BEGIN DELETE FROM likeness WHERE item = old.id; END")


def vocabulary_digest(terms: Sequence[str]) -> str:
    """SHA-256 of the terms in their order: two vocabularies agree exactly when their digests do."""
    return hashlib.sha256(json.dumps(list(terms), ensure_ascii=False).encode()).hexdigest()


def now() -> str:
    """This moment as the catalog writes it down: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Catalog:
    """The catalog file. One connection behind one lock, so that any thread may call any method."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self.path = path
        self._writable = writable
        self._lock = threading.RLock()
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        self._patient = True
        self._epoch = 0  # counts reconnections: part of `version`
        self._db: sqlite_utils.Database | None = self._connect(path)
        try:
            self._check_schema()
            self._wait_by_itself()
        except BaseException:
            self.close()
            raise

    @staticmethod
    def create(path: Path, about: dict[str, str], vocabulary: Sequence[str]) -> None:
        """A new catalog file that holds no items yet."""
        with translated(path):
            db = sqlite_utils.Database(sqlite3.connect(path, isolation_level=None))
            try:
                migrations.apply(db)
                with db.atomic():
                    rows = {**about, "next_id": "1", "digest": vocabulary_digest(vocabulary)}
                    db.table("about").insert_all({"key": key, "value": value} for key, value in rows.items())
                    db.conn.executemany("INSERT INTO vocabulary VALUES (?, ?)", enumerate(vocabulary))
            finally:
                db.close()

    def note(self, key: str, value: str) -> None:
        """Writes down a fact about the collection (see `about`) in the place of the old one."""
        with self.transaction() as db:
            db.execute("UPDATE about SET value = ? WHERE key = ?", [value, key])

    def reserve(self, count: int) -> int:
        """The first of `count` ids that nobody ever had and nobody else will get, also when the add then fails."""
        with self.transaction() as db:
            first = int(self.about()["next_id"])
            db.execute("UPDATE about SET value = ? WHERE key = 'next_id'", [str(first + count)])
        return first

    def replace(self, rows: Sequence[Row], removed: Sequence[int]) -> list[int]:
        """Inserts rows and deletes ids in one transaction; returns the ids among `removed` that were there."""
        with self.transaction() as db:
            there = [row["id"] for row in self.rows(removed)]
            db.conn.executemany("DELETE FROM items WHERE id = ?", [[item] for item in there])
            if rows:
                names = ", ".join(f":{column}" for column in COLUMNS)
                db.conn.executemany(f"INSERT INTO items ({', '.join(COLUMNS)}) VALUES ({names})", rows)
                self._tag(db, [(row["id"], tag) for row in rows for tag in row["tags"]])
                hashed = [(row["id"], row["likeness"]) for row in rows if row["likeness"] is not None]
                db.conn.executemany("INSERT INTO likeness (item, hash) VALUES (?, ?)", hashed)
        return there

    def move(self, paths: Mapping[int, str], removed: Sequence[int]) -> list[int]:
        """Gives rows other paths and deletes ids, in one transaction; returns those of `removed` that were there."""
        with self.transaction() as db:
            db.conn.executemany(
                "UPDATE items SET path = ? WHERE id = ?", [(path, item) for item, path in paths.items()]
            )
            return self.replace([], removed)

    def tag(self, ids: Sequence[int], add: Sequence[str], remove: Sequence[str]) -> None:
        """Gives items tags and takes others from them, in one transaction; ids that are not there are passed over."""
        with self.transaction() as db:
            there = [row["id"] for row in self.rows(ids)]
            db.conn.executemany(
                "DELETE FROM tags WHERE item = ? AND tag = ?", [(item, tag) for item in there for tag in remove]
            )
            self._tag(db, [(item, tag) for item in there for tag in add])

    def describe(self, told: Mapping[int, Description]) -> None:
        """Writes down what the files of items say, in one transaction; ids that are not there are passed over.

        Tags are added to those they have; a caption that is None leaves theirs as it is.
        """
        with self.transaction() as db:
            there = [(row["id"], told[row["id"]]) for row in self.rows(list(told))]
            db.conn.executemany(
                "UPDATE items SET taken = ?, camera = ?, latitude = ?, longitude = ?, described = ? WHERE id = ?",
                [(one.taken, one.camera, one.latitude, one.longitude, now(), item) for item, one in there],
            )
            db.conn.executemany(
                "UPDATE items SET caption = ? WHERE id = ?", [(one.caption, i) for i, one in there if one.caption]
            )
            self._tag(db, [(item, tag) for item, one in there for tag in one.tags])

    @staticmethod
    def _tag(db: sqlite_utils.Database, pairs: Sequence[tuple[int, str]]) -> None:
        db.conn.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", pairs)

    def without_likeness(self) -> list[int]:
        """Ids of pictures that nobody has looked at for a hash, ascending."""
        sql = "SELECT id FROM items LEFT JOIN likeness ON item = id WHERE kind = 'image' AND item IS NULL ORDER BY id"
        return [item for (item,) in self._read(sql)[1]]

    def note_likeness(self, hashes: Mapping[int, bytes | None]) -> None:
        """Writes down hashes, or that there is none; ids that are not there are passed over."""
        with self.transaction() as db:
            there = [(row["id"], hashes[row["id"]]) for row in self.rows(list(hashes))]
            db.conn.executemany("INSERT OR REPLACE INTO likeness (item, hash) VALUES (?, ?)", there)

    def likenesses(self) -> list[Row]:
        """Of pictures that were looked at: `id`, `hash` (None: it shows nothing), `width`, `height`, `content_hash`."""
        return self._query(
            "SELECT id, hash, width, height, content_hash FROM likeness JOIN items ON id = item ORDER BY id"
        )

    def group_copies(self, groups: Sequence[Sequence[int]]) -> None:
        """Writes down which pictures are nearly equal, in the place of what was known of it."""
        new = {item: ids[0] for ids in groups for item in ids}
        old = self.copies()
        with self.transaction() as db:
            gone = [[item] for item in old.keys() - new.keys()]
            db.conn.executemany("UPDATE likeness SET copy_of = NULL WHERE item = ?", gone)
            changed = [(group, item) for item, group in new.items() if old.get(item) != group]
            db.conn.executemany("UPDATE likeness SET copy_of = ? WHERE item = ?", changed)

    def copies(self) -> dict[int, int]:
        """{id: what its group is called} of all that are in one."""
        return dict(self._read("SELECT item, copy_of FROM likeness WHERE copy_of IS NOT NULL ORDER BY item")[1])

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: what its group is called, how many are in it} of those that are in one."""
        size = "(SELECT count(*) FROM likeness AS other WHERE other.copy_of = likeness.copy_of) AS size"
        rows = self._among(f"SELECT item, copy_of, {size} FROM likeness WHERE copy_of IS NOT NULL AND item", ids)
        return {row["item"]: (row["copy_of"], row["size"]) for row in rows}

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The rows of those ids that exist, each once, in no particular order."""
        return self._among(f"{_ITEMS} WHERE id", ids)

    def _among(self, sql: str, ids: Sequence[int]) -> list[Row]:
        """The rows of a SELECT that ends with a column, where this is one of the ids."""
        unique, found = list(dict.fromkeys(ids)), list[Row]()
        for start in range(0, len(unique), CHUNK):
            some = unique[start : start + CHUNK]
            found += self._query(f"{sql} IN ({','.join('?' * len(some))})", some)
        return found

    def page(self, after: int, limit: int, kind: str | None = None) -> list[Row]:
        """The next `limit` rows behind the id `after`, by ascending id; `kind`: only such items."""
        only, values = (" AND kind = ?", [kind]) if kind else ("", [])
        return self._query(f"{_ITEMS} WHERE id > ?{only} ORDER BY id LIMIT ?", [after, *values, limit])

    def find(self, **wanted: str) -> list[Row]:
        """The rows whose columns have all these values (at least one), by ascending id."""
        where = " AND ".join(f"{column} = ?" for column in wanted)
        return self._query(f"{_ITEMS} WHERE {where} ORDER BY id", list(wanted.values()))

    def totals(self) -> list[Row]:
        """A row for each kind: `kind`, `items` and `terms` (how many of both)."""
        return self._query("SELECT kind, count(*) AS items, sum(terms) AS terms FROM items GROUP BY kind")

    def promises(self) -> list[Row]:
        """What each item must have elsewhere: `id`, `terms` (their number), `thumbnail` (relative path or None)."""
        return self._query("SELECT id, terms, thumbnail FROM items")

    def vacuum(self) -> None:
        """Gives back the room of what was deleted."""
        with self._lock, translated(self.path):
            self._open().execute("VACUUM")

    def ids(self, where: Filter = EVERYTHING, after: int = 0) -> list[int]:
        """The ids of all items behind `after` that a filter lets through, ascending."""
        condition, values = where.sql()
        sql = f"SELECT id FROM items WHERE id > ? AND {condition} ORDER BY id"
        return [item for (item,) in self._read(sql, [after, *values])[1]]

    def size(self) -> int:
        """Number of items."""
        return int(self._query("SELECT count(*) AS items FROM items")[0]["items"])

    def counts(self, where: Filter, most: int) -> Counts:
        """How many items a filter lets through, in all and by kind, folder, tag, camera and year (`most` of each)."""
        condition, values = where.sql()

        def by(what: str, table: str = "items") -> dict[str, int]:
            sql = f"SELECT {what} AS value, count(*) AS items FROM {table} WHERE {what} IS NOT NULL AND {condition}"
            rows = self._query(f"{sql} GROUP BY value ORDER BY items DESC, value LIMIT ?", [*values, most])
            return {row["value"]: row["items"] for row in rows}

        folder = f"rtrim(rtrim(path, replace(path, '{os.sep}', '')), '{os.sep}')"  # all before the last separator
        kinds = by("kind")
        tags = by("tag", "items JOIN tags ON tags.item = items.id")
        return Counts(sum(kinds.values()), kinds, by(folder), tags, by("camera"), by("substr(taken, 1, 4)"))

    def about(self) -> dict[str, str]:
        """What made the collection: model, digest of its vocabulary, impact format; and `next_id`."""
        return {row["key"]: row["value"] for row in self._query("SELECT key, value FROM about")}

    def vocabulary(self) -> tuple[str, ...]:
        """The terms, by id."""
        return tuple(row["term"] for row in self._query("SELECT term FROM vocabulary ORDER BY id"))

    def version(self) -> tuple[int, int]:
        """Changes whenever another connection has committed since this one last looked."""
        with self._lock:
            ((seen,),) = self._read("PRAGMA data_version")[1]
            return self._epoch, seen  # the epoch last: the query may have reconnected

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """Inside, reading raises CollectionBusy at once while another process commits, instead of waiting for it."""
        with self._lock:
            self._patient = False
            try:
                yield
            finally:
                self._patient = True

    @contextmanager
    def transaction(self) -> Iterator[sqlite_utils.Database]:
        """Everything inside or nothing; errors come out as CollectionError."""
        with self._lock, translated(self.path), self._open().atomic():
            yield self._open()

    def problems(self) -> list[str]:
        """What SQLite itself finds wrong with the file, one sentence each."""
        found = [str(next(iter(row.values()))) for row in self._query("PRAGMA integrity_check(20)")]
        return [] if found == ["ok"] else [f"The catalog is damaged: {problem}." for problem in found]

    def close(self) -> None:
        """Closes the file; closing twice is fine."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None
            if self._copy is not None:
                self._copy.cleanup()
                self._copy = None

    def _query(self, sql: str, values: Sequence[str | int | float] = ()) -> list[Row]:
        """All rows of a SELECT."""
        columns, rows = self._read(sql, values)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def _read(self, sql: str, values: Sequence[str | int | float] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows of a SELECT; waits for a commit under way, unless it is `impatient`."""
        with self._lock, translated(self.path):
            if self._copy and not self._journal().exists():  # somebody opened it for writing and cleared the journal
                self._reconnect(self.path)
            end = time.monotonic() + (BUSY_SECONDS if self._patient else 0)
            while True:
                try:
                    found = self._open().conn.execute(sql, list(values))
                    return [column for column, *_ in found.description], found.fetchall()
                except sqlite3.OperationalError as error:
                    if _busy(error):  # a writer, who will clear the journal by itself
                        if time.monotonic() >= end:
                            raise
                        time.sleep(BUSY_AGAIN)
                    # READONLY: a writer was killed and its journal is to be rolled back, which a reader must not do
                    # CANTOPEN, IOERR: the same on media where the journal cannot even be opened as it should
                    elif self._writable or self._copy or not self._journal().exists():
                        raise
                    else:
                        self._recover_copy()

    def _open(self) -> sqlite_utils.Database:
        if self._db is None:
            raise closed(self.path.parent)
        return self._db

    def _connect(self, path: Path) -> sqlite_utils.Database:
        mode = "rw" if self._writable or path != self.path else "ro"
        with translated(self.path):
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            connection.create_function("distance", 4, distance, deterministic=True)
            if self._writable:  # a commit survives a power cut, its journal's removal too
                connection.execute("PRAGMA synchronous = EXTRA")
            return sqlite_utils.Database(connection)

    def _wait_by_itself(self) -> None:
        """A reader waits in `_read` and not in SQLite, where it could not be told to be impatient."""
        if not self._writable:
            self._open().execute("PRAGMA busy_timeout = 0")

    def _reconnect(self, path: Path) -> None:
        if self._db is not None:
            self._db.close()
        if self._copy and path == self.path:
            self._copy.cleanup()
            self._copy = None
        self._db = self._connect(path)
        self._wait_by_itself()
        self._epoch += 1

    def _journal(self) -> Path:
        return self.path.with_name(self.path.name + "-journal")

    def _recover_copy(self) -> None:
        """Reads from a private copy, where SQLite may roll the killed writer's transaction back."""
        self._copy = tempfile.TemporaryDirectory(prefix="sightwords-")
        for file in (self.path, self._journal()):
            shutil.copyfile(file, Path(self._copy.name) / file.name)
        self._reconnect(Path(self._copy.name) / self.path.name)

    def _check_schema(self) -> None:
        tables = {row["name"] for row in self._query("SELECT name FROM sqlite_master WHERE type = 'table'")}
        folder = self.path.parent
        with translated(self.path):
            applied = {row.name for row in migrations.applied(self._open())}
            pending = migrations.pending(self._open())
        if applied - {migration.name for migration in migrations._migrations}:
            raise CollectionTooNew(f"The collection {folder} was written by a newer Sightwords; update to open it.")
        if not {"about", "items", "vocabulary"} <= tables:
            raise CollectionDamaged(
                f"The catalog of the collection {folder} lacks its tables; index the pictures anew."
            )
        if pending and self._writable:
            with translated(self.path):
                migrations.apply(self._open())
        elif pending:
            raise outdated(folder)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's and the operating system's errors inside come out as one-sentence CollectionErrors."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error


def explain(error: sqlite3.Error, path: Path) -> CollectionError:
    """SQLite's error as one of ours, by SQLite's own error name."""
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
