"""Answers a query: encodes, weighs, retrieves, explains. The one way through, for every interface; knows none of them.

Search stays exact when terms are against an item: what the positive terms alone give is an upper bound of the score, so
the list is deepened until the k-th score found is above the bound of everything that was not looked at.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from core.errors import QueryError
from core.library.world_folder import is_world
from core.search.encoding import NOTHING, Encoded, EncodedQuery, encode
from core.search.explain import Contribution, contributions, with_whole
from core.search.having import Demands, rules
from core.search.query import Query, Rank, check_collection, term_ids
from core.search.query_language import Question
from core.search.remarks import LOOKED_AT, is_answered, remarks, remarks_on_rank, remarks_on_text
from core.search.results import SearchHit, SearchResult
from core.search.weighting import QueryWeights, weigh
from index_store.dense import DenseQuery, exact_cosine
from index_store.errors import ItemNotFound
from index_store.filters import EVERYTHING
from index_store.items import Hit, Item, Seen
from index_store.store import Store
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.models.query_model import QueryModel

log = logging.getLogger(__name__)

_ATTEMPTS = 3
PAGE = 500  # items that are looked at together where nothing but exclusions is asked

Read = TypeVar("Read")


@dataclass(frozen=True)
class _Retrieved:
    """The k best hits, best first; whether they are proven; milliseconds of retrieving and of re-scoring."""

    hits: list[Hit]
    exact: bool
    retrieve_ms: float
    rescore_ms: float


def search(model: "QueryModel", collection: Store, query: Query, known: Encoded = NOTHING) -> SearchResult:
    """The items with the highest exact scores > 0 (ties: smaller id first), each with contributions that sum to it.

    Where the query ranks by dense vectors, too, one of the contributions is that of the whole item.

    A text that only says what should not be there finds the items without it, by id, with the score 0.

    known: what `SearchResult.encoded` of an earlier answer holds, as far as it is still asked, so that it is not
    encoded again; see `encode`. Without a term to search with the result has no hits.

    Raises QueryError or FilterError for a query that cannot be asked, ItemNotFound when an item that it names is gone,
    and CollectionError when another model made the collection.
    """
    query.check(with_picture=known.picture is not None)
    check_collection(model, collection)
    banned = frozenset(term_ids(model.vocabulary, query.without).values())
    encoded = encode(model, collection, query, known)
    asked, understood = encoded.whole(query.share), encoded.understood
    weights = weigh(asked, query, model.vocabulary, understood.question, encoded.marks)
    ruled = rules(model.vocabulary, query, encoded)
    only_without = encoded.silent and not len(weights.positive)
    # where nothing is asked for but by hand, there is no whole to compare, and terms rank
    dense = None if query.rank == "sparse" or encoded.silent else _dense_question(model, collection, query, asked)
    counted = weights.none() if dense is not None and query.rank == "dense" else weights
    if only_without and not ruled.demands.without:
        raise QueryError("Nothing is left out any more, and nothing asked for; type what the picture shows.")
    started = perf_counter()

    def read() -> tuple[_Retrieved, tuple[SearchHit, ...], bool | None]:
        if only_without:
            retrieved = _all_without(collection, query, ruled.demands, banned)
        else:
            retrieved = _retrieve(collection, query, counted, banned, ruled.demands, dense)
        hits = _explained(collection, retrieved.hits, counted, query.each, dense, weights)
        return retrieved, hits, _answered(collection, query, asked, retrieved.hits)

    retrieved, hits, answered = reread(read)
    timings = {
        "encode": asked.encode_ms,
        "project": asked.project_ms,
        "retrieve": retrieved.retrieve_ms,
        "rescore": retrieved.rescore_ms,
        "total": asked.encode_ms + asked.project_ms + (perf_counter() - started) * 1000,
    }
    log.debug("query %r: %d terms, %d hits, %s", query.text, len(weights.positive), len(hits), timings)
    narrowed = bool(banned or query.where or ruled.demands)
    unknown = understood.unexplained(asked.unknown_words)
    return SearchResult(
        query=query.text if query.text.strip() else "",
        terms=counted.searched,
        exact=retrieved.exact,
        hits=hits,
        timings_ms=timings,
        unknown_words=asked.unknown_words,
        out_of_world=asked.out_of_world,
        answered=answered,
        remarks=(
            *remarks_on_text(collection.model, query.text, understood, only_without),
            *remarks_on_rank(query.rank, dense is not None and _is_bent(query, understood.question)),
            *remarks(
                collection.model,
                unknown,
                asked.out_of_world,
                answered,
                narrowed=narrowed,
                world=asked.out_of_world and is_world(collection),
            ),
        ),
        all_terms=weights.terms,
        rules=ruled.shown,
        rank=query.rank,
        encoded=encoded,
    )


def reasons_of(
    model: "QueryModel", collection: Store, asked: EncodedQuery, number: int, rank: Rank = "sparse"
) -> tuple[Contribution, ...]:
    """What an encoded question that nobody bends gives to one item; raises as `search` does, and ItemNotFound."""
    dense = None if rank == "sparse" else _dense_question(model, collection, Query(rank=rank), asked)
    parted = collection.seen([number])
    (item,), (vector,) = collection.items([number]), collection.vectors([number])
    terms = SparseVector.from_pairs({}) if rank == "dense" else asked.vector
    shared = contributions(terms, vector, collection.vocabulary, asked.literal, seen=_seen(item, parted))
    row = collection.dense([number]).get(number) if dense is not None else None
    if dense is None or row is None:
        return shared
    return with_whole(shared, dense.weight, exact_cosine(dense.vector, row), item.kind)


def ranked_lists(
    model: "QueryModel", collection: Store, texts: Iterable[tuple[str, str]], query: Query
) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """For each (query id, text): the query id and its best (item id, score), as a TREC run holds them.

    query: how each text is asked, and how many hits it gets.
    """
    for name, text in texts:
        result = search(model, collection, replace(query, text=text))
        yield name, [(str(hit.id), hit.score) for hit in result.hits]


def reread(read: Callable[[], Read]) -> Read:
    """What `read` gives, which takes several steps: read anew when another process removes an item between them.

    ItemNotFound when that happens again and again.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return read()
        except ItemNotFound:
            continue
    return read()


