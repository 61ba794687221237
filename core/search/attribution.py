"""Which word of a text lights up which term: leaves out one word after the other and measures what each term loses.

A pooled vector mixes its words, so that a term may depend on several of them at once; then no single word is named.
Must not know collections.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch

from core.errors import QueryError
from core.search.links import Link, Links, named_word
from core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from core.models.model import Model

MAX_WORDS = 40  # each costs one more encoding


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
        links.append(Link(model.vocabulary.terms[term], weight, falls, named_word(falls, lost)))
    return Links(tuple(text[start:end] for start, end in spans), tuple(links))


def _spans(text: str) -> list[tuple[int, int]]:
    """Where each word of a lower-case text begins and ends."""
    spans, end = [], 0
    for word in Vocabulary.words(text):
        start = text.index(word, end)
        end = start + len(word)
        spans.append((start, end))
    return spans
