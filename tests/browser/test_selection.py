"""Several results are selected, by mouse and keyboard: to ask for more like them, to tag them, to take them out."""

from collections.abc import Callable
from pathlib import Path

from demo.web import App
from index_store.filters import parse
from tests.browser.driver import IN_BROWSER, PHONE, Page, expect, width_needed

pytestmark = IN_BROWSER
CARD, PICK, BAR = "#grid .sw-card", "#grid .sw-pick", "#selection .sw-selection"


def search(page: Page) -> list[int]:
    """The ids of the results, in their order."""
    page.locator("#query input").fill("a red dog beside the sea")
    page.locator("#query input").press("Enter")
    expect(page.locator(CARD)).to_have_count(24)
    return ids(page)


def ids(page: Page) -> list[int]:
    return [int(card.get_attribute("data-id")) for card in page.locator(CARD).all()]


def selected(page: Page, *ranks: int) -> None:
    """Just the results of these ranks are selected, and the bar says how many."""
    assert [i + 1 for i, box in enumerate(page.locator(PICK).all()) if box.is_checked()] == [*ranks]
    if ranks:
        expect(page.locator(".sw-selected")).to_have_text(f"{len(ranks)} result{'s' * (len(ranks) > 1)} selected")
    else:
        expect(page.locator(BAR)).to_be_hidden()


def test_results_are_selected_one_by_one_and_in_a_row_by_mouse_and_keyboard(visit: Callable[..., Page]) -> None:
    page = visit()
    search(page)
    selected(page)
    page.locator(PICK).nth(1).click()
    selected(page, 2)
    page.locator(PICK).nth(4).click(modifiers=["Shift"])
    selected(page, 2, 3, 4, 5)
    page.locator(CARD).nth(2).click(modifiers=["Control"])
    selected(page, 2, 4, 5)
    page.locator(CARD).nth(5).click()  # chooses it, and keeps the selection
    expect(page.locator("#explanation h2")).to_have_text("Why it is number 6")
    selected(page, 2, 4, 5)
    page.locator(CARD).nth(7).focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    selected(page, 2, 4, 5, 8, 9)
    page.keyboard.press("Escape")
    selected(page)
    page.locator(PICK).first.focus()
    page.keyboard.press("Space")
    selected(page, 1)
    page.locator(f"{BAR} [data-do=clear]").click()
    selected(page)


def test_more_like_several_is_asked_and_its_link_asks_it_again(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    liked = sorted(search(page)[:3])
    for rank in range(3):
        page.locator(PICK).nth(rank).check()
    assert width_needed(page) <= PHONE["width"]
    page.get_by_role("button", name="More like these").click()
    expect(page.locator("#picture .sw-picture")).to_contain_text("3 pictures")
    assert set(liked) <= set(ids(page)[:8])
    selected(page)
    found, address = ids(page), page.url
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator("#picture .sw-picture")).to_contain_text("3 pictures")
    assert ids(page) == found


def test_selected_results_are_tagged_and_stay_selected(visit: Callable[..., Page], app: App) -> None:
    page = visit()
    first, _, third = search(page)[:3]
    for rank in (0, 2):
        page.locator(PICK).nth(rank).check()
    page.locator(".sw-tag").fill("of the sea")
    page.locator(".sw-tag").press("Enter")
    expect(page.locator("#notice")).to_contain_text("‘of the sea’ is a tag of 2 results now.")
    expect(page.locator("#explanation .sw-known")).to_contain_text("of the sea")
    selected(page, 1, 3)
    assert sorted(app.state.ready()[1].ids(parse(["tag=of the sea"]))) == sorted([first, third])
    page.locator(PICK).nth(2).uncheck()
    page.locator(PICK).nth(1).check()  # which never had it
    page.locator(".sw-tag").fill("of the sea")
    page.get_by_role("button", name="Untag").click()
    expect(page.locator("#notice")).to_contain_text("‘of the sea’ is a tag of 1 result less now.")
    assert app.state.ready()[1].ids(parse(["tag=of the sea"])) == [third]
    page.locator(".sw-tag").fill("a,b\n;" * 60)  # which no tag can be: the field cuts it, and the answer says why
    page.locator(".sw-tag").press("Enter")
    expect(page.locator("#notice")).not_to_contain_text("‘of the sea’")


def test_selected_results_are_taken_out_once_a_person_agrees(visit: Callable[..., Page], app: App) -> None:
    page = visit()
    before = search(page)
    files = {item.id: Path(item.path) for item in app.state.ready()[1].items(before)}
    for rank in (22, 23):
        page.locator(PICK).nth(rank).check()
    page.get_by_role("button", name="Take out …").click()
    expect(page.get_by_role("alert").filter(has_text="Take 2 results out")).to_be_visible()
    expect(page.get_by_role("button", name="No, leave them")).to_be_focused()
    page.keyboard.press("Enter")
    selected(page, 23, 24)
    assert ids(page) == before
    page.get_by_role("button", name="Take out …").click()
    page.get_by_role("button", name="Take them out").click()
    expect(page.locator("#notice")).to_contain_text("Taken out: 2. The files stay.")
    selected(page)
    assert not {*before[22:]} & {*ids(page)} and all(files[one].is_file() for one in before[22:])


def test_marked_results_move_the_question_in_sight_and_back_takes_a_mark_away(visit: Callable[..., Page]) -> None:
    page = visit()
    first = search(page)
    page.locator(CARD).nth(5).focus()
    page.keyboard.press("r")
    verdict = page.locator(f"{CARD}[data-id='{first[5]}'] .sw-verdict")
    expect(verdict).to_have_text("marked right✓")
    assert ids(page).index(first[5]) < 5
    expect(page.locator(".sw-marks")).to_contain_text("you marked: 1 right")
    assert page.locator(".sw-chip .sw-moved").count()
    page.locator(".sw-judge[data-judge=wrong]").click()
    expect(page.locator(".sw-marks")).to_contain_text("1 right and 1 wrong")
    found = ids(page)
    page.go_back()
    expect(page.locator(".sw-marks")).not_to_contain_text("wrong")
    page.go_forward()
    expect(page.locator(".sw-marks")).to_contain_text("1 wrong")
    assert ids(page) == found
    page.get_by_role("button", name="Forget the marks").click()
    expect(page.locator(".sw-marks")).to_have_count(0)
    assert ids(page) == first
