"""Real items to measure with: a collection's folder, or the JSON lines that `sightwords export` writes."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Rows
from index_store.folder.collection import Collection

PAGE = 5_000  # items read at a time

Row = tuple[NDArray[np.int32], NDArray[np.float32]]


def read_items(path: Path) -> Rows:
    """All items that have a term at all."""
    return _from_lines(path) if path.is_file() else _from_collection(path)


def _from_collection(folder: Path) -> Rows:
    with Collection.open(folder) as held:
        ids = held.ids()
        pages = (held.vectors(ids[first : first + PAGE]) for first in range(0, len(ids), PAGE))
        rows = ((vector.terms, vector.weights) for page in pages for vector in page if vector)
        return Rows.of(rows, len(held.vocabulary))


def _from_lines(file: Path) -> Rows:
    numbers: dict[str, int] = {}  # of terms, in the order in which they first occur
    rows = list(_read_lines(file, numbers))
    return Rows.of(rows, len(numbers))


def _read_lines(file: Path, numbers: dict[str, int]) -> Iterator[Row]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if vector := json.loads(line)["vector"]:
                terms = np.array([numbers.setdefault(term, len(numbers)) for term in vector], dtype=np.int32)
                order = np.argsort(terms)
                yield terms[order], np.array(list(vector.values()), dtype=np.float32)[order]
