"""Every way to rank a collection, against brute force on its pictures' dense vectors."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from core.data.dense_items import dense_items
from core.errors import ModelError, QueryError
from core.library.indexing.sync import index_paths
from core.models.head import HeadConfig, SparseHead
from core.models.head_files import HEAD_VOCABULARY
from core.models.model import Model
from core.search.methods import Method, Ranker
from core.search.query import Mode, Query
from core.search.search import search
from index_store.folder.collection import Collection

pytestmark = pytest.mark.numeric
TEXT = "a red dog beside the sea"


@pytest.fixture(scope="module")
def collection(
    model: Model, patches: list[Image.Image], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collection]:
    root = tmp_path_factory.mktemp("methods")
    (root / "pictures").mkdir()
    for i, patch in enumerate(patches[:12]):
        patch.save(root / "pictures" / f"{i}.png")
    with Collection.create(root / "c", model=model.name, vocabulary=model.vocabulary.terms) as made:
        index_paths(model, made, [root / "pictures"])
        yield made


@pytest.fixture(scope="module")
def ranker(model: Model, collection: Collection, tmp_path_factory: pytest.TempPathFactory) -> Ranker:
    return Ranker(model, collection, dense_items(model.encoder, collection, tmp_path_factory.mktemp("d") / "d.npz"))


def test_the_own_head_ranks_as_a_search_does(model: Model, collection: Collection, ranker: Ranker) -> None:
    for mode in get_args(Mode):
        found = search(model, collection, Query(TEXT, k=5, mode=mode))
        ranked = ranker.rank(TEXT, Method(mode), 5)
        assert [(row.id, row.score) for row in ranked.hits] == [(hit.id, hit.score) for hit in found.hits]
        assert ranked.terms == found.terms and ranked.milliseconds > 0


def test_dense_vectors_and_another_head_rank_by_brute_force(model: Model, ranker: Ranker, tmp_path: Path) -> None:
    dense = ranker.dense
    assert dense is not None
    query = model.dense_texts([TEXT])

    def expected(scores: np.ndarray) -> list[int]:
        return [int(dense.ids[row]) for row in np.argsort(-scores, kind="stable") if scores[row] > 0][:6]

    ranked = ranker.rank(TEXT, Method("dense"), 6)
    assert [row.id for row in ranked.hits] == expected(dense.rows @ query[0] + 2)  # also what points away is ranked
    assert ranked.terms == ()
    other = SparseHead(HeadConfig(model.encoder.dim, 16, len(model.vocabulary)))
    other.save(tmp_path)
    model.vocabulary.save(tmp_path / HEAD_VOCABULARY)
    ranked = ranker.rank(TEXT, Method("head", tmp_path), 6)
    weights = other.weigh(query)[0]
    assert [row.id for row in ranked.hits] == expected(other.weigh(dense.rows) @ weights)
    assert {term.term: term.weight for term in ranked.terms} == pytest.approx(
        {model.vocabulary.terms[i]: float(weights[i]) for i in np.flatnonzero(weights)}
    )
    assert {term.term for term in ranked.terms if term.kind == "literal"} <= {"red", "dog", "beside", "sea"}


def test_what_cannot_be_ranked_is_said(model: Model, collection: Collection, ranker: Ranker, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="not made yet"):
        Ranker(model, collection).rank(TEXT, Method("dense"), 5)
    with pytest.raises(QueryError, match="is empty"):
        ranker.rank("  ", Method("dense"), 5)
    with pytest.raises(ModelError, match="cannot be read"):
        ranker.rank(TEXT, Method("head", tmp_path / "nothing"), 5)
    SparseHead(HeadConfig(7, 16, len(model.vocabulary))).save(tmp_path)
    model.vocabulary.save(tmp_path / HEAD_VOCABULARY)
    with pytest.raises(ModelError, match="of 7 dimensions"):
        ranker.rank(TEXT, Method("head", tmp_path), 5)
