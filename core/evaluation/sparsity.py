"""How many terms vectors light, which they share, and what a query costs an index; knows weights only."""

import numpy as np
from numpy import float32, float64, int64
from numpy.typing import NDArray


def mean_terms(weights: NDArray[float32]) -> float:
    """Mean number of non-zero terms a row of weights (n, |V|)."""
    return float((weights > 0).sum(1).mean())


def flops(queries: NDArray[float32], items: NDArray[float32]) -> float:
    """Mean number of term products a query-item pair costs (Paria et al. 2020; paper, section 4).

    queries (m, |V|) and items (n, |V|): weights. It is the sum over terms of P(term is lit in a query) × P(term is lit
    in an item).
    """
    return flops_of((queries > 0).sum(0), len(queries), (items > 0).sum(0), len(items))


def flops_of(query_postings: NDArray[int64], n_queries: int, item_postings: NDArray[int64], n_items: int) -> float:
    """`flops` from posting lengths: (|V|,) how many of the queries and of the items light each term."""
    return float((query_postings / n_queries * (item_postings / n_items)).sum())


def coactivation(queries: NDArray[float32], item_postings: NDArray[int64], n_items: int) -> NDArray[float64]:
    """(b,) for each query (b, |V|) the share of its terms that a random item lights too; NaN for a query without terms.

    Dimension co-activation (paper, section 3.3) as a share, 0..1: the mean over all items of |query ∩ item| / |query|.
    Near 1, every query visits nearly every item in all its terms, and an inverted index saves nothing.
    """
    lit = queries > 0
    terms = lit.sum(1)
    return np.divide(lit @ (item_postings / n_items), terms, out=np.full(len(queries), np.nan), where=terms > 0)


def shared_dimensions(query_postings: NDArray[int64], item_postings: NDArray[int64]) -> float:
    """Jaccard similarity, 0..1, of the set of terms that any query lights and the set that any item lights.

    query_postings, item_postings (|V|,): how many queries and how many items light each term.
    """
    either = ((query_postings > 0) | (item_postings > 0)).sum()
    return float(((query_postings > 0) & (item_postings > 0)).sum() / either) if either else 0.0


def gini(postings: NDArray[int64]) -> float:
    """Gini coefficient of the lengths of the non-empty postings: 0 when all are equal, towards 1 when few hold all.

    Half the mean absolute difference of two lengths, divided by the mean length (Gini 1912).
    """
    lengths = np.sort(postings[postings > 0]).astype(float64)
    n = len(lengths)
    if not n:
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ lengths / (n * lengths.sum()))
