"""The head that the Lab trains at the moment: which one it is, and its curves so far; knows nothing of who looks on."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index_store.progress import Progress, ShouldStop

if TYPE_CHECKING:
    from core.training.curves import EpochMeasures

POINTS = 300  # of a curve by steps: more cannot be told apart on a screen
TRAINING = "training"


@dataclass
class Training:
    """One head: its experiment's key, that it is number `number` of `of`, and what its steps and epochs measured.

    `steps`: (epochs done, measures), a few hundred points. `epochs`: one row each.
    """

    key: str = ""
    number: int = 1
    of: int = 1
    steps: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    epochs: "list[EpochMeasures]" = field(default_factory=list)

    def run(self, place: Path, cache: Path, progress: Progress, should_stop: ShouldStop) -> bool:
        """Trains and judges the experiment in the folder `place`, in a process of its own, to its end.

        `cache`: where data of the built-in world are kept. `should_stop` says yes once each time that a person asks.
        False where it was stopped before there was a head, or before that was judged.
        """
        from core.experiments.experiment import Experiment, conduct
        from core.subprocess_task import run_in_subprocess
        from core.training.curves import CURVES_FILE, read_curves

        if (place / CURVES_FILE).exists():
            self.epochs = read_curves(place)
        in_all = Experiment.load(place).config.epochs

        def tell(kind: str, *values: Any) -> None:
            if kind == "stage":
                progress(*values)
            elif kind == "epoch":
                self._finished_epoch(values[0])
            else:
                self._finished_step(*values, in_all=in_all)
                progress(values[0], values[1], TRAINING)

        judged: bool = run_in_subprocess(conduct, place, cache, tell=tell, should_stop=should_stop)
        return judged

    def _finished_epoch(self, measures: dict[str, Any]) -> None:
        from core.training.curves import EpochMeasures

        self.epochs = [*self.epochs, EpochMeasures(**measures)]

    def _finished_step(self, done: int, total: int, measures: dict[str, float], *, in_all: int) -> None:
        if done % max(1, math.ceil(total / POINTS)) == 0 or not self.steps:
            self.steps = [*self.steps, (in_all * done / total, measures)]
