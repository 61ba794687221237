"""Processes that run a text of Python. They are forked from one that has imported everything, which takes seconds."""

import os
import sys
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TextIO

PRELOADED = ["core.experiments.experiment", "torch._dynamo", "index_store.folder.collection", "tests.children"]


@dataclass(frozen=True)
class Child:
    """A process that was started. `stdout`: what it prints; a line that a kill has torn has no end."""

    process: BaseProcess
    stdout: TextIO

    @property
    def pid(self) -> int | None:
        """Its number."""
        return self.process.pid

    def kill(self) -> None:
        """Ends it as `kill -9` does."""
        self.process.kill()

    def wait(self) -> int | None:
        """Waits for its end; its exit status, -9 of one that was killed."""
        self.process.join()
        return self.process.exitcode


def start(code: str, *arguments: object) -> Child:
    """Starts a process that runs `code` as `python -c` does, with the arguments in `sys.argv`."""
    context = get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(code, [str(one) for one in arguments], theirs))
    process.start()
    theirs.close()
    stdout = os.fdopen(os.dup(ours.fileno()), encoding="utf-8")
    ours.close()
    return Child(process, stdout)


def _run(code: str, arguments: list[str], pipe: Connection) -> None:
    os.dup2(pipe.fileno(), 1)
    pipe.close()
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    sys.argv = ["-c", *arguments]
    exec(compile(code, "<child>", "exec"), {"__name__": "__main__"})
