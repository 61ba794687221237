"""The Inspect tab: what a text or a picture lights up, beside another, and all about one term."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from core.pictures.images import open_image, working_copy
from core.search.explain import contributions, query_terms
from demo.components.notices import error_notice
from demo.components.question_picture import picture_files, without_upload_path
from demo.components.term_page import term_page
from demo.components.term_profile import TERMS_SCRIPT, shared_terms, term_offers, term_profile
from demo.state.app import AppState
from demo.tabs.gradio_defaults import PLAIN, QUIET, Changes
from demo.tabs.query_table import QueryTableSection
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.search.encoding import EncodedQuery

EXAMPLES = (
    ("a puppy playing in the snow", "a dog on a white meadow"),
    ("something to eat", "a pizza on a table"),
    ("a red car", "a red house"),
)
SIDES = ("first", "second")
OFFERED = 60  # terms to begin with


@dataclass(frozen=True)
class Input:
    """One encoded input and what to call it."""

    query: "EncodedQuery"
    name: str


@dataclass(frozen=True)
class Inputs:
    """What one visitor's page holds: an input a side, None where there is none."""

    sides: dict[str, Input] = field(default_factory=dict)


@dataclass(frozen=True)
class InspectComponents:
    """The components of the tab that its events change."""

    notice: gr.HTML
    texts: dict[str, gr.Textbox]  # by side, as are the profiles
    profiles: dict[str, gr.HTML]
    shared: gr.HTML
    term_page: gr.HTML
    inputs: gr.State


def inspect_tab(state: AppState, tab: gr.Tab) -> InspectComponents:
    """Builds the tab inside the Blocks at hand. Opening it offers terms of the collection as it is then."""
    inputs = gr.State(Inputs())
    gr.HTML(
        '<h2 class="sw-hidden">Inspect</h2>'
        '<p class="sw-lead">Every input becomes a few weighted words. Give one, or two to see what they share; choose '
        "a term to learn all about it.</p>",
        elem_id="inspect-lead",
        **PLAIN,
    )
    notice = gr.HTML(elem_id="inspect-notice", **PLAIN)
    texts, uploads, shows, profiles = {}, {}, {}, {}
    with gr.Row(elem_id="inspect-sides"):
        for side, example in zip(SIDES, EXAMPLES[0], strict=True):
            with gr.Column(min_width=280, elem_id=f"inspect-{side}"):
                with gr.Row(elem_classes="sw-inspect-ask"):
                    texts[side] = gr.Textbox(
                        placeholder=f"For instance: {example}", label=f"The {side} input", show_label=False,
                        container=False, lines=1, max_lines=1, elem_id=f"inspect-{side}-text", scale=1,
                    )  # fmt: skip
                    uploads[side] = gr.UploadButton(
                        "Picture", file_types=picture_files(), scale=0, elem_id=f"inspect-{side}-picture"
                    )
                    shows[side] = gr.Button("Show", variant="primary", scale=0, elem_id=f"inspect-{side}-show")
                profiles[side] = gr.HTML(elem_id=f"inspect-{side}-terms", js_on_load=TERMS_SCRIPT, **PLAIN)
    with gr.Row(elem_id="inspect-examples", elem_classes="sw-examples"):
        tried = [
            gr.Button(" ↔ ".join(pair), size="sm", elem_id=f"inspect-example-{i}") for i, pair in enumerate(EXAMPLES)
        ]
    shared = gr.HTML(elem_id="inspect-shared", js_on_load=TERMS_SCRIPT, **PLAIN)
    table = QueryTableSection(state)
    table.wire()
    offers = gr.HTML(elem_id="inspect-offers", js_on_load=TERMS_SCRIPT, **PLAIN)
    about = gr.HTML(elem_id="term-page", js_on_load=TERMS_SCRIPT, **PLAIN)
    parts = InspectComponents(notice, texts, profiles, shared, about, inputs)
    for side in SIDES:
        shown = [notice, profiles[side], shared, inputs]
        read, see = _readers(state, parts, side)
        gr.on([texts[side].submit, shows[side].click], read, [texts[side], inputs], shown, **QUIET)
        uploads[side].upload(see, [uploads[side], inputs], shown, **QUIET)

    for button, pair in zip(tried, EXAMPLES, strict=True):
        button.click(
            lambda pair=pair: _pair(state, parts, pair),
            None, [*texts.values(), notice, *profiles.values(), shared, inputs], **QUIET,
        )  # fmt: skip

    def about_chosen(event: gr.EventData) -> Changes:
        word = event._data.get("term") if isinstance(event._data, dict) else None
        return about_term(state, parts, word if isinstance(word, str) else "")

    asking = gr.on(
        [
            profiles["first"].select, profiles["second"].select, shared.select, table.rows.select, offers.select,
            about.select,
        ],
        about_chosen, None, [notice, about], **QUIET,
    )  # fmt: skip
    asking.then(None, None, None, js="() => sightwords.scrollTo('#term-page', 'nearest')")
    tab.select(lambda: {offers: _offered(state)} | table.offered(), None, [offers, table.section, table.lead], **QUIET)
    return parts


