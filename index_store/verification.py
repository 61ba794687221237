"""Whether the two stores of a collection agree, item by item and posting by posting; reads, never repairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
    gone. `misfiled`: the postings as a whole are not those of the vectors.
    """

    lost: set[int]
    leftover: set[int]
    doubled: set[int]
    unreadable: set[int]
    other: set[int]
    bare: set[int]
    misfiled: bool
    vectors: Mapping[int, SparseVector]

    def sentences(self) -> list[str]:
        """One sentence a kind of problem; empty where all agrees."""
        found: list[str] = []
        _report(found, "Items without postings, which no search can find (add them again)", self.lost)
        _report(found, "Postings of an interrupted write (opening for writing clears them)", self.leftover)
        _report(found, "Items whose postings are there more than once", self.doubled)
        _report(found, "Items whose stored vector cannot be read", self.unreadable)
        _report(found, "Items whose stored vector has another number of terms than the catalog says", self.other)
        if self.misfiled:
            found.append("The postings are not those of the stored vectors; index the pictures anew.")
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
    whole = held == known.keys() and len(ids) == len(held) and not unreadable
    return Findings(
        lost=known.keys() - held,
        leftover=held - known.keys(),
        doubled={a for a, b in pairwise(ids) if a == b},
        unreadable=unreadable,
        other={item for item, vector in vectors.items() if item in known and len(vector) != known[item]["terms"]},
        bare={item for item, row in known.items() if row["thumbnail"] and not (folder / row["thumbnail"]).is_file()},
        misfiled=whole and expected_tokens(vectors.values()) != view.token_frequencies(),
        vectors=vectors,
    )


def expected_tokens(vectors: Iterable[SparseVector]) -> dict[tuple[int, int], int]:
    """{(term, level): number of vectors}: what `token_frequencies` must say of an index that holds these vectors."""
    counted: dict[tuple[int, int], int] = {}
    for vector in vectors:
        of_vector: NDArray[np.int64] = impacts.levels(vector.weights)
        for key in zip(vector.terms.tolist(), of_vector.tolist(), strict=True):
            counted[key] = counted.get(key, 0) + 1
    return counted


def _report(found: list[str], what: str, ids: Iterable[int]) -> None:
    some = sorted(ids)
    if some:
        more = f" and {len(some) - SHOWN} more" if len(some) > SHOWN else ""
        found.append(f"{what}: {', '.join(map(str, some[:SHOWN]))}{more}.")
