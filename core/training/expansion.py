"""Probabilistic expansion control (paper, section 3.3): which captions of a batch may light terms they do not speak."""

import math

import torch
from torch import Tensor

from core.training.config import Control, Schedule


def expansion_probability(
    progress: float, until: float = 0.95, schedule: Schedule = "linear", level: float = 0.5
) -> float:
    """The chance that a caption (or a term of it) may expand, at `progress` (0..1) through training.

    Rises from 0 to 1 over the first `until` of training: "linear" (the paper), "cosine" (slow, quick, slow) or "step"
    (0 before, 1 after); "constant" is `level` all through.
    """
    if schedule == "constant":
        return level
    share = min(1.0, max(0.0, progress / until)) if until > 0 else 1.0
    if schedule == "step":
        return float(share >= 1)
    return (1 - math.cos(math.pi * share)) / 2 if schedule == "cosine" else share


def caption_control(literal: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Caption-level control: one Bernoulli draw a caption keeps it to its own terms or lets it use all.

    `literal`: (n, |V|) bool, the terms that each caption speaks. Returns (n, |V|) bool, the terms it may light.
    """
    expands = torch.rand(len(literal), 1, generator=generator) < probability
    return literal | expands.to(literal.device)


def word_control(literal: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Word-level control: every term that a caption does not speak is allowed by a Bernoulli draw of its own.

    Shapes as for `caption_control`.
    """
    allowed = torch.rand(literal.shape, generator=generator) < probability
    return literal | allowed.to(literal.device)


def allowed_terms(control: Control, literal: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """The terms each caption may light under "none", "caption", "word" or "both".

    Both: a caption first draws whether it expands at all, then every further term whether it is among the expansion.
    The draws are made on the processor, so that a seed gives the same ones on every device.
    """
    if control == "caption":
        return caption_control(literal, probability, generator)
    if control == "word":
        return word_control(literal, probability, generator)
    if control == "both":
        return caption_control(literal, probability, generator) & word_control(literal, probability, generator)
    return torch.ones_like(literal)
