"""Says why an item scored what it scored: one contribution a shared term; must not know collections or models."""

from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from index_store.vectors import SparseVector

TermKind = Literal["literal", "expansion"]


@dataclass(frozen=True)
class SearchTerm:
    """A term of the query as it was searched with: its weight (< 0 when against) and whether the person said it."""

    term: str
    weight: float
    kind: TermKind

    def to_json(self) -> dict[str, object]:
        """The keys `term`, `weight`, `kind`."""
        return asdict(self)


@dataclass(frozen=True)
class Contribution:
    """What one shared term adds to a score: `contribution` = `query_weight` × `item_weight`; < 0 when against."""

    term: str
    query_weight: float
    item_weight: float
    contribution: float
    kind: TermKind

    def to_json(self) -> dict[str, object]:
        """The keys `term`, `query_weight`, `item_weight`, `contribution`, `kind`."""
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """What one term gives to two items' scores; `difference` = `first` - `second`."""

    term: str
    first: float
    second: float
    difference: float
    kind: TermKind

    def to_json(self) -> dict[str, object]:
        """The keys `term`, `first`, `second`, `difference`, `kind`."""
        return asdict(self)


def query_terms(query: SparseVector, terms: Sequence[str], literal: Ids[int]) -> tuple[SearchTerm, ...]:
    """The terms of a query vector, heaviest first (ties by id); `terms` names ids, `literal` holds the spoken ids."""
    pairs = sorted(zip(query.terms.tolist(), query.weights.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return tuple(SearchTerm(terms[term], weight, _kind(term, literal)) for term, weight in pairs)


def contributions(
    query: SparseVector,
    item: SparseVector,
    terms: Sequence[str],
    literal: Ids[int],
    against: SparseVector | None = None,
) -> tuple[Contribution, ...]:
    """One contribution for each term that query and item share, largest first (ties by id).

    They sum to `query.dot(item)` up to rounding (1e-5 relative), because the score is nothing but this sum. Terms of
    `against` take away what they share with the item: the sum is then `query.dot(item) - against.dot(item)`.
    """
    rows = []
    for vector, sign in ((query, 1.0), (against, -1.0)):
        if vector is not None:
            shared, query_weights, item_weights = vector.intersection(item)
            rows += [
                Contribution(terms[term], sign * mine, theirs, sign * mine * theirs, _kind(term, literal))
                for term, mine, theirs in zip(
                    shared.tolist(), query_weights.tolist(), item_weights.tolist(), strict=True
                )
            ]
    return tuple(sorted(rows, key=lambda row: -row.contribution))


def differences(first: Sequence[Contribution], second: Sequence[Contribution]) -> tuple[Difference, ...]:
    """Why one item scores other than another: term by term, those that made the greatest difference first.

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
