"""The state of one visitor's page, kept between its events: what is asked and what was answered; knows no Gradio."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.search.encoding import Encoded
from core.search.query import Query
from demo.components.result_grid import file_url, name_of
from demo.state.app import AppState
from demo.state.question import FIRST

if TYPE_CHECKING:
    from core.search.encoding import EncodedQuery
    from core.search.results import SearchResult


@dataclass(frozen=True)
class PageState:
    """The question, its encoded parts (kept, so that bending the question encodes nothing) and its answer.

    `text`, `picture`: the parts that are encoded. `source`, `name`: the picture of the question as a URL, and what to
    call it. `result`: the answer, None before the first one. `literal`: the terms that count as literal. `chosen`: the
    index of the hit that is explained. `model`: the name of the model that encoded all this.
    """

    question: Query = FIRST
    text: "EncodedQuery | None" = None
    picture: "EncodedQuery | None" = None
    source: str = ""
    name: str = ""
    result: "SearchResult | None" = None
    literal: frozenset[str] = frozenset()
    chosen: int = 0
    model: str = ""


def ask(state: AppState, page: PageState) -> PageState:
    """The page with the answer to its question. Encodes only a text that changed, or all of it for another model.

    Another model is in use once somebody chose a head in the Lab or a collection that it made. Raises SightwordsError.
    """
    page = for_model(page, state.model_name)
    question = page.question
    if page.picture is not None:
        question = replace(question, like=None)  # the item's vector is kept, even when the item is removed meanwhile
    elif question.like is not None:
        item = state.searcher.item(question.like)
        source = file_url(item.thumbnail) if item.thumbnail else ""
        page = replace(page, source=source, name=name_of(item))
    elif not question.text.strip():
        raise QueryError("Type a few words first, for instance: a cat on a red sofa.")
    result = state.searcher.search(question, Encoded(page.text, page.picture))
    literal = frozenset(term.term for term in result.all_terms if term.kind == "literal")
    return replace(page, text=result.encoded.text, picture=result.encoded.picture, result=result, literal=literal)


def for_model(page: PageState, model: str) -> PageState:
    """The page without what another model encoded: a picture that was sent, or an item of its collection, is gone."""
    if page.model in (model, ""):
        return replace(page, model=model)
    question = replace(page.question, like=None)
    return replace(page, question=question, text=None, picture=None, source="", name="", result=None, model=model)
