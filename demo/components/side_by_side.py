"""Two rankings of one question as two columns of pictures; a line joins the two places of a picture that both hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import amount, count, milliseconds
from demo.components.result_grid import file_url, name_of

if TYPE_CHECKING:
    from core.search.comparison import RankingComparison
    from core.search.explain import QueryTerm
    from core.search.methods import Ranking
    from index_store.items import Item

ROW = 72  # px of a row
TERMS = 12  # shown above a column
MIDDLE = 100  # units that the lines run across; stretched to the width between the columns


@dataclass(frozen=True)
class Side:
    """One column: what the method is called, its ranking, and the items of the ranking in order."""

    name: str
    ranking: "Ranking"
    items: "Sequence[Item]"


def side_by_side(
    first: Side, second: Side, comparison: "RankingComparison", url: Callable[[str], str] = file_url
) -> str:
    """How much both rankings share, then the two columns, each below its terms.

    `url` makes the address of a thumbnail from its path.
    """
    shared = {row.id for row in comparison.first} & {row.id for row in comparison.second}
    positions = [
        {row.id: position for position, row in enumerate(side)} for side in (comparison.first, comparison.second)
    ]
    height = ROW * max(len(comparison.first), len(comparison.second))
    lines = "".join(_line(before, after) for before, after in comparison.lines)
    return (
        f'<section class="sw-compare" style="--sw-row:{ROW}px" aria-label="Comparison">'
        f"{_summary(comparison, len(shared))}"
        f'<div class="sw-sides">{_head(first)}<span></span>{_head(second)}'
        f"{_column(first, shared, positions[1], url)}"
        f'<svg class="sw-ranks" viewBox="0 0 {MIDDLE} {height}" style="height:{height}px" preserveAspectRatio="none" '
        f'aria-hidden="true">{lines}</svg>{_column(second, shared, positions[0], url)}</div></section>'
    )


def _summary(comparison: "RankingComparison", shared: int) -> str:
    longest = max(len(comparison.first), len(comparison.second))
    tau = comparison.kendall_tau
    order = f" · Kendall τ of their order <b>{amount(tau, 2)}</b>" if tau is not None else ""
    return (
        f'<p class="sw-agreement"><b>{shared} of {longest}</b> pictures in both '
        f"(overlap {amount(comparison.overlap, 2)}){order}</p>"
    )


def _head(side: Side) -> str:
    terms = side.ranking.terms
    if terms:
        shown = " ".join(_term(term) for term in terms[:TERMS])
        rest = f" and {count(len(terms) - TERMS, 'more', 'more')}" if len(terms) > TERMS else ""
        sentence = f"{count(len(terms), 'term')}: {shown}{rest}"
    else:
        sentence = "No terms: the dot product of two dense vectors, whose dimensions mean nothing to a person."
    return (
        f'<header><h3>{escape(side.name)}</h3><p class="sw-quiet sw-number">{milliseconds(side.ranking.milliseconds)}'
        f'</p><p class="sw-side-terms">{sentence}</p></header>'
    )


def _term(term: "QueryTerm") -> str:
    return f'<bdi class="sw-{term.kind}" title="{term.kind}, weight {amount(term.weight)}">{escape(term.term)}</bdi>'


def _column(side: Side, shared: set[int], elsewhere: dict[int, int], url: Callable[[str], str]) -> str:
    if not side.items:
        return '<p class="sw-quiet">It finds no picture.</p>'
    rows = "".join(
        _row(position, item, row.score, elsewhere.get(item.id), url)
        for position, (item, row) in enumerate(zip(side.items, side.ranking.hits, strict=True))
    )
    return f'<ol class="sw-side" aria-label="{escape(side.name)}">{rows}</ol>'


def _row(position: int, item: "Item", score: float, other: int | None, url: Callable[[str], str]) -> str:
    """One item of a column; `position`, `other`: where it stands in this ranking and in the other one, from 0."""
    name = escape(name_of(item))
    image = f'<img src="{escape(url(item.thumbnail))}" alt="{name}" loading="lazy">' if item.thumbnail else ""
    if other is None:
        moved = '<span class="sw-only">only here</span>'
    elif other == position:
        moved = "<span>same place</span>"
    else:
        moved = f"<span>number {other + 1} there</span>"
    return (
        f'<li data-id="{item.id}" title="{name}"><b class="sw-number">{position + 1}</b>{image}'
        f'<span class="sw-side-text"><bdi>{name}</bdi>'
        f'<small class="sw-number">{amount(score)} · {moved}</small></span></li>'
    )


def _line(before: int, after: int) -> str:
    y1, y2 = ROW * (before + 0.5), ROW * (after + 0.5)
    kind = "sw-same" if before == after else "sw-up" if after < before else "sw-down"
    return (
        f'<path class="{kind}" d="M0 {y1:.0f}C{MIDDLE / 2:.0f} {y1:.0f} {MIDDLE / 2:.0f} {y2:.0f} {MIDDLE} {y2:.0f}" '
        'vector-effect="non-scaling-stroke"></path>'
    )
