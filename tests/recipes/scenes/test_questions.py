"""Plain questions that the shipped head learns beside captions: what they say, what is true, what they may light."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.encoders.scenes import SceneEncoder
from core.models.head import HeadConfig, SparseHead
from core.models.registry import SCENES
from core.training.losses import answers_apart
from core.training.presets import SCENES_HEADS, SHIPPED_HEAD
from core.training.trainer import HeadTraining, project
from core.vocabulary import Vocabulary
from core.world.claims import Claim, holds
from core.world.composer import compose
from core.world.words import WORDS
from recipes.scenes.build import dense_dataset
from recipes.scenes.claim_arrays import claims_hold
from recipes.scenes.question_loss import QuestionLoss, Questions
from recipes.scenes.questions import EACH, every_answer, load_questions, questions_of
from recipes.scenes.recipe import QuestionRecipe
from recipes.scenes.vocabulary import COLOUR_NOUNS, colour_nouns_of, shipped_vocabulary
from tests.rounding import ROUNDING

SCENES_ASKED = 60
ENCODER = SCENES / "encoder.safetensors"
WORDS_OF_SEVERAL = ["one", "two", "three", "four", "five", "some", "several", "a", "group", "of"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("questions")


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    return [asked.claim for number in range(SCENES_ASKED) for asked in questions_of(compose("train", number))]


def test_questions_are_short_true_and_in_the_worlds_words() -> None:
    said = []
    for number in range(200):
        scene = compose("train", number)
        assert [asked.text for asked in questions_of(scene)] == [asked.text for asked in questions_of(scene)]
        for asked in questions_of(scene):
            assert holds(asked.claim, scene), asked
            assert set(Vocabulary.words(asked.text)) <= set(WORDS), asked.text
            said.append(asked.text)
    assert max(len(text.split()) for text in said) <= 20
    for some in ("two ", "animal", "wearing ", "red "):  # a number, a broad noun, clothes, a colour
        assert any(some in text for text in said), some


def test_their_truth_is_that_of_the_records(cache: Path, claims: list[Claim]) -> None:
    texts, arrays = load_questions("train", SCENES_ASKED, cache)
    assert texts == [one.text for number in range(SCENES_ASKED) for one in questions_of(compose("train", number))]
    rng = np.random.default_rng(0)
    asked, pictures = rng.integers(0, SCENES_ASKED, 40), rng.permutation(SCENES_ASKED)[:25]
    which = rng.integers(0, EACH, 40)
    true = claims_hold(arrays, asked, which, pictures)
    assert true.shape == (40, 25) and 0 < true.sum() < true.size
    everything = every_answer(arrays)
    assert everything.shape == (len(texts), SCENES_ASKED)
    assert np.array_equal(everything[asked * EACH + which][:, pictures], true)
    for i, j in np.ndindex(true.shape):
        assert true[i, j] == holds(claims[asked[i] * EACH + which[i]], compose("train", int(pictures[j])))


def test_answers_are_told_from_the_rest_and_not_from_each_other() -> None:
    scores = torch.tensor([[2.0, 1.0, 0.0, -1.0], [0.0, 3.0, 0.0, 0.0]])
    answers = torch.tensor([[True, True, False, False], [True, True, True, True]])
    wrong = np.exp(0) + np.exp(-1)
    by_hand = -(np.log(np.exp(2) / (np.exp(2) + wrong)) + np.log(np.exp(1) / (np.exp(1) + wrong))) / 2
    assert float(answers_apart(scores, answers)) == pytest.approx((by_hand + 0) / 2, rel=1e-6)
    scores.requires_grad_()
    answers_apart(scores, answers).backward()
    assert scores.grad is not None and scores.grad.isfinite().all()
    assert (scores.grad[0] != 0).all() and (scores.grad[1] == 0).all()


def _watched(encoder: SceneEncoder, vocabulary: Vocabulary, seen: list[torch.Tensor]) -> SparseHead:
    """A head that keeps in `seen` the rows that it is given."""

    class Watched(SparseHead):
        def logits(self, dense: torch.Tensor) -> torch.Tensor:
            seen.append(dense)
            return super().logits(dense)

    return Watched(HeadConfig(encoder.dim, 8, len(vocabulary)))


def test_a_question_is_asked_of_the_nearest_pictures_too(cache: Path) -> None:
    """The lesson on a batch of one picture also takes in the other pictures that are nearest to its questions."""
    encoder, vocabulary = SceneEncoder.load(ENCODER), shipped_vocabulary()
    texts, claims = load_questions("train", SCENES_ASKED, cache)
    questions = Questions.of(encoder, vocabulary, texts, texts, claims)
    images = np.random.default_rng(0).standard_normal((SCENES_ASKED, encoder.dim)).astype(np.float32)
    seen: list[torch.Tensor] = []

    head = _watched(encoder, vocabulary, seen)
    recipe = QuestionRecipe(each_step=1, nearest=3, looked_at=SCENES_ASKED)
    lesson = QuestionLoss(questions, images, recipe, SCENES_HEADS[SHIPPED_HEAD])
    assert lesson(head, np.array([7]), 1.0, torch.Generator().manual_seed(0)).isfinite()
    _, shown = seen  # the question, then the pictures
    assert 3 <= len(shown) <= 4 and (shown == torch.from_numpy(images[7])).all(1).any()
    scores = questions.texts[7 * EACH : 8 * EACH].numpy() @ images.T  # one of these was asked
    best = [{7, *np.argsort(-row)[:3].tolist()} for row in scores]
    rows = {int(np.flatnonzero((images == one.numpy()).all(1))[0]) for one in shown}
    assert rows in best


def test_questions_are_asked_in_other_words_too(cache: Path) -> None:
    """Questions are reworded as often as the recipe says, keep their answers, and reach the head as their new words."""
    encoder, vocabulary = SceneEncoder.load(ENCODER), shipped_vocabulary()
    texts, claims = load_questions("train", SCENES_ASKED, cache)
    questions = Questions.of(encoder, vocabulary, texts, ["a tent"] * len(texts), claims)
    tent = questions.rephrased[0]
    assert torch.allclose(tent, torch.from_numpy(encoder.encode_texts(["a tent"])[0]), atol=ROUNDING)
    seen: list[torch.Tensor] = []

    images = np.random.default_rng(0).standard_normal((SCENES_ASKED, encoder.dim)).astype(np.float32)
    head = _watched(encoder, vocabulary, seen)
    shares = []
    for english in (0.0, 0.5, 1.0):
        recipe = QuestionRecipe(each_step=SCENES_ASKED, english=english)
        QuestionLoss(questions, images, recipe, SCENES_HEADS[SHIPPED_HEAD])(
            head, np.arange(SCENES_ASKED), 1.0, torch.Generator().manual_seed(0)
        )
        shares.append((seen[-2] == tent).all(1).float().mean().item())  # the questions, then the pictures
    assert shares[0] == 0 and shares[2] == 1 and 0.25 < shares[1] < 0.75


@pytest.mark.usefixtures("one_thread")
def test_a_head_that_is_asked_answers_better(cache: Path) -> None:
    """On random vectors for 60 pictures, the lesson brings right answers to the front, and equally each time."""
    encoder, vocabulary = SceneEncoder.load(ENCODER), shipped_vocabulary()
    texts, claims = load_questions("train", SCENES_ASKED, cache)
    questions = Questions.of(encoder, vocabulary, texts, texts, claims)
    said = [[texts[i * EACH]] for i in range(SCENES_ASKED)]
    images = np.random.default_rng(0).standard_normal((SCENES_ASKED, encoder.dim)).astype(np.float32)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    data = dense_dataset(said, images, questions.texts[::EACH].numpy())
    config = replace(SCENES_HEADS[SHIPPED_HEAD], epochs=60, batch_size=60, hidden_size=64, vocabulary_rate=0.01)
    recipe = QuestionRecipe(each_step=60)
    everyone = np.arange(SCENES_ASKED)
    losses, heads = [], []
    for lesson in (None, *(QuestionLoss(questions, images, recipe, config) for _ in range(2))):
        training = HeadTraining(data, questions.literal[::EACH], config, auxiliary=lesson)
        for _ in range(config.epochs):
            measures = training.run_epoch()
        assert ("auxiliary" in measures) == (lesson is not None)
        scores = project(training.head, questions.texts[::EACH].numpy()) @ project(training.head, images).T
        answers = claims_hold(claims, everyone, np.zeros(SCENES_ASKED, np.int64), everyone)
        losses.append(float(answers_apart(torch.from_numpy(scores), torch.from_numpy(answers))))
        heads.append(scores)
    assert losses[1] < 0.8 * losses[0]
    assert np.array_equal(heads[1], heads[2])


def test_pictures_learn_the_nouns_of_a_colour_that_they_show(cache: Path) -> None:
    """On random vectors for 60 pictures, `shown` alone lights the terms that are true of a picture, and no others."""
    encoder, vocabulary = SceneEncoder.load(ENCODER), shipped_vocabulary()
    texts, claims = load_questions("train", SCENES_ASKED, cache)
    questions = Questions.of(encoder, vocabulary, texts, texts, claims)
    images = np.random.default_rng(0).standard_normal((SCENES_ASKED, encoder.dim)).astype(np.float32)
    recipe = QuestionRecipe(each_step=1, english=0, weight=0, dense_weight=0, anchor=0, shown=1)
    lesson = QuestionLoss(questions, images, recipe, replace(SCENES_HEADS[SHIPPED_HEAD], query_sparsity=0.0))
    torch.manual_seed(0)
    head = SparseHead(HeadConfig(encoder.dim, 64, len(vocabulary)))
    optimiser = torch.optim.Adam(head.parameters(), lr=0.01)
    for _ in range(60):
        optimiser.zero_grad()
        lesson(head, np.arange(SCENES_ASKED), 1.0, torch.Generator().manual_seed(0)).backward()
        optimiser.step()
    for number, row in enumerate(project(head, images)):
        lit = {vocabulary.terms[i] for i in np.flatnonzero(row)} & COLOUR_NOUNS.keys()
        assert lit == colour_nouns_of(compose("train", number)), number
