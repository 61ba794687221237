"""The training objective from lit terms alone: loss and gradients as in `objective.py`, most of the work left out.

After relu most logits of a head in training are zero. A zero weight adds nothing to a score, to the sparsity penalty or
to a gradient, so once it is known *which* weights are lit, every further product needs only those:

- Which are lit: texts that expand and images need every logit once (a product in slices of the vocabulary, so that the
  (b, |V|) matrix never exists); a text that is kept to a few terms needs the logits of those terms only.
- Scores: text and image share a column only where both are lit, so both are laid out on those columns alone.
- Backwards: d log1p(relu(z)) / dz = 1 / (1 + z) = exp(-weight) where lit and 0 elsewhere: a sparse matrix D (rows,
  |V|) with one number a lit weight. The gradients are D·W for the hidden rows and Dᵀ·H for the projection.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from core.models.head import SparseHead
from core.training.batches import Batch
from core.training.config import Sparsity, TrainingConfig
from core.training.objective import draw_inputs, match_of, objective, penalty_of, step_measures

SLICE = 2048  # terms a product: 1,024 rows of it are 8 MB
GATHERED = 2048  # entries at a time whose logits are computed one by one (6 MB of gathered columns)
FEW = 256  # a text kept to fewer than |V| / FEW terms has its logits computed one by one
CROWDED = 0.08  # share of lit weights above which matrices are cheaper than lists
SMALL = 4096  # below so many terms there is nothing to save


def fast_objective(
    head: SparseHead, batch: Batch, config: TrainingConfig, progress: float, generator: torch.Generator
) -> tuple[Tensor, dict[str, Any]]:
    """Loss and measures as `objective` gives them.

    It goes the plain way where that is faster (heads that light many terms, small vocabularies, a GPU) or the only one
    (an anchor needs all logits, bfloat16 has no sparse products, and float64 is for comparing).
    """
    weight = head.vocab_projector.weight
    size, terms = len(batch.texts), len(weight)
    if (
        config.anchor
        or config.precision != "fp32"
        or weight.is_cuda
        or terms < SMALL
        or _share_lit(head, batch.images) > CROWDED
    ):
        return objective(head, batch, config, progress, generator)
    given = draw_inputs(batch, config, progress, generator)
    adapted = head.adapted(given.rows)
    hidden = head.hidden(adapted)  # (2b, H)
    lit = lit_terms(hidden, weight, head.vocab_projector.bias, given.allowed)
    of_text = lit.rows < size
    match = match_of(_scores(lit, of_text, size, terms), batch, adapted[:size], adapted[size:], config)
    by_text, by_image = (_penalty(lit, part, size, terms, config.sparsity) for part in (of_text, ~of_text))
    penalised = penalty_of(config, progress, by_text, by_image)
    loss = match + penalised
    texts = int(of_text.sum())
    return loss, step_measures(loss, match, penalised, given.probability, texts / size, (len(of_text) - texts) / size)


@dataclass(frozen=True)
class LitTerms:
    """The weights above zero of a batch, by row: rows (e,) ascending, terms (e,), weights (e,) with a gradient."""

    rows: Tensor
    terms: Tensor
    weights: Tensor


def lit_terms(hidden: Tensor, weight: Tensor, bias: Tensor, allowed: Tensor | None = None) -> LitTerms:
    """hidden (n, H), weight (|V|, H), bias (|V|,) -> every lit weight; `allowed` (m, |V|) limits the first m rows."""
    with torch.no_grad():
        rows, terms, logits = _lit(hidden, weight, bias, allowed)
        order = torch.argsort(rows * len(weight) + terms)
        rows, terms, logits = rows[order], terms[order], logits[order]
    weights = _Weights.apply(hidden, weight, bias, rows, terms, logits)
    return LitTerms(rows, terms, weights)


class _Weights(torch.autograd.Function):
    """log1p of the lit logits, with the gradient of log1p(relu(hidden · weightᵀ + bias)) at the lit entries."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, rows: Tensor, terms: Tensor, logits: Tensor
    ) -> Tensor:
        weights = torch.log1p(logits)
        ctx.save_for_backward(hidden, weight, rows, terms, weights)
        return weights

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, rows, terms, weights = ctx.saved_tensors
        slopes = grad * torch.exp(-weights)  # (e,)
        by_row = _csr(rows, terms, slopes, (len(hidden), len(weight)))
        bias = torch.zeros(len(weight)).index_add_(0, terms, slopes)
        return by_row @ weight, _by_term(hidden, rows, terms, slopes, len(weight)), bias, None, None, None


def _by_term(hidden: Tensor, rows: Tensor, terms: Tensor, slopes: Tensor, n_terms: int) -> Tensor:
    """(|V|, H): for each term the sum of slope · hidden row; in slices, as a sparse product holds its result twice."""
    order = torch.argsort(terms, stable=True)
    rows, terms, slopes = rows[order], terms[order], slopes[order]
    grad = torch.empty(n_terms, hidden.shape[1])
    for start, stop, low, high in _slices(terms, n_terms):
        part = _csr(terms[low:high] - start, rows[low:high], slopes[low:high], (stop - start, len(hidden)))
        grad[start:stop] = part @ hidden
    return grad