def _dense_question(model: "QueryModel", collection: Store, query: Query, asked: EncodedQuery) -> DenseQuery:
    """The whole of a question and what it weighs; QueryError or CollectionError where one of them is missing."""
    if collection.dense_size is None:
        collection.without_dense()  # says why not
    if asked.dense is None:
        raise QueryError(
            "An item to find more like has no dense vector here; index its folder again with --keep-dense, or use the "
            "rank 'sparse'."
        )
    weight = 1.0 if query.rank == "dense" else query.dense_weight
    weight = weight if weight is not None else model.dense_weight
    if weight is None:
        raise QueryError(
            f"The head of '{model.name}' does not say how much the whole picture weighs beside its terms; give a "
            "weight, as `sightwords evaluate --rank fused` chooses it on a split val."
        )
    return DenseQuery(asked.dense, float(weight))


def _is_bent(query: Query, question: Question) -> bool:
    marked = bool(query.right or query.wrong)
    return bool(marked or query.weights or question.factors or query.mode != "full" or query.expansion < 1)


def _retrieve(
    collection: Store,
    query: Query,
    weights: QueryWeights,
    banned: frozenset[int],
    demands: Demands,
    dense: DenseQuery | None,
) -> _Retrieved:
    """The k best hits by signed score, without items that have a banned term or do not meet the demands and, unless
    `each`, without copies.

    What may be left out makes the list too short, so it is read deeper, until k hits are left and nothing beyond it can
    be better: what remains of a proven list is a proven list again. On a budget that ran out it is left at that.
    """
    nothing = dense is None and not len(weights.positive)
    if nothing or (weights.required is not None and not len(weights.required)):
        return _Retrieved([], True, 0.0, 0.0)
    kind = None if query.kind == "both" else query.kind
    where, depth = query.filter, query.k
    candidates = weights.required if weights.required is not None else demands.proof()
    retrieve_ms = rescore_ms = 0.0
    while True:
        retrieval = collection.search(
            weights.positive, depth, kind=kind, candidates=candidates, where=where, budget=query.budget, dense=dense
        )
        started = perf_counter()
        hits = _kept(collection, retrieval.hits, weights.negative, banned, demands)
        hits = hits if query.each else _one_of_each(collection, hits)
        retrieve_ms += retrieval.retrieve_ms
        rescore_ms += retrieval.rescore_ms + (perf_counter() - started) * 1000
        enough = len(hits) >= query.k
        if enough and len(weights.negative):
            enough = hits[query.k - 1].score > retrieval.hits[-1].score  # the bound of what was not looked at
        if enough or len(retrieval.hits) < depth or not retrieval.exact:
            return _Retrieved(hits[: query.k], retrieval.exact, retrieve_ms, rescore_ms)
        depth *= 4


def _kept(
    collection: Store, hits: Sequence[Hit], negative: SparseVector, banned: frozenset[int], demands: Demands
) -> list[Hit]:
    """The hits without banned terms that meet the demands, best first by score minus what is against them; none at 0
    or below.
    """
    if not (len(negative) or banned or demands):
        return list(hits)
    rows = zip(hits, collection.vectors([hit.id for hit in hits]), strict=True)
    kept = [(hit, vector) for hit, vector in rows if _lets_through(vector, banned, demands)]
    if not len(negative):
        return [hit for hit, _ in kept]
    scored = [Hit(hit.id, hit.score - negative.dot(vector)) for hit, vector in kept]
    return sorted((hit for hit in scored if hit.score > 0), key=lambda hit: (-hit.score, hit.id))


