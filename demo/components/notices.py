"""What the page says in words: errors, unknown words, progress, how the search went; knows nothing of Gradio."""

from collections.abc import Mapping, Sequence
from html import escape

from demo.components.amounts import count, milliseconds


def error_notice(message: str) -> str:
    """One friendly sentence, read aloud by screen readers at once."""
    return f'<p class="sw-notice sw-error" role="alert">{escape(message)}</p>' if message else ""


def unknown_notice(words: Sequence[str], model: str) -> str:
    """Names the words that the model has never seen; empty when it knows them all."""
    if not words:
        return ""
    who = "The built-in model" if model == "scenes" else f"The model {escape(model)}"
    quoted = [f"‘<bdi>{escape(word)}</bdi>’" for word in words]
    listed = quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
    noun = "word" if len(words) == 1 else "words"
    return f'<p class="sw-notice sw-unknown" role="status">{who} has never seen the {noun} {listed}.</p>'


def stranger_notice(out_of_world: bool) -> str:
    """Says that no picture shows anything like it; empty where one may."""
    if not out_of_world:
        return ""
    said = "The illustrated world holds nothing like this; the pictures below only come nearest."
    return f'<p class="sw-notice sw-unknown" role="status">{said}</p>'


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


def search_line(found: int, searched: int, exact: bool, timings_ms: Mapping[str, float]) -> str:
    """How much was searched, whether the ranking is proven, and how long each step took."""
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
        f'<p class="sw-line"><span>{_shown(found, searched)}</span>{proof}'
        f'<span class="sw-number" title="{steps}">{total} <span class="sw-steps">{steps}</span></span></p>'
    )


def _shown(found: int, searched: int) -> str:
    return f"the best {found} of {searched:,} pictures" if found < searched else count(found, "picture")
