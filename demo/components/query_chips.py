"""The query as the model reads it: a chip for each term, with a weight to drag, type, set to 0 or turn around."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import count, weight

if TYPE_CHECKING:
    from core.search.explain import QueryTerm
    from core.search.having import Rule

SHOWN = 12  # a line or two of chips on a laptop; the rest unfolds
MARKS = {"literal": "●", "expansion": "◆", "whole": "■"}
MEANINGS = {"literal": "in your words", "expansion": "added by the model"}

CHIPS_SCRIPT = "sightwords.queryChips(element, trigger, server, watch)"


def query_chips(
    rows: Sequence["QueryTerm"],
    edits: Mapping[str, float] | None = None,
    question: str = "",
    narrowing: Sequence[str] = (),
    rules: Sequence["Rule"] = (),
    marks: tuple[int, int] = (0, 0),
) -> str:
    """The chips of `rules` and then of `rows`, in their order, and a legend of the two kinds; "" without any.

    `edits` {term: weight}: what the page adds the next change to. `question`: tells the page when another question was
    asked. `narrowing`: terms that tell the results apart, which can be added or turned against with one press.
    `marks`: how many results are marked right, and wrong; rows say what that moved.
    """
    if not rows and not rules:
        return ""
    edits = edits or {}
    lifted = {rule.thing for rule in rules if rule.undone}
    rows = [row for row in rows if row.weight or row.term not in lifted]  # its rule's chip is there
    folded = [i >= SHOWN and not row.edited and row.weight >= 0 for i, row in enumerate(rows)]
    shown = [row for row, away in zip(rows, folded, strict=True) if not away]
    rest = [row for row, away in zip(rows, folded, strict=True) if away]
    more = ""
    if rest:
        more = (
            f'<li class="sw-more"><details><summary>{count(len(rest), "lighter term")}</summary>'
            f'<ul class="sw-chips">{"".join(map(_chip, rest))}</ul></details></li>'
        )
    active = sum(row.weight != 0 for row in rows)
    reset = '<button type="button" class="sw-reset">Undo my changes</button>' if edits else ""
    return (
        '<section class="sw-query" aria-label="Your query as terms" '
        f'data-edits="{escape(json.dumps(dict(edits)))}" data-question="{escape(question)}">'
        f'<div class="sw-query-head"><h2>Your query lights up {count(active, "term")}</h2>{_legend()}</div>'
        f'<ul class="sw-chips">{"".join(map(_rule_chip, rules))}{"".join(map(_chip, shown))}{more}</ul>'
        f"{_marks_line(*marks)}"
        '<div class="sw-add"><input id="add-term" type="text" list="add-term-list" autocomplete="off" '
        'autocapitalize="none" spellcheck="false" placeholder="Add a term …" aria-label="Add a term">'
        f'<datalist id="add-term-list"></datalist>{reset}'
        '<span class="sw-quiet sw-hint">Drag or type a weight · click a term to switch it off · − turns it against'
        f"</span></div>{_narrowing(narrowing)}</section>"
    )


def _marks_line(right: int, wrong: int) -> str:
    """That marks move the weights, and a button that forgets them; "" without marks."""
    if not right and not wrong:
        return ""
    marked = " and ".join(f"{number:,} {kind}" for number, kind in ((right, "right"), (wrong, "wrong")) if number)
    return (
        f'<p class="sw-marks"><span><b>▲ ▼</b> moved by the results that you marked: {marked}</span>'
        '<button type="button" class="sw-unmark">Forget the marks</button></p>'
    )


def _narrowing(terms: Sequence[str]) -> str:
    if not terms:
        return ""
    offers = "".join(
        f'<li class="sw-offer" data-term="{term}">'
        f'<button type="button" class="sw-offer-with" aria-label="Add {term}">+ <bdi>{term}</bdi></button>'
        f'<button type="button" class="sw-offer-without" aria-label="Turn {term} against the score">−</button></li>'
        for term in map(escape, terms)
    )
    heading = '<span class="sw-quiet">Tells these apart:</span>'
    return f'<div class="sw-narrow">{heading}<ul class="sw-chips">{offers}</ul></div>'


def _legend() -> str:
    """What the two colours and marks mean."""
    kinds = "".join(
        f'<span class="sw-{kind}"><span class="sw-dot" aria-hidden="true">{MARKS[kind]}</span> '
        f"<b>{kind}</b> {MEANINGS[kind]}</span>"
        for kind in ("literal", "expansion")
    )
    return f'<p class="sw-legend">{kinds}</p>'


def _signed_weight(value: float) -> str:
    """A weight with a typographic minus sign; "0.00" for none."""
    return ("−" if value < 0 else "") + weight(abs(value)) if value else "0.00"


def _rule_chip(rule: "Rule") -> str:
    """A thing that is left out or demanded, with one button that takes it back, or says it again."""
    state = "off" if rule.undone else "must" if rule.must else "against"
    thing, sign, said = escape(rule.thing), "+" if rule.must else "−", "must be there" if rule.must else "left out"
    press = f"{thing}: press to say again that it {'must be there' if rule.must else 'is left out'}"
    title = press if rule.undone else f"{thing}: {said}; press to take that back"
    return (
        f'<li class="sw-chip sw-literal sw-rule" data-term="{thing}" data-state="{state}">'
        f'<button type="button" class="sw-chip-name" aria-pressed="{"false" if rule.undone else "true"}" '
        f'title="{title}" aria-label="{title}"><b aria-hidden="true">{sign}</b><bdi>{thing}</bdi>'
        f'<span aria-hidden="true">{"↺" if rule.undone else "×"}</span></button></li>'
    )


def _chip(row: "QueryTerm") -> str:
    kind = "literal" if row.kind == "literal" else "expansion"
    state = "off" if row.weight == 0 else "against" if row.weight < 0 else "on"
    term = escape(row.term)
    added = row.marked and abs(row.unedited - row.marked) < 1e-6  # nothing else lights it
    meaning = "added by your marks" if added else MEANINGS[kind]
    if row.marked and not added:
        meaning += f"; your marks {'add' if row.marked > 0 else 'take'} {weight(abs(row.marked))}"
    moved = f'<span class="sw-moved" aria-hidden="true">{"▲" if row.marked > 0 else "▼"}</span>' if row.marked else ""
    turn = f"Count {term} for the score again" if row.weight < 0 else f"Turn {term} against the score"
    return (
        f'<li class="sw-chip sw-{kind}{" sw-edited" if row.edited else ""}" data-term="{term}" data-state="{state}" '
        f'data-weight="{row.weight:.4f}" data-base="{row.unedited:.4f}" title="{kind}: {meaning}">'
        f'<button type="button" class="sw-chip-name" aria-pressed="{"true" if row.weight else "false"}">'
        f'<span class="sw-dot" aria-hidden="true">{MARKS[kind]}</span><bdi>{term}</bdi>'
        f'{moved}<span class="sw-hidden"> ({kind}{", moved by your marks" if moved else ""})</span></button>'
        f'<input class="sw-weight sw-number" type="text" inputmode="text" role="spinbutton" autocomplete="off" '
        f'aria-label="weight of {term}" aria-valuenow="{row.weight:.3f}" aria-valuemin="-10" aria-valuemax="10" '
        f'data-term="{term}" data-weight="{row.weight:.4f}" value="{_signed_weight(row.weight)}">'
        f'<button type="button" class="sw-chip-sign" aria-label="{turn}" aria-pressed="'
        f'{"true" if row.weight < 0 else "false"}">−</button></li>'
    )
