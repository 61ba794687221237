"""Makes a collection of another head from an existing one: the same items, weighed anew from their dense vectors.

The existing collection stays as it is. Knows no training and nothing of how it is shown.
"""

import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from core.data.dense_items import dense_file, dense_items
from core.library.written_words import WrittenWords
from index_store.folder.collection import Collection
from index_store.items import Item, NewItem, again
from index_store.progress import Progress, ShouldStop, never, silent
from index_store.store import Store

if TYPE_CHECKING:
    from core.models.model import Model

BATCH = 256  # items a commit; a head weighs them in no time
KINDS = ("image", "caption")


@dataclass(frozen=True)
class Carried:
    """What `carry_over` did, in items.

    `missing`: not added, as their pictures cannot be read. `cancelled`: it was stopped early.
    """

    added: int = 0
    missing: int = 0
    cancelled: bool = False


def carry_over(
    model: "Model",
    source: Store,
    path: Path,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> Carried:
    """Makes the collection in the folder `path`, or adds to it, of what `source` holds, with the vectors of `model`.

    Both must have the same encoder. Dense vectors that `source` keeps, or that were made before, are not made again,
    and the new collection keeps them where `source` does. Captions weigh as much in it as in `source`. Items that it
    holds already stay as they are; nothing is ever taken out of it. What was added before a stop stays.
    """
    file, missing = dense_file(source), 0
    rows: dict[int, NDArray[float32]] = {}
    for kind in KINDS:
        dense = dense_items(model.encoder, source, file, kind=kind, progress=progress, should_stop=should_stop)
        if dense is None:
            return Carried(cancelled=True)
        rows |= dense.by_id()
        missing += dense.missing
    added = 0
    with _opened(model, path) as target:
        if source.dense_size is not None:
            target.keep_dense(model.encoder.dim)
        if source.caption_weight is not None:
            target.weigh_captions(source.caption_weight)
        words = _written_words(model, source)
        held = {_identity(item) for item in target.all_items()}
        lacking = [item for item in source.all_items() if item.id in rows and _identity(item) not in held]
        for start in range(0, len(lacking), BATCH):
            if should_stop():
                return Carried(added, missing, True)
            part = lacking[start : start + BATCH]
            target.add(_weighed(model, part, rows, words))
            added += len(part)
            progress(added, len(lacking), "Weighing the items")
        if file.exists():  # so that Compare need not encode the pictures again
            shutil.copyfile(file, dense_file(target))
    return Carried(added, missing)


def _opened(model: "Model", path: Path) -> Collection:
    terms = model.vocabulary.terms
    if Collection.exists(path):
        return Collection.open(path, model=model.name, vocabulary=terms, writable=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    return Collection.create(path, model=model.name, vocabulary=terms, precision=model.precision)


def _identity(item: Item) -> tuple[str, str, str, str | None]:
    return item.kind, item.path, item.content_hash, item.caption if item.kind == "caption" else None


def _written_words(model: "Model", source: Store) -> WrittenWords:
    captions: dict[str, list[str]] = defaultdict(list)
    for item in source.all_items(kind="caption"):
        captions[item.path].append(item.caption or "")
    return WrittenWords(model, source.caption_weight or 0.0, lambda path: captions.get(path, []))


def _weighed(
    model: "Model", items: list[Item], rows: dict[int, NDArray[float32]], words: WrittenWords
) -> list[NewItem]:
    vectors = model.project(np.stack([rows[item.id] for item in items]))
    return words.weigh([again(item, vector, rows[item.id]) for item, vector in zip(items, vectors, strict=True)])
