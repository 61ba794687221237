"""What an answer holds, and how it is written as JSON; must not know how it was found."""

from dataclasses import dataclass
from typing import Any

from core.search.encoding import NOTHING, Encoded
from core.search.explain import Contribution, QueryTerm
from core.search.having import Rule
from core.search.query import Rank
from core.search.remarks import Remark


@dataclass(frozen=True)
class SearchHit:
    """An item that was found: its exact `score` and the contributions (largest first) that sum to it."""

    id: int
    kind: str  # "image" | "caption"
    path: str
    caption: str | None
    score: float
    contributions: tuple[Contribution, ...]
    thumbnail: str | None  # absolute path of a small picture, for galleries; not part of the JSON
    copies: int = 1  # how many nearly equal pictures it stands for, itself included
    tags: tuple[str, ...] = ()
    taken: str | None = None  # this and the next three as in `index_store.items.Description`
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The keys `id`, `kind`, `path`, `caption`, `score`, `contributions`, `copies`, `tags`, `taken`, `camera`,
        `latitude` and `longitude`.
        """
        return {
            "id": self.id,
            "kind": self.kind,
            "path": self.path,
            "caption": self.caption,
            "score": self.score,
            "contributions": [row.to_json() for row in self.contributions],
            "copies": self.copies,
            "tags": list(self.tags),
            "taken": self.taken,
            "camera": self.camera,
            "latitude": self.latitude,
            "longitude": self.longitude,
        }


@dataclass(frozen=True)
class SearchResult:
    """The answer to one query.

    `query`: the words asked. `terms`: what was searched with, heaviest first. `exact`: whether the top k is proven to
    be the true top k. `timings_ms`: encode, project, retrieve, rescore, total (milliseconds; total also counts the
    explaining). `unknown_words`: words of the text that the model has never seen. `out_of_world`: the model tells that
    nothing it has seen is like the text, so that the hits only come nearest. `answered`: whether a hit holds enough of
    the question; None where that cannot be told. `rules`: what the text says that hits must have or not have.
    `rank`: by what was ranked, as in the query. `remarks`: all this in sentences, for a person.

    For asking again, not part of the JSON: `all_terms`, with those that were switched off, in an order that bending
    does not change; `encoded`, the parts of the question.
    """

    query: str
    terms: tuple[QueryTerm, ...]
    exact: bool
    hits: tuple[SearchHit, ...]
    timings_ms: dict[str, float]
    unknown_words: tuple[str, ...] = ()
    out_of_world: bool = False
    answered: bool | None = None
    remarks: tuple[Remark, ...] = ()
    all_terms: tuple[QueryTerm, ...] = ()
    rules: tuple[Rule, ...] = ()
    rank: Rank = "sparse"
    encoded: Encoded = NOTHING

    def to_json(self) -> dict[str, Any]:
        """The keys `query`, `spoken` (what the encoder was told), `rules`, `rank`, `terms`, `exact`, `hits`,
        `timings_ms`, `out_of_world`, `unknown_words`, `answered` and `remarks`; nothing but JSON types inside.
        """
        return {
            "query": self.query,
            "spoken": self.encoded.text.text if self.encoded.text else "",
            "rules": [rule.to_json() for rule in self.rules],
            "rank": self.rank,
            "terms": [term.to_json() for term in self.terms],
            "exact": self.exact,
            "hits": [hit.to_json() for hit in self.hits],
            "timings_ms": dict(self.timings_ms),
            "out_of_world": self.out_of_world,
            "unknown_words": list(self.unknown_words),
            "answered": self.answered,
            "remarks": [remark.to_json() for remark in self.remarks],
        }
