"""Says which word of a text lit which term: leaves out one word after the other and watches the terms fall.

A pooled vector mixes its words, so that a term may hang on several of them at once; then no single word is named.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import QueryError
from core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from core.model import Model

MAX_WORDS = 40  # one more encoding each
CLEAR = 0.25  # a word must take at least this share of the term's weight with it to be named
AHEAD = 0.1  # and this much more, as a share of the weight, than the next word


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
    whole, *parts = model.encode_texts([text, *without])
    size = len(model.vocabulary)
    rest = np.zeros((len(parts), size))
    for row, part in zip(rest, parts, strict=True):
        row[part.terms] = part.weights
    order = np.argsort(-whole.weights, kind="stable")
    links = []
    for term, weight in zip(whole.terms[order].tolist(), whole.weights[order].tolist(), strict=True):
        falls = tuple(((weight - rest[:, term]) / weight).tolist())
        links.append(Link(model.vocabulary.terms[term], weight, falls, _named(falls)))
    return Links(tuple(text[start:end] for start, end in spans), tuple(links))


def _spans(text: str) -> list[tuple[int, int]]:
    """Where each word of a lower-case text begins and ends."""
    spans, end = [], 0
    for word in Vocabulary.words(text):
        start = text.index(word, end)
        end = start + len(word)
        spans.append((start, end))
    return spans


def _named(falls: Sequence[float]) -> int | None:
    """The word without which most is lost, if that is much and no other comes close."""
    first, *others = sorted(falls, reverse=True)
    if first < CLEAR or (others and first - others[0] < AHEAD):
        return None
    return falls.index(first)
