"""What a head is shown of a step's dense vectors: places beside them, so that it learns regions and not points.

Not in the paper. Some 30,000 captions are soon known by heart: the loss goes on falling while R@1 on captions of
validation falls too. The teacher's scores stay those of the vectors themselves.
"""

import torch
from torch import Tensor


def spread(*parts: Tensor) -> float:
    """The root mean square distance of rows (n, d) from the mean of their part, over all rows of all parts.

    The mean is taken out by part, because images and texts of one encoder often lie in two clouds apart.
    """
    squares = sum(float((part - part.mean(0)).square().sum()) for part in parts)
    return float((squares / sum(len(part) for part in parts)) ** 0.5)


def blurred(rows: Tensor, distance: float, generator: torch.Generator) -> Tensor:
    """(n, d) rows, each moved into a random direction by about `distance` and brought back to its own length.

    The draws are made on the processor, so that a seed gives the same ones on every device.
    """
    away = torch.randn(rows.shape, generator=generator).to(rows.device) * (distance / rows.shape[1] ** 0.5)
    moved = rows + away
    length = rows.norm(dim=1, keepdim=True) / moved.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return moved * length
