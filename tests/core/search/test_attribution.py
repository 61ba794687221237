"""Leave-one-out links: by definition, by position, and silent where no word stands out."""

import pytest

from core.errors import QueryError
from core.models.model import Model
from core.search.attribution import MAX_WORDS, word_links
from core.search.links import named_word
from index_store.vectors import SparseVector
from tests.rounding import ROUNDING, alike

pytestmark = pytest.mark.numeric


def test_falls_are_what_leaving_a_word_out_takes_away(model: Model) -> None:
    found = word_links(model, "A red dog, a dog and the sea")
    assert found.words == ("a", "red", "dog", "a", "dog", "and", "the", "sea")
    weights = [link.weight for link in found.links]
    assert weights == sorted(weights, reverse=True)
    (whole,) = model.encode_texts(["a red dog, a dog and the sea"])
    ids = {link.term: model.vocabulary.terms.index(link.term) for link in found.links}
    assert alike(SparseVector.from_pairs({ids[link.term]: link.weight for link in found.links}), whole)
    (rest,) = model.encode_texts(["a  dog, a dog and the sea"])  # without "red"
    left = dict(zip(rest.terms.tolist(), rest.weights.tolist(), strict=True))
    for link in found.links:  # a whole batch rounds otherwise than one text alone, both times
        assert link.falls[1] * link.weight == pytest.approx(
            link.weight - left.get(ids[link.term], 0.0), abs=2 * ROUNDING
        )


def test_a_word_is_named_only_where_it_stands_out() -> None:
    assert named_word((0.1, 0.9, 0.2), (0.2, 1.5, 0.4)) == 1
    assert named_word((0.5, 0.55), (0.8, 0.85)) is None  # two words share it
    assert named_word((0.2, 0.0), (0.3, 0.0)) is None  # hardly anything hangs on a single word
    assert named_word((0.6,), (1.0,)) == 0
    assert named_word((1.0, 1.0), (0.4, 2.5)) == 1  # it goes out without either, but lies deep without the second only


def test_no_words_and_too_many(model: Model) -> None:
    assert word_links(model, "… !").links == ()
    with pytest.raises(QueryError, match="at most 40"):
        word_links(model, "dog " * (MAX_WORDS + 1))
