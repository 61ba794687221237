"""No serious or critical fault by axe-core on any tab, light and dark, wide and on a phone."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.driver import IN_BROWSER, PHONE, WIDE, Page, expect
from tests.conftest import TERMS
from tests.core.dense_sets import write_words

pytestmark = IN_BROWSER
GRAVE = {"serious", "critical"}


def search(page: Page) -> None:
    page.locator("#query input").fill("a red dog beside the sea")
    page.locator("#query input").press("Enter")
    expect(page.locator("#grid .sw-card").first).to_be_visible()


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
    if not page.locator("#lab-table tbody tr").count():
        with TemporaryDirectory() as folder:
            page.get_by_label("A data set folder").check()
            page.locator("#lab-folder input").fill(str(write_words(Path(folder), words=TERMS, encoder="mean-colours")))
            page.locator("#lab-train").click()
            expect(page.locator("#lab-table tbody tr")).to_have_count(1, timeout=60_000)
    expect(page.locator("#lab-train")).to_be_enabled(timeout=60_000)
    expect(page.locator("#lab-table svg")).to_have_count(2)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("show", [search, inspect, compare, library, lab])
def test_axe_finds_nothing_grave(visit: Callable[..., Page], show: Callable[[Page], None], theme: str) -> None:
    for viewport in (WIDE, PHONE):
        page = visit(viewport, f"?__theme={theme}")
        show(page)
        found = Axe().run(page).response["violations"]
        faults = [
            f"{fault['id']} ({fault['impact']}): {node['html'][:160]} {node['failureSummary']}"
            for fault in found
            if fault["impact"] in GRAVE
            for node in fault["nodes"]
        ]
        assert not faults, "\n".join(faults)
