"""Training a head: expansion control, losses against oracles computed by hand, and a run on small real data."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from torch.nn import functional

from core.data.dense import DenseDataset
from core.data.literal_terms import image_literal_terms, literal_terms
from core.errors import DatasetError, ModelError, TrainingError
from core.evaluation.meaning import exact_at
from core.evaluation.retrieval import ranks, recall_at
from core.evaluation.sparsity import flops
from core.experiments.fitting import pair_cosines, trained_on_pairs
from core.models.head import HeadConfig, SparseHead
from core.training import losses
from core.training.batches import blurred
from core.training.config import Schedule, TrainingConfig, setting
from core.training.expansion import drawn_captions, expansion, expansion_probability, word_control
from core.training.initialisation import LENGTH, start_from_captions, start_from_embeddings, widened
from core.training.losses import distillation, l1, own_pairs, warm, word_anchor
from core.training.objective import draw_inputs
from core.training.trainer import HeadTraining, learning_rate, optimiser, project, train_head
from core.vocabulary import Vocabulary

pytestmark = pytest.mark.numeric


def test_expansion_probability_rises_linearly() -> None:
    assert [expansion_probability(p, 0.8) for p in (0, 0.2, 0.4, 0.8, 1)] == pytest.approx([0, 0.25, 0.5, 1, 1])


def test_other_schedules_by_hand() -> None:
    def chances(schedule: Schedule) -> list[float]:
        return [expansion_probability(p, 0.8, schedule, 0.3) for p in (0, 0.2, 0.4, 0.6, 0.8, 1)]

    half = math.sqrt(0.5) / 2  # cos 45° / 2
    assert chances("cosine") == pytest.approx([0, 0.5 - half, 0.5, 0.5 + half, 1, 1])
    assert chances("step") == [0, 0, 0, 0, 1, 1]
    assert chances("constant") == [0.3] * 6
    assert expansion_probability(0, 0) == 1


def test_caption_control_draws_once_a_caption_or_once_a_batch() -> None:
    literal = torch.zeros(2000, 7, dtype=torch.bool)
    literal[:, 2] = True
    drawn = expansion("caption", literal, 0.3, torch.Generator().manual_seed(1))
    expanded = drawn.allowed.all(1)
    assert torch.equal(drawn.drawn[:, 0], expanded)
    assert torch.equal(drawn.allowed[~expanded], literal[~expanded])  # own terms only, or all: nothing between
    assert expanded.float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert expansion("caption", literal, 1.0, torch.Generator()).allowed.all()
    assert torch.equal(expansion("caption", literal, 0.0, torch.Generator()).allowed, literal)
    generator = torch.Generator().manual_seed(1)
    batches = [drawn_captions(20, 0.3, generator, "batch") for _ in range(2000)]
    assert all(batch.all() or not batch.any() for batch in batches)
    assert sum(bool(batch.all()) for batch in batches) / 2000 == pytest.approx(0.3, abs=0.03)


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
    mask = expansion("both", literal, 0.5, torch.Generator().manual_seed(1)).allowed
    expanded = mask[:, 3:].any(1)
    assert mask[:, 2].all() and expanded.float().mean().item() == pytest.approx(0.5, abs=0.04)
    assert mask[expanded][:, 3:].float().mean().item() == pytest.approx(0.5, abs=0.03)
    without = expansion("none", literal, 0.0, torch.Generator())
    assert without.allowed.all() and not without.drawn.any()


def test_distillation_by_hand() -> None:
    sparse, dense = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.2, 0.1], [0.0, 0.1]])
    tau = 0.1

    def cross_entropy(scores: list[float], teacher: list[float]) -> float:
        target = [math.exp(t / tau) / sum(math.exp(u / tau) for u in teacher) for t in teacher]
        return -sum(t * (s - math.log(sum(map(math.exp, scores)))) for s, t in zip(scores, target, strict=True))

    rows = (cross_entropy([2, 0], [0.2, 0.1]) + cross_entropy([0, 1], [0.0, 0.1])) / 2
    columns = (cross_entropy([2, 0], [0.2, 0.0]) + cross_entropy([0, 1], [0.1, 0.1])) / 2
    assert distillation(sparse, dense, tau).item() == pytest.approx((rows + columns) / 2, rel=1e-5)


def test_captions_of_one_image_belong_to_both_of_its_rows() -> None:
    """By hand: three rows, the first and last of one image, and a loss that asks for nothing but the true pairs."""
    pairs = own_pairs(torch.tensor([7, 3, 7]))
    assert pairs.tolist() == [[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]]
    scores = torch.tensor([[1.0, 2.0, 0.5], [0.0, 3.0, 1.0], [1.0, 0.0, 0.5]])
    by_text, by_image = torch.log_softmax(scores, 1), torch.log_softmax(scores.T, 1)
    told = [-(row[0, 0] + row[0, 2] + row[2, 0] + row[2, 2]) / 2 - row[1, 1] for row in (by_text, by_image)]
    expected = (told[0] / 3 + told[1] / 3) / 2
    assert torch.allclose(distillation(scores, torch.randn(3, 3), 0.1, truth=1.0, pairs=pairs), expected)


def test_the_truth_takes_its_share_of_what_is_taught() -> None:
    generator = torch.Generator().manual_seed(0)
    sparse, dense = (torch.randn(5, 5, generator=generator) for _ in range(2))
    pairs = torch.arange(5)
    alone = (functional.cross_entropy(sparse, pairs) + functional.cross_entropy(sparse.T, pairs)) / 2
    assert distillation(sparse, dense, 0.1, 1.0).item() == pytest.approx(alone.item())
    half = (distillation(sparse, dense, 0.1) + alone) / 2  # cross-entropy is linear in what is taught
    assert distillation(sparse, dense, 0.1, 0.5).item() == pytest.approx(half.item())


def test_sparsity_and_anchor_by_hand() -> None:
    weights = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
    assert l1(weights).item() == 3.0
    assert losses.flops(weights).item() == 0.5**2 + 2.5**2
    assert [warm(p, 0.2) for p in (0, 0.1, 0.2, 1)] == pytest.approx([0, 0.25, 1, 1])
    anchor = word_anchor(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]))
    assert anchor.item() == pytest.approx(math.log(2) + math.log(1 + math.exp(2)), rel=1e-6)
    spared = word_anchor(torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[False, True]]), 3.0)
    assert spared.item() == pytest.approx(3 * math.log(2), rel=1e-6)


def test_learning_rate_warms_up_and_ends_at_zero() -> None:
    assert [learning_rate(p, 0.2) for p in (0, 0.1, 0.2, 0.6, 1)] == pytest.approx([0, 0.5, 1, 0.5, 0])


VOCABULARY = Vocabulary([f"{thing}{i}" for thing in ("red", "dog", "car") for i in range(8)])


@pytest.fixture(scope="module")
def small() -> tuple[DenseDataset, csr_array]:
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
    return data, literal_terms(captions, VOCABULARY)


CONFIG = TrainingConfig(
    epochs=40, batch_size=100, hidden_size=64, projection_rate=3e-3, vocabulary_rate=3e-3, tau=0.01,
    query_sparsity=2e-2, item_sparsity=2e-2, blur=0.2,
)  # fmt: skip


def test_control_keeps_captions_to_their_words(small: tuple[DenseDataset, csr_array]) -> None:
    data, spoken = small
    dense = recall_at(ranks(data.texts, data.images, data.image_of_text), 1)
    exact = {}
    for control in ("none", "caption"):
        head = train_head(data, spoken, replace(CONFIG, control=control))
        queries, items = project(head, data.texts), project(head, data.images)
        assert recall_at(ranks(queries, items, data.image_of_text), 1) >= 0.8 * dense
        assert flops(queries, items) < 0.5 * len(VOCABULARY)
        exact[control] = exact_at(queries, spoken.toarray(), 5)
    assert exact["caption"] > exact["none"] + 0.2


def test_same_seed_same_head(small: tuple[DenseDataset, csr_array]) -> None:
    data, spoken = small
    first, second = (train_head(data, spoken, replace(CONFIG, epochs=2, anchor=0.01)) for _ in range(2))
    other = train_head(data, spoken, replace(CONFIG, epochs=2, anchor=0.01, seed=1))
    assert np.array_equal(project(first, data.texts), project(second, data.texts))
    assert not np.array_equal(project(first, data.texts), project(other, data.texts))


@pytest.mark.parametrize(("width", "same"), [(64, True), (40, True), (200, False)])
def test_embeddings_keep_their_geometry(width: int, same: bool) -> None:
    """Rows of the head's width are kept, narrower ones turned (their products stay), wider ones cut to their widest
    directions.
    """
    torch.manual_seed(0)
    rows = torch.randn(100, width) * torch.linspace(3, 0.01, width)
    head = SparseHead(HeadConfig(8, 64, 100))
    start_from_embeddings(head, rows.numpy())
    weight = head.vocab_projector.weight.detach()
    assert torch.equal(head.vocab_projector.bias, torch.zeros(100))
    assert (weight.shape == rows.shape and torch.equal(weight, rows)) == (width == 64)
    products = rows @ rows.T
    if same:
        assert torch.allclose(weight @ weight.T, products, atol=1e-3)
    else:
        lost = torch.linalg.svdvals(rows)[64:].square()  # what no matrix of rank 64 can hold (Eckart, Young 1936)
        error = torch.linalg.norm(weight @ weight.T - products)
        assert error.item() == pytest.approx(lost.square().sum().sqrt().item(), rel=1e-3)
    with pytest.raises(TrainingError, match="99"):
        start_from_embeddings(head, rows[:99].numpy())
    rows[7, 3] = np.nan
    with pytest.raises(TrainingError, match="row 7"):
        start_from_embeddings(head, rows.numpy())


def test_started_from_captions_a_head_lights_what_they_speak() -> None:
    """Three topics far apart, a term each, and a term that nobody speaks."""
    torch.manual_seed(0)
    topics = torch.arange(300) % 3
    texts = torch.nn.functional.normalize(torch.eye(8)[topics] + 0.2 * torch.randn(300, 8), dim=1)
    spoken = csr_array((torch.eye(3)[topics].numpy() > 0) @ np.eye(3, 4, dtype=bool))
    head = SparseHead(HeadConfig(8, 64, 4))
    start_from_captions(head, texts, spoken)
    lit = (head.weigh(texts.numpy()) > 0).astype(float)
    for term in range(3):
        assert 0.5 < lit[topics == term, term].mean() < 0.9
        assert lit[topics != term, term].mean() < 0.02
    assert not lit[:, 3].any()
    lengths = head.vocab_projector.weight.detach().norm(dim=1) * math.sqrt(64)
    assert lengths[:3].tolist() == pytest.approx([LENGTH] * 3, rel=1e-5) and lengths[3] == 0


def test_terms_that_few_captions_speak_start_lit_for_captions_met_later() -> None:
    """Sixty topics of four captions each: a threshold from those four alone would be out of reach for a fifth."""
    torch.manual_seed(0)
    directions, topics = torch.randn(60, 48), torch.arange(240) % 60

    def captions() -> torch.Tensor:
        return torch.nn.functional.normalize(directions[topics] + torch.randn(240, 48), dim=1)

    spoken = np.eye(60, 61, dtype=bool)[topics]
    spoken[0, 60] = True  # a term of one caption: nothing tells where it should begin
    head = SparseHead(HeadConfig(48, 64, 61))
    start_from_captions(head, captions(), csr_array(spoken))
    lit = head.weigh(captions().numpy()) > 0
    own = lit[np.arange(240), topics]
    assert 0.5 < own.mean() < 0.9 and lit[:, :60].mean() < 0.1
    assert head.vocab_projector.bias.isfinite().all()


def test_a_widened_head_keeps_what_it_knew_and_knows_the_new_terms() -> None:
    """A random head knows two of three topics; the term of the third is added behind its own."""
    torch.manual_seed(0)
    topics = torch.arange(300) % 3
    texts = torch.nn.functional.normalize(torch.eye(8)[topics] + 0.2 * torch.randn(300, 8), dim=1)
    spoken = (torch.eye(3)[topics] > 0).numpy()
    narrow = SparseHead(HeadConfig(8, 64, 2))
    before = narrow.weigh(texts.numpy())
    wide = widened(narrow, texts, csr_array(spoken))
    assert wide.config == HeadConfig(8, 64, 3) and narrow.config.vocab_size == 2
    after = wide.weigh(texts.numpy())
    assert np.allclose(after[:, :2], before, atol=1e-6)
    assert (after[topics == 2, 2] > 0).mean() > 0.5 and (after[topics != 2, 2] > 0).mean() < 0.02


def test_weak_terms_are_dark_where_the_head_says_so(tmp_path: Path) -> None:
    """A head with the least weight 0.3 gives the weights of the same head without it, and 0 for those up to 0.3."""
    plain = SparseHead(HeadConfig(8, 16, 40))
    strict = SparseHead(HeadConfig(8, 16, 40, least_weight=0.3))
    strict.load_state_dict(plain.state_dict())
    rows = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    every, kept = plain.weigh(rows), strict.weigh(rows)
    assert ((every > 0) & (every <= 0.3)).any() and (every > 0.3).any()
    np.testing.assert_array_equal(kept, np.where(every > 0.3, every, 0))
    strict.save(tmp_path)
    np.testing.assert_array_equal(SparseHead.load(tmp_path).weigh(rows), kept)
    (tmp_path / "config.json").write_text('{"least_weight": "much"}')
    with pytest.raises(ModelError, match="least_weight is 'much', but must be a number from 0 on"):
        SparseHead.load(tmp_path)
    (tmp_path / "config.json").unlink()
    np.testing.assert_array_equal(SparseHead.load(tmp_path).weigh(rows), every)


def test_training_starts_where_its_config_says(small: tuple[DenseDataset, csr_array]) -> None:
    data, spoken = small
    shares = {}
    for start in ("captions", "chance"):
        head = HeadTraining(data, spoken, replace(CONFIG, start=start)).head  # type: ignore[arg-type]
        shares[start] = (project(head, data.texts) > 0).mean()
    assert shares["captions"] < 0.3 < shares["chance"]


def test_the_rates_follow_where_the_projection_starts() -> None:
    head = SparseHead(HeadConfig(8, 16, 10))

    def rates(config: TrainingConfig, started: bool) -> list[float]:
        return [group["lr"] for group in optimiser(head, config, started=started).param_groups]

    assert rates(CONFIG, True) == [3e-3, 3e-3]
    assert rates(TrainingConfig(), True) == [1e-3, 5e-5] and rates(TrainingConfig(), False) == [1e-3, 1e-3]


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong, said in {
        "start": "zero", "control": "words", "schedule": "exponential", "sparsity": "l2", "step": "quick",
        "precision": "fp8",
    }.items():  # fmt: skip
        with pytest.raises(TrainingError, match=f"{wrong} cannot be '{said}'; choose one of"):
            TrainingConfig(**{wrong: said})  # type: ignore[arg-type]
    for wrong, value in {"epochs": 0, "tau": 0.0, "warmup": 1.5, "patience": 0, "blur": -0.5, "truth": 2.0}.items():
        with pytest.raises(TrainingError, match=f"{wrong} is {value}"):
            TrainingConfig(**{wrong: value})  # type: ignore[arg-type]


def test_a_setting_is_read_as_its_field_holds_it() -> None:
    lines = ["tau=0.01", "hidden_size=768", "control=word", "vocabulary_rate=none", "vocabulary_rate=5e-5"]
    assert [setting(line)[1] for line in lines] == [0.01, 768, "word", None, 5e-5]
    assert setting(lines[1])[0] == "hidden_size"
    for line in ("tau", "heat=3", "=3"):
        with pytest.raises(TrainingError, match="sets nothing; NAME=VALUE was expected, NAME one of objective, "):
            setting(line)
    assert setting("tau=none") == ("tau", None)
    for line in ("tau=hot", "hidden_size=7.5", "blur=none"):
        with pytest.raises(TrainingError, match="a number was expected"):
            setting(line)
    with pytest.raises(TrainingError, match="control cannot be 'all'; choose one of"):
        TrainingConfig(**dict([setting("control=all")]))


def test_blurred_rows_move_as_rows_differ_and_keep_their_lengths() -> None:
    """Rows that differ along few directions are moved along those alone, as far as they lie from their mean."""
    among = torch.randn(3000, 50, generator=torch.Generator().manual_seed(0)) * torch.linspace(3, 0, 50)
    far = 1000 * torch.nn.functional.normalize(torch.ones(3000, 50), dim=1)  # bent so little that it can be overlooked
    near = blurred(far, among, 0.9, torch.Generator().manual_seed(1))
    assert torch.allclose(near.norm(dim=1), far.norm(dim=1))
    moves, expected = near - far, 0.9**2 / 3 * torch.cov(among.T)  # a third: the mean square between 0 and 1
    across = torch.eye(50) - 1 / 50  # without the direction of the rows, in which they are brought back
    assert torch.allclose(across @ torch.cov(moves.T) @ across, across @ expected @ across, atol=0.4)
    assert moves.square().sum(1).mean().item() == pytest.approx((across @ expected).trace().item(), rel=0.05)
    assert torch.equal(blurred(far, among, 0.9, torch.Generator().manual_seed(1)), near)
    assert torch.allclose(blurred(far, among, 0.0, torch.Generator()), far)
    assert torch.equal(blurred(far, among[:1], 0.9, torch.Generator()), far)  # nothing differs from a single row
    assert torch.equal(blurred(torch.zeros(1, 50), torch.zeros(2, 50), 0.9, torch.Generator()), torch.zeros(1, 50))


def test_a_blurred_row_by_hand() -> None:
    """Of the rows a = (1, 0) and b = (0, 2), a stays, or moves towards a + (a - b) or towards b, at most that far."""
    rows = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    near = blurred(rows[:1].expand(400, 2), rows, 2**0.5, torch.Generator().manual_seed(0))
    assert torch.allclose(near.norm(dim=1), torch.ones(400))
    angle = torch.atan2(near[:, 1], near[:, 0])  # of (1 + t, -2t), t between 0 and 1, or of (1 - t, 2t)
    assert (angle == 0).float().mean().item() == pytest.approx(0.5, abs=0.1)  # a and b drawn alike
    assert angle.min().item() == pytest.approx(math.atan2(-2, 2), abs=0.05)
    assert angle.max().item() == pytest.approx(math.pi / 2, abs=0.05)


def test_head_and_teacher_see_the_same_blurred_vectors(small: tuple[DenseDataset, csr_array]) -> None:
    data, spoken = small
    rows = torch.arange(50)
    sharp, dim = (HeadTraining(data, spoken, replace(CONFIG, blur=blur))._batches.batch(rows) for blur in (0.0, 0.8))
    texts, images = torch.from_numpy(data.texts[:50]), torch.from_numpy(data.images[data.image_of_text[:50]])
    assert torch.equal(torch.cat([sharp.texts, sharp.images]), torch.cat([texts, images]))
    seen = draw_inputs(dim, CONFIG, 1.0, torch.Generator())
    assert torch.equal(seen.rows, torch.cat([dim.texts, dim.images]))
    for moved, own in ((dim.texts, texts), (dim.images, images)):
        assert torch.allclose(moved.norm(dim=1), own.norm(dim=1)) and not torch.allclose(moved, own, atol=0.1)


def test_train_pairs_that_fit_better_than_later_ones_give_their_encoder_away() -> None:
    """By hand: cosines 1 and 1 of train, 0.6 and 1 of val (mean 0.8, deviation 0.2), whatever the lengths."""
    axes, owner = np.eye(2, dtype=np.float32), np.arange(2)
    train = DenseDataset(axes * 2, axes * 3, owner, ["", ""])
    val = DenseDataset(axes, np.array([[0.6, 0.8], [0, 5]], np.float32), owner, ["", ""])
    assert pair_cosines(train).tolist() == pytest.approx([1, 1]) and pair_cosines(val).tolist() == pytest.approx(
        [0.6, 1]
    )
    assert trained_on_pairs(train, val) and not trained_on_pairs(val, train) and not trained_on_pairs(val, val)
    assert pair_cosines(replace(val, texts=axes * 0)).tolist() == [0, 0]


def test_the_teacher_is_the_papers_without_blur() -> None:
    paper, usual = TrainingConfig(truth=0, blur=0), TrainingConfig()
    assert paper.temperature == 0.001 and usual.temperature == 0.03
    assert TrainingConfig(tau=0.2).temperature == TrainingConfig(tau=0.2, blur=0).temperature == 0.2


def test_blur_keeps_a_head_from_learning_few_captions_by_heart(small: tuple[DenseDataset, csr_array]) -> None:
    data, spoken = small
    first, second = slice(0, 100), slice(100, 200)  # images; two captions each
    train = replace(
        data, images=data.images[first], texts=data.texts[:200], image_of_text=data.image_of_text[:200],
        captions=data.captions[:200], image_ids=(), text_ids=(),
    )  # fmt: skip
    found = {}
    for blur in (0.0, 0.5):
        config = replace(CONFIG, blur=blur, query_sparsity=1e-3, item_sparsity=1e-3)
        head = train_head(train, spoken[:200], config)
        queries, items = project(head, data.texts[200:]), project(head, data.images[second])
        found[blur] = recall_at(ranks(queries, items, data.image_of_text[200:] - 100), 1)
    assert found[0.5] > found[0.0]


def test_half_precision_products_come_near(small: tuple[DenseDataset, csr_array]) -> None:
    data, spoken = small
    losses_of = {}
    for precision in ("fp32", "bf16"):
        told: list[dict[str, float]] = []
        config = replace(CONFIG, epochs=3, precision=precision)
        train_head(data, spoken, config, on_step=lambda done, of, row, told=told: told.append(row))  # type: ignore[misc]
        losses_of[precision] = np.array([row["loss"] for row in told])
    assert losses_of["bf16"] == pytest.approx(losses_of["fp32"], rel=0.05)
    assert not np.array_equal(losses_of["bf16"], losses_of["fp32"])


def test_image_words_are_the_union_of_its_captions() -> None:
    spoken = csr_array(np.array([[True, False, False], [False, True, False], [False, True, False]]))
    words = image_literal_terms(spoken, np.array([0, 0, 1]), 3)
    assert words.dtype == bool and words.toarray().tolist() == [
        [True, True, False],
        [False, True, False],
        [False, False, False],
    ]


def test_malformed_data_is_refused_before_training(small: tuple[DenseDataset, csr_array]) -> None:
    data, spoken = small
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
    with pytest.raises(TrainingError, match="5 captions speak terms, but 400"):
        train_head(data, spoken[:5], CONFIG)
