"""The backbone's last blocks as matrix products, channels first: what the taught ones make of kept maps, fast to teach.

PyTorch's depthwise convolutions take most of a step on a processor. All of these blocks look at 9 × 9 cells with a
stride of one and their depthwise filters stand still, so that each filter is a matrix over the 81 cells.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.efficientnet import Block
from core.encoders.photos import REGION, REGIONS, TaughtBlocks

SIDE = 9
PLACES = SIDE * SIDE


def over_places(filters: Tensor) -> Tensor:
    """Depthwise filters (c, 1, k, k), padded to keep 9 × 9 -> (c, 81, 81): how each cell comes into each other one."""
    channels, kernel = len(filters), filters.shape[-1]
    each = torch.eye(PLACES).view(PLACES, 1, SIDE, SIDE).expand(PLACES, channels, SIDE, SIDE)
    spread = functional.conv2d(each.contiguous(), filters, padding=kernel // 2, groups=channels)
    return spread.permute(1, 0, 2, 3).reshape(channels, PLACES, PLACES)


class BlocksOverPlaces(nn.Module):
    """Taught blocks, whose parameters it shares; their depthwise filters as they were when it was made."""

    def __init__(self, blocks: TaughtBlocks):
        super().__init__()
        self.taught = blocks
        self.filters = [over_places(block.depthwise.weight.detach()).bfloat16() for block in self._blocks()]
        regions = torch.zeros(len(REGIONS) + 1, SIDE, SIDE)
        regions[0] = 1 / PLACES
        for row, (y, x) in zip(regions[1:], REGIONS, strict=True):
            row[y : y + REGION, x : x + REGION] = 1 / REGION**2
        self.means = regions.flatten(1).T.bfloat16()  # (81, 6)

    def _blocks(self) -> Sequence[Block]:
        return list(self.taught.blocks)  # type: ignore[arg-type]

    def forward(self, maps: Tensor) -> Tensor:
        """(n, 208, 9, 9) -> (n, 7 × 1280), as `pooled` gives them of the blocks' features; products in bfloat16."""
        x = maps.permute(1, 0, 2, 3).reshape(maps.shape[1], len(maps), PLACES).bfloat16()
        for block, filters in zip(self._blocks(), self.filters, strict=True):
            assert block.expand is not None and block.depthwise.bias is not None  # of all but the first block
            wide = functional.relu6(_pointwise(block.expand, x))
            wide = functional.relu6(torch.bmm(wide, filters) + block.depthwise.bias.bfloat16()[:, None, None])
            narrow = _pointwise(block.project, wide)
            x = x + narrow if block.adds else narrow
        features = functional.relu6(_pointwise(self.taught.head, x))  # (1280, n, 81)
        mean, *regions = (features @ self.means).float().unbind(2)
        return torch.cat([part.T for part in (mean, torch.log1p(features.amax(2).float()), *regions)], 1)


def _pointwise(convolution: nn.Conv2d, x: Tensor) -> Tensor:
    """(inputs, n, 81) -> (outputs, n, 81)."""
    weights, bias = convolution.weight.flatten(1).to(x.dtype), convolution.bias
    assert bias is not None
    return torch.addmm(bias.to(x.dtype)[:, None], weights, x.flatten(1)).unflatten(1, x.shape[1:])
