"""The app on a small collection, a browser, and windows that may ask nobody else and raise no error."""

from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import urlsplit

import pytest
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.state.app import AppState
from demo.web import App, serve
from index_store.folder.collection import Collection
from tests.browser.driver import (
    CHROMIUM,
    HOSTILE,
    QUIET,
    WIDE,
    Browser,
    BrowserContext,
    Page,
    Request,
    expect,
    playwright,
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Iterator[App]:
    """The real app on a collection of 30 pictures; one has a hostile caption, one a hostile file name."""
    root = tmp_path_factory.mktemp("app")
    pictures = root / "pictures"
    pictures.mkdir()
    names = ["caption.png", f"{HOSTILE.replace('/', '')}.png", *(f"{number}.png" for number in range(28))]
    for name, patch in zip(names, patches, strict=False):
        patch.save(pictures / name)
    terms = model.vocabulary.terms
    with Collection.create(root / "collection", model=model.name, vocabulary=terms) as collection:
        alt_texts = {(pictures / "caption.png").resolve(): HOSTILE}
        index_paths(model, collection, [pictures], alt_texts=alt_texts, keep_dense=True)
    app = serve(AppState(model, root / "collection"))
    yield app
    app.close(verbose=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Callable[[dict[str, int], str], BrowserContext]:
    """The windows of a size and a visitor, which share the files of the page that they have fetched and compiled."""

    @cache
    def windows_of(width: int, height: int, visitor: str) -> BrowserContext:
        return browser.new_context(viewport={"width": width, "height": height})

    return lambda viewport, visitor: windows_of(viewport["width"], viewport["height"], visitor)


@pytest.fixture
def visit(windows: Callable[[dict[str, int], str], BrowserContext], app: App) -> Iterator[Callable[..., Page]]:
    """Opens the app in a window that remembers nothing; afterwards, no other host was asked, and nothing went wrong."""
    pages: list[Page] = []
    elsewhere, errors = [], []

    def note(request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.hostname not in ("127.0.0.1", "localhost"):
            elsewhere.append(request.url)

    def open_page(
        viewport: dict[str, int] = WIDE,
        query: str = "",
        ready: str = "#welcome .sw-mosaic, #grid .sw-card",
        visitor: str = "one",
    ) -> Page:
        page = windows(viewport, visitor).new_page()
        pages.append(page)
        page.on("request", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(app.local_url + query)
        expect(page.locator(ready).first).to_be_visible(timeout=30_000)
        return page

    yield open_page
    for page in pages:
        if page.is_closed():
            continue
        forget(page, app.local_url)
        page.close()
    assert elsewhere == []
    assert errors == []


def forget(page: Page, origin: str) -> None:
    """Takes from the windows of a page what they remember of an app, all but the files that they have fetched."""
    everything = "cookies,local_storage,indexeddb,service_workers,websql,file_systems"
    page.context.new_cdp_session(page).send(
        "Storage.clearDataForOrigin", {"origin": origin.rstrip("/"), "storageTypes": everything}
    )
    page.context.clear_permissions()
