"""Experiments: heads trained to be compared, each a folder with its settings, its curves and what it was judged.

A folder outlives whoever started it: what was stopped or killed can be gone on with. Knows nothing of how it is shown.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from core.data.dense import DenseDataset, DenseFolder
from core.data.spoken_terms import spoken_terms
from core.errors import DatasetError, TrainingError
from core.evaluation.judge import evaluate_dense, evaluate_head
from core.experiments.fitting import Watch, train_folder
from core.files import write_text_whole
from core.models.head import HEAD_VOCABULARY, load_head
from core.training.config import TrainingConfig
from core.training.trainer import Stopped
from core.vocabulary import Vocabulary
from index_store.progress import Progress, ShouldStop, never

EXPERIMENT_FILE = "experiment.json"

Tell = Callable[..., None]
"""Told ("stage", done, total, what), ("step", done, total, measures) and ("epoch", a dict of EpochMeasures)."""


@dataclass(frozen=True)
class Result:
    """What the kept head of an experiment reaches on `split`, beside the dense R@1; `ended` as in `Fitted`."""

    measures: dict[str, float | None]
    dense_recall_at_1: float
    split: str
    items: int
    epochs: int
    kept_epoch: int
    ended: bool
    seconds: float


@dataclass(frozen=True)
class Experiment:
    """One head to be. `scenes`: how many train scenes of the built-in world it learns from; 0: from `folder`.

    `data` says in words what it learns from, `tested` what it is judged on: only what says the same can be compared.
    `encoder` made the vectors, where that is known. `started`: ISO 8601, UTC. `name`: under which the head was kept.
    """

    data: str
    tested: str
    config: TrainingConfig
    encoder: str | None
    started: str
    scenes: int = 0
    folder: str = ""
    name: str = ""
    result: Result | None = None

    def save(self, place: Path) -> None:
        """Writes it into its folder."""
        write_text_whole(place / EXPERIMENT_FILE, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, place: Path) -> "Experiment":
        """Reads what `save` wrote; DatasetError where that is not there or something else."""
        try:
            read = json.loads((place / EXPERIMENT_FILE).read_text("utf-8"))
            read["config"] = TrainingConfig(**read["config"])
            read["result"] = Result(**read["result"]) if read["result"] else None
            return cls(**read)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"The experiment {place} cannot be read ({error}); throw it away.") from error


def experiments(home: Path) -> dict[str, Experiment]:
    """Every experiment below `home` that can be read, by its folder's name, the oldest first."""
    found = {}
    for place in sorted(home.iterdir()) if home.is_dir() else []:
        try:
            found[place.name] = Experiment.load(place)
        except DatasetError:
            continue
    return found


def begin(home: Path, experiment: Experiment, vocabulary: Vocabulary | None) -> str:
    """Makes the experiment's folder below `home`; its name. Without a vocabulary, the train captions' words are it."""
    stem = f"{experiment.started[:19].replace(':', '').replace('-', '')}-{experiment.config.control}"
    number, key = 1, stem
    while (home / key).exists():
        number, key = number + 1, f"{stem}-{number + 1}"
    place = home / key
    place.mkdir(parents=True)
    if vocabulary is not None:
        vocabulary.save(place / HEAD_VOCABULARY)
    experiment.save(place)
    return key


def discard(home: Path, key: str) -> None:
    """Throws an experiment's folder away; a head that was kept stays where it was kept."""
    if (home / key).parent == home:
        shutil.rmtree(home / key, ignore_errors=True)


def conduct(place: Path, cache: Path, *, tell: Tell, should_stop: ShouldStop = never) -> bool:
    """Draws what is to be drawn (below `cache`), trains, judges the kept head, and writes the result into the folder.

    Made for `run_in_subprocess`, where `should_stop` says yes once each time a person asks for it. Asked in training,
    the best head so far is kept and judged; false where there is none yet. Asked again while judging, the head stays
    without a judgement.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # a core is the app's; busy cores make more threads slower
    experiment, watched = Experiment.load(place), _watched(tell, should_stop)
    try:
        folder = DenseFolder.read(_data(experiment, cache, watched))
        vocabulary = _vocabulary(place, folder)
        if not spoken_terms(folder.split("train").captions, vocabulary).nnz:
            raise TrainingError(f"No caption of {experiment.data} says any of the {len(vocabulary):,} terms to learn.")
        watch = Watch(
            step=lambda done, total, measures: tell("step", done, total, measures),
            epoch=lambda row: tell("epoch", asdict(row)),
            should_stop=should_stop,
        )
        fitted = train_folder(folder, vocabulary, experiment.config, place, watch)
        if not fitted.curves:
            return False
        should_stop()  # asked too late to end the training, nobody meant the judging
        split = next(name for name in ("test", "val", "train") if folder.sizes()[name])
        part = folder.split(split)
        measures, dense = _judged(place, part, watched)
    except Stopped:
        return False
    epochs = len(fitted.curves)
    result = Result(measures, dense, split, len(part.images), epochs, fitted.kept_epoch, fitted.ended, fitted.seconds)
    replace(experiment, result=result).save(place)
    return True


def _data(experiment: Experiment, cache: Path, progress: Progress) -> Path:
    if not experiment.scenes:
        return Path(experiment.folder)
    from recipes.scenes.world_data import world_data

    return world_data(experiment.scenes, cache, progress=progress)


def _vocabulary(place: Path, folder: DenseFolder) -> Vocabulary:
    own = place / HEAD_VOCABULARY
    return Vocabulary.load(own) if own.exists() else Vocabulary.of_captions(folder.split("train").captions)


def _judged(place: Path, part: DenseDataset, progress: Progress) -> tuple[dict[str, float | None], float]:
    head, vocabulary = load_head(place)
    spoken = spoken_terms(part.captions, vocabulary)
    judged = evaluate_head(head, part, spoken, progress=progress)
    dense = evaluate_dense(part, progress=progress)
    return judged.measures, dense.measures["recall@1"] or 0.0


def _watched(tell: Tell, should_stop: ShouldStop) -> Progress:
    """Progress that is told on, and ends the work once it was asked to stop."""

    def progress(done: int, total: int | None, what: str) -> None:
        tell("stage", done, total, what)
        if should_stop():
            raise Stopped

    return progress
