"""The terms of the training objective (paper, section 3.2), as formulas over one batch."""

import math

import torch
from torch import Tensor
from torch.nn import functional


def distillation(
    sparse_scores: Tensor, dense_scores: Tensor, tau: float, truth: float = 0.0, pairs: Tensor | None = None
) -> Tensor:
    """Cross-entropy of sparse scores against what the teacher says, mean of both directions.

    Both (n texts, n images). The teacher says softmax(dense / tau), and, with the share `truth` (not in the paper),
    what belongs together (`pairs`, as `own_pairs` gives them; None: text i to image i): where dense scores confuse
    pairs, a head that only repeats them learns to confuse.
    """
    own = (torch.eye(len(dense_scores)) if pairs is None else pairs).to(dense_scores)

    def one_way(sparse: Tensor, dense: Tensor) -> Tensor:
        return functional.cross_entropy(sparse, torch.lerp(torch.softmax(dense / tau, 1), own, truth))

    return (one_way(sparse_scores, dense_scores) + one_way(sparse_scores.T, dense_scores.T)) / 2


def fused_scores(frozen: Tensor, adapted: Tensor | None, sparse: Tensor, share: float) -> Tensor:
    """The joint teacher: a weighted sum of the scores of frozen, adapted and sparse vectors, without a gradient.

    All (n texts, n images), in units of the softmax that they are compared by. `share`, 0..1: of the mean of adapted
    and sparse scores (of the sparse ones alone without an adapter); the frozen ones have the rest. Not in the paper:
    dense and sparse scores fused find more than either, so that each can learn from both (arXiv 2508.16707).
    """
    own = sparse if adapted is None else (adapted + sparse) / 2
    return torch.lerp(frozen, own, share).detach()


def hubness(rows: Tensor, anybody: Tensor, tau: float = 0.05) -> Tensor:
    """(n,) what each of the rows (n, d) scores with anybody, the rows `anybody` (m, d): not in the paper.

    tau · log(mean of exp(score / tau)). Some vectors, the hubs, lie near to more others than they belong to; scores
    less this find more right partners (inverted softmax, Smith et al. 2017; query bank, Bogolin et al. 2022).
    """
    return tau * (torch.logsumexp(rows @ anybody.T / tau, 1) - math.log(len(anybody)))


def own_pairs(images: Tensor) -> Tensor:
    """(n, n) shares, each row adding up to 1: to which rows text i belongs, and image i to which texts.

    images (n,): the number of each row's image. Two captions of one image in a step belong to both of its rows.
    """
    same = (images[:, None] == images[None, :]).float()
    return same / same.sum(1, keepdim=True)


def l1(weights: Tensor) -> Tensor:
    """Mean over rows of the sum of weights (weights are never negative): pushes terms towards zero."""
    return weights.sum(1).mean()


def flops(weights: Tensor) -> Tensor:
    """Sum over terms of the square of their mean weight (Paria et al. 2020): pushes posting lists to be short.

    Weighs a term by how many rows light it, so that common terms pay more than rare ones; L1 treats all alike.
    """
    return weights.mean(0).square().sum()


def warm(progress: float, share: float) -> float:
    """Quadratic warm-up: 0 at the start, 1 from `share` of training on."""
    return min(1.0, progress / share) ** 2 if share > 0 else 1.0


def word_anchor(logits: Tensor, words: Tensor, spared: Tensor | None = None, emphasis: float = 1.0) -> Tensor:
    """Binary cross-entropy of pre-activations against the words of the input: not in the paper.

    Keeps a dimension to what its term means. `logits`, `words`: (n, |V|), words 0 or 1. `spared` (n, |V|) bool: terms
    that are neither asked for nor punished. `emphasis`: weight of the words that are there against those that are not;
    above 1 it lights terms that are only sometimes said ("animal" for a dog). Mean over rows of the sum over terms.
    """
    loss = functional.binary_cross_entropy_with_logits(
        logits, words, pos_weight=logits.new_tensor(emphasis), reduction="none"
    )
    if spared is not None:
        loss = loss.masked_fill(spared, 0.0)
    return loss.sum(1).mean()


def answers_apart(scores: Tensor, answers: Tensor) -> Tensor:
    """Each right answer against all wrong ones, never against another right one: not in the paper.

    scores (n questions, m images), answers (n, m) bool with at least one right answer a row. For a right answer a:
    -log(exp(s_a) / (exp(s_a) + sum over wrong ones w of exp(s_w))); the mean over a question's answers, then over all.
    """
    lowest = torch.finfo(scores.dtype).min  # and not -inf, whose gradient is no number where every answer is right
    wrong = torch.logsumexp(scores.masked_fill(answers, lowest), 1, keepdim=True)  # (n, 1)
    each = functional.softplus(wrong - scores).masked_fill(~answers, 0.0)
    return (each.sum(1) / answers.sum(1)).mean()
