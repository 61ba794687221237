"""Steered questions against a brute-force oracle: edited, switched off, added, negative and mixed."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import QueryError
from core.models.model import Model
from core.search.search import encode_query, search
from core.search.steering import MAX_WEIGHT, mixed, search_steered, steer, term_edits
from index_store.folder.collection import Collection, NewItem

pytestmark = pytest.mark.numeric
TEXT = "a red dog and the sea at night"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[Collection]:
    """40 pictures and two captions, which no test changes."""
    path = tmp_path_factory.mktemp("steered") / "collection"
    with Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms) as collection:
        pictures = model.encode_images(patches)
        collection.add([NewItem("image", f"/p/{n}.png", None, f"i{n}", vector) for n, vector in enumerate(pictures)])
        spoken = ["a red dog", "two boats on the sea"]
        vectors = model.encode_texts(spoken)
        collection.add(
            [NewItem("caption", "/p/0.png", text, text, vector) for text, vector in zip(spoken, vectors, strict=True)]
        )
        yield collection


def brute_force(collection: Collection, weights: dict[int, float], k: int) -> list[tuple[int, float]]:
    items = list(collection.all_items())
    rows = zip(items, collection.vectors([item.id for item in items]), strict=True)
    scored = []
    for item, vector in rows:
        pairs = dict(zip(vector.terms.tolist(), vector.weights.tolist(), strict=True))
        wanted = sum(weight * pairs.get(term, 0.0) for term, weight in weights.items() if weight > 0)
        score = wanted + sum(weight * pairs.get(term, 0.0) for term, weight in weights.items() if weight < 0)
        if wanted > 0 and score > 1e-12:
            scored.append((item.id, score))
    return sorted(scored, key=lambda row: (-row[1], row[0]))[:k]


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.integers(0, 31), st.floats(-3, 3, width=32).filter(lambda w: abs(w) > 1e-3), max_size=8),
    st.integers(1, 30),
)
def test_any_weights_find_what_brute_force_finds(
    model: Model, filled: Collection, edits: dict[int, float], k: int
) -> None:
    query = encode_query(model, text=TEXT)
    steered = steer(query, model.vocabulary.terms, expansion=0.5, mode="full", edits=edits)
    result = search_steered(filled, query, steered, k=k)
    weights = dict(zip(steered.wanted.terms.tolist(), steered.wanted.weights.tolist(), strict=True))
    weights |= {
        term: -weight
        for term, weight in zip(steered.against.terms.tolist(), steered.against.weights.tolist(), strict=True)
    }
    expected = brute_force(filled, weights, k)
    assert result.exact
    assert [hit.score for hit in result.hits] == pytest.approx([score for _, score in expected], rel=1e-6, abs=1e-9)
    for hit in result.hits:
        assert sum(row.contribution for row in hit.contributions) == pytest.approx(hit.score, rel=1e-5, abs=1e-7)


def test_without_edits_it_is_the_plain_search(model: Model, filled: Collection) -> None:
    query = encode_query(model, text=TEXT)
    for mode in ("full", "literal", "hybrid"):
        steered = steer(query, model.vocabulary.terms, expansion=0.4, mode=mode, edits={})  # type: ignore[arg-type]
        mine = search_steered(filled, query, steered, k=12, kind="image")
        plain = search(model, filled, text=TEXT, k=12, expansion=0.4, mode=mode, kind="image")  # type: ignore[arg-type]
        assert [hit.id for hit in mine.hits] == [hit.id for hit in plain.hits]
        assert mine.terms == plain.terms


def test_an_edit_overrides_strength_and_mode_and_an_addition_is_literal(model: Model) -> None:
    query = encode_query(model, text=TEXT)
    expansion = next(term for term in query.vector.terms.tolist() if term not in query.spoken)
    added = next(term for term in range(len(model.vocabulary)) if term not in query.vector.terms.tolist())
    names = model.vocabulary.terms
    rows = {
        row.term: row
        for row in steer(query, names, expansion=1, mode="literal", edits={expansion: 0.5, added: 2.0}).rows
    }
    assert (rows[names[expansion]].weight, rows[names[expansion]].kind) == (0.5, "expansion")
    assert (rows[names[added]].weight, rows[names[added]].kind, rows[names[added]].edited) == (2.0, "literal", True)
    assert all(row.kind == "literal" or row.edited for row in rows.values())
    hybrid = steer(query, names, expansion=1, mode="hybrid", edits={added: 2.0})
    assert hybrid.candidates is not None and added in hybrid.candidates.terms.tolist()


def test_a_term_switched_off_keeps_its_row(model: Model) -> None:
    query = encode_query(model, text=TEXT)
    term = int(query.vector.terms[0])
    before = steer(query, model.vocabulary.terms, expansion=1, mode="full", edits={})
    after = steer(query, model.vocabulary.terms, expansion=1, mode="full", edits={term: 0.0})
    assert [row.term for row in before.rows] == [row.term for row in after.rows]
    assert term not in after.wanted.terms.tolist()


def test_a_mix_is_linear_and_halves_have_an_equal_say(model: Model, patches: list[Image.Image]) -> None:
    text, picture = encode_query(model, text=TEXT), encode_query(model, image=patches[3])
    for share in (0.0, 0.3, 0.5, 1.0):
        dense = np.zeros(len(model.vocabulary))
        dense[text.vector.terms] += (1 - share) * text.vector.weights
        scale = np.linalg.norm(text.vector.weights) / np.linalg.norm(picture.vector.weights)
        dense[picture.vector.terms] += share * scale * picture.vector.weights
        both = mixed(text, picture, share)
        found = np.zeros(len(model.vocabulary))
        found[both.vector.terms] = both.vector.weights
        assert found == pytest.approx(dense, rel=1e-5)
        assert both.spoken == text.spoken


@pytest.mark.parametrize("weight", [MAX_WEIGHT * 1.01, -MAX_WEIGHT * 1.01, float("nan"), float("inf")])
def test_weights_out_of_range_are_refused(model: Model, weight: float) -> None:
    query = encode_query(model, text=TEXT)
    with pytest.raises(QueryError, match="cannot weigh"):
        steer(query, model.vocabulary.terms, expansion=1, mode="full", edits={0: weight})


def test_terms_are_named_by_any_of_their_forms(model: Model) -> None:
    assert term_edits(model.vocabulary, {"dogs": 1.0, " Sea ": -2.0}) == {
        model.vocabulary.id("dog"): 1.0,
        model.vocabulary.id("sea"): -2.0,
    }
    with pytest.raises(QueryError, match="no term 'unicorn'"):
        term_edits(model.vocabulary, {"unicorn": 1.0})
    with pytest.raises(QueryError, match="share"):
        mixed(encode_query(model, text=TEXT), encode_query(model, text="a dog"), 1.5)
