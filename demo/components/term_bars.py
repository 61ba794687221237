"""Why a result is where it is: a bar for each shared term, query weight × picture weight, down to the score."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import amount, column, count
from demo.components.query_chips import MARKS

if TYPE_CHECKING:
    from core.search.explain import Contribution

SHOWN = 12  # what fits beside a picture on a laptop; the rest unfolds


def term_bars(rows: Sequence["Contribution"], score: float, pointing: bool = False) -> str:
    """Bars in descending order of contribution, then the line that adds them up to `score`.

    What is shown adds up exactly (see `amounts.column`); `data-contribution` holds the unrounded value. `pointing`:
    each term is a button that asks where in the picture it was seen.
    """
    rows = sorted(rows, key=lambda row: -row.contribution)
    if not rows:
        return '<p class="sw-quiet">Nothing in this picture matches a term of the query.</p>'
    longest = max(abs(row.contribution) for row in rows) or 1.0
    shown = column([row.contribution for row in rows], score)
    bars = [_bar(row, text, abs(row.contribution) / longest, pointing) for row, text in zip(rows, shown, strict=True)]
    for_it = sum(row.contribution >= 0 for row in rows)  # those against come last, and are never folded away
    rest = ""
    if for_it > SHOWN:
        # the sum of the shown numbers, so that the folded line adds up like the others
        folded = amount(sum(map(float, shown[SHOWN:for_it])))
        rest = (
            f'<details class="sw-more"><summary>{count(for_it - SHOWN, "smaller term")}, together {folded}</summary>'
            f'<ol class="sw-bars" start="{SHOWN + 1}">{"".join(bars[SHOWN:for_it])}</ol></details>'
        )
    against = "".join(bars[for_it:])
    if against:
        rest += f'<ol class="sw-bars" start="{for_it + 1}" aria-label="Terms against it">{against}</ol>'
    return (
        '<div class="sw-bars-head" aria-hidden="true"><span>term</span><span>query × picture = adds</span></div>'
        f'<ol class="sw-bars">{"".join(bars[: min(SHOWN, for_it)])}</ol>{rest}'
        f'<p class="sw-total" data-score="{score!r}"><span>{count(len(rows), "shared term")} '
        f"{'adds' if len(rows) == 1 else 'add'} up to</span>"
        f'<span>score <b class="sw-number">{amount(score)}</b></span></p>'
    )


def split_bar(rows: Sequence["Contribution"], score: float, top: float | None = None) -> str:
    """One thin bar: the literal and the expansion part of a score; as long as `score / top` (default: full width)."""
    share = _literal_share(rows)
    width = min(max(score / top, 0.0), 1.0) if top else 1.0
    return (
        f'<span class="sw-split" style="width:{100 * width:.1f}%" aria-hidden="true">'
        f'<span class="sw-fill sw-literal" style="width:{100 * share:.1f}%"></span>'
        f'<span class="sw-fill sw-expansion" style="width:{100 * (1 - share):.1f}%"></span></span>'
    )


def split_sentence(rows: Sequence["Contribution"], score: float) -> str:
    """How much of what speaks for it comes from the words typed and how much from the model; adds up to 100."""
    percent = round(100 * _literal_share(rows)) if score > 0 else 0
    return (
        f'<p class="sw-shares"><span class="sw-literal"><span aria-hidden="true">{MARKS["literal"]}</span> '
        f"{percent} % literal</span>"
        f'<span class="sw-expansion"><span aria-hidden="true">{MARKS["expansion"]}</span> '
        f"{100 - percent} % expansion</span></p>"
    )


def _literal_share(rows: Sequence["Contribution"]) -> float:
    """The share (0..1) of what speaks for a result that comes from literal terms."""
    wanted = [row for row in rows if row.contribution > 0]
    total = sum(row.contribution for row in wanted)
    return sum(row.contribution for row in wanted if row.kind == "literal") / total if total else 0.0


def _bar(row: "Contribution", shown: str, share: float, pointing: bool) -> str:
    kind = "literal" if row.kind == "literal" else "expansion"
    term, colour = escape(row.term), "against" if row.contribution < 0 else kind
    said = "against" if row.contribution < 0 else kind
    name = f"<bdi>{term}</bdi>"
    if pointing:
        name = (
            f'<button type="button" class="sw-see" data-see="{term}" aria-pressed="false" '
            f'title="Show where in the picture">{name}</button>'
        )
    return (
        f'<li class="sw-bar sw-{colour}" data-term="{term}" data-contribution="{row.contribution!r}">'
        f'<span class="sw-term">{name} <span class="sw-kind">{said}</span></span>'
        f'<span class="sw-sum sw-number">{amount(row.query_weight)} × {amount(row.item_weight)} = '
        f"<b>{shown}</b></span>"
        f'<span class="sw-track" aria-hidden="true"><span class="sw-fill sw-{colour}" '
        f'style="width:{max(100 * share, 0.6):.1f}%"></span></span></li>'
    )
