"""What an answer is judged by: exact scores of all items, and an overlap in which equals are equally right."""

import numpy as np
import pytest

from benchmarks.rows import Rows
from benchmarks.synthetic import draw_items, draw_queries
from benchmarks.truth import Columns, Truth, best_of


def rows(*weights: list[float]) -> Rows:
    """Dense rows as sparse ones."""
    dense = [np.array(row, dtype=np.float32) for row in weights]
    return Rows.of(((np.flatnonzero(row).astype(np.int32), row[row > 0]) for row in dense), len(weights[0]))


def test_scores_are_those_of_brute_force() -> None:
    items = draw_items(300, seed=5)
    columns, vectors = Columns(items), list(items.vectors())
    for question in draw_queries(items, 10, 40, seed=6).vectors():
        expected = [question.dot(vector) for vector in vectors]
        assert np.allclose(columns.scores(question.terms, question.weights), expected, rtol=1e-12, atol=0)


# of the question (1, 1): scores 3, 2, 2, 2, 1, 0
ITEMS = rows([3, 0, 0], [1, 1, 0], [2, 0, 0], [0, 2, 0], [1, 0, 5], [0, 0, 9])
QUESTION = rows([1, 1, 0])


@pytest.mark.parametrize(
    ("k", "found", "overlap"),
    [
        (2, [0, 1], 1.0),
        (2, [0, 3], 1.0),  # any of the three with a score of 2 may be the second
        (2, [2, 3], 1.0),  # so may two of them: they score as much as the second does
        (2, [0, 4], 0.5),
        (2, [0, 0], 0.5),  # nothing counts twice
        (2, [0], 0.5),
        (3, [1, 2, 3], 1.0),
        (4, [0, 1, 2, 4], 0.75),
        (5, [0, 1, 2, 3, 4], 1.0),
        (10, [0, 1, 2, 3, 4], 1.0),  # five items score above 0: an answer of ten cannot have more
        (10, [0, 1, 2, 3, 5], 0.8),
        (1, [], 0.0),
    ],
)
def test_overlap_where_scores_are_equal(k: int, found: list[int], overlap: float) -> None:
    assert Truth(ITEMS, QUESTION, k, Columns(ITEMS)).overlap(0, found) == overlap


def test_nothing_is_missing_where_nothing_can_be_found() -> None:
    nothing = rows([0, 0, 1])
    items = rows([3, 0, 0], [1, 1, 0])
    assert Truth(items, nothing, 10, Columns(items)).overlap(0, []) == 1.0


def test_the_lowest_of_the_best() -> None:
    assert best_of(np.array([0.0, 4.0, 1.0, 3.0]), 2) == (2, 3.0)
    assert best_of(np.array([0.0, 4.0, 1.0, 3.0]), 9) == (3, 1.0)
    assert best_of(np.array([0.0, 0.0]), 2) == (0, 0.0)
