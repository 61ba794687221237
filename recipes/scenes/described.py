"""What scenes would be described by, and what floors of unspoken terms are tried on: questions about them, captions."""

from pathlib import Path

import numpy as np
from numpy import bool_
from numpy.typing import NDArray

from core.data.dense import DenseDataset
from core.models.model import Model
from core.vocabulary import Vocabulary
from core.world.composer import compose
from core.world.scene import Scene
from core.world.words import NUMBERS, VAGUE, true_words
from recipes.scenes.questions import every_answer, load_questions
from recipes.scenes.unspoken import Asked, Pictures, Trial
from recipes.scenes.vocabulary import colour_nouns_of

# What a question for several may light, as `target_terms.allowed_terms` has it: "some birds" may mean three or four.
SEVERAL = frozenset(word for words in (*list(NUMBERS.values())[1:], *VAGUE) for word in words.split())


def words_of(scene: Scene) -> set[str]:
    """The words that describe a scene: nouns, colours, place, time, what things do, numbers where there are several.

    Sizes and places beside one another are not among them: a picture is not described by "small" or "front" alone.
    """
    words = true_words(scene) | colour_nouns_of(scene)
    for group in scene.groups:
        words |= set(group.state.split())
        if group.count > 1:
            words |= SEVERAL
    return words


def described(split: str, count: int, vocabulary: Vocabulary) -> NDArray[bool_]:
    """(count, |V|) whether each of the first scenes of a split would be described by each term."""
    shown = [words_of(compose(split, number)) for number in range(count)]
    return np.array([[term in words for term in vocabulary.terms] for words in shown])


def trial(model: Model, data: DenseDataset, split: str, cache: Path) -> tuple[Trial, list[str]]:
    """What floors are tried on, of the first scenes of a split, and the questions about them."""
    texts, claims = load_questions(split, len(data.images), cache)
    pictures = Pictures(model.head.weigh(data.images), described(split, len(data.images), model.vocabulary))
    questions, captions = Asked.of(model, texts), Asked.of(model, data.captions)
    return Trial(pictures, questions, every_answer(claims), captions, data.image_of_text), texts
