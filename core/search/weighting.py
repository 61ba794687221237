"""The weights that a question is searched with: what its encoding says, bent as the person wants; encodes nothing.

A bent score is still a plain sum: terms with a positive weight add query weight × item weight, terms with a negative
one, which are against an item, take it away. A question that nobody bends passes through here too, unchanged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.search.encoding import EncodedQuery
from core.search.explain import QueryTerm
from core.search.marks import NO_MARKS, Marks, moves
from core.search.query import MAX_WEIGHT, Query, term_ids
from core.search.query_language import Question
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.vocabulary import Vocabulary

UNLIT = 1.0  # what a term weighs, before its factor, that a text speaks but does not light up


@dataclass(frozen=True)
class QueryWeights:
    """What is searched with: `positive` weights add to a score, `negative` ones (as absolute values) take away.

    `required`: in hybrid mode, an item must share one of these terms to be found; None in other modes. `literal`: ids
    of the terms that count as literal: those spoken, and those that a person added. `terms`: all terms of the question,
    also those switched off, heaviest unedited weight first, added ones last, so that a term keeps its place among them
    while its weight changes.
    """

    positive: SparseVector
    negative: SparseVector
    required: SparseVector | None
    literal: frozenset[int]
    terms: tuple[QueryTerm, ...]

    @property
    def searched(self) -> tuple[QueryTerm, ...]:
        """The terms with a weight, heaviest first."""
        return tuple(sorted((term for term in self.terms if term.weight), key=lambda term: -term.weight))

    def none(self) -> "QueryWeights":
        """The same without a term: what is left of them where dense vectors alone rank."""
        nothing = SparseVector.from_pairs({})
        return QueryWeights(nothing, nothing, None, self.literal, ())


def weigh(
    encoded: EncodedQuery,
    query: Query,
    vocabulary: "Vocabulary",
    question: Question | None = None,
    marks: Marks = NO_MARKS,
) -> QueryWeights:
    """An encoded question with the query's marks, expansion strength, mode and weights by hand.

    Marks move its weights first (`marks.py`). Literal terms keep theirs then, the others are multiplied by the strength
    (0 in mode "literal"); then come the factors of the `question` that the text says, and a weight by hand overrides
    all. Raises QueryError for a weight of what is neither a term of the vocabulary nor a thing that the text leaves out
    or demands.
    """
    things = frozenset((*question.without, *question.must)) if question else frozenset()
    names = [name for name in query.weights if vocabulary.id(name.strip()) is not None or name not in things]
    by_hand = {number: float(query.weights[name]) for name, number in term_ids(vocabulary, names).items()}
    moved = moves(encoded.vector, encoded.literal, marks)
    base = dict(zip(encoded.vector.terms.tolist(), encoded.vector.weights.tolist(), strict=True))
    base |= {term: base.get(term, 0.0) + move for term, move in moved.items()}
    factors = _factors(vocabulary, question.factors if question else ())
    literal = encoded.literal | factors.keys() | (by_hand.keys() - base.keys())
    strength = np.float32(0.0 if query.mode == "literal" else query.expansion)
    scaled = dict(zip(base, (np.array([*base.values()], np.float32) * strength).tolist(), strict=True))
    unedited = {term: weight if term in encoded.literal else scaled[term] for term, weight in base.items()}
    for term, factor in factors.items():
        unedited[term] = max(-MAX_WEIGHT, min(MAX_WEIGHT, factor * unedited.get(term, UNLIT)))
    weights = {**unedited, **by_hand}
    order = [
        *sorted(base, key=lambda term: (-base[term], term)),
        *(term for term in {**factors, **by_hand} if term not in base),
    ]
    positive = {term: weight for term, weight in weights.items() if weight > 0}
    required = {term: weight for term, weight in positive.items() if term in literal}
    return QueryWeights(
        SparseVector.from_pairs(positive),
        SparseVector.from_pairs({term: -weight for term, weight in weights.items() if weight < 0}),
        SparseVector.from_pairs(required) if query.mode == "hybrid" else None,
        frozenset(literal),
        tuple(
            QueryTerm(
                vocabulary.terms[term],
                weights[term],
                "literal" if term in literal else "expansion",
                unedited.get(term, 0.0),
                term in by_hand,
                moved.get(term, 0.0),
            )
            for term in order
            if term in by_hand or term in factors or weights[term] or (term in moved and strength)
        ),
    )


def _factors(vocabulary: "Vocabulary", factors: Iterable[tuple[str, float]]) -> dict[int, float]:
    """The factor of each term that words with a factor speak."""
    return {term: factor for words, factor in factors for term in vocabulary.literal_ids(words)}
