"""The form of the two tables of a collection in Milvus, and items as rows; knows no connections and no searching.

`NAME` has one row for each item: its exact float32 weights in a sparse field (inverted index, inner product, nothing
dropped), what is known of it in scalar fields, and its thumbnail as text. An item is one row, so that no crash can
leave half of it. `NAME_about` has one row for each fact: what made the collection, its vocabulary, the next id.

Two fields exist only to be compared by LIKE: `likeness` is the path, and `camera_key` the camera, as `like_key` and
`camera_key` write them.
"""

import json
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from index_store.errors import CollectionError, VectorError
from index_store.items import Description, Item, NewItem, now
from index_store.origin import vocabulary_digest
from index_store.vectors import RECORD, SparseVector

if TYPE_CHECKING:
    from pymilvus import CollectionSchema
    from pymilvus.milvus_client.index import IndexParams

FORM = "2"  # of the two tables
EARLIER = "1"  # the form before, without `DESCRIBED`: Milvus Lite cannot add fields to a table
LONGEST = 65_535  # bytes of a text: Milvus's own limit
PIECE = 60_000  # characters of base64 in one text; a multiple of four
PIECES = 16  # of one thumbnail: 700 kB
MOST_TAGS, MOST_WORDS = 1_000, 4_096  # of one item; the latter is Milvus's own limit
LONGEST_WORD = 1_000  # bytes
SMALLEST, LARGEST = 2.0**-60, 2.0**60  # weights whose products neither vanish nor overflow in Milvus's float32
LIKE_SIGNS = str.maketrans({"%": "\ue025", "_": "\ue05f", "\\": "\ue05c"})  # private signs: in no file's name
TEXTS = {"kind": 20, "path": 16_384, "likeness": 16_384, "content_hash": 1_000, "added": 40}  # bytes at most
CAMERA = 1_000  # bytes
NUMBERS = ("width", "height", "bytes", "terms")
DESCRIBED = ["taken", "camera", "latitude", "longitude", "described"]
_ITEM_FIELDS = ["id", "kind", "path", "content_hash", "added", *NUMBERS, "caption", "tags"]

Row = dict[str, Any]


def item_fields(form: str) -> list[str]:
    """The fields of an Item, without its thumbnail, that a table of this form has."""
    return _ITEM_FIELDS + (DESCRIBED if form == FORM else [])


def every_field(form: str) -> list[str]:
    """All fields of a table of this form."""
    return [*item_fields(form), "vector", "likeness", "words", "thumbnail", *(["camera_key"] if form == FORM else [])]


def item_table() -> "tuple[CollectionSchema, IndexParams]":
    """Schema and indexes of the table of items."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.SPARSE_FLOAT_VECTOR)
    for name, longest in TEXTS.items():
        schema.add_field(name, DataType.VARCHAR, max_length=longest)
    for name in NUMBERS:
        schema.add_field(name, DataType.INT64)
    schema.add_field("caption", DataType.VARCHAR, max_length=LONGEST, nullable=True)
    for name in ("taken", "described"):  # like the next two, empty where nothing is known
        schema.add_field(name, DataType.VARCHAR, max_length=40)
    for name in ("camera", "camera_key"):
        schema.add_field(name, DataType.VARCHAR, max_length=CAMERA)
    for name in ("latitude", "longitude"):
        schema.add_field(name, DataType.DOUBLE, nullable=True)
    for name, most, longest in (("tags", MOST_TAGS, 400), ("words", MOST_WORDS, LONGEST_WORD)):
        schema.add_field(name, DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=most, max_length=longest)
    # stays on the server's disk, as it is read only for the few items that a page shows
    schema.add_field(
        "thumbnail",
        DataType.ARRAY,
        element_type=DataType.VARCHAR,
        max_capacity=PIECES,
        max_length=LONGEST,
        mmap_enabled=True,
    )
    indexes = MilvusClient.prepare_index_params()
    # MaxScore, which Milvus recommends for exact search: it passes over only what no weight could bring among the best
    indexes.add_index(
        "vector", index_type="SPARSE_INVERTED_INDEX", metric_type="IP", params={"inverted_index_algo": "DAAT_MAXSCORE"}
    )
    for name in ("path", "content_hash"):  # what `find` asks for
        indexes.add_index(name, index_type="INVERTED")
    return schema, indexes


def about_table() -> "tuple[CollectionSchema, IndexParams]":
    """Schema and index of the table of facts. Milvus wants a vector in every table, so this one has an idle one."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=100)
    schema.add_field("value", DataType.VARCHAR, max_length=LONGEST)
    schema.add_field("idle", DataType.FLOAT_VECTOR, dim=2)
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index("idle", index_type="FLAT", metric_type="L2")
    return schema, indexes


