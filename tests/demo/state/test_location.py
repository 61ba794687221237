"""What an address holds: every field of a question, a collection's name, and an item only with its mark."""

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from core.search.query import Query
from demo.state.location import Location, item_mark
from demo.state.question import FIRST, LINKED, NOT_LINKED
from index_store.items import Item

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(names, st.one_of(st.none(), st.integers(0, 10**9)), st.booleans(), st.integers(1, 240))
def test_an_address_is_read_as_it_was_written(name: str, like: int | None, picture: bool, k: int) -> None:
    question = replace(FIRST, text="a dog", like=like, k=k, weights={"a:b": -0.5}, without=("cat",), each=True)
    location = Location(question, name, "" if like is None else "0f3a", picture)
    assert Location.parse(str(location)) == location == Location.parse(f"?{location}")


def test_an_address_carries_every_field_of_a_query_but_what_no_text_can_hold() -> None:
    assert set(LINKED.values()) | set(NOT_LINKED) == {field.name for field in fields(Query)}


@given(st.text(max_size=300))
def test_no_address_is_an_error(address: str) -> None:
    Location.parse(address)


def test_a_flood_of_parts_is_no_error_and_asks_nothing() -> None:
    assert Location.parse("&".join(f"w=dog:{n}" for n in range(1000))) == Location()
    assert not Location.parse(f"q={'x' * 30_000}").asks


def test_nothing_asked_is_no_address_and_a_picture_keeps_its_settings() -> None:
    assert str(Location(replace(FIRST, expansion=0.5), "trip")) == ""
    assert str(Location(replace(FIRST, expansion=0.5), "my trip", picture=True)) == "expansion=0.5&picture=1&in=my+trip"


def test_items_with_one_id_have_marks_of_their_own() -> None:
    item = Item(410, "image", "/home/ann/a.png", "a dog", "ff00", 1, 1, 1, "", None)
    moved = replace(item, id=7, path="/mnt/a.png", caption=None)
    other, caption = replace(item, content_hash="ff01"), replace(item, kind="caption")
    assert item_mark(item) == item_mark(moved)
    assert len({item_mark(one) for one in (item, other, caption, replace(caption, caption="a cat"))}) == 4
