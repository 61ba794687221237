"""Contributions: one a shared term, largest first, and together the score."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.explain import contributions, differences, query_terms
from index_store.vectors import SparseVector

pytestmark = pytest.mark.numeric
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
    assert {row.source for row in rows} == {"seen"}
    assert rows[1].to_json() == {
        "term": "term2", "query_weight": 0.5, "item_weight": 4.0, "contribution": 2.0, "kind": "literal",
        "source": "seen", "seen": 2.0, "written": 0.0,
    }  # fmt: skip


def test_sources_by_hand() -> None:
    query, against = SparseVector.from_pairs({1: 2.0, 2: 0.5, 3: 1.0}), SparseVector.from_pairs({4: 1.0})
    item = SparseVector.from_pairs({1: 1.0, 2: 4.0, 3: 3.0, 4: 2.0})
    seen = SparseVector.from_pairs({0: 9.0, 2: 4.0, 3: 1.0, 4: 0.5})
    rows = contributions(query, item, TERMS, {2}, against, seen)
    assert [(row.term, row.contribution, row.source, row.seen, row.written) for row in rows] == [
        ("term3", 3.0, "both", 1.0, 2.0),
        ("term1", 2.0, "written", 0.0, 2.0),
        ("term2", 2.0, "seen", 2.0, 0.0),
        ("term4", -2.0, "both", -0.5, -1.5),
    ]
    nothing = SparseVector.from_pairs({})
    assert {row.source for row in contributions(query, item, TERMS, {2}, against, nothing)} == {"written"}


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


@given(vectors, vectors, vectors)
def test_seen_and_written_parts_are_scores_of_their_own(
    query: SparseVector, seen: SparseVector, other: SparseVector
) -> None:
    pairs = dict(zip(seen.terms.tolist(), seen.weights.tolist(), strict=True))
    for term, weight in zip(other.terms.tolist(), other.weights.tolist(), strict=True):
        pairs[term] = max(weight, pairs.get(term, 0.0))
    item = SparseVector.from_pairs(pairs)
    rows = contributions(query, item, TERMS, set(), seen=seen)
    assert sum(row.seen for row in rows) == pytest.approx(query.dot(seen), rel=1e-5)
    assert sum(row.seen + row.written for row in rows) == pytest.approx(query.dot(item), rel=1e-5)
    assert all(row.written >= 0 and row.seen >= 0 for row in rows)


@given(vectors)
def test_query_terms_are_the_vector_heaviest_first(vector: SparseVector) -> None:
    terms = query_terms(vector, TERMS, {3})
    assert {TERMS.index(term.term): term.weight for term in terms} == dict(
        zip(vector.terms.tolist(), vector.weights.tolist(), strict=True)
    )
    assert [term.weight for term in terms] == sorted((term.weight for term in terms), reverse=True)


@given(vectors, vectors, vectors)
def test_terms_against_take_away(query: SparseVector, against: SparseVector, item: SparseVector) -> None:
    kept = ~np.isin(against.terms, query.terms)
    against = SparseVector(against.terms[kept], against.weights[kept])
    rows = contributions(query, item, TERMS, set(), against=against)
    total = query.dot(item) - against.dot(item)
    assert sum(row.contribution for row in rows) == pytest.approx(total, rel=1e-5, abs=1e-5 * query.dot(item) + 1e-9)
    assert {row.term for row in rows if row.contribution < 0} == {
        TERMS[term] for term in np.intersect1d(against.terms, item.terms)
    }


@given(vectors, vectors, vectors)
def test_differences_sum_to_the_difference_of_the_scores(
    query: SparseVector, one: SparseVector, two: SparseVector
) -> None:
    rows = differences(contributions(query, one, TERMS, {3}), contributions(query, two, TERMS, {3}))
    expected = query.dot(one) - query.dot(two)
    assert sum(row.difference for row in rows) == pytest.approx(
        expected, rel=1e-5, abs=1e-5 * (1 + query.dot(one) + query.dot(two))
    )
    sizes = [abs(row.difference) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert all(row.difference == row.first - row.second for row in rows)
