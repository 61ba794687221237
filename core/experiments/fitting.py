"""A head from a dense data set folder: trained, judged after every epoch, and kept with its files; knows no encoder."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import bool_, float32
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.data.dense import DenseDataset, DenseFolder
from core.data.spoken_terms import spoken_terms
from core.errors import TrainingError
from core.evaluation.glance import Allowed, glance
from core.evaluation.retrieval import ranks, recall_at
from core.models.head import HEAD_VOCABULARY
from core.training.checkpoint import forget_end, has_ended, load_checkpoint, save_checkpoint, save_end
from core.training.config import TrainingConfig
from core.training.curves import EpochMeasures, plot_curves, read_curves, write_curves
from core.training.expansion import expansion
from core.training.leak import taught_on
from core.training.mlm_head import MlmHead
from core.training.trainer import HeadTraining, OnStep, Stopped, unwatched
from core.vocabulary import Vocabulary
from index_store.progress import ShouldStop, never

PAPER_BATCH = 1024  # validation captions that the published code draws for at once
DRAWN_EVERY_S = 5.0  # curves are drawn anew so long after the last time: drawing takes longer than a small epoch


@dataclass(frozen=True)
class Watch:
    """Who looks on while a head is trained: told of every step and epoch, asked before each step whether to stop."""

    step: OnStep = unwatched
    epoch: Callable[[EpochMeasures], None] = lambda measures: None
    should_stop: ShouldStop = never


@dataclass(frozen=True)
class Fitted:
    """What came of a training: every finished epoch's measures, which of them (from 1) the kept head is of, and whether
    it `ended` by itself (after all epochs, or early for want of progress) or was stopped and can go on.
    """

    curves: tuple[EpochMeasures, ...]
    kept_epoch: int
    ended: bool

    @property
    def seconds(self) -> float:
        """Of training alone, over all epochs."""
        return sum(row.seconds for row in self.curves)


def train_folder(
    folder: DenseFolder,
    vocabulary: Vocabulary,
    config: TrainingConfig,
    out: Path,
    watch: Watch | None = None,
    *,
    embeddings: NDArray[float32] | MlmHead | None = None,
    device: str = "cpu",
    restart: bool = False,
) -> Fitted:
    """Trains a head on the split "train" and keeps in `out` the one with the best validation R@1 (`kept_epoch`).

    After every epoch `out` holds the best head so far, its vocabulary, metrics.jsonl, training.png (DRAWN_EVERY_S old
    at most while training goes on) and a checkpoint, which goes when training ends. A run that was stopped or killed
    goes on from its last whole epoch when it is asked for again, to the same end; one that has ended is told as it
    ended. `restart` begins anew. Without a split "val" the last head is the one kept.

    Where the config leaves `truth` open, train and val decide (`training.leak`); the head's files say what it was.

    Epochs of the sparsity warm-up are not candidates: their R@1 is bought with terms that the finished penalty takes
    (but where `config.validation` is "controlled", as in the published code).

    Raises TrainingError where `out` holds another run, finished or not, where patience is asked for without a split
    "val", and where the loss is no longer a number; what was kept until then stays.
    """
    watch = watch or Watch()
    train = folder.split("train", restval=config.restval == "train")
    val = folder.split("val") if folder.sizes()["val"] else None
    if config.patience and val is None:
        raise TrainingError(f"The data set {folder.path} has no split 'val'; patience needs one to judge progress by.")
    if config.truth is None:
        config = replace(config, truth=0.0 if val is not None and taught_on(train, val) else config.share_of_truth)
    spoken, spoken_val = (
        spoken_terms(data.captions, vocabulary, marks=config.marks == "spoken") if data is not None else None
        for data in (train, val if config.validation == "controlled" else None)
    )
    training = HeadTraining(train, spoken, config, embeddings=embeddings, device=device)
    out.mkdir(parents=True, exist_ok=True)
    key = _key(config, vocabulary, train, val, embeddings)
    curves: list[EpochMeasures] = []
    state = None if restart else load_checkpoint(out, key)
    if state is None and not restart and has_ended(out, key):
        curves = read_curves(out)
        return Fitted(tuple(curves), kept_epoch(curves, config), ended=True)
    if state is not None:
        curves = [EpochMeasures(**row) for row in state.pop("curves")]
        training.restore(state)
    dense = recall_at(ranks(val.texts, val.images, val.image_of_text), 1) if val is not None else None

    def draw() -> float:
        """Draws the curves; when that was."""
        heading, kept = f"expansion control: {config.control}", kept_epoch(curves, config)
        plot_curves(out, curves, heading, kept=kept, dense=dense)
        return time.perf_counter()

    drawn, ended = float("-inf"), False
    while not ended:
        started = time.perf_counter()
        try:
            means = training.run_epoch(on_step=watch.step, should_stop=watch.should_stop)
        except Stopped:
            break
        seconds = time.perf_counter() - started
        curves.append(_measures(training, means, seconds, val, spoken_val))
        kept = kept_epoch(curves, config)
        ended = training.epoch == config.epochs or _out_of_patience(curves, config)
        if kept == training.epoch:
            forget_end(out)
            vocabulary.save(out / HEAD_VOCABULARY)
            training.head.save(out, training=asdict(config), epoch=kept)
        write_curves(out, curves)
        if not ended and time.perf_counter() - drawn > DRAWN_EVERY_S:
            drawn = draw()
        if ended:
            draw()
            save_end(out, key)
        else:
            save_checkpoint(out, key, training.state() | {"curves": [asdict(row) for row in curves]})
        watch.epoch(curves[-1])
    if curves and not ended:
        draw()
    return Fitted(tuple(curves), kept_epoch(curves, config) if curves else 0, ended)


def kept_epoch(curves: list[EpochMeasures], config: TrainingConfig) -> int:
    """The epoch, from 1, whose head is kept: that of the best validation R@1; of equals one with the fewest FLOPs.

    Only epochs after the sparsity warm-up count; the last one while there is none yet, or no validation. Where
    validation is "controlled" every epoch counts, and of equals the first.
    """
    judged = _judged(curves, config)
    if not judged:
        return curves[-1].epoch
    if config.validation == "controlled":
        return max(judged, key=lambda row: row.recall_at_1 or 0.0).epoch
    return max(judged, key=lambda row: (row.recall_at_1 or 0.0, -(row.flops or 0.0))).epoch  # the first of equals


def _judged(curves: list[EpochMeasures], config: TrainingConfig) -> list[EpochMeasures]:
    """The epochs that can be kept by their R@1."""
    warm = config.warmup * config.epochs if config.validation == "expanded" else 0
    return [row for row in curves if row.epoch > warm and row.recall_at_1 is not None]


def _out_of_patience(curves: list[EpochMeasures], config: TrainingConfig) -> bool:
    judged = _judged(curves, config)
    if config.patience is None or not judged:
        return False
    best = max(judged, key=lambda row: row.recall_at_1 or 0.0)  # the first of equals
    return curves[-1].epoch - best.epoch >= config.patience


def _measures(
    training: HeadTraining,
    means: dict[str, float],
    seconds: float,
    val: DenseDataset | None,
    spoken: csr_array | None,
) -> EpochMeasures:
    """`spoken`: of the captions of `val`, where they are judged under the control of training."""
    judged: dict[str, float] = {}
    if val is not None and spoken is not None:
        allowed = _controlled(spoken, training.config, means["expansion"], training.epoch)
        judged = asdict(glance(training.head, val, allowed, PAPER_BATCH))
    elif val is not None:
        judged = asdict(glance(training.head, val))
    losses = {name: means[name] for name in ("loss", "match", "sparsity", "expansion")}
    return EpochMeasures(epoch=training.epoch, step=training.step, seconds=seconds, **losses, **judged)


def _controlled(spoken: csr_array, config: TrainingConfig, chance: float, epoch: int) -> Allowed:
    """The terms that captions may light by draws as training makes them; the same ones however often it is asked."""
    generator = torch.Generator().manual_seed((config.seed << 20) + epoch)

    def allowed(rows: slice) -> NDArray[bool_]:
        literal = torch.from_numpy(spoken[rows].toarray())
        return expansion(config.control, literal, chance, generator, config.draws).allowed.numpy()

    return allowed


def _key(
    config: TrainingConfig,
    vocabulary: Vocabulary,
    train: DenseDataset,
    val: DenseDataset | None,
    embeddings: NDArray[float32] | MlmHead | None,
) -> str:
    """A digest of all that a training depends on."""
    digest = hashlib.sha256(repr((asdict(config), vocabulary.digest, vocabulary.tokenizer)).encode())
    arrays: list[Any] = [*embeddings.parts] if isinstance(embeddings, MlmHead) else [embeddings]
    for data in (train, val):
        if data is not None:
            arrays += [data.images, data.texts, data.image_of_text]
            digest.update("\n".join(data.captions).encode())
    for array in arrays:
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]
