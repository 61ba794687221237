"""How a query table is learned: the closed form by numpy's own least squares, products, pruning and descent by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from core.errors import TrainingError
from core.training import query_table
from core.training.query_table import (
    TableConfig,
    TableTraining,
    caption_words,
    cheap_enough,
    closed_form,
    factor_between,
    first_terms,
    own_terms,
    products,
    products_of,
    spoken_words,
    table_of,
    without_strays,
)
from core.vocabulary import Vocabulary

pytestmark = pytest.mark.numeric
VOCABULARY = Vocabulary(["dog", "animal", "polar bear", "snow"], {"dogs": "dog"})
CAPTIONS = ["Two dogs and a dog", "a polar bear", "a puppy, a dog"]


def test_words_are_the_spoken_terms_and_others_by_how_many_captions_say_them() -> None:
    words = caption_words(CAPTIONS, VOCABULARY)
    assert words == ["a", "dog", "and", "bear", "polar", "polar bear", "puppy", "two"]
    listed = ["dog", "puppy", "polar bear", "zebu"]
    assert spoken_words(CAPTIONS, VOCABULARY, listed).toarray().tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [1, 1, 0, 0]]


def _problem() -> tuple[csr_array, csr_array, csr_array]:
    rng = np.random.default_rng(0)
    spoken = csr_array((rng.random((40, 9)) < 0.4).astype(np.float32))
    lit = csr_array(np.maximum(rng.standard_normal((40, 7)), 0).astype(np.float32))
    alone = csr_array(np.maximum(rng.standard_normal((9, 7)), 0).astype(np.float32))
    return spoken, lit, alone


def test_the_closed_form_is_least_squares_drawn_to_what_words_mean_alone() -> None:
    spoken, lit, alone = _problem()
    stacked = np.vstack([spoken.toarray(), np.sqrt(2.5) * np.eye(9)])
    wanted = np.vstack([lit.toarray(), np.sqrt(2.5) * alone.toarray()])
    expected, *_ = np.linalg.lstsq(stacked, wanted, rcond=None)
    found = closed_form(spoken, lit, alone, 2.5, 7).toarray()
    assert found == pytest.approx(np.maximum(expected, 0), abs=1e-5)
    third = np.sort(expected, 1)[:, -3:-2]
    few = closed_form(spoken, lit, alone, 2.5, 3).toarray()
    assert few == pytest.approx(np.where(expected >= third, np.maximum(expected, 0), 0), abs=1e-5)


def test_terms_are_solved_for_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = closed_form(*_problem(), 2.5, 3).toarray()
    monkeypatch.setattr(query_table, "HELD", 8 * 40 * 2)  # two terms a block
    assert closed_form(*_problem(), 2.5, 3).toarray() == pytest.approx(whole, abs=1e-6)


def test_a_rare_word_is_fitted_to_what_the_others_left_and_one_that_nobody_says_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(query_table, "SOLVED", 1)
    spoken, lit = csr_array(np.array([[1.0, 1, 0], [1, 0, 0]])), csr_array(np.array([[3.0, 1], [1, 0]]))
    alone = csr_array(np.array([[0.0, 0], [0, 2], [0, 5]]))
    # word 0 by ridge 1: (X'X + 1) t = X'(Y - XP), so 3 t = (3 + 1, -1 + 0); word 1 then has left (3 - 4/3, -1 + 1/3)
    expected = [[4 / 3, 0], [(3 - 4 / 3) / 2, 2 + (-1 + 1 / 3) / 2], [0, 5]]
    assert closed_form(spoken, lit, alone, 1.0, 2).toarray() == pytest.approx(np.array(expected))


def test_products_are_the_terms_that_questions_and_items_share() -> None:
    queries, items = (
        csr_array(np.array(rows, np.float32)) for rows in ([[1, 2, 0], [0, 1, 0]], [[0, 3, 1], [1, 1, 0]])
    )
    assert products_of(queries, items) == (1 + 2 + 1 + 1) / 4
    rows = csr_array(np.array([[0.5, 0, 0], [0, 0.2, 0.1]]))
    said = csr_array(np.array([[1.0, 1], [1, 0]]))
    assert products(rows, said, np.array([0.5, 1, 0.25])) == pytest.approx(0.5 + 0.5 * 1 + 0.5 * 0.25)
    kept = cheap_enough(rows, said, np.array([0.5, 1, 0.25]), 1.0)
    assert kept.toarray().tolist() == [[0.5, 0, 0], [0, 0.2, 0]]
    assert cheap_enough(rows, said, np.array([0.5, 1, 0.25]), 0.0).nnz == 0
    assert cheap_enough(rows, said, np.array([0.5, 1, 0.25]), 9.0).nnz == 3


def test_the_terms_that_words_are_stay_the_cheapest_first() -> None:
    meanings = csr_array(np.array([[0.5, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0.1, 0]]))
    words, spoken = ["dog", "puppy", "snow", "polar bear"], csr_array(np.array([[1.0, 1, 1, 0], [1, 0, 1, 1]]))
    costs = np.array([0.5, 1, 0.4, 1])  # dog is said by all captions, which makes 0.5; polar bear by half of them, 0.2
    both = own_terms(words, meanings, VOCABULARY, spoken, costs, 0.7)
    assert both.toarray().tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    assert own_terms(words, meanings, VOCABULARY, spoken, costs, 0.6).toarray().sum(0).tolist() == [0, 0, 1, 0]
    kept = cheap_enough(meanings, spoken, costs, 0.0, both)
    assert kept.toarray().tolist() == [[0.5, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0.1, 0]]


def test_the_factor_asks_only_where_something_is_left() -> None:
    rows, wanted = csr_array(np.array([[1.0, 7], [2, 0]])), csr_array(np.array([[2.0, 0], [4, 9]]))
    assert factor_between(rows, wanted) == 2.0
    assert factor_between(csr_array((2, 2)), wanted) == 1.0


def test_first_terms_and_the_table_of_rows() -> None:
    rows = csr_array(np.array([[0.5, 0, 2, 0.5], [0, 0, 0, 0], [0, 0, 1, 0]]))
    assert first_terms(rows, 2).toarray().tolist() == [[0.5, 0, 2, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    table = table_of(["puppy", "a", "arctic"], rows, VOCABULARY)
    assert table.words == ("a", "arctic", "puppy") and table.row("a") == {}
    assert table.row("puppy") == {"polar bear": 2.0, "dog": 0.5, "snow": 0.5}


def test_stray_terms_go_unless_they_are_spoken() -> None:
    lit, spoken = csr_array(np.array([[1.0, 0.5, 2], [1, 0.5, 2]])), csr_array(np.array([[1, 0, 0], [0, 1, 0]], bool))
    kept = without_strays(lit, spoken, np.array([2, 1, np.inf], np.float32))
    assert kept.toarray().tolist() == [[1, 0, 0], [0, 0.5, 0]]


def _training(**settings: float) -> TableTraining:
    """Four captions, each of the word of its own image and of one that all say; the table begins with all lit alike."""
    spoken = csr_array(np.hstack([np.eye(4), np.ones((4, 1))]).astype(np.float32))
    items = csr_array((np.eye(4) * 2 + 0.5).astype(np.float32))
    start = csr_array(np.full((5, 4), 0.3, np.float32))
    config = TableConfig(batch_size=4, rate=0.05, **settings)
    return TableTraining(start, spoken, items, items, np.arange(4), 1.0, config)


def test_descent_learns_which_word_means_which_image_and_that_one_means_none() -> None:
    training = _training(price=0.001)
    losses = [training.run_epoch() for _ in range(20)]
    assert losses[-1] < losses[0]
    rows = training.table().toarray()
    assert (rows[:4].argmax(1) == np.arange(4)).all() and (rows[:4] > 0).sum() == 4
    assert not rows[4].any()


def test_a_table_costs_no_more_than_is_asked_and_the_price_follows_what_it_costs() -> None:
    training = _training(price=0.1)
    training.run_epoch()
    assert training.price == 0.2  # four products where one is asked for: twice the price, no more at once
    assert products(training.table(), training._sample, training._shares) <= 1.0


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"rate": 0.0}, {"truth": 1.5}, {"price": -1.0}])
def test_a_setting_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match=next(iter(wrong))):
        TableConfig(**wrong)
