"""Reads the postings of one commit, in tantivy: posting lists, candidates with bounds, exact vectors by item id.

tantivy has a fast loop for queries of plain BM25 terms; any other kind of clause makes a query three times as slow. So
the reader asks without conditions, and its caller skips the items that do not count.
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
from index_store.postings.budget import BudgetPlan, PostingList
from index_store.vectors import SparseVector

IDS_AT_ONCE = 1000  # ids in one look-up: bounds the size of a query


@dataclass(frozen=True)
class Candidates:
    """Items in descending order of the bound that their exact score cannot exceed.

    `beyond`: a bound for every other item; None where no other item shares a term with the query.
    """

    ids: list[int]
    bounds: list[float]
    addresses: list[DocAddress]
    beyond: float | None


class Band(NamedTuple):
    """A posting list as the index has it: the items that hold a term in a band."""

    band: int
    length: int  # removed items counted until they are merged away
    query: Query
    unit: float  # the most that tantivy scores one of its postings; 0 where float32 rounds that to nothing


@dataclass(frozen=True)
class PostingsReader:
    """One commit of the index. Immutable; many threads may use it."""

    searcher: tantivy.Searcher
    schema: tantivy.Schema
    documents: int  # those of removed items counted until they are merged away
    _bands: dict[int, tuple[Band, ...]] = field(default_factory=dict)  # of the terms asked for so far

    @classmethod
    def of(cls, searcher: tantivy.Searcher, schema: tantivy.Schema) -> "PostingsReader":
        """Of a searcher. Every document has a filler, so their number is that of documents, as BM25 counts them."""
        return cls(searcher, schema, searcher.doc_freq("impacts", impacts.FILLER))

    def lists(self, query: SparseVector) -> list[PostingList]:
        """The posting lists of a query, term by term, the lightest band first. `candidates` reads their clauses."""
        lists: list[PostingList] = []
        terms = query.terms.tolist()
        for term, weight, bands in zip(terms, query.weights.tolist(), self._term_bands(terms), strict=True):
            below = 0
            for held in bands:
                below += held.length
                most = weight * impacts.ceiling(held.band)
                lists.append(PostingList(term, most, held.length, below, (held, weight)))
        return lists

    def candidates(self, plan: BudgetPlan, limit: int, within: SparseVector | None = None) -> Candidates:
        """The `limit` items with the highest bounds among those in the lists of the plan.

        within: only items that share a term with this vector.

        A bound is what tantivy gave, with its rounding given back (`impacts.upper_bound`), plus what the unread lists
        could add. tantivy returns items by descending score, so what it does not return is bounded by the last one.
        """
        if not plan.lists:
            return Candidates([], [], [], plan.unread or None)
        clauses: list[tuple[Band, float]] = [one.clause for one in plan.lists]
        scale = max(weight * impacts.BASE**held.band for held, weight in clauses)
        wanted = Query.boolean_query([(Occur.Should, self._clause(held, weight, scale)) for held, weight in clauses])
        if within is not None:
            wanted = Query.boolean_query([(Occur.Must, wanted), (Occur.Must, self._sharing(within))])
        limit = min(limit, self.searcher.num_docs + 1)  # tantivy sets room aside for as many as are asked for
        hits = self.searcher.search(wanted, limit=limit, count=False).hits
        addresses = [address for _, address in hits]
        terms, unread = len(plan.lists), plan.unread * (1 + 1e-9)  # it is a rounded float64 sum, too
        bounds = [impacts.upper_bound(score, terms, scale) + unread for score, _ in hits]
        beyond = bounds[-1] if len(hits) == limit else unread or None
        return Candidates(self._ids(addresses), bounds, addresses, beyond)

    def vector_bytes(self, address: DocAddress) -> bytes | None:
        """The exact vector of a candidate, as `SparseVector.to_bytes` gives it; None where the bytes are damaged."""
        return _unpacked(self._packed(address))

    def find(self, ids: Sequence[int]) -> Iterator[tuple[int, bytes | None]]:
        """(id, vector bytes) of those ids that have documents, in no particular order; twice for an id with two.

        The bytes are None where they are damaged.
        """
        for start in range(0, len(ids), IDS_AT_ONCE):
            some = list(ids[start : start + IDS_AT_ONCE])
            # the limit leaves room for duplicates, which only damage can bring about
            wanted = Query.term_set_query(self.schema, "id", some)
            hits = self.searcher.search(wanted, limit=4 * len(some), count=False).hits
            yield from self._vectors([address for _, address in hits])

    def all_vectors(self) -> Iterator[tuple[int, bytes | None]]:
        """As `find`, for all documents by ascending id. An iterator, for they may not all fit into memory."""
        addresses = self._all()
        order = np.argsort(self._ids(addresses), kind="stable").tolist()
        for start in range(0, len(addresses), IDS_AT_ONCE):
            yield from self._vectors([addresses[at] for at in order[start : start + IDS_AT_ONCE]])

    def all_ids(self) -> list[int]:
        """The ids of all documents, ascending, duplicates kept."""
        return sorted(self._ids(self._all()))

    def frequencies(self) -> dict[tuple[int, int], int]:
        """{(term, band): number of documents}, not counting deleted ones."""
        if not self.searcher.num_docs:
            return {}
        tokens = self.searcher.terms_with_prefix("impacts", "", filter_query=Query.all_query())
        return {impacts.parse(token): count for token, count in tokens if token != impacts.FILLER}

    def holding(self, term: int, band: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
        """Ids (n,), ascending, of at most `most` documents in a list, and the f / (f + K) of each (see `impacts.py`).

        The second is None where tantivy's float32 rounds scores of this list to nothing.
        """
        token = impacts.token(term, band)
        hits = self.searcher.search(self._term(token), limit=most, count=False).hits
        ids = np.array(self._ids([address for _, address in hits]), dtype=np.int64)
        order = np.argsort(ids, kind="stable")
        (unit,) = impacts.unit(np.array([self.searcher.doc_freq("impacts", token)]), self.documents)
        return ids[order], np.array([score for score, _ in hits])[order] / unit if unit else None

    def average_length(self) -> float:
        """The average length of a document, in tokens, as tantivy's BM25 takes it; read from tantivy's explanation."""
        filler = self._term(impacts.FILLER)
        for _, address in self.searcher.search(filler, limit=1, count=False).hits:
            explanation = Query.explain(filler, self.searcher, address).to_json()
            average = re.search(r'"value": ([\d.]+),\s*"description": "avgdl', explanation)
            if average:
                return float(average[1])
        return float(impacts.LENGTH)

    def _all(self) -> list[DocAddress]:
        if not self.searcher.num_docs:
            return []
        hits = self.searcher.search(Query.all_query(), limit=self.searcher.num_docs, count=False).hits
        return [address for _, address in hits]

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
        """Asks a list for weight * value / scale (see `impacts.py`), or, where BM25 says nothing, for its ceiling."""
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
        """The bands of each term, ascending; those that are not known yet are read together, which is cheaper."""
        new = [term for term in terms if term not in self._bands]
        listed = [self.searcher.terms_with_prefix("impacts", impacts.prefix(term)) for term in new]
        lengths = np.array([length for tokens in listed for _, length in tokens], dtype=np.int64)
        units = iter(impacts.unit(lengths, self.documents).tolist())
        for term, tokens in zip(new, listed, strict=True):
            bands = [Band(impacts.parse(token)[1], length, self._term(token), next(units)) for token, length in tokens]
            self._bands[term] = tuple(sorted(bands, key=attrgetter("band")))
        return [self._bands[term] for term in terms]

    def _ids(self, addresses: list[DocAddress]) -> list[int]:
        return cast(list[int], self.searcher.fast_field_values("id", addresses)) if addresses else []


def _unpacked(packed: bytes) -> bytes | None:
    try:
        return packing.unpack(packed)
    except VectorError:
        return None


def readable(item: int, data: bytes | None, path: Path) -> bytes:
    """The bytes of an item's stored vector; CollectionDamaged where they are None. path: of the collection."""
    if data is None:
        raise CollectionDamaged(f"The stored vector of item {item} in {path} cannot be read (it cannot be unpacked).")
    return data


def decode(item: int, data: bytes | None, path: Path) -> SparseVector:
    """An item's stored vector; CollectionDamaged where the bytes are not one. path: of the collection."""
    try:
        return SparseVector.from_bytes(readable(item, data, path))
    except VectorError as error:
        raise CollectionDamaged(f"The stored vector of item {item} in {path} cannot be read ({error})") from error
