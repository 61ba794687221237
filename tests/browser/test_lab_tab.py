"""The Lab in a real browser: a head is trained, watched, kept, used and left; stopped; an error is shown well."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.driver import HOSTILE, IN_BROWSER, PHONE, Page, expect, width_needed
from tests.conftest import TERMS
from tests.core.dense_sets import write_words

pytestmark = IN_BROWSER
SOON = 60_000  # ms: a process of its own has to begin
LATE = 300_000  # ms: it has to end what it has left of 60 epochs, on however busy a machine


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_words(tmp_path / "words", words=TERMS, encoder="mean-colours")


def opened(visit: Callable[..., Page], *viewport: dict[str, int]) -> Page:
    page = visit(*viewport)
    page.get_by_role("tab", name="Lab").click()
    expect(page.locator("#lab-using p")).to_be_visible(timeout=SOON)  # the first look loads what reads experiments
    return page


def choose_folder(page: Page, folder: str) -> None:
    page.get_by_label("A data set folder").check()
    page.locator("#lab-folder input").fill(folder)


def set_epochs(page: Page, epochs: int) -> None:
    box = page.locator("#lab-epochs input[type=number]")
    box.fill(str(epochs))
    box.press("Tab")


def test_a_head_is_trained_watched_kept_used_and_left(visit: Callable[..., Page], data: Path) -> None:
    page = visit()
    page.locator("#query input").fill("a red dog beside the sea")
    page.locator("#query input").press("Enter")
    expect(page.locator("#grid .sw-card").first).to_be_visible()
    lit = page.locator("#query-terms").inner_text()
    page.get_by_role("tab", name="Lab").click()
    choose_folder(page, str(data))
    page.get_by_label("None", exact=True).check()
    page.locator("#lab-objective").get_by_label("Joint").check()
    set_epochs(page, 3)
    page.locator("#lab-train").click()
    expect(page.locator("#lab-stop")).to_be_visible()
    expect(page.locator("#lab-curves polyline").first).to_be_visible(timeout=SOON)
    expect(page.locator("#lab-notice [role=status]")).to_contain_text("2 heads trained", timeout=SOON)
    expect(page.locator("#lab-stop")).to_be_hidden()
    expect(page.locator("#lab-table tbody tr")).to_have_count(2)
    expect(page.locator("#lab-table tbody tr").first).to_contain_text("joint")
    expect(page.locator("#lab-table svg")).to_have_count(2)
    expect(page.locator("#lab-name input")).to_have_value("caption-1")
    page.locator("#lab-keep").click()
    expect(page.locator("#lab-notice")).to_contain_text("Kept as 'caption-1'")
    expect(page.locator("#lab-keep")).to_be_hidden()
    page.locator("#lab-use").click()
    expect(page.locator("#lab-notice")).to_contain_text("now searches with the head 'caption-1'", timeout=SOON)
    expect(page.locator("#lab-table .sw-in-use")).to_have_count(1)
    page.get_by_role("tab", name="Search").click()
    expect(page.locator("#about")).to_contain_text("mean-colours+caption-1")
    expect(page.locator("#query-terms")).not_to_have_text(lit, use_inner_text=True)  # asked again, of the new head
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#library-chosen input")).to_have_value("collection with caption-1")
    page.get_by_role("tab", name="Lab").click()
    page.locator("#lab-back").click()
    expect(page.locator("#lab-back")).to_be_hidden()
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare-right input").click()
    expect(page.get_by_role("option", name="Another head: caption-1", exact=True)).to_be_visible()


def test_it_is_found_again_stopped_by_keyboard_and_gone_on_with(visit: Callable[..., Page], data: Path) -> None:
    page = opened(visit)
    choose_folder(page, str(data))
    page.locator("#lab-more button").click()
    page.locator("#lab-batch input").fill("8")
    set_epochs(page, 60)
    page.locator("#lab-train").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lab-curves figure").nth(1).locator("polyline")).to_be_visible(timeout=SOON)
    (training,) = multiprocessing.active_children()
    os.kill(int(training.pid), signal.SIGSTOP)  # it may not end before it is found again
    page.close()
    again = opened(visit)
    expect(again.locator("#lab-stop")).to_be_visible()
    again.locator("#lab-stop").focus()
    again.keyboard.press("Enter")
    os.kill(int(training.pid), signal.SIGCONT)
    expect(again.locator("#lab-notice .sw-done")).to_contain_text("finds the right picture first", timeout=SOON)
    expect(again.locator("#lab-train")).to_be_enabled()
    again.locator("#lab-go-on").click()
    expect(again.locator("#lab-stop")).to_be_visible()
    expect(again.locator("#lab-notice .sw-done")).to_be_visible(timeout=LATE)
    expect(again.locator("#lab-go-on")).to_be_hidden()
    expect(again.locator("#lab-table tbody tr")).to_have_count(1)


def test_an_error_is_shown_well_and_a_phone_needs_no_sideways_scrolling(visit: Callable[..., Page]) -> None:
    page = opened(visit, PHONE)
    choose_folder(page, "")
    page.locator("#lab-train").click()
    expect(page.locator("#lab-notice [role=alert]")).to_contain_text("Name the folder")
    page.locator("#lab-folder input").fill(f"/nowhere/{HOSTILE}")
    page.locator("#lab-train").click()
    expect(page.locator("#lab-notice [role=alert]")).to_contain_text("has no img_embs.parquet")
    assert page.evaluate("window.hacked") is None
    page.get_by_label("The built-in world").check()
    page.locator("#lab-train").click()
    expect(page.locator("#lab-notice [role=alert]")).to_contain_text("drawn for the model 'scenes'")
    assert width_needed(page) <= PHONE["width"]


def test_a_refusal_stays_until_the_visitors_next_action(
    visit: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def held(*given: object, **options: object) -> None:
        go.wait(60)

    monkeypatch.setattr("demo.state.lab.planned", held)
    page, other = opened(visit), opened(visit)
    try:
        page.get_by_label("The open collection").check()
        page.locator("#lab-train").click()
        expect(page.locator("#lab-notice progress")).to_be_visible()
        other.get_by_label("The open collection").check()
        other.locator("#lab-train").click()
        refusal = other.locator("#lab-notice [role=alert]")
        expect(refusal).to_contain_text("The Lab is at work")
        other.wait_for_timeout(2_500)  # the page has looked several times how far the work is
        expect(refusal).to_contain_text("The Lab is at work")
        expect(other.locator("#lab-notice progress")).to_be_visible()
        expect(page.locator("#lab-notice [role=alert]")).to_have_count(0)
    finally:
        go.set()
    expect(other.locator("#lab-notice .sw-done")).to_contain_text("Stopped")
    expect(refusal).to_contain_text("The Lab is at work")
    other.locator("#lab-train").click()
    expect(other.locator("#lab-notice .sw-done")).to_contain_text("Stopped")
    expect(refusal).to_have_count(0)
