"""Trains one head on one dense data set: the paper's algorithm, an epoch at a time."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.data.dense import DenseDataset
from core.errors import TrainingError
from core.models.head import HeadConfig, SparseHead
from core.training.blur import blurred
from core.training.config import TrainingConfig
from core.training.dataset import image_words
from core.training.fast import fast_objective
from core.training.initial import start_from, start_from_captions
from core.training.losses import own_pairs
from core.training.mlm_head import MlmHead, start_from_mlm
from core.training.objective import Batch, objective
from index_store.progress import ShouldStop, never

OnStep = Callable[[int, int, dict[str, float]], None]
"""Called as (step, steps, measures) after every step."""


Lesson = Callable[[SparseHead, NDArray[np.int64], float, torch.Generator], torch.Tensor]
"""What a step learns besides, given the head, the rows of its images, progress (0..1) and the draws: a loss to add."""


def unwatched(step: int, steps: int, measures: dict[str, float]) -> None:
    """Steps that nobody looks at."""


class Stopped(Exception):
    """Training was asked to stop; the epoch that was under way is lost, nothing else."""


class HeadTraining:
    """One training: the head, its optimiser and its draws, which can be taken out between epochs and put back.

    `spoken`: (captions, |V|) bool, the terms each caption speaks. `embeddings`: where the projection onto terms starts,
    a row (|V|, d) a term (`initial.start_from`), or a language model's head (`mlm_head`), from which layer norm and
    biases start, too; by the config without. `taught`: a head to go on from instead; `lesson`: what
    is learned besides, not in the paper. The same seed gives the same head on one machine.
    """

    def __init__(
        self,
        data: DenseDataset,
        spoken: csr_array,
        config: TrainingConfig,
        *,
        embeddings: NDArray[float32] | MlmHead | None = None,
        taught: SparseHead | None = None,
        lesson: Lesson | None = None,
        device: str = "cpu",
    ):
        if spoken.shape[0] != len(data.texts):
            raise TrainingError(f"{spoken.shape[0]} captions speak terms, but {len(data.texts)} captions have vectors.")
        self.config, self.epoch, self._lesson = config, 0, lesson
        self._spoken = spoken
        self._words = image_words(spoken, data.image_of_text, len(data.images)) if config.anchor else None
        self._image_of_text = data.image_of_text
        torch.manual_seed(config.seed)
        self._generator = torch.Generator().manual_seed(config.seed)
        sizes = HeadConfig(data.images.shape[1], config.hidden_size, spoken.shape[1], config.least_weight)
        head = SparseHead(sizes)
        if isinstance(embeddings, MlmHead):
            start_from_mlm(head, embeddings)
        elif embeddings is not None:
            start_from(head, embeddings)
        if taught is not None:
            head.load_state_dict(taught.state_dict())
        elif embeddings is None and config.starts_from_captions:
            start_from_captions(head, torch.from_numpy(data.texts), spoken)
        kind = torch.float64 if config.precision == "fp64" else torch.float32
        self.head = head.to(device, kind)
        self._texts, self._images = (torch.from_numpy(rows).to(device, kind) for rows in (data.texts, data.images))
        self._optimiser = optimiser(self.head, config, started=embeddings is not None)
        whole, rest = divmod(len(data.texts), config.batch_size)
        self._steps_an_epoch = max(1, whole + (rest > 0 and config.last_batch == "kept"))
        # a whole number of steps, as the paper's scheduler counts it
        self._config = replace(config, warmup=int(self.steps * config.warmup) / self.steps)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser, lambda step: learning_rate(step / self.steps, self._config.warmup)
        )

    @property
    def steps(self) -> int:
        """Of the whole training."""
        return self._steps_an_epoch * self.config.epochs

    @property
    def step(self) -> int:
        """How many steps the finished epochs took."""
        return self.epoch * self._steps_an_epoch

    def run_epoch(self, *, on_step: OnStep = unwatched, should_stop: ShouldStop = never) -> dict[str, float]:
        """One pass over the captions; the mean of what `objective` tells of its steps, expansion as it was at the end.

        Raises Stopped between two steps once `should_stop` says so, TrainingError once the loss is not a number.
        """
        step_of = objective if self.config.step == "plain" else fast_objective
        self.head.train()
        order = torch.randperm(len(self._texts), generator=self._generator)
        size = min(self.config.batch_size, len(order))
        told: list[dict[str, Any]] = []
        step = self.step
        for rows in order[: self._steps_an_epoch * size].split(size):
            if should_stop():
                raise Stopped
            done = step / self.steps
            loss, measures = step_of(self.head, self._batch(rows), self._config, done, self._generator)
            if self._lesson is not None:
                besides = self._lesson(self.head, self._image_of_text[rows.numpy()], done, self._generator)
                loss = loss + besides
                measures |= {"loss": loss.item(), "lesson": besides.item()}
            if not math.isfinite(measures["loss"]):
                raise TrainingError(
                    f"The loss is {measures['loss']} in step {step + 1} of {self.steps}, so training ended; try lower "
                    "learning rates, a higher tau, or fp32 in place of bf16."
                )
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            self._schedule.step()
            told.append(measures)
            step += 1
            on_step(step, self.steps, measures)
        self.epoch += 1
        self.head.eval()
        means = {name: float(np.mean([measures[name] for measures in told])) for name in told[0]}
        return means | {"expansion": told[-1]["expansion"]}

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on, to be kept by `torch.save`."""
        return {
            "epoch": self.epoch,
            "head": self.head.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "generator": self._generator.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Goes on from a `state` of a training of the same data and config."""
        self.epoch = state["epoch"]
        self.head.load_state_dict(state["head"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._generator.set_state(state["generator"])

    def _batch(self, rows: torch.Tensor) -> Batch:
        which = self._image_of_text[rows.numpy()]
        words = self._dense(self._words, which) if self._words is not None else None
        texts, images = self._texts[rows], self._images[which]
        if self.config.blur:
            texts, images = (
                blurred(shown, among, self.config.blur, self._generator)
                for shown, among in ((texts, self._texts), (images, self._images))
            )
        pairs = own_pairs(torch.from_numpy(which).to(texts.device)) if self.config.share_of_truth else None
        return Batch(texts, self._dense(self._spoken, rows.numpy()), images, words, pairs)

    def _dense(self, matrix: csr_array, rows: NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(matrix[rows].toarray()).to(self._texts.device)


def train_head(
    data: DenseDataset,
    spoken: csr_array,
    config: TrainingConfig,
    *,
    on_step: OnStep = unwatched,
    taught: SparseHead | None = None,
    lesson: Lesson | None = None,
) -> SparseHead:
    """The head after all epochs; nothing is judged, kept or ended early (`core.experiments.fitting` does)."""
    training = HeadTraining(data, spoken, config, taught=taught, lesson=lesson)
    while training.epoch < config.epochs:
        training.run_epoch(on_step=on_step)
    return training.head


def optimiser(head: SparseHead, config: TrainingConfig, *, started: bool) -> torch.optim.Optimizer:
    """AdamW with the paper's two learning rates; `started`: the projection onto terms starts from embeddings."""
    rate = config.vocabulary_rate if config.vocabulary_rate is not None else (5e-5 if started else 1e-3)
    return torch.optim.AdamW(
        [
            {"params": head.proj.parameters(), "lr": config.projection_rate},
            {"params": [*head.vocab_layer_norm.parameters(), *head.vocab_projector.parameters()], "lr": rate},
        ],
        weight_decay=config.weight_decay,
        fused=True,  # one pass over the projection instead of several: a tenth of a step at the published size
    )


def learning_rate(progress: float, warmup: float) -> float:
    """Linear warm-up over the first `warmup` of training, then linearly down to zero at its end."""
    if progress < warmup:
        return progress / warmup
    return max(0.0, (1 - progress) / (1 - warmup)) if warmup < 1 else 1.0


def project(head: SparseHead, dense: NDArray[float32], batch_size: int = 4096) -> NDArray[float32]:
    """(n, dim) dense rows -> (n, |V|) weights, without gradients."""
    return np.concatenate([head.weigh(dense[i : i + batch_size]) for i in range(0, len(dense), batch_size)])
