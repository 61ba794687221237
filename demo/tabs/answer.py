"""What an answer changes on the Search page: chips, line, cards, explanation, notices; asks the session and encodes."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from demo.components.notices import error_notice, remark_notices, search_line, share_link
from demo.components.query_chips import query_chips
from demo.components.question_picture import picture_chip
from demo.components.result_grid import explained_hit, file_url, result_grid
from demo.components.word_links import closed_word_links
from demo.state.app import Session, large_picture
from demo.state.page import Asked, encoded, whole_query
from demo.state.question import MOST, PAGE, Question
from index_store.errors import SightwordsError

if TYPE_CHECKING:
    from core.search.search import SearchHit, SearchResult

log = logging.getLogger(__name__)


def answered(session: Session, asked: Asked, keep: bool = False) -> tuple[Any, ...]:
    """What a question changes, in the order of the tab's `answer`; `keep`: the chosen result stays chosen."""
    try:
        asked = encoded(session, asked)
        found, steered = session.find(whole_query(asked), asked.question)
    except SightwordsError as error:
        return _failed(str(error), asked)
    except Exception:  # a bug of ours: the log gets the traceback, the person a sentence
        log.exception("the search for %r failed", asked.question)
        return _failed("Something unexpected went wrong; the log says what.", asked)
    same = asked.found is not None and asked.text is not None and asked.found.query == found.query
    spoken = frozenset(row.term for row in steered.rows if row.kind == "literal")
    chosen = asked.chosen if keep and asked.chosen < len(found.hits) else 0
    asked = replace(asked, found=found, chosen=chosen, spoken=spoken)
    hits = found.hits
    notice = remark_notices(found.remarks)
    if not hits:
        notice = remark_notices([one for one in found.remarks if one.kind != "unanswered"])  # the next one says more
        notice += error_notice(_nothing_found(session, found, asked.question))
    sent = asked.picture is not None and asked.question.like is None
    said = "A picture of your own is not part of the link." if sent else ""
    return (
        notice,
        "",
        picture_chip(asked.source, asked.name) if asked.picture else "",
        gr.update(visible=asked.picture is not None and asked.text is not None, value=asked.question.share),
        query_chips(
            steered.rows,
            asked.question.edits,
            f"{asked.question.text} {asked.name}",
            session.narrowing(found, steered),
        ),
        gr.skip() if same else closed_word_links() if asked.text else "",
        _line(session, asked.question, found) if hits else "",
        share_link(asked.question.to_link(), said) if asked.question.to_link() else "",
        grid(session, asked.question, hits, hits[chosen].id if hits else None),
        explained(session, hits, chosen) if hits else "",
        asked,
    )


def _line(session: Session, question: Question, found: "SearchResult") -> str:
    searched = session.size_of(question)
    return search_line(len(found.hits), searched, found.exact, found.timings_ms, question.kind)


def _failed(message: str, asked: Asked) -> tuple[Any, ...]:
    skip = gr.skip()
    return (error_notice(message), skip, skip, skip, "", "", "", "", "", "", replace(asked, found=None))


def grid(session: Session, question: Question, hits: "tuple[SearchHit, ...]", chosen: int | None) -> str:
    """The results as cards, with a button for more where there are more."""
    more = PAGE if len(hits) == question.k and question.k < min(MOST, session.size()) else 0
    return result_grid(hits, chosen, more=more)


def explained(session: Session, hits: "tuple[SearchHit, ...]", index: int, rival: int | None = None) -> str:
    """Why a result is where it is, and why it is above or below a rival where one is chosen."""
    hit, rank, place = hits[index], index + 1, session.place(hits[index].path)
    facts = session.facts(hit)
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
        pointing=session.can_point(),
        rivals=hits,
        rival=rival,
    )


def _nothing_found(session: Session, found: "SearchResult", question: Question) -> str:
    if session.status.stage == "drawing":
        return f"None of the {session.size():,} pictures drawn so far fits; more are coming, ask again in a moment."
    if not any(term.weight > 0 for term in found.terms) and question.edits:
        return "Every term is switched off or against; switch one on again."
    if question.mode != "full" and not any(term.kind == "literal" for term in found.terms):
        if not question.text.strip():
            return "A picture speaks no words, so nothing matches literally; try full matching."
        return "The model lights up none of the words you typed, so nothing matches them literally; try full matching."
    if question.only:
        return f"Nothing among {', '.join(question.only)} shares a term with this query; take a condition away."
    return "No picture here shares a term with this query; try other words."
