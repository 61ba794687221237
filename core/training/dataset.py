"""What a head learns from besides dense vectors: the terms that captions speak, gathered by image; sparse matrices."""

import numpy as np
from numpy import int64
from numpy.typing import NDArray
from scipy.sparse import csr_array


def image_words(spoken: csr_array, image_of_text: NDArray[int64], n_images: int) -> csr_array:
    """(n_images, |V|) bool: the union of the terms that an image's captions speak; `spoken` (m, |V|) bool."""
    m = len(image_of_text)
    own = csr_array((np.ones(m, np.int32), (image_of_text, np.arange(m))), shape=(n_images, m))
    return (own @ spoken.astype(np.int32)).astype(bool)
