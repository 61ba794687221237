"""What the words of a question light by a query table: a list of bars for each word, and how a row is written."""

from collections.abc import Mapping, Sequence
from html import escape

from demo.components.amounts import amount, count
from demo.components.term_bars import THINNEST, track
from demo.components.term_profile import folded_bars, term_button

SHOWN = 8  # terms of a row; the rest unfolds


def table_rows(rows: Sequence[tuple[str, Mapping[str, float]]], unknown: Sequence[str] = ()) -> str:
    """A column for each word with its row's terms, heaviest first; a sentence on words that light nothing."""
    heaviest = max((weight for _, row in rows for weight in row.values()), default=1.0)
    columns = "".join(_column(word, row, heaviest) for word, row in rows)
    named = ", ".join(f"<bdi>{escape(word)}</bdi>" for word in unknown)
    silent = f'<p class="sw-quiet">Without a row, and so without a say: {named}.</p>' if unknown else ""
    return f'<div class="sw-table-rows">{columns}</div>{silent}'


def written_row(row: Mapping[str, float]) -> str:
    """A row as a person writes it: "dog=1.25, animal=0.25"."""
    return ", ".join(f"{term}={weight:g}" for term, weight in row.items())


def table_lead(size: int, edited: bool) -> str:
    """What the table is, in a few sentences; `size`: words that have a row."""
    whose = " It holds edits made here." if edited else ""
    return (
        '<h3>Or look a word up</h3><p class="sw-quiet">A question can be asked without the encoder (“Look words up” on '
        "the Search page): each of its words lights what its row of the query table says, and the rows are added. "
        f"{count(size, 'word')} of this model {'has' if size == 1 else 'have'} a row.{whose}</p>"
    )


def _column(word: str, row: Mapping[str, float], heaviest: float) -> str:
    bars = [_bar(term, weight, weight / heaviest, own=term == word) for term, weight in row.items()]
    name = escape(word)
    return (
        f'<section aria-label="What {name} lights"><h4><bdi>{name}</bdi> lights</h4>'
        f"{folded_bars(bars, SHOWN)}</section>"
    )


def _bar(term: str, weight: float, share: float, own: bool) -> str:
    kind = "literal" if own else "expansion"
    return (
        f'<li class="sw-bar sw-{kind}" data-term="{escape(term)}"><span class="sw-term">{term_button(term)}</span>'
        f'<span class="sw-sum sw-number"><b>{amount(weight)}</b></span>{track(kind, max(100 * share, THINNEST))}</li>'
    )
