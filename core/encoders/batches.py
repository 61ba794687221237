"""Runs inputs through an encoder in batches, prepared ahead, that shrink where memory runs out; knows no encoder."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.encoders.devices import ComputeDevice
from core.errors import ModelError

Input = TypeVar("Input")
Prepared = TypeVar("Prepared")

AHEAD = 2  # batches prepared while the model works: enough to never wait, at most 30 MB each on a CPU
PREPARERS = 2  # Pillow frees the interpreter while it resizes


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
    compute_device: ComputeDevice
    images: Batches[Image.Image, Any]
    texts: Batches[str, Any]

    @property
    def precision(self) -> str:
        """What its towers compute in: fp32, bf16 or fp16."""
        return self.compute_device.precision

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
