"""What the shipped head learns of plain questions: right answers first, and the terms that name what is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import int64
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional

from core.data.spoken_terms import spoken_terms
from core.encoders.scenes import SceneEncoder
from core.models.head import SparseHead
from core.training.config import TrainingConfig
from core.training.expansion import expansion
from core.training.losses import answers_apart, l1, warm, word_anchor
from core.training.objective import probability_of
from core.vocabulary import Vocabulary
from recipes.scenes.lit import coloured_ids, may_light, must_light, shown_in_colour
from recipes.scenes.questions import EACH
from recipes.scenes.recipe import QuestionRecipe
from recipes.scenes.truth import Truth, holding


@dataclass(frozen=True)
class Questions:
    """EACH questions a scene, in order: vectors (n * EACH, dim), and those of the same in words that the world does not
    say, the terms that they speak, that they must light and that they may light besides, all (n * EACH, |V|) bool, and
    of which scenes they are true.

    `coloured` (c,): ids of the nouns of a colour; `shown` (n, |V|) bool: those that the scenes show.
    """

    texts: Tensor
    others: Tensor
    spoken: csr_array
    named: csr_array
    allowed: csr_array
    truth: Truth
    coloured: NDArray[int64]
    shown: csr_array

    @classmethod
    def of(
        cls, encoder: SceneEncoder, vocabulary: Vocabulary, texts: Sequence[str], others: Sequence[str], truth: Truth
    ) -> "Questions":
        """From what `load_questions` gives and the same in other words; `encoder` must know English to tell them."""
        rows, other_rows = (torch.from_numpy(encoder.encode_texts(said)) for said in (texts, others))
        spoken, allowed = spoken_terms(texts, vocabulary), may_light(truth, vocabulary)
        named, shown = must_light(truth, spoken, vocabulary), shown_in_colour(truth, vocabulary)
        return cls(rows, other_rows, spoken, named, allowed, truth, coloured_ids(vocabulary), shown)


class QuestionLesson:
    """What a step of `HeadTraining` adds to its loss: some questions of the batch's scenes, asked of all its pictures
    and of those among some more that the dense vectors find nearest to each: few of a batch nearly answer a question.

    Some are asked in words that the world does not say, and must light what they mean: "an ant" the insect, too, though
    the one insect of this world is a butterfly. The pictures must light the nouns of a colour that they show.

    Expansion control and L1 are those of the captions, by the head's own config.
    """

    def __init__(self, questions: Questions, images: NDArray, recipe: QuestionRecipe, config: TrainingConfig):
        self._questions, self._images = questions, torch.from_numpy(images)
        self._recipe, self._config = recipe, config

    def __call__(
        self, head: SparseHead, pictures: NDArray[int64], progress: float, generator: torch.Generator
    ) -> Tensor:
        """`pictures`: the rows of the batch's images; `progress` through training, 0..1. The loss to add."""
        recipe, config = self._recipe, self._config
        scenes = pictures[torch.randperm(len(pictures), generator=generator)[: recipe.each_step].numpy()]
        which = torch.randint(EACH, (len(scenes),), generator=generator).numpy()
        rows = scenes * EACH + which
        english = torch.rand(len(rows), 1, generator=generator) < recipe.english
        asked = torch.where(english, self._questions.others[rows], self._questions.texts[rows])
        pictures = np.union1d(pictures, self._nearest(asked, generator))
        answers = torch.from_numpy(holding(self._questions.truth, scenes, which, pictures))
        tables = (self._questions.spoken, self._questions.named, self._questions.allowed)
        spoken, named, allowed = (torch.from_numpy(table[rows].toarray()) for table in tables)
        images = self._images[pictures]
        said, seen = head.logits(asked), head.logits(images)
        weights, items = (torch.log1p(torch.relu(logits)) for logits in (said, seen))
        if config.control != "none":
            weights = weights * expansion(config.control, spoken, probability_of(config, progress), generator).allowed
        scores = weights @ items.T
        apart = answers_apart(scores, answers)
        taught = functional.cross_entropy(scores, torch.softmax(asked @ images.T / recipe.tau, 1))
        sparsity = warm(progress, config.warmup) * config.query_sparsity * l1(weights)
        # "on" and "wearing" are spoken, but tell no picture from another: they are free, too
        lit = named & allowed
        by_question = word_anchor(said, lit.float(), (spoken | allowed) & ~lit, recipe.emphasis)
        by_picture = word_anchor(seen[:, self._questions.coloured], self._shown(pictures), emphasis=recipe.emphasis)
        anchors = recipe.anchor * by_question + recipe.shown * by_picture
        return recipe.weight * apart + recipe.dense_weight * taught + sparsity + anchors

    def _shown(self, pictures: NDArray[int64]) -> Tensor:
        """(n, c) 1 for each noun of a colour that the picture shows, else 0."""
        return torch.from_numpy(self._questions.shown[pictures][:, self._questions.coloured].toarray()).float()

    @torch.no_grad()
    def _nearest(self, asked: Tensor, generator: torch.Generator) -> NDArray[int64]:
        """The rows of the pictures nearest to each of the questions asked (q, dim), among some."""
        some = torch.randperm(len(self._images), generator=generator)[: self._recipe.looked_at]
        count = min(self._recipe.nearest, len(some))
        rows: NDArray[int64] = some[(asked @ self._images[some].T).topk(count, 1).indices].numpy()
        return rows
