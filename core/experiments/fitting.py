"""Trains a head on a dense data set folder, judges it after every epoch and keeps its files; knows no encoder."""

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
from core.data.literal_terms import literal_terms
from core.errors import TrainingError
from core.evaluation.fusion import note_dense_weight
from core.evaluation.retrieval import ranks, recall_at
from core.evaluation.validation import Allowed, validate
from core.experiments.early_stopping import kept_epoch, out_of_patience
from core.models.head import SparseHead
from core.models.head_files import HEAD_VOCABULARY
from core.models.query_table import TABLE_FILE
from core.training.checkpoint import forget_end, has_ended, load_checkpoint, save_checkpoint, save_end
from core.training.config import LEAST_WEIGHT, SPARSITY, TrainingConfig
from core.training.curves import EpochMeasures, plot_curves, read_curves, write_curves
from core.training.expansion import expansion
from core.training.mlm_head import MlmHead
from core.training.trainer import HeadTraining, OnStep, Stopped, unwatched
from core.vocabulary import Vocabulary
from index_store.progress import ShouldStop, never

PAPER_BATCH = 1024  # validation captions that the published code draws for at once
DRAWN_EVERY_S = 5.0  # curves are drawn anew so long after the last time: drawing takes longer than a small epoch
NEARER = 0.5  # standard deviations of val's cosines: measured were 1.8 on photographs, 0.2 on captions and the world


@dataclass(frozen=True)
class Watch:
    """Who watches a training: called after every step and every epoch, and asked before each step whether to stop."""

    step: OnStep = unwatched
    epoch: Callable[[EpochMeasures], None] = lambda measures: None
    should_stop: ShouldStop = never


@dataclass(frozen=True)
class Fitted:
    """What came of a training.

    `curves`: the measures of every finished epoch. `kept_epoch`: the epoch, from 1, of the kept head; 0 where no epoch
    was finished. `ended`: whether it ended by itself (after all epochs, or early, out of patience); else it was stopped
    and can go on.
    """

    curves: tuple[EpochMeasures, ...]
    kept_epoch: int
    ended: bool

    @property
    def seconds(self) -> float:
        """How long training alone took, over all epochs."""
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
    at most while training goes on) and a checkpoint, which goes when training ends. A training that was stopped or
    killed goes on from its last whole epoch when it is asked for again, to the same end. One that has ended is not
    repeated. `restart` begins anew. Without a split "val" the last head is the one kept. With one, the head's config
    also says how much the whole of a picture counts beside its terms (`fusion.py`), once training has ended or stopped.

    `embeddings`: what the projection onto terms starts from, as `HeadTraining` takes it. Where the config leaves
    `truth` open, it is 0 if the encoder was trained on the train pairs (`trained_on_pairs`); the head's files say so.

    Raises TrainingError where `out` holds another training, finished or not, where patience is asked for without a
    split "val", and where the loss is no longer a number; what was kept until then stays.
    """
    fitting = _Fitting(folder, vocabulary, config, out, embeddings, device)
    if not restart and (ended := fitting.resume()) is not None:
        return ended
    return fitting.run(watch or Watch())


def trained_on_pairs(train: DenseDataset, val: DenseDataset) -> bool:
    """Whether the encoder was trained on the train pairs: own pairs lie nearer to each other than those of val.

    Nearer by more than NEARER standard deviations. Not in the paper. The vectors of such pairs show that a caption
    belongs to its image by signs that no later pair has. A head that is taught who belongs to whom
    (`TrainingConfig.truth`) learns those signs.
    """
    met, later = pair_cosines(train), pair_cosines(val)
    return bool(met.mean() - later.mean() > NEARER * later.std())


def pair_cosines(data: DenseDataset) -> NDArray[float32]:
    """(m,) the cosine of each text with its own image; 0 where either is a zero vector."""
    images = data.images[data.image_of_text]
    lengths = np.linalg.norm(data.texts, axis=1) * np.linalg.norm(images, axis=1)
    products: NDArray[float32] = (data.texts * images).sum(1) / np.maximum(lengths, 1e-12)
    return products


class _Fitting:
    """A training and the folder that keeps it: its curves so far, and the files of the best head."""

    def __init__(
        self,
        folder: DenseFolder,
        vocabulary: Vocabulary,
        config: TrainingConfig,
        out: Path,
        embeddings: NDArray[float32] | MlmHead | None,
        device: str,
    ):
        """As `train_folder`, which says what is raised; makes the folder `out`."""
        train = folder.split("train", restval=config.restval == "train")
        self._val = folder.split("val") if folder.sizes()["val"] else None
        self._config = config = _decided(config, folder, train, self._val)
        marks = config.marks == "spoken"
        self._literal_val = None  # of the captions of val, where they are judged under the control of training
        if self._val is not None and config.validation == "controlled":
            self._literal_val = literal_terms(self._val.captions, vocabulary, marks=marks)
        literal = literal_terms(train.captions, vocabulary, marks=marks)
        self._training = HeadTraining(train, literal, config, embeddings=embeddings, device=device)
        self._vocabulary, self._out = vocabulary, out
        out.mkdir(parents=True, exist_ok=True)
        self._key = _key(config, vocabulary, train, self._val, embeddings)
        self._curves: list[EpochMeasures] = []
        self._drawn = float("-inf")  # when the curves were drawn last, by the clock of `perf_counter`

    def resume(self) -> Fitted | None:
        """Goes on from the checkpoint in the folder, if there is one; what came of the training if it has ended."""
        state = load_checkpoint(self._out, self._key)
        if state is not None:
            self._curves = [EpochMeasures(**row) for row in state.pop("curves")]
            self._training.restore(state)
        elif has_ended(self._out, self._key):
            self._curves = read_curves(self._out)
            return self._fitted(ended=True)
        return None

    def run(self, watch: Watch) -> Fitted:
        """Trains epoch after epoch until the training ends or is stopped; each is judged and kept."""
        data = self._val
        dense = recall_at(ranks(data.texts, data.images, data.image_of_text), 1) if data is not None else None
        ended = False
        while not ended:
            started = time.perf_counter()
            try:
                means = self._training.run_epoch(on_step=watch.step, should_stop=watch.should_stop)
            except Stopped:
                break
            self._curves.append(self._judged(means, time.perf_counter() - started))
            ended = self._training.epoch == self._config.epochs or out_of_patience(self._curves, self._config)
            self._keep(ended, dense)
            watch.epoch(self._curves[-1])
        if self._curves and not ended:
            self._draw(dense)
        if self._curves and data is not None:
            note_dense_weight(self._out, SparseHead.load(self._out), data)
        return self._fitted(ended)

    def _judged(self, means: dict[str, float], seconds: float) -> EpochMeasures:
        """The measures of the epoch that was just trained; `means`: of its steps."""
        training, judged = self._training, dict[str, float]()
        if self._val is not None and self._literal_val is not None:
            allowed = _controlled(self._literal_val, training.config, means["expansion"], training.epoch)
            judged = asdict(validate(training.head, self._val, allowed, PAPER_BATCH))
        elif self._val is not None:
            judged = asdict(validate(training.head, self._val))
        losses = {name: means[name] for name in ("loss", "match", "sparsity", "expansion")}
        return EpochMeasures(epoch=training.epoch, step=training.step, seconds=seconds, **losses, **judged)

    def _keep(self, ended: bool, dense: float | None) -> None:
        """Writes the last epoch's files: the head if it is the best, the curves, and a checkpoint or the end."""
        kept = kept_epoch(self._curves, self._config)
        if kept == self._training.epoch:
            forget_end(self._out)
            (self._out / TABLE_FILE).unlink(missing_ok=True)  # it was learned for the weights that go now
            self._vocabulary.save(self._out / HEAD_VOCABULARY)
            self._training.head.save(self._out, training=asdict(self._config), epoch=kept)
        write_curves(self._out, self._curves)
        if ended or time.perf_counter() - self._drawn > DRAWN_EVERY_S:
            self._draw(dense)
        if ended:
            save_end(self._out, self._key)
        else:
            curves = [asdict(row) for row in self._curves]
            save_checkpoint(self._out, self._key, self._training.state() | {"curves": curves})

    def _draw(self, dense: float | None) -> None:
        """Draws the curves; `dense`: R@1 of the dense vectors on val."""
        heading, kept = f"expansion control: {self._config.control}", kept_epoch(self._curves, self._config)
        plot_curves(self._out, self._curves, heading, kept=kept, dense=dense)
        self._drawn = time.perf_counter()

    def _fitted(self, ended: bool) -> Fitted:
        return Fitted(tuple(self._curves), kept_epoch(self._curves, self._config) if self._curves else 0, ended)


