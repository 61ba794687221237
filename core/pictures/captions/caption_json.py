"""Reads captions from JSON: an object a line, a list of objects, COCO's and Karpathy's files, names with captions."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.errors import DatasetError
from core.pictures.captions.caption_rows import Row, columns_of, row

SHAPE = 'expected {"file": "a.jpg", "captions": ["a text", …]}'


def json_rows(text: str, file: str, *, lines: bool) -> Iterator[Row]:
    """The rows of a JSON document, or, with `lines`, of a document a line.

    Of a text that is no document, the objects in it that are whole. DatasetError, which names `file`, where there are
    none, or nothing that could be captions.
    """
    if lines:
        return _line_rows(text)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        rows = list(_object_rows(text))
        if all(row.fault for row in rows):
            raise DatasetError(f"{file} is not JSON ({error}).") from error
        return iter(rows)
    return _document_rows(document, file)


def _object_rows(text: str) -> Iterator[Row]:
    """The objects in a text, whatever stands between them; one that is broken costs the rest of its line."""
    decoder, line, counted = json.JSONDecoder(), 1, 0
    at = text.find("{")
    while at >= 0:
        line, counted = line + text.count("\n", counted, at), at
        try:
            entry, end = decoder.raw_decode(text, at)
            yield _row(f"line {line}", entry)
        except (ValueError, RecursionError) as error:
            yield Row(f"line {line}", fault=f"not JSON ({error}); {SHAPE}")
            end = text.find("\n", at)
        at = text.find("{", end) if end >= 0 else -1


def _line_rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            position = f"line {number}"
            try:
                yield _row(position, json.loads(line))
            except (ValueError, RecursionError) as error:
                yield Row(position, fault=f"not JSON ({error}); {SHAPE}")


def _document_rows(document: Any, file: str) -> Iterator[Row]:
    if isinstance(document, list):
        return _entries(document)
    if isinstance(document, dict):
        images, annotations = document.get("images"), document.get("annotations")
        if isinstance(images, list) and isinstance(annotations, list):
            return _coco(images, annotations)
        columns = columns_of(list(document))
        if columns.files and columns.captions:
            return _single_or_columns(document, columns.files[0])
        lists = {name: list(value) for name, value in document.items() if _objects(value)}
        if lists and not _are_captions(document):
            named = [lists[name] for name in ("images", "annotations") if name in lists]
            longest = max(lists.values(), key=len)
            return _entries(named[0] if named else longest)
        if _are_captions(document):
            return _mapping(document)
    raise DatasetError(
        f"{file} holds no captions that are understood; {SHAPE}, a list of such objects, or COCO's form."
    )


def _objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value[:10])


def _entries(entries: Iterable[Any]) -> Iterator[Row]:
    for number, entry in enumerate(entries, 1):
        yield _row(f"entry {number}", entry)


def _row(position: str, entry: Any) -> Row:
    if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str):
        return row(position, {"": entry[0]}, _texts(entry[1]))
    if not isinstance(entry, dict):
        return Row(position, fault=f"no object; {SHAPE}")
    keys = list(entry)
    columns = columns_of(keys)
    names = {keys[i]: name for i in columns.files if (name := _name(entry[keys[i]]))}
    if not names:
        return Row(position, fault=f"the picture's name is missing; {SHAPE}")
    if not columns.captions:
        return Row(position, fault=f"the captions of {next(iter(names.values()))} are missing; {SHAPE}")
    values = [entry[keys[i]] for i in columns.captions]
    texts = [text for value in values for text in _texts(value)]
    return row(position, names, texts, may_be_empty=all(isinstance(value, list) for value in values))


def _name(value: Any) -> str:
    if isinstance(value, dict):  # as data sets of the hub have it: {"path": "a.jpg", "bytes": null}
        value = value.get("path")
    return str(value) if isinstance(value, str) or type(value) is int else ""


def _texts(value: Any) -> list[Any]:
    """The captions in a value: a text, a number, an object that holds one, or a list of those."""
    if isinstance(value, list):
        return [text for one in value for text in (_texts(one) if not isinstance(one, list) else [None])]
    if isinstance(value, dict):
        keys = list(value)
        return [text for i in columns_of(keys).captions for text in _texts(value[keys[i]])] or [None]
    return [str(value)] if type(value) is int else [value]


def _coco(images: list[Any], annotations: list[Any]) -> Iterator[Row]:
    """An annotation a row; its picture is the one with its `image_id`. Entries count from 1, as everywhere."""
    named: dict[str, Mapping[str, str]] = {}
    for number, image in enumerate(images, 1):
        keys = list(image) if isinstance(image, dict) else []
        names = {keys[i]: name for i in columns_of(keys).files if (name := _name(image[keys[i]]))}
        if not names:
            yield Row(f"image {number}", fault="it has no file_name")
        elif "id" in image:
            named[str(image["id"])] = names
    for number, annotation in enumerate(annotations, 1):
        position = f"annotation {number}"
        if not isinstance(annotation, dict) or str(annotation.get("image_id")) not in named:
            asked = annotation.get("image_id") if isinstance(annotation, dict) else annotation
            yield Row(position, fault=f"there is no image {str(asked)[:40]}")
            continue
        keys = list(annotation)
        texts = [text for i in columns_of(keys).captions for text in _texts(annotation[keys[i]])]
        yield row(position, named[str(annotation["image_id"])], texts)


def _single_or_columns(document: dict[str, Any], file: int) -> Iterator[Row]:
    """One object; or a table by columns, {"file": […], "caption": […]}; pandas has {"0": …} for lists."""
    names = document[list(document)[file]]
    if not isinstance(names, list | dict):
        yield _row("entry 1", document)
        return
    keys = list(names) if isinstance(names, dict) else range(len(names))
    for number, key in enumerate(keys, 1):
        entry = {column: _at(values, key) for column, values in document.items()}
        yield _row(f"entry {number}", entry)


def _at(values: Any, key: Any) -> Any:
    try:
        return values[key]
    except (KeyError, IndexError, TypeError):
        return None


def _are_captions(document: dict[str, Any]) -> bool:
    """Whether an object's values are all captions, so that its keys must be names."""
    return bool(document) and all(
        isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        or (isinstance(value, dict) and bool(columns_of(list(value)).captions))
        for value in document.values()
    )  # fmt: skip


def _mapping(document: dict[str, Any]) -> Iterator[Row]:
    for number, (name, value) in enumerate(document.items(), 1):
        yield row(f"entry {number}", {"": name}, _texts(value), may_be_empty=isinstance(value, list))
