"""A thread that looks for newer moments while somebody writes without a pause, so that no question has to.

A new moment, of which nothing has been read yet, costs more than a search. Knows neither stores nor views: what
looking is, it is told.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from index_store.errors import CollectionError

BUSY, BUSY_S = 8, 2.0  # so many newer moments in so many seconds: somebody writes without a pause
PAUSE_S = 0.5  # seconds between two looks while somebody does

log = logging.getLogger(__name__)


class Lookout:
    """Told of newer moments (`found`) and of questions (`asked`); its thread runs only while there are many of both."""

    def __init__(self, look: Callable[[], None]) -> None:
        """look: reads what is new, if anything is; a CollectionError from it is left for the next question to meet."""
        self._look = look
        self._lock = threading.Lock()  # guards what follows
        self._found: deque[float] = deque(maxlen=BUSY)
        self._asked = 0.0
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def found(self, now: float) -> None:
        """There was a newer moment."""
        with self._lock:
            self._found.append(now)

    def asked(self, now: float) -> bool:
        """There is a question; whether the thread looks for it, which it does from now on if somebody is writing."""
        with self._lock:
            self._asked = now
            if self._thread is None and self._busy(now) and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)
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
        while not self._closing.wait(PAUSE_S) and self._needed():
            try:
                self._look()
            except CollectionError as error:
                log.debug("Looking for a newer moment failed: %s", error)
        with self._lock:
            self._thread = None

    def _needed(self) -> bool:
        with self._lock:
            now = time.monotonic()
            return self._busy(now) and now - self._asked < 2 * PAUSE_S

    def _busy(self, now: float) -> bool:
        return len(self._found) == BUSY and now - self._found[0] < BUSY_S
