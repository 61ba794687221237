"""One number of items: the task that is the same for all, our collection at it, and each peer."""

import gc
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import opening
from benchmarks.peers import Peer
from benchmarks.records import Opening, Regime, System
from benchmarks.rows import Rows
from benchmarks.synthetic import draw_queries
from benchmarks.timing import bytes_below, fastest
from benchmarks.truth import Columns, Truth
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector

OVERLAPS = (0.99, 0.999)  # of the answers of approximate peers
BUILT = "built.json"  # beside a peer's index that is whole


@dataclass(frozen=True)
class Task:
    """Items, and questions by size with what is true of them."""

    items: Rows
    questions: dict[int, Rows]
    truths: dict[int, Truth]
    k: int

    @classmethod
    def draw(cls, items: Rows, sizes: Sequence[int], queries: int, k: int, seed: int) -> "Task":
        """`queries` questions of each size."""
        questions = {size: draw_queries(items, queries, size, seed + size) for size in sizes}
        columns = Columns(items)
        truths = {size: Truth(items, some, k, columns) for size, some in questions.items()}
        return cls(items, questions, truths, k)


def build_collection(items: Rows, folder: Path, batch: int, compact: bool) -> tuple[NDArray[np.int64], float]:
    """Adds all items, `batch` to a commit: their ids, and the seconds that adding took (vectors were ready)."""
    ids: list[int] = []
    seconds = 0.0
    with Collection.create(folder, model="benchmark", vocabulary=[str(term) for term in range(items.width)]) as held:
        for first in range(0, len(items), batch):
            some = range(first, min(first + batch, len(items)))
            new = [NewItem("image", f"{number}.png", None, "", items.vector(number)) for number in some]
            started = time.perf_counter()
            ids += held.add(new)
            seconds += time.perf_counter() - started
        if compact:
            started = time.perf_counter()
            held.compact()
            seconds += time.perf_counter() - started
    return np.array(ids), seconds


def measure_ours(
    task: Task, folder: Path, batch: int, compact: bool, budgets: Sequence[int]
) -> tuple[list[System], Opening]:
    """Builds a collection, opens it in a process of its own, then searches it: exactly, on budgets, held in memory."""
    ids, seconds = build_collection(task.items, folder / "collection", batch, compact)
    opened = _open_elsewhere(folder, task)
    on_disk = bytes_below(folder / "collection") / len(task.items)
    with Collection.open(folder / "collection") as held:
        exact = System("sightwords", "exact", _search_ours(held, ids, task, None), seconds, on_disk)
        limited = [
            System(f"budget {budget:,}", "at most so many postings", _search_ours(held, ids, task, budget))
            for budget in budgets
        ]
        held.load()
        in_memory = System("held in memory", "exact, after `load`", _search_ours(held, ids, task, None))
    return [exact, *limited, in_memory], opened


def measure_peer(peer: Peer, task: Task, folder: Path, most: int | None) -> list[System]:
    """Builds its index in a folder, or takes up the one that is there, and asks `most` questions of each size.

    One system; of a peer with settings, one for each of OVERLAPS: its fastest setting that finds as much.
    """
    try:
        with _quiet():
            seconds = _ready(peer, task.items, folder)
        on_disk = bytes_below(folder) / len(task.items) if peer.kept else None
        if not peer.settings:
            regimes = {size: _search_peer(peer, task, size, most) for size in task.questions}
            return [System(peer.name, peer.about, regimes, seconds, on_disk)]
        tried = {size: _sweep(peer, task, size, most) for size in task.questions}
        return [_at_overlap(peer, tried, least, seconds, on_disk) for least in OVERLAPS]
    except Exception as error:  # whatever a peer stumbles over must not cost the figures of all others
        return [System(peer.name, peer.about, note=f"failed: {type(error).__name__}: {error}")]
    finally:
        peer.close()


