"""The components of the Search tab, from the box for the question to the explained results; knows no events."""

from typing import Any

import gradio as gr
from gradio.blocks import Block

from demo.components.amounts import count
from demo.components.how_to_ask import how_to_ask
from demo.components.large_view import VIEW_SCRIPT
from demo.components.notices import LINK_SCRIPT, busy_line
from demo.components.offered_question import QUESTIONS_SCRIPT
from demo.components.query_chips import CHIPS_SCRIPT
from demo.components.question_picture import PICTURE_SCRIPT, picture_files
from demo.components.recent_questions import RECENT_SCRIPT, recent_questions
from demo.components.result_grid import DETAIL_SCRIPT, GRID_SCRIPT
from demo.components.selection_bar import SELECTION_SCRIPT, selection_bar
from demo.components.welcome import MOSAIC_SCRIPT
from demo.components.word_links import LINKS_SCRIPT
from demo.state.app import AppState, data_uri
from demo.state.page import PageState
from demo.tabs.answer import Answer
from demo.tabs.gradio_defaults import PLAIN
from demo.tabs.status import AppNews
from index_store.errors import SightwordsError

EXAMPLES = (
    "a cat on a red sofa",
    "two boats on the sea at night",
    "a puppy in the snow",
    "a yellow car next to a tree",
    "animals on a farm",
)
OWN = "Search your own photographs"
MODES = [("Full", "full"), ("Literal only", "literal"), ("Hybrid", "hybrid")]
RANKS = [("Words", "sparse"), ("Both", "fused"), ("Whole picture", "dense")]
KINDS = [("Pictures", "image"), ("Captions", "caption"), ("Both", "both")]
MEANINGS = {
    "full": "Every term counts.",
    "literal": "Only the words you typed count.",
    "hybrid": "Must share a word you typed; then every term counts.",
}
RANKED = {"sparse": "", "fused": " The whole picture counts beside them.", "dense": "The whole picture alone ranks."}
TICK_S = 1.0  # how often a page that waits for the world asks how far it is


class SearchComponents:
    """What stands on the tab. Built inside the Blocks at hand."""

    def __init__(self, state: AppState) -> None:
        self.state = state
        self.page = gr.State(PageState())
        self._build_question()
        self._build_answer()
        self.timer = gr.Timer(TICK_S)

    @property
    def settings(self) -> list[Block]:
        """What a question is made of, in the order of the arguments of `settled`, and the page's state."""
        return [
            self.query, self.expansion, self.mode, self.kind, self.only, self.share, self.each, self.rank,
            self.by_table, self.page,
        ]  # fmt: skip

    @property
    def answer(self) -> dict[str, Block]:
        """The components that an answer changes, by the names of `Answer`."""
        return {name: getattr(self, name) for name in Answer._fields}

    @property
    def status(self) -> dict[str, Block]:
        """The components that say how far the app is, by the names of `AppNews`."""
        return {name: getattr(self, name) for name in AppNews._fields}

    def _build_question(self) -> None:
        self.panel = gr.HTML(elem_id="status", **PLAIN)
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
        self.how = gr.HTML(how_to_ask(), elem_id="how-to-ask", js_on_load=QUESTIONS_SCRIPT, **PLAIN)
        gr.HTML(recent_questions(), elem_id="recent", js_on_load=RECENT_SCRIPT, **PLAIN)
        self.own = gr.Button(OWN, elem_id="own-photographs", visible=not self.state.public)
        with gr.Row(elem_id="controls"):
            self.expansion = gr.Slider(
                0, 1, value=1, step=0.05, label="Expansion strength", elem_id="expansion", buttons=[], scale=0
            )
            self.share = gr.Slider(
                0, 1, value=0.5, step=0.05, label="Words … picture", elem_id="share", buttons=[], scale=0, visible=False
            )
            self.mode = gr.Radio(MODES, value="full", label="Matching", elem_id="mode", scale=0)
            self.rank = gr.Radio(RANKS, value="sparse", label="Ranked by", elem_id="rank", scale=0, visible=False)
            self.kind = gr.Radio(KINDS, value="image", label="Find", elem_id="kind", scale=0, visible=False)
            self.each = gr.Checkbox(label="Show copies", elem_id="each", visible=False, scale=0, min_width=140)
            self.by_table = gr.Checkbox(
                label="Look words up", elem_id="by-table", visible=False, scale=0, min_width=140
            )
            self.meaning = gr.HTML(meaning("full"), elem_id="mode-meaning", **PLAIN)
            self.only = gr.Dropdown(
                [], value=[], label="Only among",
                info=f"choose, or type: taken>=2024, {'near=52.5,13.4,5km, ' * self.state.tells_places}caption=boat, "
                "without=dog",
                multiselect=True, allow_custom_value=True, elem_id="only", visible=False, min_width=300,
            )  # fmt: skip

    def _build_answer(self) -> None:
        state = self.state

        def suggest(typed: Any) -> list[list[str]]:
            try:
                suggestions = state.searcher.suggest(typed if isinstance(typed, str) else "")
            except SightwordsError:
                return []
            return [[term, f"in {count(items, 'item')}"] for term, items in suggestions]

        def resolve(word: Any) -> str:
            try:
                return state.searcher.term(word if isinstance(word, str) else "") or ""
            except SightwordsError:
                return ""

        def seen(asked: Any) -> list[str]:
            return heat_of(state, asked)

        gr.HTML(busy_line(), elem_id="busy", **PLAIN)
        self.notice = gr.HTML(elem_id="notice", js_on_load=QUESTIONS_SCRIPT, **PLAIN)
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
        self.selection = gr.HTML(selection_bar(), elem_id="selection", js_on_load=SELECTION_SCRIPT, **PLAIN)
        self.view = gr.HTML(elem_id="view", js_on_load=VIEW_SCRIPT, **PLAIN)
        self.about = gr.HTML(elem_id="about", **PLAIN)


def meaning(mode: str, rank: str = "sparse", by_table: bool = False) -> str:
    """What a mode of matching means with a way to rank, in a few sentences; and that words are looked up."""
    matched = "" if rank == "dense" else MEANINGS.get(mode, "")
    looked_up = " Your words are looked up in a table, without the encoder." if by_table else ""
    return f'<p class="sw-quiet">{matched}{RANKED.get(rank, "")}{looked_up}</p>'


def heat_of(state: AppState, asked: Any) -> list[str]:
    """[the layer as a data URI or "", what to say] for [item id, term, name of its collection] as a page sends it."""
    if not (isinstance(asked, list) and list(map(type, asked)) == [int, str, str]):
        return ["", ""]
    item, term, collection = asked
    if collection != state.shown.name:
        return ["", f"‘{state.shown.name}’ is open now, which this picture is not of; ask again."]
    try:
        return [data_uri(state.searcher.heatmap(item, term)), f"Where ‘{term}’ was seen"]
    except SightwordsError as error:
        return ["", str(error)]
