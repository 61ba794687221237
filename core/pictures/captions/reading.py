"""Reads captions files of every usual form, row by row; must not know models or collections.

A bad row keeps its fault and costs no other row. A file without any caption is refused.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError
from core.pictures.captions.caption_json import json_rows
from core.pictures.captions.caption_rows import Row
from core.pictures.captions.caption_tables import table_rows
from core.pictures.captions.encodings import document

USUAL_NAMES = ("captions.jsonl", "captions.json", "captions.csv", "captions.tsv", "captions.txt", "metadata.jsonl",
               "metadata.csv", "results.csv")  # fmt: skip  # of a folder's own captions
_WRAPPED = (b"PK\3\4", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF")  # Excel's files, new and old, zips, gzip, PDF
JSON_LINES, JSON = (".jsonl", ".ndjson"), (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class CaptionsFile:
    """The rows of a captions file: those with a picture's name and captions, and the `bad` ones, which have a fault."""

    path: Path
    rows: tuple[Row, ...]
    bad: tuple[Row, ...]

    def sentence(self, row: Row, fault: str) -> str:
        """What is wrong with a row, as a sentence that names file and row."""
        return f"{self.path}, {row.position}: {fault}."


def read_captions(path: str | os.PathLike[str]) -> CaptionsFile:
    """The captions in a file.

    JSON: an object a line or a list of them ({"file": …, "captions": […]} or {"file": …, "caption": …}), COCO's and
    Karpathy's data sets, names with captions. Anything else is a table, with commas, semicolons, tabs or bars between
    its cells (a first line `sep=;` says which); without a header where its first row names a picture. Columns and keys
    are known by what they are called (`caption_rows`). Text is UTF-8, UTF-16 or UTF-32, and otherwise Windows' 1252.
    Raises DatasetError, one sentence that names file and line, where no captions are found.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"The captions file {path} cannot be read: {(error.strerror or str(error)).lower()}."
        ) from error
    if data.startswith(_WRAPPED):
        raise DatasetError(f"{path} is a spreadsheet or an archive and no text; save its table as CSV, and name that.")
    found = list(_rows(document(data), path))
    rows = tuple(row for row in found if not row.fault)
    bad = tuple(row for row in found if row.fault)
    file = CaptionsFile(path, rows, bad)
    if not rows and bad:
        others = len(bad) - 1
        more = f" The other {others:,} {'row is' if others == 1 else 'rows are'} not better." if others else ""
        raise DatasetError(file.sentence(bad[0], bad[0].fault) + more)
    if not rows:
        raise DatasetError(f"The captions file {path} holds no captions.")
    return file


def _rows(text: str, path: Path) -> Iterator[Row]:
    suffix, start = path.suffix.lower(), text.lstrip()[:1]
    if not start:
        return iter(())
    if suffix in JSON or (start == "{" and suffix not in (".csv", ".tsv")) or (start == "[" and suffix == ""):
        return json_rows(text, str(path), lines=suffix in JSON_LINES and not _is_one(text))
    return table_rows(text, str(path))


def _is_one(text: str) -> bool:
    """Whether a file of JSON lines is one list instead, which does not end with its first line, or nothing follows."""
    first, _, rest = text.strip().partition("\n")
    return first.startswith("[") and (not first.rstrip().endswith("]") or not rest)


def find_captions_files(folders: Iterable[Path]) -> list[Path]:
    """Files in the folders that have a usual name of captions files: they are suggested to a person, never read."""
    return [file for folder in folders for name in USUAL_NAMES if os.path.isfile(file := folder / name)]
