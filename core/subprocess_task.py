"""Work in a process of its own: its memory goes with it, and it may be asked to stop; knows nothing of the work."""

import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any

from core.errors import TrainingError
from index_store.errors import SightwordsError

LOOK_S = 0.2  # how often it is asked whether to stop


def run_apart(
    work: Callable[..., Any],
    *given: Any,
    told: Callable[..., None],
    stop: threading.Event | None = None,
) -> Any:
    """What `work(*given, tell, stop)` returns; all of it must be picklable.

    `tell(…)` there is `told(…)` here. `stop` there is an event that is set, once, whenever `stop` here is, which is
    cleared by that: the work may clear its own and be asked again. Work whose parent has died ends at its next `tell`.
    Raises the SightwordsError that the work raised, and TrainingError where its process died.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    asked = context.Event()
    process = context.Process(target=_work, args=(work, given, there, asked))
    process.start()
    there.close()
    try:
        while True:
            while not here.poll(LOOK_S):
                _pass_on(stop, asked)
            _pass_on(stop, asked)
            kind, *said = here.recv()
            if kind == "done":
                return said[0]
            if kind == "error":
                raise said[0]
            told(*said)
    except EOFError as error:
        process.join()
        raise TrainingError(
            f"The work ended without a result (exit status {process.exitcode}); it may have run out of memory."
        ) from error
    finally:
        here.close()
        process.terminate()
        process.join()


def _pass_on(stop: threading.Event | None, asked: Event) -> None:
    if stop is not None and stop.is_set():
        stop.clear()
        asked.set()


def _work(work: Callable[..., Any], given: tuple[Any, ...], report: Connection, stop: Event) -> None:
    """What the process does: tells, then the result or an error."""
    try:
        report.send(("done", work(*given, lambda *said: report.send(("told", *said)), stop)))
    except SightwordsError as error:
        report.send(("error", error))
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # the parent was interrupted too and says so, or is gone
