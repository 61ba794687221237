"""Work in a process of its own: its memory goes with it, and it may be asked to stop; knows nothing of the work."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any

from core.errors import TrainingError
from index_store.errors import SightwordsError
from index_store.progress import ShouldStop, never

LOOK_S = 0.2  # how often it is asked whether to stop


def run_apart(
    work: Callable[..., Any],
    *given: Any,
    tell: Callable[..., None],
    should_stop: ShouldStop = never,
) -> Any:
    """What `work(*given, tell=…, should_stop=…)` returns; all of it must be picklable.

    What the work tells is told here. Its `should_stop` says yes once after each yes of `should_stop` here, which is
    asked every LOOK_S seconds. Work whose parent has died ends at the next thing that it tells.
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
            there_is_news = here.poll(LOOK_S)
            if should_stop():
                asked.set()
            if not there_is_news:
                continue
            kind, *said = here.recv()
            if kind == "done":
                return said[0]
            if kind == "error":
                raise said[0]
            tell(*said)
    except EOFError as error:
        process.join()
        raise TrainingError(
            f"The work ended without a result (exit status {process.exitcode}); it may have run out of memory."
        ) from error
    finally:
        here.close()
        process.terminate()
        process.join()


def _work(work: Callable[..., Any], given: tuple[Any, ...], report: Connection, asked: Event) -> None:
    """What the process does: tells, then sends the result or an error."""

    def tell(*said: Any) -> None:
        report.send(("told", *said))

    def should_stop() -> bool:
        stop = asked.is_set()
        if stop:
            asked.clear()
        return stop

    try:
        report.send(("done", work(*given, tell=tell, should_stop=should_stop)))
    except SightwordsError as error:
        report.send(("error", error))
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # the parent was interrupted too and says so, or is gone
