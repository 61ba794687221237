"""How far the session is, as the page says it: progress, the model's own sentence, pictures to begin with."""

from typing import Any

import gradio as gr

from demo.components.notices import error_notice, progress_panel
from demo.components.welcome import about_line, mosaic
from demo.state.app import Session

SAMPLE = 16  # two rows of the mosaic on a laptop


def standing(session: Session, searched: bool, kind: str | None = None, each: bool = False) -> tuple[Any, ...]:
    """What changes while a page waits: status, about, welcome, way to own pictures, kind, each, only, timer.

    `kind` and `each`: what a link asks for.
    """
    now = session.status
    waiting = now.stage not in ("ready", "failed")
    kinds = session.kinds()
    linked_kind: dict[str, Any] = {"value": kind} if kind else {}
    linked_each: dict[str, Any] = {"value": True} if each else {}
    return (
        status(session),
        about_line(session.model_name, session.about),
        "" if searched else mosaic(session.sample(SAMPLE), kinds.get("image", 0)),
        gr.update(visible=session.path is None and not session.public),
        gr.update(visible=kinds.get("caption", 0) > 0, **linked_kind),
        gr.update(visible=session.has_copies(), **linked_each),
        gr.update(choices=session.searcher.conditions(), visible=session.path is not None),
        gr.Timer(active=waiting),
    )


def status(session: Session) -> str:
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
