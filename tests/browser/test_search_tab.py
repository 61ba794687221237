"""Searching in a real browser: typed, explained, by keyboard, on a phone, with hostile names, and without a network."""

import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.library.indexing.sync import index_paths
from core.models.model import Model
from demo.state.app import AppState
from demo.web import App, serve
from index_store.folder.collection import Collection
from tests.browser.driver import HOSTILE, IN_BROWSER, PHONE, Browser, Locator, Page, expect, width_needed

pytestmark = IN_BROWSER
THINGS = ("dog", "cat", "house", "tree", "boat", "car", "bird", "sea")  # terms of the small model


class HeldModel(Model):
    """A model that encodes at least `after` pictures and then waits to be told to go on."""

    def __init__(self, model: Model, after: int) -> None:
        super().__init__(model.name, model.encoder, model.head, model.vocabulary, model.about)
        self.left, self.go_on = after, threading.Event()

    def dense_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        if self.left == 0:
            assert self.go_on.wait(60)
        self.left = max(self.left - len(images), 0)
        return super().dense_images(images)


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


def check_sum(page: Page, descending: bool = True) -> None:
    parts, score = contributions(page), float(page.locator("#explanation .sw-total").get_attribute("data-score"))
    assert not descending or parts == sorted(parts, reverse=True)
    assert sum(parts) == pytest.approx(score, rel=1e-5)
    shown = [float(text) for text in page.locator("#explanation .sw-sum b").all_text_contents()]
    assert f"{sum(shown):.3f}" == page.locator("#explanation .sw-total b").inner_text()


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


def test_what_was_asked_before_a_slow_server_read_the_link_stays(visit: Callable[..., Page]) -> None:
    """An arriving page asks what its link says; the answer must not undo what somebody did meanwhile."""
    page, held, slow = visit(), [], True
    page.route("**/queue/join*", lambda route: held.append(route) if slow else route.continue_())
    page.reload()
    while not held:
        page.wait_for_timeout(20)
    slow = False
    search(page, "a red dog beside the sea")
    for route in held:
        route.continue_()
    page.wait_for_timeout(1500)
    expect(page.locator("#query input")).to_have_value("a red dog beside the sea")
    page.locator("#grid .sw-card").nth(4).click()
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 5")


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
    expect(page.locator("#notice")).to_contain_text("does not know the word ‘sofa’")


def test_what_the_world_lacks_is_said_above_the_nearest(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a red tax")
    notice = "Nothing in this collection is like this; what is found only comes nearest"
    expect(page.locator("#notice")).to_contain_text(notice)
    expect(page.locator("#grid .sw-card").first).to_be_visible()
    search(page, "a red dog")
    expect(page.locator("#notice")).not_to_contain_text("is like this")


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


def chip(page: Page, number: int = 0) -> tuple[str, Locator]:
    found = page.locator("#query-terms .sw-chip").nth(number)
    term = found.get_attribute("data-term")
    return term, page.locator(f'#query-terms .sw-chip[data-term="{term}"]')


def test_the_whole_picture_is_one_more_bar_and_ranks_alone(visit: Callable[..., Page], app: App) -> None:
    page = visit(PHONE)
    page.goto(f"{app.local_url}?q=a+red+dog+beside+the+sea&rank=fused&dense_weight=2.5")
    whole = page.locator("#explanation .sw-bar.sw-whole")
    expect(whole).to_contain_text("the whole picture")
    expect(page.locator("#rank label.selected")).to_have_text("Both")
    expect(page.locator("#explanation .sw-shares")).to_contain_text("% whole picture")
    check_sum(page)
    page.locator("#rank label", has_text="Whole picture").click()
    expect(page.locator("#explanation .sw-bar")).to_have_count(1)
    check_sum(page)
    expect(page.locator("#mode-meaning")).to_have_text("The whole picture alone ranks.")
    page.wait_for_function("new URLSearchParams(location.search).get('rank') === 'dense'")
    page.locator("#rank label", has_text="Words").click()
    expect(whole).to_have_count(0)
    assert width_needed(page) <= PHONE["width"]


def test_a_weight_is_typed_stepped_dragged_and_undone(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a red dog beside the sea")
    _, found = chip(page)
    weight, before = found.locator("input"), found.get_attribute("data-weight")
    weight.fill("2,5")
    weight.press("Enter")
    expect(found).to_have_attribute("data-weight", "2.5000")
    check_sum(page)
    weight.press("ArrowUp")
    expect(found).to_have_attribute("data-weight", "2.6000")
    expect(weight).to_be_focused()
    box = weight.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] - 80, box["y"] + 8, steps=5)
    page.mouse.up()
    expect(found).to_have_attribute("data-weight", "1.6000")
    expect(weight).to_have_value("1.60")
    page.locator(".sw-reset").click()
    expect(found).to_have_attribute("data-weight", before)
    expect(page.locator(".sw-reset")).to_have_count(0)


