"""What is said beside an answer: words that were not known, a question from another world, one that nothing answers.

The only place that decides this and words it, for every interface. Knows no models and no collections.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from index_store.vectors import SparseVector

LOOKED_AT = 10  # of the best items: the first may repeat one thing that was asked for, the next have all of them

RemarkKind = Literal["unknown words", "out of world", "unanswered"]


@dataclass(frozen=True)
class Remark:
    """A sentence about an answer. `words`: those that the model does not know, as the sentence quotes them."""

    kind: RemarkKind
    said: str
    words: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The keys `kind`, `said`, `words`."""
        return asdict(self) | {"words": list(self.words)}


def best_match(query: SparseVector, item: SparseVector) -> float:
    """How much of a question an item holds, 0 to 1: Σ q min(q, d) / Σ q², over the terms' weights q and d.

    A term of the question counts by its squared weight: in full where the item weighs it at least as heavily, in part
    where it does so less. What else an item holds makes no difference, unlike in a cosine: a crowded picture answers
    as well as a plain one. 0 for a question without terms.
    """
    whole = float(np.square(query.weights, dtype=np.float64).sum())
    if not whole:
        return 0.0
    _, asked, held = query.intersection(item)
    return float((asked.astype(np.float64) * np.minimum(asked, held)).sum()) / whole


def answers(query: SparseVector, best: Iterable[SparseVector], answered_from: float | None) -> bool | None:
    """Whether one of the best items holds enough of a question; None where nobody has said how much that is."""
    if answered_from is None:
        return None
    return max((best_match(query, item) for item in best), default=0.0) >= answered_from


def remarks(
    model: str, unknown: tuple[str, ...], out_of_world: bool, answered: bool | None, narrowed: bool = False
) -> tuple[Remark, ...]:
    """What is to be said of an answer. `narrowed`: only some of the collection's items were asked for.

    That nothing answers well is said only of a question that the model understands: else that is the reason.
    """
    said = []
    if unknown:
        said.append(Remark("unknown words", f"The model '{model}' does not know {_named(unknown)}.", unknown))
    if out_of_world:
        nearest = "The illustrated world holds nothing like this; what is found only comes nearest."
        said.append(Remark("out of world", nearest))
    if not said and answered is False:
        where = "among these" if narrowed else "in this collection"
        said.append(Remark("unanswered", f"No picture {where} answers this well; what is found only comes nearest."))
    return tuple(said)


def _named(words: tuple[str, ...]) -> str:
    quoted = [f"‘{word}’" for word in words]
    listed = quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
    return f"the {'word' if len(words) == 1 else 'words'} {listed}"
