"""Whether an item has a thing, such as "dog" or "red hat", for what is left out of an answer or must be in it.

A picture of a cat lights "dog" a little, so having a term is not having the thing. An item has it when it would answer
a question for it: when it holds much of what the thing lights up (`best_match`), and its own words weigh much in it.

What is left out is judged by what tells it from the question: of the terms of "dog", what "cat" lights up, too, is
taken off, so that "cat -dog" finds cats. How much is enough was measured on the built-in world's scenes and on labelled
photographs; docs/benchmarks.md has the figures.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.search.query_language import OR
from core.search.remarks import best_match
from core.search.understanding import canonical
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.search.encoding import Encoded
    from core.search.query import Query
    from core.vocabulary import Vocabulary

OWN_WORDS = 0.3  # the say of the thing's own words, beside all that it lights up
LEFT_OUT_FROM = 0.18  # of 1: rather without a picture that lacks the thing than with one that has it
DEMANDED_FROM = 0.4
LEAST_LEFT = 0.1  # of a thing's squared weights: with less, the question asks for the thing itself


@dataclass(frozen=True)
class Thing:
    """A thing to look for: the terms that it lights up, and the ids of those that its words speak, if any."""

    vector: SparseVector
    literal: frozenset[int]

    def share(self, item: SparseVector) -> float:
        """How much of it an item has, 0..1."""
        return OWN_WORDS * self._spoken(item) + (1 - OWN_WORDS) * best_match(self.vector, item)

    def unlike(self, question: SparseVector) -> "Thing":
        """What tells it from a question: its weights less those of the question.

        Where little would stay, the question asks for the thing itself: it is unchanged where its words are terms, and
        else nothing is left to tell it by.
        """
        weights = dict(zip(self.vector.terms.tolist(), self.vector.weights.tolist(), strict=True))
        shared, _, theirs = self.vector.intersection(question)
        for term, weight in zip(shared.tolist(), theirs.tolist(), strict=True):
            weights[term] -= weight
        left = SparseVector.from_pairs({term: weight for term, weight in weights.items() if weight > 0})
        if _square(left) < LEAST_LEFT * _square(self.vector):
            return self if self.literal else Thing(SparseVector.from_pairs({}), self.literal)
        return Thing(left, self.literal)

    def proof(self, least: float) -> SparseVector:
        """Terms of which an item has at least one where its `share` is `least` or more, each with weight 1.

        The heaviest terms are among them, until those that are not cannot bring an item to `least` together.
        """
        squares = np.square(self.vector.weights, dtype=np.float64)
        order = np.argsort(-squares, kind="stable")
        rest = squares.sum() - np.cumsum(squares[order])  # (n,) what the terms behind each add up to
        enough = int(np.argmax(rest < least * squares.sum())) + 1 if len(order) else 0
        heaviest = self.vector.terms[order[:enough]].tolist()
        return SparseVector.from_pairs(dict.fromkeys((*heaviest, *self.literal), 1.0))

    def _spoken(self, item: SparseVector) -> float:
        """The least weight among the thing's own words, as a share of the item's heaviest; 0 where none is a term."""
        if not len(item) or not self.literal:
            return 0.0
        weights = dict(zip(item.terms.tolist(), item.weights.tolist(), strict=True))
        return min(weights.get(term, 0.0) for term in self.literal) / float(item.weights.max())


@dataclass(frozen=True)
class Demands:
    """What a hit must have, at least one thing of each of `must`, and must not have."""

    must: tuple[tuple[Thing, ...], ...] = ()
    without: tuple[Thing, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.must or self.without)

    def proof(self) -> SparseVector | None:
        """Terms of which every item that meets the demands has at least one, as a vector; None where none is known."""
        proofs = [_any_of(thing.proof(DEMANDED_FROM) for thing in things) for things in self.must]
        return min(proofs, key=len) if proofs else None

    def met(self, item: SparseVector) -> bool:
        """Whether an item has all that it must have, and nothing that it must not have."""
        has_all = all(any(thing.share(item) >= DEMANDED_FROM for thing in things) for things in self.must)
        return has_all and not any(thing.share(item) >= LEFT_OUT_FROM for thing in self.without)


@dataclass(frozen=True)
class Rule:
    """A thing that a hit must have, or must not have, as the text says; `undone`: a weight by hand lifts that."""

    thing: str
    must: bool
    undone: bool = False

    def to_json(self) -> dict[str, object]:
        """The keys `thing`, `must`, `undone`."""
        return asdict(self)


@dataclass(frozen=True)
class Rules:
    """What the text of a question says that hits must have or not have, to be shown, and what of it holds."""

    shown: tuple[Rule, ...]
    demands: Demands


def rules(vocabulary: "Vocabulary", query: "Query", encoded: "Encoded") -> Rules:
    """What hits must have and not have, of an encoded question; a weight by hand undoes one."""
    asked = encoded.understood.question
    by_hand = {canonical(vocabulary, name.strip()) for name in query.weights}
    shown = tuple(
        Rule(words, must, words in by_hand)
        for must, things in ((True, asked.must), (False, asked.without))
        for words in things
    )

    def thing(words: str) -> Thing:
        term = vocabulary.id(words)
        spoken = vocabulary.literal_ids(words) if term is None else [term]
        return Thing(encoded.things[words], frozenset(spoken))

    must = tuple(tuple(map(thing, rule.thing.split(OR))) for rule in shown if rule.must and not rule.undone)
    without = tuple(thing(rule.thing) for rule in shown if not rule.must and not rule.undone)
    if encoded.text is not None:
        without = tuple(one.unlike(encoded.text.judged) for one in without)
    return Rules(shown, Demands(must, without))


def _any_of(proofs: Iterable[SparseVector]) -> SparseVector:
    return SparseVector.from_pairs({term: 1.0 for proof in proofs for term in proof.terms.tolist()})


def _square(vector: SparseVector) -> float:
    return float(np.square(vector.weights, dtype=np.float64).sum())
