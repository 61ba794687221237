"""Answers a question with ranked, explained hits: encode, choose terms, retrieve, explain; knows no user interface."""

import logging
from collections.abc import Callable, Sequence
from collections.abc import Collection as Ids
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import numpy as np

from core.errors import QueryError
from core.library.duplicates import one_of_each
from core.pictures.images import working_copy
from core.search.explain import Contribution, SearchTerm, contributions, query_terms
from core.search.remarks import LOOKED_AT, Remark, answers, remarks
from index_store.errors import CollectionError, ItemNotFound
from index_store.filters import EVERYTHING, Filter
from index_store.items import Hit
from index_store.store import Store
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.model import Model

__all__ = ["Contribution", "EncodedQuery", "Mode", "SearchHit", "SearchResult", "SearchTerm", "encode_query", "search"]

log = logging.getLogger(__name__)

Mode = Literal["full", "literal", "hybrid"]
MAX_CHARACTERS = 2_000  # a long paragraph; more is a pasted document, which no encoder here reads to the end
MAX_K = 1_000  # every hit is explained term by term, so that a longer list is no longer read by a person
_ATTEMPTS = 3

Answer = TypeVar("Answer")


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

    def to_json(self) -> dict[str, object]:
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
    """The answer to one question.

    `terms`: what was searched with, after expansion strength and mode, heaviest first. `exact`: whether the top k is
    proven to be the true top k. `timings_ms`: encode, project, retrieve, rescore, total (milliseconds; total also
    counts the explaining). `unknown_words`: words of the text that the model has never seen. `out_of_world`: the model
    tells that nothing it has seen is like the text, so that the hits only come nearest. `answered`: whether a hit holds
    enough of the question; None where that cannot be told. `remarks`: all this in sentences, for a person.
    """

    query: str
    terms: tuple[SearchTerm, ...]
    exact: bool
    hits: tuple[SearchHit, ...]
    timings_ms: dict[str, float]
    unknown_words: tuple[str, ...] = ()
    out_of_world: bool = False
    answered: bool | None = None
    remarks: tuple[Remark, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The keys `query`, `terms`, `exact`, `hits`, `timings_ms`, `out_of_world`, `unknown_words`, `answered` and
        `remarks`; nothing but JSON types inside.
        """
        return {
            "query": self.query,
            "terms": [term.to_json() for term in self.terms],
            "exact": self.exact,
            "hits": [hit.to_json() for hit in self.hits],
            "timings_ms": dict(self.timings_ms),
            "out_of_world": self.out_of_world,
            "unknown_words": list(self.unknown_words),
            "answered": self.answered,
            "remarks": [remark.to_json() for remark in self.remarks],
        }


@dataclass(frozen=True)
class EncodedQuery:
    """A question turned into a vector; `spoken` holds the ids of terms that the person said, rather than the head.

    `encode_ms` and `project_ms`: milliseconds in the encoder and in the head. `out_of_world`: the encoder tells that
    nothing it has seen is like the text. `answered_from`: the `best_match` from which an item answers it; None for what
    is no text, and where the model does not say.
    """

    label: str
    vector: SparseVector
    spoken: frozenset[int]
    unknown_words: tuple[str, ...]
    encode_ms: float
    project_ms: float
    out_of_world: bool = False
    answered_from: float | None = None


def search(
    model: "Model",
    collection: Store,
    *,
    text: str | None = None,
    image: "Image | None" = None,
    vector: SparseVector | None = None,
    k: int = 10,
    expansion: float = 1.0,
    mode: Mode = "full",
    without: Sequence[str] = (),
    kind: str | None = None,
    where: Filter = EVERYTHING,
    budget: int | None = None,
    each: bool = True,
) -> SearchResult:
    """The k items (1..1,000) with the highest exact dot product with a text, a picture or a ready vector.

    A `vector` replaces what the encoder would say, for edited weights; a text or picture beside it still decides which
    of its terms are literal (beside neither, all are: the person named each). Every term of a picture is expansion.
    `expansion` (0..1) multiplies the weights of expansion terms. Mode `literal` drops those terms, `hybrid` scores in
    full but only looks at items that share a literal term. Items in which a term of `without` has any weight are left
    out, and the search goes deeper until k remain. `kind` keeps only "image" or only "caption" items, `where` only
    those that it lets through. `budget`: at most so many postings are read, those that count most first; `exact` tells
    whether that was enough to prove the answer. Scores are exact in any case. Unless `each`, nearly equal pictures are
    one hit, the best of them, and k counts such hits.

    Without an active term the result has no hits. Raises QueryError for a question that cannot be asked and
    CollectionError when another model made the collection.
    """
    started = perf_counter()
    _check_options(k, expansion, mode, kind)
    if budget is not None and budget < 1:
        raise QueryError(f"The budget is {budget} postings, but must be at least 1; leave it out for an exact answer.")
    if collection.model != model.name or len(collection.vocabulary) != len(model.vocabulary):
        raise CollectionError(
            f"The collection {collection.address} was made by the model '{collection.model}', "
            f"so the model '{model.name}' cannot search it; search with its own model or index the pictures again."
        )
    banned = _term_ids(model, without)
    if image is not None and mode != "full":
        raise QueryError(f"A picture speaks no words, so mode '{mode}' has nothing to look for; use mode 'full'.")
    query = encode_query(model, text=text, image=image, vector=vector)
    weights = _expanded(query.vector, query.spoken, 0.0 if mode == "literal" else expansion)
    candidates = _expanded(query.vector, query.spoken, 0.0) if mode == "hybrid" else None
    terms = model.vocabulary.terms

    def look() -> tuple[tuple[SearchHit, ...], bool | None, bool, float, float]:
        hits, exact, retrieving, rescoring = _retrieve(
            collection, weights, k, kind, candidates, banned, where, budget, each
        )
        explained = explained_hits(collection, hits, weights, terms, query.spoken, each=each)
        return explained, answered_by(collection, query, hits, kind), exact, retrieving, rescoring

    explained, answered, exact, retrieve_ms, rescore_ms = undisturbed(look)
    timings = {
        "encode": query.encode_ms,
        "project": query.project_ms,
        "retrieve": retrieve_ms,
        "rescore": rescore_ms,
        "total": _since(started),
    }
    log.debug("query %r: %d terms, %d hits, %s", query.label, len(weights), len(explained), timings)
    found, narrowed = query_terms(weights, terms, query.spoken), bool(banned) or where != EVERYTHING
    return answer(collection, query, found, exact, explained, timings, answered, narrowed)


def answer(
    collection: Store,
    query: EncodedQuery,
    terms: tuple[SearchTerm, ...],
    exact: bool,
    hits: tuple[SearchHit, ...],
    timings_ms: dict[str, float],
    answered: bool | None,
    narrowed: bool,
) -> SearchResult:
    """What was found, with what is to be said of it; `narrowed`: only some of the collection was asked for."""
    said = remarks(collection.model, query.unknown_words, query.out_of_world, answered, narrowed)
    unknown, strange = query.unknown_words, query.out_of_world
    return SearchResult(query.label, terms, exact, hits, timings_ms, unknown, strange, answered, said)


def answered_by(collection: Store, query: EncodedQuery, hits: Sequence[Hit], kind: str | None) -> bool | None:
    """Whether one of the best hits answers a question; None where that cannot be told, as of captions."""
    if query.answered_from is None or kind == "caption":
        return None
    best = collection.vectors([hit.id for hit in hits[:LOOKED_AT]])
    return answers(query.vector, best, query.answered_from)


def check_k(k: int) -> None:
    """QueryError unless so many results can be asked for."""
    if not 1 <= k <= MAX_K:
        raise QueryError(f"The number of results k is {k}, but must be from 1 to {MAX_K:,}.")


def check_expansion(expansion: float) -> None:
    """QueryError unless it is a strength."""
    if not 0.0 <= expansion <= 1.0:  # also false for nan
        raise QueryError(f"The expansion strength is {expansion}, but must be from 0 (literal terms only) to 1 (all).")


def _check_options(k: int, expansion: float, mode: str, kind: str | None) -> None:
    check_k(k)
    check_expansion(expansion)
    if mode not in get_args(Mode):
        raise QueryError(f"There is no search mode '{mode}'; choose one of {', '.join(get_args(Mode))}.")
    if kind not in (None, "image", "caption"):
        raise QueryError(f"There is no kind of item '{kind}'; choose image or caption, or leave it out for both.")


def _term_ids(model: "Model", words: Sequence[str]) -> frozenset[int]:
    ids = {word: model.vocabulary.id(word.strip()) for word in words}
    missing = [word for word, term in ids.items() if term is None]
    if missing:
        names = ", ".join(f"'{word}'" for word in missing)
        raise QueryError(f"The vocabulary of the model '{model.name}' has no term {names}, so it cannot be left out.")
    return frozenset(term for term in ids.values() if term is not None)


def encode_query(
    model: "Model", *, text: str | None = None, image: "Image | None" = None, vector: SparseVector | None = None
) -> EncodedQuery:
    """A text, a picture or a ready vector as what `search` looks for; QueryError where it cannot be asked."""
    if text is not None and image is not None:
        raise QueryError("A question is either a text or a picture, not both; leave one out.")
    if text is None and image is None and vector is None:
        raise QueryError("There is no question; give a text or a picture.")
    unknown = _check_text(model, text, required=vector is None) if text is not None else ()
    if vector is not None:
        if len(vector) and int(vector.terms[-1]) >= len(model.vocabulary):
            raise QueryError(
                f"The query vector weighs the term number {int(vector.terms[-1])}, but the vocabulary of the model "
                f"'{model.name}' has {len(model.vocabulary)} terms."
            )
        everything = vector.terms.tolist() if text is None and image is None else ()
        spoken = model.vocabulary.literal_ids(text) if text else everything
        return EncodedQuery(text or "", vector, frozenset(spoken), unknown, 0.0, 0.0)
    started = perf_counter()
    if image is not None:
        dense = model.dense_images([working_copy(image)])  # (1, dim)
    else:
        assert text is not None
        dense = model.dense_texts([text])  # (1, dim)
    encode_ms = _since(started)
    started = perf_counter()
    (vector,) = model.project(dense)
    project_ms = _since(started)
    spoken = model.vocabulary.literal_ids(text) if text else ()
    strange = bool(text) and model.out_of_world(text or "")
    threshold = model.answered_from if text else None
    return EncodedQuery(text or "", vector, frozenset(spoken), unknown, encode_ms, project_ms, strange, threshold)


def _check_text(model: "Model", text: str, *, required: bool) -> tuple[str, ...]:
    """The unknown words of a text worth asking; QueryError for one that is not."""
    if len(text) > MAX_CHARACTERS:
        raise QueryError(
            f"The query has {len(text):,} characters, but at most {MAX_CHARACTERS:,} can be asked; shorten it."
        )
    words = model.vocabulary.words(text)
    unknown = tuple(model.unknown_words(text))
    if not required:
        return unknown
    if not text.strip():
        raise QueryError("The query is empty; type what the picture shows.")
    if not words:
        raise QueryError(f"The query '{text.strip()[:60]}' holds no word; type what the picture shows.")
    if set(words) <= set(unknown):
        named = ", ".join(f"'{word}'" for word in unknown[:8])
        raise QueryError(f"The model '{model.name}' knows none of the words in this query: {named}; try plainer words.")
    return unknown


def _expanded(vector: SparseVector, spoken: frozenset[int], strength: float) -> SparseVector:
    """The vector with the weights of unspoken terms multiplied by `strength`; 0 drops them."""
    if strength == 1.0:
        return vector
    literal = np.isin(vector.terms, np.fromiter(spoken, np.int32, len(spoken)))
    weights = np.where(literal, vector.weights, vector.weights * np.float32(strength))
    kept = weights > 0
    return SparseVector(vector.terms[kept], weights[kept])


def _retrieve(
    collection: Store,
    vector: SparseVector,
    k: int,
    kind: str | None,
    candidates: SparseVector | None,
    banned: frozenset[int],
    where: Filter,
    budget: int | None,
    each: bool,
) -> tuple[list[Hit], bool, float, float]:
    """The hits without banned terms, and without copies of better ones unless `each`; whether they are proven exact,
    milliseconds of retrieving and of re-scoring."""
    if not len(vector) or (candidates is not None and not len(candidates)):
        return [], True, 0.0, 0.0
    retrieve_ms = rescore_ms = 0.0
    depth = k
    while True:
        retrieval = collection.search(vector, depth, kind=kind, candidates=candidates, where=where, budget=budget)
        retrieve_ms += retrieval.retrieve_ms
        rescore_ms += retrieval.rescore_ms
        hits = list(retrieval.hits)
        if banned:
            vectors = collection.vectors([hit.id for hit in hits])
            hits = [hit for hit, item in zip(hits, vectors, strict=True) if banned.isdisjoint(item.terms.tolist())]
        hits = hits if each else one_of_each(collection, hits)
        if len(hits) >= k or len(retrieval.hits) < depth or not retrieval.exact:
            return hits[:k], retrieval.exact, retrieve_ms, rescore_ms
        depth *= 4  # too many were left out: what remains of a proven top-depth list is a proven list again


def undisturbed(look: Callable[[], Answer]) -> Answer:
    """What `look` finds; it looks again when another process has removed an item between its steps."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return look()
        except ItemNotFound:
            continue
    return look()


def explained_hits(
    collection: Store,
    hits: Sequence[Hit],
    query: SparseVector,
    terms: Sequence[str],
    spoken: Ids[int],
    against: SparseVector | None = None,
    each: bool = True,
) -> tuple[SearchHit, ...]:
    """Hits with their items and contributions (`explain.contributions`); ItemNotFound for an item that is gone.

    Unless `each`, a hit stands for all its copies, which it counts.
    """
    ids = [hit.id for hit in hits]
    alike = {} if each else collection.alike(ids)
    rows = zip(hits, collection.items(ids), collection.vectors(ids), strict=True)
    return tuple(
        SearchHit(
            id=item.id,
            kind=item.kind,
            path=item.path,
            caption=item.caption,
            score=float(hit.score),
            contributions=contributions(query, vector, terms, spoken, against),
            thumbnail=item.thumbnail,
            copies=alike.get(item.id, (item.id, 1))[1],
            tags=item.tags,
            taken=item.taken,
            camera=item.camera,
            latitude=item.latitude,
            longitude=item.longitude,
        )
        for hit, item, vector in rows
    )


def _since(started: float) -> float:
    return (perf_counter() - started) * 1000.0