def fact(key: str, value: str) -> Row:
    """A row of the table of facts."""
    return {"key": key, "value": value, "idle": [0.0, 0.0]}


def first_facts(model: str, vocabulary: Sequence[str], precision: str | None = None) -> list[Row]:
    """The facts of a new collection."""
    facts = {"form": FORM, "model": model, "digest": vocabulary_digest(vocabulary), "created": now(), "next_id": "1"}
    if precision is not None:
        facts["precision"] = precision
    parts = {f"vocabulary-{number:06d}": part for number, part in enumerate(_parts(vocabulary))}
    return [fact(key, value) for key, value in {**facts, **parts}.items()]


def vocabulary_of(about: Mapping[str, str]) -> tuple[str, ...]:
    """The terms by id, from the facts {key: value}."""
    parts = [json.loads(value) for key, value in sorted(about.items()) if key.startswith("vocabulary-")]
    return tuple(term for part in parts for term in part)


def _parts(vocabulary: Sequence[str]) -> Iterator[str]:
    """The terms as JSON lists, each short enough for a text."""
    some: list[str] = []
    size = 2
    for term in vocabulary:
        more = len(json.dumps(term, ensure_ascii=False).encode()) + 2
        if some and size + more > LONGEST:
            yield json.dumps(some, ensure_ascii=False)
            some, size = [], 2
        some.append(term)
        size += more
    yield json.dumps(some, ensure_ascii=False)


def check_size(item: NewItem) -> None:
    """CollectionError or VectorError for an item that Milvus cannot hold exactly."""
    texts = (
        ("path", like_key(item.path), TEXTS["likeness"]),
        ("caption", item.caption or "", LONGEST),
        ("content hash", item.content_hash, TEXTS["content_hash"]),
        ("camera", camera_key(item.camera or ""), CAMERA),
        ("moment", item.described or "", TEXTS["added"]),
    )
    for name, text, longest in texts:
        if len(text.encode()) > longest:
            raise CollectionError(f"The {name} of {item.path[:200]} is longer than the {longest:,} bytes Milvus takes.")
    words = caption_words(item.caption or "")
    if len(words) > MOST_WORDS or any(len(word.encode()) > LONGEST_WORD for word in words):
        raise CollectionError(f"The caption of {item.path[:200]} has too many, or too long, words for Milvus.")
    if len(item.tags) > MOST_TAGS:
        raise CollectionError(f"{item.path} has {len(item.tags):,} tags; in Milvus an item has {MOST_TAGS:,} at most.")
    if item.thumbnail is not None and len(b64encode(item.thumbnail)) > PIECE * PIECES:
        raise CollectionError(f"The thumbnail of {item.path} has {len(item.thumbnail):,} bytes: too many for Milvus.")
    if len(item.vector) and not (item.vector.weights.min() >= SMALLEST and item.vector.weights.max() <= LARGEST):
        raise VectorError(
            f"The vector of {item.path} has a weight outside 1e-18 to 1e18, of which Milvus cannot tell the order."
        )


