"""Two windows on one app in a real browser: each is told what the other did, and refused what was not meant for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from core.models.model import Model
from demo.web import App
from tests.browser.driver import IN_BROWSER, Page, expect

pytestmark = IN_BROWSER


@pytest.fixture(autouse=True)
def own_home(app: App, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home of its own; afterwards, the collection that the app was started with is open again."""
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path / "home"))
    before = app.state.path
    yield
    app.state.use(before, model)


def opened(visit: Callable[..., Page]) -> Page:
    page = visit()
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#library-stats .sw-facts")).to_be_visible()
    return page


def make(page: Page, name: str) -> None:
    page.locator("#library-name input").fill(name)
    page.locator("#library-make").click()
    expect(page.locator("#library-chosen input")).to_have_value(name)


def test_pictures_do_not_go_into_the_collection_of_another_window(
    visit: Callable[..., Page], app: App, patches: list[Image.Image], tmp_path: Path
) -> None:
    one, two = opened(visit), opened(visit)
    make(two, "trip")
    patches[0].save(tmp_path / "one.png")
    one.locator("#library-folder input").fill(str(tmp_path))
    one.locator("#library-go-button").click()
    refusal = one.locator("#library-notice [role=alert]")
    expect(refusal).to_contain_text("Nothing was done: ‘trip’ was opened meanwhile")
    expect(refusal).to_contain_text("still showed ‘collection’")
    expect(one.locator("#library-chosen input")).to_have_value("trip")  # which it shows from now on
    assert app.state.size() == 0 and app.state.shown.name == "trip"
    one.get_by_role("tab", name="Search").click()
    one.get_by_role("tab", name="Library").click()
    one.wait_for_timeout(1_000)
    expect(refusal).to_be_visible()  # until somebody has read it
    one.locator("#library-notice .sw-dismiss").press("Enter")
    expect(refusal).to_have_count(0)
    one.get_by_role("tab", name="Search").click()
    one.get_by_role("tab", name="Library").click()
    expect(one.locator("#library-chosen input")).to_have_value("trip")
    expect(refusal).to_have_count(0)
    one.locator("#library-go-button").click()
    expect(one.locator("#library-notice")).to_contain_text("1 added")


def test_a_window_that_comes_back_is_told_what_is_open_now(visit: Callable[..., Page]) -> None:
    one, two = opened(visit), opened(visit)
    one.get_by_role("tab", name="Search").click()
    one.locator("#query input").fill("a green boat")
    one.locator("#query input").press("Enter")
    expect(one.locator("#grid .sw-card").first).to_be_visible()
    make(two, "trip")
    one.locator("#query input").fill("a red dog")
    one.locator("#query input").press("Enter")
    expect(one.locator("#grid .sw-card")).to_have_count(0)
    expect(one.locator("#notice")).to_contain_text("‘trip’ is open now, and was searched; the page showed ‘collection’")
    one.get_by_role("tab", name="Library").click()
    expect(one.locator("#library-notice")).to_contain_text("‘trip’ is open now; this page showed ‘collection’ before")


def test_a_report_is_gone_with_its_collection_and_a_head_is_not_trained_on_another(
    visit: Callable[..., Page], patches: list[Image.Image], tmp_path: Path
) -> None:
    one, two = opened(visit), opened(visit)
    make(one, "trip")
    patches[0].save(tmp_path / "one.png")
    one.locator("#library-folder input").fill(str(tmp_path))
    one.locator("#library-go-button").click()
    expect(one.locator("#library-notice")).to_contain_text("1 added")
    one.get_by_role("tab", name="Lab").click()
    expect(one.locator("#lab-using")).to_contain_text("The collection trip is open")
    two.get_by_role("tab", name="Search").click()
    two.get_by_role("tab", name="Library").click()
    expect(two.locator("#library-notice")).to_contain_text("1 added")  # as it shows that collection now
    two.locator("#library-chosen input").click()
    two.get_by_role("option", name="collection", exact=True).click()
    expect(two.locator("#library-stats")).to_contain_text("30 pictures")
    expect(two.locator("#library-notice")).not_to_contain_text("added")
    one.get_by_label("The open collection").check()
    one.locator("#lab-train").click()
    refusal = one.locator("#lab-notice [role=alert]")
    expect(refusal).to_contain_text("‘collection’ was opened meanwhile")
    expect(one.locator("#lab-using")).to_contain_text("The collection collection is open")
    one.locator("#lab-notice .sw-dismiss").click()
    expect(refusal).to_have_count(0)
