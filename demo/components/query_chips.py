"""The query as the model reads it: one chip a term, literal and expansion told apart by colour, mark and word."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import count, weight

if TYPE_CHECKING:
    from core.search import SearchTerm

SHOWN = 12  # a line or two of chips on a laptop; the rest unfolds
MARKS = {"literal": "●", "expansion": "◆"}
MEANINGS = {"literal": "in your words", "expansion": "added by the model"}


def query_chips(terms: Sequence["SearchTerm"]) -> str:
    """Chips with weights, heaviest first as given; the legend says what the two kinds mean."""
    if not terms:
        return ""
    rest = terms[SHOWN:]
    more = ""
    if rest:
        more = (
            f'<li class="sw-more"><details><summary>{count(len(rest), "lighter term")}</summary>'
            f'<ul class="sw-chips">{"".join(map(_chip, rest))}</ul></details></li>'
        )
    return (
        '<section class="sw-query" aria-label="Your query as terms">'
        f'<div class="sw-query-head"><h2>Your query lights up {count(len(terms), "term")}</h2>{legend()}</div>'
        f'<ul class="sw-chips">{"".join(map(_chip, terms[:SHOWN]))}{more}</ul></section>'
    )


def legend() -> str:
    """What the two colours and marks stand for."""
    kinds = "".join(
        f'<span class="sw-{kind}"><span class="sw-dot" aria-hidden="true">{MARKS[kind]}</span> '
        f"<b>{kind}</b> {MEANINGS[kind]}</span>"
        for kind in ("literal", "expansion")
    )
    return f'<p class="sw-legend">{kinds}</p>'


def _chip(term: "SearchTerm") -> str:
    kind = "literal" if term.kind == "literal" else "expansion"
    return (
        f'<li class="sw-chip sw-{kind}" title="{kind}: {MEANINGS[kind]}">'
        f'<span class="sw-dot" aria-hidden="true">{MARKS[kind]}</span>'
        f'<bdi>{escape(term.term)}</bdi><span class="sw-hidden"> ({kind})</span> '
        f'<span class="sw-number">{weight(term.weight)}</span></li>'
    )
