"""How far the sparse scores order items as the dense ones do."""

import numpy as np
from numpy import float64
from numpy.typing import NDArray
from scipy.stats import kendalltau


def kendall_tau(scores: NDArray[float64], dense: NDArray[float64]) -> NDArray[float64]:
    """(b,) Kendall's tau-b (Kendall 1945: corrected for ties) of each row of scores (b, n) with the dense row.

    Over all n items; NaN where all scores of a row are equal.
    """
    return np.array([kendalltau(row, other).statistic for row, other in zip(scores, dense, strict=True)])


def pearson(scores: NDArray[float64], dense: NDArray[float64]) -> NDArray[float64]:
    """(b,) Pearson's correlation of each row of scores (b, n) with the dense row; NaN where a row is constant."""
    x, y = (rows - rows.mean(1, keepdims=True) for rows in (scores, dense))
    scale = np.sqrt((x * x).sum(1) * (y * y).sum(1))
    return np.divide((x * y).sum(1), scale, out=np.full(len(x), np.nan), where=scale > 0)
