"""Where the projection onto terms may start: the captions that speak a term, or given word embeddings, not chance.

From chance half of all terms are lit at first: scores are in the thousands where the teacher's temperature asks for
single digits, and the first steps put out nearly everything, the right terms with the rest. From the captions a head
begins as a nearest-centroid classifier (Rocchio): sparse, its scores small, its terms already meaning their words.
"""

from dataclasses import replace

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor, nn

from core.errors import TrainingError
from core.models.head import SparseHead

LENGTH = 4.0  # of a term's row, in the hidden layer of unit variance: lit weights begin around 1
SPARED = 0.5  # standard deviations below its mean own caption where a term begins to be lit: two in three captions
PRIOR = 2.0  # captions of the average term that every term's own count together with: few say little
PAIRS = 5_000  # (caption, term) pairs whose products are taken at once: a few times 10 MB


@torch.no_grad()
def start_from_captions(head: SparseHead, texts: Tensor, spoken: csr_array) -> None:
    """Sets the projection onto terms from texts (n, dim) and the terms each speaks, (n, |V|) bool.

    A term's row points from the mean hidden vector to that of the captions which speak it; its bias lights it for the
    better part of them, each looked at as if it had not been among those that the row was made of: a caption met later
    is not. A term that no caption speaks stays dark: there is nothing to learn what it means from.
    """
    hidden = head.vocab_layer_norm(head.proj(texts))  # (n, H)
    middle = hidden.mean(0)
    apart = hidden - middle
    counts = np.asarray(spoken.sum(0), dtype=np.int64).ravel()
    spoken_of = spoken.T.astype(float32)
    scale = LENGTH / hidden.shape[1] ** 0.5
    sums = torch.from_numpy(spoken_of @ apart.cpu().numpy()).to(apart)  # (|V|, H); their length does not matter
    rows = nn.functional.normalize(sums, dim=1) * scale
    pairs = spoken.tocoo()
    at = zip(torch.from_numpy(pairs.row).split(PAIRS), torch.from_numpy(pairs.col).split(PAIRS), strict=True)
    own = torch.cat([_without(apart[caption], sums[term]) for caption, term in at]).cpu().numpy() * scale
    begins = np.where(counts > 0, _threshold(own, pairs.col, counts), 1.0)
    head.vocab_projector.weight.copy_(rows)
    head.vocab_projector.bias.copy_(-(rows @ middle) - torch.from_numpy(begins).to(rows))


def widened(head: SparseHead, texts: Tensor, spoken: csr_array) -> SparseHead:
    """The head with further terms behind its own: those start from the texts (n, dim) that speak them, (n, |V|) bool
    with as many columns as there are to be terms; what it knew stays as it was.
    """
    wide = SparseHead(replace(head.config, vocab_size=spoken.shape[1]))
    kept = {name: value for name, value in head.state_dict().items() if not name.startswith("vocab_projector")}
    wide.load_state_dict(kept, strict=False)
    start_from_captions(wide, texts, spoken)
    with torch.no_grad():
        wide.vocab_projector.weight[: head.config.vocab_size] = head.vocab_projector.weight
        wide.vocab_projector.bias[: head.config.vocab_size] = head.vocab_projector.bias
    return wide


def _without(own: Tensor, sums: Tensor) -> Tensor:
    """(e,) how far each row of own (e, H) reaches along the rest of the sum (e, H) that it is part of; 0 if alone."""
    rest = sums - own
    return (own * nn.functional.normalize(rest, dim=1)).sum(1)


def _threshold(own: NDArray[float32], terms: NDArray[np.int32], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(|V|,) SPARED standard deviations below the mean of each term's own; `own` (e,) by `terms` (e,), `counts` (|V|,).

    Means and variances are shrunk towards those of all terms that several captions speak.
    """
    several = counts[terms] > 1
    prior = [float((own[several] ** power).mean()) if several.any() else 0.0 for power in (1, 2)]
    held = PRIOR + np.where(counts > 1, counts, 0)
    mean, square = (
        (np.bincount(terms[several], own[several] ** power, len(counts)) + PRIOR * prior[power - 1]) / held
        for power in (1, 2)
    )
    shrunk: NDArray[np.float64] = mean - SPARED * np.sqrt(np.maximum(square - mean**2, 0))
    return shrunk


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
