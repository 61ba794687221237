"""A plugin of pytest (`-p tests.batch_rounding`): torch's products round by their shape, as they do on some processors.

On one with AMX, say, a text encoded alone and the same text among nine differ in the last digits. Here the shape of a
result decides how each of its numbers is off, so that a test that takes two batches for one fails on every processor.
"""

import functools
import zlib
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

OFF = 2e-6  # of a number itself: so much was seen between a batch of one and a batch of nine
OF_ALL = 2e-7  # of the root mean square of all numbers: what is left of large ones that cancel out


@functools.lru_cache(maxsize=4096)
def _signs(shape: tuple[int, ...]) -> Tensor:
    """Up to 4,093 numbers from -1 to 1 that follow from a shape."""
    drawn = np.random.default_rng(zlib.crc32(repr(shape).encode())).uniform(-1, 1, min(int(np.prod(shape)), 4093))
    return torch.from_numpy(drawn.astype(np.float32))


def _off(product: Any) -> Any:
    """The product with each number a little off; float64, in which oracles compute, is left as it is."""
    if not isinstance(product, Tensor) or product.dtype != torch.float32 or not product.numel():
        return product
    with torch.no_grad():
        signs = _signs(tuple(product.shape)).to(product.device)
        each = signs.repeat(-(-product.numel() // len(signs)))[: product.numel()].reshape(product.shape)
        by = each * (product.abs() * OFF + product.square().mean().sqrt() * OF_ALL)
    return product + by


def _wrap(owner: Any, name: str) -> None:
    exact = getattr(owner, name)

    @functools.wraps(exact)
    def off(*given: Any, **named: Any) -> Any:
        return _off(exact(*given, **named))

    setattr(owner, name, off)


for name in ("linear", "conv2d", "scaled_dot_product_attention"):
    _wrap(functional, name)
for name in ("matmul", "mm", "bmm", "addmm", "einsum"):
    _wrap(torch, name)
for name in ("matmul", "mm", "bmm", "__matmul__", "__rmatmul__"):
    _wrap(Tensor, name)
