"""The dense vectors of a collection's items: those that it keeps; all others are made once, and kept in a file.

A row of that file is found by a digest of what it is of (encoder, kind, content), so the file outlives a collection
that is made anew.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy import float32, int64
from numpy.typing import NDArray

from core.errors import ImageError
from core.files import home_folder, write_whole
from core.pictures.images import open_image, working_copy
from index_store.items import Item
from index_store.progress import Progress, ShouldStop, never, silent
from index_store.store import Store

if TYPE_CHECKING:
    from core.encoders import DenseEncoder

log = logging.getLogger(__name__)

BATCH = 32
ENCODING = {"image": "Encoding the pictures", "caption": "Encoding the captions"}  # as progress calls it, by kind


@dataclass(frozen=True)
class DenseItems:
    """(n,) ids, ascending, and (n, dim) unit rows of the items that can be read; `missing`: how many cannot."""

    ids: NDArray[int64]
    rows: NDArray[float32]
    missing: int = 0

    def by_id(self) -> dict[int, NDArray[float32]]:
        """The rows (dim,) by item id."""
        return dict(zip(self.ids.tolist(), self.rows, strict=True))

    def nearest(self, query: NDArray[float32], k: int) -> list[tuple[int, float]]:
        """The k (id, dot product) with the highest dot product with `query` (dim,); ties go to the smaller id."""
        return best(self.ids, self.rows @ query, k)


def dense_file(collection: Store) -> Path:
    """Where the dense vectors of a collection are kept."""
    return home_folder() / "dense" / f"{hashlib.sha256(collection.address.encode()).hexdigest()[:16]}.npz"


def best(ids: NDArray[int64], scores: NDArray[np.floating], k: int) -> list[tuple[int, float]]:
    """The k (id, score) with the highest score; ties go to the smaller id. `ids` ascending."""
    order = np.argsort(-scores, kind="stable")[:k]
    return [(int(ids[row]), float(scores[row])) for row in order]


def dense_items(
    encoder: "DenseEncoder",
    collection: Store,
    file: Path,
    *,
    kind: str = "image",
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> DenseItems | None:
    """The dense vectors of a collection's items of one kind; None when stopped, with what was made kept in `file`.

    The encoder must be that of the collection's model. What neither the collection keeps nor `file` holds is encoded
    from the pictures' own files and added to `file`. `progress` counts the items that have to be encoded.
    """
    items = list(collection.all_items(kind=kind))
    rows = collection.dense([item.id for item in items]) if collection.dense_size == encoder.dim else {}
    known = known_rows(file, encoder) if len(rows) < len(items) else KnownRows(encoder.name, {})
    rows |= {item.id: row for item in items if item.id not in rows and (row := known.row(item)) is not None}
    lacking, stopped = [item for item in items if item.id not in rows], False
    made: dict[str, NDArray[float32]] = {}
    for start in range(0, len(lacking), BATCH):
        if stopped := should_stop():
            break
        part = lacking[start : start + BATCH]
        new = encoded(encoder, part)
        rows |= new
        made |= {_key(encoder.name, item): new[item.id] for item in part if item.id in new}
        progress(start + len(part), len(lacking), ENCODING[kind])
    if made:
        _write(file, known.rows | made)
    if stopped:
        return None
    found = [item.id for item in items if item.id in rows]
    stacked = np.stack([rows[item] for item in found]) if found else np.zeros((0, encoder.dim), float32)
    return DenseItems(np.array(found, int64), stacked, len(items) - len(found))


@dataclass(frozen=True)
class KnownRows:
    """The rows that a file holds, by key; `encoder`: the name of the one that made those that are asked for."""

    encoder: str
    rows: dict[str, NDArray[float32]]

    def row(self, item: Item) -> NDArray[float32] | None:
        """(dim,) of an item; None where the file does not hold it."""
        return self.rows.get(_key(self.encoder, item)) if self.rows else None


def known_rows(file: Path, encoder: "DenseEncoder") -> KnownRows:
    """What `dense_items` kept in a file; nothing where it is not there, is damaged or of other vectors."""
    return KnownRows(encoder.name, _read(file, encoder.dim))


def encoded(encoder: "DenseEncoder", items: Sequence[Item]) -> dict[int, NDArray[float32]]:
    """{id: row (dim,)} of the items that can be read, from their files and captions."""
    texts = {item.id: item.caption or "" for item in items if item.kind == "caption"}
    pictures = {}
    for item in items:
        if item.kind == "image":
            try:
                pictures[item.id] = working_copy(open_image(item.path))
            except ImageError as error:
                log.info("left out of dense search: %s", error)
    rows: dict[int, NDArray[float32]] = {}
    if texts:
        rows |= dict(zip(texts, encoder.encode_texts(list(texts.values())), strict=True))
    if pictures:
        rows |= dict(zip(pictures, encoder.encode_images(list(pictures.values())), strict=True))
    return rows


def _key(encoder: str, item: Item) -> str:
    caption = item.caption if item.kind == "caption" else None
    return hashlib.sha256(repr((encoder, item.kind, item.content_hash, caption)).encode()).hexdigest()[:32]


def _read(file: Path, dim: int) -> dict[str, NDArray[float32]]:
    """Rows by key; nothing where the file is not there, is damaged or of other vectors: they are made anew."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            keys: Sequence[str] = stored["keys"].tolist()
            rows = stored["rows"]
        if rows.dtype != float32 or rows.shape != (len(keys), dim):
            return {}
        return dict(zip(keys, rows, strict=True))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        log.warning("the dense vectors in %s cannot be read (%s); they are made anew", file, error)
        return {}


def _write(file: Path, held: dict[str, NDArray[float32]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)

    def write(part: Path) -> None:
        with part.open("wb") as stream:
            np.savez(stream, keys=np.array(list(held)), rows=np.stack(list(held.values())))

    write_whole(file, write)
