"""Leave-one-out links: by definition, by position, and silent where no word stands out."""

import pytest

from core.errors import QueryError
from core.models.model import Model
from core.search.attribution import MAX_WORDS, _named, word_links


def test_falls_are_what_leaving_a_word_out_takes_away(model: Model) -> None:
    found = word_links(model, "A red dog, a dog and the sea")
    assert found.words == ("a", "red", "dog", "a", "dog", "and", "the", "sea")
    (whole,) = model.encode_texts(["a red dog, a dog and the sea"])
    # a text's row may differ by 1e-5 in another batch, more than a faint weight's millionth part (DenseEncoder)
    assert [link.weight for link in found.links] == pytest.approx(
        sorted(whole.weights.tolist(), reverse=True), abs=1e-5
    )
    (rest,) = model.encode_texts(["a  dog, a dog and the sea"])  # without "red"
    left = dict(zip(rest.terms.tolist(), rest.weights.tolist(), strict=True))
    for link in found.links:  # a whole batch rounds otherwise than one text alone
        term = model.vocabulary.id(link.term)
        assert link.falls[1] == pytest.approx(1 - left.get(term, 0.0) / link.weight, abs=1e-4)


def test_a_word_is_named_only_where_it_stands_out() -> None:
    assert _named((0.1, 0.9, 0.2), (0.2, 1.5, 0.4)) == 1
    assert _named((0.5, 0.55), (0.8, 0.85)) is None  # two words share it
    assert _named((0.2, 0.0), (0.3, 0.0)) is None  # hardly anything hangs on a single word
    assert _named((0.6,), (1.0,)) == 0
    assert _named((1.0, 1.0), (0.4, 2.5)) == 1  # it goes out without either, but lies deep without the second only


def test_no_words_and_too_many(model: Model) -> None:
    assert word_links(model, "… !").links == ()
    with pytest.raises(QueryError, match="at most 40"):
        word_links(model, "dog " * (MAX_WORDS + 1))
