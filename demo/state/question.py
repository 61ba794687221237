"""What a visitor asks, as one value: text, picture, settings, edited weights; to and from a link."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from core.search.search import MAX_CHARACTERS
from core.search.steering import MAX_WEIGHT, Mode
from index_store.errors import FilterError
from index_store.filters import parse

MODES = get_args(Mode)
KINDS = ("image", "caption", "both")
PAGE = 24  # two screens of thumbnails
MOST = 240
MAX_EDITS = 100
MAX_CONDITIONS = 20


@dataclass(frozen=True)
class Question:
    """`like`: the id of an item to find more like; `share`: the picture's say (0..1) beside a text.

    `edits`: {term: weight}, 0 = off, below 0 = against. `k`: how many results are shown.
    `only`: conditions on items, as `index_store.filters` reads them. `each`: nearly equal pictures are shown each.
    """

    text: str = ""
    like: int | None = None
    share: float = 0.5
    expansion: float = 1.0
    mode: Mode = "full"
    kind: str = "image"
    edits: Mapping[str, float] = field(default_factory=dict)
    k: int = PAGE
    only: tuple[str, ...] = ()
    each: bool = False

    def to_link(self) -> str:
        """A query string without what is at its default; "" when nothing is asked."""
        pairs: list[tuple[str, Any]] = [("q", self.text)] if self.text else []
        if self.like is not None:
            pairs.append(("like", self.like))
        if not pairs:
            return ""
        plain = Question()
        for name in ("share", "expansion", "mode", "kind"):
            value = getattr(self, name)
            if value != getattr(plain, name):
                pairs.append((name, f"{value:g}" if isinstance(value, float) else value))
        pairs += [("each", "1")] if self.each else []
        pairs += [("only", condition) for condition in self.only]
        pairs += [("w", f"{term}:{weight:g}") for term, weight in self.edits.items()]
        return urlencode(pairs)


def from_link(link: str) -> Question:
    """What `to_link` wrote; a part that makes no sense is passed over, so that a mangled link still opens."""
    question, edits = Question(), {}
    for name, value in parse_qsl(link, max_num_fields=200) if len(link) < 20_000 else []:
        if name == "q":
            question = replace(question, text=value[:MAX_CHARACTERS])
        elif name == "like" and value.isdecimal() and len(value) < 16:
            question = replace(question, like=int(value))
        elif name in ("share", "expansion") and (share := _number(value, 0.0, 1.0)) is not None:
            question = replace(question, **{name: share})
        elif name == "mode" and value in MODES:
            question = replace(question, mode=value)  # type: ignore[arg-type]
        elif name == "kind" and value in KINDS:
            question = replace(question, kind=value)
        elif name == "each":
            question = replace(question, each=value == "1")
        elif name == "only" and len(question.only) < MAX_CONDITIONS and value not in question.only and _holds(value):
            question = replace(question, only=(*question.only, value))
        elif name == "w" and len(edits) < MAX_EDITS:
            term, _, weight = value.rpartition(":")
            if term and (number := _number(weight, -MAX_WEIGHT, MAX_WEIGHT)) is not None:
                edits[term] = number
    return replace(question, edits=edits)


def clean_edits(data: Any) -> dict[str, float]:
    """Edits as a page sends them, which may be anything: only terms with numbers within bounds are kept."""
    if not isinstance(data, dict):
        return {}
    kept: dict[str, float] = {}
    for term, weight in data.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if isinstance(term, str) and number and -MAX_WEIGHT <= weight <= MAX_WEIGHT and len(kept) < MAX_EDITS:
            kept[term] = float(weight)
    return kept


def _holds(condition: str) -> bool:
    try:
        return bool(parse([condition]))
    except FilterError:
        return False


def _number(text: str, low: float, high: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if low <= value <= high else None
