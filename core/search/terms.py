"""What one term means in a collection: how often and how heavily it is lit, where most, and beside which others."""

import math
from collections import Counter
from dataclasses import asdict, dataclass

import numpy as np

from core.search.search import undisturbed
from index_store.items import Hit, Item
from index_store.store import Store
from index_store.vectors import SparseVector

LOOKED_AT = 2_000  # strongest items: enough for a histogram and for companions, and a fraction of a second
BARS = 12
LEAST = 3  # items that two terms must share before anything is said of them


@dataclass(frozen=True)
class Companion:
    """A term that fires together with another: in how many items, and how many times as often as by chance."""

    term: str
    items: int
    lift: float


@dataclass(frozen=True)
class TermProfile:
    """One term of a collection's vocabulary.

    `frequency`: items that have it, of `of`. `edges` (b + 1,) and `counts` (b,): histogram of its weights. `strongest`:
    (item, weight), heaviest first. `companions`: most telling first. `looked_at`: the heaviest items that histogram and
    companions come from; all of them unless fewer than `frequency`.
    """

    term: str
    frequency: int
    of: int
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    strongest: tuple[tuple[Item, float], ...]
    companions: tuple[Companion, ...]
    looked_at: int

    def to_json(self) -> dict[str, object]:
        """Everything but the items' thumbnails and files."""
        return {
            "term": self.term,
            "frequency": self.frequency,
            "of": self.of,
            "histogram": {"edges": list(self.edges), "counts": list(self.counts)},
            "strongest": [
                {"id": item.id, "caption": item.caption, "weight": weight} for item, weight in self.strongest
            ],
            "companions": [asdict(row) for row in self.companions],
            "looked_at": self.looked_at,
        }


def profile(collection: Store, term: int, strongest: int = 12, companions: int = 16) -> TermProfile:
    """The profile of the term with this id. Raises ItemNotFound when items vanish again and again while it looks."""
    alone = SparseVector.from_pairs({term: 1.0})  # with it as the question, the score is the item's weight

    def look() -> tuple[tuple[Hit, ...], list[SparseVector], list[Item]]:
        hits = collection.search(alone, LOOKED_AT).hits
        ids = [hit.id for hit in hits]
        return hits, collection.vectors(ids), collection.items(ids[:strongest])

    hits, vectors, items = undisturbed(look)
    frequencies, of = collection.document_frequencies(), len(collection)
    weights = np.array([hit.score for hit in hits])
    counts, edges = np.histogram(weights, bins=BARS, range=(0.0, float(weights.max()))) if len(weights) else ((), ())
    together = Counter(other for vector in vectors for other in vector.terms.tolist() if other != term)
    found = [
        Companion(collection.vocabulary[other], shared, (shared / len(hits)) / (frequencies[other] / of))
        for other, shared in together.items()
        if shared >= LEAST and other in frequencies
    ]
    # how much better than chance, weighed by how often: a rare pair says little, however surprising
    found.sort(key=lambda row: (-row.items * math.log(row.lift), row.term))
    return TermProfile(
        term=collection.vocabulary[term],
        frequency=frequencies.get(term, 0),
        of=of,
        edges=tuple(map(float, edges)),
        counts=tuple(map(int, counts)),
        strongest=tuple((item, hit.score) for item, hit in zip(items, hits, strict=False)),
        companions=tuple(row for row in found[:companions] if row.lift > 1),
        looked_at=len(hits),
    )
