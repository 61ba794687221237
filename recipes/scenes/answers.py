"""From which match on an item answers a question: by scenes that answer it, and by the same world without them.

Set by short questions about the val split; measured on the test split with its questions, and with words in all forms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import bool_, float32, float64
from numpy.typing import NDArray

from core.models.model import Model
from core.search.remarks import LOOKED_AT, answer_match
from core.world.composer import compose
from core.world.words import noun_and_colour_words, true_words
from index_store.vectors import SparseVector
from recipes.scenes.english_figures import auroc
from recipes.scenes.questions import every_answer, load_questions
from recipes.scenes.stranger_figures import FORMS, Told, typed

ASKED = 1_200  # questions
FALSE_ALARMS = 0.02  # share of answered questions that may be told to be unanswered


@dataclass(frozen=True)
class AnswerFigures:
    """`questions`: short ones; `words`: each asked of the world with and without what it names; both as `Told`.

    `vocabulary`: {form: share of the vocabulary's words that are told to be unanswered in the world}.
    """

    questions: Told
    words: Told
    vocabulary: dict[str, float]


def matches(
    model: Model, texts: Sequence[str], items: NDArray[float32], among: NDArray[bool_] | None = None
) -> NDArray[float64]:
    """(texts,) the `answer_match` of each text with its best items, as a search finds it.

    items (n, |V|): weights of pictures; among (texts, n): those that there are for each text, all when left out.
    """
    found = np.zeros(len(texts))
    lit = model.project(model.dense_texts(texts))
    for i, (text, whole) in enumerate(zip(texts, lit, strict=True)):
        query = model.without_stray_terms(text, whole)
        scores = items[:, query.terms] @ query.weights
        if among is not None:
            scores[~among[i]] = 0
        best = np.argsort(-scores, kind="stable")[:LOOKED_AT]
        vectors = (SparseVector.from_dense(items[at]) for at in best if scores[at] > 0)
        found[i] = answer_match(whole, model.vocabulary.literal_ids(text), vectors)
    return found


def answered_from(model: Model, images: NDArray[float32], cache: Path) -> float:
    """The match from which on a question is answered; `images` (n, dim): vectors of the first n val scenes."""
    texts, claims = load_questions("val", len(images), cache)
    asked = _drawn(len(texts))
    answered = every_answer(claims)[asked].any(1)
    found = matches(model, [texts[i] for i in asked[answered]], model.head.weigh(images))
    return round(float(np.quantile(found, FALSE_ALARMS)), 4)


def answer_figures(model: Model, images: NDArray[float32], cache: Path) -> AnswerFigures:
    """Measures the shipped threshold; `images` (n, dim): vectors of the first n scenes of the test split."""
    limit = model.answered_from
    assert limit is not None
    items = model.head.weigh(images)
    texts, claims = load_questions("test", len(images), cache)
    asked, answers = _drawn(len(texts)), every_answer(claims)
    questions = [texts[i] for i in asked]
    shown = [true_words(compose("test", number)) for number in range(len(images))]
    terms = [term for term in model.vocabulary.terms if " " not in term]
    words = [term for term in terms if term in noun_and_colour_words() and any(term in scene for scene in shown)]
    shows = np.array([[word in scene for scene in shown] for word in words])

    def told(texts: Sequence[str], right: NDArray[bool_]) -> Told:
        held, lacking = matches(model, texts, items), matches(model, texts, items, ~right)
        return Told(float((held < limit).mean()), float((lacking < limit).mean()), auroc(lacking, held))

    return AnswerFigures(
        questions=told(questions, answers[asked]),
        words=told(words, shows),
        vocabulary={
            form: float((matches(model, [typed(term, form) for term in terms], items) < limit).mean()) for form in FORMS
        },
    )


def _drawn(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(count)[:ASKED]
