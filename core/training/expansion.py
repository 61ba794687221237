"""Probabilistic expansion control (paper, section 3.3): which captions of a batch may light terms they do not speak."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from core.training.config import Control, Draws, Schedule


@dataclass(frozen=True)
class Expansion:
    """What a step's captions may light, (n, |V|) bool, and which of them drew to expand, (n, 1) bool.

    `drawn` is all False where there is no such draw: without control, and under word control.
    """

    allowed: Tensor
    drawn: Tensor


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


def drawn_captions(count: int, probability: float, generator: torch.Generator, draws: Draws = "caption") -> Tensor:
    """(count, 1) bool: which captions expand, by a Bernoulli draw each or by one for all of them ("batch")."""
    drawn = torch.rand(1 if draws == "batch" else count, 1, generator=generator) < probability
    return drawn.expand(count, 1)


def word_control(literal: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Word-level control: every term that a caption does not speak is allowed by a Bernoulli draw of its own.

    `literal`: (n, |V|) bool, the terms that each caption speaks. Returns (n, |V|) bool, the terms it may light.
    """
    allowed = torch.rand(literal.shape, generator=generator) < probability
    return literal | allowed.to(literal.device)


def expansion(
    control: Control, literal: Tensor, probability: float, generator: torch.Generator, draws: Draws = "caption"
) -> Expansion:
    """What captions that speak the terms `literal` (n, |V|) may light under "none", "caption", "word" or "both".

    Caption: a draw (`drawn_captions`) keeps a caption to its own terms or lets it use all. Both: it first draws whether
    it expands at all, then every further term whether it is among the expansion. The draws are made on the processor,
    so that a seed gives the same ones on every device.
    """
    none = torch.zeros(len(literal), 1, dtype=torch.bool, device=literal.device)
    if control == "none":
        return Expansion(torch.ones_like(literal), none)
    if control == "word":
        return Expansion(word_control(literal, probability, generator), none)
    drawn = drawn_captions(len(literal), probability, generator, draws).to(literal.device)
    allowed = literal | drawn
    if control == "both":
        allowed = allowed & word_control(literal, probability, generator)
    return Expansion(allowed, drawn)
