"""The Search tab: a question, the pictures it finds and why; asks the session, computes nothing."""

import logging
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.components.notices import error_notice, progress_panel, search_line, unknown_notice
from demo.components.query_chips import query_chips
from demo.components.result_grid import GRID_SCRIPT, explained_hit, file_url, result_grid
from demo.components.welcome import MOSAIC_SCRIPT, about_line, mosaic
from demo.session import Session, large_picture
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.search import SearchResult

log = logging.getLogger(__name__)

EXAMPLES = (
    "a cat on a red sofa",
    "two boats on the sea at night",
    "a puppy in the snow",
    "a yellow car next to a tree",
    "animals on a farm",
)
RESULTS = 24  # two screens of thumbnails
SAMPLE = 16  # two rows of the mosaic on a laptop
MODES = [("Full", "full"), ("Literal only", "literal"), ("Hybrid", "hybrid")]
MEANINGS = {
    "full": "Every term counts.",
    "literal": "Only the words you typed count.",
    "hybrid": "Must share a word you typed; then every term counts.",
}
TICK_S = 1.0  # how often a page that waits for the world asks how far it is

# what a search changes on the page, in the order of `_answer`
Answer = tuple[Any, ...]


def search_tab(session: Session) -> None:
    """Builds the tab inside the Blocks at hand."""
    result = gr.State(None)
    status = gr.HTML(elem_id="status", **_plain())
    with gr.Row(elem_id="ask"):
        query = gr.Textbox(
            placeholder="Describe a picture …", show_label=False, label="What should the picture show?", lines=1,
            max_lines=1, autofocus=True, container=False, elem_id="query", scale=1,
        )  # fmt: skip
        button = gr.Button("Search", variant="primary", elem_id="search-button", scale=0)
    with gr.Row(elem_id="examples"):
        examples = [gr.Button(text, size="sm", elem_id=f"example-{i}") for i, text in enumerate(EXAMPLES)]
    with gr.Row(elem_id="controls"):
        expansion = gr.Slider(
            0, 1, value=1, step=0.05, label="Expansion strength", elem_id="expansion", buttons=[], scale=0
        )
        mode = gr.Radio(MODES, value="full", label="Matching", elem_id="mode", scale=0)
        meaning = gr.HTML(_meaning("full"), elem_id="mode-meaning", **_plain())
    notice = gr.HTML(elem_id="notice", **_plain())
    welcome = gr.HTML(elem_id="welcome", js_on_load=MOSAIC_SCRIPT, **_plain())
    chips = gr.HTML(elem_id="query-terms", **_plain())
    line = gr.HTML(elem_id="search-line", **_plain())
    with gr.Row(elem_id="results"):
        with gr.Column(scale=5, min_width=300):
            grid = gr.HTML(elem_id="grid", js_on_load=GRID_SCRIPT, **_plain())
        with gr.Column(scale=7, min_width=300, elem_id="detail"):
            detail = gr.HTML(elem_id="explanation", **_plain())
    about = gr.HTML(elem_id="about", **_plain())

    inputs = [query, expansion, mode, result]
    outputs = [notice, welcome, chips, line, grid, detail, result]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

    def ask(text: str, strength: float, how: str, before: Any) -> Answer:
        return _answer(session, text, strength, how, before)

    def ask_again(text: str, strength: float, how: str, before: Any) -> Answer:
        return _answer(session, text, strength, how, before) if text.strip() else (gr.skip(),) * len(outputs)

    gr.on([query.submit, button.click], ask, inputs, outputs, **quiet)
    for example, text in zip(examples, EXAMPLES, strict=True):
        example.click(lambda text=text: text, None, query, **quiet).then(ask, inputs, outputs, **quiet)
    mode.change(_meaning, mode, meaning, queue=False, **quiet)
    gr.on([expansion.change, mode.change], ask_again, inputs, outputs, trigger_mode="always_last", **quiet)

    def choose(found: Any, event: gr.EventData) -> tuple[Any, Any]:
        return _chosen(session, found, event._data)

    grid.select(choose, result, [grid, detail], **quiet)

    def take_caption(event: gr.EventData) -> str:
        caption = event._data.get("caption") if isinstance(event._data, dict) else None
        return caption if isinstance(caption, str) else ""

    welcome.select(take_caption, None, query, **quiet).then(ask, inputs, outputs, **quiet)

    timer = gr.Timer(TICK_S)

    def tick(found: Any) -> tuple[Any, ...]:
        return _standing(session, searched=found is not None)

    timer.tick(tick, result, [status, about, welcome, timer], queue=False, **quiet)

    def arrive(request: gr.Request) -> tuple[Any, ...]:
        return (*_standing(session, searched=False), request.query_params.get("q", "")[:2000])

    # a link with ?q=… opens with its answer
    gr.on(None, arrive, None, [status, about, welcome, timer, query], **quiet).then(ask_again, inputs, outputs, **quiet)


