"""The page before the first question: the header, what the model can do, a few pictures that can be searched for."""

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import count
from demo.components.result_grid import file_url, name_of

if TYPE_CHECKING:
    from index_store.items import Item

HEADER_SCRIPT = "sightwords.header(element)"

_HALF_MOON = (
    '<svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">'
    '<circle cx="12" cy="12" r="8.5" fill="none" stroke="currentColor" stroke-width="2"/>'
    '<path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor"/></svg>'
)

MOSAIC_SCRIPT = "sightwords.mosaic(element, trigger)"


def header(logo: str) -> str:
    """The name of the app, what it does, and the button for light and dark; `logo`: SVG of our own, not escaped."""
    return (
        f'<header class="sw-header">{logo}<div><h1>Sightwords</h1>'
        "<p>Finds pictures by the words they light up, and shows you why.</p></div>"
        '<button type="button" class="sw-theme" aria-label="Switch between light and dark" title="Light or dark">'
        f"{_HALF_MOON}</button></header>"
    )


def about_line(model: str, about: str) -> str:
    """The model's own sentence about what it can and cannot do."""
    return f'<p class="sw-about"><b>The model {escape(model)}.</b> {escape(about)}</p>' if about else ""


def mosaic(items: Sequence["Item"], size: int, url: Callable[[str], str] = file_url) -> str:
    """A few pictures as buttons that search with their caption; "" where no item has a thumbnail.

    `size`: how many pictures the collection holds; `url` makes the address of a thumbnail from its path.
    """
    tiles = []
    for item in items:
        if not item.thumbnail:
            continue
        image = f'<img src="{escape(url(item.thumbnail))}" alt="{escape(name_of(item))}" loading="lazy">'
        if item.caption:
            label = f"Search for: {escape(item.caption)}"
            tiles.append(
                f'<button type="button" data-caption="{escape(item.caption)}" title="{label}" aria-label="{label}">'
                f"{image}</button>"
            )
        else:
            tiles.append(f'<span class="sw-tile">{image}</span>')
    if not tiles:
        return ""
    hint = "Choose one to search with its caption." if any("<button" in tile for tile in tiles) else ""
    return (
        f'<section class="sw-welcome"><h2>{count(size, "picture")} to look through</h2><p>A few of them. {hint}</p>'
        f'<div class="sw-mosaic">{"".join(tiles)}</div></section>'
    )
