"""Ranking by terms, by the whole, and by both: against brute force, bent and narrowed, and what cannot be ranked."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.dense_items import dense_items
from core.errors import QueryError
from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.search.explain import WHOLE
from core.search.methods import Method, Ranker
from core.search.query import Query
from core.search.results import SearchResult
from core.search.search import search
from index_store.dense import exact_cosine
from index_store.errors import CollectionError
from index_store.folder.collection import Collection
from index_store.formats.transfer import import_collection
from index_store.vectors import SparseVector

TEXT = "a red dog on the grass with a blue boat"
WEIGHT = 4.0


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[Collection]:
    """40 pictures with their dense vectors; twelve of them are tagged."""
    root = tmp_path_factory.mktemp("ranking")
    pictures = root / "pictures"
    pictures.mkdir()
    for number, patch in enumerate(patches):
        patch.save(pictures / f"{number}.png")
    with Collection.create(root / "collection", model=model.name, vocabulary=model.vocabulary.terms) as made:
        index_paths(model, made, [pictures], keep_dense=True)
        made.tag(made.ids()[:12], add=["best"])
        yield made


def expected(
    model: Model, kept: Collection, terms: SparseVector, against: SparseVector, weight: float, among: set[int]
) -> list[tuple[int, float]]:
    whole = model.dense_texts([TEXT])[0]
    rows = kept.dense(kept.ids())
    sums = {
        item: terms.dot(vector) + weight * exact_cosine(whole, rows[item]) - against.dot(vector)
        for item, vector in zip(kept.ids(), kept.vectors(kept.ids()), strict=True)
        if item in among
    }
    return sorted(((item, total) for item, total in sums.items() if total > 0), key=lambda one: (-one[1], one[0]))


def found(result: SearchResult) -> list[tuple[int, float]]:
    assert result.exact
    for hit in result.hits:
        assert sum(row.contribution for row in hit.contributions) == pytest.approx(hit.score, rel=1e-9)
    return [(hit.id, hit.score) for hit in result.hits]


NONE = SparseVector.from_pairs({})


def test_by_both_and_by_the_whole_alone(model: Model, kept: Collection) -> None:
    (terms,) = model.encode_texts([TEXT])
    every = set(kept.ids())
    fused = search(model, kept, Query(TEXT, k=100, rank="fused", dense_weight=WEIGHT))
    assert found(fused) == expected(model, kept, terms, NONE, WEIGHT, every)
    dense = search(model, kept, Query(TEXT, k=100, rank="dense"))
    assert found(dense) == expected(model, kept, NONE, NONE, 1.0, every)
    assert dense.terms == () and dense.all_terms == fused.all_terms != ()
    for hit in dense.hits:
        (row,) = hit.contributions
        assert (row.term, row.kind, row.contribution) == (WHOLE["image"], "whole", hit.score)
    nothing = search(model, kept, Query(TEXT, k=100, rank="fused", dense_weight=0.0))
    sparse = {hit.id: hit.score for hit in search(model, kept, Query(TEXT, k=100)).hits}
    assert {hit.id: hit.score for hit in nothing.hits} == sparse


def test_terms_are_bent_and_the_whole_is_not(model: Model, kept: Collection) -> None:
    (terms,) = model.encode_texts([TEXT])
    dog, moon = (model.vocabulary.id(word) for word in ("dog", "moon"))
    assert dog is not None and moon is not None
    pairs = dict(zip(terms.terms.tolist(), terms.weights.tolist(), strict=True)) | {moon: 2.0}
    pairs.pop(dog, None)
    against = SparseVector.from_pairs({dog: 1.5})
    tagged = set(kept.ids()[:12])
    query = Query(TEXT, k=5, rank="fused", dense_weight=WEIGHT, weights={"dog": -1.5, "moon": 2.0}, where=["tag=best"])
    result = search(model, kept, query)
    assert found(result) == expected(model, kept, SparseVector.from_pairs(pairs), against, WEIGHT, tagged)[:5]
    assert "only its terms can be bent" in " ".join(remark.sentence for remark in result.remarks)


def test_what_is_left_out_is_left_out_however_it_is_ranked(model: Model, kept: Collection) -> None:
    dog = model.vocabulary.id("dog")
    for rank in ("dense", "fused"):
        result = search(model, kept, Query(TEXT, k=100, rank=rank, dense_weight=WEIGHT, without=["dog"]))
        having = [item for item, one in zip(kept.ids(), kept.vectors(kept.ids()), strict=True) if dog in one.terms]
        assert result.hits and not {hit.id for hit in result.hits} & set(having) and having


def test_where_nothing_is_asked_for_but_by_hand_terms_rank(model: Model, kept: Collection) -> None:
    by_hand = dict.fromkeys((term for term in model.vocabulary.terms if term != "dog"), 1.0)
    asked = [Query("no dogs", k=100, weights=by_hand, rank=rank, dense_weight=WEIGHT) for rank in ("sparse", "dense")]
    sparse, dense = (found(search(model, kept, query)) for query in asked)
    assert sparse == dense != []


def test_more_like_an_item_compares_the_whole_of_both(model: Model, kept: Collection) -> None:
    first, second = kept.ids()[:2]
    for like in (first, (first, second)):
        result = search(model, kept, Query(like=like, k=3, rank="dense"))
        assert {hit.id for hit in result.hits[:2]} >= ({first} if like == first else {first, second})
    (alone,) = search(model, kept, Query(like=first, k=1, rank="dense")).hits
    assert alone.score == pytest.approx(1.0)


def test_what_cannot_be_ranked_so_is_said(model: Model, kept: Collection, collection: Collection) -> None:
    with pytest.raises(QueryError, match="does not say how much the whole picture weighs"):
        search(model, kept, Query(TEXT, rank="fused"))
    with pytest.raises(QueryError, match="ready vector"):
        Query(vector=SparseVector.from_pairs({1: 1.0}), rank="dense").check()
    with pytest.raises(CollectionError, match=r"keeps no dense vectors.*--keep-dense"):
        search(model, collection, Query(TEXT, rank="dense"))


def test_a_collection_that_kept_none_is_filled_and_then_kept_up(
    model: Model, patches: list[Image.Image], folder: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_paths(model, collection, [folder])
    before = collection.ids()
    report = index_paths(model, collection, [folder], keep_dense=True)
    assert (report.filled, report.unchanged, report.added) == (6, 6, 0) and collection.ids() == before
    patches[9].save(folder / "new.png")
    patches[0].save(folder / "twin.png")  # bytes that are known: nothing is encoded
    report = index_paths(model, collection, [folder])
    assert (report.filled, report.added) == (0, 2) and collection.without_dense() == []
    monkeypatch.setattr(model.encoder, "encode_images", lambda images: pytest.fail("encoded again"))
    assert index_paths(model, collection, [folder], keep_dense=True).filled == 0
    for item in collection.all_items():
        with Image.open(item.path) as picture:
            monkeypatch.undo()
            (row,) = model.dense_images([picture.convert("RGB")])
        assert np.allclose(collection.dense([item.id])[item.id], row, atol=1e-6)


def test_compare_ranks_by_both_alike_whether_dense_vectors_are_kept_or_made(
    model: Model, kept: Collection, tmp_path: Path, home: Path
) -> None:
    fusing = Model(model.name, model.encoder, model.head, model.vocabulary, dense_weight=WEIGHT)
    path = tmp_path / "plain"
    with Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms) as plain:
        import_collection(plain, kept.path)
        made = dense_items(model.encoder, plain, tmp_path / "rows.npz")
        one, two = (
            Ranker(fusing, held, dense).rank(TEXT, Method("fused"), 12) for held, dense in ((kept, None), (plain, made))
        )
    named = [[(kept.items([hit.id])[0].path, hit.score) for hit in one.hits]]
    with Collection.open(path) as plain:
        named.append([(plain.items([hit.id])[0].path, hit.score) for hit in two.hits])
    assert [name for name, _ in named[0]] == [name for name, _ in named[1]] and one.terms == two.terms
    assert [score for _, score in named[0]] == pytest.approx([score for _, score in named[1]], rel=1e-5)
