"""Half precision for the layers of a tower, where the processor computes it natively; knows no encoder.

Matrix products alone are in half precision: what is added up from layer to layer, the norms, and all that comes before
and after the layers stay in single precision. So vectors keep their direction: a cosine of .9999 and more.
"""

from functools import cache
from time import perf_counter

import torch
from torch import nn

PRECISIONS = ("auto", "fp32", "bf16")
FLAGS = ("amx_bf16", "avx512_bf16", "bf16")  # of x86 processors; the last is how Arm's call theirs
WORTH = 1.2  # times as fast as fp32: below, bf16 is emulated


@cache
def computes_bf16() -> bool:
    """Whether this processor multiplies matrices of bf16 natively: as it says itself, else as a short trial shows."""
    flags = processor_flags()
    if any(flags.get(flag) for flag in FLAGS):
        return True
    return False if flags.get("architecture") == "x86_64" else bf16_gain() >= WORTH


def processor_flags() -> dict[str, object]:
    """What torch knows of the processor by name; empty where this version of it cannot say."""
    ask = getattr(torch.cpu, "get_capabilities", None)
    try:
        return dict(ask()) if ask is not None else {}
    except RuntimeError:  # a system on which it cannot be read
        return {}


@torch.inference_mode()
def bf16_gain() -> float:
    """How many times as fast as in fp32 a layer's product is in bf16, in some 0.1 s: the best of three tries each."""
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        rows, weights = torch.ones(256, 768, dtype=dtype), torch.ones(3072, 768, dtype=dtype)
        nn.functional.linear(rows, weights)  # the first one also prepares
        tries = []
        for _ in range(3):
            started = perf_counter()
            nn.functional.linear(rows, weights)
            tries.append(perf_counter() - started)
        seconds[dtype] = min(tries)
    return seconds[torch.float32] / seconds[torch.bfloat16]


def compute_in(layers: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
    """Makes a stack of transformer layers, whose module is called with float32, compute its products in `dtype`."""
    if dtype == torch.float32:
        return
    for layer in layers.modules():
        if isinstance(layer, nn.Linear):
            layer.to(dtype)
    # float32 comes in, and residuals are float32 + half, which is float32: only products are cast down
    layers.forward = torch.autocast(device.type, dtype)(layers.forward)
