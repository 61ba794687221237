"""What becomes of a page when an address is opened, or gone back to: its question, in the collection that it names."""

from dataclasses import dataclass, replace

from core.errors import QueryError
from demo.state.app import AppState
from demo.state.library import Library
from demo.state.location import Location, item_mark
from demo.state.names import same_name
from demo.state.page import PageState, with_sent
from index_store.errors import ItemNotFound, SightwordsError


@dataclass(frozen=True)
class Visit:
    """An address that a page was sent to, and what its history keeps beside it.

    `token`: the name of a picture that was sent (`SentPictures`). `chosen`: the index of the hit that was explained.
    """

    location: Location
    token: str = ""
    chosen: int = 0


def arrived(state: AppState, library: Library | None, page: PageState, visit: Visit) -> tuple[PageState, str]:
    """The page with the question of an address, not asked yet, and why it cannot be asked, "" where it can.

    Opens the collection that the address names, where there is a `library`; without one, nobody can open another.
    """
    location = visit.location
    asked = PageState(location.question, chosen=visit.chosen, mark=location.mark)
    try:
        _open(state, library, page, location.collection)
        asked = replace(asked, shown=state.shown, model=state.model_name)
        if location.question.named:
            _check_mark(state, location)
        return (_with_sent(state, asked, visit.token) if location.picture else asked), ""
    except SightwordsError as error:
        question = replace(asked.question, like=None, right=(), wrong=())
        words = replace(asked, question=question, mark="", shown=state.shown)
        return words, str(error)


def _open(state: AppState, library: Library | None, page: PageState, name: str) -> None:
    if not name or same_name(name, [state.shown.name]):
        return
    if library is None or same_name(name, library.collections()) is None:
        raise QueryError(
            f"The link asks ‘{name[:60]}’, a collection that is not here; press Search to ask ‘{state.shown.name}’."
        )
    library.use(name, shown=page.shown)


def _check_mark(state: AppState, location: Location) -> None:
    try:
        items = [state.searcher.item(number) for number in location.question.named]
        if location.mark and item_mark(*items) == location.mark:
            return
    except ItemNotFound:
        pass
    raise QueryError(f"The link names a picture that ‘{state.shown.name}’ does not hold; search for it anew.")


def _with_sent(state: AppState, page: PageState, token: str) -> PageState:
    sent = state.sent.get(token)
    if sent is None or sent.model != state.model_name:
        raise QueryError("The picture of this question was sent, and is not kept any more; choose it again.")
    return with_sent(page, sent, token)
