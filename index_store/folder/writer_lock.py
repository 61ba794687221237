"""Lets one process at a time write to a collection folder, in turn; knows neither catalog nor postings.

A process that waits takes `waiting.lock` and holds it until it has `writing.lock`. One that has just written and wants
to write again has to wait for `waiting.lock` like all others, so a long run of many short writes lets others in. The
operating system gives both locks back when a process ends, however it ends. `writer.json` says who writes; it is read
only while somebody does.
"""

import json
import logging
import os
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from index_store.errors import CollectionBusy, CollectionNotFound, explain_os_error

WAIT_S = 60.0  # a write waits this long for another process's: far more than a batch takes
LOG_S = 1.0  # after so long a wait, the log says for whom
RETRY_S = 0.02  # between two tries
FILES = (WAITING, WRITING, WRITER) = ("waiting.lock", "writing.lock", "writer.json")
log = logging.getLogger(__name__)


class WriterLock:
    """The right to write to the collection in `folder`; not for two threads at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting, self._writing = (FileLock(folder / name, mode=0o666) for name in (WAITING, WRITING))
        self._since = datetime.now(UTC).isoformat(timespec="seconds")

    def acquire(self, wait: float) -> None:
        """Takes the lock, waiting for at most `wait` seconds (0: not at all); else CollectionBusy says who has it.

        CollectionNotFound where the collection was deleted meanwhile.
        """
        end = time.monotonic() + wait
        if not self._folder.is_dir():  # taking a lock would make it again
            raise CollectionNotFound(f"The collection {self._folder} is no longer there.")
        try:
            if not self._taken(min(end, time.monotonic() + LOG_S)):
                if wait > LOG_S:
                    log.warning("Waiting for %s, at most %.0f seconds.", self._writer(), wait)
                if not self._taken(end):
                    raise CollectionBusy(
                        f"The collection {self._folder} is being written to by {self._writer()}; try again later, or "
                        "wait longer (--wait SECONDS)."
                    )
        except OSError as error:
            raise explain_os_error(error, self._folder) from error
        writer = {"command": _command(), "pid": os.getpid(), "since": self._since}
        with suppress(OSError):  # a full disk: then others do not learn who writes
            (self._folder / WRITER).write_text(json.dumps(writer), "utf-8")

    def release(self) -> None:
        """Gives the lock back."""
        self._writing.release()

    def _taken(self, end: float) -> bool:
        """Tries to take the lock until `end` (seconds of the monotonic clock); returns whether it could."""
        try:
            with self._waiting.acquire(timeout=_left(end), poll_interval=RETRY_S):
                self._writing.acquire(timeout=_left(end), poll_interval=RETRY_S)
        except Timeout:  # which is an OSError
            return False
        return True

    def _writer(self) -> str:
        """Names who writes, and since when, for a person."""
        try:
            writer = json.loads((self._folder / WRITER).read_text("utf-8"))
            since = datetime.fromisoformat(writer["since"]).astimezone()
            day = "" if since.date() == datetime.now().date() else f"{since:%Y-%m-%d} "
            return f"`{writer['command']}` (process {int(writer['pid'])}), which began at {day}{since:%H:%M:%S}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"


def _left(end: float) -> float:
    return max(0.0, end - time.monotonic())


def _command() -> str:
    """The command that runs here, without what it works on: `sightwords index`, `app.py`."""
    name, rest = Path(sys.argv[0]).name or "python", sys.argv[1:2]
    return " ".join([name, *rest]) if rest and rest[0].isalpha() and not Path(rest[0]).exists() else name
