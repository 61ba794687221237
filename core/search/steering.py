"""Lets a person bend a question: other weights, terms off, added or against; encodes nothing, knows no interface.

The score of a steered question is still a plain sum: terms wanted add query weight × item weight, terms against (a
negative weight) take it away. Search stays exact: what the wanted terms alone give is an upper bound of the score, so
the list is deepened until the k-th score found is above the bound of everything that was not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.errors import QueryError
from core.library.duplicates import one_of_each
from core.search.explain import SearchTerm, TermKind
from core.search.search import (
    EncodedQuery,
    Mode,
    SearchHit,
    SearchResult,
    answer,
    answered_by,
    check_expansion,
    check_k,
    explained_hits,
    undisturbed,
)
from index_store.filters import EVERYTHING, Filter
from index_store.items import Hit
from index_store.store import Store
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.vocabulary import Vocabulary

MAX_WEIGHT = 10.0  # a head gives at most about 3; ten of them already drown everything else


@dataclass(frozen=True)
class SteeredTerm:
    """A term of a steered question. `weight`: as searched with, 0 when off, < 0 when against; `base`: unedited."""

    term: str
    weight: float
    base: float
    kind: TermKind
    edited: bool


@dataclass(frozen=True)
class Steered:
    """What is searched with: `wanted` adds, `against` takes away; of hybrid mode, `candidates` must be shared.

    `named`: ids that count as literal: the words spoken and the terms added by hand. `rows`: every term, switched off
    or not, heaviest base first, hand-made ones last, so that a row keeps its place while its weight changes.
    """

    wanted: SparseVector
    against: SparseVector
    candidates: SparseVector | None
    named: frozenset[int]
    rows: tuple[SteeredTerm, ...]


def steer(
    query: EncodedQuery, terms: Sequence[str], *, expansion: float, mode: Mode, edits: Mapping[int, float]
) -> Steered:
    """A question with a person's `edits` {term id: weight, within ±MAX_WEIGHT}; an edit overrides strength and mode.

    `terms` names the ids. What is not edited: spoken terms keep their weight, the others are multiplied by `expansion`
    (0..1; mode literal: by 0). A term in the edits only is named by the person, so it is literal. Mode hybrid looks
    only at items that share a named, wanted term. Raises QueryError for a weight or strength out of range.
    """
    _check(expansion, edits)
    strength = 0.0 if mode == "literal" else expansion
    base = dict(zip(query.vector.terms.tolist(), query.vector.weights.tolist(), strict=True))
    named = frozenset(query.spoken | (edits.keys() - base.keys()))
    scale = np.float32(strength)  # as vectors hold weights, so that an unedited question is the plain one to the bit
    plain = {
        term: weight if term in query.spoken else float(np.float32(weight) * scale) for term, weight in base.items()
    }
    weights = {**plain, **edits}
    order = [*sorted(base, key=lambda term: (-base[term], term)), *(term for term in edits if term not in base)]
    rows = tuple(
        SteeredTerm(
            terms[term], weights[term], plain.get(term, 0.0), "literal" if term in named else "expansion", term in edits
        )
        for term in order
        if term in edits or weights[term] > 0
    )
    wanted = {term: weight for term, weight in weights.items() if weight > 0}
    shared = SparseVector.from_pairs({term: weight for term, weight in wanted.items() if term in named})
    return Steered(
        SparseVector.from_pairs(wanted),
        SparseVector.from_pairs({term: -weight for term, weight in weights.items() if weight < 0}),
        shared if mode == "hybrid" else None,
        named,
        rows,
    )


def mixed(text: EncodedQuery, picture: EncodedQuery, share: float) -> EncodedQuery:
    """One question out of two: (1 - share) of the text's vector plus `share` (0..1) of the picture's.

    The picture's vector is first brought to the length of the text's, so that a half of each has an equal say. The
    score is linear in the question, so every hit's score is such a mix of its two scores.
    """
    if not 0.0 <= share <= 1.0:
        raise QueryError(f"The picture's share is {share}, but must be from 0 (text alone) to 1 (picture alone).")
    lengths = [float(np.linalg.norm(part.vector.weights.astype(np.float64))) for part in (text, picture)]
    scale = lengths[0] / lengths[1] if lengths[0] and lengths[1] else 1.0
    pairs: dict[int, float] = {}
    for part, factor in ((text, 1.0 - share), (picture, share * scale)):
        for term, weight in zip(part.vector.terms.tolist(), part.vector.weights.tolist(), strict=True):
            if factor * weight > 0:
                pairs[term] = pairs.get(term, 0.0) + factor * weight
    return EncodedQuery(
        text.label,
        SparseVector.from_pairs(pairs),
        text.spoken,
        text.unknown_words,
        text.encode_ms + picture.encode_ms,
        text.project_ms + picture.project_ms,
    )


def term_edits(vocabulary: "Vocabulary", weights: Mapping[str, float]) -> dict[int, float]:
    """Edits by term name (or a form of it, "dogs") as edits by id; QueryError names a term the vocabulary lacks."""
    ids = {name: vocabulary.id(name.strip()) for name in weights}
    missing = [name for name, term in ids.items() if term is None]
    if missing:
        raise QueryError(f"The vocabulary has no term {', '.join(map(repr, missing[:5]))}; choose one from its list.")
    return {term: weights[name] for name, term in ids.items() if term is not None}


def search_steered(
    collection: Store,
    query: EncodedQuery,
    steered: Steered,
    *,
    k: int,
    kind: str | None = None,
    where: Filter = EVERYTHING,
    each: bool = True,
) -> SearchResult:
    """The k items (1..1,000) with the highest score > 0, proven, with signed contributions that sum to it.

    kind: only such items.  where: only items that it lets through.  each: nearly equal pictures are a hit each, and
    otherwise one, the best of them.
    """
    check_k(k)
    started = perf_counter()
    terms = collection.vocabulary

    edited = any(row.edited for row in steered.rows)  # by a person, who asks for something else than the text says

    def look() -> tuple[tuple[SearchHit, ...], bool | None, bool, float, float]:
        hits, exact, retrieving, rescoring = _retrieve(collection, steered, k, kind, where, each)
        explained = explained_hits(collection, hits, steered.wanted, terms, steered.named, steered.against, each)
        answered = None if edited else answered_by(collection, query, hits, kind)
        return explained, answered, exact, retrieving, rescoring

    explained, answered, exact, retrieve_ms, rescore_ms = undisturbed(look)
    total = (perf_counter() - started) * 1000
    timings = {
        "encode": query.encode_ms,
        "project": query.project_ms,
        "retrieve": retrieve_ms,
        "rescore": rescore_ms,
        "total": query.encode_ms + query.project_ms + total,
    }
    rows = sorted((row for row in steered.rows if row.weight), key=lambda row: -row.weight)
    searched = tuple(SearchTerm(row.term, row.weight, row.kind) for row in rows)
    return answer(collection, query, searched, exact, explained, timings, answered, where != EVERYTHING)


def _check(expansion: float, edits: Mapping[int, float]) -> None:
    check_expansion(expansion)
    for weight in edits.values():
        if not -MAX_WEIGHT <= weight <= MAX_WEIGHT:  # also true for nan
            raise QueryError(
                f"A term cannot weigh {weight}; give it a weight from -{MAX_WEIGHT:.0f} to {MAX_WEIGHT:.0f}."
            )


def _retrieve(
    collection: Store, steered: Steered, k: int, kind: str | None, where: Filter, each: bool
) -> tuple[list[Hit], bool, float, float]:
    """The hits by signed score, whether they are proven, milliseconds of retrieving and of re-scoring."""
    if not len(steered.wanted) or (steered.candidates is not None and not len(steered.candidates)):
        return [], True, 0.0, 0.0
    retrieve_ms = rescore_ms = 0.0
    depth = k
    while True:
        found = collection.search(steered.wanted, depth, kind=kind, candidates=steered.candidates, where=where)
        retrieve_ms += found.retrieve_ms
        rescore_ms += found.rescore_ms
        started = perf_counter()
        best = _signed(collection, found.hits, steered.against) if len(steered.against) else list(found.hits)
        best = best if each else one_of_each(collection, best)
        rescore_ms += (perf_counter() - started) * 1000
        proven = not len(steered.against) or (len(best) >= k and best[k - 1].score > found.hits[-1].score)
        if len(found.hits) < depth or (len(best) >= k and proven):
            return best[:k], found.exact, retrieve_ms, rescore_ms
        depth *= 4


def _signed(collection: Store, hits: Sequence[Hit], against: SparseVector) -> list[Hit]:
    """The hits with what is against them taken off, best first; those that end at 0 or below are no hits."""
    vectors = collection.vectors([hit.id for hit in hits])
    scored = [Hit(hit.id, hit.score - against.dot(vector)) for hit, vector in zip(hits, vectors, strict=True)]
    return sorted((hit for hit in scored if hit.score > 0), key=lambda hit: (-hit.score, hit.id))
