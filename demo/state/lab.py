"""What the Lab page works with: heads trained one after the other and used, one job at a time; knows no Gradio.

Training goes on when the page is closed, until it ends, is stopped or the app ends; whoever comes back finds it.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

from core.errors import QueryError
from core.files import home_folder
from core.shipped import WORLD_MODEL
from demo.components.head_comparison import ComparedHead
from demo.state.app import AppState, Shown
from demo.state.job import Job
from demo.state.lab_choice import Choice, Source, training_config
from demo.state.lab_heads import Heads, lab_folder, outcome, runs_folder
from demo.state.lab_plan import planned
from demo.state.lab_training import Training
from demo.state.library import Library
from demo.state.names import collection_name
from index_store.progress import Progress, ShouldStop
from index_store.store import Store

if TYPE_CHECKING:
    from core.models.model import Model
    from core.training.config import TrainingConfig

GETTING_READY = "getting ready"
ENDING_S = 15.0  # how long the app waits for work to stop when it ends


class Lab:
    """Trains heads and lets the app search with them; `job` tells how that goes. Shared by all visitors."""

    def __init__(self, state: AppState, library: Library) -> None:
        self._state, self._library = state, library
        self.job: Job[str] = Job("sightwords-lab", "The Lab is at work ({what}); wait for that or stop it.")
        self.heads = Heads()
        self.training = Training()
        self.opened: Shown | None = None  # the collection that the last work went over to, if it did
        state.closing.append(self.close)

    @property
    def said(self) -> str:
        """One sentence on what came of the last work; empty while there is none or it goes on.

        That the app went over to a collection is no news any more once another one is open.
        """
        gone = self.opened is not None and self.opened != self._state.shown
        return self.job.status.error or ("" if gone else self.job.status.outcome or "")

    def start(self, choice: Choice, shown: Shown | None = None) -> None:
        """Begins to train a head for each control. Raises SightwordsError where that cannot be.

        `shown`: the collection that the page of whoever wants it shows; OtherCollection where another one is open.
        """
        if choice.source not in get_args(Source):
            raise QueryError(f"There is nothing to learn from called '{choice.source[:60]}'; choose one of the list.")
        if not choice.controls:
            raise QueryError("Choose at least one control; 'caption' is the paper's.")
        configs = [training_config(control, choice.settings) for control in dict.fromkeys(choice.controls)]
        model, collection, name = self._open(shown)
        if choice.source == "folder" and not choice.folder.strip():
            raise QueryError("Name the folder of a dense data set, as `sightwords embed` makes it.")
        if choice.source == "world" and choice.scenes not in range(100, 100_001):
            raise QueryError(f"The world cannot teach with {choice.scenes} scenes; choose from 100 to 100,000.")

        def work(progress: Progress, should_stop: ShouldStop) -> str:
            self.training, self.opened = Training(), None
            return self._train_all(choice, configs, model, collection, name, progress, should_stop)

        self.job.start(work, what=GETTING_READY, within=_only_one())

    def can_go_on(self, key: str) -> bool:
        """Whether an experiment was stopped, or killed, before its end."""
        return self.heads.is_unfinished(key) and not self._trains(key)

    def go_on(self, key: str) -> None:
        """Goes on with an experiment that was stopped, from its last whole epoch."""
        if not self.can_go_on(key):
            raise QueryError("This training has ended; there is nothing to go on with.")
        self.job.start(lambda progress, _: self._train(key, 1, 1, progress), what=GETTING_READY, within=_only_one())

    def stop(self) -> None:
        """Ends the work at hand soon; the best head so far is kept, and judged, unless that is stopped too."""
        self.job.stop()

    def use(self, name: str, shown: Shown | None = None) -> None:
        """Begins to weigh the collection in use anew with a kept head, into one of its own, and goes over to that.

        `shown`: as in `start`; the app goes over only if that is open still.
        """
        from core.models.kept_heads import kept_head
        from core.models.registry import model_with_head

        place = kept_head(name)
        if place is None:
            raise QueryError(f"There is no kept head '{name[:60]}'; keep it under a name first.")
        now = self._state.check_shown(shown)
        model, source, _ = self._open(now)
        if self._state.status.stage != "ready":
            raise QueryError("The collection is still being made; use the head once it is there.")
        if model.name == f"{model.encoder.name}+{name}":
            raise QueryError(f"The head '{name}' is in use already.")
        other, base = model_with_head(model, name, place), self._base()

        def work(progress: Progress, should_stop: ShouldStop) -> str:
            self.training, self.opened = Training(), None
            return self._go_over(name, base, now, other, source, progress, should_stop)

        self.job.start(work, what=GETTING_READY, within=_only_one())

    def back(self, shown: Shown | None = None) -> None:
        """Goes back from a kept head to the collection that it was used on, or else to the first there is.

        `shown`: as in `start`.
        """
        with self.job.idle():
            base, known = self._base(), self._library.collections()
            self._library.use(base if base in known else next(iter(known)), shown=shown)

    @property
    def head_in_use(self) -> str:
        """The name of the kept head that the app searches with; empty for the model's own."""
        from core.models.kept_heads import kept_head

        name = self._state.model_name.partition("+")[2]
        return name if name and kept_head(name) else ""

    def compared(self) -> "dict[str, tuple[list[ComparedHead], float]]":
        """(rows, dense R@1) of the heads that were judged on the same pictures, by what these are, newest first."""
        world = self._state.model_name.partition("+")[0] == WORLD_MODEL
        return self.heads.compared(self.head_in_use, world)

    def discard(self, key: str) -> None:
        """Throws an experiment away, but for a head that was kept; not while it is being trained."""
        if self._trains(key):
            raise QueryError("This head is being trained; stop that first.")
        self.heads.discard(key)

    def close(self) -> None:
        """Stops the work at hand, and waits for it a little."""
        self.job.stop()
        self.job.wait(ENDING_S)

    def _trains(self, key: str) -> bool:
        return self.job.working and self.training.key == key

    def _train_all(
        self,
        choice: Choice,
        configs: "Sequence[TrainingConfig]",
        model: "Model",
        collection: Store,
        name: str,
        progress: Progress,
        should_stop: ShouldStop,
    ) -> str:
        experiment = planned(
            choice, configs[0], model.encoder, collection, name,
            progress=progress, should_stop=should_stop,
        )  # fmt: skip
        if experiment is None:
            return "Stopped; the vectors made so far are kept."
        from core.experiments.experiment import begin

        own = model.vocabulary if experiment.encoder in (None, model.encoder.name) else None
        said = ""
        for number, config in enumerate(configs, 1):
            started = datetime.now(UTC).isoformat()
            key = begin(runs_folder(), replace(experiment, config=config, started=started), own)
            said = self._train(key, number, len(configs), progress)
            if said.startswith("Stopped"):
                break
        self.heads.tidy([self.training.key])
        return said if len(configs) == 1 or said.startswith("Stopped") else f"{len(configs)} heads trained. {said}"

    def _train(self, key: str, number: int, of: int, progress: Progress) -> str:
        from core.experiments.experiment import Experiment, discard
        from core.training.checkpoint import CHECKPOINT_FILE
        from core.training.curves import CURVES_FILE

        place = runs_folder() / key
        self.training, self.opened = Training(key, number, of), None
        progress(0, None, GETTING_READY)
        try:
            judged = self.training.run(place, home_folder() / "study", progress, self.job.take_stop)
        finally:
            if not (place / CURVES_FILE).exists():  # nothing came of it: not even a head to look at
                discard(runs_folder(), key)
        if not judged:
            kept = (place / CHECKPOINT_FILE).exists()
            return "Stopped; the best head so far is kept." if kept else "Stopped before the first epoch had ended."
        return outcome(Experiment.load(place))

    def _go_over(
        self,
        name: str,
        base: str,
        shown: Shown,
        model: "Model",
        source: Store,
        progress: Progress,
        should_stop: ShouldStop,
    ) -> str:
        from core.library.reweighing import carry_over

        path = home_folder() / "collections" / f"{base} with {name}" / "collection"
        carried = carry_over(model, source, path, progress=progress, should_stop=should_stop)
        if carried.cancelled:
            return "Stopped; the app searches as before, and what is done is not done again."
        called = collection_name(path)
        self._library.use(called, model, shown)
        self.opened = self._state.shown
        left = f" {carried.missing:,} items were left out: their pictures cannot be read." if carried.missing else ""
        return f"The app now searches with the head '{name}', in the collection '{called}'.{left}"

    def _open(self, shown: Shown | None) -> "tuple[Model, Store, str]":
        """Model and collection in use, and its name; OtherCollection where a page `shown` another one."""
        now = self._state.check_shown(shown)
        model, collection = self._state.ready()
        return model, collection, self._state.check_shown(now).name

    def _base(self) -> str:
        """The name of the collection in use, without that of a kept head that it was weighed with."""
        head = self._state.model_name.partition("+")[2]
        return self._library.current.removesuffix(f" with {head}") if head else self._library.current


@contextmanager
def _only_one() -> Iterator[None]:
    """Nobody else on this machine trains meanwhile; QueryError where somebody does.

    SQLite's own lock on a file: it works on every system, and a process that dies lets go of it.
    """
    home = lab_folder()
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(home / "busy.sqlite", timeout=0, check_same_thread=False, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            lock.close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise QueryError(
                "Another window of Sightwords on this computer is training a head; wait until it has ended, or stop it "
                "there."
            ) from error
        raise QueryError(f"The Lab cannot write into {home} ({error}).") from error
    except OSError as error:
        raise QueryError(f"The Lab cannot write into {home} ({(error.strerror or str(error)).lower()}).") from error
