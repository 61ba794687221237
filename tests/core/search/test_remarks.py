"""What is said beside an answer: by hand, and through search, where a threshold decides it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.search.query import Query
from core.search.remarks import best_match, is_answered, remarks
from core.search.search import search
from index_store.folder.collection import Collection
from index_store.vectors import SparseVector

QUESTION = "a red dog beside the sea"


def vector(**weights: float) -> SparseVector:
    return SparseVector.from_pairs({ord(term): weight for term, weight in weights.items()})


def test_a_match_is_the_share_of_the_question_that_an_item_holds() -> None:
    question = vector(a=2.0, b=1.0)  # squared: 4 and 1
    assert best_match(question, vector(a=2.0, b=1.0)) == 1.0
    assert best_match(question, vector(a=3.0, z=9.0)) == pytest.approx(
        4 / 5
    )  # more of it, or other things, change nothing
    assert best_match(question, vector(a=0.5, b=1.0)) == pytest.approx((2 * 0.5 + 1) / 5)
    assert best_match(question, vector(z=1.0)) == best_match(vector(), vector(a=1.0)) == 0.0


def test_one_of_the_best_items_is_enough_and_no_threshold_says_nothing() -> None:
    question, items = vector(a=1.0, b=1.0), [vector(a=1.0), vector(a=0.8, b=0.9)]
    assert is_answered(question, items, 0.8) is True and is_answered(question, items[:1], 0.8) is False
    assert is_answered(question, [], 0.1) is False and is_answered(question, items, None) is None


def test_each_reason_has_its_own_sentence() -> None:
    (one,) = remarks("photos", ("zebu",), False, False)  # that nothing answers it has a reason, so it is not said
    assert one.sentence == "The model 'photos' does not know the word ‘zebu’." and one.words == ("zebu",)
    assert "the words ‘a’, ‘b’ and ‘c’" in remarks("photos", ("a", "b", "c"), False, None)[0].sentence
    (two,) = remarks("scenes", (), True, False)
    assert two.sentence.startswith("Nothing in this collection is like this")
    (two,) = remarks("scenes", (), True, False, world=True)
    assert two.sentence.startswith("The illustrated world holds nothing like this")
    (three,) = remarks("photos", (), False, False)
    assert three.kind == "unanswered" and three.sentence.startswith("No picture in this collection answers this well")
    assert "among these" in remarks("photos", (), False, False, narrowed=True)[0].sentence
    assert remarks("photos", (), False, True) == remarks("photos", (), False, None) == ()


@pytest.fixture
def strict(model: Model) -> Model:
    """The small model, which counts a question as answered by an item that holds all of it only."""
    return Model(model.name, model.encoder, model.head, model.vocabulary, answered_from=1.0)


def test_search_says_when_nothing_answers_well(
    collection: Collection, folder: Path, model: Model, strict: Model
) -> None:
    index_paths(model, collection, [folder])
    assert search(model, collection, Query(QUESTION)).answered is None
    found = search(strict, collection, Query(QUESTION))
    assert found.hits and found.answered is False
    assert [remark.kind for remark in found.remarks] == ["unanswered"]
    document = json.loads(json.dumps(found.to_json()))
    assert document["answered"] is False and document["unknown_words"] == []
    assert document["remarks"][0]["said"].startswith("No picture in this collection answers this well")
    easy = Model(model.name, model.encoder, model.head, model.vocabulary, answered_from=0.0)
    assert search(easy, collection, Query(QUESTION)).answered is True
    assert [one.kind for one in search(strict, collection, Query("a red zebra")).remarks] == ["unknown words"]
    narrowed = search(strict, collection, Query(QUESTION, where=["file=*.png"]))
    assert "among these" in narrowed.remarks[0].sentence


def test_only_a_question_in_words_is_judged_and_a_bent_one_is_not(
    collection: Collection, folder: Path, model: Model, strict: Model
) -> None:
    index_paths(model, collection, [folder])
    (vector,) = collection.vectors([1])
    assert search(strict, collection, Query(vector=vector)).answered is None
    plain = Query(QUESTION, k=3)
    assert search(strict, collection, plain).answered is False
    assert search(strict, collection, replace(plain, weights={model.vocabulary.terms[0]: 2.0})).answered is None
    assert search(strict, collection, replace(plain, like=1)).answered is None
    assert search(strict, collection, replace(plain, kind="caption")).answered is None
