"""What one visitor's page is about, kept between its events: the question with its encoded parts; knows no Gradio."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.search.steering import mixed
from demo.components.result_grid import file_url, name_of
from demo.state.app import Session
from demo.state.question import Question

if TYPE_CHECKING:
    from core.search.search import EncodedQuery, SearchResult


@dataclass(frozen=True)
class Asked:
    """What one visitor's page is about: the question, its encoded parts (kept, so that bending it encodes nothing).

    `picture`, `source`, `name`: the picture of the question, encoded, as a URL, and what to call it.
    """

    question: Question = field(default_factory=Question)
    text: "EncodedQuery | None" = None
    picture: "EncodedQuery | None" = None
    source: str = ""
    name: str = ""
    found: "SearchResult | None" = None
    spoken: frozenset[str] = frozenset()
    chosen: int = 0
    model: str = ""  # that encoded all this


def encoded(session: Session, asked: Asked) -> Asked:
    """Encodes what is not encoded yet: a text that changed, an item to find more like; all of it for another model.

    Another model is in use once somebody chose a head in the Lab or a collection that it made.
    """
    if asked.model != session.model_name:
        asked = _of_model(asked, session.model_name)
    question, text = asked.question, asked.text
    if not question.text.strip():
        text = None
    elif text is None or text.label != question.text:
        text = session.encode_text(question.text)
    asked = replace(asked, text=text)
    if question.like is not None and asked.picture is None:
        picture, item = session.encode_item(question.like)
        source = file_url(item.thumbnail) if item.thumbnail else ""
        asked = replace(asked, picture=picture, source=source, name=name_of(item))
    if asked.text is None and asked.picture is None:
        raise QueryError("Type a few words first, for instance: a cat on a red sofa.")
    return asked


def _of_model(asked: Asked, model: str) -> Asked:
    """Without what another model encoded; a picture that was sent, or an item of its collection, went with it."""
    if not asked.model:
        return replace(asked, model=model)
    question = replace(asked.question, like=None)
    return replace(asked, question=question, text=None, picture=None, source="", name="", found=None, model=model)


def whole_query(asked: Asked) -> "EncodedQuery":
    """The text, the picture, or both mixed."""
    if asked.text is not None and asked.picture is not None:
        return mixed(asked.text, asked.picture, asked.question.share)
    query = asked.text or asked.picture
    assert query is not None  # `encoded` raises otherwise
    return query
