"""The fast objective against the plain one: the same loss, measures and gradients."""

from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from core.data.dense import DenseDataset
from core.models.head import HeadConfig, SparseHead
from core.training import fast
from core.training.batches import Batch
from core.training.config import Control, Sparsity, TrainingConfig
from core.training.losses import own_pairs
from core.training.objective import objective
from core.training.trainer import train_head

pytestmark = pytest.mark.numeric
TERMS, DIM, SIZE = 700, 12, 20


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small limits, so that a small vocabulary takes every way: slices, gathered entries, whole rows."""
    for name, value in {"SMALL": 0, "SLICE": 128, "GATHERED": 7, "FEW": 20}.items():
        monkeypatch.setattr(fast, name, value)


def _head(lit: float, seed: int = 0, adapter: int = 0) -> SparseHead:
    """A head that lights about the share `lit` of all terms; its adapter, if any, moves what it is given."""
    torch.manual_seed(seed)
    head = SparseHead(HeadConfig(DIM, 16, TERMS, adapter_size=adapter))
    if head.adapter is not None:
        torch.nn.init.normal_(head.adapter.up.weight, std=0.3)
    with torch.no_grad():
        logits = head.logits(torch.randn(200, DIM))
        head.vocab_projector.bias -= torch.quantile(logits, 1 - lit) if lit else logits.max() + 5
    return head


def _batch(size: int = SIZE) -> Batch:
    generator = torch.Generator().manual_seed(1)
    literal = torch.rand(size, TERMS, generator=generator) < 0.01
    literal[0] = False  # a caption that speaks no term of the vocabulary
    texts, images = (
        torch.nn.functional.normalize(torch.randn(size, DIM, generator=generator), dim=1) for _ in range(2)
    )
    pairs = own_pairs(torch.arange(size) // 2)  # two captions of each image
    hubs = torch.rand(size, generator=generator), torch.rand(size, generator=generator)
    return Batch(texts, literal, images, literal, pairs, hubs)


def _run(step: object, head: SparseHead, batch: Batch, config: TrainingConfig, progress: float) -> Iterator[object]:
    head.zero_grad()
    loss, measures = step(head, batch, config, progress, torch.Generator().manual_seed(3))  # type: ignore[operator]
    loss.backward()
    yield measures
    yield {name: value.grad.clone() for name, value in head.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("control", get_args(Control))
@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("lit", "sparsity"), [(0.05, "l1"), (0.05, "flops"), (0.0, "l1"), (0.0, "flops")])
def test_loss_and_gradients_are_those_of_the_plain_step(
    control: Control, progress: float, lit: float, sparsity: Sparsity
) -> None:
    config = TrainingConfig(control=control, tau=0.05, sparsity=sparsity, query_sparsity=0.1, item_sparsity=0.2)
    _compare(_head(lit), _batch(), config, progress)


@pytest.mark.parametrize("adapter", [0, 6])
@pytest.mark.parametrize("progress", [0.3, 1.0])
def test_a_joint_step_is_that_of_the_plain_way_too(adapter: int, progress: float) -> None:
    config = TrainingConfig(objective="joint", adapter_size=adapter, tau=0.05, query_sparsity=0.1, item_sparsity=0.2)
    taught = _compare(_head(0.05, adapter=adapter), _batch(), config, progress)
    assert ("adapter.down.weight" in taught) == bool(adapter)


def _compare(head: SparseHead, batch: Batch, config: TrainingConfig, progress: float) -> set[str]:
    """Takes the step both ways; the names of the parameters that have a gradient."""
    (plain, expected), (quick, got) = (
        _run(step, head, batch, config, progress) for step in (objective, fast.fast_objective)
    )
    assert quick == pytest.approx(plain, rel=1e-5)
    assert expected.keys() == got.keys()
    for name in expected:
        scale = expected[name].abs().max().clamp(min=1e-8)
        assert ((got[name] - expected[name]).abs() / scale).max() < 1e-4, name
    return set(got)


def test_a_batch_of_one_has_gradients_too() -> None:
    config = TrainingConfig(control="none")
    (plain, expected), (quick, got) = (
        _run(step, _head(0.05), _batch(1), config, 1.0) for step in (objective, fast.fast_objective)
    )
    assert quick == pytest.approx(plain, rel=1e-5, abs=1e-6)
    assert all(torch.allclose(expected[name], got[name], atol=1e-6) for name in expected)


def test_the_lit_terms_are_all_that_are_above_zero() -> None:
    head, batch = _head(0.05), _batch()
    hidden = head.vocab_layer_norm(head.proj(torch.cat([batch.texts, batch.images])))
    allowed = torch.rand(SIZE, TERMS) < 0.5
    allowed[:5] = batch.literal[:5]
    lit = fast.lit_terms(hidden, head.vocab_projector.weight, head.vocab_projector.bias, allowed)
    dense = torch.log1p(torch.relu(head.vocab_projector(hidden)))
    dense[:SIZE] *= allowed
    assert torch.allclose(torch.zeros_like(dense).index_put((lit.rows, lit.terms), lit.weights), dense, atol=1e-6)
    assert len(lit.weights) == int((dense > 0).sum())


def test_a_crowded_head_and_the_anchor_take_the_plain_way_with_the_same_draws() -> None:
    batch = _batch()
    for head, config in ((_head(0.5), TrainingConfig(control="word")), (_head(0.05), TrainingConfig(anchor=0.01))):
        plain, quick = (
            step(head, batch, config, 0.5, torch.Generator().manual_seed(3))[0]
            for step in (objective, fast.fast_objective)
        )
        assert torch.equal(plain, quick)


@pytest.mark.slow
def test_two_hundred_steps_go_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "CROWDED", 1.0)  # also where matrices would be cheaper
    generator = np.random.default_rng(0)
    images = generator.normal(size=(200, DIM)).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    texts = images + 0.05 * generator.normal(size=images.shape).astype(np.float32)
    spoken = csr_array(generator.random((200, TERMS)) < 0.02)
    data = DenseDataset(images, texts, np.arange(200), [""] * 200)
    curves = {}
    for step in ("plain", "fast"):
        config = TrainingConfig(
            epochs=20, batch_size=20, hidden_size=16, tau=0.05, query_sparsity=1e-2, item_sparsity=1e-2, step=step
        )
        curves[step] = told = []
        train_head(data, spoken, config, on_step=lambda done, of, measures, told=told: told.append(measures))
    plain, quick = (np.array([row["loss"] for row in curves[step]]) for step in ("plain", "fast"))
    assert len(plain) == 200 and plain[-20:].mean() < plain[:20].mean()
    assert np.abs(quick / plain - 1).max() < 0.01
