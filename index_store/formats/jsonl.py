"""Items as JSON lines, to and from other programs: exact weights, so that a round trip loses nothing.

One object a line: `{"id", "vector": {term: weight}, "kind", "path", "caption", "content_hash", "width", "height",
"bytes", "tags", "taken", "camera", "latitude", "longitude", "described", "model"}`; only `vector` must be there
(thumbnails do not travel); `model` made the vectors. Weights are written so that reading them back gives the same
float32. A file is written whole or not at all, and read twice: checked first, then stored.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from index_store.address import Address
from index_store.errors import CollectionError, ExchangeError
from index_store.items import METADATA, Description, Item, NewItem, again
from index_store.opening import open_collection
from index_store.progress import Progress, silent
from index_store.store import Store
from index_store.validation import check_description
from index_store.vectors import SparseVector

BATCH = 500  # items at a time: bounds memory, and the time that a crash can cost
TEXTS = ("kind", "path", "caption", "content_hash", "taken", "camera", "described")
NUMBERS, DEGREES = ("width", "height", "bytes"), ("latitude", "longitude")
_EXPECTED = 'expected an object with a "vector" of terms and weights'


@dataclass(frozen=True)
class Imported:
    """How many items were added, and how many were there already (same kind, path, content and caption)."""

    added: int
    present: int


def export_jsonl(collection: Store, target: Path, *, progress: Progress = silent) -> int:
    """Writes every item, by ascending id; returns how many. ExchangeError where the file cannot be written."""
    total, done = len(collection), 0
    with written_whole(target) as file:
        items = collection.all_items()
        while batch := list(islice(items, BATCH)):
            for item, vector in zip(batch, collection.vectors([item.id for item in batch]), strict=True):
                line = json.dumps(_line(item, vector, collection), ensure_ascii=False)
                file.write(line.encode() + b"\n")
            done += len(batch)
            progress(done, max(done, total), "")
    return done


@contextmanager
def written_whole(target: Path) -> Iterator[BinaryIO]:
    """A file to fill that is there, durably, once all of it is; ExchangeError where it cannot be written."""
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ExchangeError(f"{target} cannot be written: {(error.strerror or str(error)).lower()}.") from error


def add_missing(collection: Store, items: Iterable[NewItem], total: int, *, progress: Progress = silent) -> Imported:
    """Adds, a batch at a time, the items that the collection has not yet (same kind, path, content and caption)."""
    added = present = 0
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        with collection.writing():
            new = [item for item in batch if not _held(collection, item)]
            collection.add(new)
        added, present = added + len(new), present + len(batch) - len(new)
        progress(added + present, max(total, added + present), "")
    return Imported(added, present)


def import_jsonl(collection: Store, source: Path, *, progress: Progress = silent) -> Imported:
    """Adds the items of a file, all of which are checked before the first is stored; ids are the collection's own.

    ExchangeError names the first line that is wrong. Items that the collection has already are left as they are, so an
    interrupted import is finished by repeating it.
    """
    total = sum(1 for _ in read_jsonl(source, collection.vocabulary))
    return add_missing(collection, read_jsonl(source, collection.vocabulary), total, progress=progress)


def import_collection(collection: Store, source: Address, *, progress: Progress = silent) -> Imported:
    """Adds the items of another collection, with thumbnails and tags, as `import_jsonl` adds a file's.

    CollectionMismatch where another model, or one with another vocabulary, made it.
    """
    with open_collection(source, model=collection.model, vocabulary=collection.vocabulary) as other:
        return add_missing(collection, _all_again(other), len(other), progress=progress)


def _all_again(collection: Store) -> Iterator[NewItem]:
    items = collection.all_items()
    while batch := list(islice(items, BATCH)):
        ids = [item.id for item in batch]
        yield from map(again, collection.items(ids), collection.vectors(ids))


def read_jsonl(source: Path, vocabulary: tuple[str, ...]) -> Iterator[NewItem]:
    """The items of a file, one line in memory at a time; ExchangeError names the line that is wrong."""
    ids = {term: number for number, term in enumerate(vocabulary)}
    try:
        with source.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield _item(json.loads(line), ids, f"{source.name}/{number}")
                    except (ValueError, OverflowError, RecursionError) as error:  # VectorError is a ValueError, too
                        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error).rstrip(".")
                        raise ExchangeError(
                            f"Line {number} of {source} is no item ({reason}); nothing was imported."
                        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(source, error) from error


def model_of_jsonl(source: Path) -> str | None:
    """The model that a file's first item says made it; None where it says none. ExchangeError where none is there."""
    try:
        with source.open(encoding="utf-8") as file:
            first = next((line for line in file if line.strip()), "")
        record = json.loads(first)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(source, error) from error
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("vector"), dict):
        raise ExchangeError(f"{source} does not begin with an item ({_EXPECTED}); nothing was imported.")
    model = record.get("model")
    return model if isinstance(model, str) else None