def test_a_term_is_switched_off_turned_against_and_added(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a red dog beside the sea")
    term, found = chip(page)
    found.locator(".sw-chip-name").click()
    expect(found).to_have_attribute("data-state", "off")
    expect(page.locator(f'#explanation .sw-bar[data-term="{term}"]')).to_have_count(0)
    found.locator(".sw-chip-name").press("Enter")
    expect(found).to_have_attribute("data-state", "on")
    found.locator(".sw-chip-sign").click()
    expect(found).to_have_attribute("data-state", "against")
    check_sum(page, descending=False)
    lit = {chip.get_attribute("data-term") for chip in page.locator("#query-terms .sw-chip").all()}
    new = next(name for name in THINGS if name not in lit)
    page.locator("#add-term").press_sequentially(new[:2])
    expect(page.locator(f"#add-term-list option[value={new}]")).to_have_count(1)
    page.locator("#add-term").fill(new.title())
    page.locator("#add-term").press("Enter")
    expect(page.locator(f'.sw-chip.sw-literal[data-term="{new}"]')).to_have_attribute("data-weight", "1.0000")
    page.locator("#add-term").fill("unicorn")
    page.locator("#add-term").press("Enter")
    expect(page.locator("#notice [role=alert]")).to_contain_text("no term 'unicorn'")
    expect(page.locator(f'.sw-chip[data-term="{new}"]')).to_be_visible()  # and what was there is not lost
    found.locator(".sw-chip-sign").click()
    expect(found).to_have_attribute("data-state", "on")


def test_a_link_restores_question_weights_and_settings(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a red dog beside the sea")
    term, found = chip(page)
    found.locator(".sw-chip-sign").click()
    page.locator("#expansion input[type=number]").fill("0.5")
    page.locator("#expansion input[type=number]").press("Enter")
    page.wait_for_url("**expansion=0.5**")
    score = page.locator("#explanation .sw-total b").inner_text()
    cards = [card.get_attribute("data-id") for card in page.locator("#grid .sw-card").all()]
    again = visit(query="?" + urlsplit(page.url).query)
    expect(again.locator("#query input")).to_have_value("a red dog beside the sea")
    expect(again.locator(f'.sw-chip[data-term="{term}"]')).to_have_attribute("data-state", "against")
    expect(again.locator("#expansion input[type=number]")).to_have_value("0.5")
    expect(again.locator("#explanation .sw-total b")).to_have_text(score)
    assert [card.get_attribute("data-id") for card in again.locator("#grid .sw-card").all()] == cards


def test_a_mangled_link_still_opens(visit: Callable[..., Page]) -> None:
    page = visit(query="?q=a+dog&w=<b>:1e9&w=:&expansion=x&mode=y&like=z&share=2")
    expect(page.locator("#grid .sw-card").first).to_be_visible()
    expect(page.locator("#notice [role=alert]")).to_have_count(0)


def test_more_like_this_and_then_words_beside_it(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a green boat")
    wanted = page.locator("#grid .sw-card").nth(2)
    number = wanted.get_attribute("data-id")
    wanted.click()
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 3")
    page.locator(".sw-like").click()
    expect(page.locator("#picture .sw-picture img")).to_be_visible()
    expect(page.locator("#query input")).to_have_value("")
    expect(page.locator(f'#grid .sw-card[data-id="{number}"]')).to_be_visible()
    page.wait_for_url(f"**?like={number}&mark=*&in=collection")
    search(page, "a red dog")
    expect(page.locator("#share")).to_be_visible()
    page.locator(".sw-picture-off").click()
    expect(page.locator("#picture .sw-picture")).to_have_count(0)
    expect(page.locator("#share")).to_have_count(0)
    expect(page.locator("#grid .sw-card").first).to_be_visible()


def test_a_picture_of_ones_own_is_asked_and_a_broken_one_is_refused(
    visit: Callable[..., Page], tmp_path: Path, patches: list[Image.Image]
) -> None:
    page = visit()
    patches[3].save(tmp_path / "mine.png")
    (tmp_path / "broken.png").write_bytes(b"no picture at all")
    with page.expect_file_chooser() as mine:
        page.locator("#picture-button").click()
    mine.value.set_files(tmp_path / "mine.png")
    expect(page.locator("#picture")).to_contain_text("mine.png")
    expect(page.locator("#grid .sw-card").first).to_be_visible()
    check_sum(page)
    with page.expect_file_chooser() as broken:
        page.locator("#picture-button").click()
    broken.value.set_files(tmp_path / "broken.png")
    alert = page.locator("#notice [role=alert]")
    expect(alert).to_contain_text("not a picture that can be read")
    assert "/" not in alert.inner_text()  # nobody needs to know where the server keeps it


def test_why_one_result_is_above_another(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a red dog beside the sea")
    page.locator(".sw-rival").select_option("4")
    expect(page.locator("#explanation .sw-versus-head")).to_contain_text("for number 5")
    gap = float(page.locator("#explanation [data-gap]").get_attribute("data-gap"))
    parts = [float(bar.get_attribute("data-difference")) for bar in page.locator("[data-difference]").all()]
    assert sum(parts) == pytest.approx(gap) and gap >= 0
    page.locator(".sw-rival").select_option("-1")
    expect(page.locator("#explanation .sw-versus-head")).to_have_count(0)
    check_sum(page)


def test_which_word_lit_which_term(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a red dog beside the sea")
    page.locator("#word-links summary").click()
    expect(page.locator("#word-links .sw-links, #word-links .sw-none").first).to_be_visible()
    search(page, "a green boat")
    expect(page.locator("#word-links .sw-links, #word-links .sw-none")).to_have_count(0)


def test_more_results_are_shown(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page, "a red dog beside the sea")
    expect(page.locator("#grid .sw-card")).to_have_count(24)
    page.locator(".sw-page").click()
    page.locator("#grid .sw-card").nth(24).wait_for()
    expect(page.locator(".sw-page")).to_have_count(0)


def test_two_visitors_do_not_share_a_question(visit: Callable[..., Page]) -> None:
    one, two = visit(), visit()
    search(one, "a red dog beside the sea")
    search(two, "a green boat")
    _, found = chip(one)
    found.locator(".sw-chip-sign").click()
    expect(found).to_have_attribute("data-state", "against")
    expect(two.locator('.sw-chip[data-state="against"]')).to_have_count(0)
    two.locator("#grid .sw-card").nth(1).click()
    expect(two.locator("#explanation h2")).to_have_text("Why it is number 2")
    assert "green" in two.url and "w=" not in two.url


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
    expect(page.locator("#notice")).to_contain_text("does not know the words ‘img’")
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
    held = HeldModel(model, after=50)  # a world of 60 is drawn as 50 and 10
    app = serve(AppState(held, pictures=60))
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
    thumbnails = app.state.ready()[1].thumbnails
    shown = page.request.get(app.local_url + str(page.locator(".sw-mosaic img").first.get_attribute("src")))
    assert shown.ok and shown.body() in {file.read_bytes() for file in thumbnails.glob("*/*")}
    outside = shown.url.rsplit("/", 2)[0] + "/%2e%2e%2fcatalog.sqlite"
    assert page.request.get(outside).status == 404
    collection = thumbnails.parent
    (original,) = collection.parent.glob("pictures/caption.png")
    for path in (collection / "catalog.sqlite", original):
        answer = page.request.get(f"{app.local_url}gradio_api/file={path}")
        assert answer.status in (403, 404), path


def test_a_search_among_some_items(visit: Callable[..., Page]) -> None:
    """A condition typed by hand narrows the answer, is part of the link, and is taken away again."""
    page = visit()
    search(page, "a red dog beside the sea")
    only = page.locator("#only input")
    only.fill("file=1*.png")
    only.press("Enter")
    expect(page.locator("#search-line")).to_contain_text("11 pictures")  # 1.png and 10.png to 19.png
    assert page.locator("#grid .sw-card").count() == 11
    expect(page).to_have_url(re.compile(r"only=file%3D1(\*|%2A)\.png"))
    again = visit(query=f"?{urlsplit(page.url).query}", ready="#grid .sw-card")
    expect(again.locator("#search-line")).to_contain_text("11 pictures")
    expect(again.locator("#only")).to_contain_text("file=1*.png")
    only.fill("colour=red")
    only.press("Enter")
    expect(page.locator("#notice")).to_contain_text("is no condition on items")
    page.locator("#only").get_by_title("Clear").click()
    expect(page.locator("#search-line")).to_contain_text("the best 24 of 30 pictures")


def test_terms_that_tell_the_results_apart_narrow_them(visit: Callable[..., Page]) -> None:
    """One press adds such a term, another turns one against; it is then a chip, and offered no more."""
    page = visit()
    search(page, "a red dog beside the sea")
    offers = page.locator(".sw-narrow .sw-offer")
    first = offers.nth(0).get_attribute("data-term")
    offers.nth(0).locator(".sw-offer-with").click()
    expect(page.locator(f'.sw-chip[data-term="{first}"]')).to_have_attribute("data-state", "on")
    expect(page.locator(f'.sw-offer[data-term="{first}"]')).to_have_count(0)
    bars = page.locator("#explanation .sw-bar").first
    expect(bars).to_be_visible()
    check_sum(page, descending=False)
    page.locator(".sw-offer").first.locator(".sw-offer-without").focus()
    against = page.locator(".sw-offer").first.get_attribute("data-term")
    page.keyboard.press("Enter")
    expect(page.locator(f'.sw-chip[data-term="{against}"]')).to_have_attribute("data-state", "against")
    expect(page).to_have_url(re.compile(f"w={first}%3A1&w={against}%3A-1"))


def test_one_card_stands_for_copies_until_all_are_asked_for(
    browser: Browser, model: Model, patches: list[Image.Image], tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, patch in enumerate(patches[:4]):
        patch.save(pictures / f"{number}.png")
    for quality in (90, 95):  # of 48 x 32 px a stronger compression leaves another picture
        patches[0].save(pictures / f"0-{quality}.jpg", quality=quality)
    terms = model.vocabulary.terms
    with Collection.create(tmp_path / "c", model=model.name, vocabulary=terms) as collection:
        index_paths(model, collection, [pictures])
    app = serve(AppState(model, tmp_path / "c"))
    page = browser.new_page()
    try:
        page.goto(app.local_url + "?q=a+red+dog+beside+the+sea")
        expect(page.locator("#grid .sw-card")).to_have_count(4)
        expect(page.locator("#grid .sw-copies")).to_have_count(1)
        expect(page.locator("#grid .sw-copies")).to_contain_text("3 nearly equal pictures")
        page.get_by_label("Show copies").check()
        expect(page.locator("#grid .sw-card")).to_have_count(6)
        expect(page.locator("#grid .sw-copies")).to_have_count(0)
        page.goto(page.url)
        expect(page.get_by_label("Show copies")).to_be_checked()
        expect(page.locator("#grid .sw-card")).to_have_count(6)
    finally:
        page.close()
        app.close(verbose=False)
