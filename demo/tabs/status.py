"""How far the app is, as the Search tab says it: progress, the model's own sentence, pictures to begin with."""

from typing import Any, NamedTuple

import gradio as gr

from demo.components.notices import error_notice, progress_panel
from demo.components.welcome import about_line, mosaic
from demo.state.app import AppState

SAMPLE = 16  # two rows of the mosaic on a laptop


class AppNews(NamedTuple):
    """The new value of each component of the Search tab that says how far the app is, by the component's name."""

    panel: Any
    about: Any
    welcome: Any
    own: Any
    kind: Any
    each: Any
    rank: Any
    only: Any
    timer: Any


def app_news(
    state: AppState, searched: bool, kind: str | None = None, each: bool | None = None, rank: str | None = None
) -> AppNews:
    """How far the app is now. `kind`, `each` and `rank`: what a link asks for; None leaves them as they are."""
    waiting = state.status.stage not in ("ready", "failed")
    kinds = state.kinds()
    captions, copies = kinds.get("caption", 0) > 0, state.has_copies()
    # a link may ask for what this collection cannot do: it then stands there, beside the sentence that says why
    ranks = state.keeps_dense() or rank not in (None, "sparse")
    return AppNews(
        panel=status_panel(state),
        about=about_line(state.model_name, state.about),
        welcome="" if searched else mosaic(state.sample(SAMPLE), kinds.get("image", 0)),
        own=gr.update(visible=state.path is None and not state.public),
        kind=gr.update(visible=captions, value=kind) if kind else gr.update(visible=captions),
        each=gr.update(visible=copies, value=each) if each is not None else gr.update(visible=copies),
        rank=gr.update(visible=ranks, value=rank) if rank else gr.update(visible=ranks),
        only=gr.update(choices=state.searcher.conditions(), visible=state.path is not None),
        timer=gr.Timer(active=waiting),
    )


def status_panel(state: AppState) -> str:
    """A panel while the collection is being made, an error, or nothing."""
    now = state.status
    if now.stage == "failed":
        return error_notice(now.message)
    if now.stage == "loading":
        return progress_panel("Waking the model …", 0, 0)
    if now.stage == "waiting":
        return progress_panel("Another window is drawing the pictures …", 0, 0)
    if now.stage == "drawing":
        note = (
            "This happens once. You can already search the pictures that are in." if now.done else "This happens once."
        )
        return progress_panel(f"Drawing and indexing {now.total:,} pictures", now.done, now.total, note)
    return ""
