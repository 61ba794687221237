"""Trains one head on one dense data set: the paper's algorithm, one step at a time."""

from collections.abc import Callable

import numpy as np
import torch
from numpy import bool_
from numpy.typing import NDArray

from core.dense import DenseDataset
from core.errors import DatasetError
from core.head import HeadConfig, SparseHead
from core.training.config import TrainingConfig
from core.training.dataset import image_words
from core.training.expansion import CONTROLS
from core.training.fast import fast_objective
from core.training.objective import Batch, objective

Progress = Callable[[int, int, dict[str, float]], None]
"""Told (step, steps, measures) after every step."""


def train_head(
    data: DenseDataset, literal: NDArray[bool_], config: TrainingConfig, progress: Progress | None = None
) -> SparseHead:
    """A head trained on `data`; `literal`: (captions, |V|), the terms each caption speaks. Same seed, same head."""
    if config.control not in CONTROLS:
        raise DatasetError(f"Expansion control '{config.control}' does not exist; choose one of {', '.join(CONTROLS)}.")
    step_of = objective if config.step == "plain" else fast_objective
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    head = SparseHead(HeadConfig(data.images.shape[1], config.hidden_size, literal.shape[1])).train()
    optimiser = torch.optim.AdamW(
        [
            {"params": head.proj.parameters(), "lr": config.projection_rate},
            {"params": [*head.vocab_layer_norm.parameters(), *head.vocab_projector.parameters()],
             "lr": config.vocabulary_rate},
        ],
        fused=True,  # one pass over the projection instead of several: a tenth of a step at the published size
    )  # fmt: skip
    texts, images = torch.from_numpy(data.texts), torch.from_numpy(data.images)
    image_of_text, spoken = torch.from_numpy(data.image_of_text), torch.from_numpy(literal)
    words = image_words(spoken, image_of_text, len(images)) if config.anchor else None
    steps_an_epoch = max(1, len(texts) // config.batch_size)
    steps = steps_an_epoch * config.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: learning_rate(step / steps, config.warmup))
    step = 0
    for _ in range(config.epochs):
        order = torch.randperm(len(texts), generator=generator)
        for rows in order[: steps_an_epoch * config.batch_size].split(min(config.batch_size, len(texts))):
            which = image_of_text[rows]
            batch = Batch(texts[rows], spoken[rows], images[which], words[which] if words is not None else None)
            loss, measures = step_of(head, batch, config, step / steps, generator)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            step += 1
            if progress:
                progress(step, steps, measures)
    return head.eval()


def learning_rate(progress: float, warmup: float) -> float:
    """Linear warm-up over the first `warmup` of training, then linearly down to zero at its end."""
    if progress < warmup:
        return progress / warmup
    return max(0.0, (1 - progress) / (1 - warmup)) if warmup < 1 else 1.0


def project(head: SparseHead, dense: NDArray[np.float32], batch_size: int = 4096) -> NDArray[np.float32]:
    """(n, dim) dense rows -> (n, |V|) weights, without gradients."""
    return np.concatenate([head.weigh(dense[i : i + batch_size]) for i in range(0, len(dense), batch_size)])
