"""How many terms vectors light, and what a query costs an index."""

from numpy import float32
from numpy.typing import NDArray


def mean_terms(weights: NDArray[float32]) -> float:
    """Mean number of non-zero terms a row of (n, |V|)."""
    return float((weights > 0).sum(1).mean())


def flops(queries: NDArray[float32], items: NDArray[float32]) -> float:
    """Mean number of term products a query-item pair costs (Paria et al. 2020; paper, section 4).

    The sum over terms of P(term is lit in a query) × P(term is lit in an item).
    """
    return float(((queries > 0).mean(0) * (items > 0).mean(0)).sum())
