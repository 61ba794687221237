"""A training as it goes: a small plot over the epochs for loss, recall, cost, terms and the chance to expand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.training.curves import EpochMeasures

WIDTH, HEIGHT = 300, 120  # of a plot's inside
LEFT, FOOT, TOP = 38, 20, 8  # the room around it

READING = (
    "Over the first fifth of training, weights are penalised more and more: FLOPs fall. The chance to expand rises all "
    "the way, so that terms first take the meaning of their words. After every epoch the head is judged on pictures "
    "that it does not learn from; the sparsest of the best is kept."
)

Points = list[tuple[float, float]]  # (epochs so far, value)
Steps = Sequence[tuple[float, dict[str, float]]]  # (epochs so far, measures by name)


@dataclass(frozen=True)
class Line:
    """One line of a plot; `look`: "literal" is teal, "expansion" amber and dashed."""

    name: str
    look: str
    points: Points


def training_curves(steps: Steps, rows: "Sequence[EpochMeasures]", epochs: int) -> str:
    """All plots of one training.

    `steps`: its losses and its chance to expand after each step; `rows`: the measures of each finished epoch; `epochs`:
    how many there will be.
    """

    def by_step(name: str) -> Points:
        return [(at, measures[name]) for at, measures in steps]

    def by_epoch(name: str) -> Points:
        return [(row.epoch, value) for row in rows if (value := getattr(row, name)) is not None]

    def loss(name: str) -> Points:
        return by_step(name) or by_epoch(name)

    plots = [
        ("Loss", "of the train captions", [Line("in all", "literal", loss("loss")),
                                           Line("sparsity penalty", "expansion", loss("sparsity"))], None),
        ("R@1", "validation captions that find their picture first",
         [Line("R@1", "literal", by_epoch("recall_at_1"))], 1.0),
        ("FLOPs", "term products a query and an item cost", [Line("FLOPs", "literal", by_epoch("flops"))], None),
        ("Terms lit", "of the vocabulary", [Line("an image", "literal", by_epoch("item_terms")),
                                            Line("a caption", "expansion", by_epoch("query_terms"))], None),
        ("Chance to expand", "of a caption, or of a term of it",
         [Line("chance", "literal", by_step("expansion") or by_epoch("expansion"))], 1.0),
    ]  # fmt: skip
    drawn = "".join(_plot(title, about, lines, epochs, top) for title, about, lines, top in plots)
    reading = f'<figure class="sw-reading"><figcaption><b>Reading the curves</b></figcaption><p>{READING}</p></figure>'
    return f'<div class="sw-curves">{drawn}{reading}</div>'


def _plot(title: str, about: str, lines: list[Line], epochs: int, top: float | None) -> str:
    values = [value for line in lines for _, value in line.points]
    most = top if top is not None else _round_up(max(values, default=0.0))

    def x(at: float) -> float:
        return LEFT + WIDTH * min(at / max(epochs, 1), 1.0)

    def y(value: float) -> float:
        return TOP + HEIGHT * (1 - min(value / most, 1.0))

    now = ", ".join(f"{line.name} {_number(line.points[-1][1])}" for line in lines if line.points)
    label = f"{title}, {about}: " + (f"{now} now" if now else "nothing yet")
    inside = "".join(_line(line, x, y) for line in lines)
    legend = "".join(
        f'<span class="sw-{line.look}"><i aria-hidden="true"></i>{line.name} '
        f"<b>{_number(line.points[-1][1]) if line.points else '–'}</b></span>"
        for line in lines
    )
    return (
        f'<figure><figcaption><b>{title}</b> <span class="sw-quiet">{about}</span></figcaption>'
        f'<p class="sw-curve-key sw-number">{legend}</p>'
        f'<svg viewBox="0 0 {LEFT + WIDTH + 8} {TOP + HEIGHT + FOOT}" role="img" aria-label="{escape(label)}">'
        f"{_grid(most, epochs)}{inside}</svg></figure>"
    )


def _grid(most: float, epochs: int) -> str:
    lines = "".join(
        f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{TOP + HEIGHT * (1 - part):.1f}" '
        f'y2="{TOP + HEIGHT * (1 - part):.1f}"></line><text x="{LEFT - 6}" y="{TOP + HEIGHT * (1 - part) + 4:.1f}" '
        f'text-anchor="end">{_number(most * part)}</text>'
        for part in (0.0, 0.5, 1.0)
    )
    foot = TOP + HEIGHT + FOOT - 4
    return (
        f'{lines}<text x="{LEFT}" y="{foot}">0</text>'
        f'<text x="{LEFT + WIDTH}" y="{foot}" text-anchor="end">epoch {epochs}</text>'
    )


def _line(line: Line, x: Callable[[float], float], y: Callable[[float], float]) -> str:
    if not line.points:
        return ""
    path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in line.points)
    at, value = line.points[-1]
    return (
        f'<polyline class="sw-{line.look}" points="{path}"></polyline>'
        f'<circle class="sw-{line.look}" cx="{x(at):.1f}" cy="{y(value):.1f}" r="3.5"></circle>'
    )


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 of a power of ten: an axis that does not jump with every step."""
    if value <= 0:
        return 1.0
    power = 10.0 ** int(f"{value:e}".split("e")[1])
    return next(power * step for step in (1, 2, 5, 10) if value <= power * step * (1 + 1e-9))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
