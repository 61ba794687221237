"""From which match on a question counts as answered: questions that photographs answer against ones they do not.

Set by val photographs, their captions and nouns and the names of ImageNet's classes; measured on test photographs, with
the hand-written strangers of `recipes/scenes/strangers.json`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from core.data.dense import DenseDataset
from core.models.model import Model
from core.vocabulary import Vocabulary
from recipes.photos.terms import SILENT, singular
from recipes.scenes.answers import matches
from recipes.scenes.english_figures import auroc
from recipes.scenes.stranger_figures import FORMS, Told, in_turn, typed
from recipes.scenes.wordnet import WordNet

OFTEN = 5  # captions that say a noun which the photographs surely show
ASKED = 300  # questions of each kind, at most
FALSE_ALARMS = 0.03  # of answered words, and of answered captions, that may be told to be unanswered


@dataclass(frozen=True)
class Asked:
    """Questions to photographs: `captions` of theirs, `words` that they show, `absent` ones that no caption says."""

    captions: list[str]
    words: list[str]
    absent: list[str]

    @classmethod
    def of(cls, data: DenseDataset, wordnet: WordNet, names: Sequence[str]) -> "Asked":
        """`names`: things that may be asked for; those that no caption of the photographs says count as not shown."""
        said, shown = _said(data, wordnet), words_shown(data, wordnet)
        absent = [name for name in names if not said.keys() & {singular(w, wordnet) for w in Vocabulary.words(name)}]
        random = np.random.default_rng(0)
        captions = [data.captions[i] for i in random.permutation(len(data.captions))[:ASKED]]
        others = [absent[i] for i in random.permutation(len(absent))[:ASKED]]
        return cls(captions, shown[:ASKED], in_turn(others))


@dataclass(frozen=True)
class AnswerFigures:
    """`words`: shown ones in all forms against absent ones, and `captions` against the same.

    `forms`: {form: share of the words shown that are told to be unanswered}.
    """

    words: Told
    captions: Told
    forms: dict[str, float]


def words_shown(data: DenseDataset, wordnet: WordNet) -> list[str]:
    """The nouns that OFTEN captions say or more, the most frequent first."""
    said = sorted(_said(data, wordnet).items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, count in said if count >= OFTEN and word not in SILENT and wordnet.senses(word)]


def _said(data: DenseDataset, wordnet: WordNet) -> Counter[str]:
    return Counter(singular(word, wordnet) for caption in data.captions for word in set(Vocabulary.words(caption)))


def calibrate(model: Model, data: DenseDataset, wordnet: WordNet, names: Sequence[str]) -> float:
    """The threshold under which FALSE_ALARMS of the words shown, or of the captions, are told, whichever is less."""
    asked, items = Asked.of(data, wordnet, names), model.head.weigh(data.images)
    answered = (np.concatenate(list(_in_forms(model, asked, items).values())), matches(model, asked.captions, items))
    return round(min(float(np.quantile(found, FALSE_ALARMS)) for found in answered), 4)


def answer_figures(model: Model, data: DenseDataset, wordnet: WordNet, names: Sequence[str]) -> AnswerFigures:
    """Measures the shipped threshold on photographs and with names that did not set it."""
    limit = model.answered_from
    assert limit is not None
    asked, items = Asked.of(data, wordnet, names), model.head.weigh(data.images)
    forms, captions = _in_forms(model, asked, items), matches(model, asked.captions, items)
    absent = matches(model, asked.absent, items)

    def told(found: NDArray[np.float64]) -> Told:
        return Told(float((found < limit).mean()), float((absent < limit).mean()), auroc(absent, found))

    return AnswerFigures(
        words=told(np.concatenate(list(forms.values()))),
        captions=told(captions),
        forms={form: float((found < limit).mean()) for form, found in forms.items()},
    )


def _in_forms(model: Model, asked: Asked, items: NDArray[float32]) -> Mapping[str, NDArray[np.float64]]:
    """{form: the match of each word shown, asked in that form}."""
    return {form: matches(model, [typed(word, form) for word in asked.words], items) for form in FORMS}
