"""How well the built-in model tells what its world holds nothing like: by words as people type them, and by sentences.

The words and sentences of `strangers.json` were written by hand before the rule was made, and set nothing. The first
list of sentences is that of `english_questions.json`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.encoders.english import STRANGE_FROM
from core.encoders.scenes import SceneEncoder
from core.vocabulary import Vocabulary
from recipes.scenes.english_figures import auroc, questions
from recipes.scenes.related_nouns import plural

STRANGERS = Path(__file__).with_name("strangers.json")
# A form of a word -> how it is typed; "{s}" is the plural.
FORMS: Mapping[str, str] = {"word": "{}", "plural": "{s}", "a": "a {}", "the": "the {}", "two": "two {s}"}


@dataclass(frozen=True)
class Told:
    """`false_alarms`: share, 0..1, of what the world holds that is called strange; `told`: of what it does not hold.

    `auroc`: area under the ROC curve of telling the two apart.
    """

    false_alarms: float
    told: float
    auroc: float


@dataclass(frozen=True)
class StrangerFigures:
    """`vocabulary`: {form: share of the vocabulary's words that are called strange}, and of its own plurals.

    `words`: those of the vocabulary in all forms against 200 strangers. `english`: words that the vocabulary does not
    hold against the same. `sentences`, `first_sentences`: of both lists. Strangers and English words are asked in one
    form each, in turn.
    """

    vocabulary: dict[str, float]
    words: Told
    english: Told
    sentences: Told
    first_sentences: Told


@cache
def strangers() -> dict[str, dict[str, list[str]]]:
    """The hand-written `words` and `sentences`, each `inside` and `outside` the world."""
    held: dict[str, dict[str, list[str]]] = json.loads(STRANGERS.read_text("utf-8"))
    return held


def typed(word: str, form: str) -> str:
    """A word as people type it, in one of FORMS; of several words the last one is inflected."""
    return FORMS[form].format(word, s=plural(word))


def in_turn(words: Sequence[str]) -> list[str]:
    """Each word in one form, each form as often."""
    forms = list(FORMS)
    return [typed(word, forms[i % len(forms)]) for i, word in enumerate(words)]


def stranger_figures(encoder: SceneEncoder, vocabulary: Vocabulary) -> StrangerFigures:
    """Measures an encoder that knows English, beside the vocabulary of a head."""
    asked = strangers()
    words = [term for term in vocabulary.terms if " " not in term]
    forms = {form: [typed(word, form) for word in words] for form in FORMS}
    forms["folded in"] = list(vocabulary.forms)
    told = {form: encoder.strangeness(texts) for form, texts in forms.items()}
    outside = in_turn(asked["words"]["outside"])
    first = questions()

    def compared(inside: Sequence[str], outside: Sequence[str]) -> Told:
        held, strange = encoder.strangeness(inside), encoder.strangeness(outside)
        return Told(
            false_alarms=float((held >= STRANGE_FROM).mean()),
            told=float((strange >= STRANGE_FROM).mean()),
            auroc=auroc(held, strange),
        )

    return StrangerFigures(
        vocabulary={form: float((found >= STRANGE_FROM).mean()) for form, found in told.items()},
        words=compared([text for texts in forms.values() for text in texts], outside),
        english=compared(in_turn(asked["words"]["inside"]), outside),
        sentences=compared(asked["sentences"]["inside"], asked["sentences"]["outside"]),
        first_sentences=compared(first["inside"], first["outside"]),
    )
