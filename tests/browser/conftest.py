"""The app on a small collection, a browser, and windows that may ask nobody else and raise no error."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.state.app import AppState
from demo.web import App, serve
from index_store.folder.collection import Collection
from tests.browser.driver import CHROMIUM, HOSTILE, QUIET, WIDE, Browser, Page, expect, playwright


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
        index_paths(model, collection, [pictures], alt_texts={(pictures / "caption.png").resolve(): HOSTILE})
    app = serve(AppState(model, root / "collection"))
    yield app
    app.close(verbose=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, app: App) -> Iterator[Callable[..., Page]]:
    """Opens the app in a fresh window; afterwards, nothing may have been asked of any other host, nor gone wrong."""
    contexts, elsewhere, errors = [], [], []

    def note(request: object) -> None:
        url = urlsplit(request.url)  # type: ignore[attr-defined]
        if url.scheme not in ("data", "blob") and url.hostname not in ("127.0.0.1", "localhost"):
            elsewhere.append(request.url)  # type: ignore[attr-defined]

    def open_page(
        viewport: dict[str, int] = WIDE, query: str = "", ready: str = "#welcome .sw-mosaic, #grid .sw-card"
    ) -> Page:
        context = browser.new_context(viewport=viewport)
        contexts.append(context)
        context.on("request", note)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(app.local_url + query)
        expect(page.locator(ready).first).to_be_visible(timeout=30_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert elsewhere == []
    assert errors == []
