"""Which terms of a vocabulary captions speak, as a sparse matrix; knows no vectors and no training."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from core.vocabulary import Vocabulary


def spoken_terms(captions: Sequence[str], vocabulary: Vocabulary, *, marks: bool = False) -> csr_array:
    """(m, |V|) bool: which terms each caption speaks; with `marks` also those that BERT puts around and into it."""
    rows = [vocabulary.literal_ids(caption, marks=marks) for caption in captions]
    starts = np.cumsum([0, *map(len, rows)])
    ids = np.fromiter((i for row in rows for i in row), np.int32, int(starts[-1]))
    return csr_array((np.ones(len(ids), bool), ids, starts), shape=(len(rows), len(vocabulary)))
