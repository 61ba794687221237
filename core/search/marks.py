"""What marks make of a question: results that a person called right or wrong, and the weights that follow them.

This is Rocchio's relevance feedback over terms ("Relevance feedback in information retrieval", 1971): the question
moves towards the mean of what is right and away from the mean of what is wrong. Each move is the weight of a term, so
that a person sees it and can take it back. Must not know collections or pages.
"""

from collections.abc import Sequence
from collections.abc import Set as Ids
from dataclasses import dataclass

import numpy as np

from index_store.vectors import SparseVector

RIGHT, WRONG = 0.7, 0.3  # the say of right and of wrong items beside a question's own, which is 1 (on val splits)
ADDED = 12  # terms at most that marks add to a question, those that move most: as many as chips show at once


@dataclass(frozen=True)
class Marks:
    """The vectors of the items that a person marked."""

    right: Sequence[SparseVector] = ()
    wrong: Sequence[SparseVector] = ()


NO_MARKS = Marks()


def moves(question: SparseVector, literal: Ids[int], marks: Marks) -> dict[int, float]:
    """{term: what marks add to its weight in the question, or, below 0, take away}; none is 0.

    Each item is first brought to the question's length, so that marks weigh the same whatever the model. The more terms
    a question speaks (`literal`), the less there is to guess from marks: their say falls with the square of that
    number, without which questions that say all they mean lose by marks (`benchmarks/feedback.py`). A term of the
    question falls to 0 at most, so that marks never turn what was asked against an item; a `literal` one does not fall
    at all. Of other terms the ADDED count that move most; below 0 they are against an item.
    """
    own = dict(zip(question.terms.tolist(), question.weights.tolist(), strict=True))
    shift: dict[int, float] = {}
    spoken = max(1, len(literal))
    for items, say in ((marks.right, RIGHT), (marks.wrong, -WRONG)):
        for term, weight in mean_of(items, length_of(question)).items():
            shift[term] = shift.get(term, 0.0) + say / spoken**2 * weight
    for term in own.keys() & shift.keys():
        shift[term] = max(shift[term], 0.0 if term in literal else -own[term])
    others = sorted((term for term in shift if term not in own), key=lambda term: (-abs(shift[term]), term))
    kept = (own.keys() & shift.keys()) | set(others[:ADDED])
    return {term: shift[term] for term in sorted(kept) if shift[term]}


def mean_of(items: Sequence[SparseVector], length: float) -> dict[int, float]:
    """{term: weight} of the mean of items, each brought to a length; as they are where that is 0."""
    total: dict[int, float] = {}
    for item in items:
        own = length_of(item)
        scale = (length / own if length and own else 1.0) / len(items)
        for term, weight in zip(item.terms.tolist(), item.weights.tolist(), strict=True):
            total[term] = total.get(term, 0.0) + scale * weight
    return total


def length_of(vector: SparseVector) -> float:
    """The Euclidean length of a vector, in float64."""
    return float(np.linalg.norm(vector.weights.astype(np.float64)))
