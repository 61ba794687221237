"""The Search tab: what happens when a question is asked, bent, linked to or given a picture; computes nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from core.pictures.images import open_image, working_copy
from core.search.query import Query
from demo.components.notices import error_notice
from demo.components.question_picture import without_upload_path
from demo.components.word_links import word_links_figure
from demo.serving.uploads import sent_file
from demo.state.app import AppState, data_uri
from demo.state.library import Library
from demo.state.location import Location
from demo.state.page import PageState, with_sent, without_picture
from demo.state.question import MOST, PAGE, among, clean_weights, conditions_of, unbent
from demo.state.sent_pictures import SentPicture
from demo.state.visit import Visit, arrived
from demo.tabs.answer import address_of, answered, emptied, explained, failed
from demo.tabs.gradio_defaults import QUIET, Changes, by_component, tell_busy
from demo.tabs.large_view import LargeViewEvents, choice
from demo.tabs.marks import MarkEvents
from demo.tabs.search_components import EXAMPLES, SearchComponents, meaning
from demo.tabs.selection import SelectionEvents, more_like
from demo.tabs.status import app_news
from index_store.errors import SightwordsError

THUMBNAIL = 96  # px of the picture in the question


def search_tab(state: AppState, library: Library | None, app: gr.Blocks, tab: gr.Tab) -> gr.Button:
    """Builds the tab inside the Blocks at hand, `app`.

    `library`: opens the collection that an address names, and takes items out of it; None where nobody may. Returns
    the button that leads to where a person names pictures of their own.
    """
    parts = SearchComponents(state)
    QuestionEvents(state, parts).wire()
    AnswerEvents(state, parts).wire()
    LargeViewEvents(state, parts).wire()
    SelectionEvents(state, library.contents if library else None, parts).wire()
    MarkEvents(state, parts).wire()
    ArrivalEvents(state, library, parts).wire(app, tab)
    return parts.own


class QuestionEvents:
    """What happens when a question is asked, bent or given a picture."""

    def __init__(self, state: AppState, parts: SearchComponents) -> None:
        self.state, self.parts = state, parts

    def wire(self) -> None:
        """Tells Gradio what happens when."""
        parts, settings, answer = self.parts, self.parts.settings, [*self.parts.answer.values()]
        asked = [parts.query.submit, parts.button.click]
        tell_busy(asked, lambda: gr.on(asked, self._ask, settings, answer, **QUIET))
        for example, text in zip(parts.examples, EXAMPLES, strict=True):
            tell_busy([example.click], partial(self._wire_choice, example.click, lambda text=text: text))
        ways: list[Any] = [parts.mode, parts.rank, parts.by_table]
        gr.on([way.change for way in ways], meaning, ways, parts.meaning, queue=False, **QUIET)
        # one event for all, so that the page sends one after the other and none overtakes another's answer
        # `input` and not `change`, which also tells of what an address has set; a typed condition is only a change
        bent = [
            parts.chips.edit, parts.expansion.input, parts.mode.input, parts.kind.input, parts.only.change,
            parts.share.input, parts.each.input, parts.rank.input,
            parts.by_table.input,
        ]  # fmt: skip
        bending: dict[str, Any] = {"trigger_mode": "always_last", "queue": False, **QUIET}
        tell_busy(bent, lambda: gr.on(bent, self._bend, settings, answer, **bending))
        sent, dropped = parts.upload.upload, parts.picture.upload
        tell_busy([sent], lambda: sent(self._take_file, [parts.upload, *settings], answer, **QUIET))
        tell_busy([dropped], lambda: dropped(self._take_dropped, settings, answer, **QUIET))
        parts.picture.clear(self._take_out, settings, answer, **QUIET)
        chosen: list[tuple[Any, Any]] = [(parts.welcome.select, _chosen_caption)]
        chosen += [(offering.select, _chosen_question) for offering in (parts.notice, parts.how)]
        for select, question in chosen:
            tell_busy([select], partial(self._wire_choice, select, question))

    def _wire_choice(self, trigger: Callable[..., Any], question: Callable[..., str]) -> Any:
        """Has a trigger fill the box with a question, and ask it."""
        filled = trigger(question, None, self.parts.query, **QUIET)
        return filled.then(self._ask, self.parts.settings, [*self.parts.answer.values()], **QUIET)

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
            # the words in the box may be of another step of the history, whose answer is not here yet
            settings_now = replace(settled(page.question, *given), text=page.question.text)
            if page.shown == self.state.shown and settings_now == page.question:
                return gr.skip()  # an address has set the conditions
            return answer_again_of(self.state, self.parts, *settings)
        # words typed since then wait for their own search
        question = replace(
            settled(page.question, *given), text=page.question.text, weights=clean_weights(data["edits"])
        )
        return shown(self.state, self.parts, replace(page, question=question))

    def _take_file(self, path: str | None, *settings: Any) -> Changes:
        return self._with_picture(path, *settings)

    def _take_dropped(self, event: gr.EventData, *settings: Any) -> Changes:
        path = sent_file(event._data.get("path")) if isinstance(event._data, dict) else None
        return self._with_picture(str(path) if path else None, *settings)

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
        sent = SentPicture(encoded, data_uri(small), Path(path).name, self.state.model_name)
        question = replace(unbent(settled(page.question, *given)), k=PAGE)
        page = replace(with_sent(replace(page, question=question), sent, self.state.sent.keep(sent)), text=None)
        return shown(self.state, self.parts, page)

    def _take_out(self, *settings: Any) -> Changes:
        *given, page = settings
        question = unbent(settled(page.question, *given))
        without = without_picture(replace(page, question=question))
        if question.text.strip():
            return shown(self.state, self.parts, without)
        return by_component(self.parts.answer, emptied(without))


class AnswerEvents:
    """What happens when a person chooses among the results, or asks for more of them."""

    def __init__(self, state: AppState, parts: SearchComponents) -> None:
        self.state, self.parts = state, parts

    def wire(self) -> None:
        """Tells Gradio what happens when."""
        parts, answer = self.parts, [*self.parts.answer.values()]
        changed = [parts.grid, parts.detail, parts.link, parts.page]
        gr.on([parts.grid.select, parts.detail.select], self._choose, parts.page, changed, **QUIET)
        more = parts.grid.expand
        tell_busy([more], lambda: more(self._more, parts.settings, answer, **QUIET))
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
        return more_like(self.state, self.parts, page, (wanted,))

    def _choose(self, page: PageState, event: gr.EventData) -> Changes:
        """Grid and detail after a card was pressed or a rival chosen; anything but those of a hit changes nothing."""
        data = event._data if isinstance(event._data, dict) else {}
        hits = page.result.hits if page.result else ()
        rival, wanted = data.get("rival"), data.get("id")
        ids = [hit.id for hit in hits]
        if "rival" in data and isinstance(rival, int) and page.chosen < len(hits):
            fair = 0 <= rival < len(hits) and rival != page.chosen
            return {self.parts.detail: explained(self.state, page.question, hits, page.chosen, rival if fair else None)}
        if wanted not in ids:
            return gr.skip()
        return choice(self.state, self.parts, page, ids.index(wanted))

    def _links(self, page: PageState) -> str:
        try:
            asked = page.text.text if page.text else page.question.text
            return word_links_figure(self.state.searcher.links(asked, page.question.by_table), page.literal)
        except SightwordsError as error:
            return f"<details open><summary>…</summary>{error_notice(str(error))}</details>"


class ArrivalEvents:
    """What happens when the page or its tab is opened, when its history is walked, and while the app gets ready."""

    def __init__(self, state: AppState, library: Library | None, parts: SearchComponents) -> None:
        self.state, self.library, self.parts = state, library, parts

    def wire(self, app: gr.Blocks, tab: gr.Tab) -> None:
        """Tells Gradio what happens when."""
        parts, status, answer = self.parts, [*self.parts.status.values()], [*self.parts.answer.values()]
        parts.timer.tick(self._look, parts.page, status, queue=False, **QUIET)
        app.load(self._look, parts.page, status, **QUIET)
        app.load(None, None, None, js="() => sightwords.conditions()")
        asked_for = [parts.query, parts.expansion, parts.mode]
        visited = [*dict.fromkeys([*asked_for, *status, *answer])]
        # "multiple", since the script sends one at a time by itself
        visit = partial(parts.link.visit, self._visit, parts.page, visited, trigger_mode="multiple", **QUIET)
        tell_busy([parts.link.visit], visit)
        returned = tab.select(self._ask_another, parts.settings, answer, **QUIET)
        returned.then(self._look, parts.page, status, **QUIET)

    def _look(self, page: PageState) -> Changes:
        """How far the app is, and what it is."""
        return by_component(self.parts.status, app_news(self.state, searched=page.result is not None))

    def _visit(self, page: PageState, event: gr.EventData) -> Changes:
        """Asks what an address says that was opened, or that somebody went back to."""
        data = event._data if isinstance(event._data, dict) else {}
        visit = visit_of(data)
        asked, refusal = arrived(self.state, self.library, page, visit)
        question, asks = asked.question, visit.location.asks
        news = app_news(self.state, searched=asks, linked=question)
        news = news._replace(only=news.only | {"value": conditions_of(question)})
        if refusal:
            answer = failed(refusal, asked)
        elif asks:
            answer = answered(self.state, asked, keep=True)
        else:
            answer = emptied(asked)._replace(welcome=news.welcome)
        number = data.get("visit")
        link = address_of(answer.page, number if type(number) is int else 0, visit.location if refusal else None)
        settings = {
            self.parts.query: question.text,
            self.parts.expansion: question.expansion,
            self.parts.mode: question.mode,
        }
        changed = by_component(self.parts.status, news) | by_component(self.parts.answer, answer._replace(link=link))
        return settings | changed

    def _ask_another(self, *settings: Any) -> Changes:
        """Asks the same again where what is shown is another model's answer, or another collection's.

        Weights are of a model's terms, so that they go with it.
        """
        *given, page = settings
        if page.result is None or (page.model == self.state.model_name and page.shown == self.state.shown):
            return gr.skip()
        question = settled(page.question, *given)
        if page.model != self.state.model_name:
            question = unbent(question)
        return shown(self.state, self.parts, replace(page, question=question))


def visit_of(data: dict[str, Any]) -> Visit:
    """What a page sends of its address and history, which may be anything."""
    address, token, chosen = data.get("address"), data.get("token"), data.get("chosen")
    return Visit(
        Location.parse(address if isinstance(address, str) else ""),
        token if isinstance(token, str) else "",
        chosen if isinstance(chosen, int) and 0 <= chosen < MOST else 0,
    )


def answer_of(state: AppState, parts: SearchComponents, *settings: Any) -> Changes:
    """Asks anew; the same words keep their weights and more pages, others begin without."""
    *given, page = settings
    question = settled(page.question, *given)
    if question.text.strip() != page.question.text.strip():
        question = replace(unbent(question), k=PAGE)
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
    before: Query,
    text: str,
    expansion: float,
    mode: str,
    kind: str,
    only: list[str],
    share: float,
    each: bool,
    rank: str,
    by_table: bool,
) -> Query:
    """The question with the settings that stand on the page now."""
    question = among(before, only or ())
    return replace(
        question, text=text, expansion=expansion, mode=mode, kind=kind, share=share, each=each,  # type: ignore[arg-type]
        rank=rank, by_table=by_table,  # type: ignore[arg-type]
    )  # fmt: skip


def _chosen_caption(event: gr.EventData) -> str:
    caption = event._data.get("caption") if isinstance(event._data, dict) else None
    return caption if isinstance(caption, str) else ""


def _chosen_question(event: gr.EventData) -> str:
    text = event._data.get("text") if isinstance(event._data, dict) else None
    return text if isinstance(text, str) else ""
