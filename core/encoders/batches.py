"""Where an encoder computes, and how many inputs at a time; must not know which encoder."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.encoders.precision import PRECISIONS, computes_bf16
from core.errors import DeviceError, ModelError

Input = TypeVar("Input")
Prepared = TypeVar("Prepared")

DEVICES = ("auto", "cpu", "cuda", "mps")
ON_CPU = 8  # larger batches are no faster there: one ViT-B picture already fills the caches
AT_MOST = 256  # beyond this a GPU gains nothing
AHEAD = 2  # batches prepared while the model works: enough to never wait, at most 30 MB each on a CPU
PREPARERS = 2  # Pillow frees the interpreter while it resizes
SHARE = 0.5  # of the memory that is free: the rest is for the allocator's gaps and for whoever else computes


@dataclass(frozen=True)
class Place:
    """A device and the precision of the matrix products that towers compute there."""

    device: torch.device
    dtype: torch.dtype

    @property
    def precision(self) -> str:
        """fp32, bf16 or fp16."""
        return {torch.float32: "fp32", torch.bfloat16: "bf16"}.get(self.dtype, "fp16")

    def __str__(self) -> str:
        return f"{self.device.type} ({self.precision})"


def place(device: str = "auto", precision: str = "auto") -> Place:
    """The device by name, "auto" the fastest there is, and the precision, "auto" the fastest that is true enough there:
    on a processor bf16 where it computes that natively, else fp32; on GPUs bf16 where that is fast, else fp16.

    Raises DeviceError for names that are none, or a device that this machine or this build of torch does not have.
    """
    if precision not in PRECISIONS:
        known = f"{', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}"
        raise DeviceError(f"There is no precision '{precision}'; choose {known}.")
    if device not in DEVICES:
        raise DeviceError(f"There is no device '{device}'; choose {', '.join(DEVICES[:-1])} or {DEVICES[-1]}.")
    has = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if has[name])
    if not has[device]:
        raise DeviceError(
            f"The device '{device}' cannot be used: this machine, or its build of torch ({torch.__version__}), "
            "has none; choose cpu or auto."
        )
    return Place(torch.device(device), _dtype(device, precision))


def _dtype(device: str, precision: str) -> torch.dtype:
    if precision != "auto":
        return torch.float32 if precision == "fp32" else torch.bfloat16
    if device == "cpu":
        return torch.bfloat16 if computes_bf16() else torch.float32
    bf16 = device == "cuda" and torch.cuda.get_device_capability()[0] >= 8  # older ones only emulate it
    return torch.bfloat16 if bf16 else torch.float16


def fitting_batch(where: Place, bytes_each: int) -> int:
    """How many inputs of so many bytes (activations at the peak) fit the device's free memory; a power of two."""
    if where.device.type == "cpu":
        return ON_CPU
    if where.device.type == "cuda":
        free = torch.cuda.mem_get_info(where.device)[0]
    else:
        free = torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    most = max(1, min(AT_MOST, int(free * SHARE) // max(1, bytes_each)))
    return 1 << (most.bit_length() - 1)


def transformer_bytes(where: Place, tokens: int, width: int, heads: int) -> int:
    """An upper estimate of what one input costs at the peak of a transformer layer: activations and attention."""
    element, whole = torch.finfo(where.dtype).bits // 8, 4
    inside = element * (12 * width + 3 * heads * tokens)  # qkv, mlp (4 ×), a copy; scores, softmax, copy
    return tokens * (inside + whole * 3 * width)  # what is added up along the layers stays in single precision


class Batches(Generic[Input, Prepared]):
    """Runs inputs through a model in batches that fit; prepares the next ones while the model works."""

    def __init__(self, size: int, prepare: Callable[[Sequence[Input]], Prepared], run: Callable[[Prepared], Tensor]):
        """`prepare`: inputs to what `run` takes; `run`: that to (n, dim) rows. `size` only ever shrinks."""
        self.size, self.prepare, self.run = size, prepare, run

    def __call__(self, inputs: Sequence[Input], dim: int) -> NDArray[float32]:
        """(n, dim) rows of the inputs, in order; out of memory halves the batch, ModelError when one is too much."""
        rows = [np.zeros((0, dim), np.float32)]
        at = 0
        while at < len(inputs):
            for prepared, count in self._ahead(inputs[at:]):
                try:
                    rows.append(self.run(prepared).float().cpu().numpy())
                except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU's allocator raises it bare
                    if not _out_of_memory(error):
                        raise
                    self._shrink(error, count)
                    break
                at += count
        return np.concatenate(rows)

    def _ahead(self, inputs: Sequence[Input]) -> Iterator[tuple[Prepared, int]]:
        """(prepared batch, its length), at most AHEAD batches before they are asked for."""
        pieces = [inputs[start : start + self.size] for start in range(0, len(inputs), self.size)]
        if len(pieces) == 1:  # a query: no thread is worth its start
            yield self.prepare(pieces[0]), len(pieces[0])
            return
        waiting: deque[tuple[Future[Prepared], int]] = deque()
        with ThreadPoolExecutor(PREPARERS, thread_name_prefix="prepare") as pool:
            try:
                for piece in pieces:
                    waiting.append((pool.submit(self.prepare, piece), len(piece)))
                    if len(waiting) > AHEAD:
                        future, count = waiting.popleft()
                        yield future.result(), count
                while waiting:
                    future, count = waiting.popleft()
                    yield future.result(), count
            finally:
                for future, _ in waiting:
                    future.cancel()

    def _shrink(self, error: RuntimeError, count: int) -> None:
        if count == 1:
            raise ModelError("There is not enough memory to encode even one input; choose --device cpu.") from error
        self.size = max(1, min(self.size, count) // 2)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


class BatchedEncoder:
    """The DenseEncoder contract over two kinds of batches; a real encoder says in its constructor what they run."""

    name: str
    dim: int
    place: Place
    images: Batches[Image.Image, Any]
    texts: Batches[str, Any]

    @property
    def precision(self) -> str:
        """What its towers compute in: fp32, bf16 or fp16."""
        return self.place.precision

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        """RGB pictures of any size -> (n, dim) rows of unit length."""
        return self.images(images, self.dim)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[float32]:
        """Sentences -> (n, dim) rows of unit length; what is longer than the text tower is cut off."""
        return self.texts(texts, self.dim)

    def unknown_words(self, text: str) -> list[str]:
        """None: word pieces spell every word."""
        return []

    def out_of_world(self, text: str) -> bool:
        """False: it was trained on photographs of everything, and has no way to tell."""
        return False


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(
        phrase in str(error) for phrase in ("out of memory", "can't allocate memory", "not enough memory")
    )
