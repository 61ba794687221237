"""Kills a process in the middle of an operation on a collection: at each of its steps, or between two of them.

A step is whatever changes something: a statement of SQL, a call of tantivy's writer, a file written, renamed, deleted.
They are seen by patching a child process, never the product. One server process imports everything once and forks for
each operation, so that a round costs some tens of milliseconds.
"""

import functools
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
READING = ("select", "pragma", "--")  # statements that change nothing, or are part of another


@dataclass(frozen=True)
class Round:
    """What a child told before it ended: the steps that it came to, what it reported, and when it was done."""

    steps: tuple[str, ...]
    told: tuple[str, ...]
    done: float | None  # seconds that it took, where it was reported as done
    killed: bool


class Server:
    """Starts children, one at a time, each for one operation: a function of (folder, Steps) named "module:function"."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, operation: str, folder: Path, *, at: int = 0, after: float = 0.0) -> Round:
        """Kills at the step number `at` (from 1; 0: never), or `after` seconds behind the first (0: never)."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None
        asked.write(json.dumps([operation, str(folder), at, after]) + "\n")
        asked.flush()
        heard: dict[str, list[str]] = {"step": [], "told": [], "done": []}
        for line in answers:
            verb, _, rest = line.rstrip("\n").partition(" ")
            if verb == "end":
                killed = os.WIFSIGNALED(int(rest))
                assert killed or os.WEXITSTATUS(int(rest)) == 0, f"{operation} failed by itself; see above"
                done = float(heard["done"][0]) if heard["done"] else None
                return Round(tuple(heard["step"]), tuple(heard["told"]), done, killed)
            heard[verb].append(rest)
        raise AssertionError("the server of children has ended")


@contextmanager
def server() -> Iterator[Server]:
    """A server that ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.killing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    try:
        yield Server(process)
    finally:
        process.communicate(timeout=30)


class Steps:
    """In the child: counts steps from `begin` on, tells them, and ends the process where it was asked to."""

    def __init__(self, at: int, after: float) -> None:
        self._at, self._after, self._count, self._begun = at, after, 0, 0.0

    def begin(self) -> None:
        """From here on, steps count."""
        self._begun = time.monotonic()
        if self._after:  # nobody handles this signal, so the kernel ends the process at once, wherever it is
            signal.setitimer(signal.ITIMER_REAL, self._after)

    def done(self) -> None:
        """Reports the operation as done."""
        _say("done", str(time.monotonic() - self._begun))

    def tell(self, what: str) -> None:
        """Reports something else."""
        _say("told", what)

    def take(self, name: str) -> None:
        """One more step is about to be taken."""
        if self._begun and threading.current_thread() is threading.main_thread():
            self._count += 1
            _say("step", name)
            if self._count == self._at:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Makes everything that changes something take a step first."""
        from index_store.postings.index import PostingsIndex

        connect = sqlite3.connect

        def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection = connect(*arguments, **options)
            connection.set_trace_callback(self._statement)
            return connection

        sqlite3.connect = watched  # type: ignore[assignment]
        opened = PostingsIndex.opened
        PostingsIndex.opened = lambda held: _Watched(opened(held), self)  # type: ignore[assignment,return-value]
        for name in ("unlink", "rename", "chmod", "mkdir"):
            setattr(pathlib.Path, name, self._stepping(f"file {name}", getattr(pathlib.Path, name)))
        os.fsync = self._stepping("file fsync", os.fsync)
        whole = pathlib.Path.write_bytes

        def torn(path: Path, data: bytes) -> int:
            whole(path, data[: len(data) // 2])
            self.take("file half written")
            return whole(path, data)

        pathlib.Path.write_bytes = torn  # type: ignore[assignment]

    def _statement(self, sql: str) -> None:
        sql = " ".join(sql.split())[:40]
        if not sql.lower().startswith(READING) and '"sqlite_utils_query"' not in sql:
            self.take(f"sql {sql}")

    def _stepping(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def stepping(*arguments: Any, **options: Any) -> Any:
            self.take(name)
            return call(*arguments, **options)

        return stepping


class _Watched:
    """tantivy's index or its writer, every call of which is a step: their types cannot be patched."""

    def __init__(self, real: Any, steps: Steps) -> None:
        self._real, self._steps = real, steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            if name not in ("searcher", "schema"):
                self._steps.take(f"tantivy {name}")
            answer = found(*arguments, **options)
            return _Watched(answer, self._steps) if name == "writer" else answer

        return call


def _say(verb: str, what: str) -> None:
    """To the test, in one piece, so that a kill cannot tear it."""
    os.write(1, f"{verb} {what}\n".encode())


def _child(operation: str, folder: str, at: int, after: float) -> None:
    module, _, name = operation.partition(":")
    steps = Steps(at, after)
    steps.watch()
    getattr(import_module(module), name)(Path(folder), steps)


def main() -> None:
    """Reads operations, one a line, and forks for each."""
    Image.init()  # all formats of pictures, which every child would import
    for line in sys.stdin:
        operation, folder, at, after = json.loads(line)
        import_module(operation.partition(":")[0])
        child = os.fork()
        if not child:
            code = 1
            try:
                _child(operation, folder, at, after)
                code = 0
            except BaseException:
                traceback.print_exc()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        _say("end", str(status))


if __name__ == "__main__":
    main()
