"""Pieces of the page: whatever goes in comes out as text, columns add up, and the two kinds of terms are told apart."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.explain import Contribution, QueryTerm
from core.search.having import Rule
from core.search.links import Link, Links
from core.search.remarks import Remark, remarks
from core.search.results import SearchHit
from demo.components.amounts import amount, count, milliseconds, rounded_column, weight
from demo.components.how_to_ask import how_to_ask
from demo.components.large_view import FileActions, LargeSource, large_view
from demo.components.notices import error_notice, page_address, progress_panel, remark_notices, search_line
from demo.components.query_chips import SHOWN as CHIPS_SHOWN
from demo.components.query_chips import query_chips
from demo.components.question_picture import picture_chip, picture_files, without_upload_path
from demo.components.result_grid import explained_hit, file_url, name_of, result_grid
from demo.components.term_bars import SHOWN as BARS_SHOWN
from demo.components.term_bars import difference_bars, split_bar, split_sentence, term_bars
from demo.components.welcome import about_line, header, mosaic
from demo.components.word_links import word_links_figure
from index_store.items import Item

HOSTILE = """"><img src=x onerror="alert(1)"><script>alert(1)</script>'&{{#if x}}${alert(1)}"""
VOID = {"img", "input", "br"}


class _Page(HTMLParser):
    """Collects tags, attributes and text, and checks that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _rows(*numbers: tuple[str, float, float, str]) -> tuple[Contribution, ...]:
    return tuple(Contribution(term, q, i, q * i, kind) for term, q, i, kind in numbers)  # type: ignore[arg-type]


def _hit(rows: tuple[Contribution, ...], **changes: object) -> SearchHit:
    score = sum(row.contribution for row in rows)
    fields = {"id": 7, "kind": "image", "path": "/pictures/a.png", "caption": None, "score": score}
    return SearchHit(**{**fields, "contributions": rows, "thumbnail": "/thumbs/7.webp", **changes})  # type: ignore[arg-type]


ROWS = _rows(("cat", 1.4, 0.9, "literal"), ("sofa", 1.2, 0.8, "literal"), ("pet", 0.7, 0.5, "expansion"))


@given(st.lists(st.floats(0, 50, allow_nan=False), min_size=1, max_size=60))
def test_a_column_adds_up_to_its_total_and_stays_close(amounts: list[float]) -> None:
    total = sum(amounts)
    shown = rounded_column(amounts, total)
    assert round(sum(round(float(text) * 1000) for text in shown)) == round(float(amount(total)) * 1000)
    assert all(abs(float(text) - value) <= 0.001 + 1e-9 for text, value in zip(shown, amounts, strict=True))


def test_a_column_does_not_hide_a_wrong_sum() -> None:
    assert rounded_column([1.0, 2.0], 9.0) == ["1.000", "2.000"]


def test_numbers_read_well() -> None:
    assert (count(1, "term"), count(2, "term"), count(1000, "box", "boxes")) == ("1 term", "2 terms", "1,000 boxes")
    assert (milliseconds(0.42), milliseconds(12.3)) == ("0.4 ms", "12 ms")
    assert (weight(1.234), weight(0.0042)) == ("1.23", "0.004")


def test_bars_descend_name_their_kind_and_add_up_to_the_score() -> None:
    score = sum(row.contribution for row in ROWS)
    page = _Page(term_bars(tuple(reversed(ROWS)), score))
    values = [float(value or 0) for name, value in page.attributes if name == "data-contribution"]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(score)
    shown = [float(number) for number in re.findall(r"= (\d+\.\d{3})", page.text)]
    assert f"{sum(shown):.3f}" == amount(score)
    assert "3 shared terms add up to" in page.text and amount(score) in page.text
    assert page.text.count("literal") == 2 and page.text.count("expansion") == 1


def test_many_bars_fold_and_still_add_up() -> None:
    rows = _rows(*((f"t{i}", 1.0, 1 / (i + 1.37), "expansion") for i in range(30)))
    page = _Page(term_bars(rows, sum(row.contribution for row in rows)))
    assert page.tags.count("li") == 30 and "details" in page.tags
    folded = float(re.search(r"together (\d+\.\d+)", page.text)[1])  # type: ignore[index]
    shown = [float(number) for number in re.findall(r"= (\d+\.\d{3})", page.text)]
    assert sum(shown[BARS_SHOWN:]) == pytest.approx(folded, abs=1e-9)
    assert sum(shown) == pytest.approx(float(amount(sum(row.contribution for row in rows))), abs=1e-9)


def test_no_shared_term_is_said() -> None:
    assert "Nothing in this picture matches" in term_bars((), 0.0)
    assert _Page(split_bar((), 0.0)) and "0 % literal" in split_sentence((), 0.0)


def test_shares_add_up_to_a_hundred() -> None:
    text = _Page(split_sentence(ROWS, sum(row.contribution for row in ROWS))).text
    assert sum(int(number) for number in re.findall(r"(\d+) %", text)) == 100


def test_bars_tell_what_was_seen_from_what_is_written() -> None:
    rows = (
        Contribution("cat", 2.0, 2.0, 4.0, "literal", written=1.0),
        Contribution("pet", 1.0, 3.0, 3.0, "expansion", written=3.0),
        Contribution("sofa", 1.0, 1.0, 1.0, "expansion"),
        Contribution("dog", -1.0, 2.0, -2.0, "literal", written=-1.5),
    )
    hit = _hit(rows)
    page = _Page(explained_hit(hit, 1, "picture.png", pointing=True))
    assert "1.000 of it written" in page.text and "1.500 of it written" in page.text
    assert "50 % seen" in page.text and "50 % written" in page.text
    assert page.text.count("✎") == 4  # of three terms and of the sum
    asked = [value for name, value in page.attributes if name == "data-see"]
    assert asked == ["cat", "sofa", "dog"]  # nobody can see in the picture what is only written
    widths = re.findall(r'sw-literal(?: sw-written)?" style="width:([\d.]+)%', term_bars(rows, 6.0, parted=True))
    assert widths == ["75.0", "25.0"]
    large = large_view([hit], 0, [LargeSource("picture.png", "")])
    assert "1.000 of it written" in _Page(large).text and "sw-against sw-written" in large
    plain = _hit(rows[2:3])
    assert "written" not in explained_hit(plain, 1, "picture.png") + result_grid([plain], None)
    caption = _hit(tuple(replace(row, written=row.contribution) for row in rows), kind="caption")
    assert "written" not in explained_hit(caption, 1, None) + result_grid([caption], None)


def _term(term: str, weight: float, kind: str, edited: bool = False) -> QueryTerm:
    return QueryTerm(term, weight, kind, abs(weight), edited)  # type: ignore[arg-type]


def test_chips_tell_literal_from_expansion_by_word_and_fold_the_rest() -> None:
    terms = [_term("cat", 1.5, "literal"), _term("pet", 0.5, "expansion")]
    page = _Page(query_chips(terms))
    assert "cat (literal)" in page.text and "pet (expansion)" in page.text and "2 terms" in page.text
    many = _Page(query_chips([_term(f"t{i}", 1.0, "expansion") for i in range(CHIPS_SHOWN + 1)]))
    assert "1 lighter term" in many.text and query_chips([]) == ""


def test_chips_say_what_is_off_and_what_is_against_and_never_fold_what_was_edited() -> None:
    terms = [_term(f"t{i}", 1.0, "expansion") for i in range(CHIPS_SHOWN)]
    edited = [_term("off", 0.0, "literal", True), _term("bad", -0.5, "expansion", True)]
    page = _Page(query_chips([*terms, *edited], {"off": 0.0, "bad": -0.5}))
    states = [value for name, value in page.attributes if name == "data-state"]
    assert states == ["on"] * CHIPS_SHOWN + ["off", "against"]
    assert ("data-edits", '{"off": 0.0, "bad": -0.5}') in page.attributes
    assert ("value", "−0.50") in page.attributes and ("aria-label", "Count bad for the score again") in page.attributes
    assert f"{CHIPS_SHOWN + 1} terms" in page.text and "Undo my changes" in page.text and "lighter" not in page.text


def test_terms_against_are_bars_of_their_own_and_the_column_still_adds_up() -> None:
    rows = (*ROWS, *_rows(("dog", -1.0, 0.4, "literal")))
    score = sum(row.contribution for row in rows)
    page = _Page(term_bars(rows, score))
    shown = [float(number) for number in re.findall(r"= (-?\d+\.\d{3})", page.text)]
    assert shown[-1] < 0 and f"{sum(shown):.3f}" == amount(score)
    assert "against" in page.text and ("aria-label", "Terms against it") in page.attributes
    assert split_sentence(rows, score) == split_sentence(ROWS, score)  # shares of what speaks for it


def test_differences_add_up_to_the_gap() -> None:
    first, second = _hit(ROWS), _hit(_rows(("cat", 1.4, 0.2, "literal"), ("tree", 0.5, 0.4, "expansion")), id=8)
    page = _Page(difference_bars(first, 1, second, 4))
    values = [float(value or 0) for name, value in page.attributes if name == "data-difference"]
    assert sum(values) == pytest.approx(first.score - second.score)
    assert [abs(value) for value in values] == sorted(map(abs, values), reverse=True)
    assert "for number 4" in page.text and "for number 1" in page.text


def test_links_are_drawn_and_what_nobody_can_tell_is_said() -> None:
    links = Links(
        ("dog", "and", "cat"), (Link("animal", 1.0, (0.8, 0.0, 0.1), 0), Link("pet", 0.5, (0.4, 0, 0.4), None))
    )
    page = _Page(word_links_figure(links, frozenset({"dog"})))
    assert [value for name, value in page.attributes if name == "data-word"] == ["0"]
    assert ("aria-label", "dog lit animal") in page.attributes and "no single one: pet." in page.text
    assert "light up no term" in word_links_figure(Links((), ()), frozenset())


def test_cards_are_buttons_and_one_is_pressed() -> None:
    page = _Page(result_grid([_hit(ROWS), _hit(ROWS, id=8, thumbnail=None, kind="caption", caption="a cat")], 8))
    assert page.tags.count("button") == 2
    assert [value for name, value in page.attributes if name == "aria-pressed"] == ["false", "true"]
    assert ("alt", "a.png") in page.attributes and "a cat" in page.text
    assert result_grid([], None) == ""


def test_the_chosen_hit_shows_rank_score_and_place() -> None:
    hit = _hit(ROWS, caption="a cat on a sofa")
    page = _Page(explained_hit(hit, 3, "data:image/webp;base64,AA", place="/pictures/a.png"))
    assert "Why it is number 3" in page.text and "/pictures/a.png" in page.text
    assert ("alt", "a cat on a sofa") in page.attributes
    told = explained_hit(hit, 3, "data:,", facts=[("taken", "2024-05-03"), ("tags", HOSTILE)])
    assert "<dt>taken</dt>" in told and "2024-05-03" in told and HOSTILE not in told
    nameless = _Page(explained_hit(_hit(ROWS), 1, "data:,", place="/pictures/a.png", wide=True))
    assert "a.png/pictures" in nameless.text and "/pictures/a.png" not in nameless.text
    assert "blockquote" in _Page(explained_hit(hit, 1, None, "It is gone.")).tags


@pytest.mark.parametrize(
    "html",
    [
        query_chips([QueryTerm(HOSTILE, 1.0, "literal", 1.0, True)], {HOSTILE: 1.0}),
        query_chips([QueryTerm("dog", 1.0, "literal", 1.0, True)], narrowing=[HOSTILE]),
        term_bars(_rows((HOSTILE, -1.0, 1.0, "literal")), -1.0, pointing=True),
        difference_bars(_hit(_rows((HOSTILE, 1, 1, "literal"))), 1, _hit(ROWS), 2),
        word_links_figure(
            Links((HOSTILE,), (Link(HOSTILE, 1.0, (1.0,), 0), Link(HOSTILE, 1.0, (0.0,), None))), frozenset()
        ),
        picture_chip("data:," + HOSTILE, HOSTILE),
        page_address(HOSTILE, copied=True, note=HOSTILE, token=HOSTILE),
        explained_hit(_hit(ROWS), 1, "data:,", rivals=[_hit(ROWS), _hit(ROWS, caption=HOSTILE)], rival=1),
        term_bars(_rows((HOSTILE, 1.0, 1.0, "literal")), 1.0),
        result_grid([_hit(_rows((HOSTILE, 1, 1, "literal")), caption=HOSTILE, thumbnail=HOSTILE)], 7),
        result_grid([_hit(ROWS, path=HOSTILE)], 7),
        explained_hit(_hit(ROWS, caption=HOSTILE), 1, "data:," + HOSTILE, HOSTILE, HOSTILE),
        large_view(
            [_hit(_rows((HOSTILE, 1, 1, "literal")), caption=HOSTILE)],
            0,
            [LargeSource(HOSTILE, HOSTILE)],
            [("tags", HOSTILE)],
            FileActions(HOSTILE, HOSTILE, opens=True),
            HOSTILE,
        ),
        remark_notices(remarks(HOSTILE, (HOSTILE, "tax"), True, False)),
        error_notice(HOSTILE),
        progress_panel(HOSTILE, 1, 2, HOSTILE),
        about_line(HOSTILE, HOSTILE),
        mosaic([Item(1, "image", HOSTILE, HOSTILE, "", 1, 1, 1, "", HOSTILE)], 1),
    ],
)
def test_hostile_text_stays_text(html: str) -> None:
    page = _Page(html)
    assert "script" not in page.tags
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert not any(name == "src" and value == "x" for name, value in page.attributes)


def test_what_is_left_out_is_a_chip_and_what_may_be_meant_a_button() -> None:
    rules = [Rule("dog", False), Rule("red hat", True), Rule("cat", False, undone=True), Rule(HOSTILE, False)]
    page = _Page(query_chips([_term("cat", 0.0, "literal")], {"cat": 0.0}, rules=rules))
    states = [value for name, value in page.attributes if name == "data-state"]
    assert states == ["against", "must", "off", "against"]  # and none for the term of the rule that is undone
    assert "script" not in page.tags and [value for name, value in page.attributes if name == "aria-pressed"] == [
        "true", "true", "false", "true",
    ]  # fmt: skip
    remark = Remark("did you mean", "‘dgo’ is no word; did you mean ‘dog’ or ‘ego’?", ("dgo",), ("a dog", 'an "ego"'))
    offered = _Page(remark_notices([remark]))
    assert [value for name, value in offered.attributes if name == "data-question-text"] == ["a dog", 'an "ego"']
    assert offered.text == "‘dgo’ is no word; did you mean dog or ego?"
    examples = [value for name, value in _Page(how_to_ask()).attributes if name == "data-question-text"]
    assert "a street without cars" in examples


def test_the_large_view_names_its_neighbours_and_offers_what_a_person_may_do() -> None:
    hits = [_hit(ROWS, id=number) for number in (7, 8, 9)]
    sources = [LargeSource(f"pictures/x/{number}", f"small{number}") for number in (7, 8, 9)]
    page = _Page(large_view(hits, 1, sources, [("taken", "2024-05-03")], FileActions("/a/b.png", "file", opens=True)))
    told = dict(page.attributes)
    assert (told["data-previous"], told["data-next"]) == ("7", "9") and "Result 2 of 3" in page.text
    assert told["data-previous-source"] == "pictures/x/7" and "2024-05-03" in page.text and "/a/b.png" in page.text
    assert [value for name, value in page.attributes if name == "data-do"] == [
        "open", "folder", "path", "copy", "download",
    ]  # fmt: skip
    stranger = _Page(large_view(hits[:1], 0, sources))
    assert "data-previous" not in dict(stranger.attributes) and "data-next" not in dict(stranger.attributes)
    assert [value for name, value in stranger.attributes if name == "data-do"] == ["copy", "download"]
    caption = _Page(large_view([_hit(ROWS, kind="caption", caption="a cat")], 0, [LargeSource("", "")]))
    assert "blockquote" in caption.tags and "img" not in caption.tags and "data-do" not in dict(caption.attributes)


def test_an_item_is_called_the_same_everywhere() -> None:
    for path, caption, said in (
        ("/a/b.png", "a boat", "a boat"), ("/a/b.png", None, "b.png"), ("C:\\a\\b.png", None, "b.png"),
        ("", None, "item 7"),
    ):  # fmt: skip
        assert name_of(Item(7, "image", path, caption, "", 1, 1, 1, "", None)) == said


def test_a_file_url_is_quoted_and_relative_and_does_not_tell_the_folder() -> None:
    url = file_url("/home/ann/c/thumbs/0 0/c#?.webp")
    assert url.startswith("thumbnails/") and url.endswith("/0%200/c%23%3F.webp")
    assert "ann" not in url and "thumbs" not in url
    assert url != file_url("/home/ann/d/thumbs/0 0/c#?.webp")


def test_remarks_are_said_in_their_order_and_words_keep_their_own_direction() -> None:
    shown = remark_notices(remarks("scenes", ("tax",), True, None))
    said = _Page(shown).text
    assert said.index("does not know the word ‘tax’.") < said.index("Nothing in this collection is like this")
    assert "‘<bdi>tax</bdi>’" in shown and shown.count('role="status"') == 2
    assert "No picture in this collection answers this well" in remark_notices(remarks("photos", (), False, False))
    assert remark_notices(()) == ""


def test_the_search_line_says_whether_the_ranking_is_proven() -> None:
    timings = {"encode": 7.25, "project": 1.0, "retrieve": 0.5, "rescore": 0.25, "total": 12.0}
    proven = _Page(search_line(24, 1000, True, timings)).text
    assert "the best 24 of 1,000 pictures" in proven and "✓ proven exact" in proven and "12 ms" in proven
    assert "not proven exact" in _Page(search_line(3, 3, False, {})).text
    assert "the best 24 of 30 captions" in _Page(search_line(24, 30, True, {}, "caption")).text


def test_progress_counts_or_only_moves() -> None:
    page = _Page(progress_panel("Drawing", 240, 1000))
    assert "240 of 1,000" in page.text and ("value", "240") in page.attributes
    assert ("max", "0") not in _Page(progress_panel("Waking", 0, 0)).attributes


def test_the_header_keeps_our_own_drawing() -> None:
    assert "svg" in _Page(header("<svg></svg>")).tags


def test_a_question_may_be_any_picture_and_errors_name_no_path() -> None:
    offered = picture_files()
    assert {"image", ".jfif", ".heic", ".dng", ".jp2"} <= set(offered)
    said = without_upload_path("The picture /tmp/x/a.png is empty (0 bytes).", "/tmp/x/a.png")
    assert said == "The picture that you sent is empty (0 bytes)."
    said = without_upload_path("/tmp/x/a.png is not a picture that can be read.", "/tmp/x/a.png")
    assert said == "What you sent is not a picture that can be read."
