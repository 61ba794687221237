"""What happens when a result is looked at in large: the next one, the one before, its file opened; computes nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.components.large_view import FileActions, LargeSource, large_view, picture_url
from demo.components.result_grid import file_url, folder_key
from demo.state.app import AppState
from demo.state.own_machine import asked_from_here, open_here
from demo.state.page import PageState
from demo.tabs.answer import address_of, explained, grid
from demo.tabs.gradio_defaults import QUIET, Changes
from demo.tabs.search_components import SearchComponents
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.search.results import SearchHit


def choice(state: AppState, parts: SearchComponents, page: PageState, index: int) -> Changes:
    """What changes on the page where one of its results is chosen, by its index."""
    assert page.result is not None  # who calls has looked
    hits, chosen = page.result.hits, replace(page, chosen=index)
    return {
        parts.grid: grid(state, page.question, hits, hits[index].id),
        parts.detail: explained(state, page.question, hits, index),
        parts.link: address_of(chosen),
        parts.page: chosen,
    }


class LargeViewEvents:
    """The large view of the page's results; scripts open it, from a card or from the explanation."""

    def __init__(self, state: AppState, parts: SearchComponents) -> None:
        self.state, self.parts = state, parts

    def wire(self) -> None:
        """Tells Gradio what happens when."""
        parts = self.parts
        shown = [parts.view, parts.grid, parts.detail, parts.link, parts.page]
        parts.view.select(self._look, parts.page, shown, queue=False, trigger_mode="always_last", **QUIET)
        parts.view.apply(self._open, parts.page, parts.view, queue=False, **QUIET)

    def _look(self, page: PageState, event: gr.EventData, request: gr.Request) -> Changes:
        """The result with the id that the page names, in large, and chosen on the page behind; nothing for others."""
        wanted = event._data.get("id") if isinstance(event._data, dict) else None
        hits = page.result.hits if page.result else ()
        index = next((i for i, hit in enumerate(hits) if hit.id == wanted), None)
        if index is None:
            return gr.skip()
        changes: Changes = {self.parts.view: self._view(replace(page, chosen=index), request)}
        return changes | (choice(self.state, self.parts, page, index) if index != page.chosen else {})

    def _open(self, page: PageState, event: gr.EventData, request: gr.Request) -> Changes:
        """Opens the file of the result that is looked at, or its folder, on the computer of whoever sits at it."""
        hits = page.result.hits if page.result else ()
        if not self._opens(request) or page.chosen >= len(hits):
            return gr.skip()
        folder = isinstance(event._data, dict) and event._data.get("folder") is True
        try:
            open_here(hits[page.chosen].path, folder)
            said = "Its folder opens." if folder else "It opens."
        except SightwordsError as error:
            said = str(error)
        return {self.parts.view: self._view(page, request, said)}

    def _view(self, page: PageState, request: gr.Request, said: str = "") -> str:
        assert page.result is not None  # who calls has looked
        hits, index = page.result.hits, page.chosen
        hit = hits[index]
        place = self.state.place(hit.path)
        sources = [self._source(page, one) for one in hits]
        url = f"{sources[index].large}/file" if sources[index].large and not self.state.public else ""
        actions = FileActions(place, url, bool(place) and self._opens(request))
        return large_view(hits, index, sources, self.state.searcher.facts(hit), actions, said)

    def _source(self, page: PageState, hit: "SearchHit") -> LargeSource:
        if hit.kind != "image":
            return LargeSource("", "")
        collection = self.state.collection
        small = file_url(hit.thumbnail) if hit.thumbnail else ""
        if collection is None or page.shown != self.state.shown:  # in another window another one was opened
            return LargeSource("", small)
        return LargeSource(picture_url(folder_key(collection.thumbnails), hit.id), small)

    def _opens(self, request: Any) -> bool:
        return self.state.on_own_machine and asked_from_here(request.client.host, request.headers)
