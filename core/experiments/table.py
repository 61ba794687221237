"""The comparison for people and programs: Markdown, CSV, JSON and a plot of R@1 over FLOPs; computes nothing."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

COLUMNS = {  # key of a row: heading, decimals
    "recall@1": ("R@1", 3),
    "recall@5": ("R@5", 3),
    "recall@10": ("R@10", 3),
    "mrr@10": ("MRR@10", 3),
    "of_dense": ("of dense", 3),
    "flops": ("FLOPs", 2),
    "query_terms": ("terms a caption", 1),
    "item_terms": ("terms an image", 1),
    "coactivation": ("co-activation", 3),
    "exact@20": ("Exact@20", 2),
    "semantic@20": ("Semantic@20", 2),
    "kendall_tau_vs_dense": ("Kendall τ", 2),
    "seconds": ("training s", 0),
    "peak_mb": ("peak MB", 0),
}


def markdown(table: Sequence[dict[str, Any]]) -> str:
    """The table as GitHub shows it; empty cells where a measure has no value."""
    heads = ["", *(heading for heading, _ in COLUMNS.values())]
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join([row['row'], *cells(row)])} |" for row in table]
    return "\n".join(lines) + "\n"


def cells(row: dict[str, Any]) -> list[str]:
    """The figures of a row as they are read."""
    values = ((row.get(key), decimals) for key, (_, decimals) in COLUMNS.items())
    return ["" if value is None else f"{value:.{decimals}f}" for value, decimals in values]


def write_table(table: Sequence[dict[str, Any]], out: Path) -> dict[str, str]:
    """Writes table.md, table.csv, table.json and recall_over_flops.png; their paths by kind."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "table.md").write_text(markdown(table), "utf-8")
    (out / "table.json").write_text(json.dumps(list(table), indent=2) + "\n", "utf-8")
    with (out / "table.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["row", *COLUMNS], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table)
    plot(table).savefig(out / "recall_over_flops.png", dpi=150)
    names = {"markdown": "table.md", "csv": "table.csv", "json": "table.json", "plot": "recall_over_flops.png"}
    return {kind: str(out / name) for kind, name in names.items()}


def plot(table: Sequence[dict[str, Any]]) -> Figure:
    """R@1 of each sparse row over its FLOPs (logarithmic), the dense R@1 as a line."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for row in table:
        if row["flops"] is None:
            axes.axhline(row["recall@1"], color="0.5", linestyle="--", linewidth=1, label=row["row"])
        elif row["flops"] > 0:
            axes.plot(row["flops"], row["recall@1"], "o")
            axes.annotate(row["row"], (row["flops"], row["recall@1"]), textcoords="offset points", xytext=(6, 4))
    axes.set(xscale="log", xlabel="FLOPs: term products a query-item pair", ylabel="R@1, text to image", ylim=(0, 1))
    axes.legend(loc="lower right", frameon=False)
    return figure
