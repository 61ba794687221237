"""Searching in a real browser: typed, explained, by keyboard, on a phone, with hostile names, and without a network."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from core.indexing import index_paths
from core.model import Model
from demo.session import Session
from demo.web import App, serve
from index_store.collection import Collection
from index_store.vectors import SparseVector

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (the extra 'test')")
Browser, Page, expect = playwright.Browser, playwright.Page, playwright.expect

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (Debian: apt install chromium, or set CHROMIUM)"),
]

QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
HOSTILE = "<img src=x onerror=window.hacked=1>"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


class HeldModel(Model):
    """A model that encodes `after` batches of pictures and then waits to be told to go on."""

    def __init__(self, model: Model, after: int) -> None:
        super().__init__(model.name, model.encoder, model.head, model.vocabulary, model.about)
        self.left, self.go_on = after, threading.Event()

    def encode_images(self, images: Sequence[Image.Image]) -> list[SparseVector]:
        if self.left == 0:
            assert self.go_on.wait(60)
        self.left = max(self.left - 1, 0)
        return super().encode_images(images)


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
    app = serve(Session(model, root / "collection"))
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

    def open_page(viewport: dict[str, int] = WIDE, query: str = "") -> Page:
        context = browser.new_context(viewport=viewport)
        contexts.append(context)
        context.on("request", note)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(app.local_url + query)
        expect(page.locator("#welcome .sw-mosaic, #grid .sw-card").first).to_be_visible(timeout=30_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert elsewhere == []
    assert errors == []


@pytest.fixture(scope="module")
def spoken(model: Model) -> str:
    """Words that the model lights up itself when it reads them, so that literal matching has something to go by."""
    text = " ".join(model.vocabulary.terms[:22])
    (vector,) = model.encode_texts([text])
    literal = set(model.vocabulary.literal_ids(text)) & set(vector.terms.tolist())
    assert literal, "the random model lights up none of the words; change its seed"
    return text


def search(page: Page, text: str) -> None:
    page.locator("#query input").fill(text)
    page.locator("#query input").press("Enter")
    expect(page.locator("#grid .sw-card").first).to_be_visible()


def contributions(page: Page) -> list[float]:
    bars = page.locator("#explanation .sw-bar").all()
    return [float(bar.get_attribute("data-contribution")) for bar in bars]


def check_sum(page: Page) -> None:
    parts, score = contributions(page), float(page.locator("#explanation .sw-total").get_attribute("data-score"))
    assert parts == sorted(parts, reverse=True)
    assert sum(parts) == pytest.approx(score, rel=1e-5)
    shown = [float(text) for text in page.locator("#explanation .sw-sum b").all_text_contents()]
    assert f"{sum(shown):.3f}" == page.locator("#explanation .sw-total b").inner_text()


def width_needed(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth")


def test_a_typed_question_is_answered_and_explained(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a red dog beside the sea")
    assert page.locator("#grid .sw-card").count() == 24
    expect(page.locator("#query-terms .sw-chip").first).to_be_visible()
    expect(page.locator("#search-line")).to_contain_text("proven exact")
    expect(page.locator("#search-line")).to_contain_text("the best 24 of 30 pictures")
    expect(page.locator("#about")).to_contain_text("with random weights")
    check_sum(page)
    scores = [float(text.removeprefix("score ")) for text in page.locator(".sw-card-score").all_text_contents()]
    assert scores == sorted(scores, reverse=True)
    page.wait_for_function("document.querySelector('#grid img').naturalWidth > 0")  # thumbnails are really served


def test_another_result_is_chosen_with_the_mouse(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a green boat")
    card = page.locator("#grid .sw-card").nth(4)
    card.click()
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 5")
    expect(card).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#grid [aria-pressed=true]")).to_have_count(1)
    expect(page.locator("#explanation .sw-detail-score b")).to_have_text(
        card.locator(".sw-card-score").text_content().removeprefix("score ")
    )
    check_sum(page)


def test_the_explanation_stays_in_sight_however_far_down_the_result(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a green boat")
    page.locator("#grid .sw-card").last.click()
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 24")
    expect(page.locator("#explanation h2")).to_be_in_viewport()


def test_another_result_is_chosen_with_the_keyboard(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a green boat")
    page.locator("#grid .sw-card").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.locator("#grid .sw-card").nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 3")
    expect(page.locator("#grid .sw-card").nth(2)).to_be_focused()


def test_an_example_asks_at_once(visit: Callable[..., Page]) -> None:
    page = visit()
    page.locator("#example-0").click()
    expect(page.locator("#query input")).to_have_value("a cat on a red sofa")
    expect(page.locator("#grid .sw-card").first).to_be_visible()
    expect(page.locator("#notice")).to_contain_text("has never seen the word ‘sofa’")


def test_expansion_and_mode_search_again_at_once(visit: Callable[..., Page], spoken: str) -> None:
    page = visit()
    search(page, spoken)
    expect(page.locator("#query-terms .sw-chip.sw-expansion").first).to_be_attached()
    page.locator("#expansion input[type=number]").fill("0")
    page.locator("#expansion input[type=number]").press("Enter")
    expect(page.locator("#query-terms .sw-chip.sw-expansion")).to_have_count(0)
    expect(page.locator("#query-terms .sw-chip.sw-literal").first).to_be_visible()
    page.locator("#expansion input[type=number]").fill("1")
    page.locator("#expansion input[type=number]").press("Enter")
    expect(page.locator("#query-terms .sw-chip.sw-expansion").first).to_be_attached()
    page.locator("#mode label", has_text="Literal only").click()
    expect(page.locator("#query-terms .sw-chip.sw-expansion")).to_have_count(0)
    expect(page.locator("#explanation .sw-bar.sw-expansion")).to_have_count(0)
    check_sum(page)


def test_an_empty_question_gets_a_friendly_sentence(visit: Callable[..., Page]) -> None:
    page = visit()
    page.locator("#search-button").click()
    expect(page.locator("#notice [role=alert]")).to_contain_text("Type a few words first")
    search(page, "a dog")
    expect(page.locator("#notice [role=alert]")).to_have_count(0)


def test_a_question_too_long_gets_a_friendly_sentence(visit: Callable[..., Page]) -> None:
    page = visit()
    page.locator("#query input").fill("dog " * 600)
    page.locator("#query input").press("Enter")
    expect(page.locator("#notice [role=alert]")).to_contain_text("2,400 characters")


def test_hostile_names_captions_and_questions_are_shown_as_text(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, f"a dog {HOSTILE} {{{{#if x}}}} ${{window.hacked=1}}")
    for page_text in (f'#grid .sw-card[title="{HOSTILE}"]', f'#grid .sw-card[title="{HOSTILE}.png"]'):
        page.locator(page_text).click()
        expect(page.locator("#explanation figcaption")).to_contain_text(HOSTILE)
    expect(page.locator("#notice")).to_contain_text("has never seen the words ‘img’")
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_link_with_a_question_opens_with_its_answer(visit: Callable[..., Page]) -> None:
    page = visit(query="?q=a+red+boat")
    expect(page.locator("#query input")).to_have_value("a red boat")
    expect(page.locator("#grid .sw-card").first).to_be_visible()


def test_a_phone_scrolls_only_downwards(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    assert width_needed(page) <= PHONE["width"]
    search(page, "a red dog beside the blue sea")
    page.locator("#grid .sw-card").nth(1).click()
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 2")
    assert width_needed(page) <= PHONE["width"]
    check_sum(page)


def test_light_and_dark_change_places_and_are_remembered(visit: Callable[..., Page]) -> None:
    page = visit()
    was_dark = page.evaluate("document.body.classList.contains('dark')")
    page.locator(".sw-theme").click()
    assert page.evaluate("document.body.classList.contains('dark')") is not was_dark
    page.reload()
    page.wait_for_function(f"document.body.classList.contains('dark') === {'false' if was_dark else 'true'}")


def test_the_world_can_be_searched_while_it_is_drawn(browser: Browser, model: Model) -> None:
    held = HeldModel(model, after=2)  # a world of 60 is drawn as 50 and 10; the 50 take two batches
    app = serve(Session(held, pictures=60))
    try:
        page = browser.new_page()
        page.goto(app.local_url)
        expect(page.locator("#status")).to_contain_text("Drawing and indexing 60 pictures", timeout=30_000)
        expect(page.locator("#status")).to_contain_text("50 of 60", timeout=30_000)
        expect(page.locator("#status progress")).to_have_attribute("value", "50")
        search(page, "a red dog beside the sea")
        expect(page.locator("#search-line")).to_contain_text("of 50 pictures")
        held.go_on.set()
        expect(page.locator("#status .sw-progress")).to_have_count(0, timeout=30_000)
        search(page, "a blue dog beside the sea")
        expect(page.locator("#search-line")).to_contain_text("of 60 pictures")
        page.close()
    finally:
        held.go_on.set()
        app.close(verbose=False)


def test_only_thumbnails_are_served(visit: Callable[..., Page], app: App) -> None:
    page = visit()
    collection = Path(app.allowed_paths[0]).parent
    (original,) = collection.parent.glob("pictures/caption.png")
    for path in (collection / "catalog.sqlite", original):
        answer = page.request.get(f"{app.local_url}gradio_api/file={path}")
        assert answer.status in (403, 404), path
