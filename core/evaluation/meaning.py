"""Whether terms mean what the input means: the measures of semantic deviation; knows weights and word vectors."""

from collections.abc import Sequence, Set

import numpy as np
from numpy import bool_, float32, float64, int64
from numpy.typing import NDArray


def exact_at(weights: NDArray[float32], literal: NDArray[bool_], k: int = 20) -> float:
    """Exact@k, 0..1 (paper, section 4): the share of a caption's literal terms among its k strongest; a mean.

    weights (n, |V|) >= 0, literal (n, |V|) bool. Terms of weight 0 are never among the strongest; captions that speak
    no term are left out.
    """
    return float(np.nanmean(exact_rows(weights, literal, k)))


def exact_rows(weights: NDArray[float32], literal: NDArray[bool_], k: int = 20) -> NDArray[float64]:
    """(n,) Exact@k of each caption, NaN for one that speaks no term."""
    top = strongest(weights, k)
    hit = np.take_along_axis(literal, top, 1) & (np.take_along_axis(weights, top, 1) > 0)
    own = literal.sum(1)
    return np.divide(hit.sum(1), own, out=np.full(len(own), np.nan), where=own > 0)


def semantic_rows(
    weights: NDArray[float32], literal: NDArray[bool_], vectors: NDArray[float32], k: int = 20
) -> NDArray[float64]:
    """(n,) Semantic@k (paper, section 4): how close a caption's k strongest terms are to the words it says.

    It is the mean over those terms of the greatest cosine with a literal term. `vectors` (|V|, d): rows of unit length,
    or of zeros for a term without a vector, which is left out. NaN where no lit or no literal term has a vector.
    """
    known: NDArray[bool_] = (vectors != 0).any(axis=1)
    found = np.full(len(weights), np.nan)
    for i, top in enumerate(strongest(weights, k)):
        lit = top[(weights[i, top] > 0) & known[top]]
        own = np.flatnonzero(literal[i] & known)
        if len(lit) and len(own):
            found[i] = (vectors[lit] @ vectors[own].T).max(1).mean()
    return found


def strongest(weights: NDArray[float32], k: int) -> NDArray[int64]:
    """(n, k) ids of the terms with the k greatest weights of each row (n, |V|), in no order."""
    k = min(k, weights.shape[1])
    return np.argpartition(-weights, k - 1, axis=1)[:, :k]


def term_precision(
    weights: NDArray[float32], terms: Sequence[str], judged: Set[str], true: Sequence[Set[str]], k: int = 5
) -> float:
    """The share, 0..1, of each row's k strongest judged terms that are true of it, pooled over rows.

    weights (n, |V|); `terms`: the vocabulary; `judged`: the terms that can be judged (nouns and colours, say); `true`:
    those that are true of each row. A row that lights fewer than k judged terms counts with those it lights.
    """
    ids = np.array([i for i, term in enumerate(terms) if term in judged])
    kept = weights[:, ids]
    right = total = 0
    for row, truth in zip(kept, true, strict=True):
        strongest = [i for i in np.argsort(-row, kind="stable")[:k] if row[i] > 0]
        right += sum(terms[ids[i]] in truth for i in strongest)
        total += len(strongest)
    return right / total if total else 0.0
