"""The loss by which the shipped head learns plain questions: right answers come first, and target terms are lit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import int64
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional

from core.data.literal_terms import literal_terms
from core.encoders.scenes import SceneEncoder
from core.models.head import SparseHead
from core.training.config import TrainingConfig
from core.training.expansion import expansion
from core.training.losses import answers_apart, l1, warm, word_anchor
from core.training.objective import probability_of
from core.vocabulary import Vocabulary
from recipes.scenes.claim_arrays import ClaimArrays, claims_hold
from recipes.scenes.questions import EACH
from recipes.scenes.recipe import QuestionRecipe
from recipes.scenes.target_terms import allowed_terms, colour_noun_ids, colour_nouns_shown, target_terms


@dataclass(frozen=True)
class Questions:
    """EACH questions about each of n scenes, in order, and what the scene records say about them.

    `texts` (n * EACH, dim): the vectors of the questions.
    `rephrased` (n * EACH, dim): the vectors of the same questions in words that the world does not say.
    `literal`, `targets`, `allowed` (n * EACH, |V|) bool: the terms that each speaks, must light and may light.
    `claims`: of which scenes each is true.
    `colour_nouns` (c,): the ids of the colour nouns.
    `shown` (n, |V|) bool: the colour nouns that each scene shows.
    """

    texts: Tensor
    rephrased: Tensor
    literal: csr_array
    targets: csr_array
    allowed: csr_array
    claims: ClaimArrays
    colour_nouns: NDArray[int64]
    shown: csr_array

    @classmethod
    def of(
        cls,
        encoder: SceneEncoder,
        vocabulary: Vocabulary,
        texts: Sequence[str],
        rephrased: Sequence[str],
        claims: ClaimArrays,
    ) -> "Questions":
        """From `texts` and `claims` as `load_questions` gives them, and the same questions in other words.

        `encoder` must know English, or it cannot read those.
        """
        literal = literal_terms(texts, vocabulary)
        return cls(
            texts=torch.from_numpy(encoder.encode_texts(texts)),
            rephrased=torch.from_numpy(encoder.encode_texts(rephrased)),
            literal=literal,
            targets=target_terms(claims, literal, vocabulary),
            allowed=allowed_terms(claims, vocabulary),
            claims=claims,
            colour_nouns=colour_noun_ids(vocabulary),
            shown=colour_nouns_shown(claims, vocabulary),
        )


class QuestionLoss:
    """The loss that is added to each step of `HeadTraining`: some questions about the scenes of the batch.

    Each question is asked of the batch's pictures, and of those others, among some drawn ones, whose dense vectors are
    nearest to it: few pictures of a batch nearly answer a question, and those teach most. The loss has four parts:

    - the records' right answers score above all wrong ones;
    - the scores follow those of the dense vectors;
    - questions light their target terms and nothing beyond their allowed terms, pictures the colour nouns they show;
    - questions light few terms (L1), under the expansion control of the captions, both by the head's own config.

    A share of the questions is asked in words that the world does not say. They have the same targets: "an ant" must
    light the insect, though the only insect of this world is a butterfly.
    """

    def __init__(self, questions: Questions, images: NDArray, recipe: QuestionRecipe, config: TrainingConfig):
        """`images` (n, dim): the vectors of the n scenes' pictures; `config`: that of the head's training."""
        self._questions, self._images = questions, torch.from_numpy(images)
        self._recipe, self._config = recipe, config

    def __call__(
        self, head: SparseHead, pictures: NDArray[int64], progress: float, generator: torch.Generator
    ) -> Tensor:
        """The loss of one step, a scalar. `pictures` (b,): the rows of the batch's images; `progress`: 0..1."""
        recipe, config, questions = self._recipe, self._config, self._questions
        scenes = pictures[torch.randperm(len(pictures), generator=generator)[: recipe.each_step].numpy()]
        which = torch.randint(EACH, (len(scenes),), generator=generator).numpy()
        rows = scenes * EACH + which  # (q,)
        in_other_words = torch.rand(len(rows), 1, generator=generator) < recipe.english
        asked = torch.where(in_other_words, questions.rephrased[rows], questions.texts[rows])  # (q, dim)
        pictures = np.union1d(pictures, self._nearest(asked, generator))  # (p,)
        answers = torch.from_numpy(claims_hold(questions.claims, scenes, which, pictures))  # (q, p)
        images = self._images[pictures]  # (p, dim)
        question_logits, picture_logits = head.logits(asked), head.logits(images)
        weights, items = (torch.log1p(torch.relu(logits)) for logits in (question_logits, picture_logits))
        literal = _dense(questions.literal, rows)
        if config.control != "none":
            weights = weights * expansion(config.control, literal, probability_of(config, progress), generator).allowed
        scores = weights @ items.T
        apart = answers_apart(scores, answers)
        like_dense = functional.cross_entropy(scores, torch.softmax(asked @ images.T / recipe.tau, 1))
        sparsity = warm(progress, config.warmup) * config.sparsities[0] * l1(weights)
        anchors = self._anchors(rows, pictures, literal, question_logits, picture_logits)
        return recipe.weight * apart + recipe.dense_weight * like_dense + sparsity + anchors

    def _anchors(
        self,
        rows: NDArray[int64],
        pictures: NDArray[int64],
        literal: Tensor,
        question_logits: Tensor,
        picture_logits: Tensor,
    ) -> Tensor:
        """Word anchors: of questions (q, |V|) to their target terms, of pictures (p, |V|) to their colour nouns."""
        recipe, questions = self._recipe, self._questions
        allowed = _dense(questions.allowed, rows)
        # "on" and "wearing" are spoken, but tell no picture from another: they are neither targets nor punished
        targets = _dense(questions.targets, rows) & allowed
        by_question = word_anchor(question_logits, targets.float(), (literal | allowed) & ~targets, recipe.emphasis)
        shown = _dense(questions.shown[pictures][:, questions.colour_nouns], slice(None)).float()  # (p, c)
        by_picture = word_anchor(picture_logits[:, questions.colour_nouns], shown, emphasis=recipe.emphasis)
        return recipe.anchor * by_question + recipe.shown * by_picture

    @torch.no_grad()
    def _nearest(self, asked: Tensor, generator: torch.Generator) -> NDArray[int64]:
        """The rows of the pictures nearest to each of the questions asked (q, dim), among some that are drawn."""
        drawn = torch.randperm(len(self._images), generator=generator)[: self._recipe.looked_at]
        count = min(self._recipe.nearest, len(drawn))
        rows: NDArray[int64] = drawn[(asked @ self._images[drawn].T).topk(count, 1).indices].numpy()
        return rows


def _dense(table: csr_array, rows: NDArray[int64] | slice) -> Tensor:
    """Some rows of a sparse table as a tensor."""
    return torch.from_numpy(table[rows].toarray())
