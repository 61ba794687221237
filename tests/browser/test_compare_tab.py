"""Comparing in a real browser: two ways to rank, joined; what they need is made once."""

from collections.abc import Callable

from tests.browser.driver import IN_BROWSER, PHONE, Page, expect, width_needed

pytestmark = IN_BROWSER


def compare(page: Page, text: str = "a red dog beside the sea") -> None:
    page.get_by_role("tab", name="Compare").click()
    box = page.locator("#compare-query input")
    box.fill(text)
    box.press("Enter")
    expect(page.locator("#comparison .sw-side")).to_have_count(2, timeout=30_000)


def ids(page: Page, side: int) -> list[str | None]:
    return [row.get_attribute("data-id") for row in page.locator("#comparison .sw-side").nth(side).locator("li").all()]


def test_terms_against_dense_vectors(visit: Callable[..., Page]) -> None:
    page = visit()
    compare(page)
    left, right = ids(page, 0), ids(page, 1)
    assert len(left) == len(right) == 10
    shared = set(left) & set(right)
    expect(page.locator("#comparison .sw-agreement")).to_contain_text(f"{len(shared)} of 10")
    expect(page.locator("#comparison .sw-ranks path")).to_have_count(len(shared))
    expect(page.locator("#comparison .sw-only")).to_have_count(20 - 2 * len(shared))
    expect(page.locator("#comparison header").first).to_contain_text("terms")
    expect(page.locator("#comparison header").last).to_contain_text("No terms")
    page.wait_for_function("document.querySelector('#comparison img').naturalWidth > 0")


def test_another_way_is_chosen_with_the_keyboard(visit: Callable[..., Page]) -> None:
    page = visit()
    compare(page)
    box = page.locator("#compare-right input")
    box.fill("Sparse, all terms")
    box.press("Enter")
    page.locator("#compare-button").click()
    expect(page.locator("#comparison h3").last).to_have_text("Sparse, all terms")
    expect(page.locator("#comparison .sw-agreement")).to_contain_text("10 of 10")
    expect(page.locator("#comparison .sw-agreement")).to_contain_text("1.00")
    expect(page.locator("#comparison .sw-same")).to_have_count(10)


def test_a_question_that_cannot_be_asked_is_told(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare-query input").fill("  ")
    page.locator("#compare-button").click()
    expect(page.locator("#compare-notice [role=alert]")).to_contain_text("is empty")


def test_a_phone_needs_no_sideways_scrolling(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    compare(page)
    assert width_needed(page) <= PHONE["width"]
    expect(page.locator("#comparison .sw-ranks path").first).to_be_visible()
