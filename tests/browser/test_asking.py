"""While a question is asked the page says that it computes; and the browser keeps what was asked last."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from demo.web import App
from index_store.opening import open_collection
from tests.browser.driver import HOSTILE, IN_BROWSER, PHONE, Locator, Page, expect, width_needed

pytestmark = IN_BROWSER
RECENT, BUSY = "#recent .sw-recent", "#busy .sw-busy"


def ask(page: Page, text: str) -> None:
    page.locator("#query input").fill(text)
    page.locator("#query input").press("Enter")


def answered(page: Page, text: str) -> None:
    ask(page, text)
    expect(page.locator(f"{RECENT} li").first).to_contain_text(text)
    expect(page.locator("#grid .sw-card").first).to_be_visible()


def searching(page: Page) -> Locator:
    """What says that the page computes."""
    return page.get_by_role("status").filter(has_text="Searching …")


def asked(page: Page) -> list[str]:
    """The questions in the list, newest first."""
    return page.locator(f"{RECENT} li bdi").all_text_contents()


def test_a_slow_encoder_shows_that_it_computes_and_says_so(
    visit: Callable[..., Page], app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, go = app.state.searcher.search, threading.Event()

    def slow(*arguments: Any, **options: Any) -> Any:
        go.wait(60)
        return search(*arguments, **options)

    page = visit()
    expect(searching(page)).to_have_count(0)
    monkeypatch.setattr(app.state.searcher, "search", slow)
    try:
        ask(page, "a green boat")
        expect(searching(page)).to_be_visible()  # long before the answer
    finally:
        go.set()
    expect(page.locator(f"{BUSY}")).to_have_text("24 results")
    expect(page.locator("#grid .sw-card")).to_have_count(24)
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    go.clear()
    try:
        page.locator("#query-terms .sw-chip-name").first.click()  # bending is slow too, here
        expect(searching(page)).to_be_visible()
    finally:
        go.set()
    expect(page.locator(f"{BUSY}")).to_contain_text("result")


def test_questions_asked_last_are_kept_here_asked_again_and_cleared(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    expect(page.locator(RECENT)).to_be_hidden()
    for text in ("a green boat", f"a red house {HOSTILE}", "a blue sea", "a green boat"):
        answered(page, text)
    assert asked(page) == ["a green boat", "a blue sea", f"a red house {HOSTILE}"]  # each once, as text
    page.locator(f"{RECENT} summary").click()
    assert width_needed(page) <= PHONE["width"]
    page.get_by_role("link", name="a blue sea").click()
    expect(page.locator("#query input")).to_have_value("a blue sea")
    expect(page.locator("#search-line")).to_be_visible()
    expect(page.locator(f"{RECENT} li bdi").first).to_have_text("a blue sea")
    page.reload()  # another visit of the same browser
    expect(page.locator(f"{RECENT} li")).to_have_count(3)
    page.locator(f"{RECENT} summary").click()
    page.get_by_role("button", name="Clear the list").click()
    expect(page.locator(RECENT)).to_be_hidden()
    page.reload()
    expect(page.locator("#grid .sw-card").first).to_be_visible()
    assert asked(page) in ([], ["a blue sea"])  # the address asks it anew


def test_a_rule_is_a_chip_that_a_press_takes_back_and_what_was_meant_is_a_button(visit: Callable[..., Page]) -> None:
    page = visit()
    answered(page, "a green boat -moon")
    chip = page.locator("#query-terms .sw-rule")
    expect(chip).to_have_count(1)
    expect(chip).to_have_attribute("data-term", "moon")
    for state in ("off", "against"):  # taken back, and said again
        chip.get_by_role("button").click()
        expect(chip).to_have_attribute("data-state", state)
    ask(page, "a grean boat")
    expect(page.locator("#notice")).to_contain_text(
        "‘grean’ is no word that is known here, so ‘green’ was searched for"
    )
    page.locator("#notice").get_by_role("button", name="grean").click()
    expect(page.locator("#query input")).to_have_value('a "grean" boat')
    expect(page.locator("#notice")).not_to_contain_text("searched for")


def test_one_visitor_does_not_see_what_another_asked(visit: Callable[..., Page]) -> None:
    first, second = visit(), visit(visitor="two")
    answered(first, "a green boat")
    second.reload()
    expect(second.locator("#welcome .sw-mosaic")).to_be_visible()
    expect(second.locator(RECENT)).to_be_hidden()


def test_the_list_of_conditions_closes_once_one_is_entered(visit: Callable[..., Page], app: App) -> None:
    assert app.state.path is not None
    with open_collection(app.state.path, writable=True) as collection:
        collection.tag(collection.ids()[:3], add=["best"])  # so that there is a condition to choose
    page = visit()
    ask(page, "a green boat")
    expect(page.locator("#grid .sw-card")).to_have_count(24)
    field, choices = page.locator("#only input[role=combobox]"), page.locator("#only [role=listbox]")
    field.click()
    expect(choices).to_be_visible()
    field.fill("file=1*.png")
    field.press("Enter")
    expect(page.locator("#search-line")).to_contain_text("11 pictures")
    expect(choices).to_be_hidden()
    expect(field).to_be_focused()
