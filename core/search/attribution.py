"""Which word of a text lights up which term: leaves out one word after the other and measures what each term loses.

A pooled vector mixes its words, so that a term may depend on several of them at once; then no single word is named.
Must not know collections.
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

MAX_WORDS = 40  # each costs one more encoding
CLEAR = 0.25  # of the term's weight: a word is named only if the term loses at least this share without it
AHEAD = 0.1  # of its logit's loss: and only if the term loses at least this share less without any other word


@dataclass(frozen=True)
class Link:
    """How a term depends on the words. `falls[i]`: the share of its `weight` lost without word i (< 0: it grows).

    `word`: the index of the word that lights it up; None where the vector cannot tell.
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
    active = np.flatnonzero(weights[0])
    links = []
    for term in active[np.argsort(-weights[0, active], kind="stable")].tolist():
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
    """The index of the word without which the term loses most, if that is much and no other word comes close; or None.

    `falls`: shares of the weight; `lost`: of the logit, which decides: a faint term goes out whichever word is missing,
    but its logit falls deepest without the word that lights it up.
    """
    first = int(np.argmax(lost))
    others = [loss for word, loss in enumerate(lost) if word != first]
    if falls[first] < CLEAR or (others and max(others) > (1 - AHEAD) * lost[first]):
        return None
    return first
