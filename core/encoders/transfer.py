"""What downloads share: errors of one sentence, and a count of bytes that can be stopped; knows no addresses."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import DownloadStopped, ModelError
from index_store.progress import Progress, ShouldStop

PATIENCE_S = 30  # for a server that says nothing


@contextmanager
def one_sentence(what: str, remark: str = "") -> Iterator[None]:
    """Raises a ModelError of one sentence for whatever keeps a download of `what` from happening.

    HF_HUB_OFFLINE forbids every download. `remark`: advice for a person, part of the sentence.
    """
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise ModelError(f"'{what}' is not fetched, because HF_HUB_OFFLINE forbids it; unset it to allow downloads.")
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # the hub's client, its HTTP library and urllib share no class of their errors
        reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        advice = f"{remark}; " if remark else ""
        raise ModelError(
            f"'{what}' cannot be fetched ({reason}); {advice}check the network, or bring its files here another way."
        ) from error


class ByteTally:
    """Counts the bytes of a download and reports them; raises DownloadStopped when asked to stop."""

    def __init__(self, name: str, total: int, progress: Progress, should_stop: ShouldStop):
        self._name, self._total, self._progress, self._should_stop = name, total, progress, should_stop
        self._before = self._now = 0  # bytes of the files that are whole; of the one that comes

    def add(self, count: int) -> None:
        """Counts `count` more bytes of the file at hand."""
        self._now += count
        self._progress(min(self._before + self._now, self._total), self._total, self._name)
        if self._should_stop():
            raise DownloadStopped(
                f"'{self._name}' was not fetched to its end: stopped as asked; the next try fetches what is missing."
            )

    def finished(self, size: int) -> None:
        """Counts the file at hand as whole, `size` bytes, however many of them had to come."""
        self._before, self._now = self._before + size, 0
        self.add(0)
