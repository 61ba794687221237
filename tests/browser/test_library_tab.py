"""The Library in a real browser: a collection is made, filled, searched, emptied; an error is shown well."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from PIL import Image

from demo.web import App
from tests.browser.driver import HOSTILE, IN_BROWSER, PHONE, Page, expect, width_needed

pytestmark = IN_BROWSER


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTWORDS_HOME", str(tmp_path / "home"))


def opened(visit: Callable[..., Page], *viewport: dict[str, int]) -> Page:
    page = visit(*viewport)
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#library-stats .sw-facts")).to_be_visible()
    return page


def test_a_collection_is_made_filled_and_searched(
    visit: Callable[..., Page], patches: list[Image.Image], tmp_path: Path
) -> None:
    page = opened(visit)
    expect(page.locator("#library-stats")).to_contain_text("30 pictures")
    expect(page.locator("#library-stats svg")).to_have_count(2)
    before = page.locator("#library-chosen input").input_value()
    page.locator("#library-name input").fill("trip")
    page.locator("#library-make").click()
    expect(page.locator("#library-chosen input")).to_have_value("trip")
    expect(page.locator("#library-stats")).to_contain_text("nothing yet")
    hostile = f"{HOSTILE.replace('/', '')}.png"
    for number, patch in enumerate(patches[:4]):
        patch.save(tmp_path / (hostile if number == 0 else f"{number}.png"))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    page.locator("#library-folder input").fill(str(tmp_path))
    page.locator("#library-go-button").click()
    expect(page.locator("#library-notice")).to_contain_text("4 added")
    expect(page.locator("#library-notice")).to_contain_text("1 file left out")
    expect(page.locator("#library-stats")).to_contain_text("4 pictures")
    page.get_by_role("tab", name="Search").click()
    page.locator("#query input").fill("a red dog beside the sea")
    page.locator("#query input").press("Enter")
    expect(page.locator("#grid .sw-card")).to_have_count(4)
    page.get_by_role("tab", name="Library").click()
    page.locator("#library-which input").fill(str(tmp_path / "1.png"))
    page.locator("#library-remove").click()
    expect(page.locator("#library-notice")).to_contain_text("Taken out: 1")
    expect(page.locator("#library-stats")).to_contain_text("3 pictures")
    page.locator("#library-chosen input").click()
    page.get_by_role("option", name=before, exact=True).click()
    expect(page.locator("#library-stats")).to_contain_text("30 pictures")
    assert page.evaluate("window.hacked") is None


def test_captions_weigh_in_and_their_part_is_shown(
    visit: Callable[..., Page], patches: list[Image.Image], tmp_path: Path
) -> None:
    page = opened(visit)
    before = page.locator("#library-chosen input").input_value()
    (tmp_path / "pictures").mkdir()
    patches[0].save(tmp_path / "pictures" / "0.png")
    (tmp_path / "captions.csv").write_text("file,caption\n0.png,a red dog beside the sea\n", "utf-8")
    page.locator("#library-name input").fill("worded")
    page.locator("#library-make").click()
    expect(page.locator("#library-chosen input")).to_have_value("worded")
    page.locator("#library-folder input").fill(str(tmp_path / "pictures"))
    page.locator("#library-captions input[type=file]").set_input_files(tmp_path / "captions.csv")
    expect(page.locator("#library-captions")).to_contain_text("captions")
    page.locator("#library-written input").click()
    page.get_by_role("option", name="1", exact=True).click()
    page.locator("#library-go-button").click()
    expect(page.locator("#library-notice")).to_contain_text("2 added")
    expect(page.locator("#library-stats")).to_contain_text("1, in 1 picture")
    expect(page.locator("#library-written input")).to_have_value("as before")
    page.get_by_role("tab", name="Search").click()
    page.locator("#query input").fill("a red dog beside the sea")
    page.locator("#query input").press("Enter")
    expect(page.locator("#explanation .sw-sources")).to_contain_text("% written")
    expect(page.locator("#explanation .sw-bar .sw-fill.sw-written").first).to_be_visible()
    for theme in ("light", "dark"):
        page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", theme == "dark")
        page.wait_for_timeout(400)  # half-way through a change of colours nothing has its contrast
        assert not Axe().run(page, context="#explanation").response["violations"]
    page.get_by_role("tab", name="Library").click()
    page.locator("#library-chosen input").click()
    page.get_by_role("option", name=before, exact=True).click()
    expect(page.locator("#library-stats")).to_contain_text("30 pictures")


def test_an_error_is_shown_well_and_a_phone_needs_no_sideways_scrolling(visit: Callable[..., Page]) -> None:
    page = opened(visit, PHONE)
    page.locator("#library-go-button").click()
    expect(page.locator("#library-notice [role=alert]")).to_contain_text("nothing to add")
    page.locator("#library-name input").fill("../up")
    page.locator("#library-make").click()
    expect(page.locator("#library-notice [role=alert]")).to_contain_text("A collection's name")
    assert width_needed(page) <= PHONE["width"]


def test_a_refusal_stays_until_the_visitors_next_action(
    visit: Callable[..., Page], app: App, patches: list[Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(visit)
    before = page.locator("#library-chosen input").input_value()
    page.locator("#library-name input").fill("slow")
    page.locator("#library-make").click()
    expect(page.locator("#library-chosen input")).to_have_value("slow")
    model, go = app.state.ready()[0], threading.Event()
    whole = model.dense_images

    def encode(images: list[Image.Image]) -> NDArray[np.float32]:
        go.wait(60)
        return whole(images)

    monkeypatch.setattr(model, "dense_images", encode)
    patches[0].save(tmp_path / "one.png")
    try:
        page.locator("#library-folder input").fill(str(tmp_path))
        page.locator("#library-go-button").click()
        panel, refusal = page.locator("#library-notice progress"), page.locator("#library-notice [role=alert]")
        expect(panel).to_be_visible()
        expect(page.locator("#library-cancel")).to_be_visible()
        page.locator("#library-chosen input").click()
        page.get_by_role("option", name=before, exact=True).click()
        expect(refusal).to_contain_text("still being added")
        page.wait_for_timeout(2_500)  # the page has looked several times how far the work is
        expect(refusal).to_contain_text("still being added")
        expect(panel).to_be_visible()
        other = visit(ready="#query")
        other.get_by_role("tab", name="Library").click()
        expect(other.locator("#library-notice progress")).to_be_visible()
        expect(other.locator("#library-notice [role=alert]")).to_have_count(0)
    finally:
        go.set()
    expect(page.locator("#library-notice")).to_contain_text("1 added")
    expect(refusal).to_contain_text("still being added")
    page.locator("#library-chosen input").click()
    page.get_by_role("option", name=before, exact=True).click()
    expect(page.locator("#library-stats")).to_contain_text("30 pictures")
    expect(refusal).to_have_count(0)


def test_many_items_and_a_collection_go_only_once_a_person_agrees(
    visit: Callable[..., Page], patches: list[Image.Image], tmp_path: Path
) -> None:
    page = opened(visit, PHONE)
    page.locator("#library-name input").fill("trip")
    page.locator("#library-make").click()
    expect(page.locator("#library-chosen input")).to_have_value("trip")
    for number, patch in enumerate(patches[:6]):
        patch.save(tmp_path / f"{number}.png")
    page.locator("#library-folder input").fill(str(tmp_path))
    page.locator("#library-go-button").click()
    expect(page.locator("#library-notice")).to_contain_text("6 added")
    page.locator("#library-which input").fill("/")
    page.locator("#library-remove").click()
    expect(page.locator("#library-asked")).to_contain_text("takes out 6 of the 6 items")
    expect(page.locator("#library-asked")).to_be_in_viewport()
    page.locator("#library-leave").click()
    expect(page.locator("#library-asked")).to_be_hidden()
    page.locator("#library-remove").click()
    page.locator("#library-sure").click()
    expect(page.locator("#library-notice")).to_contain_text("Taken out: 6")
    page.locator("#library-new-name input").fill("Trip to the sea")
    page.locator("#library-rename").click()
    expect(page.locator("#library-notice")).to_contain_text("‘trip’ is called ‘Trip to the sea’ now")
    expect(page.locator("#library-chosen input")).to_have_value("Trip to the sea")
    page.locator("#library-delete").click()
    expect(page.locator("#library-asked")).to_contain_text("The pictures themselves stay")
    page.locator("#library-sure").click()
    expect(page.locator("#library-notice")).to_contain_text("is deleted")
    expect(page.locator("#library-stats")).to_contain_text("30 pictures")
    assert width_needed(page) <= PHONE["width"]
