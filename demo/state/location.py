"""What the address of a page holds: a question, the collection that it is asked of, and no path of this machine."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from demo.state.question import FIRST, from_pairs, parse_pairs, to_pairs

if TYPE_CHECKING:
    from core.search.query import Query
    from index_store.items import Item

MAX_NAME = 200  # characters of a collection's name


@dataclass(frozen=True)
class Location:
    """A question as an address holds it.

    `collection`: the name of the collection that is asked, "" where the address leaves that open. `mark`: the
    `item_mark` of the items that the question names, as another collection's items may have the same ids. `picture`:
    whether a picture that was sent belongs to the question; the picture itself is not in the address.
    """

    question: "Query" = FIRST
    collection: str = ""
    mark: str = ""
    picture: bool = False

    @classmethod
    def parse(cls, address: str) -> Self:
        """The location in a query string, which may be anything; parts that make no sense are left out."""
        pairs = parse_pairs(address.removeprefix("?"))
        named = dict(pairs)
        return cls(from_pairs(pairs), named.get("in", "")[:MAX_NAME], named.get("mark", ""), "picture" in named)

    @property
    def asks(self) -> bool:
        """Whether there is a question to answer."""
        return bool(self.question.text) or self.question.like is not None or self.picture

    def __str__(self) -> str:
        """The query string; "" where nothing is asked."""
        if not self.asks:
            return ""
        pairs = to_pairs(self.question) + ([("picture", "1")] if self.picture else [])
        if self.question.named and self.mark:
            pairs.append(("mark", self.mark))
        return urlencode([*pairs, ("in", self.collection)] if self.collection else pairs)


def item_mark(*items: "Item") -> str:
    """What tells items from those of another collection that have the same ids; nothing else can be read from it."""
    told = "\n".join(
        part
        for item in items
        for part in (item.kind, item.content_hash, (item.caption or "") if item.kind == "caption" else "")
    )
    return blake2b(told.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
