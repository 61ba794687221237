"""Training a head: expansion control, losses against oracles computed by hand, and a run on small real data."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.dense import DenseDataset
from core.errors import DatasetError
from core.evaluation.meaning import exact_at
from core.evaluation.retrieval import ranks, recall_at
from core.evaluation.sparsity import flops
from core.training.config import TrainingConfig
from core.training.dataset import image_words, literal_matrix
from core.training.expansion import allowed_terms, caption_control, expansion_probability, word_control
from core.training.losses import distillation, l1, warm, word_anchor
from core.training.trainer import learning_rate, project, train_head
from core.vocabulary import Vocabulary


def test_expansion_probability_rises_linearly() -> None:
    assert [expansion_probability(p, 0.8) for p in (0, 0.2, 0.4, 0.8, 1)] == pytest.approx([0, 0.25, 0.5, 1, 1])


def test_caption_control_draws_once_a_caption() -> None:
    literal = torch.zeros(2000, 7, dtype=torch.bool)
    literal[:, 2] = True
    mask = caption_control(literal, 0.3, torch.Generator().manual_seed(1))
    expanded = mask.all(1)
    assert torch.equal(mask[~expanded], literal[~expanded])  # own terms only, or all: nothing between
    assert expanded.float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert caption_control(literal, 1.0, torch.Generator()).all()
    assert torch.equal(caption_control(literal, 0.0, torch.Generator()), literal)


def test_word_control_draws_once_a_term() -> None:
    literal = torch.zeros(300, 70, dtype=torch.bool)
    literal[:, 2] = True
    mask = word_control(literal, 0.3, torch.Generator().manual_seed(1))
    assert mask[:, 2].all() and mask[:, 3:].float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert not mask[:, 3:].all(1).any()
    assert torch.equal(word_control(literal, 0.0, torch.Generator()), literal)


def test_both_controls_expand_some_captions_by_some_terms() -> None:
    literal = torch.zeros(2000, 70, dtype=torch.bool)
    literal[:, 2] = True
    mask = allowed_terms("both", literal, 0.5, torch.Generator().manual_seed(1))
    expanded = mask[:, 3:].any(1)
    assert mask[:, 2].all() and expanded.float().mean().item() == pytest.approx(0.5, abs=0.04)
    assert mask[expanded][:, 3:].float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert allowed_terms("none", literal, 0.0, torch.Generator()).all()


def test_distillation_by_hand() -> None:
    sparse, dense = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.2, 0.1], [0.0, 0.1]])
    tau = 0.1

    def cross_entropy(scores: list[float], teacher: list[float]) -> float:
        target = [math.exp(t / tau) / sum(math.exp(u / tau) for u in teacher) for t in teacher]
        return -sum(t * (s - math.log(sum(map(math.exp, scores)))) for s, t in zip(scores, target, strict=True))

    rows = (cross_entropy([2, 0], [0.2, 0.1]) + cross_entropy([0, 1], [0.0, 0.1])) / 2
    columns = (cross_entropy([2, 0], [0.2, 0.0]) + cross_entropy([0, 1], [0.1, 0.1])) / 2
    assert distillation(sparse, dense, tau).item() == pytest.approx((rows + columns) / 2, rel=1e-5)


def test_sparsity_and_anchor_by_hand() -> None:
    assert l1(torch.tensor([[1.0, 2.0], [0.0, 3.0]])).item() == 3.0
    assert [warm(p, 0.2) for p in (0, 0.1, 0.2, 1)] == pytest.approx([0, 0.25, 1, 1])
    anchor = word_anchor(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]))
    assert anchor.item() == pytest.approx(math.log(2) + math.log(1 + math.exp(2)), rel=1e-6)
    spared = word_anchor(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[False, True]]), 3.0)
    assert spared.item() == pytest.approx(3 * math.log(2), rel=1e-6)


def test_learning_rate_warms_up_and_ends_at_zero() -> None:
    assert [learning_rate(p, 0.2) for p in (0, 0.1, 0.2, 0.6, 1)] == pytest.approx([0, 0.5, 1, 0.5, 0])


VOCABULARY = Vocabulary([f"{thing}{i}" for thing in ("red", "dog", "car") for i in range(8)])


@pytest.fixture(scope="module")
def small() -> tuple[DenseDataset, np.ndarray]:
    """200 images with three words each; an image's vector is the noisy sum of its words' fixed vectors."""
    rng = np.random.default_rng(0)
    meanings = rng.standard_normal((len(VOCABULARY), 32))

    def unit(rows: np.ndarray) -> np.ndarray:
        rows = rows + 0.3 * rng.standard_normal(rows.shape)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    words = np.array([rng.choice(len(VOCABULARY), 3, replace=False) for _ in range(200)])
    owner = np.repeat(np.arange(200), 2)
    spoken = words[owner][:, :2]  # a caption speaks two of its image's words
    captions = [" ".join(VOCABULARY.terms[i] for i in row) for row in spoken]
    data = DenseDataset(unit(meanings[words].sum(1)), unit(meanings[spoken].sum(1)), owner, captions)
    return data, literal_matrix(captions, VOCABULARY)


CONFIG = TrainingConfig(
    epochs=40, batch_size=100, hidden_size=64, projection_rate=3e-3, vocabulary_rate=3e-3, tau=0.01,
    query_l1=2e-2, item_l1=2e-2,
)  # fmt: skip


def test_control_keeps_captions_to_their_words(small: tuple[DenseDataset, np.ndarray]) -> None:
    data, literal = small
    dense = recall_at(ranks(data.texts, data.images, data.image_of_text), 1)
    exact = {}
    for control in ("none", "caption"):
        head = train_head(data, literal, replace(CONFIG, control=control))
        queries, items = project(head, data.texts), project(head, data.images)
        assert recall_at(ranks(queries, items, data.image_of_text), 1) >= 0.8 * dense
        assert flops(queries, items) < 0.5 * len(VOCABULARY)
        exact[control] = exact_at(queries, literal, 5)
    assert exact["caption"] > exact["none"] + 0.2


def test_same_seed_same_head(small: tuple[DenseDataset, np.ndarray]) -> None:
    data, literal = small
    first, second = (train_head(data, literal, replace(CONFIG, epochs=2, anchor=0.01)) for _ in range(2))
    other = train_head(data, literal, replace(CONFIG, epochs=2, anchor=0.01, seed=1))
    assert np.array_equal(project(first, data.texts), project(second, data.texts))
    assert not np.array_equal(project(first, data.texts), project(other, data.texts))


def test_image_words_are_the_union_of_its_captions() -> None:
    literal = torch.tensor([[True, False, False], [False, True, False], [False, True, False]])
    words = image_words(literal, torch.tensor([0, 0, 1]), 3)
    assert words.tolist() == [[True, True, False], [False, True, False], [False, False, False]]


def test_malformed_data_is_refused_before_training(small: tuple[DenseDataset, np.ndarray]) -> None:
    data, literal = small
    spoilt = data.texts.copy()
    spoilt[7, 3] = np.nan
    with pytest.raises(DatasetError, match="row 7"):
        replace(data, texts=spoilt)
    with pytest.raises(DatasetError, match="32 dimensions and caption vectors 31"):
        replace(data, texts=data.texts[:, 1:])
    with pytest.raises(DatasetError, match="do not pair"):
        replace(data, captions=data.captions[1:])
    with pytest.raises(DatasetError, match="0 images"):
        replace(data, images=data.images[:0])
    with pytest.raises(DatasetError, match="'words'"):
        train_head(data, literal, replace(CONFIG, control="words"))
