"""The results: a grid of cards, which are buttons so that the keyboard reaches them, and the chosen one in large."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from html import escape
from pathlib import PurePath
from secrets import token_bytes
from typing import TYPE_CHECKING
from urllib.parse import quote

from demo.components.amounts import amount, count
from demo.components.term_bars import (
    can_be_seen,
    difference_bars,
    is_parted,
    split_bar,
    split_sentence,
    term_bars,
)

if TYPE_CHECKING:
    from core.search.results import SearchHit
    from index_store.items import Item

GRID_SCRIPT = "sightwords.resultGrid(element, trigger, watch)"
DETAIL_SCRIPT = "sightwords.explainedHit(element, trigger, server, watch)"
MARK_SIGNS = {"right": "✓", "wrong": "✗"}

_SECRET = token_bytes(16)


def file_url(path: str) -> str:
    """The address of the thumbnail at `path`: relative, so that it works below any root path.

    The collection's folder appears as its `folder_key`, from which strangers cannot read where it lies.
    """
    file = PurePath(path)
    return "/".join(("thumbnails", folder_key(file.parents[1]), *map(quote, file.parts[-2:])))


def folder_key(folder: PurePath) -> str:
    """What stands for a folder of thumbnails in an address, as long as the program runs.

    It is keyed, so that nobody can guess a folder and see by the key whether it is this one.
    """
    name = str(folder).encode("utf-8", "surrogateescape")
    return blake2b(name, digest_size=9, key=_SECRET).hexdigest()


def name_of(hit: "SearchHit | Item") -> str:
    """What to call an item: its caption, else its file name."""
    return hit.caption or PurePath(hit.path.replace("\\", "/")).name or f"item {hit.id}"


def result_grid(
    hits: Sequence["SearchHit"],
    chosen: int | None,
    url: Callable[[str], str] = file_url,
    more: int = 0,
    owned: bool = False,
    marks: Mapping[int, str] | None = None,
) -> str:
    """One card for each hit, best first: thumbnail, score, strongest shared terms; "" without hits.

    `chosen`: the id of the card that is pressed. `url` makes the address of a thumbnail from its path. `more`: how many
    further results a button below offers; 0 for no button. `owned`: selected results can be tagged and taken out.
    `marks`: {id: "right" or "wrong"} of the hits that a person marked.
    """
    if not hits:
        return ""
    top = max(hit.score for hit in hits)
    marks = marks or {}
    cards = "".join(
        _card(rank, hit, hit.id == chosen, top, url, marks.get(hit.id, "")) for rank, hit in enumerate(hits, start=1)
    )
    button = f'<button type="button" class="sw-page">Show {more} more</button>' if more else ""
    return (
        f'<div class="sw-grid" role="group" aria-label="{count(len(hits), "result")}, best first" '
        f'data-owned="{"yes" if owned else "no"}">{cards}</div>{button}'
    )


def _card(rank: int, hit: "SearchHit", chosen: bool, top: float, url: Callable[[str], str], mark: str) -> str:
    name = escape(name_of(hit))
    if hit.thumbnail:
        picture = f'<img src="{escape(url(hit.thumbnail))}" alt="{name}" loading="lazy" decoding="async">'
    else:
        picture = f'<span class="sw-caption-item"><bdi>{name}</bdi></span>'
    strongest = [row for row in hit.contributions if row.kind != "whole"]
    terms = " · ".join(f"<bdi>{escape(row.term)}</bdi>" for row in strongest[:2])
    return (
        '<div class="sw-cell">'
        f'<button type="button" class="sw-card" aria-keyshortcuts="x r w" data-id="{hit.id}" data-rank="{rank}" '
        f'aria-pressed="{"true" if chosen else "false"}" title="{name}">'
        f'<span class="sw-frame">{picture}{_copies(hit.copies)}{_mark(mark)}</span>'
        f"{split_bar(hit.contributions, hit.score, top, is_parted(hit))}"
        f'<span class="sw-card-line"><span class="sw-card-terms">{terms}</span>'
        f'<span class="sw-number sw-card-score"><span class="sw-hidden">score </span>{amount(hit.score)}</span></span>'
        "</button>"
        # Tab goes from card to card; x selects the card at hand, r and w mark it
        f'<input type="checkbox" class="sw-pick" tabindex="-1" data-pick="{hit.id}" '
        f'aria-label="Select result {rank}: {name}"></div>'
    )


def _mark(mark: str) -> str:
    """That a person marked the result; "" where nobody did."""
    if not mark:
        return ""
    sign = MARK_SIGNS[mark]
    return (
        f'<span class="sw-verdict" data-mark="{mark}" title="marked {mark}">'
        f'<span class="sw-hidden">marked {mark}</span><span aria-hidden="true">{sign}</span></span>'
    )


def _copies(copies: int) -> str:
    """How many nearly equal pictures a card stands for; "" for one."""
    label = f"{copies:,} nearly equal pictures"
    return (
        f'<span class="sw-copies" title="{label}"><span class="sw-hidden">{label}</span>'
        f'<span aria-hidden="true">×{copies:,}</span></span>'
        if copies > 1
        else ""
    )


def explained_hit(
    hit: "SearchHit",
    rank: int,
    source: str | None,
    note: str = "",
    place: str = "",
    facts: Sequence[tuple[str, str]] = (),
    wide: bool = False,
    pointing: bool = False,
    rivals: Sequence["SearchHit"] = (),
    rival: int | None = None,
    mark: str = "",
) -> str:
    """The chosen hit: its picture in large, and why it has its rank.

    `source`: a URL of the picture, None where there is none. `note`: a sentence about the picture. `place`: its file,
    where a person may know it. `facts`: (name, value) of what else is known of it. `wide`: the picture takes the whole
    width, so that the reasons go below it. `pointing`: terms can be shown in the picture. `rivals`: all results in
    order, from which a person chooses one to compare with; `rival`: the index of the one that is chosen.
    `mark`: "right" or "wrong" where a person called it so.
    """
    name = escape(name_of(hit))
    if source:
        heat = '<img class="sw-heat" alt="Where a term was seen" hidden>' if pointing else ""
        figure = (
            '<button type="button" class="sw-canvas sw-enlarge" title="Show it in large">'
            f'<img class="sw-large" src="{escape(source)}" alt="{name}">{heat}</button>'
        )
    else:
        figure = f'<blockquote class="sw-caption-large"><bdi>{name}</bdi></blockquote>'
    where = place if hit.caption else str(PurePath(place).parent)  # the name is said already
    path = f'<span class="sw-path"><bdi>{escape(where)}</bdi></span>' if place else ""
    rows = "".join(f"<div><dt>{escape(what)}</dt><dd><bdi>{escape(value)}</bdi></dd></div>" for what, value in facts)
    known = f'<dl class="sw-known">{rows}</dl>' if facts else ""
    aside = f'<p class="sw-quiet">{escape(note)}</p>' if note else ""
    seen = '<p class="sw-seen" role="status"></p>' if pointing and source else ""
    like = '<button type="button" class="sw-like">More like this</button>'
    against = difference_bars(hit, rank, rivals[rival], rival + 1) if rival is not None else ""
    return (
        f'<article class="sw-detail{" sw-wide" if wide else ""}" data-id="{hit.id}" aria-label="Result {rank}: {name}">'
        f"<figure>{figure}{seen}<figcaption><bdi>{name}</bdi>{path}</figcaption>{known}{aside}"
        f'<div class="sw-actions">{like}{_mark_buttons(mark)}{_rival_choice(rank, rivals, rival)}</div></figure>'
        '<div class="sw-why">'
        f'<header class="sw-detail-head"><h2>Why it is number {rank}</h2>'
        f'<span class="sw-detail-score">score <b class="sw-number">{amount(hit.score)}</b></span></header>'
        f"{against or _reasons(hit, pointing and bool(source))}</div></article>"
    )


def _mark_buttons(mark: str) -> str:
    """Two buttons that mark the result, or take its mark back."""
    titles = {"right": "What it shows counts for more", "wrong": "What it shows counts for less"}
    return "".join(
        f'<button type="button" class="sw-judge" data-judge="{one}" title="{title}" '
        f'aria-pressed="{"true" if one == mark else "false"}">{MARK_SIGNS[one]} {one.capitalize()}</button>'
        for one, title in titles.items()
    )


def _reasons(hit: "SearchHit", pointing: bool) -> str:
    pressed, parted = pointing and any(map(can_be_seen, hit.contributions)), is_parted(hit)
    hint = '<p class="sw-quiet sw-hint">Press a term to see where in the picture it was seen.</p>' if pressed else ""
    return (
        f"{split_bar(hit.contributions, hit.score, parted=parted)}"
        f"{split_sentence(hit.contributions, hit.score, parted)}"
        f"{hint}{term_bars(hit.contributions, hit.score, pointing, parted)}"
    )


def _rival_choice(rank: int, rivals: Sequence["SearchHit"], rival: int | None) -> str:
    """A list of the other results; choosing one asks for the terms that made the difference."""
    if len(rivals) < 2:
        return ""
    options = "".join(
        f'<option value="{i}"{" selected" if i == rival else ""}>{"above" if i + 1 > rank else "below"} '
        f"number {i + 1}: {escape(name_of(other)[:48])}</option>"
        for i, other in enumerate(rivals)
        if i + 1 != rank
    )
    none = "" if rival is not None else " selected"
    return (
        '<label class="sw-versus">Why is it <select class="sw-rival" aria-label="Compare with another result">'
        f'<option value="-1"{none}>above or below …</option>{options}</select></label>'
    )
