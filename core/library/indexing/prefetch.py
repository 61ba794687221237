"""Runs work on files a little ahead of whoever uses the results; must not know what the work is."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from index_store.progress import ShouldStop

DECODERS = 2  # threads: Pillow frees the interpreter while it decodes, so that two keep an encoder fed
LOOK_AHEAD = 64  # decoded pictures waiting, two batches; at 1,024 px a side they cost 200 MB at most

Result = TypeVar("Result")


def prefetched(
    paths: Iterable[Path], work: Callable[[Path], Result], should_stop: ShouldStop
) -> Iterator[tuple[Path, Result]]:
    """(path, what `work` returned for it), in the order of `paths`, until `should_stop()`.

    DECODERS threads do the work, at most LOOK_AHEAD paths before their results are asked for. What `work` raises is
    raised here.
    """
    waiting: deque[tuple[Path, Future[Result]]] = deque()
    rest = iter(paths)
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
        try:
            while True:
                while len(waiting) < LOOK_AHEAD and (path := next(rest, None)) is not None:
                    waiting.append((path, pool.submit(work, path)))
                if not waiting or should_stop():
                    return
                path, future = waiting.popleft()
                yield path, future.result()
        finally:
            for _, future in waiting:
                future.cancel()
