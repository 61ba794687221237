"""Why an item scored what it scored: one contribution for each shared term; must not know collections or models."""

from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from index_store.vectors import SparseVector

TermKind = Literal["literal", "expansion"]
ContributionKind = Literal["literal", "expansion", "whole"]
Source = Literal["seen", "written", "both"]
WHOLE = {"image": "the whole picture", "caption": "the whole caption"}  # what stands in a term's place, by kind of item


@dataclass(frozen=True)
class QueryTerm:
    """A term of a query. `weight`: as searched with, 0 when switched off, < 0 when against an item.

    `kind`: literal if the person spoke or added it, expansion if the model did. `unedited`: the weight that it would
    have without weights by hand. `edited`: a person gave it its weight. `marked`: what marked items add to it, or take.
    """

    term: str
    weight: float
    kind: TermKind
    unedited: float = 0.0
    edited: bool = False
    marked: float = 0.0

    def to_json(self) -> dict[str, object]:
        """The keys `term`, `weight`, `kind`."""
        return {"term": self.term, "weight": self.weight, "kind": self.kind}


@dataclass(frozen=True)
class Contribution:
    """What one shared term adds to a score: `contribution` = `query_weight` × `item_weight`; < 0 when against.

    Of kind "whole": what the comparison of two dense vectors adds, weight × cosine; `term` is one of WHOLE.
    `written`: the part of `contribution` that comes from what is written of the item, a picture's captions and keywords
    or a caption's own text; the rest, `seen`, comes from the picture.
    """

    term: str
    query_weight: float
    item_weight: float
    contribution: float
    kind: ContributionKind
    written: float = 0.0

    @property
    def seen(self) -> float:
        """The part of `contribution` that comes from the picture."""
        return self.contribution - self.written

    @property
    def source(self) -> Source:
        """Where it comes from."""
        return "seen" if not self.written else "both" if self.seen else "written"

    def to_json(self) -> dict[str, object]:
        """The keys `term`, `query_weight`, `item_weight`, `contribution`, `kind`, `source`, `seen`, `written`."""
        return {
            "term": self.term,
            "query_weight": self.query_weight,
            "item_weight": self.item_weight,
            "contribution": self.contribution,
            "kind": self.kind,
            "source": self.source,
            "seen": self.seen,
            "written": self.written,
        }


@dataclass(frozen=True)
class Difference:
    """What one term gives to two items' scores; `difference` = `first` - `second`."""

    term: str
    first: float
    second: float
    difference: float
    kind: ContributionKind

    def to_json(self) -> dict[str, object]:
        """The keys `term`, `first`, `second`, `difference`, `kind`."""
        return asdict(self)


def query_terms(vector: SparseVector, terms: Sequence[str], literal: Ids[int]) -> tuple[QueryTerm, ...]:
    """The terms of an unedited query vector, heaviest first (ties: smaller id first).

    `terms` names the ids; `literal` holds the ids of literal terms.
    """
    pairs = zip(vector.terms.tolist(), vector.weights.tolist(), strict=True)
    heaviest = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    return tuple(QueryTerm(terms[term], weight, _kind(term, literal), weight) for term, weight in heaviest)


def contributions(
    query: SparseVector,
    item: SparseVector,
    terms: Sequence[str],
    literal: Ids[int],
    against: SparseVector | None = None,
    seen: SparseVector | None = None,
) -> tuple[Contribution, ...]:
    """One contribution for each term that query and item share, largest first (ties: smaller id first).

    They sum to `query.dot(item)` up to rounding (1e-5 relative), because the score is nothing but this sum. Terms of
    `against` take away what they share with the item: the sum is then `query.dot(item) - against.dot(item)`.
    `terms` names the ids; `literal` holds the ids of literal terms. `seen`: the part of `item` that comes from the
    picture, all of it where None; what lies above was written.
    """
    part = None if seen is None else dict(zip(seen.terms.tolist(), seen.weights.tolist(), strict=True))
    rows = []
    for vector, sign in ((query, 1.0), (against, -1.0)):
        if vector is not None:
            shared, query_weights, item_weights = vector.intersection(item)
            for term, mine, theirs in zip(shared.tolist(), query_weights.tolist(), item_weights.tolist(), strict=True):
                weight, above = sign * mine, 0.0 if part is None else theirs - part.get(term, 0.0)
                written = weight * above if above else 0.0
                kind = _kind(term, literal)
                rows.append(Contribution(terms[term], weight, theirs, weight * theirs, kind, written))
    return tuple(sorted(rows, key=lambda row: -row.contribution))


def with_whole(rows: Sequence[Contribution], weight: float, cosine: float, kind: str) -> tuple[Contribution, ...]:
    """Contributions with that of the whole item, whose `kind` is "image" or "caption", largest first."""
    adds = weight * cosine
    whole = Contribution(WHOLE[kind], weight, cosine, adds, "whole", adds if kind == "caption" else 0.0)
    return tuple(sorted((whole, *rows), key=lambda row: -row.contribution))


def differences(first: Sequence[Contribution], second: Sequence[Contribution]) -> tuple[Difference, ...]:
    """What each term gives to the first item's score and to the second's, the greatest difference first.

    The differences sum to the difference of the two scores.
    """
    mine, theirs = ({row.term: row.contribution for row in rows} for rows in (first, second))
    kinds = {row.term: row.kind for row in (*first, *second)}
    rows = [
        Difference(term, mine.get(term, 0.0), theirs.get(term, 0.0), mine.get(term, 0.0) - theirs.get(term, 0.0), kind)
        for term, kind in kinds.items()
    ]
    return tuple(sorted(rows, key=lambda row: -abs(row.difference)))


def _kind(term: int, literal: Ids[int]) -> TermKind:
    return "literal" if term in literal else "expansion"
