"""The query bank: centres for all questions of the teaching, and how near photographs usually are to them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from core.encoders.photos import BANK, QueryBank

PASSES = 8


def query_bank(questions: Sequence[Tensor], images: Tensor, count: int = BANK, seed: int = 0) -> QueryBank:
    """`questions`: unit rows (n, dim) by kind, each kind counting the same; `images` (m, dim) of the teaching."""
    bank = QueryBank(images.shape[1], count)
    rows = torch.cat(list(questions))
    shares = torch.cat([torch.full((len(kind),), 1 / len(kind) / len(questions)) for kind in questions])
    middles, weights = centres(rows, shares, count, seed)
    bank.centres.copy_(middles)
    bank.log_shares.copy_(weights.log())
    bank.usual.copy_(bank.nearness(images).mean())
    return bank


def centres(rows: Tensor, shares: Tensor, count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """k-means of weighted rows (n, dim): (count, dim) means and the share that each stands for, (count,)."""
    generator = torch.Generator().manual_seed(seed)
    few = len(rows) < count  # then some stand for nothing
    middles = rows[torch.multinomial(shares, count, replacement=few, generator=generator)]
    weights = torch.zeros(count)
    for _ in range(PASSES):
        nearest = torch.cat([(some @ middles.T - (middles**2).sum(1) / 2).argmax(1) for some in rows.split(4096)])
        weights = torch.zeros(count).index_add_(0, nearest, shares)
        sums = torch.zeros_like(middles).index_add_(0, nearest, rows * shares[:, None])
        middles = torch.where(weights[:, None] > 0, sums / weights[:, None].clamp(min=1e-12), middles)
    return middles, weights.clamp(min=1e-9)
