"""The Compare tab: one question, two ways to rank, their results joined; asks `Comparing`, computes nothing."""

import logging
import time
from collections.abc import Iterator

import gradio as gr

from core.search.comparison import compare
from demo.components.notices import error_notice, progress_panel
from demo.components.side_by_side import Side, side_by_side
from demo.state.app import AppState
from demo.state.compare import Comparing
from demo.tabs.gradio_defaults import PLAIN, QUIET, Changes
from index_store.errors import SightwordsError

log = logging.getLogger(__name__)

EXAMPLE = "a cat on a red sofa"
PLACES = 10
LOOK_S = 0.5  # how often a page that waits for dense vectors looks how far they are


def compare_tab(state: AppState, tab: gr.Tab) -> Comparing:
    """Builds the tab inside the Blocks at hand; opening it offers the heads that there are then."""
    comparing = Comparing(state)
    gr.HTML(
        '<h2 class="sw-hidden">Compare</h2>'
        '<p class="sw-lead">The same question, ranked in two ways. Dense vectors are what a head learns from; terms '
        "are what it makes of them. Where the lines cross, something was lost, or won.</p>",
        elem_id="compare-lead",
        **PLAIN,
    )
    with gr.Row(elem_id="compare-ask"):
        query = gr.Textbox(
            EXAMPLE, placeholder="Describe a picture …", label="Question", show_label=False, container=False, lines=1,
            max_lines=1, elem_id="compare-query", scale=3,
        )  # fmt: skip
        first, second = (
            gr.Dropdown(
                _choices(comparing), value=value, label=f"Ranked on the {side} by", show_label=False, container=False,
                elem_id=f"compare-{side}", scale=2,
            )
            for side, value in (("left", "full"), ("right", "dense"))
        )  # fmt: skip
        go = gr.Button("Compare", variant="primary", elem_id="compare-button", scale=0)
        stop = gr.Button("Cancel", elem_id="compare-cancel", scale=0, visible=False)
    notice = gr.HTML(elem_id="compare-notice", **PLAIN)
    result = gr.HTML(elem_id="comparison", **PLAIN)

    def ask(text: str, left: str, right: str) -> Iterator[Changes]:
        try:
            while not comparing.prepare(left, right):
                yield {notice: _waiting(comparing), stop: gr.update(visible=True)}
                time.sleep(LOOK_S)
            message, compared = "", _compared(state, comparing, text, left, right)
        except SightwordsError as error:
            message, compared = error_notice(str(error)), ""
        except Exception:  # a bug of ours: the log gets the traceback, the person a sentence
            log.exception("the comparison of %r failed", text)
            compared = ""
            message = error_notice("Something unexpected went wrong; the log says what. Please try again.")
        yield {notice: message, result: compared, stop: gr.update(visible=False)}

    asking = gr.on([go.click, query.submit], ask, [query, first, second], [notice, result, stop], **QUIET)

    def cancel() -> Changes:
        comparing.job.stop()
        message = "Stopped; the vectors made so far are kept, and the next comparison goes on from there."
        return {notice: error_notice(message), stop: gr.update(visible=False)}

    def offered(left: str, right: str) -> Changes:
        choices = _choices(comparing)
        known = {key for _, key in choices}
        return {
            first: gr.update(choices=choices, value=left if left in known else "full"),
            second: gr.update(choices=choices, value=right if right in known else "dense"),
        }

    tab.select(offered, [first, second], [first, second], **QUIET)
    stop.click(cancel, None, [notice, stop], cancels=[asking], **QUIET)
    return comparing


def _choices(comparing: Comparing) -> list[tuple[str, str]]:
    return [(label, key) for key, label in comparing.methods().items()]


def _waiting(comparing: Comparing) -> str:
    now = comparing.job.status
    note = "This happens once: the index keeps terms only, so the dense vectors are made from the pictures."
    return progress_panel(now.what, now.done, now.total, note)


def _compared(state: AppState, comparing: Comparing, text: str, left: str, right: str) -> str:
    _, collection = state.ready()
    names = comparing.methods()
    rankings = [comparing.rank(text, method, PLACES) for method in (left, right)]
    sides = [
        Side(names[method], ranking, collection.items([row.id for row in ranking.hits]))
        for method, ranking in zip((left, right), rankings, strict=True)
    ]
    return side_by_side(sides[0], sides[1], compare(rankings[0].hits, rankings[1].hits))
