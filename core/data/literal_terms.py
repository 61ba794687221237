"""Literal terms: which terms of a vocabulary captions speak, as sparse matrices; knows no vectors and no training."""

from collections.abc import Sequence

import numpy as np
from numpy import int64
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.vocabulary import Vocabulary


def literal_terms(captions: Sequence[str], vocabulary: Vocabulary, *, marks: bool = False) -> csr_array:
    """(m, |V|) bool: the terms that each of the m captions speaks.

    `marks`: BERT's marks count as spoken, too: [CLS] and [SEP] by every caption, [UNK] by one with an unknown word.
    """
    rows = [vocabulary.literal_ids(caption, marks=marks) for caption in captions]
    starts = np.cumsum([0, *map(len, rows)])
    ids = np.fromiter((i for row in rows for i in row), np.int32, int(starts[-1]))
    return csr_array((np.ones(len(ids), bool), ids, starts), shape=(len(rows), len(vocabulary)))


def image_literal_terms(literal: csr_array, image_of_text: NDArray[int64], n_images: int) -> csr_array:
    """(n_images, |V|) bool: the terms that any caption of each image speaks.

    `literal` (m, |V|) bool: the terms of each caption; `image_of_text` (m,): the row of each caption's image.
    """
    m = len(image_of_text)
    own = csr_array((np.ones(m, np.int32), (image_of_text, np.arange(m))), shape=(n_images, m))
    return (own @ literal.astype(np.int32)).astype(bool)
