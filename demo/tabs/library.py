"""The Library tab: collections to choose from, pictures to add or take out, the collection in plots; asks `Library`."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from demo.components.amounts import count
from demo.components.collection_stats import collection_stats
from demo.components.notices import error_notice, progress_panel, report_notice
from demo.components.term_profile import TERMS_SCRIPT
from demo.state.app import Session
from demo.state.library import Library
from demo.tabs.gradio_defaults import PLAIN, QUIET
from index_store.errors import SightwordsError

LOOK_S = 0.7  # how often a page looks how far the work is
SAMPLE = 2_000  # items whose terms are counted for the plot
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
    """What waits for a person to agree: items to take out, a collection to delete, or neither; `said` asks for it."""

    ids: tuple[int, ...] = ()
    deleting: str = ""
    said: str = ""


NOTHING = Pending()


class LibraryTab:
    """The components of the tab and what their events do."""

    def __init__(self, session: Session, library: Library) -> None:
        self.session, self.library = session, library
        self._build()
        self._wire()

    def _build(self) -> None:
        library = self.library
        gr.HTML(f'<p class="sw-lead">{LEAD}</p>', elem_id="library-lead", **PLAIN)
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
        self.notice = gr.HTML(elem_id="library-notice", **PLAIN)
        self.pending = gr.State(NOTHING)
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
        shown = self.shown
        self.own = [self.name, self.model, self.folder]
        self.chosen.input(self._use, self.chosen, shown, **QUIET)
        gr.on([self.make.click, self.name.submit], self._make, self.own, [*shown, self.name], **QUIET)
        self.model.change(self._purpose, self.model, self.purpose, queue=False, **QUIET)
        added = [*shown, self.name, self.files, self.captions]
        given = [self.files, self.captions, *self.own]
        gr.on([self.go.click, self.folder.submit], self._add, given, added, **QUIET)
        self.stop.click(self.library.cancel, None, None, queue=False, **QUIET)
        removed = gr.on([self.remove.click, self.which.submit], self._remove, self.which, [*shown, self.which], **QUIET)
        renamed = [*shown, self.new_name]
        named = gr.on([self.rename.click, self.new_name.submit], self._rename, self.new_name, renamed, **QUIET)
        deleting = self.delete.click(self._delete, None, shown, **QUIET)
        for below in (removed, named, deleting):
            below.then(None, None, None, js="() => sightwords.scrollToLibraryNotice()")
        self.sure.click(self._agree, self.pending, shown, **QUIET)
        self.leave.click(self._decline, self.pending, shown, **QUIET)
        self.timer.tick(self._look, self.pending, shown, queue=False, **QUIET)

    def arrive(self) -> tuple[Any, ...]:
        """What the tab shows when it is opened."""
        return self._look()

    @property
    def shown(self) -> list[Any]:
        """The components that `arrive` fills."""
        return [
            self.notice, self.stats, self.chosen, self.stop, self.timer,
            self.asking, self.question, self.sure, self.leave, self.pending,
        ]  # fmt: skip

    def _use(self, name: str) -> tuple[Any, ...]:
        return self._after(lambda: self.library.use(name))[0]

    def _purpose(self, model: str | None) -> str:
        said = self.library.about(model or "")
        return f'<p class="sw-quiet sw-form"><b>{escape(model or "")}:</b> {escape(said)}</p>' if said else ""

    def _make(self, name: str, model: str | None, folder: str) -> tuple[Any, ...]:
        answer, done = self._after(lambda: self.library.create(name, model or "", folder))
        return (*answer, "" if done else gr.skip())

    def _add(
        self, files: list[str] | None, captions: str | None, name: str, model: str | None, folder: str
    ) -> tuple[Any, ...]:
        """Adds to the open collection; while that is the world, to a new one."""
        given, table = [Path(file) for file in files or []], Path(captions) if captions else None

        def add() -> None:
            if self.session.path is None:
                self.library.create_for(given, folder, name, model or "")
            self.library.add(given, folder, table)

        answer, done = self._after(add)
        return (*answer, *(("", None, None) if done else (gr.skip(),) * 3))

    def _remove(self, which: str) -> tuple[Any, ...]:
        """Takes a few items out, and asks before many go."""
        try:
            wanted = self.library.to_remove(which)
            if wanted.many:
                said = (
                    f"This takes out {len(wanted.ids):,} of the {wanted.held:,} items of ‘{self.library.current}’. "
                    "The pictures themselves stay."
                )
                return (*self._look(Pending(wanted.ids, said=said)), gr.skip())
            return (*self._taken_out(self.library.remove(wanted.ids)), "")
        except SightwordsError as error:
            return (*self._refused(error), gr.skip())

    def _taken_out(self, count: int) -> tuple[Any, ...]:
        return self._noticed(_done(f"Taken out: {count:,}. The files stay."))

    def _rename(self, new: str) -> tuple[Any, ...]:
        before = self.library.current
        answer, done = self._after(lambda: self.library.rename(before, new))
        if not done:
            return (*answer, gr.skip())
        return (_done(f"‘{before}’ is called ‘{self.library.current}’ now."), *answer[1:], "")

    def _delete(self) -> tuple[Any, ...]:
        try:
            name = self.library.current
            return self._look(Pending(deleting=name, said=self.library.what_goes(name)))
        except SightwordsError as error:
            return self._refused(error)

    def _agree(self, pending: Pending) -> tuple[Any, ...]:
        try:
            if pending.deleting:
                self.library.delete(pending.deleting)
                return self._noticed(_done(f"‘{pending.deleting}’ is deleted."))
            return self._taken_out(self.library.remove(pending.ids) if pending.ids else self.library.remove_gone())
        except SightwordsError as error:
            return self._refused(error)

    def _decline(self, pending: Pending) -> tuple[Any, ...]:
        if pending == NOTHING:
            self.library.keep_gone()
        return self._look()

    def _after(self, work: Callable[[], object]) -> tuple[tuple[Any, ...], bool]:
        """Does something, then shows how things stand, and whether it went well; an error becomes the notice."""
        try:
            work()
        except SightwordsError as error:
            return self._refused(error), False
        return self._look(), True

    def _refused(self, error: SightwordsError) -> tuple[Any, ...]:
        return self._noticed(error_notice(str(error)))

    def _noticed(self, notice: str) -> tuple[Any, ...]:
        """How things stand now, below another notice."""
        return (notice, *self._look()[1:])

    def _look(self, pending: Pending = NOTHING) -> tuple[Any, ...]:
        """What is `shown`, as things stand now: notice, plots, list of collections, cancel button, timer, question."""
        job, stage = self.library.job, self.session.progress.stage
        busy = job.state == "working" or stage in ("loading", "drawing", "waiting")
        chosen = gr.update(choices=list(self.library.collections()), value=self.library.current)
        report = job.report
        verbs = ("Delete it", "No, leave it") if pending.deleting else ("Take them out", "No, leave them")
        said = pending.said
        if not said and report and report.kept:
            gone = count(len(report.kept), "item")
            said = f"The files of {gone} in {job.lost_from} are gone, or their disk is. Take the items out?"
        return (
            "" if pending.said else self._notice(), self._stats(), chosen,
            gr.update(visible=job.state == "working"), gr.Timer(active=busy),
            gr.update(visible=bool(said)), f'<p role="alert">{escape(said)}</p>',
            *(gr.update(value=verb) for verb in verbs), pending,
        )  # fmt: skip

    def _notice(self) -> str:
        job = self.library.job
        if self.session.progress.stage == "failed":
            return error_notice(self.session.progress.message)
        if job.state == "working":
            return progress_panel("Adding pictures", job.done, job.total, "What is in can be searched at once.")
        if job.error:
            return error_notice(job.error)
        return report_notice(job.report) if job.report else ""

    def _stats(self) -> str:
        if self.session.progress.stage in ("loading", "failed"):
            return ""
        try:
            model, collection = self.session.ready()
            sample = [item.id for item, _ in zip(collection.all_items(), range(SAMPLE), strict=False)]
            lengths = [len(vector) for vector in collection.vectors(sample)]
            return collection_stats(
                collection.stats(), model.name, list(collection.document_frequencies().values()), lengths
            )
        except SightwordsError as error:
            return error_notice(str(error))


def _done(said: str) -> str:
    return f'<p class="sw-notice sw-done" role="status">{escape(said)}</p>'