def _unreadable(source: Path, error: OSError | UnicodeDecodeError) -> ExchangeError:
    reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is no UTF-8 text"
    return ExchangeError(f"{source} cannot be read: {reason}.")


def _line(item: Item, vector: SparseVector, collection: Store) -> dict[str, Any]:
    terms = [collection.vocabulary[term] for term in vector.terms.tolist()]
    weights = dict(zip(terms, vector.weights.tolist(), strict=True))  # float32 as float64: exact both ways
    told = {"id": item.id, "vector": weights, "model": collection.model}
    return told | {name: getattr(item, name) for name in METADATA}


def _item(record: Any, ids: dict[str, int], place: str) -> NewItem:
    """ValueError, as one sentence, where the record is not an item."""
    if not isinstance(record, dict) or not isinstance(record.get("vector"), dict):
        raise ValueError(_EXPECTED)
    vector = record["vector"]
    strange = next((term for term in vector if term not in ids), None)
    if strange is not None:
        raise ValueError(f"the term {strange!r} is not in the collection's vocabulary")
    wrong = next((term for term, weight in vector.items() if type(weight) not in (int, float)), None)
    if wrong is not None:
        raise ValueError(f"the weight of {wrong!r} is {vector[wrong]!r}, not a number")
    for name in TEXTS:
        if not isinstance(record.get(name), str | None):
            raise ValueError(f'"{name}" must be text, not {record[name]!r}')
        (record.get(name) or "").encode()  # half a surrogate pair cannot be stored
    for name in NUMBERS:
        value = record.get(name, 0)
        if type(value) is not int or not 0 <= value < 2**63:
            raise ValueError(f'"{name}" must be a whole number, not {value!r}')
    degrees = {name: record.get(name) for name in DEGREES}
    if any(value is not None and type(value) not in (int, float) for value in degrees.values()):
        raise ValueError(f'"latitude" and "longitude" must be degrees, not {degrees["latitude"]!r}')
    tags = record.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError(f'"tags" must be a list of texts, not {tags!r}')
    kind = record.get("kind") or "image"
    if kind not in ("image", "caption"):
        raise ValueError(f'"kind" must be "image" or "caption", not {kind!r}')
    path = record.get("path") or str(record.get("id", place))
    content = record.get("content_hash") or sha256(json.dumps(vector, sort_keys=True).encode()).hexdigest()
    weights = SparseVector.from_pairs({ids[term]: weight for term, weight in vector.items()})
    numbers = {name: record.get(name, 0) for name in NUMBERS}
    told = Description(record.get("caption"), tuple(tags), record.get("taken"), record.get("camera"), *degrees.values())
    try:
        check_description(told)
    except CollectionError as error:
        raise ValueError(str(error)) from error
    return NewItem(
        kind, path, content_hash=content, vector=weights, **numbers, **vars(told), described=record.get("described")
    )


def _held(collection: Store, item: NewItem) -> bool:
    there = collection.find(path=item.path, content_hash=item.content_hash)
    return any((one.kind, one.caption) == (item.kind, item.caption) for one in there)
