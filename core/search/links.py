"""Links of a text's terms to its words: what they are, and those that a query table gives; must not know encoders."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.models.query_table import QueryTable

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


def table_links(table: "QueryTable", text: str) -> Links:
    """What each word gives to each term; exact, as a table only adds. Words that light nothing are left out."""
    rows = table.rows(text)
    sums = {term: sum(row.get(term, 0.0) for row in rows.values()) for row in rows.values() for term in row}
    links = []
    for term, weight in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])):
        given = [row.get(term, 0.0) for row in rows.values()]
        falls = tuple(one / weight for one in given)
        links.append(Link(term, weight, falls, named_word(falls, given)))
    return Links(tuple(rows), tuple(links))


def named_word(falls: Sequence[float], lost: Sequence[float]) -> int | None:
    """The index of the word without which the term loses most, if that is much and no other word comes close; or None.

    `falls`: shares of the weight; `lost`: of the logit, which decides: a faint term goes out whichever word is missing,
    but its logit falls deepest without the word that lights it up.
    """
    first = int(np.argmax(lost))
    others = [loss for word, loss in enumerate(lost) if word != first]
    if falls[first] < CLEAR or (others and max(others) > (1 - AHEAD) * lost[first]):
        return None
    return first
