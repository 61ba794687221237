"""`--recipe paper` against the published training, stated anew: ten steps of a small head, in double precision.

The oracle below is written from the paper and from what its published code does, formula by formula, and uses nothing
of ours but a seed: which captions come in which batch, and how each batch's coin falls.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import BertWordPieceTokenizer

from core.data.dense import DenseDataset, DenseFolder, write_dense
from core.data.literal_terms import literal_terms
from core.errors import TrainingError
from core.experiments.fitting import kept_epoch, train_folder
from core.models.head import HeadConfig, SparseHead
from core.training.batches import Batch
from core.training.config import TrainingConfig
from core.training.curves import EpochMeasures
from core.training.mlm_head import MlmHead, own_pieces, read_initial_embeddings, read_mlm_head, start_from_mlm
from core.training.objective import draw_inputs
from core.training.presets import RECIPES
from core.training.trainer import HeadTraining
from core.vocabulary import Vocabulary

pytestmark = pytest.mark.numeric
PIECES = [
    "[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog", "cat", "run", "##s", "red", "on", "grass",
    ".", ",", "blue", "sky", "the", "##ing",
]  # fmt: skip
CAPTIONS = [
    "A dog runs on grass.", "the cat, red", "A zebra on the grass", "blue sky", "a red dog running", "The sky.",
    "dogs, cats", "a cat on the sky", "grass",
]  # fmt: skip
EPOCHS, BATCH, DIM, HIDDEN, SEED = 5, 5, 4, 6, 2
STEPS, WARMUP = 10, 2  # two batches an epoch, of five captions and of four; a fifth of all steps
RECIPE = TrainingConfig(
    **{**RECIPES["paper"], "epochs": EPOCHS, "batch_size": BATCH, "hidden_size": HIDDEN, "seed": SEED},
    precision="fp64",
)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    path = tmp_path_factory.mktemp("pieces") / "vocab.txt"
    path.write_text("\n".join(PIECES) + "\n")
    return Vocabulary.load(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DenseFolder:
    """Nine captions of six images of the split "train"; two more images are of "restval" and "val"."""
    rng = np.random.default_rng(0)
    place = tmp_path_factory.mktemp("data")
    vectors = [{i: (row / np.linalg.norm(row)).astype(np.float32) for i, row in enumerate(rng.normal(size=(12, DIM)))}
               for _ in "it"]  # fmt: skip
    said = [CAPTIONS[:2], CAPTIONS[2:3], CAPTIONS[3:5], CAPTIONS[5:7], CAPTIONS[7:8], CAPTIONS[8:], ["a"], ["the sky"]]
    numbers = iter(range(12))
    entries = [
        {"imgid": i, "split": {6: "restval", 7: "val"}.get(i, "train"), "filename": "",
         "sentences": [{"sentid": next(numbers), "raw": raw} for raw in captions]}
        for i, captions in enumerate(said)
    ]  # fmt: skip
    write_dense(place, vectors[0], vectors[1], {"images": entries})
    return DenseFolder.read(place)


@dataclass
class Step:
    """What the oracle says of a step."""

    match: float
    penalty: float
    expands: bool


def published_training(data: DenseDataset, start: dict[str, torch.Tensor]) -> tuple[list[Step], dict[str, Any]]:
    """The published training, stated anew: each of its steps, and the head after the last."""
    head = {name: value.clone().double().requires_grad_() for name, value in start.items()}
    rates = {name: 1e-3 if name.startswith("proj") else 5e-5 for name in head}
    moments = {name: (torch.zeros_like(value), torch.zeros_like(value)) for name, value in head.items()}
    texts, images = torch.from_numpy(data.texts).double(), torch.from_numpy(data.images).double()
    tokenizer = BertWordPieceTokenizer(
        {piece: i for i, piece in enumerate(PIECES)}, lowercase=True, unk_token="[UNK]", cls_token="[CLS]"
    )
    mask = torch.zeros(len(CAPTIONS), len(PIECES), dtype=torch.float64)
    for row, caption in enumerate(data.captions):
        mask[row, tokenizer.encode(caption, add_special_tokens=True).ids] = 1

    def sparse(dense: torch.Tensor) -> torch.Tensor:
        hidden = dense @ head["proj.weight"].T + head["proj.bias"]
        apart = hidden - hidden.mean(1, keepdim=True)
        hidden = apart / (apart.pow(2).mean(1, keepdim=True) + 1e-12).sqrt()
        hidden = hidden * head["vocab_layer_norm.weight"] + head["vocab_layer_norm.bias"]
        logits = hidden @ head["vocab_projector.weight"].T + head["vocab_projector.bias"]
        return (1 + logits.clamp(min=0)).log()

    def cross_entropy(scores: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        taught = (teacher / 0.001).softmax(1)
        return -(taught * scores.log_softmax(1)).sum(1).mean()

    seed = torch.Generator().manual_seed(SEED)
    steps: list[Step] = []
    for epoch in range(EPOCHS):
        kept_to_words = max(0.0, 1 - epoch / (0.95 * EPOCHS))  # falls once an epoch
        order = torch.randperm(len(CAPTIONS), generator=seed)
        for rows in (order[:BATCH], order[BATCH:]):
            t = len(steps)
            which = torch.from_numpy(data.image_of_text)[rows]
            expands = torch.rand(1, generator=seed).item() < 1 - kept_to_words  # one coin for the whole batch
            by_image = sparse(images[which])
            by_text = sparse(images[which]) if expands else sparse(texts[rows]) * mask[rows]  # images as texts
            scores, teacher = by_image @ by_text.T, images[which] @ texts[rows].T
            match = (cross_entropy(scores, teacher) + cross_entropy(scores.T, teacher.T)) / 2
            weight = 0.001 * min(1, t / WARMUP) ** 2
            penalty = (weight * by_text.sum(1).mean() + weight * by_image.sum(1).mean()) / 2
            gradients = torch.autograd.grad(match + penalty, list(head.values()))
            rate = t / WARMUP if t < WARMUP else (STEPS - t) / (STEPS - WARMUP)
            with torch.no_grad():
                for (name, value), gradient in zip(head.items(), gradients, strict=True):
                    first, second = moments[name]  # Adam, without any decay of weights
                    first.mul_(0.9).add_(0.1 * gradient)
                    second.mul_(0.999).add_(0.001 * gradient**2)
                    move = (first / (1 - 0.9 ** (t + 1))) / ((second / (1 - 0.999 ** (t + 1))).sqrt() + 1e-8)
                    value -= rates[name] * rate * move
            steps.append(Step(match.item(), penalty.item(), expands))
    return steps, {name: value.detach() for name, value in head.items()}


def trained(config: TrainingConfig, data: DenseDataset, vocabulary: Vocabulary) -> Iterator[Any]:
    """Yields the head before training, the measures of each step, and the head after."""
    marks = config.marks == "spoken"
    training = HeadTraining(data, literal_terms(data.captions, vocabulary, marks=marks), config)
    yield {name: value.clone() for name, value in training.head.state_dict().items()}
    told: list[dict[str, float]] = []
    while training.epoch < config.epochs:
        training.run_epoch(on_step=lambda step, steps, measures: told.append(measures))
    yield told
    yield training.head.state_dict()


def apart(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    """The largest difference between two numbers at the same place of two heads."""
    return max(float((ours[name].double() - theirs[name]).abs().max()) for name in theirs)


def test_ten_steps_are_those_of_the_published_training(folder: DenseFolder, vocabulary: Vocabulary) -> None:
    data = folder.split("train", restval=False)
    assert list(data.captions) == CAPTIONS
    before, told, after = trained(RECIPE, data, vocabulary)
    steps, expected = published_training(data, before)
    assert {step.expands for step in steps} == {True, False} and len(told) == len(steps) == STEPS
    for number, (ours, theirs) in enumerate(zip(told, steps, strict=True)):
        assert ours["match"] == pytest.approx(theirs.match, abs=1e-5), number
        assert ours["sparsity"] == pytest.approx(theirs.penalty, abs=1e-5), number
    assert apart(after, expected) < 1e-5 < apart(after, before) / 100


@pytest.mark.parametrize(
    "change",
    [
        {"draws": "caption"}, {"rises": "step"}, {"marks": "unspoken"}, {"penalties": "sum"}, {"weight_decay": 0.01},
        {"last_batch": "dropped"}, {"expands_from": "text"}, {"tau": 0.03}, {"vocabulary_rate": 1e-3}, {"blur": 1.0},
        {"truth": 0.5}, {"warmup": 0.5},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_setting_that_differs_is_another_training(
    folder: DenseFolder, vocabulary: Vocabulary, change: dict[str, Any]
) -> None:
    """A negative control: with any one setting changed, the comparison above fails."""
    data = folder.split("train", restval=False)
    before, told, after = trained(replace(RECIPE, **change), data, vocabulary)
    steps, expected = published_training(data, before)
    losses = [abs(ours["match"] - theirs.match) for ours, theirs in zip(told, steps, strict=False)]
    assert apart(after, expected) > 1e-5 or max(losses) > 1e-5


def test_a_caption_is_read_from_its_image_only_where_it_drew_to_expand() -> None:
    texts, images = torch.zeros(6, 2), torch.ones(6, 2)
    batch = Batch(texts, torch.zeros(6, 3, dtype=torch.bool), images)
    generator = torch.Generator().manual_seed(0)
    given = draw_inputs(batch, TrainingConfig(expands_from="image"), 0.5, generator)
    assert given.allowed is not None
    expands = given.allowed.all(1)
    assert 0 < expands.sum() < 6 and torch.equal(given.rows[:6, 0].bool(), expands)
    for control in ("none", "word"):  # no caption draws, so that nothing is mistaken
        config = TrainingConfig(expands_from="image", control=control)
        assert torch.equal(draw_inputs(batch, config, 0.5, generator).rows[:6], texts)
    assert torch.equal(draw_inputs(batch, TrainingConfig(), 0.5, generator).rows[:6], texts)


@pytest.mark.slow
def test_restval_is_left_out_and_every_epoch_may_be_kept(
    folder: DenseFolder, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    fitted = train_folder(folder, vocabulary, RECIPE, tmp_path)
    assert fitted.curves[-1].step == STEPS and json.loads((tmp_path / "config.json").read_text())["least_weight"] == 0
    (other := tmp_path / "all").mkdir()
    assert train_folder(folder, vocabulary, replace(RECIPE, restval="train"), other).curves[-1].step == STEPS
    pairs = len(folder.split("train").captions), len(folder.split("train", restval=False).captions)
    assert pairs == (10, 9)
    curves = [EpochMeasures(e, e, 1.0, 1.0, 0.0, 0.5, 1.0, recall, 0.1, flops)
              for e, recall, flops in ((1, 0.5, 9.0), (2, 0.5, 1.0), (3, 0.4, 1.0))]  # fmt: skip
    assert kept_epoch(curves, RECIPE) == 1  # the first of equals, during the warm-up, too
    assert kept_epoch(curves, replace(RECIPE, validation="expanded", warmup=0.4)) == 3


def test_captions_are_judged_as_they_are_trained_where_asked_for(
    folder: DenseFolder, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """With a chance to expand of 0, a validation caption lights no terms but its own words and the marks."""
    config = replace(RECIPE, schedule="constant", expansion_level=0.0, epochs=1, start="captions")
    fitted = train_folder(folder, vocabulary, config, tmp_path)
    assert (fitted.curves[0].query_terms or 0) <= len(["[CLS]", "the", "sky", "[SEP]"])
    free = train_folder(folder, vocabulary, replace(config, validation="expanded"), tmp_path / "free")
    assert (free.curves[0].query_terms or 0) != fitted.curves[0].query_terms


def write_mlm(place: Path, *, tied: bool = False, file: str = "model.safetensors") -> dict[str, torch.Tensor]:
    """DistilBERT's weights as they are published, small: the projection alone, or tied to the word embeddings."""
    generator = torch.Generator().manual_seed(1)
    sizes = {
        "distilbert.embeddings.word_embeddings.weight": (len(PIECES), HIDDEN),
        "distilbert.transformer.layer.0.attention.q_lin.weight": (HIDDEN, HIDDEN),
        "vocab_transform.weight": (HIDDEN, HIDDEN), "vocab_layer_norm.weight": (HIDDEN,),
        "vocab_layer_norm.bias": (HIDDEN,), "vocab_projector.bias": (len(PIECES),),
    }  # fmt: skip
    weights = {name: torch.randn(size, generator=generator) for name, size in sizes.items()}
    if not tied:
        weights["vocab_projector.weight"] = weights["distilbert.embeddings.word_embeddings.weight"].clone()
    place.mkdir(parents=True, exist_ok=True)
    if file.endswith(".safetensors"):
        save_file(weights, place / file)
    else:
        torch.save(weights, place / file)
    return weights


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("file", ["model.safetensors", "pytorch_model.bin"])
def test_a_head_starts_from_a_language_models_head(
    folder: DenseFolder, vocabulary: Vocabulary, tmp_path: Path, file: str, tied: bool
) -> None:
    weights = write_mlm(tmp_path, tied=tied, file=file)
    mlm = read_initial_embeddings(tmp_path, vocabulary)
    assert isinstance(mlm, MlmHead)
    assert own_pieces(tmp_path) is None and isinstance(read_initial_embeddings(tmp_path / file, vocabulary), MlmHead)
    data = folder.split("train")
    head = HeadTraining(data, literal_terms(data.captions, vocabulary), RECIPE, embeddings=mlm).head
    words = weights["distilbert.embeddings.word_embeddings.weight"]
    assert torch.equal(head.vocab_projector.weight.float(), words)
    assert torch.equal(head.vocab_projector.bias.float(), weights["vocab_projector.bias"])
    assert torch.equal(head.vocab_layer_norm.weight.float(), weights["vocab_layer_norm.weight"])
    assert torch.equal(head.vocab_layer_norm.bias.float(), weights["vocab_layer_norm.bias"])


