"""Why a result is where it is: a bar for each shared term, query weight × picture weight, down to the score."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import amount, column, count
from demo.components.query_chips import MARKS

if TYPE_CHECKING:
    from core.search import Contribution

SHOWN = 12  # what fits beside a picture on a laptop; the rest unfolds


def term_bars(rows: Sequence["Contribution"], score: float) -> str:
    """Bars in descending order of contribution, then the line that adds them up to `score`.

    What is shown adds up exactly (see `amounts.column`); `data-contribution` holds the unrounded value.
    """
    rows = sorted(rows, key=lambda row: -row.contribution)
    if not rows:
        return '<p class="sw-quiet">Nothing in this picture matches a term of the query.</p>'
    longest = max(row.contribution for row in rows) or 1.0
    shown = column([row.contribution for row in rows], score)
    bars = [_bar(row, text, row.contribution / longest) for row, text in zip(rows, shown, strict=True)]
    rest = ""
    if len(bars) > SHOWN:
        # the sum of the shown numbers, so that the folded line adds up like the others
        folded = amount(sum(map(float, shown[SHOWN:])))
        rest = (
            f'<details class="sw-more"><summary>{count(len(bars) - SHOWN, "smaller term")}, together {folded}</summary>'
            f'<ol class="sw-bars" start="{SHOWN + 1}">{"".join(bars[SHOWN:])}</ol></details>'
        )
    return (
        '<div class="sw-bars-head" aria-hidden="true"><span>term</span><span>query × picture = adds</span></div>'
        f'<ol class="sw-bars">{"".join(bars[:SHOWN])}</ol>{rest}'
        f'<p class="sw-total" data-score="{score!r}"><span>{count(len(rows), "shared term")} '
        f"{'adds' if len(rows) == 1 else 'add'} up to</span>"
        f'<span>score <b class="sw-number">{amount(score)}</b></span></p>'
    )


def split_bar(rows: Sequence["Contribution"], score: float, top: float | None = None) -> str:
    """One thin bar: the literal and the expansion part of a score; as long as `score / top` (default: full width)."""
    literal = sum(row.contribution for row in rows if row.kind == "literal")
    share = min(max(literal / score, 0.0), 1.0) if score > 0 else 0.0
    width = min(max(score / top, 0.0), 1.0) if top else 1.0
    return (
        f'<span class="sw-split" style="width:{100 * width:.1f}%" aria-hidden="true">'
        f'<span class="sw-fill sw-literal" style="width:{100 * share:.1f}%"></span>'
        f'<span class="sw-fill sw-expansion" style="width:{100 * (1 - share):.1f}%"></span></span>'
    )


def split_sentence(rows: Sequence["Contribution"], score: float) -> str:
    """How much of the score comes from the words typed, and how much from what the model added; adds up to 100."""
    literal = sum(row.contribution for row in rows if row.kind == "literal")
    percent = round(100 * literal / score) if score > 0 else 0
    return (
        f'<p class="sw-shares"><span class="sw-literal"><span aria-hidden="true">{MARKS["literal"]}</span> '
        f"{percent} % literal</span>"
        f'<span class="sw-expansion"><span aria-hidden="true">{MARKS["expansion"]}</span> '
        f"{100 - percent} % expansion</span></p>"
    )


def _bar(row: "Contribution", shown: str, share: float) -> str:
    kind = "literal" if row.kind == "literal" else "expansion"
    return (
        f'<li class="sw-bar sw-{kind}" data-term="{escape(row.term)}" data-contribution="{row.contribution!r}">'
        f'<span class="sw-term"><bdi>{escape(row.term)}</bdi> <span class="sw-kind">{kind}</span></span>'
        f'<span class="sw-sum sw-number">{amount(row.query_weight)} × {amount(row.item_weight)} = '
        f"<b>{shown}</b></span>"
        f'<span class="sw-track" aria-hidden="true"><span class="sw-fill sw-{kind}" '
        f'style="width:{max(100 * share, 0.6):.1f}%"></span></span></li>'
    )
