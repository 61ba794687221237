"""Inspecting in a real browser: two inputs and what they share, all about a term, and its link."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.models.query_table import QueryTable
from demo.web import App
from tests.browser.driver import HOSTILE, IN_BROWSER, PHONE, Page, expect, width_needed

pytestmark = IN_BROWSER
TEXTS = {"first": "a red dog beside the sea", "second": "a red boat on the sea"}


def give(page: Page, side: str, text: str) -> None:
    box = page.locator(f"#inspect-{side}-text input")
    box.fill(text)
    box.press("Enter")
    expect(page.locator(f"#inspect-{side}-terms h3")).to_have_text(text)


def choose(page: Page, side: str, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator(f"#inspect-{side}-picture").click()
    chooser.value.set_files(file)


def both(page: Page) -> None:
    page.get_by_role("tab", name="Inspect").click()
    for side, text in TEXTS.items():
        give(page, side, text)
    expect(page.locator("#inspect-shared .sw-total")).to_be_visible()


def test_two_inputs_and_what_they_share(visit: Callable[..., Page]) -> None:
    page = visit()
    both(page)
    lit = []
    for side in TEXTS:
        bars = page.locator(f"#inspect-{side}-terms .sw-bar")
        weights = [float(text) for text in bars.locator(".sw-sum b").all_text_contents()]
        assert weights and weights == sorted(weights, reverse=True)
        lit.append({bar.get_attribute("data-term") for bar in bars.all()})
    shared = page.locator("#inspect-shared .sw-bar .sw-ask").all_text_contents()
    assert set(shared) == lit[0] & lit[1]
    parts = [float(text) for text in page.locator("#inspect-shared .sw-sum b").all_text_contents()]
    score = float(page.locator("#inspect-shared .sw-total").get_attribute("data-score"))
    assert sum(parts) == pytest.approx(score, abs=0.0006 * len(parts))


def test_a_first_visitor_is_offered_examples_and_terms(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("tab", name="Inspect").click()
    offered = page.locator("#inspect-offers .sw-ask")
    expect(offered.first).to_be_visible()
    term = offered.first.text_content()
    offered.first.click()
    expect(page.locator("#term-page h2")).to_have_text(f"The term {term}")
    expect(page.locator("#inspect-offers")).to_be_hidden()
    page.locator("#inspect-example-2").click()
    expect(page.locator("#inspect-shared .sw-total")).to_be_visible()
    for side, text in (("first", "a red car"), ("second", "a red house")):
        expect(page.locator(f"#inspect-{side}-text input")).to_have_value(text)
        expect(page.locator(f"#inspect-{side}-terms h3")).to_have_text(text)
    expect(page.locator("#inspect-examples")).to_be_hidden()
    page.locator("#inspect-first-text input").fill("a green boat")
    page.locator("#inspect-first-show").click()
    expect(page.locator("#inspect-shared h3")).to_have_text("What a green boat and a red house share")


def test_all_about_a_term_and_its_link(visit: Callable[..., Page]) -> None:
    page = visit()
    both(page)
    chosen = page.locator("#inspect-shared .sw-ask").first
    term = chosen.text_content()
    chosen.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#term-page h2")).to_have_text(f"The term {term}")
    expect(page.locator("#term-page .sw-histogram rect")).to_have_count(12)
    expect(page.locator("#term-page .sw-strongest img").first).to_be_visible()
    companions = page.locator("#term-page .sw-companions .sw-ask")
    if companions.count():
        other = companions.first.text_content()
        companions.first.click()
        expect(page.locator("#term-page h2")).to_have_text(f"The term {other}")
    again = visit(query=f"?term={term}", ready="#term-page h2")
    expect(again.locator("#term-page h2")).to_have_text(f"The term {term}")
    expect(again.get_by_role("tab", name="Inspect")).to_have_attribute("aria-selected", "true")
    unknown = visit(query="?term=quark", ready="#inspect-notice [role=alert]")
    expect(unknown.locator("#inspect-notice")).to_contain_text("no term 'quark'")


def test_a_picture_is_inspected_and_a_wrong_file_refused(visit: Callable[..., Page], tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "red").save(tmp_path / "red.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    page = visit()
    page.get_by_role("tab", name="Inspect").click()
    choose(page, "first", tmp_path / "red.png")
    expect(page.locator("#inspect-first-terms h3")).to_have_text("red.png")
    expect(page.locator("#inspect-first-terms p").first).to_contain_text("0 literal")
    choose(page, "second", tmp_path / "broken.png")
    expect(page.locator("#inspect-notice [role=alert]")).to_contain_text("not a picture that can be read")
    expect(page.locator("#inspect-notice [role=alert]")).not_to_contain_text(str(tmp_path))


def test_hostile_text_stays_text_and_a_phone_needs_no_sideways_scrolling(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    page.get_by_role("tab", name="Inspect").click()
    give(page, "first", f"{HOSTILE} a red dog")
    give(page, "second", "a red boat on the sea ${value} {{x}}")
    page.locator("#inspect-first-terms .sw-ask").first.click()
    expect(page.locator("#term-page h2")).to_be_visible()
    assert width_needed(page) <= PHONE["width"]
    assert page.evaluate("window.hacked") is None


def test_words_are_looked_up_and_a_row_is_edited(visit: Callable[..., Page], app: App, home: Path) -> None:
    """The table is of this test alone; `home` is where its edits are kept."""
    model, _ = app.state.ready()
    model.use_table(QueryTable.of_rows(model.vocabulary, {"dog": {"dog": 1.5, "sea": 0.5}, "hound": {"dog": 1.0}}))
    try:
        page = visit()
        page.locator("#by-table input").check()
        page.locator("#query input").fill("a hound")
        page.locator("#query input").press("Enter")
        expect(page.locator("#query-terms .sw-chip-name")).to_have_text(["◆dog (expansion)"])
        page.get_by_role("tab", name="Inspect").click()
        page.locator("#query-table-text input").fill("a hound and a dog")
        page.locator("#query-table-show").click()
        expect(page.locator("#query-table-rows h4")).to_have_text(["dog lights", "hound lights"])
        page.get_by_role("button", name="Edit a row").click()
        word = page.locator("#query-table-word input")
        expect(word).to_have_value("dog")  # the heaviest is offered first
        word.fill("hound")
        page.locator("#query-table-row textarea").fill("dogs=2, unicornish=1")
        page.locator("#query-table-save").click()
        expect(page.locator("#query-table-notice")).to_contain_text("no term 'unicornish'")
        page.locator("#query-table-row textarea").fill("dogs=2, moon=0.25")
        page.locator("#query-table-save").click()
        expect(page.locator("#query-table-notice")).to_contain_text("‘hound’ lights 2 terms now.")
        expect(page.locator("#query-table-rows .sw-bar .sw-ask")).to_have_text(["dog", "moon"])
        assert model.table is not None and model.table.row("hound") == {"dog": 2.0, "moon": 0.25}
        page.set_viewport_size(PHONE)
        assert width_needed(page) <= PHONE["width"]
    finally:
        model.use_table(None)
