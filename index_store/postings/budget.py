"""Which posting lists a search with a budget reads: a pure choice, by what each list can add to a score and its length.

A list that is not read raises the bound of every item by the most that it could have added. For one term an item is in
one band only, so of a term's unread lists only the heaviest raises the bound, and the lighter ones can stay unread at
no further loss. The lists that cost most postings for what they add are left out first. (A search that reads in the
opposite order could end at any time: Lin and Trotman, "Anytime Ranking for Impact-Ordered Indexes", ICTIR 2015.)

Without a budget every list is read. We also measured leaving out the lists that cannot matter, from a first guess of
the k-th score: half of the postings went unread, but at best a fifth of the time was saved, because tantivy's loop
visits nearly every item anyway.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple


class PostingList(NamedTuple):
    """The items that hold a term in one band, for one query.

    `most`: the most that the list adds to a score.  `length`: its postings.  `below`: its postings and those of the
    lighter lists of its term.  `clause`: how the reader asks tantivy for it; not used here.
    """

    term: int
    most: float
    length: int
    below: int
    clause: Any


class BudgetPlan(NamedTuple):
    """The lists to read; the most that all others could add to one item's score; the postings of the lists to read."""

    lists: Sequence[PostingList]
    unread: float
    postings: int


def plan_within(lists: Sequence[PostingList], budget: float) -> BudgetPlan:
    """Chooses the lists that add most for what they cost: `budget` postings at most.

    The heaviest list is read in any case, even where it alone is longer than the budget.
    """
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
    return BudgetPlan(kept, sum(cut.most for cut in cuts.values()), left)
