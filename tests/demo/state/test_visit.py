"""What an address makes of a page: its collection is opened or missed, its item checked, its picture found or gone."""

from dataclasses import replace

import pytest
from PIL import Image

from demo.state.app import AppState, OtherCollection
from demo.state.library import Library
from demo.state.location import Location
from demo.state.page import PageState, ask, carried_over, with_sent
from demo.state.question import FIRST
from demo.state.sent_pictures import KEPT, KEPT_S, SentPicture, SentPictures
from demo.state.visit import Visit, arrived

TEXT = replace(FIRST, text="a red dog and a blue house")


def asked(state: AppState, question=TEXT) -> PageState:  # type: ignore[no-untyped-def]
    return ask(state, PageState(question))


def test_an_address_opens_the_collection_that_it_names(state: AppState) -> None:
    library = Library(state)
    page, refusal = arrived(state, library, PageState(), Visit(Location(TEXT, "Trip")))
    assert (refusal, page.shown, state.shown.name) == ("", state.shown, "trip")
    found = ask(state, page)
    assert len(found.result.hits) == 4 and str(found.location) == "q=a+red+dog+and+a+blue+house&in=trip"


def test_a_collection_that_is_not_there_is_said_and_nothing_is_opened(state: AppState) -> None:
    for library, name in ((Library(state), "elsewhere"), (None, "trip"), (Library(state), "../trip")):
        page, refusal = arrived(state, library, PageState(), Visit(Location(replace(TEXT, like=1), name)))
        assert refusal == f"The link asks ‘{name}’, a collection that is not here; press Search to ask ‘mine’."
        assert page.question == TEXT and state.shown.name == "mine"


def test_a_collection_is_not_taken_from_another_window_by_going_back(state: AppState) -> None:
    library, page = Library(state), asked(state)
    library.use("trip")
    _, refusal = arrived(state, library, page, Visit(page.location))
    assert refusal.startswith("Nothing was done: ‘trip’ was opened meanwhile") and state.shown.name == "trip"
    again, refusal = arrived(state, library, carried_over(state, page), Visit(page.location))
    assert refusal == "" and state.shown.name == "mine" and again.question == TEXT


def test_an_id_counts_only_for_the_item_that_it_was_of(state: AppState) -> None:
    library = Library(state)
    like = asked(state, replace(FIRST, like=2))
    location = like.location
    assert arrived(state, library, PageState(), Visit(location))[1] == ""
    for wrong in (
        replace(location, collection="trip"), replace(location, mark=""), replace(location, mark="0f"),
        replace(location, question=replace(FIRST, like=99)),
    ):  # fmt: skip
        page, refusal = arrived(state, library, PageState(), Visit(wrong))
        assert "does not hold; search for it anew" in refusal and page.question.like is None
        library.use("mine")


def test_a_page_does_not_take_its_ids_along_into_another_collection(state: AppState) -> None:
    words, like, mixed = (asked(state, one) for one in (TEXT, replace(FIRST, like=2), replace(TEXT, like=2)))
    bare = PageState(replace(FIRST, like=2), shown=state.shown)  # "more like this", before it is asked
    Library(state).use("trip")
    assert len(ask(state, words).result.hits) == 4
    for page in (like, mixed, bare):
        with pytest.raises(OtherCollection, match="more like a picture of ‘mine’, and ‘trip’ is open now"):
            ask(state, page)
        carried = carried_over(state, page)
        assert (carried.question.like, carried.picture, carried.mark, carried.shown) == (None, None, "", state.shown)
    assert len(ask(state, carried_over(state, mixed)).result.hits) == 4


def test_a_new_collection_of_the_same_name_is_another_one(state: AppState) -> None:
    library = Library(state)
    library.use("trip")
    before = state.shown
    library.rename("trip", "voyage")
    assert state.shown == before and state.shown.name == "voyage"
    library.rename("voyage", "trip")
    library.delete("trip")
    library.create("trip")
    assert state.shown.address == before.address and state.shown != before
    with pytest.raises(OtherCollection, match="‘trip’ was opened meanwhile"):
        state.check_shown(before)
    state.check_shown(state.shown)
    state.check_shown(None)


def test_a_picture_that_was_sent_is_found_by_its_name_alone(state: AppState, patches: list[Image.Image]) -> None:
    encoded = state.searcher.encode_picture(patches[9])
    sent = SentPicture(encoded, "data:,", "mine.png", state.model_name)
    token = state.sent.keep(sent)
    page = ask(state, with_sent(PageState(TEXT), sent, token))
    assert token not in str(page.location) and page.location.picture
    again, refusal = arrived(state, None, PageState(), Visit(page.location, token))
    assert refusal == "" and again.picture is encoded and again.name == "mine.png"
    assert ask(state, again).result.hits == page.result.hits
    for wrong in ("", token[:-1], "x"):
        _, refusal = arrived(state, None, PageState(), Visit(page.location, wrong))
        assert "is not kept any more; choose it again" in refusal
    other = state.sent.keep(replace(sent, model="another"))
    assert "is not kept any more" in arrived(state, None, PageState(), Visit(page.location, other))[1]


def test_only_so_many_pictures_are_kept_and_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, now = SentPictures(), [100.0]
    monkeypatch.setattr("demo.state.sent_pictures.time.monotonic", lambda: now[0])
    names = [kept.keep(SentPicture(None, "", str(n), "")) for n in range(KEPT + 2)]  # type: ignore[arg-type]
    assert len(set(names)) == KEPT + 2 and min(map(len, names)) >= 20
    assert [kept.get(name) is None for name in names[:3]] == [True, True, False]
    now[0] += KEPT_S
    assert kept.get(names[-1]).name == str(KEPT + 1)
    now[0] += 1
    assert kept.get(names[-1]) is None
