"""Which items a collection holds, and what is known of them, as rows of SQLite; knows nothing of postings.

The catalog is the truth about what a collection holds: an item counts as added, or as removed, from the moment at
which the catalog's transaction commits.
"""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import sqlite_utils

from index_store.catalog import schema
from index_store.catalog.connection import Connection, Row, translated
from index_store.filters import EVERYTHING, Filter
from index_store.items import Counts, Description, now
from index_store.origin import vocabulary_digest

IDS_AT_ONCE = 500  # in one statement: below SQLite's oldest limit on variables
DENSE, FILLED = "dense", "dense_filled"  # facts (see `about`) of collections that keep dense vectors
CAPTION_WEIGHT = "caption_weight"  # a fact of collections for which somebody chose what captions weigh
SEPARATOR = "\x1f"  # between the tags of a row: a character that no tag may hold
# `tags` as one text, ascending, with SEPARATOR between them
_ITEMS = """SELECT items.*, (SELECT group_concat(tag, char(31)) FROM
    (SELECT tag FROM tags WHERE item = items.id ORDER BY tag)) AS tags FROM items"""


class Catalog:
    """The catalog file. Any thread may call any method; each method that writes is one transaction."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._connection = Connection(path, writable=writable)
        try:
            schema.check(self._connection)
            self._connection.wait_by_itself()
        except BaseException:
            self.close()
            raise

    @staticmethod
    def create(path: Path, about: dict[str, str], vocabulary: Sequence[str]) -> None:
        """A new catalog file that holds no items yet."""
        with translated(path):
            db = sqlite_utils.Database(sqlite3.connect(path, isolation_level=None))
            try:
                schema.migrations.apply(db)
                with db.atomic():
                    rows = {**about, "next_id": "1", "digest": vocabulary_digest(vocabulary)}
                    db.table("about").insert_all({"key": key, "value": value} for key, value in rows.items())
                    db.conn.executemany("INSERT INTO vocabulary VALUES (?, ?)", enumerate(vocabulary))
            finally:
                db.close()

    def note(self, key: str, value: str) -> None:
        """Replaces a fact about the collection (see `about`)."""
        with self._transaction() as db:
            db.execute("UPDATE about SET value = ? WHERE key = ?", [value, key])

    def reserve(self, count: int) -> int:
        """Takes the next `count` ids and returns the first. No id is given twice, even where the add then fails."""
        with self._transaction() as db:
            first = int(self.about()["next_id"])
            db.execute("UPDATE about SET value = ? WHERE key = 'next_id'", [str(first + count)])
        return first

    def replace(self, rows: Sequence[Row], removed: Sequence[int]) -> list[int]:
        """Inserts rows and deletes the ids `removed`; returns those of them that were there.

        rows: `schema.COLUMNS`, and `tags` (texts), `similarity_hash` (bytes or None), `dense` (likewise) and `seen`
        ((bytes, text) or None).
        """
        with self._transaction() as db:
            present = [row["id"] for row in self.rows(removed)]
            db.conn.executemany("DELETE FROM items WHERE id = ?", [[item] for item in present])
            if rows:
                names = ", ".join(f":{column}" for column in schema.COLUMNS)
                db.conn.executemany(f"INSERT INTO items ({', '.join(schema.COLUMNS)}) VALUES ({names})", rows)
                self._tag(db, [(row["id"], tag) for row in rows for tag in row["tags"]])
                hashed = [(row["id"], row["similarity_hash"]) for row in rows if row["similarity_hash"] is not None]
                db.conn.executemany("INSERT INTO likeness (item, hash) VALUES (?, ?)", hashed)
                if dense := [(row["id"], row["dense"]) for row in rows if row["dense"] is not None]:
                    db.conn.executemany("INSERT INTO dense VALUES (?, ?)", dense)
                if seen := [(row["id"], *row["seen"]) for row in rows if row["seen"] is not None]:
                    schema.make_seen(db)
                    db.conn.executemany("INSERT INTO seen VALUES (?, ?, ?)", seen)
        return present

    def move(self, paths: Mapping[int, str], removed: Sequence[int]) -> list[int]:
        """Gives items {id: path} other paths and deletes the ids `removed`; returns those of them that were there."""
        with self._transaction() as db:
            db.conn.executemany(
                "UPDATE items SET path = ? WHERE id = ?", [(path, item) for item, path in paths.items()]
            )
            return self.replace([], removed)

    def tag(self, ids: Sequence[int], add: Sequence[str], remove: Sequence[str]) -> None:
        """Gives items tags and takes others from them; skips ids that are not there."""
        with self._transaction() as db:
            present = [row["id"] for row in self.rows(ids)]
            db.conn.executemany(
                "DELETE FROM tags WHERE item = ? AND tag = ?", [(item, tag) for item in present for tag in remove]
            )
            self._tag(db, [(item, tag) for item in present for tag in add])

    def describe(self, descriptions: Mapping[int, Description]) -> None:
        """Stores what the files of items {id: …} say of them; skips ids that are not there.

        Tags are added to those that an item has; a caption that is None leaves the item's own as it is.
        """
        with self._transaction() as db:
            present = [(row["id"], descriptions[row["id"]]) for row in self.rows(list(descriptions))]
            db.conn.executemany(
                "UPDATE items SET taken = ?, camera = ?, latitude = ?, longitude = ?, described = ? WHERE id = ?",
                [(one.taken, one.camera, one.latitude, one.longitude, now(), item) for item, one in present],
            )
            db.conn.executemany(
                "UPDATE items SET caption = ? WHERE id = ?", [(one.caption, i) for i, one in present if one.caption]
            )
            self._tag(db, [(item, tag) for item, one in present for tag in one.tags])

    @staticmethod
    def _tag(db: sqlite_utils.Database, pairs: Sequence[tuple[int, str]]) -> None:
        db.conn.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", pairs)

    def without_similarity_hash(self) -> list[int]:
        """Ids of pictures whose similarity hash nobody has computed, ascending."""
        sql = "SELECT id FROM items LEFT JOIN likeness ON item = id WHERE kind = 'image' AND item IS NULL ORDER BY id"
        return [item for (item,) in self._connection.read(sql)[1]]

    def note_similarity_hashes(self, hashes: Mapping[int, bytes | None]) -> None:
        """Stores similarity hashes {id: 40 bytes, or None for a picture that shows nothing}; skips unknown ids."""
        with self._transaction() as db:
            present = [(row["id"], hashes[row["id"]]) for row in self.rows(list(hashes))]
            db.conn.executemany("INSERT OR REPLACE INTO likeness (item, hash) VALUES (?, ?)", present)

    def keep_dense(self, size: int) -> None:
        """From here on the dense vectors of items are kept, which have `size` numbers."""
        with self._transaction() as db:
            schema.make_dense(db)
            db.conn.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", [(DENSE, str(size)), (FILLED, "0")])

    def dense_state(self) -> tuple[int | None, int]:
        """Numbers of a dense vector, None where none are kept; and how often items were given theirs afterwards."""
        rows = self._connection.rows("SELECT key, value FROM about WHERE key IN (?, ?)", [DENSE, FILLED])
        noted = {row["key"]: int(row["value"]) for row in rows}
        return noted.get(DENSE), noted.get(FILLED, 0)

    def note_dense(self, vectors: Mapping[int, bytes | None]) -> None:
        """Stores dense vectors {id: bytes} of items, or deletes them (None); skips ids that are not there."""
        with self._transaction() as db:
            present = [row["id"] for row in self.rows(list(vectors))]
            db.conn.executemany("DELETE FROM dense WHERE item = ?", [[item] for item in present])
            kept = [(item, data) for item in present if (data := vectors[item]) is not None]
            db.conn.executemany("INSERT INTO dense VALUES (?, ?)", kept)
            db.execute("UPDATE about SET value = value + 1 WHERE key = ?", [FILLED])

    def without_dense(self) -> list[int]:
        """Ids of items that have no dense vector, ascending; only where these are kept."""
        sql = "SELECT id FROM items LEFT JOIN dense ON item = id WHERE item IS NULL ORDER BY id"
        return [item for (item,) in self._connection.read(sql)[1]]

    def dense_page(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """(id, dense vector) of the next `limit` items with ids above `after`, by id; only where these are kept."""
        sql = "SELECT item, vector FROM dense WHERE item > ? ORDER BY item LIMIT ?"
        return self._connection.read(sql, [after, limit])[1]

    def dense(self, ids: Sequence[int]) -> dict[int, bytes]:
        """{id: dense vector} of those ids that have one; only where these are kept."""
        return {row["item"]: row["vector"] for row in self._among("SELECT item, vector FROM dense WHERE item", ids)}

    def caption_weight(self) -> float | None:
        """What captions weigh in their pictures' vectors; None where nobody has chosen."""
        rows = self._connection.rows("SELECT value FROM about WHERE key = ?", [CAPTION_WEIGHT])
        return float(rows[0]["value"]) if rows else None

    def weigh_captions(self, weight: float) -> None:
        """Notes what captions weigh from here on."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", [CAPTION_WEIGHT, repr(weight)])

    def seen(self, ids: Sequence[int]) -> dict[int, tuple[bytes, str]]:
        """{id: (vector, digest of the words)} of those ids whose vectors hold written words."""
        if not self._holds_seen():
            return {}
        rows = self._among("SELECT item, vector, words FROM seen WHERE item", ids)
        return {row["item"]: (row["vector"], row["words"]) for row in rows}

    def all_seen(self) -> dict[int, bytes]:
        """{id: vector} of all items whose vectors hold written words."""
        return dict(self._connection.read("SELECT item, vector FROM seen")[1]) if self._holds_seen() else {}

    def written(self) -> int:
        """How many items have a vector that holds written words."""
        return self._connection.read("SELECT count(*) FROM seen")[1][0][0] if self._holds_seen() else 0

    def _holds_seen(self) -> bool:
        return bool(self._connection.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seen'"))

    def similarity_hashes(self) -> list[Row]:
        """`id`, `hash`, `width`, `height` and `content_hash` of the pictures whose hash was computed, by id."""
        return self._connection.rows(
            "SELECT id, hash, width, height, content_hash FROM likeness JOIN items ON id = item ORDER BY id"
        )

    def group_copies(self, groups: Sequence[Sequence[int]]) -> None:
        """Stores which pictures are nearly equal, in place of the groups so far. A group's number is its first id."""
        new = {item: ids[0] for ids in groups for item in ids}
        old = self.copies()
        with self._transaction() as db:
            gone = [[item] for item in old.keys() - new.keys()]
            db.conn.executemany("UPDATE likeness SET copy_of = NULL WHERE item = ?", gone)
            changed = [(group, item) for item, group in new.items() if old.get(item) != group]
            db.conn.executemany("UPDATE likeness SET copy_of = ? WHERE item = ?", changed)

    def copies(self) -> dict[int, int]:
        """{id: number of its group} of all pictures that are in one."""
        return dict(
            self._connection.read("SELECT item, copy_of FROM likeness WHERE copy_of IS NOT NULL ORDER BY item")[1]
        )

    def copies_of(self, item: int) -> list[int]:
        """The ids of the group that an item is in, itself among them, ascending; none for one that is in no group."""
        group = "(SELECT copy_of FROM likeness WHERE item = ?)"
        return [
            row["item"]
            for row in self._connection.rows(f"SELECT item FROM likeness WHERE copy_of = {group} ORDER BY item", [item])
        ]

    def alike(self, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """{id: (number of its group, size of the group)} of those ids that are in one."""
        size = "(SELECT count(*) FROM likeness AS other WHERE other.copy_of = likeness.copy_of) AS size"
        rows = self._among(f"SELECT item, copy_of, {size} FROM likeness WHERE copy_of IS NOT NULL AND item", ids)
        return {row["item"]: (row["copy_of"], row["size"]) for row in rows}

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The rows of those ids that exist, each once, in no particular order."""
        return self._among(f"{_ITEMS} WHERE id", ids)

    def _among(self, sql: str, ids: Sequence[int]) -> list[Row]:
        """The rows of a SELECT that ends with a column, where this is one of the ids."""
        unique, rows = list(dict.fromkeys(ids)), list[Row]()
        for start in range(0, len(unique), IDS_AT_ONCE):
            some = unique[start : start + IDS_AT_ONCE]
            rows += self._connection.rows(f"{sql} IN ({','.join('?' * len(some))})", some)
        return rows

    def page(self, after: int, limit: int, kind: str | None = None) -> list[Row]:
        """The next `limit` rows with ids above `after`, by ascending id; `kind`: only items of this kind."""
        only, values = (" AND kind = ?", [kind]) if kind else ("", [])
        return self._connection.rows(f"{_ITEMS} WHERE id > ?{only} ORDER BY id LIMIT ?", [after, *values, limit])

    def find(self, **wanted: str) -> list[Row]:
        """The rows whose columns have all these values {column: value}, at least one, by ascending id."""
        where = " AND ".join(f"{column} = ?" for column in wanted)
        return self._connection.rows(f"{_ITEMS} WHERE {where} ORDER BY id", list(wanted.values()))

    def totals(self) -> list[Row]:
        """A row for each kind: `kind`, and how many `items` and `terms` it has."""
        return self._connection.rows("SELECT kind, count(*) AS items, sum(terms) AS terms FROM items GROUP BY kind")

    def promises(self) -> list[Row]:
        """What each item must have elsewhere: `id`, number of `terms`, `thumbnail` (relative path or None)."""
        return self._connection.rows("SELECT id, terms, thumbnail FROM items")

    def vacuum(self) -> None:
        """Gives the room of deleted rows back to the disk."""
        self._connection.vacuum()

    def ids(self, where: Filter = EVERYTHING, after: int = 0) -> list[int]:
        """The ids above `after` of all items that a filter lets through, ascending."""
        condition, values = where.sql()
        sql = f"SELECT id FROM items WHERE id > ? AND {condition} ORDER BY id"
        return [item for (item,) in self._connection.read(sql, [after, *values])[1]]

    def size(self) -> int:
        """Number of items."""
        return int(self._connection.rows("SELECT count(*) AS items FROM items")[0]["items"])

    def counts(self, where: Filter, most: int) -> Counts:
        """The number of items that a filter lets through, and the `most` frequent values of each kind of fact."""
        condition, values = where.sql()

        def by(what: str, table: str = "items") -> dict[str, int]:
            sql = f"SELECT {what} AS value, count(*) AS items FROM {table} WHERE {what} IS NOT NULL AND {condition}"
            rows = self._connection.rows(f"{sql} GROUP BY value ORDER BY items DESC, value LIMIT ?", [*values, most])
            return {row["value"]: row["items"] for row in rows}

        folder = f"rtrim(rtrim(path, replace(path, '{os.sep}', '')), '{os.sep}')"  # all before the last separator
        kinds = by("kind")
        tags = by("tag", "items JOIN tags ON tags.item = items.id")
        return Counts(sum(kinds.values()), kinds, by(folder), tags, by("camera"), by("substr(taken, 1, 4)"))

    def about(self) -> dict[str, str]:
        """What the collection notes of itself: `model`, `digest`, `impacts` (format of postings), `next_id`, …"""
        return {row["key"]: row["value"] for row in self._connection.rows("SELECT key, value FROM about")}

    def vocabulary(self) -> tuple[str, ...]:
        """The terms, by id."""
        return tuple(row["term"] for row in self._connection.rows("SELECT term FROM vocabulary ORDER BY id"))

    def version(self) -> tuple[int, int]:
        """Changes whenever another process (or another connection) has committed since the last call."""
        return self._connection.version()

    def is_still(self, version: tuple[int, int] | None) -> bool:
        """Whether nobody has committed since `version` gave this; quick, and False where that is not sure."""
        return self._connection.is_still(version)

    def impatient(self) -> AbstractContextManager[None]:
        """Inside, reading raises CollectionBusy at once while another process commits, instead of waiting for it."""
        return self._connection.impatient()

    def problems(self) -> list[str]:
        """What SQLite itself finds wrong with the file, one sentence each."""
        answers = [str(next(iter(row.values()))) for row in self._connection.rows("PRAGMA integrity_check(20)")]
        return [] if answers == ["ok"] else [f"The catalog is damaged: {answer}." for answer in answers]

    def close(self) -> None:
        """Closes the file; closing twice is fine."""
        self._connection.close()

    def _transaction(self) -> AbstractContextManager[sqlite_utils.Database]:
        return self._connection.transaction()
