"""What the page says in words: errors, remarks on an answer, progress, how the search went; knows nothing of Gradio."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from demo.components.amounts import KINDS, count, milliseconds
from demo.shown_paths import from_home

if TYPE_CHECKING:
    from core.search.remarks import Remark


def error_notice(message: str) -> str:
    """One friendly sentence, read aloud by screen readers at once."""
    return f'<p class="sw-notice sw-error" role="alert">{escape(from_home(message))}</p>' if message else ""


def remark_notices(remarks: "Sequence[Remark]") -> str:
    """What is to be said of an answer, a line each; words that a person typed stay apart from the sentence's script."""
    lines = []
    for remark in remarks:
        said = escape(remark.sentence)
        for word in remark.words:
            said = said.replace(f"‘{escape(word)}’", f"‘<bdi>{escape(word)}</bdi>’", 1)
        lines.append(f'<p class="sw-notice sw-unknown" role="status">{said}</p>')
    return "".join(lines)


def progress_panel(title: str, done: int, total: int, note: str = "") -> str:
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


def search_line(found: int, searched: int, exact: bool, timings_ms: Mapping[str, float], kind: str = "image") -> str:
    """How much of a kind was searched, whether the ranking is proven, and how long each step took."""
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
    return (
        f'<p class="sw-line"><span>{_shown(found, searched, KINDS[kind])}</span>{proof}'
        f'<span class="sw-number" title="{steps}">{total} <span class="sw-steps">{steps}</span></span></p>'
    )


def _shown(found: int, searched: int, name: str) -> str:
    return f"the best {found} of {count(searched, name)}" if found < searched else count(found, name)
