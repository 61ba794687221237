"""Why a result has its rank: a bar for each term that adds to its score, or that sets it apart from another result."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from core.search.explain import differences
from demo.components.amounts import amount, count, rounded_column
from demo.components.query_chips import MARKS

if TYPE_CHECKING:
    from core.search.explain import Contribution, Difference
    from core.search.results import SearchHit

SHOWN = 12  # what fits beside a picture on a laptop; the rest unfolds
DIFFERENCES_SHOWN = 10
NAMES = {"literal": "literal", "expansion": "expansion", "whole": "whole picture"}  # of kinds, beside their shares
WRITTEN = "✎"  # marks what comes from captions and keywords
THINNEST = 0.6  # % of the width: what is there at all can be seen


def track(kind: str, percent: float, left: float | None = None, written: float = 0.0) -> str:
    """One bar: `percent` of the width long, from `left` percent on; `kind`: whose ink it has.

    `written`: the share of its length, at its end, that comes from what is written of the item.
    """
    margin = "" if left is None else f"margin-left:{left:.1f}%;"
    middle = "" if left is None else " sw-both"
    return (
        f'<span class="sw-track{middle}" aria-hidden="true">'
        f"{_fill(kind, percent * (1 - written), margin)}{_fill(f'{kind} sw-written', percent * written)}</span>"
    )


def _fill(kind: str, percent: float, margin: str = "") -> str:
    return f'<span class="sw-fill sw-{kind}" style="{margin}width:{percent:.1f}%"></span>' if percent else ""


def term_bars(rows: Sequence["Contribution"], score: float, pointing: bool = False, parted: bool = False) -> str:
    """Bars in descending order of contribution, then the line that adds them up to `score`.

    What is shown adds up exactly (see `rounded_column`); `data-contribution` holds the unrounded value. `pointing`:
    each term that was seen is a button that asks where in the picture. `parted`: what was seen and what is written are
    told apart.
    """
    rows = sorted(rows, key=lambda row: -row.contribution)
    if not rows:
        return '<p class="sw-quiet">Nothing in this picture matches a term of the query.</p>'
    longest = max(abs(row.contribution) for row in rows) or 1.0
    shown = rounded_column([row.contribution for row in rows], score)
    bars = [
        _bar(row, text, abs(row.contribution) / longest, pointing, parted)
        for row, text in zip(rows, shown, strict=True)
    ]
    in_favour = sum(row.contribution >= 0 for row in rows)  # those against come last, and are never folded away
    rest = ""
    if in_favour > SHOWN:
        # the sum of the shown numbers, so that the folded line adds up like the others
        folded = amount(sum(map(float, shown[SHOWN:in_favour])))
        rest = (
            f'<details class="sw-more"><summary>{count(in_favour - SHOWN, "smaller term")}, together {folded}</summary>'
            f'<ol class="sw-bars" start="{SHOWN + 1}">{"".join(bars[SHOWN:in_favour])}</ol></details>'
        )
    against = "".join(bars[in_favour:])
    if against:
        rest += f'<ol class="sw-bars" start="{in_favour + 1}" aria-label="Terms against it">{against}</ol>'
    return (
        '<div class="sw-bars-head" aria-hidden="true"><span>term</span><span>query × picture = adds</span></div>'
        f'<ol class="sw-bars">{"".join(bars[: min(SHOWN, in_favour)])}</ol>{rest}'
        f'<p class="sw-total" data-score="{score!r}"><span>{_what_adds(rows)} up to</span>'
        f'<span>score <b class="sw-number">{amount(score)}</b></span></p>'
    )


def _what_adds(rows: Sequence["Contribution"]) -> str:
    """The subject and verb of the line that adds up."""
    wholes = [row.term for row in rows if row.kind == "whole"]
    terms = len(rows) - len(wholes)
    named = ([count(terms, "shared term")] if terms or not wholes else []) + wholes
    return f"{' and '.join(named)} {'adds' if len(rows) == 1 else 'add'}"


def _bar(row: "Contribution", shown: str, share: float, pointing: bool, parted: bool) -> str:
    kind = "against" if row.contribution < 0 else row.kind
    term = escape(row.term)
    name = f"<bdi>{term}</bdi>"
    bar = track(kind, max(100 * share, THINNEST), written=written_part(row) if parted else 0.0)
    said = "compared at once" if row.kind == "whole" else kind
    if pointing and can_be_seen(row):
        name = (
            f'<button type="button" class="sw-see" data-see="{term}" aria-pressed="false" '
            f'title="Show where in the picture">{name}</button>'
        )
    return (
        f'<li class="sw-bar sw-{kind}" data-term="{term}" data-contribution="{row.contribution!r}">'
        f'<span class="sw-term">{name} <span class="sw-kind">{said}</span>{source_note(row) if parted else ""}</span>'
        f'<span class="sw-sum sw-number">{amount(row.query_weight)} × {amount(row.item_weight)} = '
        f"<b>{shown}</b></span>{bar}</li>"
    )


def can_be_seen(row: "Contribution") -> bool:
    """Whether it can be asked where in the picture its term was seen."""
    return row.kind != "whole" and row.source != "written"


def source_note(row: "Contribution") -> str:
    """How much of what a term adds is written of the picture; nothing where all of it was seen."""
    if row.source == "seen":
        return ""
    part = f"{amount(abs(row.written))} of it " if row.source == "both" else ""
    return f' <span class="sw-source"><span aria-hidden="true">{WRITTEN}</span> {part}written</span>'


def written_part(row: "Contribution") -> float:
    """The written share, 0..1, of what a term adds or takes."""
    return row.written / row.contribution if row.contribution else 0.0


def split_bar(rows: Sequence["Contribution"], score: float, top: float | None = None, parted: bool = False) -> str:
    """One thin bar: the literal and the expansion part of a score, and that of the whole picture, where there is one.

    It is as long as `score / top`; without `top` it has the full width. `parted`: each part ends with what is written.
    """
    width = min(max(score / top, 0.0), 1.0) if top else 1.0
    written = {kind: _written_share(rows, kind) if parted else 0.0 for kind in NAMES}
    fills = "".join(
        f"{_fill(kind, 100 * share * (1 - written[kind]))}{_fill(f'{kind} sw-written', 100 * share * written[kind])}"
        for kind, share in _shares(rows).items()
    )
    return f'<span class="sw-split" style="width:{100 * width:.1f}%" aria-hidden="true">{fills}</span>'


def split_sentence(rows: Sequence["Contribution"], score: float, parted: bool = False) -> str:
    """Percentages that add up to 100: how much of what adds to the score is literal, expansion, or the whole.

    `parted`: then how much was seen, and how much is written.
    """
    shares = _shares(rows) if score > 0 else {"literal": 0.0, "expansion": 1.0}
    percents = {kind: round(100 * share) for kind, share in shares.items()}
    percents["expansion"] += 100 - sum(percents.values())
    told = (
        f'<span class="sw-{kind}"><span aria-hidden="true">{MARKS[kind]}</span> {percent} % {NAMES[kind]}</span>'
        for kind, percent in percents.items()
    )
    return f'<p class="sw-shares">{"".join(told)}</p>{_sources(rows) if parted else ""}'


def is_parted(hit: "SearchHit") -> bool:
    """Whether some of what adds to a picture's score is written of it; all of a caption is."""
    return hit.kind == "image" and any(row.written for row in hit.contributions)


