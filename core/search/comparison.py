"""Two rankings of one question side by side: how much they share and how alike they order it; knows no models."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True)
class Ranked:
    """A place of a ranking: an item's id and its score there."""

    id: int
    score: float


@dataclass(frozen=True)
class Comparison:
    """`first`, `second`: rankings, best first. `overlap`: the share (0..1) of the longer one that both hold.

    `kendall_tau` (-1..1) of the items that both hold, None with fewer than two.
    """

    first: tuple[Ranked, ...]
    second: tuple[Ranked, ...]
    overlap: float
    kendall_tau: float | None

    @property
    def lines(self) -> list[tuple[int, int]]:
        """(place in the first, place in the second) of every shared item, from 0."""
        places = {row.id: place for place, row in enumerate(self.second)}
        return [(place, places[row.id]) for place, row in enumerate(self.first) if row.id in places]


def compare(first: Sequence[Ranked], second: Sequence[Ranked]) -> Comparison:
    """Lays two rankings side by side."""
    shared = Comparison(tuple(first), tuple(second), 0.0, None).lines
    longest = max(len(first), len(second))
    overlap = len(shared) / longest if longest else 0.0
    return Comparison(tuple(first), tuple(second), overlap, kendall_tau([after for _, after in shared]))


def kendall_tau(places: Sequence[int]) -> float | None:
    """Kendall's τ of a permutation with its sorted order: (pairs in order - pairs out of order) / pairs."""
    pairs = list(combinations(places, 2))
    if not pairs:
        return None
    return sum(1 if one < other else -1 for one, other in pairs) / len(pairs)
