"""Ctrl-C for work that goes in steps: stop between two of them, or at once when asked again."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from demo import terminal
from index_store.progress import ShouldStop


@contextmanager
def interrupted(saying: str = "Stopping after this batch; Ctrl-C again stops at once…") -> Iterator[ShouldStop]:
    """Turns the first Ctrl-C into a question that the work at hand asks between steps; the second ends at once."""
    asked = threading.Event()

    def note(number: int, frame: object) -> None:
        terminal.say(saying)
        asked.set()
        signal.signal(signal.SIGINT, before)

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
