"""Filters: conditions on items, as people write them (`folder=holiday`, `taken>=2024-05`, `tag=best`) and as SQL.

An item must meet every condition, except that several `=` conditions of one key are alternatives: `tag=cat` and
`tag=dog` let both through. This file knows the columns of the catalog, but neither connections nor vectors.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from index_store.errors import FilterError
from index_store.geography import Circle

Sql = tuple[str, list[str | int | float]]  # a condition and the values of its question marks
DATES, NUMBERS = ("added", "taken"), ("width", "height", "bytes")
KEYS = ("kind", "folder", "file", "tag", "caption", *DATES, "camera", "near", *NUMBERS)
_EXAMPLES = (
    "kind=image, folder=holiday, file=*.jpg, tag=best, caption=boat, taken>=2024-05, camera=Canon, "
    "near=52.52,13.40,5km, added>=2026-01, width>=1000, bytes<2MB"
)
_CONDITION = re.compile(r"\s*([a-z]+)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)
_SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_NUMBER = re.compile(r"(\d{1,12})\s*([KMG]?B)?", re.IGNORECASE)
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d)?)?)?)?)?")


@dataclass(frozen=True, order=True)
class Condition:
    """A condition on items: a key of KEYS, a sign (= != < <= > >=), and the value to compare with, as text."""

    key: str
    sign: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}{self.sign}{self.value}"


@dataclass(frozen=True)
class Filter:
    """Conditions, whose order does not matter. Without any, every item gets through."""

    conditions: tuple[Condition, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.conditions)

    def of_kind(self, kind: str | None) -> "Filter":
        """This filter with the further condition that items are of a kind ("image", "caption"); None: of any."""
        return self if kind is None else Filter((*self.conditions, Condition("kind", "=", kind)))

    def groups(self) -> Iterator[tuple[str, list[Condition]]]:
        """(sign, conditions) for each key and sign. Of a group with `=` one condition must hold, of others all."""
        for (_, sign), group in groupby(sorted(self.conditions), key=lambda one: (one.key, one.sign)):
            yield sign, list(group)

    def sql(self) -> Sql:
        """The filter as an SQL condition on a row of `items`, and the values of its question marks."""
        parts: list[str] = []
        values: list[str | int | float] = []
        for sign, group in self.groups():
            some = [_SQL[one.key](one) for one in group]
            parts.append("(" + (" OR " if sign == "=" else " AND ").join(sql for sql, _ in some) + ")")
            values += [value for _, given in some for value in given]
        return " AND ".join(parts) or "1", values


EVERYTHING = Filter()


def parse(texts: Sequence[str]) -> Filter:
    """Reads conditions as people write them; folders become absolute. FilterError says which is wrong, and why."""
    return Filter(tuple(dict.fromkeys(map(_condition, texts))))


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None or match[1] not in KEYS or not match[3]:
        raise FilterError(f"'{text[:80]}' is no condition on items; write one like: {_EXAMPLES}.")
    key, sign, value = match[1], match[2], match[3]
    if key not in (*DATES, *NUMBERS) and sign not in ("=", "!="):
        raise FilterError(f"'{text[:80]}' asks for more or less, but {key} can only be (=) or not be (!=) something.")
    if key == "kind" and value not in ("image", "caption"):
        raise FilterError(f"There is no kind of item '{value[:40]}'; choose image or caption.")
    if key in DATES and not _DATE.fullmatch(value):
        raise FilterError(f"'{value[:40]}' is no date; write a year, month or day, as in 2026, 2026-11 or 2026-11-24.")
    if key == "near" and Circle.parse(value) is None:
        raise FilterError(f"'{value[:40]}' is no place; write latitude, longitude and a distance: 52.52,13.40,5km.")
    if key in NUMBERS:
        value = str(_number(key, value))
    if key == "caption" and not _words(value):
        raise FilterError(f"'{value[:40]}' holds no word to look for in captions.")
    if key == "folder":
        value = str(Path(os.path.expanduser(value)).absolute())
    return Condition(key, sign, value)


def _number(key: str, value: str) -> int:
    match = _NUMBER.fullmatch(value)
    unit = (match[2] or "").upper() if match else ""
    if match is None or (unit and key != "bytes"):
        units = " (or with KB, MB, GB)" if key == "bytes" else ""
        raise FilterError(f"'{value[:40]}' is no number of {'bytes' if key == 'bytes' else 'pixels'}{units}.")
    return int(match[1]) * _SIZES[unit]


def _words(value: str) -> list[str]:
    return re.findall(r"\w+", value)


def _equal(one: Condition) -> Sql:
    return f"{one.key} {one.sign} ?", [one.value]


def _number_sql(one: Condition) -> Sql:
    return f"{one.key} {one.sign} ?", [int(one.value)]


def _folder(one: Condition) -> Sql:
    """Compares with the range of paths that begin with the folder, for which SQLite can use its index of paths."""
    start = one.value.rstrip(os.sep) + os.sep
    inside = "path >= ? AND path < ?"
    return (f"({inside})" if one.sign == "=" else f"NOT ({inside})"), [start, start[:-1] + chr(ord(os.sep) + 1)]


def _file(one: Condition) -> Sql:
    """`*` and `?` mean what they do in shells; a pattern without a folder is compared with the name of the file."""
    pattern = one.value if os.sep in one.value else f"*{os.sep}{one.value}"
    return f"path {'' if one.sign == '=' else 'NOT '}GLOB ?", [pattern]


def _tag(one: Condition) -> Sql:
    return f"id {'' if one.sign == '=' else 'NOT '}IN (SELECT item FROM tags WHERE tag = ?)", [one.value]


def _caption(one: Condition) -> Sql:
    """Asks SQLite's full-text index for captions that have every word of the value, in any order."""
    words = " ".join(f'"{word}"' for word in _words(one.value))
    matching = "(SELECT rowid FROM items_fts WHERE items_fts MATCH ?)"
    return f"id {'' if one.sign == '=' else 'NOT '}IN {matching}", [words]


def _date(one: Condition) -> Sql:
    """A date stands for all of its time: added<=2026-11 includes all of November. An undated item meets only !=."""
    compared = f"substr({one.key}, 1, {len(one.value)}) {one.sign} ?"
    return (f"coalesce({compared}, 1)" if one.sign == "!=" else compared), [one.value]


def _camera(one: Condition) -> Sql:
    """Compares with any part of the camera's name, ignoring case."""
    return f"instr(lower(coalesce(camera, '')), lower(?)) {'>' if one.sign == '=' else '='} 0", [one.value]


def _near(one: Condition) -> Sql:
    """Measures by `distance`, which the catalog lends to SQLite; an item without coordinates is near nothing."""
    circle = circle_of(one)
    inside = "CASE WHEN latitude BETWEEN ? AND ? THEN distance(?, ?, latitude, longitude) <= ? ELSE 0 END"
    south, north = circle.latitudes
    values: list[str | int | float] = [south, north, circle.latitude, circle.longitude, circle.radius]
    return f"({inside}) = {1 if one.sign == '=' else 0}", values


def circle_of(one: Condition) -> Circle:
    """The circle that a condition `near` asks for."""
    circle = Circle.parse(one.value)
    assert circle is not None  # `parse` refused the condition otherwise
    return circle


_SQL: Mapping[str, Callable[[Condition], Sql]] = {
    "kind": _equal,
    "folder": _folder,
    "file": _file,
    "tag": _tag,
    "caption": _caption,
    "added": _date,
    "taken": _date,
    "camera": _camera,
    "near": _near,
    "width": _number_sql,
    "height": _number_sql,
    "bytes": _number_sql,
}
