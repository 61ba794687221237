"""A collection in numbers and plots: what it holds, how many terms its items have, how often each term occurs."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from demo.components.amounts import amount, count, of_kinds
from demo.components.term_bars import track
from demo.components.term_profile import term_button

if TYPE_CHECKING:
    from index_store.items import Stats

WIDTH, HEIGHT, FOOT = 360, 120, 18  # of a plot: its inside, and the line of numbers below
BARS = 8  # most frequent terms


def collection_stats(stats: "Stats", model: str, postings: Sequence[int], lengths: Sequence[int]) -> str:
    """The facts, then three plots.

    `postings`: how many items have each term that occurs; `lengths`: how many terms each item of a sample has.
    """
    kinds = ", ".join(of_kinds(stats.by_kind)) or "nothing yet"
    facts = (
        ("holds", kinds),
        ("model", model),
        ("terms an item", amount(stats.mean_terms, 1)),
        ("terms in use", f"{stats.distinct_terms:,}"),
        *([("captions weigh", _captions(stats))] if stats.caption_weight is not None or stats.written else []),
        *([("on disk", f"{stats.bytes_on_disk / 1e6:,.1f} MB")] if stats.bytes_on_disk is not None else []),
    )
    shown = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    if not stats.frequent:  # no items, or a head that gives them no terms
        return f'<section class="sw-library" aria-label="The collection"><dl class="sw-facts">{shown}</dl></section>'
    most = stats.frequent[0][1]
    frequent = "".join(
        f'<li class="sw-bar sw-literal"><span class="sw-term">{term_button(term)}</span>'
        f'<span class="sw-sum sw-number"><b>{number:,}</b></span>{track("literal", 100 * number / most)}</li>'
        for term, number in stats.frequent[:BARS]
    )
    return (
        f'<section class="sw-library" aria-label="The collection"><dl class="sw-facts">{shown}</dl>'
        '<div class="sw-plots">'
        f"<figure><figcaption>Terms an item</figcaption>{_histogram(lengths)}"
        '<p class="sw-quiet">How many terms light up in one item.</p></figure>'
        f"<figure><figcaption>Posting lengths</figcaption>{_sorted_lengths(postings)}"
        '<p class="sw-quiet">Items a term, longest list first: a steep fall means that few terms do most work.</p>'
        f'</figure><figure><figcaption>Most frequent terms</figcaption><ol class="sw-bars">{frequent}</ol></figure>'
        "</div></section>"
    )


def _captions(stats: "Stats") -> str:
    """What captions weigh, and in how many pictures' vectors words are."""
    weight = f"{stats.caption_weight:g}" if stats.caption_weight else "nothing"
    return f"{weight}, in {count(stats.written, 'picture')}" if stats.written else weight


def _histogram(lengths: Sequence[int]) -> str:
    values = np.asarray(lengths)
    bins = int(min(20, max(values.max(initial=0), 1)))
    counts, edges = np.histogram(values, bins=bins, range=(0, max(values.max(initial=0), 1)))
    step, most = WIDTH / bins, max(int(counts.max()), 1)
    bars = "".join(
        f'<rect x="{i * step + 1:.1f}" y="{HEIGHT * (1 - n / most):.1f}" width="{step - 2:.1f}" '
        f'height="{HEIGHT * n / most:.1f}"><title>{n:,} items</title></rect>'
        for i, n in enumerate(counts.tolist())
    )
    return _plot(bars, "0", f"{edges[-1]:.0f}", f"histogram of terms an item, from 0 to {edges[-1]:.0f}")


def _sorted_lengths(postings: Sequence[int]) -> str:
    ranked = np.sort(np.asarray(postings))[::-1]
    most, last = int(ranked[0]), max(len(ranked) - 1, 1)
    sampled = np.unique(np.linspace(0, len(ranked) - 1, min(len(ranked), 120)).astype(int))
    points = " ".join(
        f"{WIDTH * rank / last:.1f},{HEIGHT * (1 - ranked[rank] / most):.1f}" for rank in sampled.tolist()
    )
    shape = f'<polygon points="0,{HEIGHT} {points} {WIDTH},{HEIGHT}"></polygon>'
    return _plot(shape, f"1st: {most:,} items", f"{len(ranked):,}th: {int(ranked[-1]):,}", "lengths of posting lists")


def _plot(inside: str, left: str, right: str, label: str) -> str:
    return (
        f'<svg class="sw-histogram" viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="{label}">{inside}'
        f'<text x="0" y="{HEIGHT + FOOT - 3}">{left}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + FOOT - 3}" text-anchor="end">{right}</text></svg>'
    )
