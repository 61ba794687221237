"""Whether the two stores of a collection agree, item by item and posting by posting; reads, never repairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from index_store import impacts
from index_store.catalog import Row
from index_store.errors import CollectionDamaged
from index_store.postings import PostingsView, decode
from index_store.vectors import SparseVector

SHOWN = 5  # ids named in one sentence


@dataclass(frozen=True)
class Findings:
    """Ids of items, by what is wrong with them; `vectors`: the stored vectors that can be read.

    `lost`: without postings. `leftover`: postings without an item. `doubled`: more than one document. `unreadable`: no
    vector can be read. `other`: the vector has another number of terms than was promised. `bare`: the thumbnail is
    gone. `misfiled`: the postings are not those of the vector.
    """

    lost: set[int]
    leftover: set[int]
    doubled: set[int]
    unreadable: set[int]
    other: set[int]
    bare: set[int]
    misfiled: set[int]
    vectors: Mapping[int, SparseVector]

    def sentences(self) -> list[str]:
        """One sentence a kind of problem; empty where all agrees."""
        found: list[str] = []
        _report(found, "Items without postings, which no search can find (add them again)", self.lost)
        _report(found, "Postings of an interrupted write (opening for writing clears them)", self.leftover)
        _report(found, "Items whose postings are there more than once", self.doubled)
        _report(found, "Items whose stored vector cannot be read", self.unreadable)
        _report(found, "Items whose stored vector has another number of terms than the catalog says", self.other)
        _report(found, "Items whose postings are not those of their stored vector", self.misfiled)
        _report(found, "Items whose thumbnail is missing", self.bare)
        return found


def findings(view: PostingsView, rows: Sequence[Row], folder: Path) -> Findings:
    """Everything that is wrong. rows: `Catalog.promises()`."""
    ids = view.all_ids()
    held, known = set(ids), {row["id"]: row for row in rows}
    vectors: dict[int, SparseVector] = {}
    unreadable = set[int]()
    for item, data in view.find(sorted(held)):
        try:
            vectors[item] = decode(item, data, folder)
        except CollectionDamaged:
            unreadable.add(item)
    doubled = {a for a, b in pairwise(ids) if a == b}
    return Findings(
        lost=known.keys() - held,
        leftover=held - known.keys(),
        doubled=doubled,
        unreadable=unreadable,
        other={item for item, vector in vectors.items() if item in known and len(vector) != known[item]["terms"]},
        bare={item for item, row in known.items() if row["thumbnail"] and not (folder / row["thumbnail"]).is_file()},
        misfiled=(_misfiled(view, vectors) & vectors.keys() & known.keys()) - doubled,
        vectors=vectors,
    )


def _misfiled(view: PostingsView, vectors: Mapping[int, SparseVector]) -> set[int]:
    """Ids of vectors that lie under another term or level than their own, or not under one of their own.

    Every posting is looked at: for each (term, level), the ids that hold it against those whose vector has it.
    """
    frequencies = view.token_frequencies()
    ids = np.repeat(np.fromiter(vectors, np.int64, len(vectors)), [len(vector) for vector in vectors.values()])
    terms = np.concatenate([np.zeros(0, np.int64), *(vector.terms for vector in vectors.values())])
    weights = np.concatenate([np.zeros(0, np.float32), *(vector.weights for vector in vectors.values())])
    keys = np.stack([terms, impacts.levels(weights)], 1)  # (postings, 2)
    order = np.lexsort((ids, keys[:, 1], keys[:, 0]))
    ids, keys = ids[order], keys[order]
    starts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=-1) != 0, 1))
    expected = {
        (term, level): some
        for (term, level), some in zip(keys[starts].tolist(), np.split(ids, starts[1:]), strict=starts.size > 0)
    }
    wrong: set[int] = set()
    for term, level in expected.keys() | frequencies.keys():
        mine = expected.get((term, level), np.zeros(0, np.int64))
        theirs = view.holding(term, level, frequencies.get((term, level), 0) + 1)
        if not np.array_equal(mine, theirs):
            wrong.update(np.setxor1d(mine, theirs).tolist())
    return wrong


def _report(found: list[str], what: str, ids: Iterable[int]) -> None:
    some = sorted(ids)
    if some:
        more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
        found.append(f"{what}: {', '.join(map(str, some[:SHOWN]))}{more}.")
