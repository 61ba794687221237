"""How far the app is, as the Search tab says it: progress, the model's own sentence, pictures to begin with."""

from typing import Any, NamedTuple

import gradio as gr

from demo.components.notices import error_notice, progress_panel
from demo.components.welcome import about_line, mosaic
from demo.state.app import Session

SAMPLE = 16  # two rows of the mosaic on a laptop


class AppNews(NamedTuple):
    """The new value of each component of the Search tab that says how far the app is, by the component's name."""

    panel: Any
    about: Any
    welcome: Any
    own: Any
    kind: Any
    each: Any
    only: Any
    timer: Any


def app_news(session: Session, searched: bool, kind: str | None = None, each: bool = False) -> AppNews:
    """How far the app is now. `kind` and `each`: what a link asks for."""
    waiting = session.status.stage not in ("ready", "failed")
    kinds = session.kinds()
    captions, copies = kinds.get("caption", 0) > 0, session.has_copies()
    return AppNews(
        panel=status_panel(session),
        about=about_line(session.model_name, session.about),
        welcome="" if searched else mosaic(session.sample(SAMPLE), kinds.get("image", 0)),
        own=gr.update(visible=session.path is None and not session.public),
        kind=gr.update(visible=captions, value=kind) if kind else gr.update(visible=captions),
        each=gr.update(visible=copies, value=True) if each else gr.update(visible=copies),
        only=gr.update(choices=session.searcher.conditions(), visible=session.path is not None),
        timer=gr.Timer(active=waiting),
    )


def status_panel(session: Session) -> str:
    """A panel while the collection is being made, an error, or nothing."""
    now = session.status
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
