"""Searching, against a brute-force oracle over all stored vectors; and every question that cannot be asked."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import QueryError
from core.models.model import Model
from core.search.query import MAX_CHARACTERS, Kind, Query
from core.search.results import SearchResult
from core.search.search import search
from index_store.errors import CollectionError
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector

pytestmark = pytest.mark.numeric
CAPTIONS = ("a red dog", "two cats on the grass", "the moon and the sea at night", "a boat", "a house and a tree")
EVERYTHING: dict[str, Any] = {"k": 1000}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[Collection]:
    """40 pictures and 5 captions, which no test may change for good."""
    path = tmp_path_factory.mktemp("filled") / "collection"
    with Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms) as collection:
        fill(collection, model, patches)
        yield collection


def fill(collection: Collection, model: Model, patches: list[Image.Image]) -> None:
    images = model.encode_images(patches)
    collection.add([NewItem("image", f"/p/{n}.png", None, f"i{n}", vector) for n, vector in enumerate(images)])
    texts = zip(CAPTIONS, model.encode_texts(CAPTIONS), strict=True)
    collection.add([NewItem("caption", f"/p/{n}.png", text, f"c{n}", v) for n, (text, v) in enumerate(texts)])


def brute_force(
    collection: Collection, query: SparseVector, k: int, keep: Any = lambda item, vector: True
) -> list[tuple[int, float]]:
    """The k best (id, score) by a dense product over everything; ties by id."""
    items = list(collection.all_items())
    vectors = collection.vectors([item.id for item in items])
    size = len(collection.vocabulary)
    dense = np.zeros(size)
    dense[query.terms] = query.weights
    scored = []
    for item, vector in zip(items, vectors, strict=True):
        score = float(np.sum(dense[vector.terms] * vector.weights))
        if score > 0 and keep(item, vector):
            scored.append((item.id, score))
    return sorted(scored, key=lambda row: (-row[1], row[0]))[:k]


def assert_agrees(result: SearchResult, expected: list[tuple[int, float]]) -> None:
    assert [hit.score for hit in result.hits] == pytest.approx([score for _, score in expected], rel=1e-6)
    assert [hit.id for hit in result.hits] == [item for item, _ in expected]
    for hit in result.hits:
        assert sum(row.contribution for row in hit.contributions) == pytest.approx(hit.score, rel=1e-5)


def test_more_like_several_items_is_more_like_their_mean_each_with_an_equal_say(
    filled: Collection, model: Model
) -> None:
    liked = [3, 17, 44]
    dense = np.zeros((3, len(filled.vocabulary)))
    for row, vector in zip(dense, filled.vectors(liked), strict=True):
        row[vector.terms] = vector.weights
    lengths = np.linalg.norm(dense, axis=1)
    mean = np.mean(dense * (lengths.mean() / lengths)[:, None], axis=0)
    query = SparseVector.from_pairs({int(term): float(mean[term]) for term in np.flatnonzero(mean)})
    result = search(model, filled, Query(like=liked, k=1000))
    assert result.exact and all(term.kind == "expansion" for term in result.terms)
    assert_agrees(result, brute_force(filled, query, 1000))
    again = search(model, filled, Query(like=(44, 3, 17, 3), k=1000))  # in any order, and one of them twice
    assert [(hit.id, hit.score) for hit in again.hits] == [
        (hit.id, pytest.approx(hit.score, rel=1e-6)) for hit in result.hits
    ]
    (one,) = filled.vectors([17])
    assert_agrees(search(model, filled, Query(like=[17])), brute_force(filled, one, 10))


@pytest.mark.parametrize("k", [1, 3, 10, 1000])
@pytest.mark.parametrize("text", ["a red dog", "two cats", "the sea at night", "boat"])
def test_full_search_agrees_with_brute_force(filled: Collection, model: Model, text: str, k: int) -> None:
    result = search(model, filled, Query(text, k=k))
    (vector,) = model.encode_texts([text])
    assert result.query == text and result.exact
    assert_agrees(result, brute_force(filled, vector, k))
    assert {term.term: term.weight for term in result.terms} == pytest.approx(
        {model.vocabulary.terms[term]: weight for term, weight in zip(vector.terms, vector.weights, strict=True)}
    )


def test_a_picture_finds_itself(filled: Collection, model: Model, patches: list[Image.Image]) -> None:
    result = search(model, filled, Query(picture=patches[7], **EVERYTHING))
    (vector,) = model.encode_images([patches[7]])
    assert_agrees(result, brute_force(filled, vector, 1000))
    assert {term.kind for term in result.terms} == {"expansion"}
    own = next(hit for hit in result.hits if hit.path == "/p/7.png" and hit.kind == "image")
    assert own.score == pytest.approx(vector.dot(vector))


def literal_part(model: Model, text: str, strength: float) -> SparseVector:
    (vector,) = model.encode_texts([text])
    spoken = set(model.vocabulary.literal_ids(text))
    pairs = zip(vector.terms.tolist(), vector.weights.tolist(), strict=True)
    scaled = {term: weight if term in spoken else weight * np.float32(strength) for term, weight in pairs}
    return SparseVector.from_pairs({term: weight for term, weight in scaled.items() if weight > 0})


LONG = "red green blue yellow dogs cats boats houses in the grass with a ball and hat"


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 1.0])
def test_expansion_strength_scales_unspoken_terms(filled: Collection, model: Model, strength: float) -> None:
    result = search(model, filled, Query(LONG, expansion=strength, **EVERYTHING))
    assert_agrees(result, brute_force(filled, literal_part(model, LONG, strength), 1000))
    kinds = {term.kind for term in result.terms}
    assert kinds == ({"literal"} if strength == 0 else {"literal", "expansion"})


def test_literal_mode_is_expansion_zero(filled: Collection, model: Model) -> None:
    literal = search(model, filled, Query(LONG, mode="literal", **EVERYTHING))
    assert literal.terms and literal.hits
    assert_agrees(literal, brute_force(filled, literal_part(model, LONG, 0.0), 1000))


def test_hybrid_looks_only_at_items_that_share_a_literal_term(filled: Collection, model: Model) -> None:
    (vector,) = model.encode_texts([LONG])
    spoken = set(literal_part(model, LONG, 0.0).terms.tolist())
    expected = brute_force(filled, vector, 1000, lambda item, own: not spoken.isdisjoint(own.terms.tolist()))
    assert_agrees(search(model, filled, Query(LONG, mode="hybrid", **EVERYTHING)), expected)


def test_plurals_count_as_spoken(filled: Collection, model: Model) -> None:
    ids = {term: model.vocabulary.id(term) for term in ("dog", "cat")}
    vector = SparseVector.from_pairs({number: 1.0 for number in ids.values() if number is not None})
    result = search(model, filled, Query("two Dogs, sleeping", vector=vector))
    kinds = {term.term: term.kind for term in result.terms}
    assert kinds == {"dog": "literal", "cat": "expansion"}


@pytest.mark.parametrize("k", [1, 4, 1000])
def test_without_leaves_out_items_and_searches_deeper(filled: Collection, model: Model, k: int) -> None:
    (vector,) = model.encode_texts(["a red dog"])
    best = filled.vectors([brute_force(filled, vector, 1)[0][0]])[0]
    banned = model.vocabulary.terms[int(best.terms[0])]
    result = search(model, filled, Query("a red dog", without=(banned,), k=k))
    expected = brute_force(filled, vector, k, lambda item, own: int(best.terms[0]) not in own.terms.tolist())
    assert expected and len(result.hits) == len(expected)
    assert_agrees(result, expected)


@pytest.mark.parametrize("kind", ["image", "caption"])
def test_kind(filled: Collection, model: Model, kind: Kind) -> None:
    (vector,) = model.encode_texts(["boat"])
    expected = brute_force(filled, vector, 10, lambda item, own: item.kind == kind)
    result = search(model, filled, Query("boat", kind=kind))
    assert_agrees(result, expected)
    if kind == "caption":
        assert {hit.caption for hit in result.hits} <= set(CAPTIONS)


def test_a_ready_vector_replaces_the_encoding(filled: Collection, model: Model) -> None:
    vector = SparseVector.from_pairs({0: 1.5, 3: 0.25})
    alone = search(model, filled, Query(vector=vector))
    assert_agrees(alone, brute_force(filled, vector, 10))
    assert {term.kind for term in alone.terms} == {"literal"} and alone.timings_ms["encode"] == 0.0
    beside = search(model, filled, Query("red", vector=vector))
    assert {term.term: term.kind for term in beside.terms} == {"red": "literal", "yellow": "expansion"}


def test_no_active_term_is_an_empty_answer(filled: Collection, model: Model) -> None:
    result = search(model, filled, Query(vector=SparseVector.from_pairs({})))
    assert result.hits == () and result.terms == () and result.exact
    assert search(model, filled, Query("a", mode="literal")).hits == ()


def test_an_empty_collection_answers_with_nothing(collection: Collection, model: Model) -> None:
    assert search(model, collection, Query("a red dog")).hits == ()


def test_what_nothing_is_like_is_told_with_the_nearest(filled: Collection, model: Model) -> None:
    found = search(model, filled, Query("a red tax", k=3))
    assert found.out_of_world and found.hits and found.to_json()["out_of_world"] is True
    assert not search(model, filled, Query("a red dog")).out_of_world


def test_timings_and_json(filled: Collection, model: Model) -> None:
    result = search(model, filled, Query("a red zebra"))
    assert result.unknown_words == ("zebra",)
    assert list(result.timings_ms) == ["encode", "project", "retrieve", "rescore", "total"]
    parts = [result.timings_ms[part] for part in ("encode", "project", "retrieve", "rescore")]
    assert all(part >= 0 for part in parts) and sum(parts) <= result.timings_ms["total"] + 0.01
    document = json.loads(json.dumps(result.to_json()))
    assert list(document) == [
        "query", "spoken", "rules", "rank", "terms", "exact", "hits", "timings_ms", "out_of_world", "unknown_words",
        "answered", "remarks",
    ]  # fmt: skip
    assert list(document["terms"][0]) == ["term", "weight", "kind"]
    assert list(document["hits"][0]) == [
        "id", "kind", "path", "caption", "score", "contributions", "copies", "tags", "taken", "camera",
        "latitude", "longitude",
    ]  # fmt: skip
    assert list(document["hits"][0]["contributions"][0]) == [
        "term", "query_weight", "item_weight", "contribution", "kind", "source", "seen", "written",
    ]  # fmt: skip


QUESTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "no question"),
    "empty": ({"text": ""}, "empty"),
    "blank": ({"text": " \n\t"}, "empty"),
    "no words": ({"text": "?!… 🙂"}, "no word"),
    "long": ({"text": "a red dog " * 1000}, "10,000 characters"),
    "just too long": ({"text": "a" * (MAX_CHARACTERS + 1)}, "2,001 characters"),
    "unknown words": ({"text": "zebra crossing"}, "'zebra', 'crossing'"),
    "k 0": ({"text": "dog", "k": 0}, "k is 0"),
    "k -1": ({"text": "dog", "k": -1}, "k is -1"),
    "k too large": ({"text": "dog", "k": 100_000}, "1,000"),
    "expansion below": ({"text": "dog", "expansion": -0.1}, "expansion"),
    "expansion above": ({"text": "dog", "expansion": 1.1}, "expansion"),
    "expansion nan": ({"text": "dog", "expansion": float("nan")}, "expansion"),
    "mode": ({"text": "dog", "mode": "fuzzy"}, "mode 'fuzzy'"),
    "kind": ({"text": "dog", "kind": "sound"}, "'sound'"),
    "without": ({"text": "dog", "without": ("zebra",)}, "no term 'zebra'"),
    "two questions": ({"like": 1, "picture": Image.new("RGB", (4, 4))}, "not both"),
    "picture, literal": ({"picture": Image.new("RGB", (4, 4)), "mode": "literal"}, "speaks no words"),
    "vector of more terms": ({"vector": SparseVector.from_pairs({5000: 1.0})}, "5000"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_that_cannot_be_asked(filled: Collection, model: Model, name: str) -> None:
    options, reason = QUESTIONS[name]
    with pytest.raises(QueryError) as caught:
        search(model, filled, Query(**options))
    message = str(caught.value)
    assert reason in message and message.endswith(".") and "\n" not in message and len(message) < 250


def test_a_collection_made_by_another_model(filled: Collection, other_model: Model) -> None:
    with pytest.raises(CollectionError, match="made by the model 'tiny'"):
        search(other_model, filled, Query("a red dog"))


def test_a_hit_removed_by_another_process_meanwhile(
    collection: Collection, model: Model, patches: list[Image.Image]
) -> None:
    fill(collection, model, patches)
    with Collection.open(collection.path) as reader:
        real = reader.search
        gone: list[int] = []

        def searching(*args: Any, **options: Any) -> Any:
            found = real(*args, **options)
            if not gone:
                gone.append(found.hits[0].id)
                collection.remove(gone)
            return found

        reader.search = searching  # type: ignore[method-assign]
        result = search(model, reader, Query("a red dog"))
    assert gone and gone[0] not in {hit.id for hit in result.hits} and result.hits


def test_a_budget_tells_whether_it_was_enough(filled: Collection, model: Model) -> None:
    query = Query("a red dog on the grass", k=5)
    whole = search(model, filled, query)
    assert search(model, filled, replace(query, budget=10**6)).hits == whole.hits
    short = search(model, filled, replace(query, budget=1))
    assert whole.exact and not short.exact and short.hits
    for hit in short.hits:
        assert sum(row.contribution for row in hit.contributions) == pytest.approx(hit.score, rel=1e-5)
    banned = [hit.contributions[0].term for hit in whole.hits[:1]]
    assert not search(model, filled, replace(query, k=40, budget=1, without=banned)).exact
    with pytest.raises(QueryError, match="budget is 0 postings"):
        search(model, filled, Query("a red dog", budget=0))


def test_a_picture_is_shown_with_its_caption_that_fits_best(
    collection: Collection, model: Model, patches: list[Image.Image]
) -> None:
    captions = ["a red house", "two dogs beside the sea", "the moon at night"]
    texts = zip(captions, model.encode_texts(captions), strict=True)
    (image,) = model.encode_images(patches[:1])
    collection.add([NewItem("image", "/p/0.png", captions[0], "i", image)])
    collection.add([NewItem("caption", "/p/0.png", text, f"c{text}", vector) for text, vector in texts])
    for asked in captions:
        (query,) = model.encode_texts([asked])
        scores = [query.dot(vector) for vector in model.encode_texts(captions)]
        (hit,) = search(model, collection, Query(asked, kind="image")).hits
        assert hit.caption == captions[scores.index(max(scores))]
    shown = {search(model, collection, Query(asked, kind="image")).hits[0].caption for asked in captions}
    assert len(shown) > 1
