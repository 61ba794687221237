"""The joint objective: its formulas by hand, a step restated, and what its parts switch on and off."""

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy import float32
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp, softmax

from core.data.dense import DenseFolder
from core.data.literal_terms import literal_terms
from core.errors import TrainingError
from core.experiments.early_stopping import kept_epoch
from core.models.head import HeadConfig, SparseHead
from core.training.batches import Batch, Batches
from core.training.config import TrainingConfig
from core.training.curves import EpochMeasures
from core.training.losses import fused_scores, hubness, own_pairs
from core.training.objective import objective
from core.training.trainer import HeadTraining
from tests.core.dense_sets import WORDS, write_words

pytestmark = pytest.mark.numeric


def test_hubness_and_the_fused_teacher_by_hand() -> None:
    rows, anybody = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.1, 0.0], [0.3, 0.1]])
    expected = [0.1 * math.log((math.exp(1) + math.exp(3)) / 2), 0.1 * math.log((math.exp(0) + math.exp(2)) / 2)]
    assert hubness(rows, anybody, 0.1).tolist() == pytest.approx(expected, rel=1e-5)
    frozen, adapted, sparse = torch.tensor([[1.0]]), torch.tensor([[3.0]], requires_grad=True), torch.tensor([[7.0]])
    assert fused_scores(frozen, adapted, sparse, 0.5).item() == 3.0  # half of it 1, the other half the mean of 3 and 7
    assert fused_scores(frozen, None, sparse, 0.25).item() == 2.5
    assert not fused_scores(frozen, adapted, sparse, 0.5).requires_grad


def _batch() -> Batch:
    generator = torch.Generator().manual_seed(2)
    texts, images = (torch.nn.functional.normalize(torch.randn(4, 3, generator=generator), dim=1) for _ in range(2))
    hubs = torch.rand(4, generator=generator), torch.rand(4, generator=generator)
    return Batch(texts, torch.ones(4, 5, dtype=torch.bool), images, None, own_pairs(torch.tensor([0, 1, 0, 2])), hubs)


def _cross_entropy(scores: NDArray[float32], target: NDArray[float32]) -> float:
    return float(-(target * log_softmax(scores, 1)).sum(1).mean())


@pytest.mark.parametrize("adapter", [0, 2])
def test_a_step_is_what_it_says(adapter: int) -> None:
    """In numpy, from the vectors: both kinds of scores are held against the truth and what all scores say together."""
    torch.manual_seed(3)
    head, batch = SparseHead(HeadConfig(3, 6, 5, adapter_size=adapter)), _batch()
    if head.adapter is not None:
        torch.nn.init.normal_(head.adapter.up.weight)
    config = TrainingConfig(
        objective="joint", adapter_size=adapter, control="none", tau=0.1, truth=0.3, fused=0.6, hubness=0.4,
        query_sparsity=0.02, item_sparsity=0.05,
    )  # fmt: skip
    loss, measures = objective(head, batch, config, 1.0, torch.Generator())
    texts, images = batch.texts.numpy(), batch.images.numpy()
    weights = head.weigh(texts), head.weigh(images)
    sparse = weights[0] @ weights[1].T
    adapted = head.adapt(texts) @ head.adapt(images).T / 0.1
    of_texts, of_images = (rows.numpy() for rows in batch.hubness or ())
    frozen = (texts @ images.T - 0.4 * (of_texts[:, None] + of_images[None])) / 0.1
    teacher = 0.4 * frozen + 0.6 * ((adapted + sparse) / 2 if adapter else sparse)
    own = np.array([[0.5, 0, 0.5, 0], [0, 1, 0, 0], [0.5, 0, 0.5, 0], [0, 0, 0, 1]])
    match = 0.0
    for scores in (sparse, adapted) if adapter else (sparse,):
        match += _cross_entropy(scores, 0.7 * softmax(teacher, 1) + 0.3 * own) / 2
        match += _cross_entropy(scores.T, 0.7 * softmax(teacher.T, 1) + 0.3 * own) / 2
    assert measures["match"] == pytest.approx(match, rel=1e-5)
    penalty = 0.02 * weights[0].sum(1).mean() + 0.05 * weights[1].sum(1).mean()
    assert loss.item() == pytest.approx(match + penalty, rel=1e-5)
    loss.backward()
    if head.adapter is not None:
        assert head.adapter.up.weight.grad is not None and head.adapter.up.weight.grad.abs().sum() > 0


def test_a_batch_knows_the_hubness_of_what_it_shows(tmp_path: Path) -> None:
    data = DenseFolder.read(write_words(tmp_path)).split("train")
    literal, captions = literal_terms(data.captions, WORDS), torch.arange(3)

    def batch(**settings: object) -> Batch:
        config = TrainingConfig(blur=0, truth=0, **settings)  # type: ignore[arg-type]
        return Batches(data, literal, config, torch.Generator().manual_seed(0), "cpu", torch.float32).batch(captions)

    joint, plain = batch(objective="joint"), batch()
    assert plain.hubness is None and batch(objective="joint", hubness=0).hubness is None
    assert joint.hubness is not None and torch.equal(joint.dense_scores(), plain.dense_scores())
    # "anybody" is drawn from all rows with repetition; many draws come near to all rows, each once
    expected = 0.05 * (logsumexp(data.texts[:3] @ data.images.T / 0.05, 1) - math.log(len(data.images)))
    np.testing.assert_allclose(joint.hubness[0], expected, atol=0.01)
    taken = joint.dense_scores() - joint.dense_scores(0.5)
    assert torch.allclose(taken, 0.5 * (joint.hubness[0][:, None] + joint.hubness[1][None]), atol=1e-6)