def _sources(rows: Sequence["Contribution"]) -> str:
    """How much of what adds to a score was seen, and how much is written, with what bars look like."""
    written = round(100 * _written_share(rows))
    return (
        '<p class="sw-sources">'
        f'<span><span class="sw-swatch" aria-hidden="true"></span>{100 - written} % seen</span>'
        f'<span><span class="sw-swatch sw-written" aria-hidden="true"></span>{WRITTEN} {written} % written</span>'
        "</p>"
    )


def _written_share(rows: Sequence["Contribution"], kind: str | None = None) -> float:
    """The written share, 0..1, of what the rows of a kind, or all, add."""
    positive = [row for row in rows if row.contribution > 0 and kind in (None, row.kind)]
    total = sum(row.contribution for row in positive)
    return sum(row.written for row in positive) / total if total else 0.0


def _shares(rows: Sequence["Contribution"]) -> dict[str, float]:
    """The shares (0..1, together 1) of the positive contributions by kind; "whole" only where one is of that kind."""
    positive = [row for row in rows if row.contribution > 0]
    total = sum(row.contribution for row in positive)
    sums = {kind: sum(row.contribution for row in positive if row.kind == kind) for kind in ("literal", "whole")}
    shares = {kind: value / total if total else 0.0 for kind, value in sums.items()}
    whole = {"whole": shares["whole"]} if any(row.kind == "whole" for row in rows) else {}
    return {"literal": shares["literal"], "expansion": max(0.0, 1 - shares["literal"] - shares["whole"])} | whole


def difference_bars(hit: "SearchHit", rank: int, rival: "SearchHit", rival_rank: int) -> str:
    """The terms that set one result apart from another: bars to the right speak for `hit`, to the left for `rival`.

    The largest differences come first, the remainder folds into one line, and the sum stands below.
    """
    rows = differences(hit.contributions, rival.contributions)
    gap = hit.score - rival.score
    shown = rounded_column([row.difference for row in rows], gap)
    longest = max((abs(row.difference) for row in rows), default=0.0) or 1.0
    bars = [_difference_bar(row, text, row.difference / longest) for row, text in zip(rows, shown, strict=True)]
    rest = ""
    if len(bars) > DIFFERENCES_SHOWN:
        number, folded = len(bars) - DIFFERENCES_SHOWN, _signed(sum(map(float, shown[DIFFERENCES_SHOWN:])))
        rest = (
            f'<details class="sw-more"><summary>{count(number, "smaller difference")}, together {folded}</summary>'
            f'<ol class="sw-bars" start="{DIFFERENCES_SHOWN + 1}">{"".join(bars[DIFFERENCES_SHOWN:])}</ol></details>'
        )
    return (
        f'<p class="sw-versus-head"><span class="sw-number">◂ for number {rival_rank}</span>'
        f'<span class="sw-number">for number {rank} ▸</span></p>'
        f'<ol class="sw-bars sw-differences">{"".join(bars[:DIFFERENCES_SHOWN])}</ol>{rest}'
        f'<p class="sw-total" data-gap="{gap!r}"><span>{amount(hit.score)} − {amount(rival.score)}</span>'
        f'<span>difference <b class="sw-number">{_signed(float(amount(gap)))}</b></span></p>'
    )


def _difference_bar(row: "Difference", shown: str, share: float) -> str:
    """`share` (-1..1): the difference relative to the largest one."""
    width = max(50 * abs(share), 0.4)
    left = 50.0 if share >= 0 else 50 - width
    return (
        f'<li class="sw-bar sw-{row.kind}" data-term="{escape(row.term)}" data-difference="{row.difference!r}">'
        f'<span class="sw-term"><bdi>{escape(row.term)}</bdi> <span class="sw-kind">{row.kind}</span></span>'
        f'<span class="sw-sum sw-number">{amount(row.first)} − {amount(row.second)} = <b>{_signed(float(shown))}</b>'
        f"</span>{track(row.kind, width, left)}</li>"
    )


def _signed(value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + amount(abs(value))