def _decided(
    config: TrainingConfig, folder: DenseFolder, train: DenseDataset, val: DenseDataset | None
) -> TrainingConfig:
    """The config with what it leaves to the data; TrainingError where the data set does not allow it.

    That is `truth`, and in a joint training on vectors of train pairs that the encoder was taught on also the penalty
    and the least weight: there weak terms cost much and find little, so that they are as in the paper's training.
    """
    if config.patience and val is None:
        raise TrainingError(f"The data set {folder.path} has no split 'val'; patience needs one to judge progress by.")
    leaked = val is not None and trained_on_pairs(train, val)
    if leaked and config.objective == "joint":
        query, item = (SPARSITY if one is None else one for one in (config.query_sparsity, config.item_sparsity))
        least = LEAST_WEIGHT if config.least_weight is None else config.least_weight
        config = replace(config, query_sparsity=query, item_sparsity=item, least_weight=least)
    if config.truth is not None:
        return config
    return replace(config, truth=0.0 if leaked else config.share_of_truth)


def _controlled(literal: csr_array, config: TrainingConfig, chance: float, epoch: int) -> Allowed:
    """The terms that captions may light, by draws as training makes them; the same ones however often it is asked."""
    generator = torch.Generator().manual_seed((config.seed << 20) + epoch)

    def allowed(rows: slice) -> NDArray[bool_]:
        own = torch.from_numpy(literal[rows].toarray())
        return expansion(config.control, own, chance, generator, config.draws).allowed.numpy()

    return allowed


def _key(
    config: TrainingConfig,
    vocabulary: Vocabulary,
    train: DenseDataset,
    val: DenseDataset | None,
    embeddings: NDArray[float32] | MlmHead | None,
) -> str:
    """16 hex digits of a hash of all that a training depends on."""
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
