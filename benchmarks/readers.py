"""Reading while somebody writes: python benchmarks/readers.py

Eight processes search a collection, at a pace, while another adds 10,000 items as fast as it can, as many to a commit
as `index` has. Every answer must be that of one moment between two commits: the exact best of all items so far, with
the scores that their vectors give. Prints errors, torn answers, and how long searches take with and without the writer
(before it, and after it, when there is as much to search). Numbers mean something only on a quiet machine with a core
for each process that is busy: `--burn 20` has a process burn a core for so many seconds instead of writing, which shows
what sharing the cores alone costs.
"""

import argparse
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from benchmarks.synthetic import VOCABULARY, draw_items, draw_queries
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector

PHASES = ("idle before", "writing", "idle after", "end")
K = 10
QUESTIONS = 20
fork = multiprocessing.get_context("fork")  # vectors and expected scores are shared; nothing of tantivy runs before


@dataclass
class Told:
    """What a reader met with: seconds of each search by phase, errors, answers that no moment explains, sizes seen."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {phase: [] for phase in PHASES})
    errors: list[str] = field(default_factory=list)
    torn: int = 0
    sizes: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Work:
    """Items in the order in which they are added (ids from 1), questions, and the score of each for each item."""

    items: list[SparseVector]
    questions: list[SparseVector]
    scores: NDArray[np.float64]  # (questions, items)
    start: int
    batch: int
    held: bool  # whether readers hold the vectors in memory
    burn: float  # seconds for which a process burns a core instead of writing; 0: it writes

    @classmethod
    def draw(cls, start: int, items: int, batch: int, held: bool, burn: float = 0) -> "Work":
        """Synthetic vectors of a hundred terms, questions of eight and of forty."""
        rows = draw_items(start + items)
        vectors = list(rows.vectors())
        drawn = [draw_queries(rows, QUESTIONS // 2, terms, seed=terms) for terms in (8, 40)]
        questions = [question for some in drawn for question in some.vectors()]
        scores = np.array([[question.dot(vector) for vector in vectors] for question in questions])
        return cls(vectors, questions, scores, start, batch, held, burn)

    def commits(self, least: int, most: int) -> list[int]:
        """The numbers of items that there are after some commit, from `least` to `most`."""
        ends = {*range(self.start, len(self.items), self.batch), len(self.items)}
        return sorted(end for end in ends if least <= end <= most)

    def best(self, question: int, size: int) -> list[tuple[int, float]]:
        """(id, score) of the best of the first `size` items; ties go to the smaller id."""
        scores = self.scores[question, :size]
        order = np.argsort(-scores, kind="stable")[:K]
        return [(int(row) + 1, float(scores[row])) for row in order if scores[row] > 0]


def measure(work: Work, readers: int, pause: float, idle: float) -> list[Told]:
    """Lets readers search: for `idle` seconds, while a writer adds what is to be added, for `idle` seconds more."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c"
        _in_a_process(_create, path, work)
        phase, ready = fork.Value("i", 0), fork.Semaphore(0)
        ends = [fork.Pipe(duplex=False) for _ in range(readers)]
        processes = [
            fork.Process(target=_read, args=(path, work, n, pause, phase, ready, ends[n][1])) for n in range(readers)
        ]
        for process in processes:
            process.start()
        for _ in processes:
            ready.acquire()
        time.sleep(idle)
        phase.value = 1
        _in_a_process(_burn if work.burn else _write, path, work)
        phase.value = 2
        time.sleep(idle)
        phase.value = 3
        told = [receive.recv() for receive, _ in ends]
        for process in processes:
            process.join()
        return told


def _in_a_process(target: Callable[[Path, Work], None], path: Path, work: Work) -> None:
    process = fork.Process(target=target, args=(path, work))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"The process that should {target.__name__.strip('_')} failed; see above.")


def _new(work: Work, first: int, end: int) -> list[NewItem]:
    return [NewItem("image", f"{n}.png", None, str(n), work.items[n]) for n in range(first, end)]


def _create(path: Path, work: Work) -> None:
    with Collection.create(path, model="benchmark", vocabulary=[str(term) for term in range(VOCABULARY)]) as held:
        held.add(_new(work, 0, work.start))


def _write(path: Path, work: Work) -> None:
    with Collection.open(path, writable=True) as held:
        for first in range(work.start, len(work.items), work.batch):
            held.add(_new(work, first, min(first + work.batch, len(work.items))))


def _burn(path: Path, work: Work) -> None:
    end = time.monotonic() + work.burn
    while time.monotonic() < end:
        pass


def _read(path: Path, work: Work, number: int, pause: float, phase, ready, answer: Connection) -> None:  # type: ignore[no-untyped-def]
    told, asked = Told(), number
    try:
        with Collection.open(path) as held:
            if work.held:
                held.load()
            held.search(work.questions[0], K)
            most = len(held)
            ready.release()
            while (now := phase.value) < 3:
                question, asked = asked % len(work.questions), asked + 1
                least, started = most, time.perf_counter()  # a search that meets a new commit reads it first
                found = held.search(work.questions[question], K)
                seconds = time.perf_counter() - started
                most = len(held)
                told.sizes.add(most)
                told.seconds[PHASES[now]].append(seconds)
                got = [(hit.id, hit.score) for hit in found.hits]
                told.torn += not found.exact or all(got != work.best(question, n) for n in work.commits(least, most))
                time.sleep(pause)
    except Exception as error:  # whatever a reader meets with is what is counted here
        told.errors.append(repr(error))
        ready.release()
    answer.send(told)


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000, help="how many the writer adds")
    parser.add_argument("--start", type=int, default=2_000, help="how many are there before")
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between an answer and the next question")
    parser.add_argument("--idle", type=float, default=10, help="seconds of searching before the writer, and after it")
    parser.add_argument("--held", action="store_true", help="readers hold the vectors in memory")
    parser.add_argument("--burn", type=float, default=0, metavar="SECONDS", help="burn a core instead of writing")
    chosen = parser.parse_args()
    work = Work.draw(chosen.start, chosen.items, chosen.batch, chosen.held, chosen.burn)
    started = time.perf_counter()
    told = measure(work, chosen.readers, chosen.pause, chosen.idle)
    writing = time.perf_counter() - started - 2 * chosen.idle
    table = Table("", "searches", "p50 ms", "p95 ms")
    p95 = {}
    for phase in PHASES[:3]:
        seconds = [one for reader in told for one in reader.seconds[phase]]
        p50, p95[phase] = 1000 * np.percentile(seconds, [50, 95])
        table.add_row(phase, f"{len(seconds):,}", f"{p50:.2f}", f"{p95[phase]:.2f}")
    errors = [error for reader in told for error in reader.errors]
    Console(width=110).print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores; {chosen.readers} readers, {chosen.items:,} items "
        f"{'not yet ' if chosen.burn else ''}added to {chosen.start:,} in some {writing:.0f} s",
        table,
        f"p95 while writing / p95 idle after: {p95['writing'] / p95['idle after']:.1f}",
        f"errors: {len(errors)} {errors[:1] or ''}  torn answers: {sum(reader.torn for reader in told)}  "
        f"moments seen by a reader: {np.mean([len(reader.sizes) for reader in told]):.0f}",
    )


if __name__ == "__main__":
    main()
