"""What happens with the results that a person selected: more like them, a tag for them or off them, out with them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gradio as gr

from demo.components.amounts import count
from demo.components.notices import done_notice, error_notice
from demo.state.app import AppState
from demo.state.contents import Contents
from demo.state.page import PageState
from demo.state.question import FIRST
from demo.tabs.answer import answered
from demo.tabs.gradio_defaults import QUIET, Changes, by_component
from demo.tabs.search_components import SearchComponents
from index_store.errors import SightwordsError


class SelectionEvents:
    """The selected results of a page, as ids that it sends; only those that it shows are taken."""

    def __init__(self, state: AppState, contents: Contents | None, parts: SearchComponents) -> None:
        """`contents`: what is in the open collection; None where nobody may change that."""
        self.state, self.contents, self.parts = state, contents, parts

    def wire(self) -> None:
        """Tells Gradio what happens when."""
        parts, answer = self.parts, [*self.parts.answer.values()]
        liked = parts.selection.like(self._like, parts.page, [parts.query, *answer], **QUIET)
        liked.then(None, None, None, js="() => sightwords.scrollTo('#query', 'center')")
        parts.selection.apply(self._tag, parts.page, answer, **QUIET)
        parts.selection.delete(self._remove, parts.page, answer, **QUIET)

    def _like(self, page: PageState, event: gr.EventData) -> Changes:
        ids = selected(page, event)
        return more_like(self.state, self.parts, page, ids) if ids else gr.skip()

    def _tag(self, page: PageState, event: gr.EventData) -> Changes:
        sent = event._data if isinstance(event._data, dict) else {}
        tag, ids = sent["tag"].strip() if isinstance(sent.get("tag"), str) else "", selected(page, event)

        def work(contents: Contents) -> str:
            if sent.get("untag") is True:
                return f"‘{tag}’ is a tag of {count(contents.untag(ids, tag, page.shown), 'result')} less now."
            contents.tag(ids, tag, page.shown)
            return f"‘{tag}’ is a tag of {count(len(ids), 'result')} now."

        return self._changed(page, work) if ids and tag else gr.skip()

    def _remove(self, page: PageState, event: gr.EventData) -> Changes:
        ids = selected(page, event)
        return (
            self._changed(page, lambda contents: f"Taken out: {contents.remove(ids, page.shown):,}. The files stay.")
            if ids
            else gr.skip()
        )

    def _changed(self, page: PageState, work: Callable[[Contents], str]) -> Changes:
        """Changes the collection that the page shows, and asks its question again; `work` returns what to say."""
        if self.contents is None:
            return gr.skip()
        try:
            said = done_notice(work(self.contents))
        except SightwordsError as error:
            return {self.parts.notice: error_notice(str(error))}
        changes = by_component(self.parts.answer, answered(self.state, page, keep=True))
        return changes | {self.parts.notice: said + (changes[self.parts.notice] or "")}


def more_like(state: AppState, parts: SearchComponents, page: PageState, ids: tuple[int, ...]) -> Changes:
    """Asks for more like an item, or the mean of several, among the same items as the page's question."""
    before = page.question
    question = replace(
        FIRST, like=ids if len(ids) > 1 else ids[0], kind=before.kind, where=before.where, without=before.without,
        each=before.each, budget=before.budget, rank=before.rank, dense_weight=before.dense_weight,
        by_table=before.by_table,
    )  # fmt: skip
    return by_component(parts.answer, answered(state, PageState(question, shown=page.shown))) | {parts.query: ""}


def selected(page: PageState, event: gr.EventData) -> tuple[int, ...]:
    """The ids that the page sends, as far as they are of results that it shows, best first."""
    sent: Any = event._data.get("ids") if isinstance(event._data, dict) else None
    wanted = {one for one in sent if type(one) is int} if isinstance(sent, list) else set()
    return tuple(hit.id for hit in page.result.hits if hit.id in wanted) if page.result else ()
