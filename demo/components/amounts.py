"""Numbers as the page shows them, rounded so that a column still adds up; knows nothing of HTML or of search."""

import math
from collections.abc import Mapping, Sequence

KINDS = {"image": "picture", "caption": "caption", "both": "item"}  # kinds of items, as a page calls one
DECIMALS = 3  # of scores and contributions: enough to tell neighbours apart, few enough to read


def rounded_column(amounts: Sequence[float], total: float) -> list[str]:
    """The amounts, in their order, rounded so that what is shown adds up to `total` as shown, `amount(total)`.

    Rounding is by largest remainders: every amount is shown within one unit of the last decimal. Where `total` is not
    the sum of the amounts at all, each is rounded by itself, because a display must not hide a wrong sum.
    """
    unit = 10**DECIMALS
    exact = [value * unit for value in amounts]
    floors = [math.floor(value) for value in exact]
    missing = round(total * unit) - sum(floors)
    if not 0 <= missing <= len(floors):
        return [amount(value) for value in amounts]
    by_remainder = sorted(range(len(exact)), key=lambda i: floors[i] - exact[i])
    for i in by_remainder[:missing]:
        floors[i] += 1
    return [f"{value / unit:.{DECIMALS}f}" for value in floors]


def amount(value: float, decimals: int = DECIMALS) -> str:
    """A score, weight or contribution."""
    return f"{round(value * 10**decimals) / 10**decimals:.{decimals}f}"


def weight(value: float) -> str:
    """A weight on a chip: two decimals, or three where two would say almost nothing."""
    return amount(value, 2 if value >= 0.1 else 3)


def count(number: int, singular: str, plural: str | None = None) -> str:
    """ "1 term", "1,000 pictures"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def of_kinds(by_kind: Mapping[str, int]) -> list[str]:
    """["70 pictures", "12 captions"]: how many items there are of each kind, pictures first."""
    return [count(by_kind[kind], name) for kind, name in KINDS.items() if kind in by_kind]


def pictures_by_folder(by_name: Mapping[str, int]) -> str:
    """ "40 in @eaDir, 2 in #recycle, 3 ._*"; a name that ends in * is one of files, wherever they lie."""
    return ", ".join(
        f"{number:,} {name}" if name.endswith("*") else f"{number:,} in {name}" for name, number in by_name.items()
    )


def milliseconds(value: float) -> str:
    """ "0.4 ms" below ten, "12 ms" above."""
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"


def remaining(seconds: float | None) -> str:
    """ "about 40 s left" or "about 3 min left", rounded up; "" where nobody knows."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(5, 5 * math.ceil(seconds / 5))} s left"
    return f"about {math.ceil(seconds / 60)} min left"
