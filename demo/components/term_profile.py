"""The terms of one input: as a cloud, where size is weight, and as bars; a term is a button that asks about itself."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import amount, count

if TYPE_CHECKING:
    from core.search.explain import Contribution, QueryTerm

SHOWN = 12
CLOUD = 40
SMALLEST, LARGEST = 12.0, 30.0  # px

TERMS_SCRIPT = "sightwords.terms(element, trigger)"


def term_profile(terms: Sequence["QueryTerm"], title: str) -> str:
    """`terms` heaviest first; `title`: what they are of."""
    if not terms:
        return f'<p class="sw-quiet">{escape(title)} lights up no term.</p>'
    literal = sum(term.kind == "literal" for term in terms)
    heaviest = terms[0].weight
    cloud = "".join(_word(term, heaviest) for term in sorted(terms[:CLOUD], key=lambda term: term.term))
    bars = [_bar(term, heaviest) for term in terms]
    rest = ""
    if len(bars) > SHOWN:
        rest = (
            f'<details class="sw-more"><summary>{count(len(bars) - SHOWN, "lighter term")}</summary>'
            f'<ol class="sw-bars" start="{SHOWN + 1}">{"".join(bars[SHOWN:])}</ol></details>'
        )
    return (
        f'<section class="sw-profile" aria-label="Terms of {escape(title)}"><h3><bdi>{escape(title)}</bdi></h3>'
        f'<p class="sw-quiet">{count(len(terms), "term")}: <span class="sw-literal">{literal} literal</span>, '
        f'<span class="sw-expansion">{len(terms) - literal} expansion</span></p>'
        f'<p class="sw-cloud">{cloud}</p><ol class="sw-bars">{"".join(bars[:SHOWN])}</ol>{rest}</section>'
    )


def term_offers(frequent: Sequence[tuple[str, int]]) -> str:
    """Terms of the collection to begin with, as a cloud; `frequent`: how many items light each, most first."""
    if not frequent:
        return ""
    most = frequent[0][1]
    words = "".join(
        f'<span style="font-size:{SMALLEST + (LARGEST - SMALLEST) * (items / most) ** 0.5:.1f}px">{ask(term)}</span> '
        for term, items in sorted(frequent)
    )
    return (
        '<section class="sw-offers" aria-label="Terms to begin with"><h3>Or choose a term</h3>'
        '<p class="sw-quiet">Those that light up most in this collection; the larger, the more often.</p>'
        f'<p class="sw-cloud">{words}</p></section>'
    )


def shared_terms(rows: Sequence["Contribution"], score: float, names: tuple[str, str]) -> str:
    """What two inputs have in common: weight × weight of each shared term, down to the sum."""
    head = f"<h3>What <bdi>{escape(names[0])}</bdi> and <bdi>{escape(names[1])}</bdi> share</h3>"
    if not rows:
        return f'<section class="sw-shared">{head}<p class="sw-quiet">No term: their score is 0.</p></section>'
    longest = rows[0].contribution
    bars = "".join(
        f'<li class="sw-bar sw-{row.kind}"><span class="sw-term">{ask(row.term)} '
        f'<span class="sw-kind">{row.kind}</span></span>'
        f'<span class="sw-sum sw-number">{amount(row.query_weight)} × {amount(row.item_weight)} = '
        f"<b>{amount(row.contribution)}</b></span>{_track(row.kind, row.contribution / longest)}</li>"
        for row in rows
    )
    return (
        f'<section class="sw-shared" aria-label="Shared terms">{head}<ol class="sw-bars">{bars}</ol>'
        f'<p class="sw-total" data-score="{score!r}"><span>{count(len(rows), "shared term")}</span>'
        f'<span>score <b class="sw-number">{amount(score)}</b></span></p></section>'
    )


def ask(term: str) -> str:
    """A term as a button that asks for its page."""
    name = escape(term)
    said = f'title="About the term {name}"'
    return f'<button type="button" class="sw-ask" data-ask="{name}" {said}><bdi>{name}</bdi></button>'


def _word(term: "QueryTerm", heaviest: float) -> str:
    size = SMALLEST + (LARGEST - SMALLEST) * (term.weight / heaviest) ** 0.8
    return f'<span class="sw-{term.kind}" style="font-size:{size:.1f}px">{ask(term.term)}</span> '


def _bar(term: "QueryTerm", heaviest: float) -> str:
    return (
        f'<li class="sw-bar sw-{term.kind}" data-term="{escape(term.term)}"><span class="sw-term">{ask(term.term)} '
        f'<span class="sw-kind">{term.kind}</span></span>'
        f'<span class="sw-sum sw-number"><b>{amount(term.weight)}</b></span>'
        f"{_track(term.kind, term.weight / heaviest)}</li>"
    )


def _track(kind: str, share: float) -> str:
    return (
        f'<span class="sw-track" aria-hidden="true"><span class="sw-fill sw-{kind}" '
        f'style="width:{max(100 * share, 0.6):.1f}%"></span></span>'
    )
