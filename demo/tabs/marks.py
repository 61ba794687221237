"""What happens when a person marks results as right or wrong: the question's weights follow, in sight."""

from dataclasses import replace
from typing import Any

import gradio as gr

from demo.state.app import AppState
from demo.state.page import PageState
from demo.state.question import with_marks
from demo.tabs.answer import answered
from demo.tabs.gradio_defaults import QUIET, Changes, by_component, tell_busy
from demo.tabs.search_components import SearchComponents
from demo.tabs.selection import selected


class MarkEvents:
    """The marks of a page, which are part of its question; only results that it shows can be marked."""

    def __init__(self, state: AppState, parts: SearchComponents) -> None:
        self.state, self.parts = state, parts

    def wire(self) -> None:
        """Tells Gradio what happens when. A mark is the `input` of what shows results; the chips' `clear` ends all."""
        parts, answer = self.parts, [*self.parts.answer.values()]
        marked: list[Any] = [parts.grid.input, parts.detail.input, parts.selection.input]
        tell_busy(marked, lambda: gr.on(marked, self._mark, parts.page, answer, **QUIET))
        tell_busy([parts.chips.clear], lambda: parts.chips.clear(self._forget, parts.page, answer, **QUIET))

    def _mark(self, page: PageState, event: gr.EventData) -> Changes:
        data: Any = event._data
        mark, ids = data.get("mark") if isinstance(data, dict) else None, selected(page, event)
        if mark not in ("right", "wrong") or not ids:
            return gr.skip()
        return self._asked(replace(page, question=with_marks(page.question, ids, mark)))

    def _forget(self, page: PageState) -> Changes:
        return self._asked(replace(page, question=replace(page.question, right=(), wrong=())))

    def _asked(self, page: PageState) -> Changes:
        return by_component(self.parts.answer, answered(self.state, page, keep=True))
