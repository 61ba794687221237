"""A question survives its link, and whatever comes in by a link or from a page is made harmless."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.query import Query
from demo.state.question import FIRST, among, clean_weights, conditions_of, from_link, to_link

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
weights = st.integers(-1000, 1000).map(lambda n: n / 100)


@given(
    texts, st.one_of(st.none(), st.integers(0, 10**9)), st.integers(0, 20),
    st.sampled_from(["full", "literal", "hybrid"]), st.sampled_from(["image", "caption", "both"]),
    st.dictionaries(texts, weights, max_size=6), st.sets(st.sampled_from(["tag=best", "width>=100", "caption=a b"])),
    st.sets(st.sampled_from(["dog", "red sofa", "=x"])), st.one_of(st.none(), st.integers(1, 10**12)),
)  # fmt: skip
def test_a_link_restores_the_question(text, like, twentieth, mode, kind, edits, only, without, budget) -> None:  # type: ignore[no-untyped-def]
    question = replace(
        FIRST, text=text, like=like, share=twentieth / 20, expansion=(20 - twentieth) / 20, mode=mode, kind=kind,
        weights=edits, where=tuple(only), without=tuple(without), budget=budget,
    )  # fmt: skip
    asked = question if text.strip() else replace(question, text="")  # a blank one asks nothing
    assert from_link(to_link(question)) == asked


def asked(text: str) -> Query:
    return replace(FIRST, text=text)


def test_a_plain_question_makes_a_short_link() -> None:
    assert to_link(asked("a red boat")) == "q=a+red+boat" and to_link(replace(FIRST, expansion=0.5)) == ""


@pytest.mark.parametrize(
    "link",
    [
        "q=x&expansion=nan&share=7&mode=sideways&kind=soup&like=-3&like=1e9",
        "q=x&only=best&only=colour%3Dred&only=",
        "q=x&w=dog&w=:1&w=dog:nan&w=dog:99&w=dog:one",
        "q=x&without=&without=+&budget=0&budget=-3&budget=many&budget=1e99&budget=nan",
    ],
)
def test_what_makes_no_sense_is_passed_over(link: str) -> None:
    assert from_link(link) == asked("x")


@given(st.text(max_size=200))
def test_no_link_is_an_error(link: str) -> None:
    from_link(link)


def test_a_term_that_is_not_to_be_there_is_one_of_the_conditions_of_a_page() -> None:
    query = among(FIRST, ["tag=best", "without=dog", "without=dog", "without=red sofa"])
    assert (query.where, query.without) == (("tag=best",), ("dog", "red sofa"))
    assert conditions_of(query) == ["tag=best", "without=dog", "without=red sofa"]
    assert among(query, []) == FIRST and len(among(FIRST, [f"tag={n}" for n in range(99)]).where) == 20


def test_edits_from_a_page_may_be_anything() -> None:
    sent = {"dog": 1, "cat": -0.5, "a": "1", "b": None, "c": float("nan"), "d": 11, "e": True, 7: 1.0}
    assert clean_weights(sent) == {"dog": 1.0, "cat": -0.5}
    assert clean_weights([1]) == {} and clean_weights(None) == {}
    assert len(clean_weights({str(n): 1 for n in range(5000)})) == 100
