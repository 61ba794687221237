"""Milliseconds of searches, and what a process holds in memory (Linux)."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")
RUNS = 3  # of each query, the best of which counts: what else the machine does only ever adds


def fastest(search: Callable[[], Answer]) -> tuple[Answer, float]:
    """The answer, and the milliseconds of the best of some runs."""
    best = float("inf")
    for _ in range(RUNS):
        started = time.perf_counter()
        answer = search()
        best = min(best, time.perf_counter() - started)
    return answer, 1000 * best


def resident() -> dict[str, float]:
    """Megabytes of this process: `own`, and pages of mapped `files`, which the system takes back when it needs them."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    kilobytes = {name: int(lines[name].split()[0]) for name in ("RssAnon", "RssFile")}
    return {"own": kilobytes["RssAnon"] / 1024, "files": kilobytes["RssFile"] / 1024}


def bytes_below(folder: Path) -> int:
    """Size of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
