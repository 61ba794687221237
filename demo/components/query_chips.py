"""The query as the model reads it: one chip a term, to drag, type, switch off or turn against; plain data to HTML."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import count, weight

if TYPE_CHECKING:
    from core.search.explain import QueryTerm

SHOWN = 12  # a line or two of chips on a laptop; the rest unfolds
MARKS = {"literal": "●", "expansion": "◆"}
MEANINGS = {"literal": "in your words", "expansion": "added by the model"}

# Runs in the page. It holds all edits since the question and sends them whole, so that a step that is overtaken by the
# next one loses nothing. A weight that is being dragged or typed is not overwritten by the answer to an earlier step.
CHIPS_SCRIPT = """
let edits = {}, drag = null, last = 0, later = 0, again = 0, waiting = null, question = null;
const canon = (some) => JSON.stringify(Object.entries(some).sort());
const round = (value) => Math.max(-10, Math.min(10, Math.round(value * 100) / 100));
const say = (value) => (Math.abs(value) < 0.1 && value ? value.toFixed(3) : value.toFixed(2)).replace('-', '−');
const read = (input) => parseFloat(input.value.replace('−', '-').replace(',', '.'));
function sync() {
  const held = element.querySelector('[data-edits]');
  const theirs = held ? JSON.parse(held.dataset.edits) : {};
  const asked = held ? held.dataset.question : null;
  const late = waiting !== null && canon(theirs) !== waiting && asked === question;
  if (drag) return;
  if (late) return;  // the answer to an earlier step
  edits = theirs;
  question = asked;
  waiting = null;
  for (const input of element.querySelectorAll('input[data-weight]')) {
    if (input !== document.activeElement || !input.dataset.typing) input.value = say(Number(input.dataset.weight));
  }
}
function send(now) {
  clearTimeout(later);
  waiting = canon(edits);
  const wait = now ? 0 : Math.max(0, 80 - (performance.now() - last));
  later = setTimeout(() => { last = performance.now(); trigger('edit', {edits: {...edits}}); }, wait);
  clearTimeout(again);
  again = setTimeout(insist, wait + 600);
}
// While it waits for an answer Gradio keeps one more step and may drop the newest: what got lost is sent again.
function insist() {
  const held = element.querySelector('[data-edits]');
  if (drag || waiting === null || !held) return;
  if (canon(JSON.parse(held.dataset.edits)) === waiting) sync(); else send(true);
}
function put(term, value, now) {
  if (!Number.isFinite(value)) return sync();
  edits[term] = round(value);
  send(now);
}
function commit(input) {
  delete input.dataset.typing;
  const value = read(input);
  if (Math.abs(value - Number(input.dataset.weight)) > 0.004) put(input.dataset.term, value, true); else sync();
}
element.addEventListener('click', (event) => {
  const chip = event.target.closest('.sw-chip'), offer = event.target.closest('.sw-offer button');
  if (offer) {
    const term = offer.parentElement.dataset.term;
    put(term, offer.classList.contains('sw-offer-with') ? 1 : -1, true);
  }
  if (event.target.closest('.sw-reset')) { edits = {}; send(true); }
  else if (event.target.closest('.sw-chip-name')) {
    const on = Number(chip.dataset.weight) !== 0;
    if (on) put(chip.dataset.term, 0, true);
    else { const back = Number(chip.dataset.base) || 1; put(chip.dataset.term, back, true); }
  } else if (event.target.closest('.sw-chip-sign')) {
    put(chip.dataset.term, -(Number(chip.dataset.weight) || Number(chip.dataset.base) || 1), true);
  }
});
element.addEventListener('keydown', (event) => {
  const input = event.target.closest('input[data-weight]');
  if (input) {
    const step = {ArrowUp: 0.1, ArrowDown: -0.1}[event.key];
    if (step) {
      event.preventDefault();
      const value = round((read(input) || 0) + step);
      input.value = say(value);
      put(input.dataset.term, value);
    } else if (event.key === 'Enter') { event.preventDefault(); commit(input); }
    else if (event.key === 'Escape') { delete input.dataset.typing; sync(); }
  }
  if (event.target.id === 'add-term' && event.key === 'Enter') { event.preventDefault(); add(event.target); }
});
element.addEventListener('input', (event) => {
  const input = event.target;
  if (input.dataset.weight !== undefined) input.dataset.typing = 'yes';
  if (input.id === 'add-term') {
    if (event.inputType === 'insertReplacementText' || !event.inputType) return add(input);
    const asked = input.value;
    server.suggest(asked).then((found) => {
      if (input.value !== asked) return;
      const list = element.querySelector('datalist');
      list.replaceChildren(...found.map(([term, note]) => new Option(note, term)));
    });
  }
});
element.addEventListener('focusout', (event) => {
  if (event.target.dataset && event.target.dataset.typing) commit(event.target);
});
function add(input) {
  const term = input.value.trim().toLowerCase();
  if (!term) return;
  input.value = '';
  server.resolve(term).then((known) => known ? put(known, 1, true) : trigger('edit', {unknown: term}));
}
element.addEventListener('pointerdown', (event) => {
  const input = event.target.closest('input[data-weight]');
  if (!input || event.button) return;
  drag = {input, x: event.clientX, from: Number(input.dataset.weight), moved: false};
});
window.addEventListener('pointermove', (event) => {
  if (!drag || (!drag.moved && Math.abs(event.clientX - drag.x) < 4)) return;
  drag.moved = true;
  drag.input.blur();
  document.body.style.cursor = 'ew-resize';
  const value = round(drag.from + (event.clientX - drag.x) * 0.01);
  drag.input.value = say(value);
  put(drag.input.dataset.term, value);
  event.preventDefault();
});
function drop() {
  const moved = drag && drag.moved;
  drag = null;
  document.body.style.cursor = '';
  if (moved) send(true);
}
window.addEventListener('pointerup', drop);
window.addEventListener('pointercancel', drop);
watch('value', sync);
"""


def query_chips(
    rows: Sequence["QueryTerm"],
    edits: Mapping[str, float] | None = None,
    question: str = "",
    narrowing: Sequence[str] = (),
) -> str:
    """Chips with weights to change, in the order given; the legend says what the two kinds mean.

    `edits` {term: weight} is what the page starts from when the next weight is changed; `question` tells it when
    another one was asked. `narrowing`: terms that tell the results apart, to be added or turned against with one press.
    """
    if not rows:
        return ""
    edits = edits or {}
    shown = [row for i, row in enumerate(rows) if i < SHOWN or row.edited]
    rest = [row for i, row in enumerate(rows) if not (i < SHOWN or row.edited)]
    more = ""
    if rest:
        more = (
            f'<li class="sw-more"><details><summary>{count(len(rest), "lighter term")}</summary>'
            f'<ul class="sw-chips">{"".join(map(_chip, rest))}</ul></details></li>'
        )
    lit = sum(row.weight != 0 for row in rows)
    reset = '<button type="button" class="sw-reset">Undo my changes</button>' if edits else ""
    return (
        '<section class="sw-query" aria-label="Your query as terms" '
        f'data-edits="{escape(json.dumps(dict(edits)))}" data-question="{escape(question)}">'
        f'<div class="sw-query-head"><h2>Your query lights up {count(lit, "term")}</h2>{legend()}</div>'
        f'<ul class="sw-chips">{"".join(map(_chip, shown))}{more}</ul>'
        '<div class="sw-add"><input id="add-term" type="text" list="add-term-list" autocomplete="off" '
        'autocapitalize="none" spellcheck="false" placeholder="Add a term …" aria-label="Add a term">'
        f'<datalist id="add-term-list"></datalist>{reset}'
        '<span class="sw-quiet sw-hint">Drag or type a weight · click a term to switch it off · − turns it against'
        f"</span></div>{_narrowing(narrowing)}</section>"
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


def legend() -> str:
    """What the two colours and marks stand for."""
    kinds = "".join(
        f'<span class="sw-{kind}"><span class="sw-dot" aria-hidden="true">{MARKS[kind]}</span> '
        f"<b>{kind}</b> {MEANINGS[kind]}</span>"
        for kind in ("literal", "expansion")
    )
    return f'<p class="sw-legend">{kinds}</p>'


def signed_weight(value: float) -> str:
    """A weight with a real minus sign."""
    return ("−" if value < 0 else "") + weight(abs(value)) if value else "0.00"


def _chip(row: "QueryTerm") -> str:
    kind = "literal" if row.kind == "literal" else "expansion"
    state = "off" if row.weight == 0 else "against" if row.weight < 0 else "on"
    term, said = escape(row.term), signed_weight(row.weight)
    turn = f"Count {term} for the score again" if row.weight < 0 else f"Turn {term} against the score"
    return (
        f'<li class="sw-chip sw-{kind}{" sw-edited" if row.edited else ""}" data-term="{term}" data-state="{state}" '
        f'data-weight="{row.weight:.4f}" data-base="{row.unedited:.4f}" title="{kind}: {MEANINGS[kind]}">'
        f'<button type="button" class="sw-chip-name" aria-pressed="{"true" if row.weight else "false"}">'
        f'<span class="sw-dot" aria-hidden="true">{MARKS[kind]}</span><bdi>{term}</bdi>'
        f'<span class="sw-hidden"> ({kind})</span></button>'
        f'<input class="sw-weight sw-number" type="text" inputmode="text" role="spinbutton" autocomplete="off" '
        f'aria-label="weight of {term}" aria-valuenow="{row.weight:.3f}" aria-valuemin="-10" aria-valuemax="10" '
        f'data-term="{term}" data-weight="{row.weight:.4f}" value="{said}">'
        f'<button type="button" class="sw-chip-sign" aria-label="{turn}" aria-pressed="'
        f'{"true" if row.weight < 0 else "false"}">−</button></li>'
    )
