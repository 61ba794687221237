"""The postings of a collection at one moment, in tantivy: lists, candidates and exact vectors by item id; only reads.

Asked for lists of plain BM25 terms alone, tantivy runs a loop made for them; any other kind of clause among them costs
three times as much. So lists are read without conditions, and whoever asks passes over the items that do not count.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import DocAddress, Occur, Query

from index_store.errors import CollectionDamaged, VectorError
from index_store.postings import impacts, packing
from index_store.postings.budget import PostingList, Reading
from index_store.vectors import SparseVector

CHUNK = 1000  # ids in one look-up: bounds the size of a query


@dataclass(frozen=True)
class Candidates:
    """Items in descending order of their bound; `beyond`: what the exact score of any other item cannot exceed.

    `beyond` is None where no other matches the query.
    """

    ids: list[int]
    bounds: list[float]  # what the exact score cannot exceed
    addresses: list[DocAddress]
    beyond: float | None


class Band(NamedTuple):
    """A posting list as the index has it: the items that hold a term in a band."""

    band: int
    length: int  # removed items counted until they are merged away
    query: Query
    unit: float  # what tantivy gives a posting at the most; 0 where it rounds that away


@dataclass(frozen=True)
class PostingsView:
    """Immutable, usable by many threads."""

    searcher: tantivy.Searcher
    schema: tantivy.Schema
    documents: int  # those of removed items counted until they are merged away
    _bands: dict[int, tuple[Band, ...]] = field(default_factory=dict)  # of the terms asked for so far

    @classmethod
    def of(cls, searcher: tantivy.Searcher, schema: tantivy.Schema) -> "PostingsView":
        """What an index holds now. Every document has a filler, so that these count documents as BM25 does."""
        return cls(searcher, schema, searcher.doc_freq("impacts", impacts.FILLER))

    def lists(self, query: SparseVector) -> list[PostingList]:
        """The posting lists of a query: term by term, the lightest band first. Clauses are for `candidates`."""
        found: list[PostingList] = []
        terms = query.terms.tolist()
        for term, weight, bands in zip(terms, query.weights.tolist(), self._term_bands(terms), strict=True):
            below = 0
            for held in bands:
                below += held.length
                most = weight * impacts.ceiling(held.band)
                found.append(PostingList(term, most, held.length, below, (held, weight)))
        return found

    def candidates(self, reading: Reading, limit: int, within: SparseVector | None = None) -> Candidates:
        """The `limit` items with the highest bounds among those in the lists that are read.

        within: only items that share a term with it.
        """
        if not reading.lists:
            return Candidates([], [], [], reading.unread or None)
        asked: list[tuple[Band, float]] = [one.clause for one in reading.lists]
        scale = max(weight * impacts.BASE**held.band for held, weight in asked)
        wanted = Query.boolean_query([(Occur.Should, self._clause(held, weight, scale)) for held, weight in asked])
        if within is not None:
            wanted = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, self._sharing(within))])
        limit = min(limit, self.searcher.num_docs + 1)  # room is set aside for as many as are asked for
        found = self.searcher.search(wanted, limit=limit, count=False).hits
        addresses = [address for _, address in found]
        terms, unread = len(reading.lists), reading.unread * (1 + 1e-9)  # a float64 sum, too
        bounds = [impacts.upper_bound(score, terms, scale) + unread for score, _ in found]
        beyond = bounds[-1] if len(found) == limit else unread or None
        return Candidates(self._ids(addresses), bounds, addresses, beyond)

    def vector_bytes(self, address: DocAddress) -> bytes | None:
        """The exact vector of a candidate, as `SparseVector.to_bytes` gives it; None where the bytes are damaged."""
        return _unpacked(self._packed(address))

    def find(self, ids: Sequence[int]) -> Iterator[tuple[int, bytes | None]]:
        """(id, vector bytes) of those ids that have postings, in no particular order; twice if held twice.

        None where the bytes are damaged.
        """
        for start in range(0, len(ids), CHUNK):
            some = list(ids[start : start + CHUNK])
            # room for duplicates, which only damage can bring about
            found = self.searcher.search(
                Query.term_set_query(self.schema, "id", some), limit=4 * len(some), count=False
            )
            yield from self._vectors([address for _, address in found.hits])

    def all_vectors(self) -> Iterator[tuple[int, bytes | None]]:
        """As `find` for all documents, by ascending id, as they are asked for: they may not all fit into memory."""
        addresses = self._all()
        order = np.argsort(self._ids(addresses), kind="stable").tolist()
        for start in range(0, len(addresses), CHUNK):
            yield from self._vectors([addresses[at] for at in order[start : start + CHUNK]])

    def all_ids(self) -> list[int]:
        """The ids of all documents, ascending, duplicates kept."""
        return sorted(self._ids(self._all()))

    def frequencies(self) -> dict[tuple[int, int], int]:
        """{(term, band): number of documents}, deleted ones not counted."""
        if not self.searcher.num_docs:
            return {}
        held = self.searcher.terms_with_prefix("impacts", "", filter_query=Query.all_query())
        return {impacts.parse(token): count for token, count in held if token != impacts.FILLER}

    def holding(self, term: int, band: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
        """Ids (n,), ascending, of the documents in a list, at most `most`, with the f / (f + K) of each.

        None instead of the latter where tantivy rounds them away.
        """
        token = impacts.token(term, band)
        found = self.searcher.search(self._term(token), limit=most, count=False).hits
        ids = np.array(self._ids([address for _, address in found]), dtype=np.int64)
        order = np.argsort(ids, kind="stable")
        (unit,) = impacts.unit(np.array([self.searcher.doc_freq("impacts", token)]), self.documents)
        return ids[order], np.array([score for score, _ in found])[order] / unit if unit else None

    def average_length(self) -> float:
        """The average length of a document that tantivy reckons with."""
        filler = self._term(impacts.FILLER)
        for _, address in self.searcher.search(filler, limit=1, count=False).hits:
            told = re.search(
                r'"value": ([\d.]+),\s*"description": "avgdl', Query.explain(filler, self.searcher, address).to_json()
            )
            if told:
                return float(told[1])
        return float(impacts.LENGTH)

    def _all(self) -> list[DocAddress]:
        if not self.searcher.num_docs:
            return []
        found = self.searcher.search(Query.all_query(), limit=self.searcher.num_docs, count=False)
        return [address for _, address in found.hits]

    def _vectors(self, addresses: list[DocAddress]) -> Iterator[tuple[int, bytes | None]]:
        packed = [self._packed(address) for address in addresses]
        try:
            yield from zip(self._ids(addresses), packing.unpack_all(packed), strict=True)
        except VectorError:  # one of them is damaged
            yield from zip(self._ids(addresses), map(_unpacked, packed), strict=True)

    def _packed(self, address: DocAddress) -> bytes:
        return bytes(self.searcher.doc(address).get_first("vector") or b"")

    def _term(self, token: str) -> Query:
        return Query.term_query(self.schema, "impacts", token, index_option="freq")

    def _clause(self, held: Band, weight: float, scale: float) -> Query:
        if held.unit:
            return Query.boost_query(held.query, weight * impacts.BASE**held.band / (scale * held.unit))
        return Query.const_score_query(held.query, weight * impacts.ceiling(held.band) / scale)

    def _sharing(self, within: SparseVector) -> Query:
        terms = within.terms.tolist()
        bands = zip(terms, self._term_bands(terms), strict=True)
        tokens = [impacts.token(term, held.band) for term, some in bands for held in some]
        if not tokens:
            return Query.empty_query()
        return Query.const_score_query(Query.term_set_query(self.schema, "impacts", tokens), 0.0)

    def _term_bands(self, terms: Sequence[int]) -> list[tuple[Band, ...]]:
        """The bands of each term, ascending. Each view reads them anew: those of several terms together are cheaper."""
        new = [term for term in terms if term not in self._bands]
        listed = [self.searcher.terms_with_prefix("impacts", impacts.prefix(term)) for term in new]
        lengths = np.array([length for held in listed for _, length in held], dtype=np.int64)
        units = iter(impacts.unit(lengths, self.documents).tolist())
        for term, held in zip(new, listed, strict=True):
            read = [Band(impacts.parse(token)[1], length, self._term(token), next(units)) for token, length in held]
            self._bands[term] = tuple(sorted(read, key=attrgetter("band")))
        return [self._bands[term] for term in terms]

    def _ids(self, addresses: list[DocAddress]) -> list[int]:
        return cast(list[int], self.searcher.fast_field_values("id", addresses)) if addresses else []


def _unpacked(packed: bytes) -> bytes | None:
    try:
        return packing.unpack(packed)
    except VectorError:
        return None


def readable(item: int, data: bytes | None, path: Path) -> bytes:
    """The bytes of a stored vector; CollectionDamaged where they are damaged."""
    if data is None:
        raise CollectionDamaged(f"The stored vector of item {item} in {path} cannot be read (it cannot be unpacked).")
    return data


def decode(item: int, data: bytes | None, path: Path) -> SparseVector:
    """A stored vector; CollectionDamaged where the bytes are not one."""
    try:
        return SparseVector.from_bytes(readable(item, data, path))
    except VectorError as error:
        raise CollectionDamaged(f"The stored vector of item {item} in {path} cannot be read ({error})") from error
