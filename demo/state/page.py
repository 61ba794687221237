"""The state of one visitor's page, kept between its events: what is asked and what was answered; knows no Gradio."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.search.encoding import Encoded
from core.search.query import Query
from demo.components.amounts import count
from demo.components.result_grid import file_url, name_of
from demo.state.app import AppState, OtherCollection, Shown
from demo.state.location import Location, item_mark
from demo.state.question import FIRST
from demo.state.sent_pictures import SentPicture
from index_store.errors import ItemNotFound

if TYPE_CHECKING:
    from core.search.encoding import EncodedQuery
    from core.search.results import SearchResult


@dataclass(frozen=True)
class PageState:
    """The question, its encoded parts (kept, so that bending the question encodes nothing) and its answer.

    `text`, `picture`: the parts that are encoded. `source`, `name`: the picture of the question as a URL, and what to
    call it. `result`: the answer, None before the first one. `literal`: the terms that count as literal. `chosen`: the
    index of the hit that is explained. `model`: the name of the model that encoded all this. `shown`: the collection
    that all this is of, None before the first question. `mark`: the `item_mark` of the items that the question names.
    `token`: the name under which a picture that was sent is kept (`SentPictures`).
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
    shown: Shown | None = None
    mark: str = ""
    token: str = ""

    @property
    def sent(self) -> bool:
        """Whether a picture that was sent is part of the question."""
        return self.picture is not None and self.question.like is None

    @property
    def location(self) -> Location:
        """What the address of the page holds."""
        name = self.shown.name if self.shown is not None else ""
        return Location(self.question, name, self.mark, self.sent)


def ask(state: AppState, page: PageState) -> PageState:
    """The page with the answer to its question. Encodes only a text that changed, or all of it for another model.

    Another model is in use once somebody chose a head in the Lab or a collection that it made. Raises SightwordsError;
    OtherCollection for more like an item of a collection that is not open any more.
    """
    here = carried_over(state, page)
    _check_carried(page, here)
    page, question = here, _with_marks_there(state, here.question)
    page = replace(page, question=question)
    if page.picture is not None:
        question = replace(question, like=None)  # the item's vector is kept, even when the item is removed meanwhile
    elif question.liked:
        items = [state.searcher.item(number) for number in question.liked]
        source = file_url(items[0].thumbnail) if items[0].thumbnail else ""
        name = name_of(items[0]) if len(items) == 1 else count(len(items), "picture")
        page = replace(page, source=source, name=name)
    elif not question.text.strip():
        raise QueryError("Type a few words first, for instance: a cat on a red sofa.")
    page = replace(page, mark=_mark(state, page))
    known = page.result.encoded if page.result else Encoded()
    result = state.searcher.search(question, replace(known, text=page.text, picture=page.picture))
    if state.shown != page.shown:
        raise OtherCollection(f"‘{state.shown.name}’ was opened while this was asked; ask again.")
    literal = frozenset(term.term for term in result.all_terms if term.kind == "literal")
    return replace(page, text=result.encoded.text, picture=result.encoded.picture, result=result, literal=literal)


def carried_over(state: AppState, page: PageState) -> PageState:
    """The page with the collection and model in use now: without what another model encoded, or an item of another
    collection.
    """
    shown = state.shown
    if page.model not in (state.model_name, ""):
        page = replace(without_picture(page), text=None, result=None)
    elif page.shown not in (shown, None) and page.question.like is not None:
        page = replace(without_picture(page), result=None)
    if page.shown not in (shown, None):
        page = replace(page, question=replace(page.question, right=(), wrong=()))
    return replace(page, model=state.model_name, shown=shown)


def _mark(state: AppState, page: PageState) -> str:
    """The `item_mark` of all items that the page's question names, "" where it names none."""
    try:
        named = [state.searcher.item(number) for number in page.question.named]
    except ItemNotFound:  # what is liked was taken out since, and its link leads nowhere
        return page.mark
    return item_mark(*named) if named else ""


def _with_marks_there(state: AppState, question: Query) -> Query:
    """The question without marks of items that were taken out since."""
    there = state.searcher.held((*question.right, *question.wrong))
    right, wrong = (tuple(number for number in ids if number in there) for ids in (question.right, question.wrong))
    return replace(question, right=right, wrong=wrong)


def without_picture(page: PageState) -> PageState:
    """The page whose question holds words alone."""
    question = replace(page.question, like=None)
    return replace(page, question=question, picture=None, source="", name="", mark="", token="")


def with_sent(page: PageState, sent: SentPicture, token: str) -> PageState:
    """The page whose question holds a picture that was sent, which is kept under the name `token`."""
    return replace(
        without_picture(page), picture=sent.encoded, source=sent.source, name=sent.name, token=token, model=sent.model
    )


def _check_carried(before: PageState, now: PageState) -> None:
    """QueryError where a part of the question could not be carried over; the rest may be asked the next time."""
    if before.question.like is not None and now.question.like is None and before.shown and now.shown:
        raise OtherCollection(
            f"This asked for more like a picture of ‘{before.shown.name}’, and ‘{now.shown.name}’ is open now; open "
            f"‘{before.shown.name}’ again, or ask something else."
        )
    if before.sent and not now.sent:
        raise QueryError(
            f"The model ‘{before.model}’ read the picture of this question, and ‘{now.model}’ is in use now; choose "
            "the picture again."
        )
