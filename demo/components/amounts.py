"""Numbers as the page shows them, rounded so that a column still adds up; knows nothing of HTML or of search."""

import math
from collections.abc import Mapping, Sequence

KINDS = {"image": "picture", "caption": "caption", "both": "item"}  # kinds of items, as a page calls one
PLACES = 3  # decimals of scores and contributions: enough to tell neighbours apart, few enough to read


def column(amounts: Sequence[float], total: float, places: int = PLACES) -> list[str]:
    """Rounds `amounts` so that what is shown adds up to `total` as shown (`amount(total)`).

    Largest remainders: every amount is shown within one unit of the last place, unless `total` is not their sum at
    all; then plain rounding, because a display must not hide a wrong sum. Order is kept.
    """
    unit = 10**places
    exact = [value * unit for value in amounts]
    floors = [math.floor(value) for value in exact]
    missing = round(total * unit) - sum(floors)
    if not 0 <= missing <= len(floors):
        return [amount(value, places) for value in amounts]
    by_remainder = sorted(range(len(exact)), key=lambda i: floors[i] - exact[i])
    for i in by_remainder[:missing]:
        floors[i] += 1
    return [f"{value / unit:.{places}f}" for value in floors]


def amount(value: float, places: int = PLACES) -> str:
    """A score, weight or contribution."""
    return f"{round(value * 10**places) / 10**places:.{places}f}"


def weight(value: float) -> str:
    """A weight on a chip: two decimals, three where two would say almost nothing."""
    return amount(value, 2 if value >= 0.1 else 3)


def count(number: int, singular: str, plural: str | None = None) -> str:
    """ "1 term", "1,000 pictures"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def of_kinds(by_kind: Mapping[str, int]) -> list[str]:
    """["70 pictures", "12 captions"]: items by kind, pictures first."""
    return [count(by_kind[kind], name) for kind, name in KINDS.items() if kind in by_kind]


def kinds_of_files(by_suffix: Mapping[str, int]) -> str:
    """ "12 .txt, 3 .mp4, 1 without a suffix"."""
    return ", ".join(f"{number:,} {suffix or 'without a suffix'}" for suffix, number in by_suffix.items())


def pictures_by_folder(by_name: Mapping[str, int]) -> str:
    """ "40 in @eaDir, 2 in #recycle, 3 ._*"; the last are files, wherever they lie."""
    return ", ".join(
        f"{number:,} {name}" if name.endswith("*") else f"{number:,} in {name}" for name, number in by_name.items()
    )


def milliseconds(value: float) -> str:
    """ "0.4 ms" below ten, whole above."""
    return f"{value:.1f} ms" if value < 10 else f"{value:,.0f} ms"
