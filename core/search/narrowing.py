"""Which terms would narrow an answer: those that tell its best results apart; knows no collection and no page."""

from collections.abc import Collection as Ids
from collections.abc import Sequence

import numpy as np

from index_store.vectors import SparseVector

LOOKED_AT = 24  # of the best results: what a person sees


def narrowing_terms(results: Sequence[SparseVector], asked: Ids[int], count: int = 6) -> list[int]:
    """The `count` terms, not `asked` for already, that split the results best, best first.

    A term that a share p of the results has, with mean weight w there, splits them by p (1 - p) w: most where half of
    them have it, and have it clearly. One that all results have, or only one of many, is no question worth asking.
    """
    if len(results) < 3:
        return []
    terms = np.concatenate([vector.terms for vector in results])
    weights = np.concatenate([vector.weights for vector in results])
    known, where = np.unique(terms, return_inverse=True)
    having = np.bincount(where)  # (terms,) results that have each
    share, mean = having / len(results), np.bincount(where, weights) / np.maximum(having, 1)
    split = np.where((having > 1) & (having < len(results)), share * (1 - share) * mean, 0.0)
    split[np.isin(known, np.fromiter(asked, np.int64, len(asked)))] = 0.0
    order = np.lexsort((known, -split))[:count]
    return [int(known[i]) for i in order if split[i] > 0]