def _offered(state: AppState) -> str:
    try:
        _, collection = state.ready()
        return term_offers(collection.stats(frequent=OFFERED).frequent)
    except SightwordsError:  # the term that is chosen, or the search, says what is wrong
        return ""


def about_term(state: AppState, parts: InspectComponents, word: str) -> Changes:
    """Shows the page of the term that a word stands for."""
    try:
        return {parts.notice: "", parts.term_page: term_page(state.searcher.profile(word))}
    except SightwordsError as error:
        return {parts.notice: error_notice(str(error)), parts.term_page: ""}


def _readers(
    state: AppState, parts: InspectComponents, side: str
) -> tuple[Callable[[str, Inputs], Changes], Callable[[str | None, Inputs], Changes]]:
    """What happens when a side is given a text, and when it is given a picture."""

    def read(text: str, inputs: Inputs) -> Changes:
        try:
            return _shown(state, parts, side, Input(state.searcher.encode_text(text), text.strip()), inputs)
        except SightwordsError as error:
            return {parts.notice: error_notice(str(error))}

    def see(path: str | None, inputs: Inputs) -> Changes:
        if path is None:
            return {parts.notice: gr.skip()}
        try:
            query = state.searcher.encode_picture(working_copy(open_image(path)))
            return _shown(state, parts, side, Input(query, Path(path).name), inputs)
        except SightwordsError as error:
            return {parts.notice: error_notice(without_upload_path(str(error), str(path)))}

    return read, see


def _pair(state: AppState, parts: InspectComponents, pair: tuple[str, str]) -> Changes:
    """Puts a text on each side and shows both."""
    changes: Changes = {parts.texts[side]: text for side, text in zip(SIDES, pair, strict=True)}
    inputs = Inputs()
    try:
        for side, text in zip(SIDES, pair, strict=True):
            changes |= _shown(state, parts, side, Input(state.searcher.encode_text(text), text), inputs)
            inputs = changes[parts.inputs]
    except SightwordsError as error:
        changes |= {parts.notice: error_notice(str(error)), parts.inputs: Inputs()}
    return changes


def _shown(state: AppState, parts: InspectComponents, side: str, given: Input, inputs: Inputs) -> Changes:
    """Shows an input on its side, and what both sides share once there are two."""
    now = Inputs({**inputs.sides, side: given})
    vocabulary = state.searcher.vocabulary
    own = term_profile(query_terms(given.query.vector, vocabulary, given.query.literal), given.name)
    shared = ""
    if len(now.sides) == len(SIDES):
        first, second = (now.sides[name] for name in SIDES)
        literal = first.query.literal | second.query.literal
        rows = contributions(first.query.vector, second.query.vector, vocabulary, literal)
        score = first.query.vector.dot(second.query.vector)
        shared = shared_terms(rows, score, (first.name, second.name))
    return {parts.notice: "", parts.profiles[side]: own, parts.shared: shared, parts.inputs: now}
