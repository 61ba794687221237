"""One piece of work at a time in the background of the app: begun or refused, watched, stopped; knows no work."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

from core.errors import QueryError
from index_store.errors import SightwordsError
from index_store.progress import Progress, ShouldStop

log = logging.getLogger(__name__)

LEAST_S = 1.5  # of a part of the work, before its time left is told

Outcome = TypeVar("Outcome")
Work = Callable[[Progress, ShouldStop], Outcome]


class AtWork(QueryError):
    """Work was refused, because other work is under way."""


@dataclass(frozen=True)
class JobStatus(Generic[Outcome]):
    """How far the work is: `done` of `total` (0: not known) of the part called `what`.

    `outcome` or `exception`: what came of it, once the state is "ended". `since` (seconds, monotonic) and `first`: when
    and with how many done this part began.
    """

    state: Literal["idle", "working", "ended"] = "idle"
    what: str = ""
    done: int = 0
    total: int = 0
    outcome: Outcome | None = None
    exception: SightwordsError | None = None
    first: int = 0
    since: float = 0.0

    @property
    def error(self) -> str:
        """One sentence for a person; empty where nothing went wrong."""
        return str(self.exception) if self.exception is not None else ""

    @property
    def seconds_left(self) -> float | None:
        """Of this part, at the pace so far; None while nothing can be said."""
        spent, made = time.monotonic() - self.since, self.done - self.first
        known = self.state == "working" and made > 0 and spent > LEAST_S
        return spent / made * (self.total - self.done) if known else None


class Job(Generic[Outcome]):
    """Work in a thread of its own, never two pieces at once. Safe to share between threads."""

    def __init__(self, name: str, busy: str) -> None:
        """`name`: of the thread, and in the log. `busy`: what a refusal says; {what} in it is the part at hand."""
        self._name, self._busy = name, busy
        self._status: JobStatus[Outcome] = JobStatus()
        self._changed = threading.Condition()
        self._starting = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> JobStatus[Outcome]:
        """How far it is at this moment."""
        return self._status

    @property
    def working(self) -> bool:
        """Whether work is under way."""
        return self._status.state == "working"

    def start(self, work: Work[Outcome], *, what: str = "", within: AbstractContextManager[Any] | None = None) -> None:
        """Begins `work(progress, should_stop)` and returns; AtWork while other work is under way.

        `what` names its first part. `within` is entered here, so that the caller is told why it cannot be, and left
        when the work has ended.
        """
        with self.idle(), ExitStack() as entered:
            entered.enter_context(within or nullcontext())
            self._stop.clear()
            self._tell(JobStatus("working", what, since=time.monotonic()))
            self._thread = threading.Thread(
                target=self._run, args=(work, entered.pop_all()), name=self._name, daemon=True
            )
            self._thread.start()

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Nothing is under way, and nothing begins within; AtWork where something is."""
        with self._starting:
            if self.working:
                raise AtWork(self._busy.format(what=self._status.what))
            yield

    def progress(self, done: int, total: int | None, what: str, /) -> None:
        """Tells how far the work at hand is."""
        now = self._status
        goes_on = what == now.what and done >= now.done
        if not goes_on:
            now = replace(now, first=done, since=time.monotonic())
        self._tell(replace(now, what=what, done=done, total=total or 0))

    def stop(self) -> None:
        """Asks the work at hand to end soon; what it does then is its own affair."""
        if self.working:
            self._stop.set()

    def should_stop(self) -> bool:
        """Whether the work at hand was asked to stop."""
        return self._stop.is_set()

    def take_stop(self) -> bool:
        """The same, but true once each time that it was asked, for work whose parts are stopped one by one."""
        with self._changed:
            asked = self._stop.is_set()
            self._stop.clear()
        return asked

    def pause(self, seconds: float) -> None:
        """For the work itself: waits so long, or until it is asked to stop."""
        self._stop.wait(seconds)

    def amend(self, outcome: Outcome) -> None:
        """Puts another outcome in the place of what came of the last work."""
        self._tell(replace(self._status, outcome=outcome))

    def forget(self) -> None:
        """Forgets what came of the last work; without effect while it goes on."""
        if not self.working:
            self._tell(JobStatus())

    def wait(self, timeout: float | None = None) -> None:
        """Returns when nothing is under way, or after so many seconds."""
        if self._thread is not None:
            self._thread.join(timeout)

    def wait_until(self, reached: Callable[[JobStatus[Outcome]], bool], timeout: float) -> bool:
        """Whether, within so many seconds, the work has ended or `reached` is true of its status."""
        with self._changed:
            return self._changed.wait_for(lambda: self._status.state == "ended" or reached(self._status), timeout)

    def _tell(self, status: JobStatus[Outcome]) -> None:
        with self._changed:
            self._status = status
            self._changed.notify_all()

    def _run(self, work: Work[Outcome], entered: ExitStack) -> None:
        outcome: Outcome | None = None
        exception: SightwordsError | None = None
        try:
            with entered:
                outcome = work(self.progress, self.should_stop)
        except SightwordsError as error:
            exception = error
        except Exception as error:  # a bug of ours: the log gets the traceback, the person a sentence
            log.exception("%s failed", self._name)
            exception = SightwordsError(f"Something unexpected went wrong ({error}); the log says what.")
        self._tell(replace(self._status, state="ended", outcome=outcome, exception=exception))
