"""The results as a grid of real buttons, which the keyboard reaches, and the chosen one in large with its bars."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from demo.components.amounts import amount, count
from demo.components.term_bars import split_bar, split_sentence, term_bars

if TYPE_CHECKING:
    from core.search import SearchHit

# Runs in the page. Cards are buttons, so Enter and Space already click; the arrow keys walk from card to card.
GRID_SCRIPT = """
element.addEventListener('click', (event) => {
  const card = event.target.closest('button[data-id]');
  if (card) trigger('select', {id: Number(card.dataset.id)});
});
element.addEventListener('keydown', (event) => {
  const card = event.target.closest('button[data-id]');
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (!card || !step) return;
  const cards = [...element.querySelectorAll('button[data-id]')];
  const next = cards[cards.indexOf(card) + step];
  if (next) { next.focus(); event.preventDefault(); }
});
"""


def file_url(path: str) -> str:
    """Where the page gets a file of the collection's folder; relative, so that it works below any root path."""
    return "gradio_api/file=" + quote(path)


def name_of(hit: "SearchHit") -> str:
    """What to call an item: its caption, else its file name."""
    return hit.caption or PurePath(hit.path.replace("\\", "/")).name or f"item {hit.id}"


def result_grid(hits: Sequence["SearchHit"], chosen: int | None, url: Callable[[str], str] = file_url) -> str:
    """One card a hit, best first: thumbnail, score, strongest shared terms. `chosen` is the id of the pressed card."""
    if not hits:
        return ""
    top = max(hit.score for hit in hits)
    cards = "".join(_card(rank, hit, hit.id == chosen, top, url) for rank, hit in enumerate(hits, start=1))
    return f'<div class="sw-grid" role="group" aria-label="{count(len(hits), "result")}, best first">{cards}</div>'


def _card(rank: int, hit: "SearchHit", chosen: bool, top: float, url: Callable[[str], str]) -> str:
    name = escape(name_of(hit))
    if hit.thumbnail:
        picture = f'<img src="{escape(url(hit.thumbnail))}" alt="{name}" loading="lazy" decoding="async">'
    else:
        picture = f'<span class="sw-caption-item"><bdi>{name}</bdi></span>'
    terms = " · ".join(f"<bdi>{escape(row.term)}</bdi>" for row in hit.contributions[:2])
    return (
        f'<button type="button" class="sw-card" data-id="{hit.id}" data-rank="{rank}" '
        f'aria-pressed="{"true" if chosen else "false"}" title="{name}">'
        f'<span class="sw-frame">{picture}</span>'
        f"{split_bar(hit.contributions, hit.score, top)}"
        f'<span class="sw-card-line"><span class="sw-card-terms">{terms}</span>'
        f'<span class="sw-number sw-card-score"><span class="sw-hidden">score </span>{amount(hit.score)}</span></span>'
        "</button>"
    )


def explained_hit(
    hit: "SearchHit", rank: int, source: str | None, note: str = "", place: str = "", wide: bool = False
) -> str:
    """The chosen hit: its picture in large (`source`: a URL, or None where there is none) and why it is there.

    `note`: a sentence about the picture; `place`: its file, when a person should know where it lies; `wide`: its
    shape wants the whole width, so that the reasons go below.
    """
    name = escape(name_of(hit))
    if source:
        figure = f'<img class="sw-large" src="{escape(source)}" alt="{name}">'
    else:
        figure = f'<blockquote class="sw-caption-large"><bdi>{name}</bdi></blockquote>'
    where = place if hit.caption else str(PurePath(place).parent)  # the name is said already
    path = f'<span class="sw-path"><bdi>{escape(where)}</bdi></span>' if place else ""
    said = f'<p class="sw-quiet">{escape(note)}</p>' if note else ""
    return (
        f'<article class="sw-detail{" sw-wide" if wide else ""}" data-id="{hit.id}" aria-label="Result {rank}: {name}">'
        f"<figure>{figure}<figcaption><bdi>{name}</bdi>{path}</figcaption>{said}</figure>"
        '<div class="sw-why">'
        f'<header class="sw-detail-head"><h2>Why it is number {rank}</h2>'
        f'<span class="sw-detail-score">score <b class="sw-number">{amount(hit.score)}</b></span></header>'
        f"{split_bar(hit.contributions, hit.score)}{split_sentence(hit.contributions, hit.score)}"
        f"{term_bars(hit.contributions, hit.score)}</div></article>"
    )
