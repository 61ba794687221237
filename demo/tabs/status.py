"""How far the app is, as the Search tab says it: progress, the model's own sentence, pictures to begin with."""

from typing import Any, NamedTuple

import gradio as gr

from core.search.query import Query
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
    by_table: Any
    only: Any
    timer: Any


def app_news(state: AppState, searched: bool, linked: Query | None = None) -> AppNews:
    """How far the app is now. `linked`: what a link asks for; None leaves the settings as they are."""
    waiting = state.status.stage not in ("ready", "failed")
    kinds = state.kinds()
    captions, copies = kinds.get("caption", 0) > 0, state.has_copies()
    # a link may ask for what this collection cannot do: it then stands there, beside the sentence that says why
    ranks = state.keeps_dense() or (linked is not None and linked.rank != "sparse")
    table = state.has_table() or (linked is not None and linked.by_table)

    def setting(visible: bool, name: str) -> Any:
        return gr.update(visible=visible, value=getattr(linked, name)) if linked else gr.update(visible=visible)

    return AppNews(
        panel=status_panel(state),
        about=about_line(state.model_name, state.about),
        welcome="" if searched else mosaic(state.sample(SAMPLE), kinds.get("image", 0)),
        own=gr.update(visible=state.path is None and not state.public),
        kind=setting(captions, "kind"),
        each=setting(copies, "each"),
        rank=setting(ranks, "rank"),
        by_table=setting(table, "by_table"),
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
