"""The Lab tab: what to train a head on and how, the training as it goes, the heads compared; asks `Lab`."""

from collections.abc import Callable
from html import escape
from typing import Any, get_args

import gradio as gr

from core.shipped import WORLD_MODEL
from core.training.config import Control, Objective, Schedule, Sparsity, Start
from demo.components.amounts import remaining
from demo.components.head_comparison import head_comparison
from demo.components.notices import DISMISS_SCRIPT, done_notice, error_notice, progress_panel
from demo.components.training_curves import training_curves
from demo.state.app import AppState, Shown
from demo.state.job import JobStatus
from demo.state.lab import Lab
from demo.state.lab_choice import SCENES, Choice, defaults
from demo.state.lab_heads import WORLD_TEST, shipped
from demo.tabs.gradio_defaults import PLAIN, QUIET, Changes
from demo.tabs.reply import NO_REPLY, Reply, refusal
from index_store.errors import SightwordsError

LOOK_S = 0.7  # how often a page looks how far the work is
LEAD = (
    "A head turns dense vectors into weighted words. Train one with the controls of the paper, watch it learn, keep it "
    "under a name, and let the app search with it."
)
CLOSED = "Training is off here, because this app is public; run Sightwords on your own computer to train a head."
SOURCES = [("The built-in world", "world"), ("The open collection", "collection"), ("A data set folder", "folder")]
OBJECTIVES = [("The paper’s", "paper"), ("Joint", "joint")]
CONTROLS = [("None", "none"), ("Caption", "caption"), ("Word", "word"), ("Both", "both")]
USING = (
    "“Use it” weighs the open collection anew with the head, from dense vectors, into a collection of its own; the old "
    "one stays, in the Library. A name stands for one head for good. Training goes on when you close this page."
)


def closed_lab() -> None:
    """What strangers see: why nothing can be trained, and the heads that came along."""
    gr.HTML(f'<h2 class="sw-hidden">Lab</h2><p class="sw-lead">{LEAD} {CLOSED}</p>', elem_id="lab-lead", **PLAIN)
    gr.HTML(head_comparison(*shipped(), WORLD_TEST), elem_id="lab-table", **PLAIN)