def _csr(rows: Tensor, columns: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """A sparse matrix from entries in ascending order of rows."""
    starts = torch.zeros(shape[0] + 1, dtype=torch.int64)
    starts[1:] = torch.bincount(rows, minlength=shape[0]).cumsum(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "in beta state": the tests compare all that is used of it
        return torch.sparse_csr_tensor(starts, columns, values, shape, check_invariants=False)


def _lit(hidden: Tensor, weight: Tensor, bias: Tensor, allowed: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """(rows, terms, logits) of every logit above zero that is allowed, in no order."""
    limited = 0 if allowed is None else len(allowed)
    found = []
    wide = torch.ones(len(hidden), dtype=torch.bool)
    if allowed is not None:
        wide[:limited] = allowed.sum(1) >= len(weight) / FEW
        narrow = torch.nonzero(~wide[:limited]).squeeze(1)
        pairs = torch.nonzero(allowed[narrow])  # (e, 2)
        for part in pairs.split(GATHERED):
            rows, terms = narrow[part[:, 0]], part[:, 1]
            logits = (hidden[rows] * weight[terms]).sum(1) + bias[terms]
            found.append(_above_zero(rows, terms, logits))
    whole = torch.nonzero(wide).squeeze(1)
    held = whole[whole < limited]  # rows that expand, but perhaps not to every term
    inputs = hidden[whole]
    for start in range(0, len(weight), SLICE):
        part = slice(start, start + SLICE)
        logits = torch.addmm(bias[part], inputs, weight[part].T)  # (rows, SLICE)
        lit = logits > 0
        if allowed is not None and len(held):
            lit[: len(held)] &= allowed[held, part]
        at = torch.nonzero(lit)
        found.append((whole[at[:, 0]], at[:, 1] + start, logits[lit]))
    rows, terms, logits = (torch.cat(parts) for parts in zip(*found, strict=True))
    return rows, terms, logits


def _above_zero(rows: Tensor, terms: Tensor, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    lit = logits > 0
    return rows[lit], terms[lit], logits[lit]


def _penalty(lit: LitTerms, part: Tensor, size: int, terms: int, sparsity: Sparsity) -> Tensor:
    """The sparsity of the `size` rows of `part` (e,): as `losses.l1` or `losses.flops` of the whole matrix."""
    weights = lit.weights[part]
    if sparsity == "l1":
        return weights.sum() / size
    return (torch.zeros(terms).index_add(0, lit.terms[part], weights) / size).square().sum()


def _scores(lit: LitTerms, of_text: Tensor, size: int, terms: int) -> Tensor:
    """(b texts, b images) dot products, from the columns that are lit on both sides."""
    in_text = torch.zeros(terms, dtype=torch.bool)
    in_text[lit.terms[of_text]] = True
    shared = torch.zeros(terms, dtype=torch.bool)
    shared[lit.terms[~of_text]] = True
    shared &= in_text
    column = shared.cumsum(0) - 1  # (|V|,) where a shared term is laid out
    kept = shared[lit.terms]
    return _Scores.apply(lit.weights[kept], lit.rows[kept], column[lit.terms[kept]], size, int(shared.sum()))


class _Scores(torch.autograd.Function):
    """(b, b) products of rows 0..b with rows b..2b of a sparse (2b, columns) matrix, laid out a slice at a time."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, rows: Tensor, columns: Tensor, size: int, n_columns: int) -> Tensor:
        order = torch.argsort(columns, stable=True)
        entries = weights[order], rows[order], columns[order]
        ctx.size, ctx.n_columns = size, n_columns
        ctx.save_for_backward(*entries, order)
        scores = torch.zeros(size, size)
        for _, both in _laid_out(*entries, size, n_columns):
            scores.addmm_(both[:size], both[size:].T)
        return scores

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        weights, rows, columns, order = ctx.saved_tensors
        out = torch.empty(len(rows))
        for (start, low, high), both in _laid_out(weights, rows, columns, ctx.size, ctx.n_columns):
            slopes = torch.cat([grad @ both[ctx.size :], grad.T @ both[: ctx.size]])  # (2b, width)
            out[order[low:high]] = slopes[rows[low:high], columns[low:high] - start]
        return out, None, None, None, None


def _laid_out(
    weights: Tensor, rows: Tensor, columns: Tensor, size: int, n_columns: int
) -> Iterator[tuple[tuple[int, int, int], Tensor]]:
    """((first column, first entry, entry after the last), (2b, width) matrix) of each slice of columns."""
    for start, stop, low, high in _slices(columns, n_columns):
        both = torch.zeros(2 * size, stop - start)
        both[rows[low:high], columns[low:high] - start] = weights[low:high]
        yield (start, low, high), both


def _slices(ids: Tensor, count: int) -> Iterator[tuple[int, int, int, int]]:
    """(first id, id after the last, first entry, entry after the last) of each slice of `count` ids; ids ascending."""
    starts = [*range(0, count, SLICE), count]
    bounds = torch.searchsorted(ids, torch.tensor(starts)).tolist()
    for (start, stop), (low, high) in zip(pairwise(starts), pairwise(bounds), strict=True):
        yield start, stop, low, high


@torch.no_grad()
def _share_lit(head: SparseHead, dense: Tensor) -> float:
    """The share of lit weights in a sample: a few rows, and terms from all over the vocabulary."""
    hidden = head.hidden(head.adapted(dense[:64]))
    step = max(1, len(head.vocab_projector.weight) // 512)
    weight, bias = head.vocab_projector.weight[::step], head.vocab_projector.bias[::step]
    return float((torch.addmm(bias, hidden, weight.T) > 0).float().mean())
