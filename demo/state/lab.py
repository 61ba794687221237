"""What the Lab page works with: heads trained one after the other, kept, and used; one work at a time; knows no Gradio.

Training goes on when the page is closed, until it ends, is stopped or the app ends; whoever comes back finds it.
"""

import hashlib
import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from core.errors import QueryError, TrainingError
from core.home import home_folder
from core.shipped import WORLD_MODEL
from demo.components.head_comparison import ComparedHead
from demo.state.app import Session
from demo.state.lab_choice import EPOCHS, Choice, Source, training_config
from demo.state.lab_heads import WORLD_TEST, called, outcome, row_of, shipped
from demo.state.library import Library
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.experiments.experiment import Experiment
    from core.models.model import Model
    from core.training.config import TrainingConfig
    from core.training.curves import EpochMeasures

log = logging.getLogger(__name__)

POINTS = 300  # of a curve by steps: more cannot be told apart on a screen
UNKEPT = 12  # experiments that nobody kept; the oldest go
LEAST_S = 1.5  # of a stage, before its time left is told
ENDING_S = 15.0  # how long the app waits for work to stop when it ends


@dataclass(frozen=True)
class Now:
    """Where the work at hand stands: `done` of `total` of the `stage`, which began at `since` (monotonic) with `first`.

    `key`: of the experiment that is trained, which is `number` of `of`. `said`: one sentence once it has ended.
    """

    state: Literal["idle", "working", "ended"] = "idle"
    stage: str = ""
    done: int = 0
    total: int = 0
    first: int = 0
    since: float = 0.0
    key: str = ""
    number: int = 1
    of: int = 1
    said: str = ""
    failed: bool = False

    @property
    def seconds_left(self) -> float | None:
        """Of this stage, at the pace so far; None while nothing can be said."""
        spent, made = time.monotonic() - self.since, self.done - self.first
        return spent / made * (self.total - self.done) if made > 0 and spent > LEAST_S else None


