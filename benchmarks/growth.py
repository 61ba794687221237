"""How the time of a search grows with the number of items: one picture, both axes logarithmic."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.records import Measured, System


def draw(measured: Sequence[Measured], target: Path) -> None:
    """p50 over items as a PNG, a panel for each size of queries; ours in bold."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter

    sizes = list(measured[0].query_terms)
    figure = Figure(figsize=(5.2 * len(sizes), 4.2), layout="constrained")
    panels = figure.subplots(1, len(sizes), sharey=True, squeeze=False)[0]
    for panel, size in zip(panels, sizes, strict=True):
        for name, points in curves(measured, size).items():
            ours = name in {own.name for own in measured[0].ours}
            panel.plot(*zip(*points, strict=True), marker="o", linewidth=2.6 if ours else 1.2, label=name)
        panel.set(xscale="log", yscale="log", xlabel="items", title=f"queries of {size} terms")
        panel.grid(True, alpha=0.3)
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))
        panel.yaxis.set_major_formatter("{x:g}")
    panels[0].set_ylabel("p50, ms")
    panels[-1].legend(fontsize="small")
    figure.savefig(target, dpi=120)


def curves(measured: Sequence[Measured], size: int) -> dict[str, list[tuple[int, float]]]:
    """{system: [(items, p50)]} for one size of queries."""
    found: dict[str, list[tuple[int, float]]] = {}
    for one in measured:
        systems: list[System] = [*one.ours, *one.peers]
        for system in systems:
            if size in system.regimes:
                found.setdefault(system.name, []).append((one.items, system.regimes[size].p50))
    return found