def _one_of_each(collection: Store, hits: Sequence[Hit]) -> list[Hit]:
    """The hits, without those that are copies of a better hit."""
    group, seen, kept = collection.alike([hit.id for hit in hits]), set[int](), list[Hit]()
    for hit in hits:
        if (copy_of := group.get(hit.id, (hit.id, 1))[0]) not in seen:
            seen.add(copy_of)
            kept.append(hit)
    return kept


def _all_without(collection: Store, query: Query, demands: Demands, banned: frozenset[int]) -> _Retrieved:
    """The first k items that meet the demands, by id, each with the score 0: nothing was asked for that they have."""
    started = perf_counter()
    ids = collection.ids(query.filter.of_kind(None if query.kind == "both" else query.kind))
    hits: list[Hit] = []
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        met = (_lets_through(vector, banned, demands) for vector in collection.vectors(page))
        hits += [Hit(item, 0.0) for item, fits in zip(page, met, strict=True) if fits]
        hits = hits if query.each else _one_of_each(collection, hits)
        if len(hits) >= query.k:
            break
    return _Retrieved(hits[: query.k], True, (perf_counter() - started) * 1000, 0.0)


def _lets_through(vector: SparseVector, banned: frozenset[int], demands: Demands) -> bool:
    return banned.isdisjoint(vector.terms.tolist()) and demands.met(vector)


def _answered(collection: Store, query: Query, asked: EncodedQuery, hits: Sequence[Hit]) -> bool | None:
    """Whether one of the best hits answers the question.

    None where that cannot be told, as of captions, or where a person's weights or marks ask for something else than the
    text.
    """
    if asked.answered_from is None or query.kind == "caption" or query.weights or query.right or query.wrong:
        return None
    best = collection.vectors([hit.id for hit in hits[:LOOKED_AT]])
    return is_answered(asked.judged, best, asked.answered_from, asked.literal)


def _explained(
    collection: Store,
    hits: Sequence[Hit],
    weights: QueryWeights,
    each: bool,
    dense: DenseQuery | None,
    asked: QueryWeights,
) -> tuple[SearchHit, ...]:
    """Hits with their items and contributions; unless `each`, with the number of copies that each stands for.

    A picture is shown with that of its captions which fits the question best, by the terms that were `asked`.
    """
    ids, terms = [hit.id for hit in hits], collection.vocabulary
    rows = collection.dense(ids) if dense is not None else {}

    parted = collection.seen(ids)  # before the items, which then are there still

    def reasons(item: Item, vector: SparseVector) -> tuple[Contribution, ...]:
        seen = _seen(item, parted)
        shared = contributions(weights.positive, vector, terms, weights.literal, weights.negative, seen)
        if dense is None or item.id not in rows:
            return shared
        return with_whole(shared, dense.weight, exact_cosine(dense.vector, rows[item.id]), item.kind)

    alike = {} if each else collection.alike(ids)
    items = collection.items(ids)
    captions = _fitting_captions(collection, items, asked)
    return tuple(
        SearchHit(
            id=item.id,
            kind=item.kind,
            path=item.path,
            caption=captions.get(item.id, item.caption),
            score=float(hit.score),
            contributions=reasons(item, vector),
            thumbnail=item.thumbnail,
            copies=alike.get(item.id, (item.id, 1))[1],
            tags=item.tags,
            taken=item.taken,
            camera=item.camera,
            latitude=item.latitude,
            longitude=item.longitude,
        )
        for hit, item, vector in zip(hits, items, collection.vectors(ids), strict=True)
    )


def _seen(item: Item, parted: Mapping[int, Seen]) -> SparseVector | None:
    """The part of an item's vector that comes from its picture, none of a caption's; None where all of it does."""
    if item.kind == "caption":
        return SparseVector.from_pairs({})
    return parted[item.id].vector if item.id in parted else None


def _fitting_captions(collection: Store, items: Sequence[Item], weights: QueryWeights) -> dict[int, str]:
    """{id: caption} of the pictures among the items whose captions are items, too: of these, the one that scores most.

    Pictures of which no caption scores above 0 are left out; of equal captions the first is taken.
    """
    pictures = [item for item in items if item.kind == "image"]
    if not pictures or not collection.count(EVERYTHING.of_kind("caption")):
        return {}
    own = {item.id: [one for one in collection.find(path=item.path) if one.kind == "caption"] for item in pictures}
    ids = [one.id for captions in own.values() for one in captions]
    scores = {
        number: weights.positive.dot(vector) - weights.negative.dot(vector)
        for number, vector in zip(ids, collection.vectors(ids), strict=True)
    }
    fitting: dict[int, str] = {}
    for picture, captions in own.items():
        best = max(captions, key=lambda one: scores[one.id], default=None)
        if best is not None and best.caption and scores[best.id] > 0:
            fitting[picture] = best.caption
    return fitting
