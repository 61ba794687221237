"""What a run of indexing has done so far, reported as it goes, and whether it is to stop; knows no collection."""

from dataclasses import dataclass, field
from pathlib import Path

from index_store.progress import Progress, ShouldStop


@dataclass
class Tally:
    """The counts of one run, in items. `total`: how many there are to deal with; `skipped`: (path, one sentence)."""

    total: int
    progress: Progress
    should_stop: ShouldStop
    done: int = 0
    added: int = 0
    unchanged: int = 0
    updated: int = 0
    renamed: int = 0
    removed: int = 0
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    stopped: bool = False

    def advance(self, name: str, count: int = 1) -> None:
        """Reports that `count` more items, the last of a file called `name`, are durable or done with."""
        self.done += count
        if count:
            self.progress(self.done, self.total, name)

    def skip(self, path: Path, reason: str) -> None:
        """Notes a file, folder or row of captions that is not taken, with a sentence that says why."""
        self.skipped.append((path, reason))

    def stop_now(self) -> bool:
        """Whether the run is to stop; once it is, it stays so."""
        self.stopped = self.stopped or self.should_stop()
        return self.stopped
