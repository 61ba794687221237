"""What is asked, as sparse vectors: a text, a picture, an item, and a text mixed with one of those two.

Here a text is understood (`understanding.py`), once for every interface: the encoder is told what it speaks, and each
thing that must be there or is left out is encoded by itself. What was encoded can be handed in again, so that a
question asked anew with other weights or settings encodes nothing. Must not know how a question is bent or answered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import QueryError
from core.search.marks import NO_MARKS, Marks, length_of, mean_of
from core.search.query import Query, check_vector, check_words
from core.search.query_language import OR, literal
from core.search.understanding import Understood, understand
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.query_model import QueryModel
    from index_store.store import Store


NOT_SPOKEN = Understood(literal(""))


@dataclass(frozen=True)
class EncodedQuery:
    """What was asked, as a vector. `text`: the words spoken, "" for a picture. `literal`: ids of the terms they speak.

    `unknown_words`: words that the model does not know. `encode_ms` and `project_ms`: milliseconds in the encoder and
    in the head. `out_of_world`: the encoder tells that nothing it has seen is like the text. `answered_from`: the
    `best_match` from which an item answers the question; None for what is no text, and where the model does not say.
    `with_stray_terms`: all that the head lights, where that is more than `vector`. `dense`: (dim,) float32 of unit
    length, what the encoder makes of it; None where there is none, as of an item whose dense vector is not kept.
    `by_table`: its words were looked up in a query table, in the encoder's place.
    """

    text: str
    vector: SparseVector
    literal: frozenset[int]
    unknown_words: tuple[str, ...] = ()
    encode_ms: float = 0.0
    project_ms: float = 0.0
    out_of_world: bool = False
    answered_from: float | None = None
    with_stray_terms: SparseVector | None = None
    by_table: bool = False
    dense: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)

    @property
    def judged(self) -> SparseVector:
        """From what it is told whether pictures answer, and what tells two things apart: all that the head lights.

        Stray terms are what tells a stranger from what the pictures show, and one thing from another.
        """
        return self.vector if self.with_stray_terms is None else self.with_stray_terms


@dataclass(frozen=True)
class Encoded:
    """The parts of a question, each encoded by itself: its text (or ready vector), its picture or item.

    `things`: {words: vector} of what must be there or is left out. `understood`: what the text says. `marks`: of the
    items that are marked. `by_table`: whether the things were looked up in a query table.
    """

    text: EncodedQuery | None = None
    picture: EncodedQuery | None = None
    things: Mapping[str, SparseVector] = field(default_factory=dict)
    understood: Understood = NOT_SPOKEN
    marks: Marks = NO_MARKS
    by_table: bool = False

    @property
    def silent(self) -> bool:
        """Whether nothing is asked for: the text only says what is left out."""
        return self.text is None and self.picture is None

    def whole(self, share: float) -> EncodedQuery:
        """The one part that there is, or both `mixed`; no term at all where a text only says what is left out."""
        if self.text is not None and self.picture is not None:
            return mixed(self.text, self.picture, share)
        return self.text or self.picture or _SILENT


_SILENT = EncodedQuery("", SparseVector.from_pairs({}), frozenset())
NOTHING = Encoded()


def encode(model: "QueryModel", collection: "Store", query: Query, known: Encoded = NOTHING) -> Encoded:
    """The parts of a checked query. Raises QueryError for a text without a word that the model knows, ItemNotFound.

    known: parts that were encoded before. Its text is taken where the query asks the same words, its picture where the
    query names neither picture nor item.
    """
    read = model.by_table() if query.by_table else model  # the words; pictures are seen by the model itself
    marks = Marks(*(collection.vectors(list(dict.fromkeys(ids))) for ids in (query.right, query.wrong)))
    if query.vector is not None:
        given = given_vector(model, query.vector, query.text)
        return Encoded(given, understood=Understood(literal(query.text)), marks=marks, by_table=query.by_table)
    understood = Understood(literal(query.text)) if query.literal_text else understand(read, query.text)
    question, text, picture = understood.question, None, known.picture
    if query.liked:
        picture = encode_items(collection, query.liked)
    elif query.picture is not None:
        picture = encode_picture(model, query.picture)
    if question.spoken.strip():
        text = known.text
        if text is None or (text.text, text.by_table) != (question.spoken, query.by_table):
            text = replace(encode_text(read, question.spoken), by_table=query.by_table)
    elif picture is None and not question.without:
        if question.factors:
            raise QueryError("Every word of this query is switched off; give one of them a weight above 0.")
        check_words(read, query.text)  # says why there is nothing to ask
    things = dict.fromkeys((*question.without, *(thing for things in question.must for thing in things.split(OR))))
    kept = known.things if known.by_table == query.by_table else {}
    vectors = {words: kept[words] for words in things if words in kept}
    new = [words for words in things if words not in vectors]
    vectors |= {words: lit.all_terms for words, lit in zip(new, read.light(new), strict=True)}
    return Encoded(text, picture, vectors, understood, marks, query.by_table)


def encode_text(model: "QueryModel", text: str) -> EncodedQuery:
    """A text through encoder and head, or a query table; QueryError where it holds no word that the model knows."""
    unknown = check_words(model, text)
    (lit,) = model.light([text])
    return EncodedQuery(
        text,
        lit.vector,
        frozenset(model.vocabulary.literal_ids(text)),
        unknown,
        encode_ms=lit.encode_ms,
        project_ms=lit.project_ms,
        out_of_world=model.out_of_world(text),
        answered_from=model.answered_from,
        with_stray_terms=lit.all_terms,
        dense=lit.dense,
    )


def encode_picture(model: "QueryModel", picture: "Image") -> EncodedQuery:
    """A picture through encoder and head; none of its terms is literal."""
    from core.pictures.images import working_copy

    (lit,) = model.light_pictures([working_copy(picture)])
    return EncodedQuery("", lit.vector, frozenset(), (), lit.encode_ms, lit.project_ms, dense=lit.dense)


def encode_items(collection: "Store", numbers: Sequence[int]) -> EncodedQuery:
    """The vector that a collection holds of an item, or the mean of those of several; ItemNotFound where one is gone.

    Each is first brought to their mean length, so that all have an equal say. Likewise their dense vectors, where the
    collection keeps one of each.
    """
    ids = list(dict.fromkeys(numbers))
    vectors, rows = collection.vectors(ids), collection.dense(ids)
    dense = unit(np.mean([rows[item] for item in ids], 0)) if len(rows) == len(ids) else None
    if len(vectors) == 1:
        return EncodedQuery("", vectors[0], frozenset(), dense=dense)
    mean = mean_of(vectors, sum(map(length_of, vectors)) / len(vectors))
    return EncodedQuery("", SparseVector.from_pairs(mean), frozenset(), dense=dense)


def given_vector(model: "QueryModel", vector: SparseVector, text: str = "") -> EncodedQuery:
    """A ready vector; the terms that the text speaks are literal, and all of them without a text.

    Raises QueryError where it weighs terms that the model lacks.
    """
    check_vector(model, vector)
    if not text.strip():
        return EncodedQuery("", vector, frozenset(vector.terms.tolist()))
    return EncodedQuery(text, vector, frozenset(model.vocabulary.literal_ids(text)), tuple(model.unknown_words(text)))


def mixed(text: EncodedQuery, picture: EncodedQuery, share: float) -> EncodedQuery:
    """One vector out of two: (1 - share) of the text's plus `share` (0..1) of the picture's.

    The picture's vector is first brought to the length of the text's, so that a half of each has an equal say. The
    score is linear in the query vector, so every hit's score is such a mix of its two scores. The dense vectors are
    mixed likewise, and brought to unit length.
    """
    dense = None
    if text.dense is not None and picture.dense is not None:
        dense = unit((1.0 - share) * text.dense.astype(np.float64) + share * picture.dense.astype(np.float64))
    lengths = [length_of(part.vector) for part in (text, picture)]
    scale = lengths[0] / lengths[1] if lengths[0] and lengths[1] else 1.0
    pairs: dict[int, float] = {}
    for part, factor in ((text, 1.0 - share), (picture, share * scale)):
        for term, weight in zip(part.vector.terms.tolist(), part.vector.weights.tolist(), strict=True):
            if factor * weight > 0:
                pairs[term] = pairs.get(term, 0.0) + factor * weight
    return EncodedQuery(
        text.text,
        SparseVector.from_pairs(pairs),
        text.literal,
        text.unknown_words,
        text.encode_ms + picture.encode_ms,
        text.project_ms + picture.project_ms,
        dense=dense,
    )


def unit(row: NDArray[np.floating]) -> NDArray[np.float32]:
    """The row (dim,) at unit length; the zero row stays as it is, and is like nothing."""
    length = float(np.linalg.norm(row.astype(np.float64)))
    return np.asarray(row / length if length else row, np.float32)
