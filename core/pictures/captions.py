"""Reads caption files; must not know models or collections."""

import csv
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from core.errors import DatasetError

TABLES = {".csv": ",;", ".tsv": "\t"}  # what may stand between the cells
FILE_COLUMNS, CAPTION_COLUMNS = ("file", "filename", "image", "image_name"), ("caption", "comment", "text")


def read_captions(
    path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
) -> dict[Path, tuple[str, ...]]:
    """Captions by picture, absolute: JSONL ({"file": …, "captions": […]} a line), or a table with a header.

    A table (.csv with commas or semicolons, .tsv) has a column of files (file, filename, image, image_name) and one of
    captions (caption, comment, text), a caption a row, as Flickr30k's does. Files are relative to `folder`, or to the
    captions' own folder where none is given. Blank lines are skipped, repeated files are joined, repeated captions kept
    once. Raises DatasetError that names file and line for anything else.
    """
    path = Path(path)
    captions: dict[Path, dict[str, None]] = {}
    try:
        base = path.resolve().parent if folder is None else Path(folder).resolve()
        with open(path, encoding="utf-8-sig", newline="") as lines:
            for name, texts in _table(lines, path) if path.suffix.lower() in TABLES else _jsonl(lines, path):
                captions.setdefault(_picture_path(base, name), {}).update(dict.fromkeys(texts))
    except UnicodeDecodeError as error:
        raise DatasetError(f"The captions file {path} is not UTF-8 text; save it as UTF-8.") from error
    except OSError as error:
        raise DatasetError(
            f"The captions file {path} cannot be read: {(error.strerror or str(error)).lower()}."
        ) from error
    return {picture: tuple(texts) for picture, texts in captions.items()}


def _picture_path(folder: Path, name: str) -> Path:
    """The path under which walking would list a picture: links below the folder are kept, links to it are not."""
    return Path(name).resolve() if Path(name).is_absolute() else Path(os.path.normpath(folder / name))


def _jsonl(lines: Iterable[str], path: Path) -> Iterator[tuple[str, list[str]]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _caption_line(line, f"{path}, line {number}")


def _table(lines: TextIO, path: Path) -> Iterator[tuple[str, list[str]]]:
    head = lines.readline()
    lines.seek(0)
    delimiter = max(TABLES[path.suffix.lower()], key=head.count)
    reader = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        columns = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        file = next((columns[name] for name in FILE_COLUMNS if name in columns), None)
        caption = next((columns[name] for name in CAPTION_COLUMNS if name in columns), None)
        if file is None or caption is None:
            raise DatasetError(
                f"{path}, line 1: expected a header with a column {' or '.join(FILE_COLUMNS)} and a column "
                f"{' or '.join(CAPTION_COLUMNS)}."
            )
        for row in reader:
            name, text = (row[file] or "").strip(), (row[caption] or "").strip()
            if not name or not text:
                raise DatasetError(f"{path}, line {reader.line_num}: a file and its caption were expected.")
            yield name, [text]
    except csv.Error as error:
        raise DatasetError(f"{path}, line {reader.line_num}: not a row of a table ({error}).") from error


def _caption_line(line: str, where: str) -> tuple[str, list[str]]:
    shape = 'expected {"file": "a.jpg", "captions": ["a text", …]}'
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DatasetError(f"{where}: not JSON ({error}); {shape}.") from error
    name, texts = (row.get("file"), row.get("captions")) if isinstance(row, dict) else (None, None)
    if not isinstance(name, str) or not name:
        raise DatasetError(f"{where}: the file's name is missing; {shape}.")
    if not isinstance(texts, list) or not all(isinstance(text, str) and text.strip() for text in texts):
        raise DatasetError(f"{where}: the captions are not a list of texts; {shape}.")
    return name, [text.strip() for text in texts]