def test_what_is_switched_off_leaves_the_papers_training_to_the_bit(tmp_path: Path) -> None:
    """Without its parts, and with as much penalty, a joint training is the paper's; and that knows of none of them."""
    data = DenseFolder.read(write_words(tmp_path)).split("train")
    literal = literal_terms(data.captions, WORDS)

    def trained(**settings: object) -> dict[str, torch.Tensor]:
        config = TrainingConfig(epochs=2, batch_size=8, hidden_size=8, tau=1.0, **settings)  # type: ignore[arg-type]
        training = HeadTraining(data, literal, config)
        while training.epoch < 2:
            training.run_epoch()
        return training.head.state_dict()

    paper = trained()
    off = {"adapter_size": 0, "fused": 0, "hubness": 0, "most_flops": 0}
    off |= {"query_sparsity": 4e-3, "item_sparsity": 4e-3, "least_weight": 0.2}
    for same in (trained(objective="joint", **off), trained(fused=0.9, hubness=0.9, most_flops=0.1)):
        assert paper.keys() == same.keys() and all(torch.equal(paper[name], same[name]) for name in paper)
    joint = trained(objective="joint")
    assert joint.keys() - paper.keys() == {
        f"adapter.{part}.{kind}" for part in ("down", "up") for kind in ("weight", "bias")
    }
    assert joint["adapter.up.weight"].abs().sum() > 0


def test_a_head_that_costs_too_much_is_penalised_more_until_it_does_not(tmp_path: Path) -> None:
    data = DenseFolder.read(write_words(tmp_path)).split("train")
    literal = literal_terms(data.captions, WORDS)
    config = TrainingConfig(objective="joint", epochs=4, batch_size=16, hidden_size=8, most_flops=0.05, tau=1.0)
    training = HeadTraining(data, literal, config)
    strictness = [1.0]
    for _ in range(2):
        training.run_epoch()
        texts, images = ((training.head.weigh(rows) > 0).mean(0) for rows in (data.texts, data.images))
        strictness.append(max(1.0, strictness[-1] * (float(texts @ images) / 0.05) ** 2))
        assert training.strictness == pytest.approx(strictness[-1], rel=1e-6)
    assert strictness[2] > strictness[1] > 1
    state = deepcopy(training.state())
    resumed = HeadTraining(data, literal, config)
    resumed.restore(state)
    measures = training.run_epoch(), resumed.run_epoch()
    assert measures[0] == measures[1] and resumed.strictness == training.strictness
    for plain in (replace(config, objective="paper"), replace(config, most_flops=0)):
        training = HeadTraining(data, literal, plain)
        training.run_epoch()
        assert training.strictness == 1


def test_a_head_within_its_flops_is_kept_before_a_better_one_beyond() -> None:
    def row(epoch: int, recall: float, flops: float) -> EpochMeasures:
        return EpochMeasures(
            epoch=epoch, step=epoch, seconds=0, loss=0, match=0, sparsity=0, expansion=1,
            recall_at_1=recall, recall_error=0, flops=flops, query_terms=1, item_terms=1,
        )  # fmt: skip

    config = TrainingConfig(objective="joint", epochs=4, warmup=0.2, most_flops=3.5)
    rows = [row(1, 0.1, 3.0), row(2, 0.3, 4.0), row(3, 0.5, 4.1), row(4, 0.2, 2.0)]
    assert kept_epoch(rows, config) == 2
    assert kept_epoch(rows, replace(config, most_flops=0)) == kept_epoch(rows, replace(config, objective="paper")) == 3
    assert kept_epoch(rows[2:3], config) == 3  # better than nothing


def test_settings_are_checked() -> None:
    assert TrainingConfig().adapter_width == 0 and TrainingConfig(objective="joint").adapter_width > 0
    assert TrainingConfig(objective="joint", adapter_size=0).adapter_width == 0
    assert TrainingConfig().sparsities == (4e-3, 4e-3) and TrainingConfig(query_sparsity=1e-2).sparsities == (
        1e-2,
        4e-3,
    )
    assert TrainingConfig(objective="joint", item_sparsity=1e-2).sparsities == (1e-4, 1e-2)
    assert (TrainingConfig().least_lit, TrainingConfig(objective="joint").least_lit) == (0.2, 0.1)
    assert TrainingConfig(objective="joint", least_weight=0).least_lit == 0
    for wrong, said in (
        ({"objective": "both"}, "objective cannot be 'both'"),
        ({"fused": 1.5}, "fused is 1.5"),
        ({"hubness": -1}, "hubness is -1"),
        ({"adapter_size": -1}, "adapter_size is -1"),
    ):
        with pytest.raises(TrainingError, match=said):
            replace(TrainingConfig(), **wrong)  # type: ignore[arg-type]
