"""What an answer changes on the Search page: chips, line, cards, explanation, notices; computes nothing itself."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.components.notices import done_notice, error_notice, page_address, remark_notices, search_line
from demo.components.query_chips import query_chips
from demo.components.question_picture import picture_chip
from demo.components.result_grid import explained_hit, file_url, result_grid
from demo.components.word_links import closed_word_links
from demo.state.app import AppState, large_picture
from demo.state.location import Location
from demo.state.page import PageState, ask, carried_over
from demo.state.question import MOST, PAGE, conditions_of, marks_of
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.search.query import Query
    from core.search.results import SearchHit, SearchResult

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """The new value of each component of the tab that an answer changes, by the component's name."""

    notice: Any
    welcome: Any
    picture: Any
    share: Any
    chips: Any
    words: Any
    line: Any
    link: Any
    grid: Any
    detail: Any
    page: Any


def answered(state: AppState, before: PageState, keep: bool = False) -> Answer:
    """What the page's question changes; `keep`: the chosen result stays chosen."""
    try:
        page = ask(state, before)
    except SightwordsError as error:
        return failed(str(error), carried_over(state, before))
    except Exception:  # a bug of ours: the log gets the traceback, the person a sentence
        log.exception("the search for %r failed", before.question)
        return failed("Something unexpected went wrong; the log says what.", before)
    result, question = page.result, page.question
    assert result is not None  # `ask` raises otherwise
    hits = result.hits
    page = replace(page, chosen=_still_chosen(before, hits) if keep else 0)
    same_words = (
        before.result is not None
        and page.text is not None
        and before.result.query == result.query
        and before.text is page.text
    )
    return Answer(
        notice=_gone_over(before, page) + _notice(state, result, question),
        welcome="",
        picture=picture_chip(page.source, page.name) if page.picture else "",
        share=gr.update(visible=page.picture is not None and page.text is not None, value=question.share),
        chips=query_chips(
            result.all_terms,
            question.weights,
            f"{question.text} {page.name}",
            state.searcher.narrowing(result),
            result.rules,
            (len(question.right), len(question.wrong)),
        ),
        words=gr.skip() if same_words else closed_word_links() if page.text else "",
        line=_line(state, question, result) if hits else "",
        link=address_of(page),
        grid=grid(state, question, hits, hits[page.chosen].id if hits else None),
        detail=explained(state, question, hits, page.chosen) if hits else "",
        page=page,
    )


def _still_chosen(before: PageState, hits: "tuple[SearchHit, ...]") -> int:
    """The index of the hit that was chosen before, wherever it is now; of a page without an answer yet, its own."""
    if before.result is None or before.chosen >= len(before.result.hits):
        return before.chosen if before.chosen < len(hits) else 0
    chosen = before.result.hits[before.chosen].id
    return next((i for i, hit in enumerate(hits) if hit.id == chosen), 0)


def failed(message: str, page: PageState) -> Answer:
    """What a question changes that cannot be answered: `message` says why. The page's picture, if any, stays."""
    return Answer(
        notice=error_notice(message),
        welcome=gr.skip(),
        picture=picture_chip(page.source, page.name) if page.picture else "",
        share=gr.skip(),
        chips="",
        words="",
        line="",
        link=address_of(page),
        grid="",
        detail="",
        page=replace(page, result=None),
    )


def emptied(page: PageState) -> Answer:
    """What changes where nothing is asked any more."""
    return Answer(
        notice="",
        welcome=gr.skip(),
        picture="",
        share=gr.update(visible=False),
        chips="",
        words="",
        line="",
        link=address_of(page),
        grid="",
        detail="",
        page=replace(page, result=None),
    )


def _gone_over(before: PageState, page: PageState) -> str:
    """A notice where another collection was searched than the page showed before."""
    if before.result is None or before.shown in (page.shown, None) or page.shown is None:
        return ""
    return done_notice(f"‘{page.shown.name}’ is open now, and was searched; the page showed ‘{before.shown.name}’.")


def _notice(state: AppState, result: "SearchResult", question: "Query") -> str:
    if result.hits:
        return remark_notices(result.remarks)
    remarks = [one for one in result.remarks if one.kind != "unanswered"]  # what comes after them says more
    return remark_notices(remarks) + error_notice(_nothing_found(state, result, question))


def _line(state: AppState, question: "Query", result: "SearchResult") -> str:
    searched = state.searcher.size_of(question)
    return search_line(len(result.hits), searched, result.exact, result.timings_ms, question.kind)


def address_of(page: PageState, visit: int = 0, location: Location | None = None) -> str:
    """What stands in the address bar for a page.

    `visit`: the step of the browser's history that it answers. `location`: what was asked there, if not the page's.
    """
    return page_address(
        str(location or page.location),
        copied=bool(page.question.text) or page.question.like is not None,
        note="A picture of your own is not part of the link." if page.sent else "",
        token=page.token,
        chosen=page.chosen,
        visit=visit,
    )


def grid(state: AppState, question: "Query", hits: "tuple[SearchHit, ...]", chosen: int | None) -> str:
    """The results as cards, with a button for more where there are more."""
    more = PAGE if len(hits) == question.k and question.k < min(MOST, state.size()) else 0
    owned = state.path is not None and not state.public
    return result_grid(hits, chosen, more=more, owned=owned, marks=marks_of(question))


def explained(
    state: AppState, question: "Query", hits: "tuple[SearchHit, ...]", index: int, rival: int | None = None
) -> str:
    """Why a result is where it is, and why it is above or below a rival where one is chosen."""
    mark = marks_of(question).get(hits[index].id, "")
    hit, rank, place = hits[index], index + 1, state.place(hits[index].path)
    facts = state.searcher.facts(hit)
    if hit.kind != "image":
        return explained_hit(hit, rank, None, place=place, facts=facts, rivals=hits, rival=rival, mark=mark)
    picture = large_picture(hit.path)
    if picture is None:
        note = "The original can no longer be read; this is the small copy that the collection keeps."
        source = file_url(hit.thumbnail) if hit.thumbnail else None
        return explained_hit(hit, rank, source, note, place, facts, rivals=hits, rival=rival, mark=mark)
    wide = picture.width > 1.2 * picture.height
    return explained_hit(
        hit,
        rank,
        picture.source,
        place=place,
        facts=facts,
        wide=wide,
        pointing=state.searcher.can_point(),
        rivals=hits,
        rival=rival,
        mark=mark,
    )


def _nothing_found(state: AppState, result: "SearchResult", question: "Query") -> str:
    if state.status.stage == "drawing":
        return f"None of the {state.size():,} pictures drawn so far fits; more are coming, ask again in a moment."
    if not any(term.weight > 0 for term in result.terms) and question.weights:
        return "Every term is switched off or against; switch one on again."
    if question.mode != "full" and not any(term.kind == "literal" for term in result.terms):
        if not question.text.strip():
            return "A picture speaks no words, so nothing matches literally; try full matching."
        return "The model lights up none of the words you typed, so nothing matches them literally; try full matching."
    if conditions := conditions_of(question):
        return f"Nothing among {', '.join(conditions)} shares a term with this query; take a condition away."
    return "No picture here shares a term with this query; try other words."
