"""A collection in numbers and pictures, and what came of adding to it; plain data to HTML."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from demo.components.amounts import amount, count, kinds_of_files, of_kinds, pictures_by_folder
from demo.components.term_profile import ask
from demo.shown_paths import from_home

if TYPE_CHECKING:
    from core.library.indexing import IndexReport
    from index_store.items import Stats

WIDTH, HEIGHT, FOOT = 360, 120, 18
SKIPPED = 30
BARS = 8


def report_notice(report: "IndexReport") -> str:
    """What a run of adding did; what was left out, with the reason, unfolds."""
    done = [
        f"{number:,} {what}"
        for number, what in (
            (report.added, "added"), (report.updated, "changed"), (report.renamed, "renamed"),
            (report.removed, "removed"), (report.unchanged, "already there"),
        )
        if number
    ]  # fmt: skip
    said = (
        ("Stopped. " if report.cancelled else "")
        + (", ".join(done) or "Nothing to add")
        + f" in {report.seconds:.1f} s."
    )
    left = ""
    if report.skipped:
        rows = "".join(f"<li><bdi>{escape(from_home(reason))}</bdi></li>" for _, reason in report.skipped[:SKIPPED])
        more = len(report.skipped) - SKIPPED
        rest = f"<li>and {more:,} more</li>" if more > 0 else ""
        number = len(report.skipped)
        each = len({path for path, _ in report.skipped}) == number  # rows of captions are told under their file's path
        what = count(number, "file") if each else f"{number:,} files or rows"
        left = f"<details><summary>{what} left out</summary><ul>{rows}{rest}</ul></details>"
    others = ""
    if report.passed_over:
        others += f"<p>Passed over: {escape(kinds_of_files(report.passed_over))}</p>"
    if report.junk:
        told = pictures_by_folder(report.junk)
        others += f"<p>Left out as deleted files or others’ thumbnails: {escape(told)}</p>"
    for file in report.unread_captions:
        told = "looks like captions of these pictures; give it below, if it is, and add again."
        others += f"<p><bdi>{escape(from_home(file))}</bdi> {told}</p>"
    return f'<div class="sw-notice sw-done" role="status">{escape(said)}{others}{left}</div>'


def library_stats(stats: "Stats", model: str, postings: Sequence[int], lengths: Sequence[int]) -> str:
    """`postings`: how many items light each term that occurs; `lengths`: terms lit by each of a sample of items."""
    kinds = ", ".join(of_kinds(stats.by_kind)) or "nothing yet"
    facts = (
        ("holds", kinds),
        ("model", model),
        ("terms an item", amount(stats.mean_terms, 1)),
        ("terms in use", f"{stats.distinct_terms:,}"),
        *([("on disk", f"{stats.bytes_on_disk / 1e6:,.1f} MB")] if stats.bytes_on_disk is not None else []),
    )
    told = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    if not stats.frequent:  # no items, or a head that lights nothing in them
        return f'<section class="sw-library" aria-label="The collection"><dl class="sw-facts">{told}</dl></section>'
    most = stats.frequent[0][1]
    frequent = "".join(
        f'<li class="sw-bar sw-literal"><span class="sw-term">{ask(term)}</span>'
        f'<span class="sw-sum sw-number"><b>{number:,}</b></span><span class="sw-track" aria-hidden="true">'
        f'<span class="sw-fill sw-literal" style="width:{100 * number / most:.1f}%"></span></span></li>'
        for term, number in stats.frequent[:BARS]
    )
    return (
        f'<section class="sw-library" aria-label="The collection"><dl class="sw-facts">{told}</dl>'
        '<div class="sw-plots">'
        f"<figure><figcaption>Terms an item</figcaption>{_histogram(lengths)}"
        '<p class="sw-quiet">How many terms light up in one item.</p></figure>'
        f"<figure><figcaption>Posting lengths</figcaption>{_ranked(postings)}"
        '<p class="sw-quiet">Items a term, longest list first: a steep fall means that few terms do most work.</p>'
        f'</figure><figure><figcaption>Most frequent terms</figcaption><ol class="sw-bars">{frequent}</ol></figure>'
        "</div></section>"
    )


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


def _ranked(postings: Sequence[int]) -> str:
    ranked = np.sort(np.asarray(postings))[::-1]
    most, last = int(ranked[0]), max(len(ranked) - 1, 1)
    places = np.unique(np.linspace(0, len(ranked) - 1, min(len(ranked), 120)).astype(int))
    points = " ".join(
        f"{WIDTH * place / last:.1f},{HEIGHT * (1 - ranked[place] / most):.1f}" for place in places.tolist()
    )
    shape = f'<polygon points="0,{HEIGHT} {points} {WIDTH},{HEIGHT}"></polygon>'
    return _plot(shape, f"1st: {most:,} items", f"{len(ranked):,}th: {int(ranked[-1]):,}", "lengths of posting lists")


def _plot(inside: str, left: str, right: str, said: str) -> str:
    return (
        f'<svg class="sw-histogram" viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="{said}">{inside}'
        f'<text x="0" y="{HEIGHT + FOOT - 3}">{left}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + FOOT - 3}" text-anchor="end">{right}</text></svg>'
    )
