"""Two rankings of the same question side by side: how many items they share, and how alike they order them.

Must not know models or how items were ranked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from index_store.items import Hit


@dataclass(frozen=True)
class RankingComparison:
    """`first`, `second`: hits, best first. `overlap`: the share (0..1) of the longer list's items that both hold.

    `kendall_tau` (-1..1): of the items that both hold; None with fewer than two.
    """

    first: tuple[Hit, ...]
    second: tuple[Hit, ...]
    overlap: float
    kendall_tau: float | None

    @property
    def lines(self) -> list[tuple[int, int]]:
        """(rank in the first, rank in the second) of every shared item, from 0."""
        return _shared_ranks(self.first, self.second)


def compare(first: Sequence[Hit], second: Sequence[Hit]) -> RankingComparison:
    """Compares two rankings, each best first; either may be empty."""
    shared = _shared_ranks(first, second)
    longest = max(len(first), len(second))
    overlap = len(shared) / longest if longest else 0.0
    return RankingComparison(tuple(first), tuple(second), overlap, kendall_tau([rank for _, rank in shared]))


def kendall_tau(ranks: Sequence[int]) -> float | None:
    """Kendall's τ of a permutation with its sorted order: (pairs in order - pairs out of order) / pairs.

    None for fewer than two ranks, which form no pair.
    """
    pairs = list(combinations(ranks, 2))
    if not pairs:
        return None
    return sum(1 if one < other else -1 for one, other in pairs) / len(pairs)


def _shared_ranks(first: Sequence[Hit], second: Sequence[Hit]) -> list[tuple[int, int]]:
    ranks = {hit.id: rank for rank, hit in enumerate(second)}
    return [(rank, ranks[hit.id]) for rank, hit in enumerate(first) if hit.id in ranks]
