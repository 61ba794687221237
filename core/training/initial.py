"""Where the projection onto terms may start: the geometry of given word embeddings instead of chance."""

import torch
from numpy import float32
from numpy.typing import NDArray
from torch import Tensor, nn

from core.errors import TrainingError
from core.head import SparseHead


def start_from(head: SparseHead, embeddings: NDArray[float32]) -> None:
    """Sets the projection onto terms from `embeddings` (|V|, d), a row a term; biases start at 0.

    Of the hidden width they are taken as they are (the paper starts from BERT's 768). Wider ones keep their hidden_size
    principal directions, narrower ones are turned into the hidden space by a random rotation; both keep the products of
    any two terms as far as the width can. Draws from torch's own generator.

    Raises TrainingError where there is not one finite row a term.
    """
    weight = head.vocab_projector.weight
    terms, hidden = weight.shape
    rows = torch.from_numpy(embeddings).float()
    if rows.ndim != 2 or len(rows) != terms:
        raise TrainingError(f"The word embeddings have the shape {tuple(rows.shape)}; {terms} rows were expected.")
    if not rows.isfinite().all():
        row = int((~rows.isfinite().all(1)).nonzero()[0])
        raise TrainingError(f"The word embedding of row {row} holds a value that is not a finite number.")
    with torch.no_grad():
        weight.copy_(rows if rows.shape[1] == hidden else _turned(rows, hidden))
        head.vocab_projector.bias.zero_()


def _turned(rows: Tensor, width: int) -> Tensor:
    """(n, d) -> (n, width) with the same products of rows, or the nearest that `width` directions allow."""
    if rows.shape[1] > width:
        directions = torch.linalg.eigh(rows.T @ rows).eigenvectors[:, -width:]  # (d, width), the widest last
        return rows @ directions
    turn = nn.init.orthogonal_(torch.empty(rows.shape[1], width))  # orthonormal rows
    return rows @ turn
