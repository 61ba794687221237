"""Contributions: one a shared term, largest first, and together the score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.explain import contributions, query_terms
from index_store.vectors import SparseVector

TERMS = [f"term{number}" for number in range(40)]
vectors = st.dictionaries(st.integers(0, 39), st.floats(2**-20, 50, width=32, allow_nan=False), max_size=30).map(
    SparseVector.from_pairs
)


def test_by_hand() -> None:
    query = SparseVector.from_pairs({1: 2.0, 2: 0.5, 3: 1.0})
    item = SparseVector.from_pairs({0: 9.0, 2: 4.0, 3: 3.0})
    rows = contributions(query, item, TERMS, {2})
    assert [(row.term, row.query_weight, row.item_weight, row.contribution, row.kind) for row in rows] == [
        ("term3", 1.0, 3.0, 3.0, "expansion"),
        ("term2", 0.5, 4.0, 2.0, "literal"),
    ]
    assert list(rows[0].to_json()) == ["term", "query_weight", "item_weight", "contribution", "kind"]


@given(vectors, vectors, st.sets(st.integers(0, 39)))
def test_they_sum_to_the_score(query: SparseVector, item: SparseVector, literal: set[int]) -> None:
    rows = contributions(query, item, TERMS, literal)
    assert sum(row.contribution for row in rows) == pytest.approx(query.dot(item), rel=1e-5)
    assert {row.term for row in rows} == {TERMS[term] for term in np.intersect1d(query.terms, item.terms)}
    values = [row.contribution for row in rows]
    assert values == sorted(values, reverse=True)
    for row in rows:
        assert row.contribution == pytest.approx(row.query_weight * row.item_weight)
        assert (row.kind == "literal") == (TERMS.index(row.term) in literal)


@given(vectors)
def test_query_terms_are_the_vector_heaviest_first(vector: SparseVector) -> None:
    terms = query_terms(vector, TERMS, {3})
    assert {TERMS.index(term.term): term.weight for term in terms} == dict(
        zip(vector.terms.tolist(), vector.weights.tolist(), strict=True)
    )
    assert [term.weight for term in terms] == sorted((term.weight for term in terms), reverse=True)
