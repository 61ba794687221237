"""Runs a small network on several batches at once, each on one of torch's threads; must not know which network.

Where a network's layers are small, splitting each of them over the cores gains little: every layer waits for its
slowest part, and for whatever else the cores are busy with. Whole batches side by side wait for nothing.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from PIL import Image

Batch = TypeVar("Batch")
Rows = TypeVar("Rows")
Encode = Callable[[Sequence[Image.Image]], NDArray[float32]]


class Lanes:
    """As many threads as torch computes with in the thread that calls; the first call that needs them starts them."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._count = 0
        self._starting = threading.Lock()

    def __call__(self, work: Callable[[Batch], Rows], batches: Sequence[Batch]) -> list[Rows]:
        """What `work` makes of each batch, in order; a single batch gets all of torch's threads instead."""
        count = torch.get_num_threads()
        if count == 1 or len(batches) < 2:
            return [work(batch) for batch in batches]
        return list(self._started(count).map(work, batches))

    def encode(self, encode: Encode, images: Sequence[Image.Image], size: int, dim: int) -> NDArray[float32]:
        """(n, dim) what `encode` makes of the images, `size` of them at a time."""
        batches = [images[start : start + size] for start in range(0, len(images), size)]
        return np.concatenate([np.zeros((0, dim), np.float32), *self(encode, batches)])

    def _started(self, count: int) -> ThreadPoolExecutor:
        with self._starting:
            if self._pool is None or self._count != count:
                self._pool, self._count = _single_threads(count), count
            return self._pool


def _single_threads(count: int) -> ThreadPoolExecutor:
    """A pool of that many threads, in each of which torch computes with one.

    torch keeps the number for each thread and, for threads to come, once more for all: the second is put back before
    this returns, so that other threads keep theirs.
    """
    ready = threading.Barrier(count + 1)

    def start() -> None:
        torch.get_num_threads()  # the first call in a thread takes the number of all; the next stays
        torch.set_num_threads(1)
        ready.wait()

    pool = ThreadPoolExecutor(count, thread_name_prefix="encode", initializer=start)
    for _ in range(count):
        pool.submit(int)
    ready.wait()
    torch.set_num_threads(count)
    return pool
