"""The Search tab: a question to bend, the pictures it finds and why; asks the session, computes nothing."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from core.pictures.images import open_image, working_copy
from core.search.query import Query
from demo.components.amounts import count
from demo.components.notices import LINK_SCRIPT, error_notice
from demo.components.query_chips import CHIPS_SCRIPT
from demo.components.question_picture import PICTURE_SCRIPT, picture_files, without_upload_path
from demo.components.result_grid import DETAIL_SCRIPT, GRID_SCRIPT
from demo.components.welcome import MOSAIC_SCRIPT
from demo.components.word_links import LINKS_SCRIPT, word_links_figure
from demo.state.app import Session, data_uri
from demo.state.page import PageState
from demo.state.question import FIRST, MOST, PAGE, among, clean_weights, conditions_of, from_link, to_link
from demo.tabs.answer import answered, explained, grid
from demo.tabs.gradio_defaults import PLAIN, QUIET
from demo.tabs.status import standing
from index_store.errors import SightwordsError

EXAMPLES = (
    "a cat on a red sofa",
    "two boats on the sea at night",
    "a puppy in the snow",
    "a yellow car next to a tree",
    "animals on a farm",
)
OWN = "Search your own photographs"
THUMBNAIL = 96  # px of the picture in the question
MODES = [("Full", "full"), ("Literal only", "literal"), ("Hybrid", "hybrid")]
KINDS = [("Pictures", "image"), ("Captions", "caption"), ("Both", "both")]
MEANINGS = {
    "full": "Every term counts.",
    "literal": "Only the words you typed count.",
    "hybrid": "Must share a word you typed; then every term counts.",
}
TICK_S = 1.0  # how often a page that waits for the world asks how far it is


def search_tab(session: Session, app: gr.Blocks, tab: gr.Tab) -> gr.Button:
    """Builds the tab inside the Blocks at hand, `app`; coming back to it asks again where the model is another one.

    Returns the button that leads to where a person names pictures of their own.
    """
    page = Tab(session, app)
    returned = tab.select(page.ask_another_model, page.settings, page.answer, **QUIET)
    returned.then(page.look, page.asked, page.standing, **QUIET)
    return page.own


class Tab:
    """The components of the tab and what their events do."""

    def __init__(self, session: Session, app: gr.Blocks) -> None:
        self.session = session
        self.asked = gr.State(PageState())
        self._build_question()
        self._build_answer()
        self.settings = [
            self.query, self.expansion, self.mode, self.kind, self.only, self.share, self.each, self.asked,
        ]  # fmt: skip
        self.answer = [
            self.notice, self.welcome, self.picture, self.share, self.chips, self.words, self.line, self.link,
            self.grid, self.detail, self.asked,
        ]  # fmt: skip
        self._wire_question()
        self._wire_answer()
        self._wire_arrival(app)

    def _build_question(self) -> None:
        self.status = gr.HTML(elem_id="status", **PLAIN)
        with gr.Row(elem_id="ask"):
            self.query = gr.Textbox(
                placeholder="Describe a picture …", show_label=False, label="What should the picture show?", lines=1,
                max_lines=1, autofocus=True, container=False, elem_id="query", scale=1,
            )  # fmt: skip
            self.upload = gr.UploadButton(
                "Picture", file_types=picture_files(), elem_id="picture-button", scale=0, variant="secondary"
            )
            self.button = gr.Button("Search", variant="primary", elem_id="search-button", scale=0)
        self.picture = gr.HTML(elem_id="picture", js_on_load=PICTURE_SCRIPT, **PLAIN)
        with gr.Row(elem_id="examples", elem_classes="sw-examples"):
            self.examples = [gr.Button(text, size="sm", elem_id=f"example-{i}") for i, text in enumerate(EXAMPLES)]
        self.own = gr.Button(OWN, elem_id="own-photographs", visible=not self.session.public)
        with gr.Row(elem_id="controls"):
            self.expansion = gr.Slider(
                0, 1, value=1, step=0.05, label="Expansion strength", elem_id="expansion", buttons=[], scale=0
            )
            self.share = gr.Slider(
                0, 1, value=0.5, step=0.05, label="Words … picture", elem_id="share", buttons=[], scale=0, visible=False
            )
            self.mode = gr.Radio(MODES, value="full", label="Matching", elem_id="mode", scale=0)
            self.kind = gr.Radio(KINDS, value="image", label="Find", elem_id="kind", scale=0, visible=False)
            self.each = gr.Checkbox(label="Show copies", elem_id="each", visible=False, scale=0, min_width=140)
            self.meaning = gr.HTML(_meaning("full"), elem_id="mode-meaning", **PLAIN)
            self.only = gr.Dropdown(
                [], value=[], label="Only among",
                info=f"choose, or type: taken>=2024, {'near=52.5,13.4,5km, ' * self.session.tells_places}caption=boat, "
                "without=dog",
                multiselect=True, allow_custom_value=True, elem_id="only", visible=False, min_width=300,
            )  # fmt: skip

    def _build_answer(self) -> None:
        session = self.session

        def suggest(typed: Any) -> list[list[str]]:
            try:
                found = session.searcher.suggest(typed if isinstance(typed, str) else "")
            except SightwordsError:
                return []
            return [[term, f"in {count(items, 'item')}"] for term, items in found]

        def resolve(word: Any) -> str:
            try:
                return session.searcher.term(word if isinstance(word, str) else "") or ""
            except SightwordsError:
                return ""

        def seen(asked: Any) -> list[str]:
            return _seen(session, asked)

        self.notice = gr.HTML(elem_id="notice", **PLAIN)
        self.welcome = gr.HTML(elem_id="welcome", js_on_load=MOSAIC_SCRIPT, **PLAIN)
        self.chips = gr.HTML(
            elem_id="query-terms", js_on_load=CHIPS_SCRIPT, server_functions=[suggest, resolve], **PLAIN
        )
        self.words = gr.HTML(elem_id="word-links", js_on_load=LINKS_SCRIPT, **PLAIN)
        with gr.Row(elem_id="line"):
            self.line = gr.HTML(elem_id="search-line", **PLAIN)
            self.link = gr.HTML(elem_id="link", js_on_load=LINK_SCRIPT, **PLAIN)
        with gr.Row(elem_id="results"):
            with gr.Column(scale=5, min_width=300):
                self.grid = gr.HTML(elem_id="grid", js_on_load=GRID_SCRIPT, **PLAIN)
            with gr.Column(scale=7, min_width=300, elem_id="detail"):
                self.detail = gr.HTML(elem_id="explanation", js_on_load=DETAIL_SCRIPT, server_functions=[seen], **PLAIN)
        self.about = gr.HTML(elem_id="about", **PLAIN)

    def _wire_question(self) -> None:
        gr.on([self.query.submit, self.button.click], self._ask, self.settings, self.answer, **QUIET)
        for example, text in zip(self.examples, EXAMPLES, strict=True):
            filled = example.click(lambda text=text: text, None, self.query, **QUIET)
            filled.then(self._ask, self.settings, self.answer, **QUIET)
        self.mode.change(_meaning, self.mode, self.meaning, queue=False, **QUIET)
        # one event for all, so that the page sends one after the other and none overtakes another's answer
        bent = [
            self.chips.edit,
            self.expansion.change,
            self.mode.change,
            self.kind.change,
            self.only.change,
            self.share.change,
            self.each.change,
        ]
        fast: dict[str, Any] = {"trigger_mode": "always_last", "queue": False, **QUIET}
        gr.on(bent, self._bend, self.settings, self.answer, **fast)
        self.upload.upload(self._take_file, [self.upload, *self.settings], self.answer, **QUIET)
        self.picture.upload(self._take_dropped, self.settings, self.answer, **QUIET)
        self.picture.clear(self._take_out, self.settings, self.answer, **QUIET)

    def _wire_answer(self) -> None:
        shown = [self.grid, self.detail, self.asked]
        gr.on([self.grid.select, self.detail.select], self._choose, self.asked, shown, **QUIET)
        self.grid.expand(self._more, self.settings, self.answer, **QUIET)
        liked = self.detail.like(self._like, self.asked, [self.query, *self.answer], **QUIET)
        liked.then(None, None, None, js="() => sightwords.scrollTo('#query', 'center')")
        self.words.expand(self._links, self.asked, self.words, **QUIET)

        def take_caption(event: gr.EventData) -> str:
            caption = event._data.get("caption") if isinstance(event._data, dict) else None
            return caption if isinstance(caption, str) else ""

        chosen = self.welcome.select(take_caption, None, self.query, **QUIET)
        chosen.then(self._ask, self.settings, self.answer, **QUIET)

    def _wire_arrival(self, app: gr.Blocks) -> None:
        timer = gr.Timer(TICK_S)
        self.standing = shown = [
            self.status, self.about, self.welcome, self.own, self.kind, self.each, self.only, timer,
        ]  # fmt: skip

        timer.tick(self.look, self.asked, shown, queue=False, **QUIET)

        def arrive(asked: PageState, request: gr.Request) -> tuple[Any, ...]:
            question = from_link(str(request.query_params))
            if not to_link(question):  # what somebody did since the page opened stays
                return (*self.look(asked), *(gr.skip(),) * 5)
            settings = (question.text, question.expansion, question.mode, question.share, PageState(question))
            *rest, only, timer_now = standing(self.session, searched=True, kind=question.kind, each=question.each)
            return (*rest, only | {"value": conditions_of(question)}, timer_now, *settings)

        def answer_link(request: gr.Request, *settings: Any) -> tuple[Any, ...]:
            linked = to_link(from_link(str(request.query_params)))
            return self._ask_again(*settings) if linked else (gr.skip(),) * len(self.answer)

        # a link opens with its answer
        filled = app.load(
            arrive, self.asked,
            [*shown, self.query, self.expansion, self.mode, self.share, self.asked], **QUIET,
        )  # fmt: skip
        filled.then(answer_link, self.settings, self.answer, **QUIET)

    def _ask(self, *settings: Any) -> tuple[Any, ...]:
        """Asks anew; the same words keep their edits and more pages, others begin without."""
        *given, asked = settings
        question = _settled(asked.question, *given)
        text = question.text
        if text.strip() != asked.question.text.strip():
            question = replace(question, weights={}, k=PAGE)
        return answered(self.session, replace(asked, question=question))

    def look(self, asked: PageState) -> tuple[Any, ...]:
        """How far the session is, and what it is; see `standing`."""
        return standing(self.session, searched=asked.result is not None)

    def ask_another_model(self, *settings: Any) -> tuple[Any, ...]:
        """Asks the same again where what is shown is another model's answer; edits are of its terms, so they go."""
        *given, asked = settings
        if asked.result is None or asked.model == self.session.model_name:
            return (gr.skip(),) * len(self.answer)
        return answered(self.session, replace(asked, question=replace(_settled(asked.question, *given), weights={})))

    def _ask_again(self, *settings: Any) -> tuple[Any, ...]:
        *given, asked = settings
        if not given[0].strip() and asked.picture is None and asked.question.like is None:
            return (gr.skip(),) * len(self.answer)
        return self._ask(*given, asked)

    # Gradio passes the event where a parameter is annotated with it, which must be the first one before any number
    def _bend(self, event: gr.EventData, *settings: Any) -> tuple[Any, ...]:
        data = event._data
        *given, asked = settings
        if isinstance(data, dict) and "unknown" in data:
            said = f"The vocabulary has no term '{str(data['unknown'])[:60]}'; choose one from its list."
            return (error_notice(said), *(gr.skip(),) * (len(self.answer) - 1))
        if not isinstance(data, dict) or "edits" not in data:
            return self._ask_again(*settings)
        asking = asked.question.text  # words typed since then wait for their own search
        question = replace(_settled(asked.question, *given), text=asking)
        return answered(self.session, replace(asked, question=replace(question, weights=clean_weights(data["edits"]))))

    def _more(self, *settings: Any) -> tuple[Any, ...]:
        *given, asked = settings
        question = replace(_settled(asked.question, *given), text=asked.question.text)
        return answered(
            self.session, replace(asked, question=replace(question, k=min(question.k + PAGE, MOST))), keep=True
        )

    def _take_file(self, path: str | None, *settings: Any) -> tuple[Any, ...]:
        return self._with_picture(path, *settings)

    def _take_dropped(self, event: gr.EventData, *settings: Any) -> tuple[Any, ...]:
        path = event._data.get("path") if isinstance(event._data, dict) else None
        inside = isinstance(path, str) and Path(path).resolve().is_relative_to(_upload_folder().resolve())
        return self._with_picture(path if inside else None, *settings)

    def _with_picture(self, path: str | None, *settings: Any) -> tuple[Any, ...]:
        *given, asked = settings
        if path is None:
            return (gr.skip(),) * len(self.answer)
        try:
            image = working_copy(open_image(path))
            encoded = self.session.searcher.encode_picture(image)
        except SightwordsError as error:
            said = without_upload_path(str(error), str(path))
            return (error_notice(said), *(gr.skip(),) * (len(self.answer) - 1))
        small = image.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        question = replace(_settled(asked.question, *given), like=None, weights={}, k=PAGE)
        name = Path(path).name
        return answered(
            self.session,
            replace(
                asked,
                question=question,
                picture=encoded,
                source=data_uri(small),
                name=name,
                text=None,
                model=self.session.model_name,
            ),
        )

    def _take_out(self, *settings: Any) -> tuple[Any, ...]:
        *given, asked = settings
        question = replace(_settled(asked.question, *given), like=None, weights={})
        without = replace(asked, question=question, picture=None, source="", name="")
        if question.text.strip():
            return answered(self.session, without)
        return ("", gr.skip(), "", gr.update(visible=False), "", "", "", "", "", "", replace(without, result=None))

    def _like(self, asked: PageState, event: gr.EventData) -> tuple[Any, ...]:
        wanted = event._data.get("id") if isinstance(event._data, dict) else None
        if not isinstance(wanted, int) or isinstance(wanted, bool):
            return (gr.skip(),) * (len(self.answer) + 1)
        before = asked.question  # more like this one, among the same items
        question = replace(
            FIRST, like=wanted, kind=before.kind, where=before.where, without=before.without, each=before.each,
            budget=before.budget,
        )  # fmt: skip
        return ("", *answered(self.session, PageState(question)))

    def _choose(self, asked: PageState, event: gr.EventData) -> tuple[Any, Any, Any]:
        """Grid and detail after a card was pressed or a rival chosen; anything but those of a hit changes nothing."""
        data = event._data if isinstance(event._data, dict) else {}
        hits = asked.result.hits if asked.result else ()
        rival, wanted = data.get("rival"), data.get("id")
        ids = [hit.id for hit in hits]
        if "rival" in data and isinstance(rival, int) and asked.chosen < len(hits):
            fair = 0 <= rival < len(hits) and rival != asked.chosen
            return gr.skip(), explained(self.session, hits, asked.chosen, rival if fair else None), asked
        if wanted not in ids:
            return gr.skip(), gr.skip(), asked
        index = ids.index(wanted)
        return (
            grid(self.session, asked.question, hits, wanted),
            explained(self.session, hits, index),
            replace(asked, chosen=index),
        )

    def _links(self, asked: PageState) -> str:
        try:
            return word_links_figure(self.session.searcher.links(asked.question.text), asked.literal)
        except SightwordsError as error:
            return f"<details open><summary>…</summary>{error_notice(str(error))}</details>"


def _meaning(mode: str) -> str:
    return f'<p class="sw-quiet">{MEANINGS.get(mode, "")}</p>'


def _upload_folder() -> Path:
    return Path(os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()) / "gradio")


def _settled(
    before: Query, text: str, expansion: float, mode: str, kind: str, only: list[str], share: float, each: bool
) -> Query:
    question = among(before, only or ())
    return replace(
        question, text=text, expansion=expansion, mode=mode, kind=kind, share=share, each=each  # type: ignore[arg-type]
    )  # fmt: skip


def _seen(session: Session, asked: Any) -> list[str]:
    """[the layer as a data URI or "", what to say] for [item id, term] as a page sends it."""
    if not (isinstance(asked, list) and len(asked) == 2 and isinstance(asked[0], int) and isinstance(asked[1], str)):
        return ["", ""]
    try:
        return [data_uri(session.searcher.heatmap(asked[0], asked[1])), f"Where ‘{asked[1]}’ was seen"]
    except SightwordsError as error:
        return ["", str(error)]
