"""Experiments: heads trained to be compared, each with a folder that holds settings, curves and what it reaches.

A folder outlives the process that began it: an experiment that was stopped or killed can go on. Must not know how
experiments are shown.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from core.data.dense import DenseFolder
from core.data.literal_terms import literal_terms
from core.data.world_data import world_data
from core.errors import DatasetError, TrainingError
from core.evaluation.evaluate import evaluate_dense, evaluate_head
from core.experiments.fitting import Fitted, Watch, train_folder
from core.files import write_text_whole
from core.models.head import load_head
from core.models.head_files import HEAD_VOCABULARY
from core.training.config import TrainingConfig
from core.training.trainer import Stopped
from core.vocabulary import Vocabulary
from index_store.progress import Progress, ShouldStop, never

EXPERIMENT_FILE = "experiment.json"

Tell = Callable[..., None]
"""Called as ("stage", done, total, what), ("step", done, total, measures) and ("epoch", a dict of EpochMeasures)."""


@dataclass(frozen=True)
class Result:
    """What the kept head of an experiment reaches on `split`, and R@1 of the dense vectors there.

    `items`: how many images the split has. `epochs`: how many were finished. `kept_epoch`, `ended`, `seconds`: as in
    `fitting.Fitted`.
    """

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
    """A head that is to be trained, or has been.

    `data`: in words, what it learns from. `tested`: in words, what it is judged on; results can be compared where this
    is the same. `config`: its settings. `encoder`: what made the vectors, None where that is not known. `started`: ISO
    8601, UTC. `scenes`: how many train scenes of the built-in world it learns from; 0: it learns from `folder`. `name`:
    the name that a person gave the head to keep it; "" where nobody did. `result`: None until the head is judged.
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

    def save(self, folder: Path) -> None:
        """Writes it into the folder of the experiment."""
        write_text_whole(folder / EXPERIMENT_FILE, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Experiment":
        """Reads what `save` wrote into the folder; DatasetError where that is missing or something else."""
        try:
            read = json.loads((folder / EXPERIMENT_FILE).read_text("utf-8"))
            read["config"] = TrainingConfig(**read["config"])
            read["result"] = Result(**read["result"]) if read["result"] else None
            return cls(**read)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatasetError(f"The experiment {folder} cannot be read ({error}); throw it away.") from error


def experiments(home: Path) -> dict[str, Experiment]:
    """Every experiment below `home` that can be read, by the name of its folder, the oldest first."""
    readable = {}
    for folder in sorted(home.iterdir()) if home.is_dir() else []:
        try:
            readable[folder.name] = Experiment.load(folder)
        except DatasetError:
            continue
    return readable


def begin(home: Path, experiment: Experiment, vocabulary: Vocabulary | None) -> str:
    """Makes a folder for the experiment below `home`, writes both into it, and returns the folder's name.

    `vocabulary`: the terms that the head is to weigh; None: the words of the train captions, found when it is trained.
    """
    stem = f"{experiment.started[:19].replace(':', '').replace('-', '')}-{experiment.config.control}"
    number, key = 1, stem
    while (home / key).exists():
        number, key = number + 1, f"{stem}-{number + 1}"
    folder = home / key
    folder.mkdir(parents=True)
    if vocabulary is not None:
        vocabulary.save(folder / HEAD_VOCABULARY)
    experiment.save(folder)
    return key


def discard(home: Path, key: str) -> None:
    """Deletes the folder `key` of an experiment below `home`; a head that a person kept lies elsewhere and stays."""
    if (home / key).parent == home:
        shutil.rmtree(home / key, ignore_errors=True)


def conduct(folder: Path, cache: Path, *, tell: Tell, should_stop: ShouldStop = never) -> bool:
    """Trains the head of the experiment in `folder`, judges the kept one, and writes the result there; whether it did.

    Scenes of the built-in world are drawn below `cache` first, where they are asked for. Made for `run_in_subprocess`,
    where `should_stop` says yes once each time that a person asks to stop. Asked while training, the best head so far
    is kept and judged; false where there is none yet. Asked again while judging, the head stays without a judgement.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # a core is the app's; busy cores make more threads slower
    experiment, progress = Experiment.load(folder), _ending(tell, should_stop)
    try:
        data = DenseFolder.read(_data(experiment, cache, progress))
        vocabulary = _vocabulary(folder, data)
        if not literal_terms(data.split("train").captions, vocabulary).nnz:
            raise TrainingError(f"No caption of {experiment.data} says any of the {len(vocabulary):,} terms to learn.")
        watch = Watch(
            step=lambda done, total, measures: tell("step", done, total, measures),
            epoch=lambda row: tell("epoch", asdict(row)),
            should_stop=should_stop,
        )
        fitted = train_folder(data, vocabulary, experiment.config, folder, watch)
        if not fitted.curves:
            return False
        should_stop()  # asked too late to end the training, nobody meant the judging
        result = _result(folder, data, fitted, progress)
    except Stopped:
        return False
    replace(experiment, result=result).save(folder)
    return True


def _data(experiment: Experiment, cache: Path, progress: Progress) -> Path:
    """The folder of the dense data set that the experiment learns from; that of the built-in world is made here."""
    return world_data(experiment.scenes, cache, progress=progress) if experiment.scenes else Path(experiment.folder)


def _vocabulary(folder: Path, data: DenseFolder) -> Vocabulary:
    file = folder / HEAD_VOCABULARY
    return Vocabulary.load(file) if file.exists() else Vocabulary.of_captions(data.split("train").captions)


def _result(folder: Path, data: DenseFolder, fitted: Fitted, progress: Progress) -> Result:
    """Judges the kept head and the dense vectors on the split that is furthest from training."""
    split = next(name for name in ("test", "val", "train") if data.sizes()[name])
    part = data.split(split)
    head, vocabulary = load_head(folder)
    literal = literal_terms(part.captions, vocabulary)
    judged = evaluate_head(head, part, literal, progress=progress)
    dense = evaluate_dense(part, progress=progress)
    return Result(
        measures=judged.measures,
        dense_recall_at_1=dense.measures["recall@1"] or 0.0,
        split=split,
        items=len(part.images),
        epochs=len(fitted.curves),
        kept_epoch=fitted.kept_epoch,
        ended=fitted.ended,
        seconds=fitted.seconds,
    )


def _ending(tell: Tell, should_stop: ShouldStop) -> Progress:
    """Progress that is passed on as a stage, and raises Stopped once a person has asked to stop."""

    def progress(done: int, total: int | None, what: str) -> None:
        tell("stage", done, total, what)
        if should_stop():
            raise Stopped

    return progress
