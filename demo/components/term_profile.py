"""The terms of one input as a cloud, where size is weight, and as bars; a term is a button that asks for its page."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import amount, count
from demo.components.term_bars import THINNEST, track

if TYPE_CHECKING:
    from core.search.explain import Contribution, QueryTerm

SHOWN = 12  # bars; the rest unfolds
CLOUD = 40  # terms
SMALLEST, LARGEST = 12.0, 30.0  # px of a term in a cloud

TERMS_SCRIPT = "sightwords.terms(element, trigger)"


def term_profile(terms: Sequence["QueryTerm"], title: str) -> str:
    """How many terms there are of each kind, the cloud, the bars; `terms` heaviest first; `title`: whose they are."""
    if not terms:
        return f'<p class="sw-quiet">{escape(title)} lights up no term.</p>'
    literal = sum(term.kind == "literal" for term in terms)
    heaviest = terms[0].weight
    cloud = "".join(
        _cloud_term(term.term, (term.weight / heaviest) ** 0.8, term.kind)
        for term in sorted(terms[:CLOUD], key=lambda term: term.term)
    )
    bars = [_term_bar(term, heaviest) for term in terms]
    return (
        f'<section class="sw-profile" aria-label="Terms of {escape(title)}"><h3><bdi>{escape(title)}</bdi></h3>'
        f'<p class="sw-quiet">{count(len(terms), "term")}: <span class="sw-literal">{literal} literal</span>, '
        f'<span class="sw-expansion">{len(terms) - literal} expansion</span></p>'
        f'<p class="sw-cloud">{cloud}</p>{folded_bars(bars, SHOWN)}</section>'
    )


def folded_bars(bars: Sequence[str], shown: int) -> str:
    """Bars as a list; those behind the first `shown` unfold."""
    first = f'<ol class="sw-bars">{"".join(bars[:shown])}</ol>'
    if len(bars) <= shown:
        return first
    return (
        f'{first}<details class="sw-more"><summary>{count(len(bars) - shown, "lighter term")}</summary>'
        f'<ol class="sw-bars" start="{shown + 1}">{"".join(bars[shown:])}</ol></details>'
    )


def term_offers(frequent: Sequence[tuple[str, int]]) -> str:
    """Terms of the collection to begin with, as a cloud; `frequent`: each with its number of items, most first."""
    if not frequent:
        return ""
    most = frequent[0][1]
    cloud = "".join(_cloud_term(term, (items / most) ** 0.5) for term, items in sorted(frequent))
    return (
        '<section class="sw-offers" aria-label="Terms to begin with"><h3>Or choose a term</h3>'
        '<p class="sw-quiet">Those that light up most in this collection; the larger, the more often.</p>'
        f'<p class="sw-cloud">{cloud}</p></section>'
    )


def shared_terms(rows: Sequence["Contribution"], score: float, names: tuple[str, str]) -> str:
    """What two inputs have in common: weight × weight of each shared term, and their sum, which is `score`."""
    head = f"<h3>What <bdi>{escape(names[0])}</bdi> and <bdi>{escape(names[1])}</bdi> share</h3>"
    if not rows:
        return f'<section class="sw-shared">{head}<p class="sw-quiet">No term: their score is 0.</p></section>'
    longest = rows[0].contribution
    bars = "".join(
        f'<li class="sw-bar sw-{row.kind}"><span class="sw-term">{term_button(row.term)} '
        f'<span class="sw-kind">{row.kind}</span></span>'
        f'<span class="sw-sum sw-number">{amount(row.query_weight)} × {amount(row.item_weight)} = '
        f"<b>{amount(row.contribution)}</b></span>{_bar(row.kind, row.contribution / longest)}</li>"
        for row in rows
    )
    return (
        f'<section class="sw-shared" aria-label="Shared terms">{head}<ol class="sw-bars">{bars}</ol>'
        f'<p class="sw-total" data-score="{score!r}"><span>{count(len(rows), "shared term")}</span>'
        f'<span>score <b class="sw-number">{amount(score)}</b></span></p></section>'
    )


def term_button(term: str) -> str:
    """A term as a button that asks for its page."""
    name = escape(term)
    return (
        f'<button type="button" class="sw-ask" data-ask="{name}" title="About the term {name}">'
        f"<bdi>{name}</bdi></button>"
    )


def _cloud_term(term: str, size: float, kind: str = "") -> str:
    """`size`: 0 for the smallest letters, 1 for the largest."""
    style = f"font-size:{SMALLEST + (LARGEST - SMALLEST) * size:.1f}px"
    ink = f' class="sw-{kind}"' if kind else ""
    return f'<span{ink} style="{style}">{term_button(term)}</span> '


def _term_bar(term: "QueryTerm", heaviest: float) -> str:
    return (
        f'<li class="sw-bar sw-{term.kind}" data-term="{escape(term.term)}">'
        f'<span class="sw-term">{term_button(term.term)} <span class="sw-kind">{term.kind}</span></span>'
        f'<span class="sw-sum sw-number"><b>{amount(term.weight)}</b></span>'
        f"{_bar(term.kind, term.weight / heaviest)}</li>"
    )


def _bar(kind: str, share: float) -> str:
    return track(kind, max(100 * share, THINNEST))
