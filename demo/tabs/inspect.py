"""The Inspect tab: what a text or a picture lights up, beside another, and all about one term."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from core.pictures.images import open_image, working_copy
from core.search.explain import contributions, query_terms
from demo.components.notices import error_notice
from demo.components.question_picture import picture_files, without_upload_path
from demo.components.term_page import term_page
from demo.components.term_profile import TERMS_SCRIPT, shared_terms, term_offers, term_profile
from demo.state.app import AppState
from demo.tabs.gradio_defaults import PLAIN, QUIET
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.search.encoding import EncodedQuery

log = logging.getLogger(__name__)

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


def inspect_tab(state: AppState, tab: gr.Tab) -> tuple[gr.HTML, gr.HTML]:
    """Builds the tab inside the Blocks at hand; its notice and the place of the term page, for links.

    Opening it offers terms of the collection as it is then.
    """
    inputs = gr.State(Inputs())
    gr.HTML(
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
    offers = gr.HTML(elem_id="inspect-offers", js_on_load=TERMS_SCRIPT, **PLAIN)
    about = gr.HTML(elem_id="term-page", js_on_load=TERMS_SCRIPT, **PLAIN)
    for side in SIDES:
        shown = [notice, profiles[side], shared, inputs]
        read, see = _readers(state, side)
        gr.on([texts[side].submit, shows[side].click], read, [texts[side], inputs], shown, **QUIET)
        uploads[side].upload(see, [uploads[side], inputs], shown, **QUIET)

    for button, pair in zip(tried, EXAMPLES, strict=True):
        button.click(
            lambda pair=pair: (*pair, *_pair(state, pair)),
            None, [*texts.values(), notice, *profiles.values(), shared, inputs], **QUIET,
        )  # fmt: skip

    def about_chosen(event: gr.EventData) -> tuple[str, str]:
        word = event._data.get("term") if isinstance(event._data, dict) else None
        return about_term(state, word if isinstance(word, str) else "")

    asked = gr.on(
        [profiles["first"].select, profiles["second"].select, shared.select, offers.select, about.select],
        about_chosen, None, [notice, about], **QUIET,
    )  # fmt: skip
    asked.then(None, None, None, js="() => sightwords.scrollTo('#term-page', 'nearest')")
    tab.select(lambda: _offered(state), None, offers, **QUIET)
    return notice, about


def _offered(state: AppState) -> str:
    try:
        _, collection = state.ready()
        return term_offers(collection.stats(frequent=OFFERED).frequent)
    except SightwordsError:  # the term that is chosen, or the search, says what is wrong
        return ""


def about_term(state: AppState, word: str) -> tuple[str, str]:
    """(notice, the page of the term that a word stands for)."""
    try:
        return "", term_page(state.searcher.profile(word))
    except SightwordsError as error:
        return error_notice(str(error)), ""


def _readers(state: AppState, side: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What happens when a side is given a text, and when it is given a picture."""

    def read(text: str, inputs: Inputs) -> tuple[Any, ...]:
        try:
            return _shown(state, side, Input(state.searcher.encode_text(text), text.strip()), inputs)
        except SightwordsError as error:
            return error_notice(str(error)), gr.skip(), gr.skip(), inputs

    def see(path: str | None, inputs: Inputs) -> tuple[Any, ...]:
        if path is None:
            return (gr.skip(),) * 4
        try:
            query = state.searcher.encode_picture(working_copy(open_image(path)))
            return _shown(state, side, Input(query, Path(path).name), inputs)
        except SightwordsError as error:
            said = without_upload_path(str(error), str(path))
            return error_notice(said), gr.skip(), gr.skip(), inputs

    return read, see


def _pair(state: AppState, pair: tuple[str, str]) -> tuple[Any, ...]:
    """Notice, both profiles, what they share, and the new state, for two texts."""
    try:
        inputs, profiles = Inputs(), []
        for side, text in zip(SIDES, pair, strict=True):
            _, profile_shown, shared, inputs = _shown(
                state, side, Input(state.searcher.encode_text(text), text), inputs
            )
            profiles.append(profile_shown)
        return "", *profiles, shared, inputs
    except SightwordsError as error:
        return error_notice(str(error)), *(gr.skip(),) * 3, Inputs()


def _shown(state: AppState, side: str, given: Input, inputs: Inputs) -> tuple[Any, ...]:
    """Notice, profile, what both sides share, and the new state."""
    now = Inputs({**inputs.sides, side: given})
    vocabulary = state.searcher.vocabulary
    own = term_profile(query_terms(given.query.vector, vocabulary, given.query.literal), given.name)
    if len(now.sides) < len(SIDES):
        return "", own, "", now
    first, second = (now.sides[name] for name in SIDES)
    literal = first.query.literal | second.query.literal
    rows = contributions(first.query.vector, second.query.vector, vocabulary, literal)
    score = first.query.vector.dot(second.query.vector)
    return "", own, shared_terms(rows, score, (first.name, second.name)), now
