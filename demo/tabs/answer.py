"""What an answer changes on the Search page: chips, line, cards, explanation, notices; computes nothing itself."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from demo.components.notices import error_notice, remark_notices, search_line, share_link
from demo.components.query_chips import query_chips
from demo.components.question_picture import picture_chip
from demo.components.result_grid import explained_hit, file_url, result_grid
from demo.components.word_links import closed_word_links
from demo.state.app import Session, large_picture
from demo.state.page import PageState, ask
from demo.state.question import MOST, PAGE, conditions_of, to_link
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


def answered(session: Session, before: PageState, keep: bool = False) -> Answer:
    """What the page's question changes; `keep`: the chosen result stays chosen."""
    try:
        page = ask(session, before)
    except SightwordsError as error:
        return _failed(str(error), before)
    except Exception:  # a bug of ours: the log gets the traceback, the person a sentence
        log.exception("the search for %r failed", before.question)
        return _failed("Something unexpected went wrong; the log says what.", before)
    result, question = page.result, page.question
    assert result is not None  # `ask` raises otherwise
    hits = result.hits
    page = replace(page, chosen=page.chosen if keep and page.chosen < len(hits) else 0)
    same_words = before.result is not None and page.text is not None and before.result.query == result.query
    return Answer(
        notice=_notice(session, result, question),
        welcome="",
        picture=picture_chip(page.source, page.name) if page.picture else "",
        share=gr.update(visible=page.picture is not None and page.text is not None, value=question.share),
        chips=query_chips(
            result.all_terms, question.weights, f"{question.text} {page.name}", session.searcher.narrowing(result)
        ),
        words=gr.skip() if same_words else closed_word_links() if page.text else "",
        line=_line(session, question, result) if hits else "",
        link=_link(page),
        grid=grid(session, question, hits, hits[page.chosen].id if hits else None),
        detail=explained(session, hits, page.chosen) if hits else "",
        page=page,
    )


def _failed(message: str, page: PageState) -> Answer:
    return Answer(
        notice=error_notice(message),
        welcome=gr.skip(),
        picture=picture_chip(page.source, page.name) if page.picture else gr.skip(),
        share=gr.skip(),
        chips="",
        words="",
        line="",
        link="",
        grid="",
        detail="",
        page=replace(page, result=None),
    )


def _notice(session: Session, result: "SearchResult", question: "Query") -> str:
    if result.hits:
        return remark_notices(result.remarks)
    remarks = [one for one in result.remarks if one.kind != "unanswered"]  # what comes after them says more
    return remark_notices(remarks) + error_notice(_nothing_found(session, result, question))


def _line(session: Session, question: "Query", result: "SearchResult") -> str:
    searched = session.searcher.size_of(question)
    return search_line(len(result.hits), searched, result.exact, result.timings_ms, question.kind)


def _link(page: PageState) -> str:
    link = to_link(page.question)
    sent = page.picture is not None and page.question.like is None
    return share_link(link, "A picture of your own is not part of the link." if sent else "") if link else ""


def grid(session: Session, question: "Query", hits: "tuple[SearchHit, ...]", chosen: int | None) -> str:
    """The results as cards, with a button for more where there are more."""
    more = PAGE if len(hits) == question.k and question.k < min(MOST, session.size()) else 0
    return result_grid(hits, chosen, more=more)


def explained(session: Session, hits: "tuple[SearchHit, ...]", index: int, rival: int | None = None) -> str:
    """Why a result is where it is, and why it is above or below a rival where one is chosen."""
    hit, rank, place = hits[index], index + 1, session.place(hits[index].path)
    facts = session.searcher.facts(hit)
    if hit.kind != "image":
        return explained_hit(hit, rank, None, place=place, facts=facts, rivals=hits, rival=rival)
    picture = large_picture(hit.path)
    if picture is None:
        note = "The original can no longer be read; this is the small copy that the collection keeps."
        source = file_url(hit.thumbnail) if hit.thumbnail else None
        return explained_hit(hit, rank, source, note, place, facts, rivals=hits, rival=rival)
    wide = picture.width > 1.2 * picture.height
    return explained_hit(
        hit,
        rank,
        picture.source,
        place=place,
        facts=facts,
        wide=wide,
        pointing=session.searcher.can_point(),
        rivals=hits,
        rival=rival,
    )


def _nothing_found(session: Session, result: "SearchResult", question: "Query") -> str:
    if session.status.stage == "drawing":
        return f"None of the {session.size():,} pictures drawn so far fits; more are coming, ask again in a moment."
    if not any(term.weight > 0 for term in result.terms) and question.weights:
        return "Every term is switched off or against; switch one on again."
    if question.mode != "full" and not any(term.kind == "literal" for term in result.terms):
        if not question.text.strip():
            return "A picture speaks no words, so nothing matches literally; try full matching."
        return "The model lights up none of the words you typed, so nothing matches them literally; try full matching."
    if conditions := conditions_of(question):
        return f"Nothing among {', '.join(conditions)} shares a term with this query; take a condition away."
    return "No picture here shares a term with this query; try other words."