class Lab:
    """The experiments in HOME/lab, the work at hand and what it tells. Shared by all visitors."""

    def __init__(self, session: Session, library: Library) -> None:
        self._session, self._library = session, library
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.now = Now()
        self.steps: list[tuple[float, dict[str, float]]] = []  # (epochs, measures), a few hundred
        self.epochs: list[EpochMeasures] = []
        session.closing.append(self.close)

    def experiments(self) -> "dict[str, Experiment]":
        """All that were made on this machine, by key, the oldest first."""
        from core.experiments.experiment import experiments

        return experiments(_home() / "runs")

    def heads(self) -> dict[str, str]:
        """What can be kept or used: key of an experiment or "head:" and a name → what to call it."""
        found = self.experiments()
        rows = {key: called(one) for key, one in found.items() if one.result is not None or self.can_go_on(key)}
        from core.models.kept_heads import kept_heads

        named = {one.name for one in found.values()}
        return dict(reversed(rows.items())) | {f"head:{name}": name for name in kept_heads() if name not in named}

    def compared(self) -> "dict[str, tuple[list[ComparedHead], float]]":
        """(rows, dense R@1) of the heads that were judged on the same pictures, by what these are, newest first."""
        own = self.head_in_use
        groups: dict[str, tuple[list[ComparedHead], float]] = {}
        for one in reversed(self.experiments().values()):
            if one.result is not None:
                rows, _ = groups.setdefault(one.tested, ([], one.result.dense_recall_at_1))
                rows.append(row_of(one, one.result, own))
        if self._session.model_name.partition("+")[0] == WORLD_MODEL or WORLD_TEST in groups:
            rows, dense = groups.setdefault(WORLD_TEST, ([], 0.0))
            given, dense = shipped()
            groups[WORLD_TEST] = ([*rows, *given], dense)
        return groups

    def can_go_on(self, key: str) -> bool:
        """Whether an experiment was stopped, or killed, before its end."""
        from core.training.checkpoint import CHECKPOINT_FILE

        at_hand = self.now.state == "working" and self.now.key == key
        return bool(key) and not at_hand and (_home() / "runs" / key / CHECKPOINT_FILE).exists()

    def epochs_of(self, key: str) -> int:
        """How many epochs an experiment is to have; the default where it is none."""
        one = self.experiments().get(key)
        return one.config.epochs if one else EPOCHS

    def free_name(self, key: str) -> str:
        """A name that a head could be kept under; the one it has where it is kept."""
        from core.models.kept_heads import kept_heads

        one = self.experiments().get(key)
        if one is None or one.name:
            return one.name if one else key.removeprefix("head:")
        taken = kept_heads()
        return next(name for i in count(1) if (name := f"{one.config.control}-{i}") not in taken)

    def start(self, choice: Choice) -> None:
        """Begins to train a head for each control. Raises SightwordsError where that cannot be."""
        if choice.source not in get_args(Source):
            raise QueryError(f"There is nothing to learn from called '{choice.source[:60]}'; choose one of the list.")
        if not choice.controls:
            raise QueryError("Choose at least one control; 'caption' is the paper's.")
        configs = [training_config(control, choice.settings) for control in dict.fromkeys(choice.controls)]
        model, _ = self._session.ready()
        if choice.source == "folder" and not choice.folder.strip():
            raise QueryError("Name the folder of a dense data set, as `sightwords embed` makes it.")
        if choice.source == "world" and choice.scenes not in range(100, 100_001):
            raise QueryError(f"The world cannot teach with {choice.scenes} scenes; choose from 100 to 100,000.")
        self._begin(lambda: self._train_all(choice, configs, model))

    def go_on(self, key: str) -> None:
        """Goes on with an experiment that was stopped, from its last whole epoch."""
        if not self.can_go_on(key):
            raise QueryError("This training has ended; there is nothing to go on with.")
        self._begin(lambda: self._train(key, 1, 1))

    def stop(self) -> None:
        """Ends the work at hand soon; the best head so far is kept, and judged, unless that is stopped too."""
        if self.now.state == "working":
            self._stop.set()

    def keep(self, key: str, name: str) -> Path:
        """Keeps an experiment's head under a name, for good. Its folder."""
        from core.experiments.experiment import Experiment
        from core.models.kept_heads import keep_head

        if key not in self.experiments():
            raise QueryError("Choose a trained head first; every head in the list that is not kept yet can be.")
        place = _home() / "runs" / key
        experiment = Experiment.load(place)
        if experiment.name:
            raise QueryError(f"This head is kept already, as '{experiment.name}'.")
        measures = experiment.result.measures if experiment.result else {}
        kept = keep_head(place, name.strip(), encoder=experiment.encoder, data=experiment.data, measures=measures)
        replace(experiment, name=name.strip()).save(place)
        return kept

    def use(self, name: str) -> None:
        """Begins to weigh the collection in use anew with a kept head, into one of its own, and goes over to that."""
        from core.models.kept_heads import kept_head, model_with_head

        place = kept_head(name)
        if place is None:
            raise QueryError(f"There is no kept head '{name[:60]}'; keep it under a name first.")
        model, _ = self._session.ready()
        if self._session.progress.stage != "ready":
            raise QueryError("The collection is still being made; use the head once it is there.")
        if model.name == f"{model.encoder.name}+{name}":
            raise QueryError(f"The head '{name}' is in use already.")
        other = model_with_head(model, name, place)
        self._begin(lambda: self._go_over(name, other))

    def back(self) -> None:
        """Goes back from a kept head to the collection that it was used on, or else to the first there is."""
        with self._lock:
            self._refuse_while_working()
            base, known = self._base(), self._library.collections()
            self._library.use(base if base in known else next(iter(known)))

    @property
    def head_in_use(self) -> str:
        """The name of the kept head that the app searches with; empty for the model's own."""
        from core.models.kept_heads import kept_head

        name = self._session.model_name.partition("+")[2]
        return name if name and kept_head(name) else ""

    def discard(self, key: str) -> None:
        """Throws an experiment away, but for a head that was kept."""
        from core.experiments.experiment import discard

        with self._lock:
            if self.now.state == "working" and self.now.key == key:
                raise QueryError("This head is being trained; stop that first.")
            if key not in self.experiments():
                raise QueryError(
                    "Choose one of the trained heads; a kept head stays in its folder until you delete it."
                )
            discard(_home() / "runs", key)

    def close(self) -> None:
        """Stops the work at hand, and waits for it a little."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=ENDING_S)

    def wait(self) -> None:
        """Returns when nothing is under way."""
        if self._thread is not None:
            self._thread.join()

    def _refuse_while_working(self) -> None:
        if self.now.state == "working":
            raise QueryError(f"The Lab is at work ({self.now.stage}); wait for that or stop it.")

    def _begin(self, work: Callable[[], str]) -> None:
        with self._lock:
            self._refuse_while_working()
            busy = _only_one()
            busy.__enter__()
            self._stop.clear()
            self.now = Now("working", "getting ready", since=time.monotonic())
            self.steps, self.epochs = [], []
            self._thread = threading.Thread(target=self._run, args=(work, busy), name="sightwords-lab", daemon=True)
            self._thread.start()

    def _run(self, work: Callable[[], str], busy: Any) -> None:
        said, failed = "", False
        try:
            said = work()
        except SightwordsError as error:
            said, failed = str(error), True
        except Exception as error:  # a bug of ours: the log gets the traceback, the person a sentence
            log.exception("the Lab's work failed")
            said, failed = f"Something unexpected went wrong ({error}); the log says what.", True
        finally:
            busy.__exit__(None, None, None)
            self.now = replace(self.now, state="ended", said=said, failed=failed)

    def _train_all(self, choice: Choice, configs: "Sequence[TrainingConfig]", model: "Model") -> str:
        experiment = self._planned(choice, configs[0], model)
        if experiment is None:
            return "Stopped; the vectors made so far are kept."
        from core.experiments.experiment import begin

        runs = _home() / "runs"
        own = model.vocabulary if experiment.encoder in (None, model.encoder.name) else None
        said = ""
        for number, config in enumerate(configs, 1):
            started = datetime.now(UTC).isoformat()
            key = begin(runs, replace(experiment, config=config, started=started), own)
            said = self._train(key, number, len(configs))
            if said.startswith("Stopped"):
                break
        self._tidy()
        return said if len(configs) == 1 or said.startswith("Stopped") else f"{len(configs)} heads trained. {said}"

    def _planned(self, choice: Choice, config: "TrainingConfig", model: "Model") -> "Experiment | None":
        """What is common to all heads of a choice; None when stopped."""
        from core.data.dense import DenseFolder
        from core.experiments.experiment import Experiment

        if choice.source == "world":
            if model.encoder.name != WORLD_MODEL:
                raise QueryError(
                    f"The built-in world is drawn for the model '{WORLD_MODEL}', not for '{model.encoder.name}'; train "
                    "on a collection or a folder."
                )
            data = f"{choice.scenes:,} scenes"
            return Experiment(data, WORLD_TEST, config, WORLD_MODEL, "", scenes=choice.scenes)
        folder = Path(os.path.expanduser(choice.folder.strip())).absolute()
        if choice.source == "collection":
            made = self._collection_data(model)
            if made is None:
                return None
            folder, called = made, self._library.current
        else:
            called = folder.name
        dense = DenseFolder.read(folder)
        if not dense.sizes()["train"]:
            raise TrainingError(f"The data set {folder} has no split 'train' to learn from.")
        sizes = dense.sizes()
        judged = next(name for name in ("test", "val", "train") if sizes[name])
        tested = f"{sizes[judged]:,} pictures of {called}, split {judged}"
        return Experiment(
            f"{sizes['train']:,} pictures of {called}", tested, config, dense.encoder, "", folder=str(folder)
        )

    def _collection_data(self, model: "Model") -> Path | None:
        from core.data.collection_data import collection_data
        from core.data.dense_items import dense_file

        _, collection = self._session.ready()
        name = hashlib.sha256(f"{collection.address}\n{model.encoder.name}".encode()).hexdigest()[:16]
        out = _home() / "data" / name
        file = dense_file(collection)
        written = collection_data(
            model.encoder, collection, file, out, progress=self._stage, should_stop=self._stop.is_set
        )
        return out if written else None

    def _train(self, key: str, number: int, of: int) -> str:
        from core.experiments.experiment import Experiment, conduct
        from core.subprocess_task import run_apart
        from core.training.checkpoint import CHECKPOINT_FILE
        from core.training.curves import CURVES_FILE, read_curves

        place = _home() / "runs" / key
        self.steps = []
        self.epochs = read_curves(place) if (place / CURVES_FILE).exists() else []
        self.now = Now("working", "getting ready", key=key, number=number, of=of, since=time.monotonic())
        epochs = Experiment.load(place).config.epochs
        try:
            judged = run_apart(
                conduct,
                place,
                home_folder() / "study",
                tell=lambda *said: self._told(epochs, *said),
                should_stop=self._taken_stop,
            )
        finally:
            if not (place / CURVES_FILE).exists():  # nothing came of it: not even a head to look at
                self._forget(key)
        if not judged:
            kept = (place / CHECKPOINT_FILE).exists()
            return "Stopped; the best head so far is kept." if kept else "Stopped before the first epoch had ended."
        return outcome(Experiment.load(place))

    def _taken_stop(self) -> bool:
        """Whether somebody asked to stop since the last time; asked again, the next part of the work stops, too."""
        asked = self._stop.is_set()
        if asked:
            self._stop.clear()
        return asked

    def _told(self, epochs: int, kind: str, *said: Any) -> None:
        from core.training.curves import EpochMeasures

        if kind == "stage":
            self._stage(*said)
        elif kind == "epoch":
            self.epochs = [*self.epochs, EpochMeasures(**said[0])]
        else:
            done, total, measures = said
            self._stage(done, total, "training")
            if done % max(1, math.ceil(total / POINTS)) == 0 or not self.steps:
                self.steps = [*self.steps, (epochs * done / total, measures)]

    def _stage(self, done: int, total: int | None, stage: str) -> None:
        total = total or 0
        if stage == self.now.stage and done >= self.now.done:
            self.now = replace(self.now, done=done, total=total)
        else:
            self.now = replace(self.now, stage=stage, done=done, total=total, first=done, since=time.monotonic())

    def _go_over(self, name: str, model: "Model") -> str:
        from core.library.reweighing import carry_over

        _, source = self._session.ready()
        base = self._base()
        path = home_folder() / "collections" / f"{base} with {name}" / "collection"
        carried = carry_over(model, source, path, progress=self._stage, should_stop=self._stop.is_set)
        if carried.cancelled:
            return "Stopped; the app searches as before, and what is done is not done again."
        called = self._library.name_of(path)
        self._library.use(called, model)
        left = f" {carried.missing:,} items were left out: their pictures cannot be read." if carried.missing else ""
        return f"The app now searches with the head '{name}', in the collection '{called}'.{left}"

    def _base(self) -> str:
        """The name of the collection in use, without that of a kept head that it was weighed with."""
        head = self._session.model_name.partition("+")[2]
        return self._library.current.removesuffix(f" with {head}") if head else self._library.current

    def _tidy(self) -> None:
        """Throws away the oldest experiments that nobody kept, but for the newest few."""
        loose = [key for key, one in self.experiments().items() if not one.name and key != self.now.key]
        for key in loose[:-UNKEPT]:
            self._forget(key)

    def _forget(self, key: str) -> None:
        from core.experiments.experiment import discard

        discard(_home() / "runs", key)


def _home() -> Path:
    return home_folder() / "lab"


@contextmanager
def _only_one() -> Iterator[None]:
    """Nobody else on this machine trains meanwhile; QueryError where somebody does.

    SQLite's own lock on a file: it works on every system, and a process that dies lets go of it.
    """
    home = _home()
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
