"""What a head learns from besides dense vectors: the terms that captions speak, as matrices."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy import bool_
from numpy.typing import NDArray
from torch import Tensor

from core.dense import DenseDataset
from core.vocabulary import Vocabulary

__all__ = ["DenseDataset", "image_words", "literal_matrix"]


def literal_matrix(captions: Sequence[str], vocabulary: Vocabulary) -> NDArray[bool_]:
    """(n, |V|): which terms each caption speaks."""
    spoken = np.zeros((len(captions), len(vocabulary)), dtype=bool)
    for row, caption in zip(spoken, captions, strict=True):
        row[vocabulary.literal_ids(caption)] = True
    return spoken


def image_words(literal: Tensor, image_of_text: Tensor, n_images: int) -> Tensor:
    """(n_images, |V|) bool: the union of the terms that an image's captions speak."""
    counts = torch.zeros(n_images, literal.shape[1]).index_add_(0, image_of_text, literal.float())
    return counts > 0
