"""One result as large as the window: its picture, and beside it what is known of it and why it was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import amount, count
from demo.components.result_grid import name_of
from demo.components.term_bars import is_parted, source_note, split_bar, split_sentence, track, written_part

if TYPE_CHECKING:
    from core.search.explain import Contribution
    from core.search.results import SearchHit

VIEW_SCRIPT = "sightwords.largeView(element, trigger, props, watch)"
SHOWN = 8  # terms that say why


@dataclass(frozen=True)
class LargeSource:
    """Where the browser finds a result's picture: in large, else (`small`) the collection's small copy; URLs or ""."""

    large: str
    small: str


@dataclass(frozen=True)
class FileActions:
    """What a person may do with the file: `place`, its path, to copy; `url`, to download it; `opens`: to open it here.

    Each is empty, or false, where it is not for this person.
    """

    place: str = ""
    url: str = ""
    opens: bool = False


def picture_url(key: str, item: int) -> str:
    """The address of an item's picture in large; `key` stands for its collection. Relative, as `file_url`."""
    return f"pictures/{key}/{item}"


def large_view(
    hits: Sequence["SearchHit"],
    index: int,
    sources: Sequence[LargeSource],
    facts: Sequence[tuple[str, str]] = (),
    actions: FileActions = FileActions(),
    said: str = "",
) -> str:
    """The view of `hits[index]`; `sources`: of the pictures of all hits, in the same order; "" for both of a caption.

    `facts`: (name, value) of what is known of it. `said`: what came of the last action, a sentence.
    """
    hit, source = hits[index], sources[index]
    name = escape(name_of(hit))
    neighbours = "".join(
        f' data-{what}="{hits[i].id}" data-{what}-source="{escape(sources[i].large)}"'
        for what, i in (("previous", index - 1), ("next", index + 1))
        if 0 <= i < len(hits)
    )
    if source.large or source.small:
        fallback = escape(source.small)
        picture = (
            f'<img class="sw-view-picture" src="{escape(source.large or source.small)}" data-small="{fallback}" '
            f'alt="{name}">'
        )
    else:
        picture = f'<blockquote class="sw-caption-large"><bdi>{name}</bdi></blockquote>'
    rows = "".join(f"<div><dt>{escape(what)}</dt><dd><bdi>{escape(value)}</bdi></dd></div>" for what, value in facts)
    known = f'<dl class="sw-known">{rows}</dl>' if facts else ""
    return (
        f'<article class="sw-view" data-id="{hit.id}"{neighbours}>'
        f'<figure class="sw-stage">{picture}'
        '<p class="sw-view-note sw-quiet" hidden>The original cannot be read now; this is the small copy that the '
        "collection keeps.</p></figure>"
        '<section class="sw-view-side" aria-label="About it">'
        f'<h2 class="sw-view-title" aria-live="polite">Result {index + 1:,} of {len(hits):,}'
        f'<span class="sw-view-name"><bdi>{name}</bdi></span></h2>'
        f"{known}{_actions(hit, bool(source.large or source.small), actions)}"
        f'<p class="sw-view-said" role="status">{escape(said)}</p>{_why(hit)}</section></article>'
    )


def _actions(hit: "SearchHit", pictured: bool, actions: FileActions) -> str:
    buttons = []
    if actions.place:
        buttons.append(f'<p class="sw-path"><bdi>{escape(actions.place)}</bdi></p>')
    row = ""
    if actions.opens:
        row += _button("open", "Open") + _button("folder", "Show in folder")
    if actions.place:
        row += f'<button type="button" data-do="path" data-path="{escape(actions.place)}">Copy path</button>'
    if pictured:
        row += _button("copy", "Copy picture")
        target = escape(actions.url) if actions.url else ""
        row += f'<button type="button" data-do="download" data-url="{target}" data-name="picture-{hit.id}.jpg">'
        row += "Download</button>"
    return "".join(buttons) + (f'<div class="sw-view-actions">{row}</div>' if row else "")


def _button(what: str, label: str) -> str:
    return f'<button type="button" data-do="{what}">{label}</button>'


def _why(hit: "SearchHit") -> str:
    """The terms that give most to the score, as bars of the width of their contribution."""
    rows, parted = hit.contributions[:SHOWN], is_parted(hit)
    longest = max((abs(row.contribution) for row in hit.contributions), default=0.0) or 1.0
    bars = "".join(
        f'<li class="sw-bar sw-{"against" if row.contribution < 0 else row.kind}"><span class="sw-term">'
        f"<bdi>{escape(row.term)}</bdi>{source_note(row) if parted else ''}</span>"
        f'<span class="sw-sum sw-number"><b>{amount(row.contribution)}</b></span>'
        f"{_track(row, longest, parted)}</li>"
        for row in rows
    )
    more = len(hit.contributions) - len(rows)
    rest = f'<p class="sw-quiet">and {count(more, "smaller term")}</p>' if more > 0 else ""
    return (
        f'<h3>Why: score <span class="sw-number">{amount(hit.score)}</span></h3>'
        f"{split_bar(hit.contributions, hit.score, parted=parted)}"
        f"{split_sentence(hit.contributions, hit.score, parted)}"
        f'<ol class="sw-bars">{bars}</ol>{rest}'
    )


def _track(row: "Contribution", longest: float, parted: bool) -> str:
    kind = "against" if row.contribution < 0 else row.kind
    return track(kind, 100 * abs(row.contribution) / longest, written=written_part(row) if parted else 0.0)
