"""Whether terms mean what the input means: the measures of semantic deviation."""

from collections.abc import Sequence, Set

import numpy as np
from numpy import bool_, float32
from numpy.typing import NDArray


def exact_at(weights: NDArray[float32], literal: NDArray[bool_], k: int = 20) -> float:
    """Exact@k (paper, section 4): the share of a caption's own terms among its k strongest, mean over captions.

    weights (n, |V|) >= 0, literal (n, |V|). Terms of weight 0 are never among the strongest; captions that speak no
    term are left out.
    """
    k = min(k, weights.shape[1])
    top = np.argpartition(-weights, k - 1, axis=1)[:, :k]  # (n, k)
    hit = np.take_along_axis(literal, top, 1) & (np.take_along_axis(weights, top, 1) > 0)
    own = literal.sum(1)
    spoken = own > 0
    return float((hit.sum(1)[spoken] / own[spoken]).mean())


def term_precision(
    weights: NDArray[float32], terms: Sequence[str], judged: Set[str], true: Sequence[Set[str]], k: int = 5
) -> float:
    """The share of each row's k strongest judged terms that are true of it, pooled over rows.

    `judged`: the terms that can be judged (nouns and colours, say); `true`: the true ones of each row. A row that
    lights fewer than k judged terms counts with those it lights.
    """
    ids = np.array([i for i, term in enumerate(terms) if term in judged])
    kept = weights[:, ids]
    right = total = 0
    for row, truth in zip(kept, true, strict=True):
        strongest = [i for i in np.argsort(-row, kind="stable")[:k] if row[i] > 0]
        right += sum(terms[ids[i]] in truth for i in strongest)
        total += len(strongest)
    return right / total if total else 0.0
