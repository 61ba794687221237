"""Which posting lists a search on a budget reads: a pure choice, by what each can add to a score and how long it is.

A list that is not read raises every bound by the most it could have added. An item is in one band a term, so of the
unread lists of a term only the heaviest counts, and once that stays unread, the lighter ones may as well. What costs
most time for what it adds is left out first; reading in the opposite order is what makes a search that can end at any
time (Lin and Trotman, "Anytime Ranking for Impact-Ordered Indexes", ICTIR 2015).

Without a budget everything is read. Leaving out what cannot matter (with a first guess of the k-th score: half of the
postings) was measured too: it saved a fifth of the time at best, for tantivy's loop visits nearly every item anyway.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple


class PostingList(NamedTuple):
    """The items that hold a term in one band, for one question.

    `most`: what it adds to a score at most.  `length`: its postings.  `below`: these, and those of the lighter lists of
    its term.  `clause`: how to ask for it, which is not looked at here.
    """

    term: int
    most: float
    length: int
    below: int
    clause: Any


class Reading(NamedTuple):
    """Lists to read; what the others could add to one item's score; how many postings the former have in all."""

    lists: Sequence[PostingList]
    unread: float
    postings: int


def within_budget(lists: Sequence[PostingList], budget: float) -> Reading:
    """The lists that add most for what they cost: `budget` postings at most, but the heaviest list in any case."""
    heaviest = max(lists, key=lambda one: one.most, default=None)
    cuts: dict[int, PostingList] = {}  # by term: its heaviest list that stays unread
    left = sum(one.length for one in lists)
    for one in sorted(lists, key=lambda one: one.most / one.below):
        if left <= budget:
            break
        cut = cuts.get(one.term)
        if one is not heaviest and (cut is None or one.most > cut.most):
            cuts[one.term] = one
            left -= one.below - (cut.below if cut else 0)
    kept = [one for one in lists if one.term not in cuts or one.most > cuts[one.term].most]
    return Reading(kept, sum(cut.most for cut in cuts.values()), left)
