"""Statistics of terms: of one term in a collection, and of those that tell the best results of an answer apart.

Must not know pages.
"""

import math
from collections import Counter
from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.search.search import reread
from index_store.items import Hit, Item
from index_store.store import Store
from index_store.vectors import SparseVector

LOOKED_AT = 2_000  # strongest items: enough for a histogram and for companions, and a fraction of a second
NARROWED = 24  # of the best results: what a person sees
BARS = 12
LEAST = 3  # items that two terms must share before they count as companions


@dataclass(frozen=True)
class Companion:
    """A term that is active together with another: in how many items, and how many times as often as by chance."""

    term: str
    items: int
    lift: float


@dataclass(frozen=True)
class TermProfile:
    """One term of a collection's vocabulary.

    `frequency`: the number of items that have it, out of `of`. `edges` (b + 1,) and `counts` (b,): the histogram of its
    weights. `strongest`: (item, weight), heaviest first. `companions`: most informative first. `looked_at`: how many of
    the heaviest items histogram and companions come from, which is all of them unless it is below `frequency`.
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
    """The profile of the term with this id. Raises ItemNotFound when items vanish again and again meanwhile."""
    alone = SparseVector.from_pairs({term: 1.0})  # with it as the query, the score is the item's weight

    def read() -> tuple[tuple[Hit, ...], list[SparseVector], list[Item]]:
        hits = collection.search(alone, LOOKED_AT).hits
        ids = [hit.id for hit in hits]
        return hits, collection.vectors(ids), collection.items(ids[:strongest])

    hits, vectors, items = reread(read)
    frequencies, of = collection.document_frequencies(), len(collection)
    weights = np.array([hit.score for hit in hits])
    counts, edges = np.histogram(weights, bins=BARS, range=(0.0, float(weights.max()))) if len(weights) else ((), ())
    together = Counter(other for vector in vectors for other in vector.terms.tolist() if other != term)
    partners = [
        Companion(collection.vocabulary[other], shared, (shared / len(hits)) / (frequencies[other] / of))
        for other, shared in together.items()
        if shared >= LEAST and other in frequencies
    ]
    # how much better than chance, weighed by how often: a rare pair says little, however surprising
    partners.sort(key=lambda row: (-row.items * math.log(row.lift), row.term))
    return TermProfile(
        term=collection.vocabulary[term],
        frequency=frequencies.get(term, 0),
        of=of,
        edges=tuple(map(float, edges)),
        counts=tuple(map(int, counts)),
        strongest=tuple((item, hit.score) for item, hit in zip(items, hits, strict=False)),
        companions=tuple(row for row in partners[:companions] if row.lift > 1),
        looked_at=len(hits),
    )


def narrowing_terms(results: Sequence[SparseVector], asked: Ids[int], count: int = 6) -> list[int]:
    """Ids of the at most `count` terms that split the results best, best first; none that is `asked` for already.

    A term that a share p of the results has, with mean weight w there, splits them by p (1 - p) w: most where half of
    them have it, and have it clearly. A term that all results have, or only one, splits nothing. Fewer than three
    results need no splitting.
    """
    if len(results) < 3:
        return []
    terms = np.concatenate([vector.terms for vector in results])
    weights = np.concatenate([vector.weights for vector in results])
    known, where = np.unique(terms, return_inverse=True)
    having = np.bincount(where)  # (terms,) results that have each
    share, mean = having / len(results), np.bincount(where, weights) / np.maximum(having, 1)
    split = np.where((having > 1) & (having < len(results)), share * (1 - share) * mean, 0.0)
    split[np.isin(known, np.fromiter(asked, np.int64, len(asked)))] = 0.0
    order = np.lexsort((known, -split))[:count]
    return [int(known[i]) for i in order if split[i] > 0]
