"""Terms that tell results apart, by hand."""

from core.search.narrowing import narrowing_terms
from index_store.vectors import SparseVector


def vectors(*pairs: dict[int, float]) -> list[SparseVector]:
    return [SparseVector.from_pairs(some) for some in pairs]


def test_the_term_that_half_of_the_results_have_comes_first() -> None:
    results = vectors({0: 1, 1: 1, 2: 1}, {0: 1, 1: 1, 2: 1}, {0: 1, 2: 1, 3: 9}, {0: 1})
    # 0: all have it; 1: 2 of 4, 1/4 * 1; 2: 3 of 4, 3/16 * 1; 3: a single one
    assert narrowing_terms(results, ()) == [1, 2]
    assert narrowing_terms(results, (1,)) == [2]
    assert narrowing_terms(results, (), count=1) == [1]


def test_a_clear_weight_counts_for_more() -> None:
    assert narrowing_terms(vectors({1: 0.1, 2: 2}, {1: 0.1, 2: 2}, {}, {}), {7}) == [2, 1]


def test_few_results_need_no_narrowing() -> None:
    assert narrowing_terms(vectors({1: 1}, {2: 1}), ()) == [] and narrowing_terms([], ()) == []