class LabTab:
    """The components of the tab and what their events do."""

    def __init__(self, state: AppState, lab: Lab, tab: gr.Tab) -> None:
        self.state, self.lab = state, lab
        gr.HTML(f'<h2 class="sw-hidden">Lab</h2><p class="sw-lead">{LEAD}</p>', elem_id="lab-lead", **PLAIN)
        with gr.Row(elem_id="lab-top"):
            with gr.Column(scale=4, min_width=300, elem_id="lab-form"):
                self._build_choice()
                self._build_settings()
                with gr.Row(elem_id="lab-go"):
                    self.train = gr.Button("Train", variant="primary", elem_id="lab-train", scale=0)
                    self.stop = gr.Button("Stop, keep the best", elem_id="lab-stop", scale=0, visible=False)
            with gr.Column(scale=7, min_width=300, elem_id="lab-live"):
                self.notice = gr.HTML(elem_id="lab-notice", js_on_load=DISMISS_SCRIPT, **PLAIN)
                self.curves = gr.HTML(elem_id="lab-curves", **PLAIN)
                self.table = gr.HTML(elem_id="lab-table", **PLAIN)
                self._build_heads()
        self.reply = gr.State(NO_REPLY)
        self.window = gr.State(None)  # the collection that this page shows, for others may open another one
        self.timer = gr.Timer(LOOK_S, active=False)
        self._wire(tab)

    def _build_choice(self) -> None:
        self.source = gr.Radio(SOURCES, value=self._usual("world"), label="Learn from", elem_id="lab-source")
        self.scenes = gr.Radio(
            [(f"{scenes:,}", scenes) for scenes in SCENES], value=2_000, label="Train scenes",
            visible=self.source.value == "world",
            info="Drawn and encoded once, with 1,500 more to judge by; that takes a minute or two.",
            elem_id="lab-scenes",
        )  # fmt: skip
        self.folder = gr.Textbox(
            label="Folder", placeholder="/home/me/dense", lines=1, max_lines=1, visible=False, elem_id="lab-folder",
            info="With img_embs.parquet, text_embs.parquet and dataset_meta.json, as `sightwords embed` writes them.",
        )  # fmt: skip
        self.objective = gr.Radio(
            OBJECTIVES, value="paper", label="Objective", elem_id="lab-objective",
            info="The paper’s: dense scores teach the head. Joint, our addition: an adapter above the dense vectors "
            "learns as well, and both kinds of scores together teach both.",
        )  # fmt: skip
        self.controls = gr.CheckboxGroup(
            CONTROLS, value=["caption"], label="Expansion control", elem_id="lab-controls",
            info="Caption: a coin for each caption says whether it may light words it does not say. Word: a coin for "
            "each such word. Choose several to compare them; they are trained one after the other.",
        )  # fmt: skip
        self.anchored = gr.Checkbox(
            True, label="Word anchor", elem_id="lab-anchor",
            info="Our addition: draws terms to the words that captions say. Off: the paper’s plain method, which shows "
            "best what the controls do.",
        )  # fmt: skip
        self.epochs = gr.Slider(
            1, 60, value=20, step=1, label="Epochs", info="Passes over all captions.", elem_id="lab-epochs", buttons=[]
        )

    def _build_settings(self) -> None:
        """The finer settings, by the name that `TrainingConfig` has for each."""
        usual = defaults()
        with gr.Accordion("More settings", open=False, elem_id="lab-more"):
            number: dict[str, Any] = {"minimum": 0, "min_width": 120}
            self.settings: dict[str, Any] = {
                "schedule": gr.Dropdown(
                    list(get_args(Schedule)), value="linear", label="Schedule", elem_id="lab-schedule", min_width=120,
                    info="How the chance to expand rises.",
                ),
                "expansion_level": gr.Number(
                    0.5, maximum=1, label="Its constant", info="For the schedule “constant”.", elem_id="lab-level",
                    **number,
                ),
                "sparsity": gr.Dropdown(
                    [("L1", "l1"), ("FLOPs", "flops")], value="l1", label="Penalty on weights",
                    info="Their sum, or their cost.", elem_id="lab-sparsity", min_width=120,
                ),
                "query_sparsity": gr.Number(
                    usual["query_sparsity"], label="Sparsity of captions", info="More: fewer terms.",
                    elem_id="lab-query-sparsity", **number,
                ),
                "item_sparsity": gr.Number(
                    usual["item_sparsity"], label="Sparsity of images", info="More: fewer terms.",
                    elem_id="lab-item-sparsity", **number,
                ),
                "tau": gr.Number(
                    0, label="Temperature τ", info="Of the dense scores; 0: chosen.", elem_id="lab-tau", **number
                ),
                "batch_size": gr.Number(
                    usual["batch_size"], precision=0, label="Batch", info="Captions a step.",
                    elem_id="lab-batch", **number,
                ),
                "hidden_size": gr.Number(
                    512, precision=0, label="Hidden layer", info="Its width.", elem_id="lab-hidden", **number
                ),
                "patience": gr.Number(
                    0, precision=0, label="Patience", info="Idle epochs; 0: no early end.",
                    elem_id="lab-patience", **number,
                ),
                "start": gr.Dropdown(
                    list(get_args(Start)), value="auto", label="Start", elem_id="lab-start", min_width=120,
                    info="Of the terms: their captions, or chance.",
                ),
                "seed": gr.Number(
                    0, precision=0, label="Seed", info="The same seed, the same head.", elem_id="lab-seed", **number
                ),
            }  # fmt: skip
        assert set(get_args(Sparsity)) == {"l1", "flops"} and {key for _, key in CONTROLS} == set(get_args(Control))
        assert {key for _, key in OBJECTIVES} == set(get_args(Objective))

    def _build_heads(self) -> None:
        with gr.Row(elem_id="lab-heads"):
            absent: dict[str, Any] = {"visible": False}  # until there is a head to do something with
            self.head = gr.Dropdown([], label="Head", elem_id="lab-head", scale=3, min_width=260, **absent)
            self.name = gr.Textbox(
                label="Name", lines=1, max_lines=1, placeholder="my-head", elem_id="lab-name", scale=2, min_width=140,
                **absent,
            )  # fmt: skip
            self.keep = gr.Button("Keep", elem_id="lab-keep", scale=0, **absent)
            self.use = gr.Button("Use it", variant="primary", elem_id="lab-use", scale=0, **absent)
            self.go_on = gr.Button("Go on training", elem_id="lab-go-on", scale=0, **absent)
            self.discard = gr.Button("Throw away", elem_id="lab-discard", scale=0, **absent)
        with gr.Row(elem_id="lab-in-use"):
            self.in_use = gr.HTML(elem_id="lab-using", **PLAIN)
            self.back = gr.Button("Back to the model’s own head", elem_id="lab-back", scale=0, visible=False)

    def _wire(self, tab: gr.Tab) -> None:
        self.source.change(self._sources, self.source, [self.scenes, self.folder], queue=False, **QUIET)
        choosable = [self.name, self.keep, self.use, self.go_on, self.discard]
        shown = [
            self.notice, self.reply, self.window, self.curves, self.train, self.stop, self.timer, self.table, self.head,
            *choosable, self.in_use, self.back,
        ]  # fmt: skip
        chosen = [
            self.source, self.scenes, self.folder, self.objective, self.controls, self.anchored, self.epochs,
            *self.settings.values(),
        ]  # fmt: skip
        started = self.train.click(self._train, [self.head, self.window, *chosen], shown, **QUIET)
        started.then(None, None, None, js="() => sightwords.scrollTo('#lab-notice', 'center')")
        self.stop.click(self._stop, self.head, shown, queue=False, **QUIET)
        self.timer.tick(self._look, [self.reply, self.head], shown, queue=False, **QUIET)
        self.notice.dismiss(self._dismiss, self.head, shown, queue=False, **QUIET)
        tab.select(lambda head, reply: self._answer(head, reply.kept), [self.head, self.reply], shown, **QUIET)
        tab.select(self._suited, self.source, self.source, queue=False, **QUIET)
        self.head.input(self._choose, self.head, choosable, queue=False, **QUIET)
        gr.on([self.keep.click, self.name.submit], self._keep, [self.head, self.name], shown, **QUIET)
        self.use.click(self._use, [self.head, self.name, self.window], shown, **QUIET)
        self.go_on.click(lambda head: self._after(head, lambda: self.lab.go_on(head or "")), self.head, shown, **QUIET)
        self.discard.click(
            lambda head: self._after(head, lambda: self.lab.discard(head or "")), self.head, shown, **QUIET
        )
        self.back.click(
            lambda head, window: self._after(head, lambda: self.lab.back(window)), [self.head, self.window], shown,
            **QUIET,
        )  # fmt: skip

    def _sources(self, source: str) -> Changes:
        return {
            self.scenes: gr.update(visible=source == "world"),
            self.folder: gr.update(visible=source == "folder"),
        }

    def _usual(self, source: str) -> str:
        """What to learn from: the world teaches its own encoder only, so that others begin with their collection."""
        own = self.state.model_name.partition("+")[0] == WORLD_MODEL
        return "collection" if source == "world" and not own else source

    def _suited(self, source: str) -> Any:
        """The same for an open page; left alone where it stays, as a person may have chosen meanwhile."""
        usual = self._usual(source)
        return gr.skip() if usual == source else usual

    def _train(self, head: str | None, window: Shown | None, *given: Any) -> Changes:
        source, scenes, folder, objective, controls, anchored, epochs, *values = given
        settings = {"objective": objective, "epochs": epochs, "anchor": defaults()["anchor"] if anchored else 0.0}
        settings |= dict(zip(self.settings, values, strict=True))
        in_turn = tuple(key for _, key in CONTROLS if key in controls)
        choice = Choice(source, int(scenes), folder or "", in_turn, cleaned(settings))
        return self._after(head, lambda: self.lab.start(choice, window))

    def _stop(self, head: str | None) -> Changes:
        self.lab.stop()
        return self._answer(head)

    def _keep(self, head: str | None, name: str) -> Changes:
        return self._after(head, lambda: self.lab.heads.keep(head or "", name), f"Kept as '{name.strip()}'.")

    def _use(self, head: str | None, name: str, window: Shown | None) -> Changes:
        def use() -> None:
            one = self.lab.heads.experiments().get(head or "")
            if one is not None and not one.name:
                self.lab.heads.keep(head or "", name)
            self.lab.use(name.strip(), window)

        return self._after(head, use)

    def _after(self, head: str | None, work: Callable[[], object], answer: str = "") -> Changes:
        """Does something, then shows how things stand; an error, or what was done, becomes the notice."""
        try:
            work()
        except SightwordsError as error:
            return self._answer(head, refusal(error))
        return self._answer(head, Reply(answer))

    def _answer(self, head: str | None, reply: Reply = NO_REPLY) -> Changes:
        """What an action changes: all as it stands, and `reply`, which stays until this visitor's next action.

        `head`: the one that is chosen.
        """
        now = self.lab.job.status
        news = self._news(now) if now.state == "working" or not reply.sentence else ""
        standing = {self.notice: reply.html + news, self.reply: reply, self.window: self.state.shown}
        return self._live(now) | self._lists(head) | standing

    def _look(self, reply: Reply, head: str | None) -> Changes:
        """How things stand a moment later; lists stay while work goes on, as somebody may be choosing from them."""
        now = self.lab.job.status
        changes = self._live(now) | {self.notice: reply.html + self._news(now)}
        if now.state == "working":
            return changes
        return changes | self._lists(self.lab.training.key or head) | {self.window: self.state.shown}

    def _dismiss(self, head: str | None) -> Changes:
        return self._look(NO_REPLY, head) | {self.reply: NO_REPLY}

    def _choose(self, head: str | None) -> Changes:
        """The name of a head, and what can be done with it."""
        one = self.lab.heads.experiments().get(head or "")
        loose, free_name = one is not None and not one.name, self.lab.heads.free_name(head or "")
        return {
            self.name: gr.update(value=free_name, interactive=loose, visible=head is not None),
            self.keep: gr.update(visible=loose),
            self.use: gr.update(visible=head is not None),
            self.go_on: gr.update(visible=self.lab.can_go_on(head or "")),
            self.discard: gr.update(visible=one is not None),
        }

    def _lists(self, head: str | None) -> Changes:
        """The heads to choose from, `head` or else the newest chosen, and what can be done with that one."""
        heads = self.lab.heads.named()
        chosen = head if head in heads else next(iter(heads), None)
        listed = [(label, key) for key, label in heads.items()]
        return self._choose(chosen) | {
            self.head: gr.update(choices=listed, value=chosen, visible=bool(heads)),
            self.in_use: self._in_use(),
            self.back: gr.update(visible=bool(self.lab.head_in_use)),
        }

    def _live(self, now: JobStatus[str]) -> Changes:
        """What changes while work goes on: curves, table, buttons, timer. All of the same moment as the news."""
        lab, training, working = self.lab, self.lab.training, now.state == "working"
        loading = self.state.status.stage in ("loading", "drawing", "waiting")
        curves = ""
        if training.key or training.epochs:
            curves = training_curves(training.steps, training.epochs, lab.heads.epochs_of(training.key))
        return {
            self.curves: curves,
            self.table: self._table(),
            self.train: gr.update(interactive=not working),
            self.stop: gr.update(visible=working),
            self.timer: gr.Timer(active=working or loading),
        }

    def _news(self, now: JobStatus[str]) -> str:
        """What there is to tell every visitor: how far the work is, or what came of it."""
        if self.state.status.stage == "failed":
            return error_notice(self.state.status.message)
        training = self.lab.training
        if now.state == "working":
            which = f"Head {training.number} of {training.of}: " if training.of > 1 else ""
            stage = f"{which}{now.what}"
            return progress_panel(stage[:1].upper() + stage[1:], now.done, now.total, remaining(now.seconds_left))
        return error_notice(now.error) or done_notice(self.lab.said)

    def _table(self) -> str:
        groups = self.lab.compared().items()
        return "".join(head_comparison(rows, dense, tested) for tested, (rows, dense) in groups)

    def _in_use(self) -> str:
        head = self.lab.head_in_use
        searching = f"The app searches with your head <b>{head}</b>. " if head else ""
        collection = f"The collection <b>{escape(self.state.shown.name)}</b> is open. "
        return f'<p class="sw-quiet sw-form">{collection}{searching}{USING}</p>'


def cleaned(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as `TrainingConfig` takes them: what was left empty has its default, a patience or τ of 0 is None.

    A number field cannot stay empty: Gradio sends 0 for it as soon as it has been on the screen.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    return given | {name: given.get(name) or None for name in ("patience", "tau")}
