"""A question survives its link, and whatever comes in by a link or from a page is made harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.state.question import Question, clean_edits, from_link

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
weights = st.integers(-1000, 1000).map(lambda n: n / 100)


@given(
    texts, st.one_of(st.none(), st.integers(0, 10**9)), st.integers(0, 20),
    st.sampled_from(["full", "literal", "hybrid"]), st.sampled_from(["image", "caption", "both"]),
    st.dictionaries(texts, weights, max_size=6), st.sets(st.sampled_from(["tag=best", "width>=100", "caption=a b"])),
)  # fmt: skip
def test_a_link_restores_the_question(text, like, twentieth, mode, kind, edits, only) -> None:  # type: ignore[no-untyped-def]
    question = Question(text, like, twentieth / 20, (20 - twentieth) / 20, mode, kind, edits, only=tuple(only))
    assert from_link(question.to_link()) == question


def test_a_plain_question_makes_a_short_link() -> None:
    assert Question("a red boat").to_link() == "q=a+red+boat" and Question(expansion=0.5).to_link() == ""


@pytest.mark.parametrize(
    "link",
    [
        "q=x&expansion=nan&share=7&mode=sideways&kind=soup&like=-3&like=1e9",
        "q=x&only=best&only=colour%3Dred&only=",
        "q=x&w=dog&w=:1&w=dog:nan&w=dog:99&w=dog:one",
    ],
)
def test_what_makes_no_sense_is_passed_over(link: str) -> None:
    assert from_link(link) == Question("x")


@given(st.text(max_size=200))
def test_no_link_is_an_error(link: str) -> None:
    from_link(link)


def test_edits_from_a_page_may_be_anything() -> None:
    sent = {"dog": 1, "cat": -0.5, "a": "1", "b": None, "c": float("nan"), "d": 11, "e": True, 7: 1.0}
    assert clean_edits(sent) == {"dog": 1.0, "cat": -0.5}
    assert clean_edits([1]) == {} and clean_edits(None) == {}
    assert len(clean_edits({str(n): 1 for n in range(5000)})) == 100
