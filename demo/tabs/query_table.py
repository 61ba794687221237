"""The part of the Inspect tab where words are looked up in the query table, and their rows edited; computes nothing."""

from collections.abc import Callable

import gradio as gr

from demo.components.notices import done_notice, error_notice
from demo.components.table_rows import table_lead, table_rows, written_row
from demo.components.term_profile import TERMS_SCRIPT
from demo.state.app import AppState
from demo.state.query_tables import QueryTables
from demo.tabs.gradio_defaults import PLAIN, QUIET, Changes
from index_store.errors import SightwordsError


class QueryTableSection:
    """Built inside the Blocks at hand; seen where the model in use has a table."""

    def __init__(self, state: AppState) -> None:
        self.state, self.tables = state, QueryTables(state)
        with gr.Column(visible=False, elem_id="query-table") as self.section:
            self.lead = gr.HTML(elem_id="query-table-lead", **PLAIN)
            with gr.Row(elem_classes="sw-inspect-ask"):
                self.text = gr.Textbox(
                    placeholder="For instance: a puppy in the snow", label="Words to look up", show_label=False,
                    container=False, lines=1, max_lines=1, elem_id="query-table-text", scale=1,
                )  # fmt: skip
                self.button = gr.Button("Look up", variant="primary", scale=0, elem_id="query-table-show")
            self.notice = gr.HTML(elem_id="query-table-notice", **PLAIN)
            self.rows = gr.HTML(elem_id="query-table-rows", js_on_load=TERMS_SCRIPT, **PLAIN)
            with gr.Accordion(
                "Edit a row", open=False, elem_id="query-table-edit", visible=not state.public, elem_classes="sw-fold"
            ):
                self.word = gr.Textbox(label="Word", lines=1, max_lines=1, elem_id="query-table-word")
                self.row = gr.Textbox(
                    label="What it lights", lines=2, elem_id="query-table-row",
                    info="as in dog=1.25, animal=0.25; nothing at all takes the word out",
                )  # fmt: skip
                with gr.Row():
                    self.save = gr.Button("Save", variant="primary", scale=0, elem_id="query-table-save")
                    self.restore = gr.Button("As it came", scale=0, elem_id="query-table-restore")

    def wire(self) -> None:
        """Tells Gradio what happens when."""
        shown = [self.notice, self.rows, self.word, self.row]
        gr.on([self.text.submit, self.button.click], self._look_up, self.text, shown, **QUIET)
        changed = [self.lead, *shown]
        self.save.click(self._save, [self.word, self.row], changed, **QUIET)
        self.restore.click(self._restore, self.word, changed, **QUIET)

    def offered(self) -> Changes:
        """What is seen when the tab is opened."""
        seen = self.state.has_table()
        return {
            self.section: gr.update(visible=seen),
            self.lead: table_lead(self.tables.size, self.tables.edited) if seen else "",
        }

    def _look_up(self, text: str) -> Changes:
        try:
            reading = self.tables.read(text)
        except SightwordsError as error:
            return {self.notice: error_notice(str(error)), self.rows: ""}
        word, row = max(reading.rows, key=lambda pair: max(pair[1].values(), default=0.0))
        return {
            self.notice: "",
            self.rows: table_rows(reading.rows, reading.unknown),
            self.word: word,
            self.row: written_row(row),
        }

    def _save(self, word: str, row: str) -> Changes:
        return self._changed(word, lambda: self.tables.edit(word, row))

    def _restore(self, word: str) -> Changes:
        return self._changed(word, self.tables.restore)

    def _changed(self, word: str, work: Callable[[], str]) -> Changes:
        """Changes the table, says so, and shows the word's row as it is now."""
        try:
            said = work()
        except SightwordsError as error:
            return {self.notice: error_notice(str(error))}
        shown = self._look_up(word) if word.strip() else {}
        return shown | {self.notice: done_notice(said), self.lead: table_lead(self.tables.size, self.tables.edited)}
