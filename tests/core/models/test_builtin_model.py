"""The shipped built-in model on its own world: the figures of its card, and plain queries judged by scene records."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import float32
from numpy.typing import NDArray

from core.library.built_in_world import WORLD_SIZE
from core.library.world_folder import world_path
from core.models.registry import SCENES, load_model
from core.search.query import Query
from core.search.search import search
from core.training.presets import ANCHORED_HEAD, SCENES_HEADS, SHIPPED_HEAD
from core.training.trainer import project
from core.world.captions import captions
from core.world.claims import Claim, Thing, claim_from_json, holds
from core.world.composer import compose
from index_store.folder.collection import Collection
from recipes.scenes.build import dense_dataset
from recipes.scenes.card import model_card
from recipes.scenes.figures import HeadFigures, Recall, dense_figures, head_figures, oracle_figures, well_answered
from recipes.scenes.questions import every_answer, load_questions

pytestmark = pytest.mark.slow
FIGURES: dict[str, Any] = json.loads((SCENES / "figures.json").read_text("utf-8"))
QUERIES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "natural_queries.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def measured(world_vectors: NDArray[float32]) -> tuple[Recall, HeadFigures]:
    """Dense and sparse figures on the pictures that users see, those of the test split, and 5,000 captions."""
    model = load_model()
    said = [[caption.text for caption in captions(compose("test", number))] for number in range(WORLD_SIZE)]
    texts = model.dense_texts([text for five in said for text in five])
    data = dense_dataset(said, world_vectors, texts)
    queries, items = project(model.head, texts), project(model.head, world_vectors)
    return dense_figures(data), head_figures(queries, items, data, model.vocabulary, "test")


def test_dense_vectors_find_the_right_picture(measured: tuple[Recall, HeadFigures]) -> None:
    dense, _ = measured
    assert dense.at1 >= 0.65 and dense.at10 >= 0.94


def test_sparse_vectors_keep_that_with_few_and_true_terms(measured: tuple[Recall, HeadFigures]) -> None:
    _, sparse = measured
    assert sparse.of_dense >= 1
    assert sparse.flops <= 2.5 and sparse.query_terms <= 11 and sparse.item_terms <= 50
    assert sparse.exact_at_20 >= 0.65
    assert sparse.term_precision >= 0.99


def test_the_card_says_what_is_measured(measured: tuple[Recall, HeadFigures]) -> None:
    dense, sparse = measured
    told = FIGURES["heads"][SHIPPED_HEAD]
    assert FIGURES["dense"]["at1"] == pytest.approx(dense.at1, abs=0.005)
    assert told["recall"]["at1"] == pytest.approx(sparse.recall.at1, abs=0.005)
    for name in ("flops", "query_terms", "item_terms", "exact_at_20", "term_precision"):
        assert told[name] == pytest.approx(getattr(sparse, name), rel=0.02), name
    oracle = oracle_figures("test", WORLD_SIZE)
    assert FIGURES["oracle"]["at1"] == pytest.approx(oracle.at1, abs=1e-9) and oracle.at1 > dense.at1
    assert set(FIGURES["heads"]) == set(SCENES_HEADS)


def test_the_card_is_made_from_the_figures() -> None:
    model = load_model()
    encoder = model.encoder
    assert (SCENES / "MODEL_CARD.md").read_text("utf-8") == model_card(
        FIGURES,
        image_parameters=sum(p.numel() for p in encoder.image_tower.parameters()),  # type: ignore[attr-defined]
        text_parameters=sum(p.numel() for p in encoder.text_tower.parameters()),  # type: ignore[attr-defined]
        terms=len(model.vocabulary),
        english_words=len(encoder.english.words),  # type: ignore[attr-defined]
    )


def test_every_shipped_file_is_below_10_mb() -> None:
    assert all(path.stat().st_size < 10_000_000 for path in SCENES.parent.rglob("*"))


def _named(claim: Claim) -> Claim:
    """What a query names: its things, place and time, without their relations."""
    return Claim(things=claim.things, place=claim.place, time=claim.time)


def _showing(claim: Claim, hits: Sequence[Any]) -> int:
    return sum(holds(claim, compose("test", int(Path(hit.path).stem.removeprefix("test-")))) for hit in hits)


@pytest.fixture(scope="module")
def shown(built_in_home: Path) -> dict[str, int]:
    """How many of the top five hold all the named things, for each of the forty queries."""
    model = load_model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTWORDS_HOME", str(built_in_home))
        with Collection.open(world_path(model)) as world:
            return {
                query["query"]: _showing(
                    _named(claim_from_json(query)), search(model, world, Query(query["query"], k=5)).hits
                )
                for query in QUERIES
            }


def test_every_plain_query_brings_at_least_four_such_pictures_in_five(shown: dict[str, int]) -> None:
    """At least four of the top five hold all the named things."""
    assert len(shown) == 40
    weak = {text: count for text, count in shown.items() if count < 4}
    assert not weak, f"fewer than four of the top five: {weak}"
    assert np.mean(list(shown.values())) >= 4.8


def test_questions_are_answered_better_than_by_the_dense_vectors(
    world_vectors: NDArray[float32], tmp_path: Path
) -> None:
    """Thousands of questions about the test scenes; a head that was not asked any answers fewer than those vectors."""
    model = load_model()
    texts, truth = load_questions("test", WORLD_SIZE, tmp_path)
    asked, answers = model.dense_texts(texts), every_answer(truth)
    dense = well_answered(asked @ world_vectors.T, answers)
    sparse = well_answered(project(model.head, asked) @ project(model.head, world_vectors).T, answers)
    assert FIGURES["questions"][SHIPPED_HEAD] == pytest.approx(sparse, abs=0.01)
    assert FIGURES["questions"]["dense"] == pytest.approx(dense, abs=0.01)
    assert sparse > dense > FIGURES["questions"][ANCHORED_HEAD]


def test_dense_vectors_bring_at_least_four_such_pictures_for_every_plain_query(world_vectors: NDArray[float32]) -> None:
    """The towers alone answer all forty queries; the terms are to keep that."""
    model = load_model()
    scores = model.dense_texts([query["query"] for query in QUERIES]) @ world_vectors.T  # (40, 1000)
    for query, row in zip(QUERIES, scores, strict=True):
        best = np.argsort(-row, kind="stable")[:5].tolist()
        claim = _named(claim_from_json(query))
        assert sum(holds(claim, compose("test", number)) for number in best) >= 4, query["query"]


def test_claims_without_things_are_not_mistaken_for_judged_ones() -> None:
    """A negative control: no scene holds a claim that nothing can meet."""
    impossible = Claim(things=(Thing(kinds=frozenset({"dog"}), count=99),))
    assert not any(holds(impossible, compose("test", number)) for number in range(20))
