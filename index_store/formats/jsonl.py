"""Items as JSON lines, to and from other programs, with exact weights: a round trip loses nothing.

One object a line: `{"id", "vector": {term: weight}, "kind", "path", "caption", "content_hash", "width", "height",
"bytes", "tags", "taken", "camera", "latitude", "longitude", "described", "model"}`, and "dense": [numbers] of an item
whose dense vector is kept, and "seen": {term: weight} with "words": text of one into whose vector words were weighed
(`items.Seen`). Only `vector` must be there; `model` made the vectors; thumbnails do not travel. Weights are
written so that reading them gives the same float32. An export is written whole or not at all. An import reads the file
twice: it checks every line, then it stores the items; dense vectors only in a collection that keeps them.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index_store.dense import sound
from index_store.errors import CollectionError, ExchangeError
from index_store.formats.transfer import BATCH, Imported, add_missing, written_whole
from index_store.items import KINDS, METADATA, Description, Item, NewItem, Seen
from index_store.progress import Progress, silent
from index_store.store import Store
from index_store.validation import check_description
from index_store.vectors import SparseVector, within

TEXTS = ("kind", "path", "caption", "content_hash", "taken", "camera", "described")
NUMBERS, DEGREES = ("width", "height", "bytes"), ("latitude", "longitude")
_EXPECTED = 'expected an object with a "vector" of terms and weights'


def export_jsonl(collection: Store, target: Path, *, progress: Progress = silent) -> int:
    """Writes every item, by ascending id; returns how many. ExchangeError where the file cannot be written."""
    total, done = len(collection), 0
    with written_whole(target) as file:
        items = collection.all_items()
        while batch := list(islice(items, BATCH)):
            ids = [item.id for item in batch]
            dense, seen = collection.dense(ids), collection.seen(ids)
            for item, vector in zip(batch, collection.vectors(ids), strict=True):
                record = _line(item, vector, collection)
                if item.id in dense:
                    record["dense"] = dense[item.id].tolist()
                if item.id in seen:
                    record["seen"] = _weights(seen[item.id].vector, collection)
                    record["words"] = seen[item.id].words
                line = json.dumps(record, ensure_ascii=False)
                file.write(line.encode() + b"\n")
            done += len(batch)
            progress(done, max(done, total), "")
    return done


def import_jsonl(collection: Store, source: Path, *, progress: Progress = silent) -> Imported:
    """Adds the items of a file, once every line has been checked. The collection gives them ids of its own.

    ExchangeError names the first line that is wrong; then nothing is added. Items that the collection has already are
    left as they are, so an interrupted import is finished by repeating it.
    """
    total = sum(1 for _ in read_jsonl(source, collection.vocabulary))
    return add_missing(collection, read_jsonl(source, collection.vocabulary), total, progress=progress)


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
    """The model that made the first item of a file, as that item says; None where it does not say.

    ExchangeError where the file does not begin with an item.
    """
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
    line = {"id": item.id, "vector": _weights(vector, collection), "model": collection.model}
    return line | {name: getattr(item, name) for name in METADATA}


def _weights(vector: SparseVector, collection: Store) -> dict[str, float]:
    terms = [collection.vocabulary[term] for term in vector.terms.tolist()]
    return dict(zip(terms, vector.weights.tolist(), strict=True))  # float32 as float64: exact both ways


def _item(record: Any, ids: dict[str, int], name: str) -> NewItem:
    """The item of a parsed line; ValueError, as one sentence, where it is none.

    ids: by term.  name: of an item without `path` and `id`.
    """
    if not isinstance(record, dict) or not isinstance(record.get("vector"), dict):
        raise ValueError(_EXPECTED)
    vector = _vector(record["vector"], ids)
    _check_fields(record)
    description = Description(
        record.get("caption"),
        tuple(record.get("tags") or ()),
        record.get("taken"),
        record.get("camera"),
        *(record.get(degrees) for degrees in DEGREES),
    )
    try:
        check_description(description)
    except CollectionError as error:
        raise ValueError(str(error)) from error
    return NewItem(
        record.get("kind") or "image",
        record.get("path") or str(record.get("id", name)),
        content_hash=record.get("content_hash") or _digest(record["vector"]),
        vector=vector,
        **{number: record.get(number, 0) for number in NUMBERS},
        **vars(description),
        described=record.get("described"),
        dense=_dense(record.get("dense")),
        seen=_seen(record, ids, vector),
    )


def _seen(record: dict[str, Any], ids: dict[str, int], vector: SparseVector) -> Seen | None:
    """What was seen; None where all of the vector was. ValueError where it is no part of the vector."""
    weights, words = record.get("seen"), record.get("words")
    if weights is None:
        return None
    if not isinstance(weights, dict) or not isinstance(words, str):
        raise ValueError('"seen" must be an object of terms and weights, beside "words", a text')
    words.encode()  # as the texts above
    seen = _vector(weights, ids)
    if not within(seen, vector):
        raise ValueError('"seen" must be a part of "vector"')
    return Seen(seen, words)


def _dense(numbers: Any) -> NDArray[np.float32] | None:
    """A dense vector; ValueError where the numbers are none."""
    if numbers is None:
        return None
    if not isinstance(numbers, list) or not all(type(number) in (int, float) for number in numbers):
        raise ValueError('"dense" must be a list of numbers')
    row = np.array(numbers, np.float32)
    if not sound(row):
        raise ValueError('"dense" must be finite numbers with a length of 1 together')
    return row


def _digest(weights: dict[str, float]) -> str:
    return sha256(json.dumps(weights, sort_keys=True).encode()).hexdigest()


def _vector(weights: dict[str, Any], ids: dict[str, int]) -> SparseVector:
    """A vector of {term: weight}; ValueError where they are none. ids: by term."""
    strange = next((term for term in weights if term not in ids), None)
    if strange is not None:
        raise ValueError(f"the term {strange!r} is not in the collection's vocabulary")
    wrong = next((term for term, weight in weights.items() if type(weight) not in (int, float)), None)
    if wrong is not None:
        raise ValueError(f"the weight of {wrong!r} is {weights[wrong]!r}, not a number")
    return SparseVector.from_pairs({ids[term]: weight for term, weight in weights.items()})


def _check_fields(record: dict[str, Any]) -> None:
    """ValueError for a field of a wrong type, or a kind that does not exist."""
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
    if kind not in KINDS:
        raise ValueError(f'"kind" must be "image" or "caption", not {kind!r}')
