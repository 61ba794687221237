"""Conditions on items as Milvus's boolean expressions; they let through what their SQL lets through."""

import json
import os
from collections.abc import Callable, Mapping

from index_store.errors import FilterError
from index_store.filters import Condition, Filter
from index_store.milvus.rows import caption_words, likeness

ALL = "id > 0"
NONE = "id < 0"
_AFTER = "~"  # greater than any sign in a date


def expression(where: Filter) -> str:
    """The filter as an expression; FilterError, one sentence, for what Milvus cannot be asked."""
    parts = []
    for sign, group in where.groups():
        some = [f"({_EXPRESSIONS[one.key](one)})" for one in group]
        parts.append("(" + (" or " if sign == "=" else " and ").join(some) + ")")
    return " and ".join(parts) or ALL


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
    """`*` and `?` as `%` and `_`; there is nothing for a choice of signs like [ab]."""
    if "[" in one.value:
        raise FilterError(f"'{one}' has a choice in brackets, which Milvus cannot look for; use * and ? only.")
    pattern = one.value if os.sep in one.value else f"*{os.sep}{one.value}"
    wanted = likeness(pattern).replace("*", "%").replace("?", "_")
    return _negated(one, f"likeness like {quoted(wanted)}")


def _tag(one: Condition) -> str:
    return _negated(one, f"array_contains(tags, {quoted(one.value)})")


def _caption(one: Condition) -> str:
    words = caption_words(one.value)
    return _negated(one, f"array_contains_all(words, {quoted_list(words)})" if words else NONE)


def quoted_list(texts: list[str]) -> str:
    """Texts as a list of literals."""
    return f"[{', '.join(map(quoted, texts))}]"


def _added(one: Condition) -> str:
    """A date stands for all of its time: from the date itself to before whatever follows it."""
    start, end = quoted(one.value), quoted(one.value + _AFTER)
    return {
        "=": f"added >= {start} and added < {end}",
        "!=": f"added < {start} or added >= {end}",
        "<": f"added < {start}",
        ">=": f"added >= {start}",
        "<=": f"added < {end}",
        ">": f"added >= {end}",
    }[one.sign]


_EXPRESSIONS: Mapping[str, Callable[[Condition], str]] = {
    "kind": _equal,
    "folder": _folder,
    "file": _file,
    "tag": _tag,
    "caption": _caption,
    "added": _added,
    "width": _number,
    "height": _number,
    "bytes": _number,
}