def row_of(number: int, item: NewItem, size: int, form: str) -> Row:
    """An item as a row of a table of this form; `size`: length of the vocabulary.

    Words that were weighed into its vector stay behind, for a row could not tell them from what was seen.
    """
    vector = item.seen.vector if item.seen is not None else item.vector
    coded = b64encode(item.thumbnail or b"").decode("ascii")
    row = {
        "id": number,
        "vector": stored_vector(vector, size),
        "kind": item.kind,
        "path": item.path,
        "likeness": like_key(item.path),
        "content_hash": item.content_hash,
        "width": item.width,
        "height": item.height,
        "bytes": item.bytes,
        "terms": len(vector),
        "added": item.added or now(),
        "thumbnail": [coded[start : start + PIECE] for start in range(0, len(coded), PIECE)],
        "tags": sorted(set(item.tags)),
        "caption": item.caption,
        "words": caption_words(item.caption or ""),
        "taken": item.taken or "",
        "camera": item.camera or "",
        "camera_key": camera_key(item.camera or ""),
        "latitude": item.latitude,
        "longitude": item.longitude,
        "described": item.described or "",
    }
    return {name: row[name] for name in every_field(form)}


def described(row: Row, description: Description) -> Row:
    """A row (every field) with what a picture's file says of it, as `Store.describe` promises."""
    new = {
        "tags": sorted({*row["tags"], *description.tags}),
        "taken": description.taken or "",
        "camera": description.camera or "",
        "camera_key": camera_key(description.camera or ""),
        "latitude": description.latitude,
        "longitude": description.longitude,
        "described": now(),
    }
    if description.caption is not None:
        new |= {"caption": description.caption, "words": caption_words(description.caption)}
    return {name: new.get(name, value) for name, value in row.items()}


def moved(row: Row, path: str) -> Row:
    """A row (every field) with another path; CollectionError where Milvus cannot hold that path."""
    if len(like_key(path).encode()) > TEXTS["likeness"]:
        raise CollectionError(f"The path {path[:200]} is longer than the {TEXTS['likeness']:,} bytes Milvus takes.")
    return row | {"path": path, "likeness": like_key(path)}


def item_of(row: Row, thumbnail: str | None) -> Item:
    """A row (`item_fields`) as an item. thumbnail: path of its file."""
    known = {name: row[name] for name in _ITEM_FIELDS if name not in ("tags", "terms")}
    # a table of the earlier form cannot say when files were read: `added` keeps them from being read again and again
    held = row if "described" in row else {"described": row["added"]}
    known |= {name: held[name] for name in DESCRIBED if held.get(name) not in (None, "")}
    return Item(**known, tags=tuple(row["tags"]), thumbnail=thumbnail)


def thumbnail_of(row: Row) -> bytes | None:
    """The bytes of a row's thumbnail; None where it has none."""
    return b64decode("".join(row["thumbnail"])) or None


def stored_vector(vector: SparseVector, size: int) -> dict[int, float]:
    """{term: weight} for the sparse field. Milvus wants at least one entry, so an empty vector gets the term `size`."""
    return dict(zip(vector.terms.tolist(), vector.weights.tolist(), strict=True)) or {size: 1.0}


def vector_bytes(stored: Mapping[int, float], size: int) -> bytes:
    """The content of the sparse field as `SparseVector.to_bytes` writes it."""
    records = np.empty(len(stored), RECORD)
    records["term"], records["weight"] = list(stored.keys()), list(stored.values())
    records = records[records["term"] < size]
    return records[np.argsort(records["term"])].tobytes()


def like_key(text: str) -> str:
    """A text to be compared by LIKE, without the signs that Milvus and Milvus Lite want escaped in different ways."""
    return text.translate(LIKE_SIGNS)


def camera_key(name: str) -> str:
    """A camera's name to be compared by LIKE: in lower case, as SQLite's `lower` makes it."""
    return like_key("".join(sign.lower() if sign.isascii() else sign for sign in name))


def caption_words(text: str) -> list[str]:
    """The words of a caption, each once, as SQLite's full-text index cuts them: lower case, without accents."""
    plain = unicodedata.normalize("NFD", text.lower())
    letters = (sign for sign in plain if unicodedata.category(sign) != "Mn")
    kept = "".join(sign if unicodedata.category(sign)[0] in "LN" else " " for sign in letters)
    return sorted(set(unicodedata.normalize("NFC", kept).split()))
