"""Heads as the Lab tells of them: a row of the comparison, a name in a list, a sentence of what came of a training."""

import json
from typing import TYPE_CHECKING

from demo.components.head_comparison import ComparedHead

if TYPE_CHECKING:
    from core.experiments.experiment import Experiment, Result

WORLD_TEST = "1,000 test pictures of the built-in world"


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
    values = [measures[key] or 0.0 for key in ("recall@1", "flops", "query_terms", "item_terms", "exact@20")]
    control = config.control + (" + anchor" if config.anchor else "")
    name = experiment.name or f"{config.control}, {experiment.started[11:16]}"
    here = bool(own) and experiment.name == own
    return ComparedHead(name, control, experiment.data, *values, seconds=result.seconds, in_use=here)


def called(experiment: "Experiment") -> str:
    """An experiment in a list."""
    kept = f"{experiment.name}: " if experiment.name else ""
    result = experiment.result
    reached = f", R@1 {result.measures['recall@1']:.3f}" if result else ", not judged"
    return f"{kept}{experiment.config.control} control, {experiment.data}{reached}"


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
