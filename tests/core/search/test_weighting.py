"""Bent questions against a brute-force oracle: edited, switched off, added, negative and mixed."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import QueryError
from core.models.model import Model
from core.search.encoding import encode, encode_picture, encode_text, mixed
from core.search.query import MAX_WEIGHT, Mode, Query, term_ids
from core.search.search import search
from core.search.weighting import weigh
from index_store.folder.collection import Collection
from index_store.items import NewItem

pytestmark = pytest.mark.numeric
TEXT = "a red dog and the sea at night"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[Collection]:
    """40 pictures and two captions, which no test changes."""
    path = tmp_path_factory.mktemp("weighted") / "collection"
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
    by_hand = {model.vocabulary.terms[term]: weight for term, weight in edits.items()}
    query = Query(TEXT, expansion=0.5, weights=by_hand, k=k)
    bent = weigh(encode_text(model, TEXT), query, model.vocabulary)
    result = search(model, filled, query)
    weights = dict(zip(bent.positive.terms.tolist(), bent.positive.weights.tolist(), strict=True))
    weights |= {
        term: -weight for term, weight in zip(bent.negative.terms.tolist(), bent.negative.weights.tolist(), strict=True)
    }
    expected = brute_force(filled, weights, k)
    assert result.exact
    assert [hit.score for hit in result.hits] == pytest.approx([score for _, score in expected], rel=1e-6, abs=1e-9)
    for hit in result.hits:
        assert sum(row.contribution for row in hit.contributions) == pytest.approx(hit.score, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("mode", ["full", "literal", "hybrid"])
@pytest.mark.parametrize("expansion", [0.0, 0.4, 1.0])
def test_an_unedited_question_is_the_plain_one_to_the_last_bit(
    model: Model, filled: Collection, mode: Mode, expansion: float
) -> None:
    """By design: one path computes both, whether the question was encoded now or before."""
    query = Query(TEXT, k=12, expansion=expansion, mode=mode, kind="image")
    plain = search(model, filled, query)
    bent = search(model, filled, replace(query, weights={"boat": 2.0}), plain.encoded)
    mine = search(model, filled, query, bent.encoded)
    assert mine.hits == plain.hits and mine.terms == plain.terms and mine.encoded == plain.encoded
    assert bent.terms != plain.terms
    by_hand = {term.term: term.weight for term in plain.terms}
    if mode == "full":  # and where every weight is set to what it is
        assert search(model, filled, replace(query, weights=by_hand)).hits == plain.hits


def test_what_was_encoded_is_not_encoded_again(model: Model, filled: Collection, patches: list[Image.Image]) -> None:
    query = Query(TEXT, picture=patches[3])
    known = encode(model, filled, query)
    again = encode(model, filled, Query(TEXT), known)  # the picture itself need not be kept
    assert again.text is known.text and again.picture is known.picture
    other = encode(model, filled, Query("a boat", like=1), known)
    assert other.text is not known.text and other.picture is not known.picture
    hits = search(model, filled, Query(TEXT), known).hits
    assert hits == search(model, filled, query).hits


def test_an_edit_overrides_strength_and_mode_and_an_addition_is_literal(model: Model) -> None:
    encoded, names = encode_text(model, TEXT), model.vocabulary.terms
    expansion = next(names[term] for term in encoded.vector.terms.tolist() if term not in encoded.literal)
    added = next(term for term in range(len(model.vocabulary)) if term not in encoded.vector.terms.tolist())
    literal = Query(TEXT, mode="literal", weights={expansion: 0.5, names[added]: 2.0})
    rows = {row.term: row for row in weigh(encoded, literal, model.vocabulary).terms}
    assert (rows[expansion].weight, rows[expansion].kind) == (0.5, "expansion")
    assert (rows[names[added]].weight, rows[names[added]].kind, rows[names[added]].edited) == (2.0, "literal", True)
    assert all(row.kind == "literal" or row.edited for row in rows.values())
    hybrid = weigh(encoded, Query(TEXT, mode="hybrid", weights={names[added]: 2.0}), model.vocabulary)
    assert hybrid.required is not None and added in hybrid.required.terms.tolist()


def test_a_term_switched_off_keeps_its_row(model: Model) -> None:
    encoded = encode_text(model, TEXT)
    term = int(encoded.vector.terms[0])
    before = weigh(encoded, Query(TEXT), model.vocabulary)
    after = weigh(encoded, Query(TEXT, weights={model.vocabulary.terms[term]: 0.0}), model.vocabulary)
    assert [row.term for row in before.terms] == [row.term for row in after.terms]
    assert term not in after.positive.terms.tolist()


def test_a_mix_is_linear_and_halves_have_an_equal_say(model: Model, patches: list[Image.Image]) -> None:
    text, picture = encode_text(model, TEXT), encode_picture(model, patches[3])
    for share in (0.0, 0.3, 0.5, 1.0):
        dense = np.zeros(len(model.vocabulary))
        dense[text.vector.terms] += (1 - share) * text.vector.weights
        scale = np.linalg.norm(text.vector.weights) / np.linalg.norm(picture.vector.weights)
        dense[picture.vector.terms] += share * scale * picture.vector.weights
        both = mixed(text, picture, share)
        found = np.zeros(len(model.vocabulary))
        found[both.vector.terms] = both.vector.weights
        assert found == pytest.approx(dense, rel=1e-5)
        assert both.literal == text.literal


@pytest.mark.parametrize("weight", [MAX_WEIGHT * 1.01, -MAX_WEIGHT * 1.01, float("nan"), float("inf")])
def test_weights_out_of_range_are_refused(model: Model, filled: Collection, weight: float) -> None:
    with pytest.raises(QueryError, match="cannot weigh"):
        search(model, filled, Query(TEXT, weights={model.vocabulary.terms[0]: weight}))


def test_terms_are_named_by_any_of_their_forms(model: Model, filled: Collection) -> None:
    assert term_ids(model.vocabulary, ("dogs", " Sea ")) == {
        "dogs": model.vocabulary.id("dog"),
        " Sea ": model.vocabulary.id("sea"),
    }
    weights = {"dogs": 1.0, " Sea ": -2.0}
    bent = {row.term: row.weight for row in search(model, filled, Query(TEXT, weights=weights)).terms}
    assert (bent["dog"], bent["sea"]) == (1.0, -2.0)
    with pytest.raises(QueryError, match="no term 'unicorn'"):
        search(model, filled, Query(TEXT, weights={"unicorn": 1.0}))
    with pytest.raises(QueryError, match="share"):
        search(model, filled, Query(TEXT, like=1, share=1.5))


def test_terms_against_and_terms_not_to_be_there_on_a_budget(model: Model, filled: Collection) -> None:
    """All of it at once: the best of what is left, proven, or said not to be."""
    query = Query(TEXT, weights={"dog": -1.5, "red": 0.5}, k=5)
    whole = search(model, filled, replace(query, k=1000))
    banned = whole.hits[0].contributions[0].term
    term = model.vocabulary.id(banned)
    kept = [
        hit
        for hit, vector in zip(whole.hits, filled.vectors([hit.id for hit in whole.hits]), strict=True)
        if term not in vector.terms.tolist()
    ]
    found = search(model, filled, replace(query, without=(banned,)))
    assert found.exact and found.hits == tuple(kept[:5])
    assert search(model, filled, replace(query, without=(banned,), budget=10**6)).hits == found.hits
    short = search(model, filled, replace(query, without=(banned,), budget=1))
    assert not short.exact
    scores = {hit.id: hit.score for hit in kept}
    assert all(hit.score == scores[hit.id] for hit in short.hits)
