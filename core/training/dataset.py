"""What a head learns from: dense vectors of images and of their captions, and the terms each caption speaks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import bool_, float32, int64
from numpy.typing import NDArray
from torch import Tensor

from core.errors import DatasetError
from core.vocabulary import Vocabulary


@dataclass(frozen=True)
class DenseDataset:
    """One split: (n, dim) image rows, (m, dim) caption rows, and for each caption its image's row and its text."""

    images: NDArray[float32]
    texts: NDArray[float32]
    image_of_text: NDArray[int64]
    captions: Sequence[str]

    def __post_init__(self) -> None:
        n, m = len(self.images), len(self.texts)
        if not n or not m:
            raise DatasetError(f"The data set has {n} images and {m} captions; training and evaluation need both.")
        if self.images.shape[1] != self.texts.shape[1]:
            raise DatasetError(
                f"Image vectors have {self.images.shape[1]} dimensions and caption vectors {self.texts.shape[1]}; "
                "they must come from one encoder."
            )
        if not (len(self.image_of_text) == len(self.captions) == m) or self.image_of_text.max() >= n:
            raise DatasetError(f"The {m} caption vectors do not pair with their captions and the {n} images.")
        for name, rows in (("image", self.images), ("caption", self.texts)):
            bad = np.flatnonzero(~np.isfinite(rows).all(1))
            if len(bad):
                raise DatasetError(f"The {name} vector in row {bad[0]} holds a value that is not a finite number.")


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
