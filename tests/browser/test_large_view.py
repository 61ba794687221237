"""A result in large, in a real browser: by mouse, keyboard and finger, with what can be done with its file."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from demo.web import App
from tests.browser.driver import IN_BROWSER, PHONE, Page, expect, width_needed

pytestmark = IN_BROWSER
CARD, VIEW = "#grid .sw-card", "dialog[open] .sw-view"


def search(page: Page) -> None:
    page.locator("#query input").fill("a red dog beside the sea")
    page.locator("#query input").press("Enter")
    expect(page.locator(CARD)).to_have_count(24)


def number(page: Page, rank: int) -> None:
    """The view shows the result of this rank, really its picture, and the page behind has it chosen."""
    card = page.locator(CARD).nth(rank - 1)
    expect(page.locator(f"{VIEW} h2")).to_contain_text(f"Result {rank} of 24")
    expect(page.locator(VIEW)).to_have_attribute("data-id", card.get_attribute("data-id"))
    expect(card).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("document.querySelector('dialog .sw-view-picture').naturalWidth > 0")


def test_it_opens_and_walks_and_closes_by_keyboard_and_the_focus_returns(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page)
    page.locator(CARD).first.focus()
    page.keyboard.press("Enter")  # pressed already
    number(page, 1)
    expect(page.get_by_label("The result before")).to_be_disabled()
    for rank in (2, 3):
        page.keyboard.press("ArrowRight")
        number(page, rank)
    page.keyboard.press("ArrowLeft")
    number(page, 2)
    score = page.locator(CARD).nth(1).locator(".sw-card-score").text_content().removeprefix("score ")
    expect(page.locator(f"{VIEW} h3")).to_have_text(f"Why: score {score}")
    for _ in range(12):  # round and round inside
        page.keyboard.press("Tab")
        assert page.evaluate("!!document.activeElement.closest('dialog') || document.activeElement === document.body")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(CARD).nth(1)).to_be_focused()
    page.keyboard.press("Enter")  # the same one again
    number(page, 2)


def test_it_opens_from_card_and_explanation_and_closes_by_a_click_beside_it(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page)
    page.locator(CARD).nth(3).dblclick()
    number(page, 4)
    page.get_by_label("The next result").click()
    number(page, 5)
    page.mouse.click(20, 20)  # beside the picture
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.locator("#explanation .sw-enlarge").click()
    number(page, 5)
    page.get_by_label("Close").click()
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_path_and_picture_are_copied_and_the_file_downloaded(visit: Callable[..., Page], app: App) -> None:
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.local_url.rstrip("/"))
    search(page)
    page.locator("#explanation .sw-enlarge").click()
    path = Path(page.locator(f"{VIEW} .sw-path").text_content())
    assert path.is_file()
    page.get_by_role("button", name="Copy path").click()
    expect(page.locator(".sw-view-said")).to_have_text("Path copied.")
    assert page.evaluate("navigator.clipboard.readText()") == str(path)
    page.get_by_role("button", name="Copy picture").click()
    expect(page.locator(".sw-view-said")).to_have_text("Picture copied.")
    assert page.evaluate("navigator.clipboard.read().then(([one]) => one.types)") == ["image/png"]
    with page.expect_download() as loading:
        page.get_by_role("button", name="Download").click()
    assert Path(loading.value.path()).read_bytes() == path.read_bytes()
    assert loading.value.suggested_filename == re.sub(r"[<>:\"/\\|?*~]", "_", path.name)


def test_the_file_opens_on_ones_own_machine_and_nowhere_else(
    visit: Callable[..., Page], app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, bool]] = []
    monkeypatch.setattr(typer, "launch", lambda path, locate: opened.append((path, locate)) or 0)
    monkeypatch.setattr(app.state, "on_own_machine", True)
    page = visit()
    search(page)
    page.locator("#explanation .sw-enlarge").click()
    path = page.locator(f"{VIEW} .sw-path").text_content()
    page.get_by_role("button", name="Show in folder").click()
    expect(page.locator(".sw-view-said")).to_have_text("Its folder opens.")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator(".sw-view-said")).to_have_text("It opens.")
    assert opened == [(path, True), (path, False)]
    monkeypatch.setattr(app.state, "on_own_machine", False)
    page.keyboard.press("ArrowRight")
    number(page, 2)
    expect(page.get_by_role("button", name="Show in folder")).to_have_count(0)


def test_a_file_that_is_gone_leaves_the_small_copy_and_says_so(visit: Callable[..., Page]) -> None:
    page = visit()
    page.route("**/pictures/**", lambda route: route.fulfill(status=404))
    search(page)
    page.locator("#explanation .sw-enlarge").click()
    number(page, 1)
    expect(page.locator(".sw-view-note")).to_be_visible()
    expect(page.locator(".sw-view-picture")).to_have_attribute("src", re.compile("^thumbnails/"))


def test_on_a_phone_all_of_it_can_be_reached(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    search(page)
    page.locator("#explanation .sw-enlarge").click()
    number(page, 1)
    picture, title = (page.locator(f"{VIEW} {part}").bounding_box() for part in (".sw-view-picture", "h2"))
    assert picture["y"] + picture["height"] <= title["y"] and width_needed(page) <= PHONE["width"]
    page.locator(f"{VIEW} .sw-bar").last.scroll_into_view_if_needed()
    expect(page.locator(f"{VIEW} .sw-bar").last).to_be_in_viewport()
    page.get_by_label("The next result").click()
    number(page, 2)
