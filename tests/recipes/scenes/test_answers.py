"""From which match on a question is answered: the match as a search finds it, and what the shipped threshold tells."""

import json

import numpy as np
import pytest

from core.models.model import Model
from core.models.registry import SCENES, load_model
from core.search.remarks import answer_match, own_term
from index_store.vectors import SparseVector
from recipes.scenes.answers import matches


def vector(**weights: float) -> SparseVector:
    return SparseVector.from_pairs({ord(term): weight for term, weight in weights.items()})


def test_a_word_is_answered_by_itself_and_a_question_by_all_of_it() -> None:
    white, spread = ord("w"), vector(w=2.0, c=1.0, h=1.0)  # white; white cat, white house
    assert own_term(spread, {white}) == white
    assert own_term(spread, {ord("c")}) is own_term(spread, {white, ord("c")}) is own_term(spread, ()) is None
    items = [vector(w=2.0), vector(c=1.0, h=1.0)]
    assert answer_match(spread, {white}, items) == 1.0
    assert answer_match(spread, (), items) == pytest.approx(4 / 6)
    assert answer_match(spread, {white}, items[1:]) == pytest.approx(2 / 6)  # no white: the rest alone
    assert answer_match(vector(), {white}, items) == answer_match(spread, {white}, []) == 0.0


def test_what_is_not_there_does_not_answer(model: Model) -> None:
    """Two pictures, each the vector of a word itself: a search among both and among the other one alone."""
    texts = ["red", "dog"]
    items = model.head.weigh(model.dense_texts(texts))
    np.testing.assert_allclose(matches(model, texts, items), 1, rtol=1e-6)
    apart = matches(model, texts, items, ~np.eye(2, dtype=bool))
    assert (apart < 1).all()


def test_the_shipped_thresholds_are_told_in_the_figures() -> None:
    figures = json.loads((SCENES / "figures.json").read_text("utf-8"))["answers"]
    assert load_model().answered_from is not None
    assert all(share <= 0.03 for share in figures["vocabulary"].values())
    assert figures["words"]["false_alarms"] <= 0.03 and figures["words"]["auroc"] >= 0.95
