"""What marked items make of a question's weights, by hand and in a search."""

from collections.abc import Iterator

import pytest
from PIL import Image

from core.errors import QueryError
from core.models.model import Model
from core.search.marks import ADDED, RIGHT, WRONG, Marks, moves
from core.search.query import Query
from core.search.search import search
from index_store.errors import ItemNotFound
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector

TEXT = "a red dog and the sea at night"


def vector(**weights: float) -> SparseVector:
    """Terms a, b, c … as 0, 1, 2 …"""
    return SparseVector.from_pairs({ord(term) - ord("a"): weight for term, weight in weights.items()})


def test_right_items_add_their_mean_at_the_questions_length() -> None:
    question = vector(a=3.0, b=4.0)  # of length 5
    marks = Marks(right=[vector(b=0.6, c=0.8), vector(c=10.0)])  # of lengths 1 and 10
    expected = {1: RIGHT * 0.6 * 5 / 2, 2: RIGHT * (0.8 * 5 + 5) / 2}
    assert moves(question, frozenset(), marks) == pytest.approx(expected)


def test_wrong_items_take_away_and_a_term_of_the_question_falls_to_nothing_at_most() -> None:
    question = vector(a=0.1, b=1.0)
    wrong = vector(a=1.0, c=1.0)
    moved = moves(question, frozenset(), Marks(wrong=[wrong]))
    length = (0.1**2 + 1) ** 0.5 / 2**0.5
    assert moved == pytest.approx({0: -0.1, 2: -WRONG * length})


def test_the_more_a_question_speaks_the_less_marks_say() -> None:
    question, marks = vector(a=3.0, b=4.0), Marks(right=[vector(c=1.0)])
    said = [moves(question, {*range(spoken)}, marks)[2] for spoken in (0, 1, 2)]
    assert said == pytest.approx([RIGHT * 5, RIGHT * 5, RIGHT * 5 / 4])


def test_a_spoken_term_never_falls() -> None:
    assert moves(vector(a=1.0), {0}, Marks(wrong=[vector(a=2.0)])) == {}


def test_what_right_and_wrong_items_share_evens_out() -> None:
    both = vector(c=1.0)
    moved = moves(vector(a=1.0), frozenset(), Marks(right=[both], wrong=[both]))
    assert moved == pytest.approx({2: RIGHT - WRONG})


def test_only_the_terms_that_move_most_are_added() -> None:
    many = SparseVector.from_pairs({term: 1.0 + term / 100 for term in range(1, 40)})
    moved = moves(vector(a=1.0), frozenset(), Marks(right=[many]))
    assert sorted(moved) == list(range(40 - ADDED, 40))


def test_a_question_without_a_term_takes_marked_items_as_they_are() -> None:
    assert moves(vector(), frozenset(), Marks(right=[vector(c=2.0)])) == pytest.approx({2: RIGHT * 2.0})


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[Collection]:
    path = tmp_path_factory.mktemp("marked") / "collection"
    with Collection.create(path, model=model.name, vocabulary=model.vocabulary.terms) as collection:
        vectors = model.encode_images(patches)
        collection.add([NewItem("image", f"/p/{n}.png", None, f"i{n}", one) for n, one in enumerate(vectors)])
        yield collection


def test_marks_are_the_same_as_their_weights_by_hand(model: Model, filled: Collection) -> None:
    """A marked question finds what one finds whose weights somebody typed: nothing of it is hidden."""
    first = search(model, filled, Query(TEXT, k=40))
    marked = Query(TEXT, k=40, right=[first.hits[4].id], wrong=[first.hits[0].id, first.hits[1].id])
    answer = search(model, filled, marked)
    moved = [term for term in answer.all_terms if term.marked]
    assert {term.marked > 0 for term in moved} == {True, False}
    typed = search(model, filled, Query(TEXT, k=40, weights={term.term: term.weight for term in answer.all_terms}))
    assert [hit.id for hit in typed.hits] == [hit.id for hit in answer.hits]
    assert [hit.score for hit in typed.hits] == pytest.approx([hit.score for hit in answer.hits], rel=1e-5)
    ranks = [[hit.id for hit in found.hits].index(first.hits[4].id) for found in (first, answer)]
    assert ranks[1] < ranks[0]


def test_a_weight_by_hand_overrides_what_marks_say(model: Model, filled: Collection) -> None:
    first = search(model, filled, Query(TEXT, k=5))
    marked = search(model, filled, Query(TEXT, k=5, right=[first.hits[3].id]))
    term = next(term for term in marked.all_terms if term.marked)
    typed = search(model, filled, Query(TEXT, k=5, right=[first.hits[3].id], weights={term.term: 0.0}))
    assert next(one.weight for one in typed.all_terms if one.term == term.term) == 0.0


@pytest.mark.parametrize("marks", [{"right": [3], "wrong": [3]}, {"right": 3}, {"wrong": "34"}, {"right": [-1]}])
def test_marks_that_make_no_sense_are_refused_in_a_sentence(marks: dict) -> None:
    with pytest.raises(QueryError):
        Query(TEXT, **marks).check()


def test_an_item_that_is_gone_cannot_be_marked(model: Model, filled: Collection) -> None:
    with pytest.raises(ItemNotFound):
        search(model, filled, Query(TEXT, right=[10_000]))
