"""What a step sees of its dense vectors: places beside them, so that regions are learned and not points.

Not in the paper. Few vectors are soon known by heart, and those that an encoder was taught on lie far nearer to their
partners than any that it meets later: their dense scores are nearly 1 for own pairs and 0 for all others, which teaches
a head nothing but who is whose. Head and teacher are shown the same blurred vectors: scores of a whole region of the
dense space, in which no pair is given away.
"""

import torch
from torch import Tensor


def blurred(rows: Tensor, among: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """(n, d) rows, each moved by an amount times (a - b) / sqrt(2), brought back to its own length.

    a and b are two rows of `among` (m, d), drawn anew for each row. Their difference has the covariance of `among`
    twice, so that moved rows differ in the directions in which rows of `among` do, and no noise is added where there is
    none to be met; at the amount 1 a row is moved as far as rows lie from their mean (root mean square). The amount is
    drawn for each row between 0 and `most`: some stay what they are, so that what they say still fits them.

    The draws are made on the processor, so that a seed gives the same ones on every device.
    """
    n = len(rows)
    first, second = (among[torch.randint(len(among), (n,), generator=generator).to(among.device)] for _ in range(2))
    amount = torch.rand(n, 1, generator=generator).to(rows.device) * most
    moved = rows + (first - second) * (amount / 2**0.5)
    length = rows.norm(dim=1, keepdim=True) / moved.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return moved * length
