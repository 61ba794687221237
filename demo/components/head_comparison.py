"""The heads of the Lab compared: two plots of quality over cost, and a table; plain data to HTML."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from demo.components.amounts import amount

WIDTH, HEIGHT, LEFT, FOOT, TOP, RIGHT = 380, 230, 44, 40, 10, 14  # of a plot, and the room around its inside


@dataclass(frozen=True)
class ComparedHead:
    """A head and its figures, on the test split of what it was trained on.

    `recall`: R@1, 0 to 1. `flops`: term products that a query and an item cost. `caption_terms`, `image_terms`: mean
    number of terms. `exact`: Exact@20, 0 to 1. `seconds`: how long the training took. `trained_here`: it did not come
    with the program. `in_use`: the app searches with it.
    """

    name: str
    control: str
    data: str
    recall: float
    flops: float
    caption_terms: float
    image_terms: float
    exact: float
    seconds: float | None = None
    trained_here: bool = True
    in_use: bool = False


def head_comparison(rows: Sequence[ComparedHead], dense: float, tested: str) -> str:
    """R@1 and Exact@20 of each head over its FLOPs, as plots and as a table; "" without heads.

    `dense`: R@1 of the dense vectors, a line in the plot. `tested`: on what the heads were judged, in words.
    """
    if not rows:
        return ""
    bottom = max(0.0, math.floor(10 * min(row.recall for row in rows) - 0.5) / 10)
    recall = _scatter(rows, [row.recall for row in rows], "R@1", bottom, dense)
    exact = _scatter(rows, [row.exact for row in rows], "Exact@20", 0.0, None)
    return (
        f'<section class="sw-lab-table" aria-label="Heads compared"><h2>Heads compared</h2>'
        f'<p class="sw-quiet">Judged on {escape(tested)}. Up is better, left is cheaper: FLOPs are the term products '
        "that a query and an item cost. Exact@20: how many of a caption’s words are among its 20 heaviest terms.</p>"
        f'<div class="sw-scatters">{recall}{exact}</div>{_table(rows, dense)}</section>'
    )


def _scatter(
    rows: Sequence[ComparedHead], values: Sequence[float], title: str, bottom: float, dense: float | None
) -> str:
    flops = [max(row.flops, 1e-3) for row in rows]
    low, high = 10 ** math.floor(math.log10(min(flops))), 10 ** math.ceil(math.log10(max(flops) * 1.0001))
    span = math.log10(high / low) or 1.0
    points = [
        (
            LEFT + (WIDTH - LEFT - RIGHT) * math.log10(cost / low) / span,
            _height(value, bottom),
            number,
            row,
            value,
        )
        for number, (row, cost, value) in enumerate(zip(rows, flops, values, strict=True), 1)
    ]
    label = "; ".join(f"{row.name} {amount(value)} at {row.flops:.2f} FLOPs" for _, _, _, row, value in points)
    dots = "".join(
        f'<g class="sw-dot-{"ours" if row.trained_here else "given"}"><title>{escape(row.name)}: {title} '
        f'{amount(value)}, FLOPs {row.flops:.2f}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="9"></circle>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{number}</text></g>'
        for x, y, number, row, value in sorted(
            points, key=lambda point: point[3].trained_here
        )  # those trained here on top
    )
    line = ""
    if dense is not None:
        y = _height(dense, bottom)
        line = (
            f'<line class="sw-dense" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"></line>'
            f'<text x="{WIDTH - RIGHT}" y="{y + 14:.1f}" text-anchor="end">dense {amount(dense)}</text>'
        )
    return (
        f"<figure><figcaption><b>{title}</b></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(f"{title} over FLOPs: {label}")}">'
        f"{_axes(low, high, span, bottom)}{line}{dots}</svg></figure>"
    )


def _height(value: float, bottom: float) -> float:
    return TOP + (HEIGHT - TOP - FOOT) * (1 - (value - bottom) / (1 - bottom))


def _axes(low: float, high: float, span: float, bottom: float) -> str:
    inside = WIDTH - LEFT - RIGHT
    across = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_height(value, bottom):.1f}" '
        f'y2="{_height(value, bottom):.1f}"></line>'
        f'<text x="{LEFT - 7}" y="{_height(value, bottom) + 4:.1f}" text-anchor="end">{value:g}</text>'
        for value in (round(bottom + (1 - bottom) * part, 3) for part in (0, 0.25, 0.5, 0.75, 1))
    )
    ticks = [low * 10**i for i in range(round(span) + 1)]
    down = "".join(
        f'<text x="{LEFT + inside * math.log10(tick / low) / span:.1f}" y="{HEIGHT - FOOT + 17}" '
        f'text-anchor="middle">{tick:g}</text>'
        for tick in ticks
        if tick <= high * 1.0001
    )
    foot = f'<text x="{LEFT + inside / 2:.1f}" y="{HEIGHT - 4}" text-anchor="middle">FLOPs</text>'
    return f"{across}{down}{foot}"


def _table(rows: Sequence[ComparedHead], dense: float) -> str:
    number = '<span class="sw-hidden">Number</span>'
    heads = (number, "Head", "Control", "R@1", "of dense", "FLOPs", "Terms: caption / image", "Exact@20")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(_row(number, row, dense) for number, row in enumerate(rows, 1))
    return (
        '<div class="sw-scroll" tabindex="0" role="region" aria-label="Heads in numbers">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(number: int, row: ComparedHead, dense: float) -> str:
    share = f"{100 * row.recall / dense:.1f} %" if dense else ""
    seconds = f" in {row.seconds:,.0f} s" if row.seconds is not None else ""
    in_use = ' <span class="sw-in-use">in use</span>' if row.in_use else ""
    return (
        f'<tr><td class="sw-number">{number}</td><th scope="row"><bdi>{escape(row.name)}</bdi>{in_use}'
        f"<small>{escape(row.data)}{seconds}</small></th><td>{escape(row.control)}</td>"
        f'<td class="sw-number"><b>{amount(row.recall)}</b></td><td class="sw-number">{share}</td>'
        f'<td class="sw-number">{row.flops:.2f}</td>'
        f'<td class="sw-number">{row.caption_terms:.1f} / {row.image_terms:.1f}</td>'
        f'<td class="sw-number">{amount(row.exact, 2)}</td></tr>'
    )
