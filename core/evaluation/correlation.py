"""How far sparse scores order items as the dense ones do; knows scores only."""

from dataclasses import dataclass

import numpy as np
from numpy import float64
from numpy.typing import NDArray
from scipy.stats import kendalltau


def kendall_tau(scores: NDArray[float64], dense: NDArray[float64]) -> NDArray[float64]:
    """(b,) Kendall's tau-b (Kendall 1945: corrected for ties) of each row of scores (b, n) with that of dense (b, n).

    It is taken over all n items, and NaN where all scores of a row are equal.
    """
    return np.array([kendalltau(row, other).statistic for row, other in zip(scores, dense, strict=True)])


def pearson(scores: NDArray[float64], dense: NDArray[float64]) -> NDArray[float64]:
    """(b,) Pearson's correlation of each row of scores (b, n) with the row of dense (b, n); NaN for a constant row."""
    x, y = (rows - rows.mean(1, keepdims=True) for rows in (scores, dense))
    scale = np.sqrt((x * x).sum(1) * (y * y).sum(1))
    return np.divide((x * y).sum(1), scale, out=np.full(len(x), np.nan), where=scale > 0)


@dataclass(frozen=True)
class TopTau:
    """Kendall's tau-b over the items that are in both top lists, and its p-value, (b,) each; NaN for fewer than two."""

    tau: NDArray[float64]
    p_value: NDArray[float64]


def top_tau(scores: NDArray[float64], dense: NDArray[float64], depth: int = 10) -> TopTau:
    """Kendall's tau as the published code has it (utils.py): over the items in both first `depth` ranks alone.

    scores, dense (b, n). Items beyond these ranks, and items that only one side ranks that high, do not count.
    """
    taus = []
    for row, other in zip(scores, dense, strict=True):
        first, second = (np.argsort(-each, kind="stable")[:depth] for each in (row, other))
        both = np.intersect1d(first, second)
        found = kendalltau(row[both], other[both]) if len(both) > 1 else None
        taus.append((found.statistic, found.pvalue) if found is not None else (np.nan, np.nan))
    columns = np.array(taus).reshape(-1, 2)
    return TopTau(columns[:, 0], columns[:, 1])
