"""The page of one term: in how many items it is, how heavily, with which other terms, and in which items most."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from demo.components.amounts import amount, count
from demo.components.result_grid import file_url, name_of
from demo.components.term_profile import term_button

if TYPE_CHECKING:
    from core.search.terms import TermProfile

WIDTH, HEIGHT, FOOT = 360, 110, 16  # of the histogram: its bars, and the line of numbers below them


def term_page(profile: "TermProfile", url: Callable[[str], str] = file_url) -> str:
    """The heading, a histogram of the term's weights, the terms that go with it, the items with most of it.

    `url` makes the address of a thumbnail from its path.
    """
    name = escape(profile.term)
    head = (
        f'<h2>The term <bdi>{name}</bdi></h2><p class="sw-quiet">Lit by <b>{profile.frequency:,}</b> of '
        f"{count(profile.of, 'item')} ({_percent(profile.frequency, profile.of)}). "
        f'<a href="?{escape(urlencode({"term": profile.term}))}">Link to this page</a></p>'
    )
    if not profile.frequency:
        return f'<section class="sw-term-page" aria-label="The term {name}">{head}</section>'
    some = (
        ""
        if profile.looked_at == profile.frequency
        else f" The figures below are of the {profile.looked_at:,} heaviest."
    )
    return (
        f'<section class="sw-term-page" aria-label="The term {name}">{head}'
        f'<div class="sw-term-columns"><div><h3>How heavily</h3>{_histogram(profile)}'
        f'<p class="sw-quiet">Its weight in the items that light it.{some}</p></div>'
        f"<div><h3>Together with</h3>{_companions(profile)}</div></div>"
        f'<h3>Strongest</h3><div class="sw-strongest">{_strongest(profile, url)}</div></section>'
    )


def _histogram(profile: "TermProfile") -> str:
    most, bars = max(profile.counts), len(profile.counts)
    step = WIDTH / bars
    columns = "".join(
        f'<rect x="{i * step + 1:.1f}" y="{HEIGHT * (1 - n / most):.1f}" width="{step - 2:.1f}" '
        f'height="{HEIGHT * n / most:.1f}"><title>{n:,} from {amount(low, 2)} to {amount(high, 2)}</title></rect>'
        for i, (n, low, high) in enumerate(zip(profile.counts, profile.edges, profile.edges[1:], strict=False))
    )
    label = f"weights from 0 to {amount(profile.edges[-1], 2)}; most items between " + " and ".join(
        amount(profile.edges[i], 2) for i in (profile.counts.index(most), profile.counts.index(most) + 1)
    )
    return (
        f'<svg class="sw-histogram" viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="{label}">{columns}'
        f'<text x="0" y="{HEIGHT + FOOT - 2}">0</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + FOOT - 2}" text-anchor="end">{amount(profile.edges[-1], 2)}</text></svg>'
    )


def _companions(profile: "TermProfile") -> str:
    if not profile.companions:
        return '<p class="sw-quiet">No other term is lit with it more often than by chance.</p>'
    rows = "".join(
        f'<li>{term_button(row.term)} <span class="sw-quiet sw-number">{row.items:,} together, '
        f"{row.lift:.1f} × chance</span></li>"
        for row in profile.companions
    )
    return f'<ul class="sw-companions">{rows}</ul>'


def _strongest(profile: "TermProfile", url: Callable[[str], str]) -> str:
    tiles = []
    for item, weight in profile.strongest:
        name = escape(name_of(item))
        picture = (
            f'<img src="{escape(url(item.thumbnail))}" alt="{name}" loading="lazy">'
            if item.thumbnail
            else f"<span><bdi>{name}</bdi></span>"
        )
        tiles.append(
            f'<figure title="{name}">{picture}<figcaption class="sw-number">{amount(weight, 2)}</figcaption></figure>'
        )
    return "".join(tiles)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"
