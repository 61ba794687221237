"""Initialises the projection onto terms, where it is not left to chance: from captions, or from word embeddings.

A head of chance lights half of all terms. Its scores are in the thousands, where the teacher's temperature asks for
single digits, so that the first steps darken nearly every term, the right ones as well. A head that starts from the
captions is a nearest-centroid classifier (Rocchio): it is sparse, its scores are small, and its terms mean their words.
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

LENGTH = 4.0  # of a term's row, in the hidden layer of unit variance: weights above zero begin around 1
BELOW_MEAN = 0.5  # standard deviations below the mean of a term's own captions where it begins to be lit: by two thirds
PRIOR = 2.0  # how many captions the average over all terms counts for, beside those of a term: few captions say little
PAIRS = 5_000  # (caption, term) pairs whose products are taken at once: a few times 10 MB


@torch.no_grad()
def start_from_captions(head: SparseHead, texts: Tensor, literal: csr_array) -> None:
    """Sets the projection onto terms from the captions' vectors (n, dim) and the terms that they speak, (n, |V|) bool.

    A term's row points from the mean hidden vector of all captions to the mean hidden vector of those that speak it.
    Its bias is such that about two thirds of its own captions light it (BELOW_MEAN). For that, each caption is scored
    by the row that the term's other captions make: captions met later are not part of the row either. A term that no
    caption speaks is not lit by anything, since nothing says what it means.
    """
    hidden = head.hidden(head.adapted(texts))  # (n, H)
    mean = hidden.mean(0)
    centred = hidden - mean
    counts = np.asarray(literal.sum(0), dtype=np.int64).ravel()  # (|V|,) captions that speak each term
    captions_of = literal.T.astype(float32)  # (|V|, n)
    scale = LENGTH / hidden.shape[1] ** 0.5
    sums = torch.from_numpy(captions_of @ centred.cpu().numpy()).to(centred)  # (|V|, H); their length does not matter
    rows = nn.functional.normalize(sums, dim=1) * scale
    pairs = literal.tocoo()  # every caption with each of its terms
    parts = zip(torch.from_numpy(pairs.row).split(PAIRS), torch.from_numpy(pairs.col).split(PAIRS), strict=True)
    own = torch.cat([_scores_by_others(centred[caption], sums[term]) for caption, term in parts]).cpu().numpy() * scale
    thresholds = np.where(counts > 0, _thresholds(own, pairs.col, counts), 1.0)
    head.vocab_projector.weight.copy_(rows)
    head.vocab_projector.bias.copy_(-(rows @ mean) - torch.from_numpy(thresholds).to(rows))


def widened(head: SparseHead, texts: Tensor, literal: csr_array) -> SparseHead:
    """The head with more terms behind its own, which stay as they are; the new ones start from the texts.

    texts (n, dim); literal (n, |V|) bool: which of all terms, the old and the new, each text speaks.
    """
    wide = SparseHead(replace(head.config, vocab_size=literal.shape[1]))
    kept = {name: value for name, value in head.state_dict().items() if not name.startswith("vocab_projector")}
    wide.load_state_dict(kept, strict=False)
    start_from_captions(wide, texts, literal)
    with torch.no_grad():
        wide.vocab_projector.weight[: head.config.vocab_size] = head.vocab_projector.weight
        wide.vocab_projector.bias[: head.config.vocab_size] = head.vocab_projector.bias
    return wide


def _scores_by_others(own: Tensor, sums: Tensor) -> Tensor:
    """(e,) the product of each row of own (e, H) with the direction of the others of its sum; 0 if it is alone.

    sums (e, H): for each row the sum of the rows that it is part of.
    """
    others = sums - own
    return (own * nn.functional.normalize(others, dim=1)).sum(1)


def _thresholds(own: NDArray[float32], terms: NDArray[np.int32], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(|V|,) for each term the score from which on it is lit: BELOW_MEAN standard deviations below its captions' mean.

    own (e,): the score of a caption for a term that it speaks; terms (e,): the id of that term; counts (|V|,): how many
    captions speak each term. Means and variances are shrunk towards those of all terms that several captions speak.
    """
    several = counts[terms] > 1
    prior = [float((own[several] ** power).mean()) if several.any() else 0.0 for power in (1, 2)]
    held = PRIOR + np.where(counts > 1, counts, 0)
    mean, square = (
        (np.bincount(terms[several], own[several] ** power, len(counts)) + PRIOR * prior[power - 1]) / held
        for power in (1, 2)
    )
    thresholds: NDArray[np.float64] = mean - BELOW_MEAN * np.sqrt(np.maximum(square - mean**2, 0))
    return thresholds


def start_from_embeddings(head: SparseHead, embeddings: NDArray[float32]) -> None:
    """Sets the projection onto terms from `embeddings` (|V|, d), a row a term; biases start at 0.

    Embeddings of the hidden width are taken as they are (the paper starts from BERT's 768). Wider ones keep their
    hidden_size principal directions. Narrower ones are put into the hidden space by a random rotation. Both keep the
    products of any two terms as far as the width allows. Draws from torch's own generator.

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
    """Rows (n, d) -> (n, width) with the same products of any two rows, or the nearest that `width` allows."""
    if rows.shape[1] > width:
        directions = torch.linalg.eigh(rows.T @ rows).eigenvectors[:, -width:]  # (d, width), the widest last
        return rows @ directions
    turn = nn.init.orthogonal_(torch.empty(rows.shape[1], width))  # orthonormal rows
    return rows @ turn
