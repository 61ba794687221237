"""Axe-core finds nothing on any tab, light and dark, wide and on a phone; the focus is seen; nothing moves unasked."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.driver import IN_BROWSER, PHONE, WIDE, Page, expect
from tests.conftest import TERMS
from tests.core.dense_sets import write_words

pytestmark = IN_BROWSER


def search(page: Page) -> None:
    page.locator("#query input").fill("a red dog beside the sea")
    page.locator("#query input").press("Enter")
    expect(page.locator("#grid .sw-card").first).to_be_visible()


def select(page: Page) -> None:
    """Two results are selected, and about to be taken out."""
    search(page)
    for rank in (0, 1):
        page.locator("#grid .sw-pick").nth(rank).check()
    page.get_by_role("button", name="Take out …").click()


def large(page: Page) -> None:
    search(page)
    page.locator("#explanation .sw-enlarge").click()
    expect(page.locator("dialog[open] .sw-view")).to_be_visible()


def inspect(page: Page) -> None:
    page.get_by_role("tab", name="Inspect").click()
    for side in ("first", "second"):
        page.locator(f"#inspect-{side}-text input").fill(
            f"a red dog beside the {'sea' if side == 'first' else 'house'}"
        )
        page.locator(f"#inspect-{side}-text input").press("Enter")
        expect(page.locator(f"#inspect-{side}-terms .sw-bar").first).to_be_visible()
    page.locator("#inspect-shared .sw-ask").first.click()
    expect(page.locator("#term-page h2")).to_be_visible()


def compare(page: Page) -> None:
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare-button").click()
    expect(page.locator("#comparison .sw-side")).to_have_count(2, timeout=30_000)


def library(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#library-stats .sw-facts")).to_be_visible()


def lab(page: Page) -> None:
    page.get_by_role("tab", name="Lab").click()
    page.locator("#lab-more button").click()
    with TemporaryDirectory() as folder:
        page.get_by_label("A data set folder").check()
        page.locator("#lab-folder input").fill(str(write_words(Path(folder), words=TERMS, encoder="mean-colours")))
        page.locator("#lab-train").click()
        expect(page.locator("#lab-table tbody tr")).to_have_count(1, timeout=60_000)
    expect(page.locator("#lab-train")).to_be_enabled(timeout=60_000)
    expect(page.locator("#lab-table svg")).to_have_count(2)


@pytest.mark.parametrize("show", [search, select, large, inspect, compare, library, lab])
def test_axe_finds_nothing(visit: Callable[..., Page], show: Callable[[Page], None]) -> None:
    page = visit(WIDE, "?__theme=light")
    show(page)
    for theme in ("light", "dark"):
        page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", theme == "dark")
        for viewport in (WIDE, PHONE):
            page.set_viewport_size(viewport)
            page.wait_for_timeout(400)  # half-way through a change of colours nothing has its contrast
            found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
            faults = [
                f"{theme}, {viewport['width']} wide: {fault['id']} ({fault['impact']}): {node['html'][:160]} "
                f"{node['failureSummary']}"
                for fault in found
                for node in fault["nodes"]
            ]
            assert not faults, "\n".join(faults)


FOCUS_SEEN = """() => {
    const seen = (part) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(part);
        return (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
    };
    const at = document.activeElement;
    const shown = [at, at.closest('label')].some((part) => part && seen(part));
    return [at.outerHTML.slice(0, 120), at === document.body || shown];
}"""


@pytest.mark.parametrize("show", [search, library])
def test_whoever_tabs_through_the_page_sees_where_they_are(
    visit: Callable[..., Page], show: Callable[[Page], None]
) -> None:
    page = visit()
    show(page)
    page.locator("#tabs [role=tab]").first.focus()
    passed = []
    for _ in range(60):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(FOCUS_SEEN))
    assert len({part for part, _ in passed}) > 15
    assert [part for part, seen in passed if not seen] == []


def test_nothing_moves_for_who_asks_for_less_motion(visit: Callable[..., Page]) -> None:
    page = visit()
    moving = """() => [...document.querySelectorAll('*')].filter((part) => {
        const { transitionDuration, animationName } = getComputedStyle(part);
        return part.closest('.contain') && (parseFloat(transitionDuration) > 0 || animationName !== 'none');
    }).length"""
    search(page)
    assert page.evaluate(moving) > 0  # so that the next line says something
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == 0
