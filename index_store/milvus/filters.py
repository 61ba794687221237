"""Filters as boolean expressions of Milvus, which let through the same items as the SQL of `filters.py`."""

import json
import os
from collections.abc import Callable, Mapping, Sequence

from index_store.errors import FilterError
from index_store.filters import Condition, Filter
from index_store.milvus.rows import camera_key, caption_words, like_key

ALL = "id > 0"
NONE = "id < 0"
_AFTER = "~"  # sorts behind every sign of a date


def expression(where: Filter, near: Mapping[Condition, Sequence[int]] | None = None) -> str:
    """The filter as an expression; FilterError where Milvus cannot be asked a condition.

    near: for each condition `near`, the ids of the items that meet it, because Milvus measures no distances.
    """
    parts = []
    for sign, group in where.groups():
        some = [f"({_near(one, near or {}) if one.key == 'near' else _EXPRESSIONS[one.key](one)})" for one in group]
        parts.append("(" + (" or " if sign == "=" else " and ").join(some) + ")")
    return " and ".join(parts) or ALL


def between(latitudes: tuple[float, float]) -> str:
    """The condition that an item lies between two latitudes, in degrees."""
    south, north = latitudes
    return f"latitude >= {south!r} and latitude <= {north!r}"


def _near(one: Condition, near: Mapping[Condition, Sequence[int]]) -> str:
    ids = near[one]
    return _negated(one, f"id in [{', '.join(map(str, ids))}]" if ids else NONE)


def _camera(one: Condition) -> str:
    return _negated(one, f"camera_key like {quoted(f'%{camera_key(one.value)}%')}")


def quoted(text: str) -> str:
    """A text as a literal of an expression."""
    return json.dumps(text, ensure_ascii=False)


def _negated(one: Condition, positive: str) -> str:
    return positive if one.sign == "=" else f"not ({positive})"


def _equal(one: Condition) -> str:
    return _negated(one, f"{one.key} == {quoted(one.value)}")


def _number(one: Condition) -> str:
    return f"{one.key} {'==' if one.sign == '=' else one.sign} {int(one.value)}"


def _folder(one: Condition) -> str:
    start = one.value.rstrip(os.sep) + os.sep
    end = start[:-1] + chr(ord(os.sep) + 1)
    return _negated(one, f"path >= {quoted(start)} and path < {quoted(end)}")


def _file(one: Condition) -> str:
    """Writes `*` and `?` as `%` and `_`; for a choice of signs like [ab], LIKE has nothing."""
    if "[" in one.value:
        raise FilterError(f"'{one}' has a choice in brackets, which Milvus cannot look for; use * and ? only.")
    pattern = one.value if os.sep in one.value else f"*{os.sep}{one.value}"
    wanted = like_key(pattern).replace("*", "%").replace("?", "_")
    return _negated(one, f"likeness like {quoted(wanted)}")


def _tag(one: Condition) -> str:
    return _negated(one, f"array_contains(tags, {quoted(one.value)})")


def _caption(one: Condition) -> str:
    words = caption_words(one.value)
    return _negated(one, f"array_contains_all(words, {quoted_list(words)})" if words else NONE)


def quoted_list(texts: list[str]) -> str:
    """Texts as a list of literals."""
    return f"[{', '.join(map(quoted, texts))}]"


def _date(one: Condition) -> str:
    """A date stands for all of its time, from the date itself to the next. An unknown date is empty text."""
    start, end = quoted(one.value), quoted(one.value + _AFTER)
    return {
        "=": f"{one.key} >= {start} and {one.key} < {end}",
        "!=": f"{one.key} < {start} or {one.key} >= {end}",
        "<": f'{one.key} != "" and {one.key} < {start}',
        ">=": f"{one.key} >= {start}",
        "<=": f'{one.key} != "" and {one.key} < {end}',
        ">": f"{one.key} >= {end}",
    }[one.sign]


_EXPRESSIONS: Mapping[str, Callable[[Condition], str]] = {
    "kind": _equal,
    "folder": _folder,
    "file": _file,
    "tag": _tag,
    "caption": _caption,
    "added": _date,
    "taken": _date,
    "camera": _camera,
    "width": _number,
    "height": _number,
    "bytes": _number,
}
