"""The rows of one training step, taken from a dense data set; knows no head and no loss."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy import int64
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor

from core.data.dense import DenseDataset
from core.data.literal_terms import image_literal_terms
from core.training.config import TrainingConfig
from core.training.losses import hubness, own_pairs

SOME = 1000  # texts, and images, by which the cost of a head is told after an epoch
ANYBODY = 4096  # texts, and images, that hubness is measured by: a tenth of a step's time, and more change it little


@dataclass(frozen=True)
class Batch:
    """The rows of one step: texts (b, dim), their literal terms (b, |V|) bool, their images (b, dim).

    `words` (b, |V|) bool: the terms that any caption of each image speaks; None where nobody asks for them (only the
    anchor does). `pairs` (b, b): which image is each text's own (`losses.own_pairs`); None: the one of its row.
    Head and teacher see the same texts and images, blurred or not.
    `hubness`: of the texts and of the images, (b,) each (`losses.hubness`); None where the teacher takes none off.
    """

    texts: Tensor
    literal: Tensor
    images: Tensor
    words: Tensor | None = None
    pairs: Tensor | None = None
    hubness: tuple[Tensor, Tensor] | None = None

    def dense_scores(self, hubness: float = 0.0) -> Tensor:
        """(b texts, b images) the scores of the dense vectors, less the share `hubness` (0..1) of either's hubness."""
        scores = self.texts @ self.images.T
        if not hubness or self.hubness is None:
            return scores
        of_texts, of_images = self.hubness
        return scores - hubness * (of_texts[:, None] + of_images[None, :])


class Batches:
    """Makes the batch of any captions of a data set, as a config asks for it, on one device."""

    def __init__(
        self,
        data: DenseDataset,
        literal: csr_array,
        config: TrainingConfig,
        generator: torch.Generator,
        device: str,
        kind: torch.dtype,
    ):
        """`literal` (m, |V|) bool: the terms each caption speaks. `generator`: of the draws of blur."""
        self._literal, self._config, self._generator = literal, config, generator
        self._image_of_text = data.image_of_text
        self._words = image_literal_terms(literal, data.image_of_text, len(data.images)) if config.anchor else None
        self._texts, self._images = (torch.from_numpy(rows).to(device, kind) for rows in (data.texts, data.images))
        self._anybody = (self._some(self._texts), self._some(self._images)) if config.takes_off_hubness else None

    def __len__(self) -> int:
        """The number of captions."""
        return len(self._texts)

    def some(self) -> tuple[Tensor, Tensor]:
        """At most SOME texts and images of all, (n, dim) and (m, dim), evenly spread and not blurred."""
        texts, images = (rows[:: -(-len(rows) // SOME)] for rows in (self._texts, self._images))
        return texts, images

    def images_of(self, captions: Tensor) -> NDArray[int64]:
        """(b,) the rows of the images of some captions (b,)."""
        rows: NDArray[int64] = self._image_of_text[captions.numpy()]
        return rows

    def batch(self, captions: Tensor) -> Batch:
        """The rows of some captions (b,), by their numbers."""
        which = self.images_of(captions)
        words = self._dense(self._words, which) if self._words is not None else None
        texts, images = self._texts[captions], self._images[which]
        if self._config.blur:
            texts, images = (
                blurred(rows, among, self._config.blur, self._generator)
                for rows, among in ((texts, self._texts), (images, self._images))
            )
        pairs = own_pairs(torch.from_numpy(which).to(texts.device)) if self._config.share_of_truth else None
        literal = self._dense(self._literal, captions.numpy())
        return Batch(texts, literal, images, words, pairs, self._hubness(texts, images))

    def _hubness(self, texts: Tensor, images: Tensor) -> tuple[Tensor, Tensor] | None:
        if self._anybody is None:
            return None
        any_texts, any_images = self._anybody
        return hubness(texts, any_images), hubness(images, any_texts)

    def _some(self, rows: Tensor) -> Tensor:
        """(ANYBODY, dim) of the rows, blurred as those of a batch are."""
        which = torch.randint(len(rows), (ANYBODY,), generator=self._generator).to(rows.device)
        return blurred(rows[which], rows, self._config.blur, self._generator) if self._config.blur else rows[which]

    def _dense(self, matrix: csr_array, rows: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(matrix[rows].toarray()).to(self._texts.device)


def blurred(rows: Tensor, among: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """Data augmentation, not in the paper: (n, d) rows, each moved to a place nearby, at its own length.

    A row is moved by an amount times (a - b) / sqrt(2). a and b are two rows of `among` (m, d), drawn anew for each
    row; their difference has twice the covariance of `among`, so that rows move in the directions in which `among`
    varies, and in no others. The amount is drawn for each row between 0 and `most`: at the amount 1 a row moves as far
    as rows lie from their mean (root mean square), near 0 it stays where its caption still fits it.

    Few vectors are soon known by heart. Vectors that an encoder was taught on lie far nearer to their partners than any
    that it meets later: their dense scores are nearly 1 for own pairs and 0 for all others, which teaches a head
    nothing but who belongs to whom. Blurred vectors teach it the dense scores of a whole region.

    The draws are made on the processor, so that a seed gives the same ones on every device.
    """
    n = len(rows)
    first, second = (among[torch.randint(len(among), (n,), generator=generator).to(among.device)] for _ in range(2))
    amount = torch.rand(n, 1, generator=generator).to(rows.device) * most
    moved = rows + (first - second) * (amount / 2**0.5)
    length = rows.norm(dim=1, keepdim=True) / moved.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return moved * length
