"""Lets a real encoder compute on Hugging Face's ZeroGPU, which lends a GPU for the length of a call.

Heads, index and pages stay on the processor, and so do the arrays that come back. Elsewhere than on ZeroGPU nothing
changes, and the package `spaces`, which is part of such a Space, is not needed.
"""

import os
from collections.abc import Sequence
from typing import Any

from numpy import float32
from numpy.typing import NDArray
from PIL import Image

from core.encoders import DenseEncoder

LENT_S = 60  # for a call: a batch of pictures takes less, and who asks for less waits less
_encoders: dict[str, DenseEncoder] = {}  # by name: a call runs in a process that is forked off, and finds them here


def on_zero_gpu() -> bool:
    """Whether this is a ZeroGPU Space, by the variable that the hub's own package reads."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def _compute(name: str, method: str, inputs: Sequence[Any]) -> NDArray[float32]:
    rows: NDArray[float32] = getattr(_encoders[name], method)(inputs)
    return rows


if on_zero_gpu():  # declared before the app is launched, as the hub asks for
    import spaces

    _compute = spaces.GPU(duration=LENT_S)(_compute)


def with_zero_gpu(encoder: DenseEncoder) -> DenseEncoder:
    """The encoder itself, or on ZeroGPU one that does the same in calls that have a GPU."""
    return _ZeroGpuEncoder(encoder) if on_zero_gpu() else encoder


class _ZeroGpuEncoder:
    """A DenseEncoder whose encoding runs in calls that have a GPU."""

    def __init__(self, encoder: DenseEncoder) -> None:
        self.name, self.dim = encoder.name, encoder.dim
        self.precision: str = getattr(encoder, "precision", "fp32")
        _encoders[encoder.name] = encoder

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        return _compute(self.name, "encode_images", images)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[float32]:
        return _compute(self.name, "encode_texts", texts)

    def unknown_words(self, text: str) -> list[str]:
        return _encoders[self.name].unknown_words(text)

    def out_of_world(self, text: str) -> bool:
        return _encoders[self.name].out_of_world(text)