def _plain() -> dict[str, Any]:
    # "${value}" is filled in without being read as a template again, so that a query holding {{…}} or ${…} stays text
    return {"html_template": "${value}", "apply_default_css": False, "padding": False}


def _meaning(mode: str) -> str:
    return f'<p class="sw-quiet">{MEANINGS.get(mode, "")}</p>'


def _answer(session: Session, text: str, expansion: float, mode: str, before: "SearchResult | None") -> Answer:
    """notice, welcome, chips, line, grid, detail, result."""
    try:
        found = session.search(text, expansion=expansion, mode=mode, k=RESULTS)  # type: ignore[arg-type]
    except SightwordsError as error:
        return error_notice(str(error)), gr.skip(), "", "", "", "", before
    except Exception:  # a bug of ours: the log gets the traceback, the person a sentence
        log.exception("the search for %r failed", text)
        return error_notice("Something unexpected went wrong; the log says what."), gr.skip(), "", "", "", "", before
    notice = unknown_notice(found.unknown_words, session.model_name)
    if not found.hits:
        notice += error_notice(_nothing_found(session, found, mode))
    chosen = found.hits[0] if found.hits else None
    return (
        notice,
        "",
        query_chips(found.terms),
        search_line(len(found.hits), session.size(), found.exact, found.timings_ms) if found.hits else "",
        result_grid(found.hits, chosen.id if chosen else None),
        _explained(session, found, 0) if chosen else "",
        found,
    )


def _nothing_found(session: Session, found: "SearchResult", mode: str) -> str:
    if session.progress.stage == "drawing":
        return f"None of the {session.size():,} pictures drawn so far fits; more are coming, ask again in a moment."
    if mode != "full" and not any(term.kind == "literal" for term in found.terms):
        return "The model lights up none of the words you typed, so nothing matches them literally; try full matching."
    return "No picture here shares a term with this query; try other words."


def _chosen(session: Session, found: "SearchResult | None", data: Any) -> tuple[Any, Any]:
    """Grid and detail after a card was pressed; anything but the id of a hit changes nothing."""
    wanted = data.get("id") if isinstance(data, dict) else None
    ids = [hit.id for hit in found.hits] if found else []
    if found is None or wanted not in ids:
        return gr.skip(), gr.skip()
    return result_grid(found.hits, wanted), _explained(session, found, ids.index(wanted))


def _explained(session: Session, found: "SearchResult", index: int) -> str:
    hit = found.hits[index]
    place = session.place(hit.path)
    if hit.kind != "image":
        return explained_hit(hit, index + 1, None, place=place)
    picture = large_picture(hit.path)
    if picture is None:
        note = "The original can no longer be read; this is the small copy that the collection keeps."
        return explained_hit(hit, index + 1, file_url(hit.thumbnail) if hit.thumbnail else None, note, place)
    return explained_hit(hit, index + 1, picture.source, place=place, wide=picture.width > 1.2 * picture.height)


def _standing(session: Session, searched: bool) -> tuple[Any, ...]:
    """status, about, welcome, timer."""
    now = session.progress
    waiting = now.stage not in ("ready", "failed")
    return (
        _status(session),
        about_line(session.model_name, session.about),
        "" if searched else mosaic(session.sample(SAMPLE), session.size()),
        gr.Timer(active=waiting),
    )


def _status(session: Session) -> str:
    now = session.progress
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
