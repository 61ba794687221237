"""Says which word of a text lit which term: leaves out one word after the other and watches the terms fall.

A pooled vector mixes its words, so that a term may hang on several of them at once; then no single word is named.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.errors import QueryError
from core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from core.models.model import Model

MAX_WORDS = 40  # one more encoding each
CLEAR = 0.25  # a word must take at least this share of the term's weight with it to be named
AHEAD = 0.1  # and the next word must take at least this share less of the logit


@dataclass(frozen=True)
class Link:
    """How a term hangs on the words: `falls[i]`, the share of its `weight` lost without word i (< 0: it grows).

    `word`: the index of the word that lit it, None where the vector cannot tell.
    """

    term: str
    weight: float
    falls: tuple[float, ...]
    word: int | None

    def to_json(self) -> dict[str, object]:
        """The keys `term`, `weight`, `falls`, `word`."""
        return asdict(self)


@dataclass(frozen=True)
class Links:
    """The words of a text in order, and a link for each of its terms, heaviest first."""

    words: tuple[str, ...]
    links: tuple[Link, ...]

    def to_json(self) -> dict[str, object]:
        """The keys `words`, `links`."""
        return {"words": list(self.words), "links": [link.to_json() for link in self.links]}


def word_links(model: "Model", text: str) -> Links:
    """Links of a text's terms to its words; QueryError for a text of more than MAX_WORDS words."""
    text = text.lower()
    spans = _spans(text)
    if len(spans) > MAX_WORDS:
        raise QueryError(f"The text has {len(spans)} words, but at most {MAX_WORDS} can be told apart; shorten it.")
    if not spans:
        return Links((), ())
    without = [f"{text[:start]} {text[end:]}" for start, end in spans]
    logits = model.head.unlit(model.dense_texts([text, *without]))  # (1 + words, |V|), the whole text first
    weights = model.head.weights_of(torch.from_numpy(logits)).numpy()
    lit = np.flatnonzero(weights[0])
    links = []
    for term in lit[np.argsort(-weights[0, lit], kind="stable")].tolist():
        weight = float(weights[0, term])
        falls = tuple(((weight - weights[1:, term]) / weight).tolist())
        lost = (logits[0, term] - logits[1:, term]).tolist()
        links.append(Link(model.vocabulary.terms[term], weight, falls, _named(falls, lost)))
    return Links(tuple(text[start:end] for start, end in spans), tuple(links))


def _spans(text: str) -> list[tuple[int, int]]:
    """Where each word of a lower-case text begins and ends."""
    spans, end = [], 0
    for word in Vocabulary.words(text):
        start = text.index(word, end)
        end = start + len(word)
        spans.append((start, end))
    return spans


def _named(falls: Sequence[float], lost: Sequence[float]) -> int | None:
    """The word without which most is lost, if that is much of the weight and no other comes close.

    Told by logits: a faint term goes out whichever word is missing, but lies deepest without the word that lit it.
    """
    first = int(np.argmax(lost))
    others = [loss for word, loss in enumerate(lost) if word != first]
    if falls[first] < CLEAR or (others and max(others) > (1 - AHEAD) * lost[first]):
        return None
    return first
