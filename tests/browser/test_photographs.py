"""A person's own photographs in a real browser: led from the first screen to a folder, indexed, found and explained."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.state.app import AppState
from demo.web import App, serve
from tests.browser.driver import IN_BROWSER, PHONE, WIDE, Page, expect, width_needed
from tests.photographs import many_photographs

pytestmark = IN_BROWSER
BIG_CATS = {"cheetah1.jpg", "cheetah2.jpg", "lion.jpg"}
COPIES = 12  # of each photograph: enough of them that the progress can be seen
LATE = 90_000


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app as it starts, on a small built-in world."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTWORDS_HOME", str(tmp_path_factory.mktemp("app") / "home"))
        app = serve(AppState(pictures=8))
        app.state.ready()
        yield app
        app.close(verbose=False)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    return many_photographs(tmp_path / "My photographs", COPIES)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_folder_of_photographs_is_named_indexed_searched_and_looked_into(
    visit: Callable[..., Page],
    app: App,
    photographs: Path,
    viewport: dict[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path / "home"))
    app.state.use(None, "scenes")
    page = visit(viewport)
    expect(page.locator("#own-photographs")).to_be_in_viewport()
    assert width_needed(page) <= viewport["width"]
    page.locator("#own-photographs").click()
    expect(page.locator("#library-folder input")).to_be_focused()
    expect(page.locator("#library-folder input")).to_be_in_viewport()
    expect(page.locator("#library-purpose")).to_contain_text("photographs of your own")
    page.keyboard.type(str(photographs))
    page.locator("#library-go-button").click()
    progress = page.locator("#library-notice progress")
    expect(progress).to_be_visible(timeout=LATE)
    expect(progress).to_be_in_viewport()
    expect(page.locator("#library-notice")).to_contain_text(f"{5 * COPIES} added", timeout=LATE)
    expect(page.locator("#library-chosen input")).to_have_value("My photographs")
    expect(page.locator("#library-stats .sw-facts")).to_contain_text("photos")
    assert width_needed(page) <= viewport["width"]

    page.get_by_role("tab", name="Search").click()
    expect(page.locator("#own-photographs")).to_be_hidden()
    page.locator("#query input").fill("a cheetah")
    page.locator("#query input").press("Enter")
    first = page.locator("#grid .sw-card").first
    expect(first).to_be_visible()
    name = first.get_attribute("title") or ""
    assert name.split(".")[0] + ".jpg" in BIG_CATS, name
    term = page.locator("#explanation [data-see]").first
    expect(term).to_be_visible()
    term.click()
    expect(page.locator("#explanation .sw-heat")).to_be_visible()
    expect(page.locator("#explanation .sw-seen")).to_contain_text("was seen")
    page.locator("#word-links summary").click()
    expect(page.locator("#word-links")).to_contain_text("cheetah")
    page.get_by_role("button", name="More like this").click()
    expect(page.locator("#picture img")).to_be_visible()
    assert (page.locator("#grid .sw-card").first.get_attribute("title") or "").split(".")[0] + ".jpg" in BIG_CATS
    assert width_needed(page) <= viewport["width"]


def test_a_term_page_and_a_comparison_know_photographs(
    visit: Callable[..., Page], app: App, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.library.indexing.sync import index_paths
    from core.models.registry import load_model
    from index_store.folder.collection import Collection

    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path / "home"))
    model = load_model("photos")
    with Collection.create(tmp_path / "c", model=model.name, vocabulary=model.vocabulary.terms) as collection:
        index_paths(model, collection, [photographs])
    app.state.use(tmp_path / "c", model)
    page = visit(WIDE, "?term=cheetah", "#term-page .sw-term-page")
    expect(page.locator("#term-page")).to_contain_text("cheetah")
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare-query input").fill("a cheetah")
    page.locator("#compare-query input").press("Enter")
    expect(page.locator("#comparison .sw-side")).to_have_count(2, timeout=LATE)
