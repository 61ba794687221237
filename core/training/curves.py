"""What a training reached after each epoch: as JSON lines and as a picture; knows no head and no data."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.writing import write_text_whole, write_whole

CURVES_FILE, PLOT_FILE = "metrics.jsonl", "training.png"


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


def plot_curves(folder: Path, curves: Sequence[EpochMeasures], title: str) -> None:
    """training.png: loss, R@1, FLOPs, terms and expansion over epochs, a panel each."""
    from matplotlib.figure import Figure  # pyplot would look for a screen

    panels: list[tuple[str, list[str]]] = [
        ("loss", ["loss", "match", "sparsity"]),
        ("R@1 (validation)", ["recall_at_1"]),
        ("FLOPs (validation)", ["flops"]),
        ("terms lit (validation)", ["query_terms", "item_terms"]),
        ("chance to expand", ["expansion"]),
    ]
    names = {
        "query_terms": "a caption",
        "item_terms": "an image",
        "match": "distillation",
        "loss": "in all",
        "sparsity": "sparsity",
    }
    figure = Figure(figsize=(15, 3.2), layout="constrained")
    figure.suptitle(title)
    epochs = [row.epoch for row in curves]
    for axes, (heading, columns) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        for column in columns:
            values = [getattr(row, column) for row in curves]
            if any(value is not None for value in values):
                axes.plot(epochs, values, marker="o", markersize=3, label=names.get(column))
        axes.set_title(heading)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        if len(columns) > 1 and axes.lines:
            axes.legend(fontsize=8)
        if not axes.lines:
            axes.text(0.5, 0.5, "no validation split", ha="center", transform=axes.transAxes)
    write_whole(folder / PLOT_FILE, lambda part: figure.savefig(part, format="png", dpi=110))
