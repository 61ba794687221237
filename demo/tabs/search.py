"""The Search tab: what happens when a question is asked, bent, linked to or given a picture; computes nothing."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from core.pictures.images import open_image, working_copy
from core.search.query import Query
from demo.components.notices import error_notice
from demo.components.question_picture import without_upload_path
from demo.components.word_links import word_links_figure
from demo.state.app import AppState, data_uri
from demo.state.page import PageState
from demo.state.question import FIRST, MOST, PAGE, among, clean_weights, conditions_of, from_link, to_link
from demo.tabs.answer import answered, explained, grid
from demo.tabs.gradio_defaults import QUIET, Changes, by_component
from demo.tabs.large_view import LargeViewEvents
from demo.tabs.search_components import EXAMPLES, SearchComponents, meaning
from demo.tabs.status import app_news
from index_store.errors import SightwordsError

THUMBNAIL = 96  # px of the picture in the question


def search_tab(state: AppState, app: gr.Blocks, tab: gr.Tab) -> gr.Button:
    """Builds the tab inside the Blocks at hand, `app`; coming back to it asks again where the model is another one.

    Returns the button that leads to where a person names pictures of their own.
    """
    parts = SearchComponents(state)
    QuestionEvents(state, parts).wire()
    AnswerEvents(state, parts).wire()
    LargeViewEvents(state, parts).wire()
    ArrivalEvents(state, parts).wire(app, tab)
    return parts.own


class QuestionEvents:
    """What happens when a question is asked, bent or given a picture."""

    def __init__(self, state: AppState, parts: SearchComponents) -> None:
        self.state, self.parts = state, parts

    def wire(self) -> None:
        """Tells Gradio what happens when."""
        parts, settings, answer = self.parts, self.parts.settings, [*self.parts.answer.values()]
        gr.on([parts.query.submit, parts.button.click], self._ask, settings, answer, **QUIET)
        for example, text in zip(parts.examples, EXAMPLES, strict=True):
            filled = example.click(lambda text=text: text, None, parts.query, **QUIET)
            filled.then(self._ask, settings, answer, **QUIET)
        parts.mode.change(meaning, parts.mode, parts.meaning, queue=False, **QUIET)
        # one event for all, so that the page sends one after the other and none overtakes another's answer
        bent = [
            parts.chips.edit, parts.expansion.change, parts.mode.change, parts.kind.change, parts.only.change,
            parts.share.change, parts.each.change,
        ]  # fmt: skip
        gr.on(bent, self._bend, settings, answer, trigger_mode="always_last", queue=False, **QUIET)
        parts.upload.upload(self._take_file, [parts.upload, *settings], answer, **QUIET)
        parts.picture.upload(self._take_dropped, settings, answer, **QUIET)
        parts.picture.clear(self._take_out, settings, answer, **QUIET)
        chosen = parts.welcome.select(_chosen_caption, None, parts.query, **QUIET)
        chosen.then(self._ask, settings, answer, **QUIET)

    def _ask(self, *settings: Any) -> Changes:
        return answer_of(self.state, self.parts, *settings)

    # Gradio passes the event where a parameter is annotated with it, which must be the first one before any number
    def _bend(self, event: gr.EventData, *settings: Any) -> Changes:
        data = event._data
        *given, page = settings
        if isinstance(data, dict) and "unknown" in data:
            message = f"The vocabulary has no term '{str(data['unknown'])[:60]}'; choose one from its list."
            return {self.parts.notice: error_notice(message)}
        if not isinstance(data, dict) or "edits" not in data:
            return answer_again_of(self.state, self.parts, *settings)
        # words typed since then wait for their own search
        question = replace(
            settled(page.question, *given), text=page.question.text, weights=clean_weights(data["edits"])
        )
        return shown(self.state, self.parts, replace(page, question=question))

    def _take_file(self, path: str | None, *settings: Any) -> Changes:
        return self._with_picture(path, *settings)

    def _take_dropped(self, event: gr.EventData, *settings: Any) -> Changes:
        path = event._data.get("path") if isinstance(event._data, dict) else None
        inside = isinstance(path, str) and Path(path).resolve().is_relative_to(_upload_folder().resolve())
        return self._with_picture(path if inside else None, *settings)

    def _with_picture(self, path: str | None, *settings: Any) -> Changes:
        *given, page = settings
        if path is None:
            return gr.skip()
        try:
            image = working_copy(open_image(path))
            encoded = self.state.searcher.encode_picture(image)
        except SightwordsError as error:
            return {self.parts.notice: error_notice(without_upload_path(str(error), str(path)))}
        small = image.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        page = replace(
            page,
            question=replace(settled(page.question, *given), like=None, weights={}, k=PAGE),
            picture=encoded,
            source=data_uri(small),
            name=Path(path).name,
            text=None,
            model=self.state.model_name,
        )
        return shown(self.state, self.parts, page)

    def _take_out(self, *settings: Any) -> Changes:
        *given, page = settings
        question = replace(settled(page.question, *given), like=None, weights={})
        without = replace(page, question=question, picture=None, source="", name="")
        if question.text.strip():
            return shown(self.state, self.parts, without)
        emptied: Changes = dict.fromkeys(self.parts.answer.values(), "")
        del emptied[self.parts.welcome]
        return emptied | {self.parts.share: gr.update(visible=False), self.parts.page: replace(without, result=None)}


class AnswerEvents:
    """What happens when a person chooses among the results, or asks for more of them."""

    def __init__(self, state: AppState, parts: SearchComponents) -> None:
        self.state, self.parts = state, parts

    def wire(self) -> None:
        """Tells Gradio what happens when."""
        parts, answer = self.parts, [*self.parts.answer.values()]
        changed = [parts.grid, parts.detail, parts.page]
        gr.on([parts.grid.select, parts.detail.select], self._choose, parts.page, changed, **QUIET)
        parts.grid.expand(self._more, parts.settings, answer, **QUIET)
        liked = parts.detail.like(self._like, parts.page, [parts.query, *answer], **QUIET)
        liked.then(None, None, None, js="() => sightwords.scrollTo('#query', 'center')")
        parts.words.expand(self._links, parts.page, parts.words, **QUIET)

    def _more(self, *settings: Any) -> Changes:
        *given, page = settings
        question = replace(settled(page.question, *given), text=page.question.text)
        question = replace(question, k=min(question.k + PAGE, MOST))
        return shown(self.state, self.parts, replace(page, question=question), keep=True)

    def _like(self, page: PageState, event: gr.EventData) -> Changes:
        wanted = event._data.get("id") if isinstance(event._data, dict) else None
        if not isinstance(wanted, int) or isinstance(wanted, bool):
            return gr.skip()
        before = page.question  # more like this one, among the same items
        question = replace(
            FIRST, like=wanted, kind=before.kind, where=before.where, without=before.without, each=before.each,
            budget=before.budget,
        )  # fmt: skip
        return shown(self.state, self.parts, PageState(question)) | {self.parts.query: ""}

    def _choose(self, page: PageState, event: gr.EventData) -> Changes:
        """Grid and detail after a card was pressed or a rival chosen; anything but those of a hit changes nothing."""
        data = event._data if isinstance(event._data, dict) else {}
        hits = page.result.hits if page.result else ()
        rival, wanted = data.get("rival"), data.get("id")
        ids = [hit.id for hit in hits]
        if "rival" in data and isinstance(rival, int) and page.chosen < len(hits):
            fair = 0 <= rival < len(hits) and rival != page.chosen
            return {self.parts.detail: explained(self.state, hits, page.chosen, rival if fair else None)}
        if wanted not in ids:
            return gr.skip()
        index = ids.index(wanted)
        return {
            self.parts.grid: grid(self.state, page.question, hits, wanted),
            self.parts.detail: explained(self.state, hits, index),
            self.parts.page: replace(page, chosen=index),
        }

    def _links(self, page: PageState) -> str:
        try:
            return word_links_figure(self.state.searcher.links(page.question.text), page.literal)
        except SightwordsError as error:
            return f"<details open><summary>…</summary>{error_notice(str(error))}</details>"


class ArrivalEvents:
    """What happens when the page or its tab is opened, and while it waits for the app to be ready."""

    def __init__(self, state: AppState, parts: SearchComponents) -> None:
        self.state, self.parts = state, parts

    def wire(self, app: gr.Blocks, tab: gr.Tab) -> None:
        """Tells Gradio what happens when."""
        parts, status, answer = self.parts, [*self.parts.status.values()], [*self.parts.answer.values()]
        parts.timer.tick(self._look, parts.page, status, queue=False, **QUIET)
        # a link opens with its answer
        asked_for = [parts.query, parts.expansion, parts.mode, parts.share, parts.page]
        filled = app.load(self._arrive, parts.page, [*status, *asked_for], **QUIET)
        filled.then(self._answer_link, parts.settings, answer, **QUIET)
        returned = tab.select(self._ask_another_model, parts.settings, answer, **QUIET)
        returned.then(self._look, parts.page, status, **QUIET)

    def _look(self, page: PageState) -> Changes:
        """How far the app is, and what it is."""
        return by_component(self.parts.status, app_news(self.state, searched=page.result is not None))

    def _arrive(self, page: PageState, request: gr.Request) -> Changes:
        question = from_link(str(request.query_params))
        if not to_link(question):  # what somebody did since the page opened stays
            return self._look(page)
        news = app_news(self.state, searched=True, kind=question.kind, each=question.each)
        news = news._replace(only=news.only | {"value": conditions_of(question)})
        return by_component(self.parts.status, news) | {
            self.parts.query: question.text,
            self.parts.expansion: question.expansion,
            self.parts.mode: question.mode,
            self.parts.share: question.share,
            self.parts.page: PageState(question),
        }

    def _answer_link(self, request: gr.Request, *settings: Any) -> Changes:
        linked = to_link(from_link(str(request.query_params)))
        return answer_again_of(self.state, self.parts, *settings) if linked else gr.skip()

    def _ask_another_model(self, *settings: Any) -> Changes:
        """Asks the same again where what is shown is another model's answer; weights are of its terms, so they go."""
        *given, page = settings
        if page.result is None or page.model == self.state.model_name:
            return gr.skip()
        question = replace(settled(page.question, *given), weights={})
        return shown(self.state, self.parts, replace(page, question=question))


