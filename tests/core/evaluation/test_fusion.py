"""The weight of the whole beside the terms, chosen and applied, against the plainest loops."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.data.dense import DenseDataset
from core.data.literal_terms import literal_terms
from core.evaluation import fusion
from core.evaluation.evaluate import evaluate_dense, evaluate_head
from core.evaluation.fusion import WEIGHTS, best_dense_weight, note_dense_weight
from core.models.head import HeadConfig, SparseHead
from core.models.head_files import dense_weight
from core.vocabulary import Vocabulary

N, M, DIM = 30, 90, 12
VOCABULARY = Vocabulary([f"w{i}" for i in range(40)])


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def data() -> DenseDataset:
    rng = np.random.default_rng(3)
    owner = np.concatenate([np.arange(N), rng.integers(0, N, M - N)])
    images = unit(rng.standard_normal((N, DIM)))
    texts = unit(images[owner] + 0.5 * rng.standard_normal((M, DIM)))
    return DenseDataset(images, texts, owner, ["w1 w2"] * M)


@pytest.fixture(scope="module")
def head() -> SparseHead:
    torch.manual_seed(0)
    return SparseHead(HeadConfig(DIM, 16, len(VOCABULARY))).eval()


def sums(head: SparseHead, data: DenseDataset, weight: float) -> list[list[float]]:
    queries, items = (head.weigh(rows).astype(float).tolist() for rows in (data.texts, data.images))
    return [
        [
            math.fsum(a * b for a, b in zip(query, item, strict=True))
            + weight * math.fsum(a * b for a, b in zip(text, image, strict=True))
            for item, image in zip(items, data.images.astype(float).tolist(), strict=True)
        ]
        for query, text in zip(queries, data.texts.astype(float).tolist(), strict=True)
    ]


def reciprocal_rank(scores: list[list[float]], own: list[int]) -> float:
    orders = [sorted(range(N), key=lambda i, row=row: (-row[i], i)) for row in scores]
    return sum(1 / (order.index(mine) + 1) for order, mine in zip(orders, own, strict=True)) / len(own)


def test_the_weight_with_the_best_ranks_is_chosen(
    head: SparseHead, data: DenseDataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fusion, "WEIGHTS", WEIGHTS[::6])
    own = data.image_of_text.tolist()
    found = {weight: reciprocal_rank(sums(head, data, weight), own) for weight in WEIGHTS[::6]}
    best = max(found, key=lambda weight: (found[weight], -weight))
    assert len(set(found.values())) > 2 and best_dense_weight(head, data) == best
    head.save(tmp_path, kept="as it is")
    assert dense_weight(tmp_path) is None
    assert note_dense_weight(tmp_path, head, data) == best == dense_weight(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text("utf-8"))["kept"] == "as it is"


def test_a_fused_ranking_is_judged_by_its_sums(head: SparseHead, data: DenseDataset) -> None:
    literal, own = literal_terms(data.captions, VOCABULARY), data.image_of_text.tolist()
    for weight in (0.0, 7.5):
        judged = evaluate_head(head, data, literal, dense_weight=weight)
        rows = sums(head, data, weight)
        first = [max(range(N), key=lambda i, row=row: (row[i], -i)) for row in rows]
        assert judged.measures["recall@1"] == pytest.approx(np.mean([a == b for a, b in zip(first, own, strict=True)]))
    plain = evaluate_head(head, data, literal)
    assert plain.measures["flops"] == judged.measures["flops"]
    alone = evaluate_head(head, data, literal, dense_weight=1e9).measures["recall@1"]
    assert alone == evaluate_dense(data).measures["recall@1"] != plain.measures["recall@1"]
