"""The parts of a collection that are kept in files, in a folder of its own, for whoever holds its vectors next.

They hold nothing that the collection does not have: a file that is lost, torn or superseded costs the making of a part.
Several processes may make the same parts at once; the last one's files stay.
"""

import logging
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index_store.memory.part import MAKING, Part, mapped, name_of, range_of
from index_store.vectors import SparseVector

LEFT_S = 3_600  # a file that nobody finished for so many seconds is what a killed process left
log = logging.getLogger(__name__)


def kept_parts(folder: Path, size: int, end: int) -> list[Part]:
    """The parts in a folder, one after the other from the first id on, up to the id `end` at most; size: |V|."""
    parts: list[Part] = []
    at = 0
    while at < end:
        ranges = sorted((one for one in _ranges(folder) if one[0] == at and at < one[1] <= end), reverse=True)
        found = next((part for one in ranges if (part := mapped(folder / name_of(*one), size)) is not None), None)
        if found is None:
            break
        parts.append(found)
        at = found.end
    return parts


def keep(part: Part, folder: Path, size: int) -> Part:
    """The same part, mapped from a file that it is written to; the part itself where that fails."""
    try:
        folder.mkdir(exist_ok=True)
        _clear_left(folder)
        return mapped(part.save(folder), size) or part
    except OSError as error:  # a folder that cannot be written, a full disk: held in memory all the same
        log.info("The vectors held of %s are not kept: %s", folder.parent, error)
        return part


def drop_superseded(folder: Path, parts: list[Part]) -> None:
    """Deletes the files that these parts, which are in use, have made unnecessary."""
    used, end = {(part.first, part.end) for part in parts}, parts[-1].end if parts else 0
    for one in _ranges(folder):
        if one not in used and one[1] <= end:
            with suppress(OSError):
                (folder / name_of(*one)).unlink()


def wrong_files(folder: Path, size: int, vectors: Mapping[int, SparseVector]) -> list[str]:
    """Names of files that hold something else than the vectors of a collection, by id; reads all of them."""
    return [name_of(*one) for one in _ranges(folder) if not _right(mapped(folder / name_of(*one), size), size, vectors)]


def _right(part: Part | None, size: int, vectors: Mapping[int, SparseVector]) -> bool:
    if part is None:
        return False
    exact, again = part.exact, Part.of(part.exact, part.first, size)
    mine: list[NDArray[Any]] = [part.directory, part.lists, part.codes, part.columns]
    made: list[NDArray[Any]] = [again.directory, again.lists, again.codes, again.columns]
    if not all(np.array_equal(one, other) for one, other in zip(mine, made, strict=True)):
        return False
    here = (item for item in range(part.first, part.end) if item in vectors)
    return all(exact.row(item - part.first) == vectors[item].to_bytes() for item in here)


def clear(folder: Path) -> None:
    """Deletes all."""
    shutil.rmtree(folder, ignore_errors=True)


def _ranges(folder: Path) -> list[tuple[int, int]]:
    try:
        return [one for path in folder.iterdir() if (one := range_of(path.name)) is not None]
    except OSError:
        return []


def _clear_left(folder: Path) -> None:
    for path in folder.glob(f"{MAKING}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFT_S:
                path.unlink()
