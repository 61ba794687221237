"""A page's question as a link, and what a page sends made into a question; must not know Gradio or how to answer it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from core.search.query import MAX_CHARACTERS, MAX_WEIGHT, Kind, Mode, Query
from index_store.errors import FilterError
from index_store.filters import parse

PAGE = 24  # two screens of thumbnails
MOST = 240  # hits that a page shows
MAX_WEIGHTS = 100
MAX_CONDITIONS = 20
MAX_BUDGET = 10**12  # postings; more than any collection here has
WITHOUT = "without="  # before a term, among the conditions of a page

FIRST = Query(kind="image", each=False, k=PAGE)  # what a page asks before anybody has set anything


def to_link(query: Query) -> str:
    """A query string without what is as in `FIRST`; "" when nothing is asked.

    A picture that was sent, a ready vector and the number of results are not part of it.
    """
    pairs: list[tuple[str, Any]] = [("q", query.text)] if query.text else []
    if query.like is not None:
        pairs.append(("like", query.like))
    if not pairs:
        return ""
    for name in ("share", "expansion", "mode", "kind", "budget"):
        value = getattr(query, name)
        if value != getattr(FIRST, name):
            pairs.append((name, f"{value:g}" if isinstance(value, float) else value))
    pairs += [("each", "1")] if query.each else []
    pairs += [("only", condition) for condition in query.where]
    pairs += [("without", term) for term in query.without]
    pairs += [("w", f"{term}:{weight:g}") for term, weight in query.weights.items()]
    return urlencode(pairs)


def from_link(link: str) -> Query:
    """The question that `to_link` wrote. A part that makes no sense is left out, so that a mangled link still opens."""
    query, weights = FIRST, dict[str, float]()
    conditions: list[str] = []
    for name, value in parse_qsl(link, max_num_fields=200) if len(link) < 20_000 else []:
        if name == "q":
            query = replace(query, text=value[:MAX_CHARACTERS])
        elif name == "like" and value.isdecimal() and len(value) < 16:
            query = replace(query, like=int(value))
        elif name in ("share", "expansion") and (number := _number(value, 0.0, 1.0)) is not None:
            query = replace(query, **{name: number})  # type: ignore[arg-type]
        elif name == "mode" and value in get_args(Mode):
            query = replace(query, mode=value)  # type: ignore[arg-type]
        elif name == "kind" and value in get_args(Kind):
            query = replace(query, kind=value)  # type: ignore[arg-type]
        elif name == "budget" and (postings := _number(value, 1, MAX_BUDGET)) is not None:
            query = replace(query, budget=int(postings))
        elif name == "each":
            query = replace(query, each=value == "1")
        elif name == "only" and _is_condition(value):
            conditions.append(value)
        elif name == "without" and value.strip():
            conditions.append(WITHOUT + value)
        elif name == "w" and len(weights) < MAX_WEIGHTS:
            term, _, weight = value.rpartition(":")
            if term and (number := _number(weight, -MAX_WEIGHT, MAX_WEIGHT)) is not None:
                weights[term] = number
    return replace(among(query, conditions), weights=weights)


def among(query: Query, conditions: Sequence[str]) -> Query:
    """The query among the items that conditions let through; `without=dog` is one here: no item with that term.

    Only the first MAX_CONDITIONS of them count.
    """
    first = list(dict.fromkeys(conditions))[:MAX_CONDITIONS]
    without = tuple(one.removeprefix(WITHOUT) for one in first if one.startswith(WITHOUT))
    return replace(query, where=tuple(one for one in first if not one.startswith(WITHOUT)), without=without)


def conditions_of(query: Query) -> list[str]:
    """The conditions that `among` made the query with."""
    return [*query.where, *(WITHOUT + term for term in query.without)]


def clean_weights(data: Any) -> dict[str, float]:
    """Weights {term: weight} as a page sends them, which may be anything: only numbers within bounds are kept."""
    if not isinstance(data, dict):
        return {}
    kept: dict[str, float] = {}
    for term, weight in data.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if isinstance(term, str) and number and -MAX_WEIGHT <= weight <= MAX_WEIGHT and len(kept) < MAX_WEIGHTS:
            kept[term] = float(weight)
    return kept


def _is_condition(text: str) -> bool:
    try:
        return bool(parse([text]))
    except FilterError:
        return False


def _number(text: str, low: float, high: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if low <= value <= high else None
