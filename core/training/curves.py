"""What a training reached after each epoch: as JSON lines and as a picture; knows no head and no data."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.files import write_text_whole, write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVES_FILE, PLOT_FILE = "metrics.jsonl", "training.png"
PANELS: Sequence[tuple[str, dict[str, str]]] = (
    ("loss", {"loss": "in all", "match": "distillation", "sparsity": "sparsity"}),
    ("R@1 (validation)", {"recall_at_1": "head"}),
    ("FLOPs (validation)", {"flops": "FLOPs"}),
    ("terms lit (validation)", {"query_terms": "a caption", "item_terms": "an image"}),
    ("chance to expand", {"expansion": "expansion"}),
)  # heading, and by field of EpochMeasures what its line is called
WIDE = 20  # how many times the least value the greatest is where a panel becomes logarithmic


@dataclass(frozen=True)
class EpochMeasures:
    """Losses and expansion are of the train captions (means over the epoch's steps; `expansion` at its end), the rest
    of the validation split: None where the data set has none. `step`: how many were done. `sparsity`: the penalty as it
    counts in the loss. `recall_error`: the standard error of R@1. `seconds`: the epoch's training, not its judgement.
    """

    epoch: int
    step: int
    loss: float
    match: float
    sparsity: float
    expansion: float
    seconds: float
    recall_at_1: float | None = None
    recall_error: float | None = None
    flops: float | None = None
    query_terms: float | None = None
    item_terms: float | None = None


def write_curves(folder: Path, curves: Sequence[EpochMeasures]) -> None:
    """metrics.jsonl, a line an epoch."""
    write_text_whole(folder / CURVES_FILE, "".join(json.dumps(asdict(row)) + "\n" for row in curves))


def read_curves(folder: Path) -> list[EpochMeasures]:
    """What `write_curves` wrote."""
    lines = (folder / CURVES_FILE).read_text("utf-8").splitlines()
    return [EpochMeasures(**json.loads(line)) for line in lines]


def plot_curves(
    folder: Path, curves: Sequence[EpochMeasures], title: str, *, kept: int | None = None, dense: float | None = None
) -> None:
    """training.png: what `drawn_curves` draws."""
    figure = drawn_curves(curves, title, kept=kept, dense=dense)
    write_whole(folder / PLOT_FILE, lambda part: figure.savefig(part, format="png", dpi=110))


def drawn_curves(
    curves: Sequence[EpochMeasures], title: str, *, kept: int | None = None, dense: float | None = None
) -> "Figure":
    """Loss, R@1 (a band of one standard error), FLOPs, terms and expansion over epochs, a panel each.

    `kept`: the epoch whose head is kept, a dotted line; `dense`: R@1 of the dense vectors, a dashed one.
    """
    from matplotlib.figure import Figure  # pyplot would look for a screen
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(15, 3.2), layout="constrained")
    figure.suptitle(title if kept is None else f"{title}; kept: epoch {kept} (dotted)")
    epochs = [row.epoch for row in curves]
    for axes, (heading, columns) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for column, label in columns.items():
            values = [getattr(row, column) for row in curves]
            if any(value is not None for value in values):
                axes.plot(epochs, values, marker="o", markersize=3, label=label)
        axes.set_title(heading, fontsize=11)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        if not axes.lines:
            axes.text(0.5, 0.5, "no validation split", ha="center", transform=axes.transAxes)
            continue
        if "recall_at_1" in columns:
            _recall(axes, curves, dense)
        elif not _log_where_wide(axes):
            axes.set_ylim(bottom=0)
        if kept is not None:
            axes.axvline(kept, linestyle=":", color="grey")
        if len(axes.get_legend_handles_labels()[0]) > 1:
            axes.legend(fontsize=8)
    return figure


def _recall(axes: "Axes", curves: Sequence[EpochMeasures], dense: float | None) -> None:
    """What belongs to R@1 alone: how sure it is, and what it is held against."""
    sure = [(row.epoch, row.recall_at_1, row.recall_error) for row in curves]
    epochs, recall, error = np.array([row for row in sure if None not in row], float).reshape(-1, 3).T
    axes.fill_between(epochs, recall - error, recall + error, alpha=0.2, linewidth=0)
    if dense is not None:
        axes.axhline(dense, linestyle="--", color="black", linewidth=1, label="dense")


def _log_where_wide(axes: "Axes") -> bool:
    """A head that starts with thousands of terms and ends with a hundred would be a flat line on a linear scale."""
    values = np.asarray(axes.lines[0].get_ydata(), float)  # of the loss the whole, whose parts may be next to nothing
    values = values[np.isfinite(values)]
    wide = bool(len(values) and values.min() > 0 and values.max() > WIDE * values.min())
    if wide:
        axes.set_yscale("log")
    return wide
