"""What verifying a collection finds wrong with it, item by item, and the sentences that say so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from index_store.vectors import SparseVector

SHOWN = 5  # ids named in one sentence


@dataclass(frozen=True)
class Findings:
    """Ids of items, by what is wrong with them; `vectors`: the stored vectors that can be read, by id.

    `lost`: without postings. `leftover`: postings without an item. `doubled`: more than one document. `unreadable`: no
    vector can be read. `other`: the vector has another number of terms than was noted. `bare`: the thumbnail is gone.
    `misfiled`: the postings are not those of the vector. `not_dense`: what is kept as the dense vector is none.
    `not_seen`: what is kept as seen is no part of the vector.
    """

    lost: set[int] = field(default_factory=set)
    leftover: set[int] = field(default_factory=set)
    doubled: set[int] = field(default_factory=set)
    unreadable: set[int] = field(default_factory=set)
    other: set[int] = field(default_factory=set)
    bare: set[int] = field(default_factory=set)
    misfiled: set[int] = field(default_factory=set)
    not_dense: set[int] = field(default_factory=set)
    not_seen: set[int] = field(default_factory=set)
    vectors: Mapping[int, SparseVector] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """One sentence for each kind of problem; none where everything agrees."""
        kinds = {
            "Items without postings, which no search can find (add them again)": self.lost,
            "Postings of an interrupted write (opening for writing clears them)": self.leftover,
            "Items whose postings are there more than once": self.doubled,
            "Items whose stored vector cannot be read": self.unreadable,
            "Items whose stored vector has another number of terms than the catalog says": self.other,
            "Items whose postings are not those of their stored vector": self.misfiled,
            "Items whose thumbnail is missing": self.bare,
            "Items of which cannot be told what was seen and what written (indexing them anew can)": self.not_seen,
            "Items whose dense vector cannot be read (repairing drops it, and indexing makes it anew)": self.not_dense,
        }
        return [_sentence(problem, ids) for problem, ids in kinds.items() if ids]


def _sentence(problem: str, ids: Iterable[int]) -> str:
    ordered = sorted(ids)
    more = f" and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else ""
    return f"{problem}: {', '.join(map(str, ordered[:SHOWN]))}{more}."
