"""Runs work in a process of its own, which can report and be asked to stop; knows nothing of the work.

The memory that the work takes is given back whole when its process ends.
"""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any

from core.errors import TrainingError
from index_store.errors import SightwordsError
from index_store.progress import ShouldStop, never

CONTEXT: Any = multiprocessing.get_context("spawn")  # how processes begin: with nothing of this one's state
POLL_S = 0.2  # how often it is asked whether to stop


def run_in_subprocess(
    work: Callable[..., Any],
    *arguments: Any,
    tell: Callable[..., None],
    should_stop: ShouldStop = never,
) -> Any:
    """Calls `work(*arguments, tell=…, should_stop=…)` in a new process and returns what it returns.

    work: a function of a module. It, its arguments, its result and all that it tells must be picklable.
    tell: called here with whatever the work tells there.
    should_stop: asked here every POLL_S seconds. After each yes, the work's own `should_stop` says yes once.

    Raises the SightwordsError that the work raised, and TrainingError where its process died without a result. If this
    process dies, the work ends at the next thing that it tells.
    """
    ours, theirs = CONTEXT.Pipe(duplex=False)
    asked = CONTEXT.Event()
    process = CONTEXT.Process(target=_work, args=(work, arguments, theirs, asked))
    process.start()
    theirs.close()
    try:
        while True:
            has_message = ours.poll(POLL_S)
            if should_stop():
                asked.set()
            if not has_message:
                continue
            kind, *message = ours.recv()
            if kind == "done":
                return message[0]
            if kind == "error":
                raise message[0]
            tell(*message)
    except EOFError as error:
        process.join()
        raise TrainingError(
            f"The work ended without a result (exit status {process.exitcode}); it may have run out of memory."
        ) from error
    finally:
        ours.close()
        process.terminate()
        process.join()


def _work(work: Callable[..., Any], arguments: tuple[Any, ...], pipe: Connection, asked: Event) -> None:
    """What the new process does: it sends what the work tells, then the result or an error."""

    def tell(*message: Any) -> None:
        pipe.send(("told", *message))

    def should_stop() -> bool:
        stop = asked.is_set()
        if stop:
            asked.clear()
        return stop

    try:
        pipe.send(("done", work(*arguments, tell=tell, should_stop=should_stop)))
    except SightwordsError as error:
        pipe.send(("error", error))
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # the parent was interrupted too and says so, or is gone
