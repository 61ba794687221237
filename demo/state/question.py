"""A page's question as a link, and what a page sends made into a question; must not know Gradio or how to answer it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from core.search.query import MAX_CHARACTERS, MAX_WEIGHT, Query
from index_store.errors import SightwordsError

PAGE = 24  # two screens of thumbnails
MOST = 240  # hits that a page shows
MAX_WEIGHTS = 100
MAX_CONDITIONS = 20
MAX_NUMBER = 10**15  # in an address; more items, and more postings, than any collection here has
MAX_LINK, MAX_PAIRS = 20_000, 200  # characters, and parts, of an address that is read at all
WITHOUT = "without="  # before a term, among the conditions of a page
IDS = ("like", "right", "wrong")  # what an address says in ids, with commas between them

FIRST = Query(kind="image", each=False, k=PAGE)  # what a page asks before anybody has set anything

NOT_LINKED = ("picture", "vector")  # what no address can hold
SHORT = {"text": "q", "where": "only", "weights": "w"}  # what an address calls them; all others as the query does
LINKED = {SHORT.get(field.name, field.name): field.name for field in fields(Query) if field.name not in NOT_LINKED}


def to_link(query: Query) -> str:
    """A query string without what is as in `FIRST`; "" when nothing is asked.

    A picture that was sent and a ready vector are not part of it.
    """
    return urlencode(to_pairs(query)) if query.text or query.like is not None else ""


def to_pairs(query: Query) -> list[tuple[str, str]]:
    """(name, value) of all that is not as in `FIRST`, as an address holds it; what has several values comes often."""
    pairs: list[tuple[str, str]] = []
    for name, field in LINKED.items():
        value = getattr(query, field)
        if value == getattr(FIRST, field):
            continue
        if field in IDS:
            pairs.append((name, ",".join(map(str, query.liked if field == "like" else value))))
        elif isinstance(value, Mapping):
            pairs += [(name, f"{term}:{weight:g}") for term, weight in value.items()]
        elif isinstance(value, str) or not isinstance(value, Sequence):
            pairs.append((name, _written(value)))
        else:
            pairs += [(name, one) for one in value]
    return pairs


def from_link(link: str) -> Query:
    """The question that `to_link` wrote. A part that makes no sense is left out, so that a mangled link still opens."""
    return from_pairs(parse_pairs(link))


def parse_pairs(link: str) -> list[tuple[str, str]]:
    """(name, value) of a query string, whoever wrote it; none of one that is far too long."""
    try:
        return parse_qsl(link, max_num_fields=MAX_PAIRS) if len(link) < MAX_LINK else []
    except ValueError:
        return []


def from_pairs(pairs: Iterable[tuple[str, str]]) -> Query:
    """The question that `to_pairs` wrote, without the parts that no question can have."""
    query = FIRST
    for name, text in pairs:
        if name in LINKED:
            query = _with_part(query, LINKED[name], text)
    return among(query, conditions_of(query))


def _with_part(query: Query, field: str, text: str) -> Query:
    """The query with what an address says of one of its fields; as it was where that makes no sense."""
    before = getattr(query, field)
    try:
        value = _read(field, text)
        if isinstance(before, Mapping):
            value = {**before, **value}
            if len(value) > MAX_WEIGHTS:
                return query
        elif isinstance(before, Sequence) and not isinstance(before, str) and field not in IDS:
            value = (*before, value)
        replace(FIRST, **{"text": "x", field: value}).check()
    except (ValueError, SightwordsError):
        return query
    return replace(query, **{field: value})


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read(field: str, text: str) -> Any:
    """What an address says of a field: of the kind that `FIRST` has there; ValueError where it is of another kind."""
    usual = getattr(FIRST, field)
    if field in IDS:
        ids = tuple(map(_whole, text.split(",")))
        return ids if field != "like" or len(ids) > 1 else ids[0]
    if isinstance(usual, bool):
        return {"1": True, "0": False}.get(text, usual)
    if isinstance(usual, float) or field == "dense_weight":
        return float(text)
    if isinstance(usual, Mapping):
        term, _, weight = text.rpartition(":")
        if not term:
            raise ValueError(text)
        return {term: float(weight)}
    if usual is None or isinstance(usual, int):
        return min(_whole(text), MOST) if field == "k" else _whole(text)
    if not text.strip():
        raise ValueError(text)
    return text[:MAX_CHARACTERS]


def _whole(text: str) -> int:
    """A whole number in digits, up to MAX_NUMBER."""
    if not text.isdecimal() or not text.isascii() or int(text[:20]) > MAX_NUMBER:
        raise ValueError(text)
    return int(text)


def among(query: Query, conditions: Sequence[str]) -> Query:
    """The query among the items that conditions let through; `without=dog` is one here: no item with that term.

    Only the first MAX_CONDITIONS of them count.
    """
    first = list(dict.fromkeys(conditions))[:MAX_CONDITIONS]
    without = tuple(one.removeprefix(WITHOUT) for one in first if one.startswith(WITHOUT))
    return replace(query, where=tuple(one for one in first if not one.startswith(WITHOUT)), without=without)


def marks_of(query: Query) -> dict[int, str]:
    """{id: "right" or "wrong"} of the items that are marked."""
    return dict.fromkeys(query.right, "right") | dict.fromkeys(query.wrong, "wrong")


def with_marks(query: Query, ids: Sequence[int], mark: str) -> Query:
    """The query with items marked "right" or "wrong"; those that all have that mark already lose it."""
    marks = marks_of(query)
    lost = all(marks.get(number) == mark for number in ids)
    marks |= dict.fromkeys(ids, "" if lost else mark)
    right, wrong = (tuple(number for number, one in marks.items() if one == said) for said in ("right", "wrong"))
    return replace(query, right=right, wrong=wrong)


def unbent(query: Query) -> Query:
    """The query without weights by hand and marks, which were made for other words or another picture."""
    return replace(query, weights={}, right=(), wrong=())


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
