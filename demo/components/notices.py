"""What the page says in words: errors, remarks on an answer, progress, what was done, how the search went."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from core.pictures.folders.listing import files_by_suffix
from demo.components.amounts import KINDS, count, milliseconds, pictures_by_folder
from demo.components.offered_question import offered_question
from demo.shown_paths import shorten_home

if TYPE_CHECKING:
    from core.library.indexing.sync import IndexReport
    from core.search.remarks import Remark

SHOWN_SKIPPED = 30

_QUOTE = re.compile("‘([^‘’]*)’")
DISMISS = '<button type="button" class="sw-dismiss" aria-label="Dismiss" title="Dismiss">×</button>'
DISMISS_SCRIPT = "sightwords.dismissal(element, () => trigger('dismiss'))"
LINK_SCRIPT = "sightwords.address(element, (visit) => trigger('visit', visit), watch)"


def error_notice(message: str, dismissed: bool = False) -> str:
    """One friendly sentence, which screen readers read aloud at once; "" for none.

    `dismissed`: with a button that takes it away, where it stays until then.
    """
    button = DISMISS if dismissed else ""
    return f'<p class="sw-notice sw-error" role="alert">{escape(shorten_home(message))}{button}</p>' if message else ""


def done_notice(message: str) -> str:
    """One sentence about what went well; "" for none."""
    return f'<p class="sw-notice sw-done" role="status">{escape(message)}</p>' if message else ""


def remark_notices(remarks: "Sequence[Remark]") -> str:
    """The remarks on an answer, a line each; what may be asked instead is a button where the sentence quotes it.

    A word that a person typed is set apart, so that it keeps its own writing direction.
    """
    return "".join(f'<p class="sw-notice sw-unknown" role="status">{_remark(one)}</p>' for one in remarks)


def _remark(remark: "Remark") -> str:
    quotes = list(_QUOTE.finditer(remark.sentence))
    last = quotes[len(quotes) - len(remark.instead) :]
    offered = {quote.start(): text for quote, text in zip(last, remark.instead, strict=False)}

    def shown(quote: re.Match[str]) -> str:
        if (text := offered.get(quote.start())) is not None:
            return offered_question(text, quote[1])
        return f"‘<bdi>{escape(quote[1])}</bdi>’"

    parts, end = [], 0
    for quote in quotes:
        parts += [escape(remark.sentence[end : quote.start()]), shown(quote)]
        end = quote.end()
    return "".join([*parts, escape(remark.sentence[end:])])


def report_notice(report: "IndexReport") -> str:
    """What came of adding to a collection; what was left out unfolds, with the reasons."""
    done = [
        f"{number:,} {what}"
        for number, what in (
            (report.added, "added"), (report.updated, "changed"), (report.renamed, "renamed"),
            (report.removed, "removed"), (report.unchanged, "already there"),
            (report.weighed, "weighed anew with what is written of them"),
        )
        if number
    ]  # fmt: skip
    stopped = "Stopped. " if report.cancelled else ""
    sentence = f"{stopped}{', '.join(done) or 'Nothing to add'} in {report.seconds:.1f} s."
    passed_over = ""
    if report.passed_over:
        passed_over += f"<p>Passed over: {escape(files_by_suffix(report.passed_over))}</p>"
    if report.junk:
        junk = pictures_by_folder(report.junk)
        passed_over += f"<p>Left out as deleted files or others’ thumbnails: {escape(junk)}</p>"
    for file in report.unread_captions:
        advice = "looks like captions of these pictures; give it below, if it is, and add again."
        passed_over += f"<p><bdi>{escape(shorten_home(file))}</bdi> {advice}</p>"
    return f'<div class="sw-notice sw-done" role="status">{escape(sentence)}{passed_over}{_skipped(report)}</div>'


def _skipped(report: "IndexReport") -> str:
    number = len(report.skipped)
    if not number:
        return ""
    reasons = [f"<bdi>{escape(shorten_home(reason))}</bdi>" for _, reason in report.skipped[:SHOWN_SKIPPED]]
    if number > SHOWN_SKIPPED:
        reasons.append(f"and {number - SHOWN_SKIPPED:,} more")
    one_each = len({path for path, _ in report.skipped}) == number  # rows of captions come under their file's path
    what = count(number, "file") if one_each else f"{number:,} files or rows"
    rows = "".join(f"<li>{reason}</li>" for reason in reasons)
    return f"<details><summary>{what} left out</summary><ul>{rows}</ul></details>"


def progress_panel(title: str, done: int, total: int | None, note: str = "") -> str:
    """A bar with a count; without a total, a bar that only says that something is going on."""
    counted = f"{done:,} of {total:,}" if total else ""
    bar = (
        f'<progress max="{total}" value="{min(done, total)}">{counted}</progress>' if total else "<progress></progress>"
    )
    tail = f"<small>{escape(note)}</small>" if note else ""
    return (
        f'<section class="sw-progress" role="status"><div><b>{escape(title)}</b>'
        f'<span class="sw-number">{counted}</span></div>{bar}{tail}</section>'
    )


def busy_line() -> str:
    """Where a script says that the page computes; empty until then."""
    return '<p class="sw-busy" role="status"><span></span></p>'


def search_line(found: int, searched: int, exact: bool, timings_ms: Mapping[str, float], kind: str = "image") -> str:
    """How many items of a kind were searched, whether the ranking is proven, and how long each step took."""
    proof = (
        '<span class="sw-exact" title="No picture outside this list can score higher.">✓ proven exact</span>'
        if exact
        else '<span title="A picture outside this list might score as high as its last one.">not proven exact</span>'
    )
    steps = " · ".join(
        f"{step} {milliseconds(timings_ms[step])}"
        for step in ("encode", "project", "retrieve", "rescore")
        if step in timings_ms
    )
    total = f"<b>{milliseconds(timings_ms['total'])}</b>" if "total" in timings_ms else ""
    searched_items = count(searched, KINDS[kind])
    shown = f"the best {found} of {searched_items}" if found < searched else searched_items
    return (
        f'<p class="sw-line"><span>{shown}</span>{proof}'
        f'<span class="sw-number" title="{steps}">{total} <span class="sw-steps">{steps}</span></span></p>'
    )


def page_address(link: str, *, copied: bool, note: str = "", token: str = "", chosen: int = 0, visit: int = 0) -> str:
    """What the page's script writes into the address bar, and, where `copied`, a button that copies it.

    `note`: what the link cannot hold. `token`, `chosen`: what the browser's history keeps beside the address, for this
    page alone: the name of a picture that was sent, and the index of the hit that is explained. `visit`: the number of
    the step back or forth that this answers; 0 for what was asked on the page.
    """
    aside = f'<span class="sw-quiet">{escape(note)}</span>' if note else ""
    button = '<button type="button" class="sw-share">Copy link</button><span class="sw-copied" role="status"></span>'
    return (
        f'<p class="sw-sharing" data-link="{escape(link)}" data-token="{escape(token)}" data-chosen="{chosen}" '
        f'data-visit="{visit}">{button + aside if copied else ""}</p>'
    )