def answer_of(state: AppState, parts: SearchComponents, *settings: Any) -> Changes:
    """Asks anew; the same words keep their weights and more pages, others begin without."""
    *given, page = settings
    question = settled(page.question, *given)
    if question.text.strip() != page.question.text.strip():
        question = replace(question, weights={}, k=PAGE)
    return shown(state, parts, replace(page, question=question))


def answer_again_of(state: AppState, parts: SearchComponents, *settings: Any) -> Changes:
    """As `answer_of`, but nothing where there is no question yet."""
    text, page = settings[0], settings[-1]
    if not text.strip() and page.picture is None and page.question.like is None:
        return gr.skip()
    return answer_of(state, parts, *settings)


def shown(state: AppState, parts: SearchComponents, page: PageState, keep: bool = False) -> Changes:
    """What the answer to the page's question changes; `keep`: the chosen result stays chosen."""
    return by_component(parts.answer, answered(state, page, keep))


def settled(
    before: Query, text: str, expansion: float, mode: str, kind: str, only: list[str], share: float, each: bool
) -> Query:
    """The question with the settings that stand on the page now."""
    question = among(before, only or ())
    return replace(
        question, text=text, expansion=expansion, mode=mode, kind=kind, share=share, each=each  # type: ignore[arg-type]
    )  # fmt: skip


def _chosen_caption(event: gr.EventData) -> str:
    caption = event._data.get("caption") if isinstance(event._data, dict) else None
    return caption if isinstance(caption, str) else ""


def _upload_folder() -> Path:
    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")
