"""The tables of the catalog and their migrations, in order; knows what a file of every earlier version looked like."""

import sqlite_utils
from sqlite_utils.migrations import Migrations

from index_store.catalog.connection import Connection, translated
from index_store.errors import CollectionDamaged, CollectionTooNew, outdated

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
migrations = Migrations("index_store")


@migrations()
def m001_first(db: sqlite_utils.Database) -> None:
    """What made the collection (`about`), its vocabulary, and its items."""
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
    """Tags of items, and a full-text index of captions."""
    db.execute("CREATE TABLE tags (item INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (item, tag)) WITHOUT ROWID")
    db.execute("CREATE INDEX tags_tag ON tags (tag)")
    db.execute("CREATE TRIGGER tags_gone AFTER DELETE ON items BEGIN DELETE FROM tags WHERE item = old.id; END")
    # no caption was ever updated then, so these two triggers keep the words in step
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
    """Drops the index of kinds: with two values it sped nothing up, and took a tenth of the catalog."""
    db.execute("DROP INDEX items_kind")


@migrations()
def m004_descriptions(db: sqlite_utils.Database) -> None:
    """When, with what and where pictures were taken; `described`: when their files were read for it.

    Captions may change from here on, so a third trigger keeps the full-text index in step.
    """
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
    """The table of similarity hashes and of groups of copies.

    A picture has no row until somebody has computed its hash; `hash` is NULL where it shows nothing.
    """
    db.execute("CREATE TABLE likeness (item INTEGER PRIMARY KEY, hash BLOB, copy_of INTEGER)")
    db.execute("CREATE INDEX likeness_copy_of ON likeness (copy_of) WHERE copy_of IS NOT NULL")
    db.execute("CREATE TRIGGER likeness_gone AFTER DELETE ON items BEGIN DELETE FROM likeness WHERE item = old.id; END")


def make_dense(db: sqlite_utils.Database) -> None:
    """The table of dense vectors, in collections that keep them; no migration, as all others stay as they are."""
    db.execute("CREATE TABLE IF NOT EXISTS dense (item INTEGER PRIMARY KEY, vector BLOB NOT NULL)")
    db.execute(
        "CREATE TRIGGER IF NOT EXISTS dense_gone AFTER DELETE ON items BEGIN DELETE FROM dense WHERE item = old.id; END"
    )


def make_seen(db: sqlite_utils.Database) -> None:
    """The table of what was seen, of items with written words in their vectors; no migration, for the same reason."""
    db.execute("CREATE TABLE IF NOT EXISTS seen (item INTEGER PRIMARY KEY, vector BLOB NOT NULL, words TEXT NOT NULL)")
    db.execute(
        "CREATE TRIGGER IF NOT EXISTS seen_gone AFTER DELETE ON items BEGIN DELETE FROM seen WHERE item = old.id; END"
    )


def check(connection: Connection) -> None:
    """Makes sure that the tables are today's; a writable connection applies the migrations that are missing.

    CollectionTooNew, CollectionDamaged, or CollectionError where a reader finds migrations missing.
    """
    tables = {row["name"] for row in connection.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    folder = connection.path.parent
    with translated(connection.path):
        applied = {row.name for row in migrations.applied(connection.opened())}
        pending = migrations.pending(connection.opened())
    if applied - {migration.name for migration in migrations._migrations}:
        raise CollectionTooNew(f"The collection {folder} was written by a newer Sightwords; update to open it.")
    if not {"about", "items", "vocabulary"} <= tables:
        raise CollectionDamaged(f"The catalog of the collection {folder} lacks its tables; index the pictures anew.")
    if pending and connection.writable:
        with translated(connection.path):
            migrations.apply(connection.opened())
    elif pending:
        raise outdated(folder)
