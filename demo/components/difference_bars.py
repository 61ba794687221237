"""Why one result is above another: the terms that made the difference, one result to each side; plain data to HTML."""

from html import escape
from typing import TYPE_CHECKING

from core.search.explain import differences
from demo.components.amounts import amount, column, count

if TYPE_CHECKING:
    from core.search.explain import Difference
    from core.search.results import SearchHit

SHOWN = 10


def difference_bars(hit: "SearchHit", rank: int, rival: "SearchHit", rival_rank: int) -> str:
    """Bars from the middle: right what speaks for `hit`, left for `rival`; the remainder in one line; then the sum."""
    rows = differences(hit.contributions, rival.contributions)
    gap = hit.score - rival.score
    shown = column([row.difference for row in rows], gap)
    longest = max((abs(row.difference) for row in rows), default=0.0) or 1.0
    bars = [_bar(row, text, row.difference / longest) for row, text in zip(rows, shown, strict=True)]
    rest = ""
    if len(bars) > SHOWN:
        folded = _signed(sum(map(float, shown[SHOWN:])))
        rest = (
            f'<details class="sw-more"><summary>{count(len(bars) - SHOWN, "smaller difference")}, together {folded}'
            f'</summary><ol class="sw-bars" start="{SHOWN + 1}">{"".join(bars[SHOWN:])}</ol></details>'
        )
    return (
        f'<p class="sw-versus-head"><span class="sw-number">◂ for number {rival_rank}</span>'
        f'<span class="sw-number">for number {rank} ▸</span></p>'
        f'<ol class="sw-bars sw-differences">{"".join(bars[:SHOWN])}</ol>{rest}'
        f'<p class="sw-total" data-gap="{gap!r}"><span>{amount(hit.score)} − {amount(rival.score)}</span>'
        f'<span>difference <b class="sw-number">{_signed(float(amount(gap)))}</b></span></p>'
    )


def _bar(row: "Difference", shown: str, share: float) -> str:
    kind = "literal" if row.kind == "literal" else "expansion"
    width = max(50 * abs(share), 0.4)
    left = 50.0 if share >= 0 else 50 - width
    return (
        f'<li class="sw-bar sw-{kind}" data-term="{escape(row.term)}" data-difference="{row.difference!r}">'
        f'<span class="sw-term"><bdi>{escape(row.term)}</bdi> <span class="sw-kind">{kind}</span></span>'
        f'<span class="sw-sum sw-number">{amount(row.first)} − {amount(row.second)} = <b>{_signed(float(shown))}</b>'
        '</span><span class="sw-track sw-both" aria-hidden="true">'
        f'<span class="sw-fill sw-{kind}" style="margin-left:{left:.1f}%;width:{width:.1f}%"></span></span></li>'
    )


def _signed(value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + amount(abs(value))
