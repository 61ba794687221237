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
from core.training.batches import Batches
from core.training.config import TrainingConfig
from core.training.fast import fast_objective
from core.training.initialisation import start_from_captions, start_from_embeddings
from core.training.mlm_head import MlmHead, start_from_mlm
from core.training.objective import objective
from index_store.progress import ShouldStop, never

OnStep = Callable[[int, int, dict[str, float]], None]
"""Called as (step, steps, measures) after every step."""

AuxiliaryLoss = Callable[[SparseHead, NDArray[np.int64], float, torch.Generator], torch.Tensor]
"""A loss that is added to a step's own, from the head, the rows of the step's images, progress (0..1) and the draws."""


def unwatched(step: int, steps: int, measures: dict[str, float]) -> None:
    """Steps that nobody looks at."""


class Stopped(Exception):
    """Training was asked to stop. The epoch that was under way is lost, nothing else."""


class HeadTraining:
    """One training: the head, its optimiser and its draws, which can be taken out between epochs and put back.

    The same seed gives the same head on one machine. In a joint training the penalty is made `strictness` times as
    strong: 1 at first, and after each epoch (FLOPs of the head / `config.most_flops`) squared times what it was, but
    never below 1.
    """

    def __init__(
        self,
        data: DenseDataset,
        literal: csr_array,
        config: TrainingConfig,
        *,
        embeddings: NDArray[float32] | MlmHead | None = None,
        pretrained: SparseHead | None = None,
        auxiliary: AuxiliaryLoss | None = None,
        device: str = "cpu",
    ):
        """`literal` (captions, |V|) bool: the terms each caption speaks.

        `embeddings`: what the projection onto terms starts from, a row (|V|, d) a term
        (`initialisation.start_from_embeddings`), or the head of a language model (`mlm_head`), from which layer norm
        and biases start as well; the config decides where they are left out. `pretrained`: a head to go on from
        instead. `auxiliary`: a loss that is added in every step, not in the paper.
        Raises TrainingError where `literal` is not of these captions.
        """
        if literal.shape[0] != len(data.texts):
            raise TrainingError(
                f"{literal.shape[0]} captions speak terms, but {len(data.texts)} captions have vectors."
            )
        self.config, self.epoch, self._auxiliary, self.strictness = config, 0, auxiliary, 1.0
        torch.manual_seed(config.seed)
        self._generator = torch.Generator().manual_seed(config.seed)
        head = _initial_head(data, literal, config, embeddings, pretrained)
        kind = torch.float64 if config.precision == "fp64" else torch.float32
        self.head = head.to(device, kind)
        self._batches = Batches(data, literal, config, self._generator, device, kind)
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
        """The number of steps of the whole training."""
        return self._steps_an_epoch * self.config.epochs

    @property
    def step(self) -> int:
        """The number of steps that the finished epochs took."""
        return self.epoch * self._steps_an_epoch

    def run_epoch(self, *, on_step: OnStep = unwatched, should_stop: ShouldStop = never) -> dict[str, float]:
        """One pass over the captions; the means of the steps' measures, of `expansion` the last one.

        Raises Stopped between two steps once `should_stop` says so, TrainingError once the loss is not a number.
        """
        self.head.train()
        order = torch.randperm(len(self._batches), generator=self._generator)
        size = min(self.config.batch_size, len(order))
        steps: list[dict[str, Any]] = []
        for captions in order[: self._steps_an_epoch * size].split(size):
            if should_stop():
                raise Stopped
            steps.append(self._take_step(captions, self.step + len(steps)))
            on_step(self.step + len(steps), self.steps, steps[-1])
        self.epoch += 1
        self.head.eval()
        if self.config.objective == "joint" and self.config.most_flops:
            flops = flops_of_some(self.head, *self._batches.some())
            self._be_strict(max(1.0, self.strictness * (flops / self.config.most_flops) ** 2))
        means = {name: float(np.mean([measures[name] for measures in steps])) for name in steps[0]}
        return means | {"expansion": steps[-1]["expansion"]}

    def _take_step(self, captions: torch.Tensor, step: int) -> dict[str, Any]:
        """Learns from some captions (b,), by their numbers, as the step after `step` others; its measures."""
        step_of = objective if self.config.step == "plain" else fast_objective
        progress = step / self.steps
        loss, measures = step_of(self.head, self._batches.batch(captions), self._config, progress, self._generator)
        if self._auxiliary is not None:
            added = self._auxiliary(self.head, self._batches.images_of(captions), progress, self._generator)
            loss = loss + added
            measures |= {"loss": loss.item(), "auxiliary": added.item()}
        if not math.isfinite(measures["loss"]):
            raise TrainingError(
                f"The loss is {measures['loss']} in step {step + 1} of {self.steps}, so training ended; try lower "
                "learning rates, a higher tau, or fp32 in place of bf16."
            )
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._optimiser.step()
        self._schedule.step()
        return measures

    def _be_strict(self, strictness: float) -> None:
        query, item = self.config.sparsities
        self.strictness = strictness
        self._config = replace(self._config, query_sparsity=strictness * query, item_sparsity=strictness * item)

    def state(self) -> dict[str, Any]:
        """All that the next epoch depends on; `torch.save` can keep it."""
        return {
            "epoch": self.epoch,
            "head": self.head.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "generator": self._generator.get_state(),
            "strictness": self.strictness,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Puts back the `state` of a training of the same data and config; the next epoch goes on from there."""
        self.epoch = state["epoch"]
        self.head.load_state_dict(state["head"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._generator.set_state(state["generator"])
        if state["strictness"] != 1.0:
            self._be_strict(state["strictness"])


def _initial_head(
    data: DenseDataset,
    literal: csr_array,
    config: TrainingConfig,
    embeddings: NDArray[float32] | MlmHead | None,
    pretrained: SparseHead | None,
) -> SparseHead:
    """The head before its first step, as `HeadTraining` says; draws from torch's own generator."""
    dense, terms = data.images.shape[1], literal.shape[1]
    head = SparseHead(HeadConfig(dense, config.hidden_size, terms, config.least_lit, config.adapter_width))
    if isinstance(embeddings, MlmHead):
        start_from_mlm(head, embeddings)
    elif embeddings is not None:
        start_from_embeddings(head, embeddings)
    if pretrained is not None:
        head.load_state_dict(pretrained.state_dict())
    elif embeddings is None and config.starts_from_captions:
        start_from_captions(head, torch.from_numpy(data.texts), literal)
    return head


def train_head(
    data: DenseDataset,
    literal: csr_array,
    config: TrainingConfig,
    *,
    pretrained: SparseHead | None = None,
    auxiliary: AuxiliaryLoss | None = None,
    on_step: OnStep = unwatched,
) -> SparseHead:
    """The head after all epochs, from what `HeadTraining` takes.

    It is not judged, nothing is kept on the way, and training does not end early; `core.experiments.fitting` does that.
    """
    training = HeadTraining(data, literal, config, pretrained=pretrained, auxiliary=auxiliary)
    while training.epoch < config.epochs:
        training.run_epoch(on_step=on_step)
    return training.head


def optimiser(head: SparseHead, config: TrainingConfig, *, started: bool) -> torch.optim.Optimizer:
    """AdamW with the paper's two learning rates; `started`: the projection onto terms starts from given embeddings.

    An adapter learns at the rate of the projection from the dense space, which it stands before.
    """
    first = [*head.proj.parameters(), *(head.adapter.parameters() if head.adapter is not None else ())]
    rate = config.vocabulary_rate if config.vocabulary_rate is not None else (5e-5 if started else 1e-3)
    return torch.optim.AdamW(
        [
            {"params": first, "lr": config.projection_rate},
            {"params": [*head.vocab_layer_norm.parameters(), *head.vocab_projector.parameters()], "lr": rate},
        ],
        weight_decay=config.weight_decay,
        fused=True,  # one pass over the projection instead of several: a tenth of a step at the published size
    )


@torch.no_grad()
def flops_of_some(head: SparseHead, texts: torch.Tensor, images: torch.Tensor) -> float:
    """The mean number of terms that a text (n, dim) and an image (m, dim) both light: what their score costs."""
    by_text, by_image = ((head(rows) > 0).double().mean(0) for rows in (texts, images))
    return float(by_text @ by_image)


def learning_rate(progress: float, warmup: float) -> float:
    """The factor of the learning rates: linear warm-up over the first `warmup`, then linearly down to 0 at the end."""
    if progress < warmup:
        return progress / warmup
    return max(0.0, (1 - progress) / (1 - warmup)) if warmup < 1 else 1.0


def project(head: SparseHead, dense: NDArray[float32], batch_size: int = 4096) -> NDArray[float32]:
    """Dense rows (n, dim) -> weights (n, |V|), without gradients, `batch_size` rows at a time."""
    return np.concatenate([head.weigh(dense[i : i + batch_size]) for i in range(0, len(dense), batch_size)])
