"""Remarks on an answer: words that the model does not know, a question from another world, one that nothing answers.

The only place that decides on them and words them, for every interface. Knows no models and no collections.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.search.query_language import MAX_FACTOR
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.search.spelling import Correction
    from core.search.understanding import Understood

LOOKED_AT = 10  # of the best items: the first may repeat one thing that was asked for, the next have all of them

RemarkKind = Literal[
    "unknown words",
    "out of world",
    "unanswered",
    "corrected",
    "did you mean",
    "unknown thing",
    "only without",
    "factor",
    "brackets",
    "whole",
]  # fmt: skip


@dataclass(frozen=True)
class Remark:
    """A sentence about an answer. `words`: those that the model does not know, as the sentence quotes them.

    `instead`: whole texts that one may ask instead, as the sentence quotes what is other in them, in that order.
    """

    kind: RemarkKind
    sentence: str
    words: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The keys `kind`, `said` (the sentence), `words`, `instead`."""
        return {"kind": self.kind, "said": self.sentence, "words": list(self.words), "instead": list(self.instead)}


def best_match(query: SparseVector, item: SparseVector) -> float:
    """The share (0..1) of a query that an item holds: Σ q min(q, d) / Σ q², over the terms' weights q and d.

    A term of the query counts by its squared weight: in full where the item weighs it at least as heavily, in part
    where it weighs it less. Other terms of the item make no difference, unlike in a cosine: a crowded picture answers
    as well as a plain one. 0 for a query without terms.
    """
    whole = float(np.square(query.weights, dtype=np.float64).sum())
    if not whole:
        return 0.0
    _, mine, theirs = query.intersection(item)
    return float((mine.astype(np.float64) * np.minimum(mine, theirs)).sum()) / whole


def own_term(query: SparseVector, literal: Collection[int]) -> int | None:
    """The term that a question speaks, where it speaks one only and that is its heaviest; else None.

    Such a question is a word, and asks for that. Its other terms are kinds of it, of which no picture has many: "white"
    lights "white cat", "white house" and twenty more.
    """
    (term,) = literal if len(literal) == 1 else (None,)
    return term if term is not None and query.terms[query.weights.argmax()] == term else None


def answer_match(query: SparseVector, literal: Collection[int], best: Iterable[SparseVector]) -> float:
    """The highest `best_match` (0..1) of a query, or of its own term alone, with one of the best items; 0 for none.

    `literal`: ids of the terms that the question speaks.
    """
    own = own_term(query, literal) if len(query) else None
    asked = [query] if own is None else [query, query.top(1)]
    return max((best_match(part, item) for item in best for part in asked), default=0.0)


def is_answered(
    query: SparseVector, best: Iterable[SparseVector], answered_from: float | None, literal: Collection[int] = ()
) -> bool | None:
    """Whether the `answer_match` with the best items is at least `answered_from`; None where that is not known."""
    return None if answered_from is None else answer_match(query, literal, best) >= answered_from


def remarks(
    model: str,
    unknown: tuple[str, ...],
    out_of_world: bool,
    answered: bool | None,
    *,
    narrowed: bool = False,
    world: bool = False,
) -> tuple[Remark, ...]:
    """The remarks on an answer of a model.

    `narrowed`: only some of the collection's items were searched; `world`: the collection is the built-in world.
    That nothing answers well is remarked only of a question that the model understands; otherwise that is the reason.
    """
    found = []
    if unknown:
        found.append(Remark("unknown words", f"The model '{model}' does not know {_named(unknown)}.", unknown))
    if out_of_world:
        nothing = (
            "The illustrated world holds nothing like this" if world else "Nothing in this collection is like this"
        )
        found.append(Remark("out of world", f"{nothing}; what is found only comes nearest."))
    if not found and answered is False:
        where = "among these" if narrowed else "in this collection"
        found.append(Remark("unanswered", f"No picture {where} answers this well; what is found only comes nearest."))
    return tuple(found)


def remarks_on_rank(rank: str, bent: bool) -> tuple[Remark, ...]:
    """What is to be said where the whole ranks and terms are `bent`, by hand, by factors, mode or expansion."""
    if rank == "fused" and bent:
        said = "The whole picture is compared with the question as you asked it; only its terms can be bent."
        return (Remark("whole", said),)
    if rank == "dense" and bent:
        return (
            Remark("whole", "The whole picture alone ranks here, so that weights and matching of terms do nothing."),
        )
    return ()


def remarks_on_text(model: str, text: str, understood: "Understood", only_without: bool) -> tuple[Remark, ...]:
    """What is to be said of how a text was understood. `only_without`: it says nothing but what should not be there."""
    found = [_correction(text, one, one in understood.corrected) for one in understood.corrections]
    for words in understood.unknown:
        found.append(
            Remark(
                "unknown thing",
                f"‘{words}’ means nothing to the model '{model}', so it is neither left out nor asked for.",
                (words,),
            )
        )
    for factor in understood.question.clipped:
        found.append(Remark("factor", f"A word counts at most {MAX_FACTOR:g} times, so ‘{factor}’ does.", (factor,)))
    for brackets in understood.question.unread:
        found.append(
            Remark(
                "brackets",
                f"‘{brackets}’ is read without its brackets, which hold OR alone: (cat OR dog).",
                (brackets,),
            )
        )
    if only_without:
        things = ", ".join(understood.question.without)
        found.append(
            Remark(
                "only without",
                f"You said only what should not be there: these are without {things}, in no order; "
                "add what they should show.",
            )
        )
    return tuple(found)


def _correction(text: str, correction: "Correction", corrected: bool) -> Remark:
    def asking(word: str) -> str:
        return re.sub(rf"\b{re.escape(correction.word)}\b", lambda _: word, text, flags=re.IGNORECASE)

    if corrected:
        others = correction.meant[1:]
        offered = (*map(asking, others), asking(f'"{correction.word}"'))
        asked = " or ".join(f"‘{one}’" for one in (*others, correction.word))
        said = f"‘{correction.word}’ is no word that is known here, so ‘{correction.meant[0]}’ was searched for; "
        return Remark("corrected", f"{said}or was it {asked}?", (correction.word,), offered)
    offered = tuple(map(asking, correction.meant))
    asked = " or ".join(f"‘{one}’" for one in correction.meant)
    said = f"‘{correction.word}’ is no word that is known here; did you mean {asked}?"
    return Remark("did you mean", said, (correction.word,), offered)


def _named(words: tuple[str, ...]) -> str:
    quoted = [f"‘{word}’" for word in words]
    listed = quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
    return f"the {'word' if len(words) == 1 else 'words'} {listed}"
