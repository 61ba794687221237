"""How work that goes in steps tells how far it is, and is asked to stop; knows no work and nobody who looks on.

Functions take both by keyword: `progress: Progress = silent, should_stop: ShouldStop = never`.
"""

from collections.abc import Callable
from typing import Protocol


class Progress(Protocol):
    """What work calls after each step of it."""

    def __call__(self, done: int, total: int | None, what: str, /) -> None:
        """`done` of `total` (None: not known yet) units are ready; `what`, a few words or "", names the part at hand.

        The unit is the work's own: items, pictures, bytes. `done` begins anew where another part begins.
        """
        ...


ShouldStop = Callable[[], bool]
"""What work asks between two steps: whether to end early and keep what is done."""


def silent(done: int, total: int | None, what: str, /) -> None:
    """Progress that nobody looks at."""


def never() -> bool:
    """The answer where nobody can ask the work to stop."""
    return False


def named(progress: Progress, what: str) -> Progress:
    """Progress that names its part `what`, whatever the work itself calls it."""
    return lambda done, total, _: progress(done, total, what)
