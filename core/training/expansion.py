"""Probabilistic expansion control (paper, section 3.3): which captions of a batch may light terms they do not speak."""

import torch
from torch import Tensor

CONTROLS = ("none", "caption", "word", "both")


def expansion_probability(progress: float, until: float = 0.95) -> float:
    """The chance that a caption may expand: rises from 0 to 1 linearly over the first `until` of training.

    `progress`: 0..1, the share of training done.
    """
    return min(1.0, max(0.0, progress / until)) if until > 0 else 1.0


def caption_control(literal: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Caption-level control: one Bernoulli draw a caption keeps it to its own terms or lets it use all.

    `literal`: (n, |V|) bool, the terms that each caption speaks. Returns (n, |V|) bool, the terms it may light.
    """
    expands = torch.rand(len(literal), 1, generator=generator) < probability
    return literal | expands


def word_control(literal: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Word-level control: every term that a caption does not speak is allowed by a Bernoulli draw of its own.

    Shapes as for `caption_control`.
    """
    return literal | (torch.rand(literal.shape, generator=generator) < probability)


def allowed_terms(control: str, literal: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """The terms each caption may light under "none", "caption", "word" or "both".

    Both: a caption first draws whether it expands at all, then every further term whether it is among the expansion.
    """
    if control == "caption":
        return caption_control(literal, probability, generator)
    if control == "word":
        return word_control(literal, probability, generator)
    if control == "both":
        return caption_control(literal, probability, generator) & word_control(literal, probability, generator)
    return torch.ones_like(literal)
