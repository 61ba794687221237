"""The heads that were trained on this machine: listed, compared, kept, thrown away; knows nothing of their training."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.files import home_folder
from demo.components.head_comparison import ComparedHead
from demo.state.lab_choice import EPOCHS

if TYPE_CHECKING:
    from core.experiments.experiment import Experiment, Result

UNKEPT = 12  # experiments that nobody kept; the oldest go

WORLD_TEST = "1,000 test pictures of the built-in world"


class Heads:
    """The experiments in HOME/lab, and the heads that were kept of them.

    Both have keys: an experiment its own, a kept head without one "head:" and its name.
    """

    def experiments(self) -> "dict[str, Experiment]":
        """All that were made on this machine, by key, the oldest first."""
        from core.experiments.experiment import experiments

        return experiments(runs_folder())

    def named(self) -> dict[str, str]:
        """What can be kept or used, by key: what to call it, the newest first."""
        from core.models.kept_heads import kept_heads

        found = self.experiments()
        rows = {key: called(one) for key, one in found.items() if one.result is not None or self.is_unfinished(key)}
        names = {one.name for one in found.values()}
        return dict(reversed(rows.items())) | {f"head:{name}": name for name in kept_heads() if name not in names}

    def compared(self, in_use: str, world: bool) -> "dict[str, tuple[list[ComparedHead], float]]":
        """(rows, dense R@1) of the heads that were judged on the same pictures, by what these are, newest first.

        `in_use`: the name of the kept head that the app searches with. `world`: those that came along are shown even
        where no other was judged on the built-in world.
        """
        groups: dict[str, tuple[list[ComparedHead], float]] = {}
        for one in reversed(self.experiments().values()):
            if one.result is not None:
                rows, _ = groups.setdefault(one.tested, ([], one.result.dense_recall_at_1))
                rows.append(row_of(one, one.result, in_use))
        if world or WORLD_TEST in groups:
            rows, dense = groups.setdefault(WORLD_TEST, ([], 0.0))
            given, dense = shipped()
            groups[WORLD_TEST] = ([*rows, *given], dense)
        return groups

    def is_unfinished(self, key: str) -> bool:
        """Whether a training can be gone on with, or goes on now."""
        from core.training.checkpoint import CHECKPOINT_FILE

        return bool(key) and (runs_folder() / key / CHECKPOINT_FILE).exists()

    def epochs_of(self, key: str) -> int:
        """How many epochs an experiment is to have; the default where it is none."""
        one = self.experiments().get(key)
        return one.config.epochs if one else EPOCHS

    def free_name(self, key: str) -> str:
        """A name that a head could be kept under; the one it has where it is kept."""
        from core.models.kept_heads import kept_heads

        one = self.experiments().get(key)
        if one is None or one.name:
            return one.name if one else key.removeprefix("head:")
        taken = kept_heads()
        return next(name for i in count(1) if (name := f"{one.config.control}-{i}") not in taken)

    def keep(self, key: str, name: str) -> Path:
        """Keeps an experiment's head under a name, for good. Its folder."""
        from core.experiments.experiment import Experiment
        from core.models.kept_heads import keep_head

        if key not in self.experiments():
            raise QueryError("Choose a trained head first; every head in the list that is not kept yet can be.")
        place = runs_folder() / key
        experiment = Experiment.load(place)
        if experiment.name:
            raise QueryError(f"This head is kept already, as '{experiment.name}'.")
        measures = experiment.result.measures if experiment.result else {}
        kept = keep_head(place, name.strip(), encoder=experiment.encoder, data=experiment.data, measures=measures)
        replace(experiment, name=name.strip()).save(place)
        return kept

    def discard(self, key: str) -> None:
        """Throws an experiment away; where its head was kept, that stays."""
        from core.experiments.experiment import discard

        if key not in self.experiments():
            raise QueryError("Choose one of the trained heads; a kept head stays in its folder until you delete it.")
        discard(runs_folder(), key)

    def tidy(self, besides: Sequence[str]) -> None:
        """Throws away the oldest experiments that nobody kept, but for the newest few and those of these keys."""
        from core.experiments.experiment import discard

        loose = [key for key, one in self.experiments().items() if not one.name and key not in besides]
        for key in loose[:-UNKEPT]:
            discard(runs_folder(), key)


def lab_folder() -> Path:
    """Where the Lab keeps what it makes."""
    return home_folder() / "lab"


def runs_folder() -> Path:
    """Where every experiment has a folder of its own."""
    return lab_folder() / "runs"


def shipped() -> tuple[list[ComparedHead], float]:
    """The heads that came along, as they were judged when they were made, and the dense R@1."""

    from core.models.registry import SCENES
    from core.training.presets import SHIPPED_HEAD

    figures = json.loads((SCENES / "figures.json").read_text("utf-8"))
    rows = [
        ComparedHead(
            "built-in" if name == SHIPPED_HEAD else f"shipped: {name}",
            "none" if name == "no control" else name.replace(" control", ""),
            "40,000 scenes", one["recall"]["at1"], one["flops"], one["query_terms"], one["item_terms"],
            one["exact_at_20"], trained_here=False,
        )
        for name, one in figures["heads"].items()
    ]  # fmt: skip
    return rows, figures["dense"]["at1"]


def row_of(experiment: "Experiment", result: "Result", own: str) -> ComparedHead:
    """`own`: the name of the kept head that the app searches with."""
    measures, config = result.measures, experiment.config
    keys = ("recall@1", "flops", "query_terms", "item_terms", "exact@20")
    recall, flops, caption_terms, image_terms, exact = (measures[key] or 0.0 for key in keys)
    control = config.control + (" + anchor" if config.anchor else "")
    control += ", joint" if config.objective == "joint" else ""
    name = experiment.name or f"{config.control}, {experiment.started[11:16]}"
    here = bool(own) and experiment.name == own
    return ComparedHead(
        name, control, experiment.data, recall, flops, caption_terms, image_terms, exact,
        seconds=result.seconds, in_use=here,
    )  # fmt: skip


def called(experiment: "Experiment") -> str:
    """An experiment in a list."""
    kept = f"{experiment.name}: " if experiment.name else ""
    result = experiment.result
    reached = f", R@1 {result.measures['recall@1']:.3f}" if result else ", not judged"
    joint = "joint objective, " if experiment.config.objective == "joint" else ""
    return f"{kept}{experiment.config.control} control, {joint}{experiment.data}{reached}"


def outcome(experiment: "Experiment") -> str:
    """What came of a training, in a sentence or two."""
    result = experiment.result
    if result is None:
        return "Stopped; the best head so far is kept."
    recall, flops, exact = (result.measures[key] for key in ("recall@1", "flops", "exact@20"))
    stopped = "" if result.ended else f"Stopped after epoch {result.epochs} of {experiment.config.epochs}. "
    return (
        f"{stopped}The head of epoch {result.kept_epoch} with {experiment.config.control} control finds the right "
        f"picture first for {100 * (recall or 0):.1f} % of the captions (dense vectors: "
        f"{100 * result.dense_recall_at_1:.1f} %), at {flops or 0:.2f} FLOPs and Exact@20 {exact or 0:.2f}."
    )
