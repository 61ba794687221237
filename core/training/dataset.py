"""What a head learns from besides dense vectors: the terms that captions speak, as matrices."""

from collections.abc import Sequence

import torch
from numpy import bool_
from numpy.typing import NDArray
from torch import Tensor

from core.spoken import spoken_terms
from core.vocabulary import Vocabulary


def literal_matrix(captions: Sequence[str], vocabulary: Vocabulary) -> NDArray[bool_]:
    """(n, |V|): which terms each caption speaks."""
    matrix: NDArray[bool_] = spoken_terms(captions, vocabulary).toarray()
    return matrix


def image_words(literal: Tensor, image_of_text: Tensor, n_images: int) -> Tensor:
    """(n_images, |V|) bool: the union of the terms that an image's captions speak."""
    counts = torch.zeros(n_images, literal.shape[1]).index_add_(0, image_of_text, literal.float())
    return counts > 0
