"""The address and the history of a page in a real browser: back, forth, reload, and links to other collections."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.web import App
from index_store.folder.collection import Collection
from tests.browser.driver import IN_BROWSER, Page, expect

pytestmark = IN_BROWSER
FIRST, SECOND, THIRD = "a red dog beside the sea", "a green boat", "a house and a tree"


def search(page: Page, text: str) -> None:
    page.locator("#query input").fill(text)
    page.locator("#query input").press("Enter")
    expect(page.locator("#query-terms [data-edits]")).to_have_attribute("data-question", re.compile(re.escape(text)))
    wait_for_address(page, q=text)


def wait_for_address(page: Page, **named: str) -> None:
    page.wait_for_function(
        "named => Object.entries(named).every(([name, value]) => "
        "new URLSearchParams(location.search).get(name) === value)",
        arg=named,
    )


def cards(page: Page) -> list[str]:
    return [card.get_attribute("data-id") for card in page.locator("#grid .sw-card").all()]


def test_back_and_forth_show_each_question_with_its_settings_and_results(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, FIRST)
    page.locator("#expansion input[type=number]").fill("0.4")
    page.locator("#expansion input[type=number]").press("Enter")
    wait_for_address(page, expansion="0.4")
    page.locator("#grid .sw-card").nth(2).click()
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 3")
    first = cards(page)
    search(page, SECOND)
    page.locator("#grid .sw-page").click()
    wait_for_address(page, k="48")
    expect(page.locator("#grid .sw-card")).to_have_count(30)
    second, address = cards(page), page.url
    search(page, THIRD)
    page.go_back()
    expect(page.locator("#query input")).to_have_value(SECOND)
    expect(page.locator("#grid .sw-card")).to_have_count(30)
    assert page.url == address and cards(page) == second
    page.go_back()
    expect(page.locator("#query input")).to_have_value(FIRST)
    expect(page.locator("#expansion input[type=number]")).to_have_value("0.4")
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 3")
    assert cards(page) == first
    page.go_back()
    expect(page.locator("#query input")).to_have_value("")
    expect(page.locator("#grid .sw-card")).to_have_count(0)
    expect(page.locator("#welcome .sw-mosaic")).to_be_visible()
    assert not urlsplit(page.url).query
    for text in (FIRST, SECOND, THIRD):
        page.go_forward()
        expect(page.locator("#query input")).to_have_value(text)
    expect(page.locator("#expansion input[type=number]")).to_have_value("0.4")
    page.reload()
    expect(page.locator("#query input")).to_have_value(THIRD)
    expect(page.locator("#grid .sw-card").first).to_be_visible()


def test_steps_taken_at_once_end_where_the_last_one_leads(visit: Callable[..., Page]) -> None:
    page = visit()
    for text in (FIRST, SECOND, THIRD):
        search(page, text)
    for _ in range(3):
        page.evaluate("history.back(); setTimeout(() => history.back(), 30); setTimeout(() => history.back(), 60)")
        page.wait_for_function("!location.search")
        expect(page.locator("#query input")).to_have_value("")
        page.evaluate("history.forward(); setTimeout(() => history.go(2), 40)")
        expect(page.locator("#query input")).to_have_value(THIRD)
        wait_for_address(page, q=THIRD)


def test_a_question_with_a_picture_survives_back_and_reload_until_that_is_not_kept_any_more(
    visit: Callable[..., Page], app: App, tmp_path: Path, patches: list[Image.Image]
) -> None:
    page = visit()
    patches[3].save(tmp_path / "mine.png")
    with page.expect_file_chooser() as mine:
        page.locator("#picture-button").click()
    mine.value.set_files(tmp_path / "mine.png")
    expect(page.locator("#picture")).to_contain_text("mine.png")
    wait_for_address(page, picture="1")
    found = cards(page)
    page.locator(".sw-picture-off").click()
    expect(page.locator("#grid .sw-card")).to_have_count(0)
    page.go_back()
    expect(page.locator("#picture")).to_contain_text("mine.png")
    page.reload()
    expect(page.locator("#picture")).to_contain_text("mine.png")
    expect(page.locator("#grid .sw-card").first).to_be_visible()
    assert cards(page) == found
    copied = visit(query=f"?{urlsplit(page.url).query}", ready="#notice [role=alert]")
    expect(copied.locator("#notice")).to_contain_text("is not kept any more; choose it again")
    app.state.sent._kept.clear()
    page.reload()
    expect(page.locator("#notice [role=alert]")).to_contain_text("is not kept any more; choose it again")
    expect(page.locator("#grid .sw-card")).to_have_count(0)


@pytest.fixture
def other(
    app: App, model: Model, patches: list[Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Another collection to choose, of five pictures; afterwards the first one is open again."""
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path / "home"))
    before, pictures = app.state.path, tmp_path / "pictures"
    pictures.mkdir()
    for number, patch in enumerate(patches[20:25]):
        patch.save(pictures / f"{number}.png")
    made = Collection.create(
        tmp_path / "home" / "collections" / "trip" / "collection", model=model.name, vocabulary=model.vocabulary.terms
    )
    with made:
        index_paths(model, made, [pictures])
    yield "trip"
    app.state.use(before, model)


def test_a_link_opens_its_collection_or_says_that_it_is_not_there(
    visit: Callable[..., Page], app: App, other: str
) -> None:
    page = visit(query=f"?q=a+red+dog&in={other}")
    expect(page.locator("#grid .sw-card")).to_have_count(5)
    assert app.state.shown.name == other
    page.goto(f"{app.local_url}?q=a+red+dog&in=elsewhere")
    alert = page.locator("#notice [role=alert]")
    said = "The link asks ‘elsewhere’, a collection that is not here; press Search to ask ‘trip’."
    expect(alert).to_have_text(said)
    expect(page.locator("#query input")).to_have_value("a red dog")
    expect(page.locator("#grid .sw-card")).to_have_count(0)
    wait_for_address(page, **{"in": "elsewhere"})
    page.locator("#query input").press("Enter")
    expect(page.locator("#grid .sw-card")).to_have_count(5)
    wait_for_address(page, **{"in": other})


def test_ids_of_another_collection_are_not_taken_for_those_of_the_open_one(
    visit: Callable[..., Page], app: App, other: str
) -> None:
    page = visit()
    search(page, FIRST)
    page.locator("#grid .sw-card").nth(1).click()
    page.locator(".sw-like").click()
    expect(page.locator("#picture .sw-picture")).to_be_visible()
    page.wait_for_function("new URLSearchParams(location.search).has('mark')")
    like = urlsplit(page.url).query
    window = visit(query=f"?in={other}&q=a+boat")
    expect(window.locator("#grid .sw-card")).to_have_count(5)
    # the first window still shows pictures of the collection that was open before
    page.locator(".sw-like").click()
    alert = page.locator("#notice [role=alert]")
    expect(alert).to_contain_text("asked for more like a picture of ‘collection’, and ‘trip’ is open now")
    expect(page.locator("#grid .sw-card")).to_have_count(0)
    foreign = visit(query="?" + like.replace("in=collection", f"in={other}"), ready="#notice [role=alert]")
    expect(foreign.locator("#notice [role=alert]")).to_contain_text("a picture that ‘trip’ does not hold")
    expect(foreign.locator("#grid .sw-card")).to_have_count(0)
    again = visit(query=f"?{like}")  # which opens the collection that it names
    expect(again.locator("#picture .sw-picture")).to_be_visible()
    assert app.state.shown.name == "collection"