def test_a_language_models_terms_are_found_by_name(vocabulary: Vocabulary, tmp_path: Path) -> None:
    weights = write_mlm(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    assert own_pieces(tmp_path) == tmp_path / "vocab.txt"
    few = Vocabulary(["sky", "dog", "[UNK]"], tokenizer="wordpiece")
    assert torch.equal(
        read_mlm_head(tmp_path, few).bias, weights["vocab_projector.bias"][[PIECES.index(t) for t in few.terms]]
    )
    with pytest.raises(TrainingError, match="has no term 'zebra'"):
        read_mlm_head(tmp_path, Vocabulary(["sky", "zebra"]))
    (tmp_path / "vocab.txt").unlink()
    with pytest.raises(TrainingError, match="20 terms and the vocabulary 3"):
        read_mlm_head(tmp_path, few)
    with pytest.raises(TrainingError, match=r"6 dimensions for each of 20 terms.*--set hidden_size=6"):
        start_from_mlm(SparseHead(HeadConfig(DIM, 8, len(PIECES))), read_mlm_head(tmp_path, vocabulary))


def test_what_is_no_language_model_is_said_in_a_sentence(vocabulary: Vocabulary, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"model\.safetensors cannot be read"):
        read_mlm_head(tmp_path, vocabulary)
    save_file({"proj.weight": torch.zeros(2, 2)}, tmp_path / "model.safetensors")
    with pytest.raises(TrainingError, match=r"lacks vocab_layer_norm\.weight, .*DistilBERT"):
        read_mlm_head(tmp_path, vocabulary)
    (tmp_path / "broken.bin").write_bytes(b"no weights")
    with pytest.raises(TrainingError, match=r"broken\.bin cannot be read"):
        read_mlm_head(tmp_path / "broken.bin", vocabulary)
