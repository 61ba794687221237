"""Whether the two stores of a collection agree, item by item and posting by posting; reads, never repairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from os.path import isfile  # False for what may not be looked at
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index_store.catalog import Row
from index_store.errors import CollectionDamaged
from index_store.postings import impacts
from index_store.postings.reader import PostingsView, decode
from index_store.vectors import SparseVector

SHOWN = 5  # ids named in one sentence
SCORES_APART = 1e-3  # two frequencies in a list differ by more, float32 by less


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
    for item, data in view.all_vectors():
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
        bare={item for item, row in known.items() if row["thumbnail"] and not isfile(folder / row["thumbnail"])},
        misfiled=(_misfiled(view, vectors) & vectors.keys() & known.keys()) - doubled,
        vectors=vectors,
    )


def _misfiled(view: PostingsView, vectors: Mapping[int, SparseVector]) -> set[int]:
    """Ids of vectors that lie under another term, band or frequency than their own, or not under one of their own.

    Every posting is looked at: for each (term, band), the ids and scores that it holds against those whose vector
    belongs there.
    """
    frequencies = view.frequencies()
    held = [impacts.impacts(vector.weights) for vector in vectors.values()]
    sizes = [len(vector) for vector in vectors.values()]
    ids = np.repeat(np.fromiter(vectors, np.int64, len(vectors)), sizes)
    terms = np.concatenate([np.zeros(0, np.int64), *(vector.terms for vector in vectors.values())])
    bands = np.concatenate([np.zeros(0, np.int64), *(one.band for one in held)])
    order = np.lexsort((ids, bands, terms))
    ids, keys, shares = ids[order], np.stack([terms, bands], 1)[order], _shares(held, sizes, view)[order]
    starts = np.flatnonzero(np.any(np.diff(keys, axis=0, prepend=np.iinfo(np.int64).min // 2) != 0, 1))
    split = zip(np.split(ids, starts[1:]), np.split(shares, starts[1:]), strict=True) if starts.size else ()
    expected = {(term, band): pair for (term, band), pair in zip(keys[starts].tolist(), split, strict=True)}
    nothing = np.zeros(0, np.int64), np.zeros(0)
    wrong: set[int] = set()
    for term, band in expected.keys() | frequencies.keys():
        mine, should = expected.get((term, band), nothing)
        theirs, does = view.holding(term, band, frequencies.get((term, band), 0) + 1)
        if not np.array_equal(mine, theirs):
            wrong.update(np.setxor1d(mine, theirs).tolist())
        elif does is not None:
            wrong.update(mine[~np.isclose(does, should, rtol=SCORES_APART)].tolist())
    return wrong


def _shares(held: Sequence[impacts.Impacts], sizes: Sequence[int], view: PostingsView) -> NDArray[np.float64]:
    """What f / (f + K) should be for every posting."""
    lengths = np.repeat(np.array([one.length for one in held], np.float64), sizes)
    saturated = impacts.saturation(impacts.rounded(lengths), view.average_length())
    frequency = np.concatenate([np.zeros(0, np.int64), *(one.frequency for one in held)])
    return frequency / (frequency + saturated)


def _report(found: list[str], what: str, ids: Iterable[int]) -> None:
    some = sorted(ids)
    if some:
        more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
        found.append(f"{what}: {', '.join(map(str, some[:SHOWN]))}{more}.")
