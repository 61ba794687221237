"""Measures, each against a case computed by hand."""

import numpy as np
import pytest

from core.evaluation.meaning import exact_at, term_precision
from core.evaluation.retrieval import ranks, recall_at
from core.evaluation.sparsity import flops, mean_terms

pytestmark = pytest.mark.numeric
ITEMS = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], np.float32)


def test_ranks_by_hand_with_ties_to_the_lower_row() -> None:
    queries = np.array([[1, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 1]], np.float32)
    # scores: (1, 0, 1), (1, 0, 1), (0, 2, 2), (0, 0, 0)
    found = ranks(queries, ITEMS, np.array([0, 2, 0, 1]), batch=3)
    assert found.tolist() == [1, 2, 3, 2]
    assert [recall_at(found, k) for k in (1, 2, 3)] == [0.25, 0.75, 1.0]


def test_flops_equal_the_mean_number_of_shared_terms_over_all_pairs() -> None:
    rng = np.random.default_rng(0)
    queries = (rng.random((5, 9)) * (rng.random((5, 9)) < 0.4)).astype(np.float32)
    items = (rng.random((7, 9)) * (rng.random((7, 9)) < 0.6)).astype(np.float32)
    shared = [((q > 0) & (i > 0)).sum() for q in queries for i in items]
    assert flops(queries, items) == pytest.approx(np.mean(shared))
    assert mean_terms(queries) == pytest.approx((queries > 0).sum() / 5)


def test_exact_at_by_hand() -> None:
    weights = np.array([[3, 2, 1, 0], [0, 0, 1, 0], [1, 1, 1, 1]], np.float32)
    literal = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 0, 0]], bool)
    # row 0: top two are terms 0, 1: one of its two words; row 1: only term 2 is lit: one of two; row 2 speaks none
    assert exact_at(weights, literal, 2) == pytest.approx(0.5)
    assert exact_at(weights, literal, 20) == pytest.approx((1.0 + 0.5) / 2)


def test_term_precision_by_hand() -> None:
    weights = np.array([[4, 3, 2, 1], [0, 1, 0, 0]], np.float32)
    terms = ("running", "dog", "red", "car")
    # row 0: dog (true), red (false) among the top two judged; row 1: dog only (false)
    assert term_precision(weights, terms, {"dog", "red", "car"}, [{"dog", "car"}, {"cat"}], 2) == pytest.approx(1 / 3)
