"""The Library tab: collections to choose from, pictures to add or take out, the collection in plots; asks `Library`."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path

import gradio as gr
from gradio.blocks import Block

from demo.components.amounts import count
from demo.components.collection_stats import collection_stats
from demo.components.notices import DISMISS_SCRIPT, done_notice, error_notice, progress_panel, report_notice
from demo.components.term_profile import TERMS_SCRIPT
from demo.state.app import AppState, Shown
from demo.state.contents import Added
from demo.state.job import JobStatus
from demo.state.library import Library
from demo.tabs.gradio_defaults import PLAIN, QUIET, Changes
from demo.tabs.reply import NO_REPLY, Reply, refusal
from index_store.errors import SightwordsError

LOOK_S = 0.7  # how often a page looks how far the work is
SAMPLE = 2_000  # items whose terms are counted for the plot
AS_BEFORE = "as before"  # captions weigh what was chosen for the collection
WEIGHTS = ("0", "0.3", "0.5", "0.7", "1")  # of captions, to choose from
LEAD = (
    "A collection is what is searched. Name a folder of your photographs below and press Add: a collection of its name "
    "is made, and what is in can be searched at once. Nothing leaves this computer. Or make an empty one first, with a "
    "name and a model of your choice; a collection keeps to the model that it was made with."
)
CAPTIONS = (
    "Captions: a table with a column of files and one of captions, JSON, or the file that a data set has (Flickr8k, "
    "Flickr30k, COCO). Pictures may be named with or without their folders, as long as it is clear which is meant."
)


@dataclass(frozen=True)
class Pending:
    """What waits for a person to agree: items to take out, a collection to delete, or neither.

    `question` asks for it.
    """

    ids: tuple[int, ...] = ()
    deleting: str = ""
    question: str = ""


NOTHING = Pending()


class LibraryTab:
    """The components of the tab and what their events do."""

    def __init__(self, state: AppState, library: Library) -> None:
        self.state, self.library = state, library
        self._build()
        self._wire()

    def _build(self) -> None:
        library = self.library
        gr.HTML(f'<h2 class="sw-hidden">Library</h2><p class="sw-lead">{LEAD}</p>', elem_id="library-lead", **PLAIN)
        with gr.Row(elem_id="library-choose"):
            self.chosen = gr.Dropdown(
                list(library.collections()), value=library.current, label="Open collection", elem_id="library-chosen",
                scale=3,
            )  # fmt: skip
            self.name = gr.Textbox(
                placeholder="My holiday", label="New collection", lines=1, max_lines=1, elem_id="library-name",
                scale=3,
            )  # fmt: skip
            self.model = gr.Dropdown(
                [*library.models().items()], value=library.usual_model, label="Its model",
                elem_id="library-model", scale=2,
            )  # fmt: skip
            self.make = gr.Button("Make it", elem_id="library-make", scale=0)
        self.purpose = gr.HTML(self._purpose(library.usual_model), elem_id="library-purpose", **PLAIN)
        self.notice = gr.HTML(elem_id="library-notice", js_on_load=DISMISS_SCRIPT, **PLAIN)
        self.pending = gr.State(NOTHING)
        self.reply = gr.State(NO_REPLY)
        self.window = gr.State(None)  # the collection that this page shows, for others may open another one
        with gr.Row(elem_id="library-question", visible=False) as self.asking:
            self.question = gr.HTML(elem_id="library-asked", **PLAIN)
            self.sure = gr.Button("Yes", variant="stop", elem_id="library-sure", scale=0)
            self.leave = gr.Button("No, leave it", elem_id="library-leave", scale=0)
        with gr.Row(elem_id="library-add"):
            with gr.Column(min_width=280, elem_id="library-from"):
                self.folder = gr.Textbox(
                    label="A folder of this computer", placeholder="/home/me/Pictures", lines=1, max_lines=1,
                    info="Pictures stay where they are. Adding a folder again brings the collection in step with it.",
                    elem_id="library-folder",
                )  # fmt: skip
                self.dense = gr.Checkbox(
                    True, label="Keep dense vectors",
                    info="To rank by the whole picture, too: about 1 kB each.", elem_id="library-dense",
                )  # fmt: skip
                self.written = gr.Dropdown(
                    [AS_BEFORE, *WEIGHTS], value=AS_BEFORE, label="What captions and keywords weigh",
                    info="Beside what is seen in a picture: 0 nothing, which a new collection begins with; 1 in full.",
                    elem_id="library-written",
                )  # fmt: skip
                with gr.Row(elem_id="library-go"):
                    self.go = gr.Button("Add", variant="primary", elem_id="library-go-button", scale=0)
                    self.stop = gr.Button("Cancel", elem_id="library-cancel", scale=0, visible=False)
            self.files = gr.File(
                label="Or pictures, or zips of them",
                file_count="multiple",
                height=150,
                elem_id="library-files",
                min_width=280,
            )
            self.captions = gr.File(
                label="Their captions, if there are any", elem_id="library-captions", height=150, min_width=280
            )
        gr.HTML(f'<p class="sw-quiet sw-form">{escape(CAPTIONS)}</p>', elem_id="library-hint", **PLAIN)
        self.stats = gr.HTML(elem_id="library-stats", js_on_load=TERMS_SCRIPT, **PLAIN)
        with gr.Row(elem_id="library-out"):
            self.which = gr.Textbox(
                placeholder="An item’s number, a file or a folder", label="Take out", show_label=False,
                container=False, lines=1, max_lines=1, elem_id="library-which", scale=2,
            )  # fmt: skip
            self.remove = gr.Button("Take out", elem_id="library-remove", scale=0)
        with gr.Row(elem_id="library-this"):
            self.new_name = gr.Textbox(
                placeholder="Another name for the open collection", label="Another name", show_label=False,
                container=False, lines=1, max_lines=1, elem_id="library-new-name", scale=2,
            )  # fmt: skip
            self.rename = gr.Button("Rename", elem_id="library-rename", scale=0)
            self.delete = gr.Button("Delete …", elem_id="library-delete", scale=0)
        self.timer = gr.Timer(LOOK_S, active=False)

    def _wire(self) -> None:
        new, window = [self.name, self.model, self.folder], self.window
        self.chosen.input(self._use, [self.chosen, window], self.shown, **QUIET)
        gr.on([self.make.click, self.name.submit], self._make, [*new, window], [*self.shown, self.name], **QUIET)
        self.model.change(self._purpose, self.model, self.purpose, queue=False, **QUIET)
        given = [self.files, self.captions]
        asked = [*given, self.dense, self.written, *new, window]
        filled = [*self.shown, self.name, *given, self.written]
        gr.on([self.go.click, self.folder.submit], self._add, asked, filled, **QUIET)
        self.stop.click(self.library.contents.job.stop, None, None, queue=False, **QUIET)
        removed = gr.on(
            [self.remove.click, self.which.submit], self._remove, [self.which, window], [*self.shown, self.which],
            **QUIET,
        )  # fmt: skip
        renamed = gr.on(
            [self.rename.click, self.new_name.submit], self._rename, [self.new_name, window],
            [*self.shown, self.new_name], **QUIET,
        )  # fmt: skip
        deleting = self.delete.click(self._delete, window, self.shown, **QUIET)
        for below in (removed, renamed, deleting):
            below.then(None, None, None, js="() => sightwords.scrollToLibraryNotice()")
        self.sure.click(self._agree, [self.pending, window], self.shown, **QUIET)
        self.leave.click(self._decline, self.pending, self.shown, **QUIET)
        self.timer.tick(self._look, [self.reply, self.pending, window], self.shown, queue=False, **QUIET)
        self.notice.dismiss(self._dismiss, [self.pending, window], self.shown, queue=False, **QUIET)

    @property
    def shown(self) -> list[Block]:
        """The components that every event of the tab may change, and `arrive`."""
        return [
            self.notice, self.stats, self.chosen, self.stop, self.timer,
            self.asking, self.question, self.sure, self.leave, self.reply, self.pending, self.window,
        ]  # fmt: skip

    @property
    def left(self) -> list[Block]:
        """What `arrive` is told: how the page was left."""
        return [self.reply, self.window]

    def arrive(self, reply: Reply, window: Shown | None) -> Changes:
        """What the tab shows when it is opened: how things stand now, and a refusal that nobody has dismissed."""
        changes, now = self._answer(reply.kept), self.state.shown
        if window not in (None, now):
            gone_over = f"‘{now.name}’ is open now; this page showed ‘{window.name}’ before."
            changes[self.notice] = done_notice(gone_over) + changes[self.notice]
        return changes

    def _use(self, name: str, window: Shown | None) -> Changes:
        """Opens a collection. A browser may send one choice twice: what is open in the end is not refused."""
        try:
            self.library.use(name, shown=window)
        except SightwordsError as error:
            if name != self.library.current:
                return self._answer(refusal(error))
        return self._answer()

    def _purpose(self, model: str | None) -> str:
        about = self.library.about(model or "")
        return f'<p class="sw-quiet sw-form"><b>{escape(model or "")}:</b> {escape(about)}</p>' if about else ""

    def _make(self, name: str, model: str | None, folder: str, window: Shown | None) -> Changes:
        return self._after(lambda: self.library.create(name, model or "", folder, window), emptied={self.name: ""})

    def _add(
        self,
        files: list[str] | None,
        captions: str | None,
        keep_dense: bool,
        written: str,
        name: str,
        model: str | None,
        folder: str,
        window: Shown | None,
    ) -> Changes:
        """Adds to the collection that the page shows; where that is the world, to a new one."""
        given, table = [Path(file) for file in files or []], Path(captions) if captions else None
        weight = None if written == AS_BEFORE else float(written)

        def add() -> None:
            shown = self.state.check_shown(window)
            if shown.address is None:
                shown = self.library.create_for(given, folder, name, model or "", shown)
            self.library.contents.add(given, folder, table, shown, keep_dense=keep_dense, with_captions=weight)

        return self._after(add, emptied={self.name: "", self.files: None, self.captions: None, self.written: AS_BEFORE})

    def _remove(self, which: str, window: Shown | None) -> Changes:
        """Takes a few items out, and asks before many go."""
        try:
            wanted = self.library.contents.to_remove(which, window)
            if wanted.many:
                question = (
                    f"This takes out {len(wanted.ids):,} of the {wanted.held:,} items of ‘{self.library.current}’. "
                    "The pictures themselves stay."
                )
                return self._answer(pending=Pending(wanted.ids, question=question))
            return self._taken_out(self.library.contents.remove(wanted.ids, window)) | {self.which: ""}
        except SightwordsError as error:
            return self._answer(refusal(error))

    def _taken_out(self, count: int) -> Changes:
        return self._answer(Reply(f"Taken out: {count:,}. The files stay."))

    def _rename(self, new: str, window: Shown | None) -> Changes:
        before = self.library.current
        try:
            self.library.rename(before, new, window)
        except SightwordsError as error:
            return self._answer(refusal(error))
        return self._answer(Reply(f"‘{before}’ is called ‘{self.library.current}’ now.")) | {self.new_name: ""}

    def _delete(self, window: Shown | None) -> Changes:
        try:
            name = self.state.check_shown(window).name
            return self._answer(pending=Pending(deleting=name, question=self.library.what_goes(name)))
        except SightwordsError as error:
            return self._answer(refusal(error))

    def _agree(self, pending: Pending, window: Shown | None) -> Changes:
        contents = self.library.contents
        try:
            if pending.deleting:
                self.library.delete(pending.deleting, window)
                return self._answer(Reply(f"‘{pending.deleting}’ is deleted."))
            return self._taken_out(
                contents.remove(pending.ids, window) if pending.ids else contents.remove_gone(window)
            )
        except SightwordsError as error:
            return self._answer(refusal(error))

    def _decline(self, pending: Pending) -> Changes:
        if pending == NOTHING:
            self.library.contents.keep_gone()
        return self._answer()

    def _dismiss(self, pending: Pending, window: Shown | None) -> Changes:
        return self._look(NO_REPLY, pending, window) | {self.reply: NO_REPLY}

    def _after(self, work: Callable[[], object], emptied: Changes | None = None) -> Changes:
        """Does something, then shows how things stand; an error becomes the notice, and `emptied` stays as it is."""
        try:
            work()
        except SightwordsError as error:
            return self._answer(refusal(error))
        return self._answer() | (emptied or {})

    def _answer(self, reply: Reply = NO_REPLY, pending: Pending = NOTHING) -> Changes:
        """What an action changes: how things stand, and `reply`, which stays until this visitor's next action."""
        now = self.library.contents.job.status
        news = self._news(now) if not pending.question and (now.state == "working" or not reply.sentence) else ""
        standing = {self.notice: reply.html + news, self.reply: reply, self.window: self.state.shown}
        return self._status(now, pending) | standing

    def _look(self, reply: Reply, pending: Pending, window: Shown | None) -> Changes:
        """How things stand a moment later, below the reply to this visitor's last action.

        A page whose collection is no longer open stays as it is: what it offers is refused, and then it follows.
        """
        if window not in (None, self.state.shown):
            return gr.skip()
        now = self.library.contents.job.status
        return self._status(now, pending) | {self.notice: reply.html + ("" if pending.question else self._news(now))}

    def _status(self, now: JobStatus[Added], pending: Pending) -> Changes:
        """Plots, list of collections, cancel button, timer and question; all of the same moment as the news."""
        working, stage = now.state == "working", self.state.status.stage
        question, added = pending.question, now.outcome
        if not question and added and added.report.kept:
            gone = count(len(added.report.kept), "item")
            question = f"The files of {gone} in {added.lost_from} are gone, or their disk is. Take the items out?"
        yes, no = ("Delete it", "No, leave it") if pending.deleting else ("Take them out", "No, leave them")
        return {
            self.stats: self._stats(),
            self.chosen: gr.update(choices=list(self.library.collections()), value=self.library.current),
            self.stop: gr.update(visible=working),
            self.timer: gr.Timer(active=working or stage in ("loading", "drawing", "waiting")),
            self.asking: gr.update(visible=bool(question)),
            self.question: f'<p role="alert">{escape(question)}</p>',
            self.sure: gr.update(value=yes),
            self.leave: gr.update(value=no),
            self.pending: pending,
        }

    def _news(self, now: JobStatus[Added]) -> str:
        """What there is to tell every visitor: how far the work is, or what came of it."""
        if self.state.status.stage == "failed":
            return error_notice(self.state.status.message)
        if now.state == "working":
            return progress_panel(now.what, now.done, now.total, "What is in can be searched at once.")
        return report_notice(now.outcome.report) if now.outcome else error_notice(now.error)

    def _stats(self) -> str:
        if self.state.status.stage in ("loading", "failed"):
            return ""
        try:
            model, collection = self.state.ready()
            sample = [item.id for item, _ in zip(collection.all_items(), range(SAMPLE), strict=False)]
            lengths = [len(vector) for vector in collection.vectors(sample)]
            return collection_stats(
                collection.stats(), model.name, list(collection.document_frequencies().values()), lengths
            )
        except SightwordsError as error:
            return error_notice(str(error))
