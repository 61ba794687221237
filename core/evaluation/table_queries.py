"""What a query table makes of captions, as the measures take it."""

from collections.abc import Sequence

import numpy as np
from numpy import float32
from scipy.sparse import csr_array

from core.models.query_table import QueryTable


def table_queries(table: QueryTable, captions: Sequence[str]) -> csr_array:
    """(m, |V|) the weights that a table gives m captions."""
    vectors = [table.look_up(caption) for caption in captions]
    starts = np.cumsum([0, *(len(vector.terms) for vector in vectors)])
    terms = np.concatenate([vector.terms for vector in vectors])
    weights = np.concatenate([vector.weights for vector in vectors]).astype(float32)
    return csr_array((weights, terms, starts), shape=(len(vectors), len(table.vocabulary)))
