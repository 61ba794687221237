"""A thread that reads new snapshots while another process writes without a pause, so that no search has to.

Reading a new snapshot costs more than a search, because nothing of its postings has been read yet. The thread checks
less often than somebody commits, so it goes on as long as it finds something new: what started it cannot keep it alive.
This file knows neither stores nor snapshots: it calls the function `check` that it is given.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from index_store.errors import CollectionError

BUSY, BUSY_S = 4, 2.0  # so many new snapshots within so many seconds mean that somebody writes without a pause
PAUSE_S = 0.5  # seconds between two checks of the thread
RETRY_S = 0.01  # seconds after a check that a commit under way kept from its work

log = logging.getLogger(__name__)


class Watcher:
    """Its owner reports new snapshots (`changed`) and queries (`queried`); its thread runs only while both are many."""

    def __init__(self, check: Callable[[], bool]) -> None:
        """check: reads a new snapshot if there is one; returns whether it could find out, else it is called again soon.

        Its CollectionErrors are logged; the next query meets them.
        """
        self._check = check
        self._lock = threading.Lock()  # guards what follows
        self._changes: deque[float] = deque(maxlen=BUSY)  # times of the last new snapshots
        self._last_query = 0.0
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def changed(self, now: float) -> None:
        """Reports a new snapshot. now: seconds of the monotonic clock."""
        with self._lock:
            self._changes.append(now)

    def queried(self, now: float) -> bool:
        """Reports a query; starts the thread if somebody writes without a pause. Returns whether the thread runs."""
        with self._lock:
            self._last_query = now
            if self._thread is None and self._busy(now) and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="snapshot-watcher", daemon=True)
                self._thread.start()
            return self._thread is not None

    def close(self) -> None:
        """Ends the thread; closing twice is fine."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        pause = PAUSE_S
        while not self._closing.wait(pause) and self._needed():
            try:
                pause = PAUSE_S if self._check() else RETRY_S
            except CollectionError as error:
                log.debug("Reading a new snapshot failed: %s", error)
                pause = PAUSE_S
        with self._lock:
            self._thread = None

    def _needed(self) -> bool:
        with self._lock:
            now = time.monotonic()
            return now - self._changes[-1] < BUSY_S and now - self._last_query < 2 * PAUSE_S

    def _busy(self, now: float) -> bool:
        return len(self._changes) == BUSY and now - self._changes[0] < BUSY_S