def _open_elsewhere(folder: Path, task: Task) -> Opening:
    files = []
    for size, questions in task.questions.items():
        files.append(str(folder / f"questions-{size}.npz"))
        questions.save(Path(files[-1]))
    command = [sys.executable, opening.__file__, str(folder / "collection"), *files]
    return Opening(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))


def _search_ours(held: Collection, ids: NDArray[np.int64], task: Task, budget: int | None) -> dict[int, Regime]:
    regimes = {}
    for size, questions in task.questions.items():
        for vector in questions.vectors():
            held.search(vector, task.k, budget=budget)  # warm, as it is while people use it
        found, best = _timed(questions, SparseVector, lambda vector: held.search(vector, task.k, budget=budget))
        rows = [np.searchsorted(ids, [hit.id for hit in one.hits]).tolist() for one in found]
        proven = float(np.mean([one.exact for one in found]))
        regimes[size] = _regime(best, _overlap(task.truths[size], rows), proven)
    return regimes


def _search_peer(peer: Peer, task: Task, size: int, most: int | None) -> Regime:
    questions = task.questions[size].first(most)
    if not peer.slow:
        for number in range(len(questions)):
            peer.search(peer.ask(*questions.row(number)), task.k)
    rows, best = _timed(questions, peer.ask, lambda question: peer.search(question, task.k))
    return _regime(best, _overlap(task.truths[size], rows) if peer.faithful else None, None)


def _sweep(peer: Peer, task: Task, size: int, most: int | None) -> list[Regime]:
    regimes = []
    for setting in peer.settings:
        peer.choose(setting)
        regimes.append(_search_peer(peer, task, size, most))
    return regimes


def _at_overlap(
    peer: Peer, tried: dict[int, list[Regime]], least: float, seconds: float, on_disk: float | None
) -> System:
    """A peer at the fastest settings that find at least so much of the best k, where there are such."""
    found = {size: _fastest_at(regimes, least) for size, regimes in tried.items()}
    about = f"{peer.about}; fastest of {len(peer.settings)} settings of searching"
    regimes = {size: fast for size, fast in found.items() if fast is not None}
    note = "" if regimes else "none of its settings finds as much"
    return System(f"{peer.name} ≥ {least}", about, regimes, seconds, on_disk, note)


def _fastest_at(regimes: Sequence[Regime], least: float) -> Regime | None:
    """The fastest that finds at least so much; None where none does."""
    enough = [one for one in regimes if one.overlap is not None and one.overlap >= least]
    return min(enough, key=lambda one: one.p50, default=None)


def _timed(questions: Rows, ask: Callable[..., Any], search: Callable[[Any], Any]) -> tuple[list[Any], list[float]]:
    """Answers, and milliseconds of each."""
    gc.collect()
    asked = [ask(*questions.row(number)) for number in range(len(questions))]
    found, best = zip(*(fastest(partial(search, question)) for question in asked), strict=True)
    return list(found), list(best)


def _overlap(truth: Truth, found: Sequence[Sequence[int]]) -> float:
    return float(np.mean([truth.overlap(question, rows) for question, rows in enumerate(found)]))


def _regime(milliseconds: list[float], overlap: float | None, proven: float | None) -> Regime:
    p50, p95 = np.percentile(milliseconds, [50, 95]).tolist()
    return Regime(len(milliseconds), p50, p95, overlap, proven)


def _ready(peer: Peer, items: Rows, folder: Path) -> float:
    """The seconds that building took, now or when it was done."""
    note = folder / BUILT
    if peer.kept and note.exists():
        peer.load(folder)
        return float(json.loads(note.read_text())["seconds"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = time.perf_counter()
    peer.build(items, folder)
    seconds = time.perf_counter() - started
    note.write_text(json.dumps({"seconds": seconds}))
    return seconds


@contextmanager
def _quiet() -> Iterator[None]:
    """What native code says on standard output and error goes nowhere: tables are there to be piped."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    with open(os.devnull, "w") as nowhere:
        for stream in (1, 2):
            os.dup2(nowhere.fileno(), stream)
    try:
        yield
    finally:
        for stream, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
