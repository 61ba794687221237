"""What can be asked, as one value, and the one place that refuses what cannot; must not know encoders, hits or pages.

Everything that a person or a program may send arrives here unchecked, so that every interface says the same sentence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, get_args

from core.errors import QueryError
from index_store.errors import CollectionError
from index_store.filters import Filter, parse
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.models.query_model import QueryModel
    from core.vocabulary import Vocabulary
    from index_store.store import Store

Mode = Literal["full", "literal", "hybrid"]
Kind = Literal["image", "caption", "both"]
Rank = Literal["sparse", "dense", "fused"]

MAX_CHARACTERS = 2_000  # a long paragraph; more is a pasted document, which no encoder here reads to the end
MAX_K = 1_000  # every hit is explained term by term, so that a longer list is no longer read by a person
MAX_WEIGHT = 10.0  # a head gives at most about 3; ten of them already drown everything else
MAX_DENSE_WEIGHT = 10_000.0  # of a cosine: far more than what any terms add up to
MAX_LIKED = 100  # items whose mean is asked for; the mean of more is that of the whole collection
MAX_MARKED = 100  # items that are marked right, or wrong; nobody has looked at more
MAX_ID = 2**63 - 1  # what SQLite counts to


@dataclass(frozen=True)
class Query:
    """One question to a collection: what is looked for, how it is bent, among what, how many, at what cost.

    What is looked for: a `text`, a `picture`, more `like` an item of the collection (its id) or the mean of several
    (their ids), or a text mixed with one of these. `share` (0..1) is the picture's or items' say in a mix. A ready
    `vector` stands for all of that; a text beside it only says which of its terms are literal, and without one all of
    them are. A blank text is no text.
    What a text says is understood (`query_language.py`: "-dog", "no cars", "cat^2"), and its slips are corrected; a
    `literal_text` is taken as it is.

    How it is bent: `expansion` (0..1) multiplies the weights of expansion terms. Mode "literal" drops them; "hybrid"
    counts them, but only finds items that share a literal term. `weights` by hand, {term: -MAX_WEIGHT..MAX_WEIGHT},
    override both: 0 switches a term off, below 0 it counts against an item, and a term that was not there counts as
    literal. Of a thing that the text leaves out or demands, any weight by hand undoes that. Items that a person marked
    `right` or `wrong` (their ids) move the weights towards what they light, or away from it (`marks.py`), before all
    this.

    Among what: items of one `kind`; those for which all conditions of `where` hold (`index_store.filters`); those in
    which no term of `without` has any weight. With `each`, nearly equal pictures are a hit each; otherwise they are
    one hit, the best of them, and k counts such hits.

    By what: `rank` "sparse", by terms; "dense", by the cosine of the question's dense vector and an item's; "fused", by
    both, score + weight × cosine, where `dense_weight` (0..MAX_DENSE_WEIGHT) is the weight, and the head's own without
    it. A dense vector is of the question as it was asked, without what a text leaves out, and cannot be bent: weights,
    marks, mode and expansion change the terms' part alone, and nothing where "dense" ranks, except that "fused" in mode
    "hybrid" still wants a literal term. What is said among what to look holds whatever ranks.

    By whom: what a text lights says the encoder with its head, or, `by_table`, the model's query table.

    How many: the `k` best (1..MAX_K). At what cost: with a `budget`, at most so many postings are read, those that
    count most first; the answer then says whether it is still proven. Scores are exact in any case.
    """

    text: str = ""
    picture: "Image | None" = None
    like: int | Sequence[int] | None = None
    vector: SparseVector | None = None
    share: float = 0.5
    expansion: float = 1.0
    mode: Mode = "full"
    weights: Mapping[str, float] = field(default_factory=dict)
    right: Sequence[int] = ()
    wrong: Sequence[int] = ()
    kind: Kind = "both"
    where: Sequence[str] = ()
    without: Sequence[str] = ()
    each: bool = True
    k: int = 10
    budget: int | None = None
    literal_text: bool = False
    rank: Rank = "sparse"
    dense_weight: float | None = None
    by_table: bool = False

    @cached_property
    def liked(self) -> tuple[int, ...]:
        """The ids of `like`, one or several; none where nothing is liked. Unchecked, as `like` is."""
        several = isinstance(self.like, Sequence) and not isinstance(self.like, str | bytes)
        return tuple(self.like) if several else () if self.like is None else (self.like,)  # type: ignore

    @property
    def named(self) -> tuple[int, ...]:
        """The ids of all items that it names: those that it likes, then those marked right, then wrong. Unchecked."""
        return (*self.liked, *self.right, *self.wrong)

    @cached_property
    def filter(self) -> Filter:
        """The conditions of `where`, understood; QueryError or FilterError for what is none."""
        if not _are_texts(self.where):
            raise QueryError(f"The conditions are {_shown(self.where)}, but must be a list of texts like 'tag=best'.")
        return parse(self.where)

    def check(self, *, with_picture: bool = False) -> None:
        """QueryError or FilterError, one sentence, for what no model could answer in any collection.

        with_picture: a picture that was encoded before belongs to the question, though it is not in `picture`.
        """
        _check_what(self, with_picture)
        _check_bending(self)
        _check_among(self)
        _check_rank(self)
        check_k(self.k)
        if self.budget is not None and not (_is_whole(self.budget) and self.budget >= 1):
            raise QueryError(
                f"The budget is {_shown(self.budget)} postings, but must be a whole number, at least 1; "
                "leave it out for an exact answer."
            )
        pictures_only = not self.text.strip() and self.vector is None
        if self.mode != "full" and pictures_only and not any(weight > 0 for weight in self.weights.values()):
            raise QueryError(
                f"A picture speaks no words, so mode '{self.mode}' has nothing to look for; use mode 'full'."
            )


def check_k(k: Any) -> None:
    """QueryError unless so many hits can be asked for."""
    if not (_is_whole(k) and 1 <= k <= MAX_K):
        raise QueryError(
            f"The number of results k is {_shown(k)}, but must be from 1 to {MAX_K:,}, and a whole number."
        )


def check_item(number: Any) -> None:
    """QueryError unless an item could have this id; whether one has it, the collection knows."""
    if not (_is_whole(number) and 0 <= number <= MAX_ID):
        raise QueryError(f"No item can be called {_shown(number)}; give an id as a search tells it, a whole number.")


def check_text(text: object, what: str = "text") -> None:
    """QueryError unless it is a text, and not too long to be asked; it may be blank. `what`: to call it."""
    if not isinstance(text, str):
        raise QueryError(f"The {what} is {_shown(text)}, but must be words.")
    if len(text) > MAX_CHARACTERS:
        raise QueryError(
            f"The {what} has {len(text):,} characters, but at most {MAX_CHARACTERS:,} can be asked; shorten it."
        )


def check_words(model: "QueryModel", text: str) -> tuple[str, ...]:
    """The words of a text that the model does not know; QueryError for a text without one that it does."""
    check_text(text)
    if not text.strip():
        raise QueryError("The query is empty, so there is no question; type what the picture shows.")
    words = model.vocabulary.words(text)
    if not words:
        raise QueryError(f"The query '{text.strip()[:60]}' holds no word; type what the picture shows.")
    unknown = tuple(model.unknown_words(text))
    if set(words) <= set(unknown):
        named = ", ".join(f"'{word[:40]}'" for word in unknown[:5])
        raise QueryError(f"The model '{model.name}' knows none of the words in this query: {named}; try plainer words.")
    return unknown


def check_vector(model: "QueryModel", vector: SparseVector) -> None:
    """QueryError for a vector that weighs terms which the model's vocabulary lacks."""
    if len(vector) and int(vector.terms[-1]) >= len(model.vocabulary):
        raise QueryError(
            f"The query vector weighs the term number {int(vector.terms[-1])}, but the vocabulary of the model "
            f"'{model.name}' has {len(model.vocabulary)} terms."
        )


def check_collection(model: "QueryModel", collection: "Store") -> None:
    """CollectionError where another model, or one with another vocabulary, made the collection."""
    if collection.model != model.name or len(collection.vocabulary) != len(model.vocabulary):
        raise CollectionError(
            f"The collection {collection.address} was made by the model '{collection.model}', "
            f"so the model '{model.name}' cannot search it; search with its own model or index the pictures again."
        )


def term_ids(vocabulary: "Vocabulary", names: Iterable[str]) -> dict[str, int]:
    """The ids of terms by name, or by one of their forms ("dogs"); QueryError names those that the vocabulary lacks."""
    ids = {name: vocabulary.id(name.strip()) for name in names}
    missing = [name for name, number in ids.items() if number is None]
    if missing:
        named = ", ".join(_shown(name) for name in missing[:3])
        raise QueryError(f"The vocabulary has no term {named}, so it can be neither weighed nor left out.")
    return {name: number for name, number in ids.items() if number is not None}


def _check_what(query: Query, with_picture: bool) -> None:
    check_text(query.text)
    if not isinstance(query.literal_text, bool):
        raise QueryError(
            f"Whether to take the text literally is {_shown(query.literal_text)}, but must be true or false."
        )
    _check_liked(query)
    if query.picture is not None and not _is_picture(query.picture):
        raise QueryError(f"The picture is {_shown(query.picture)}, but must be an opened image.")
    if query.vector is not None and not isinstance(query.vector, SparseVector):
        raise QueryError(f"The vector is {_shown(query.vector)}, but must be a SparseVector.")
    given = sum((query.picture is not None, bool(query.liked), query.vector is not None))
    if given > 1:
        raise QueryError("One can ask for more like a picture, an item or a ready vector, not both; leave one out.")
    if not (given or with_picture or query.text.strip()):
        raise QueryError("The query is empty, so there is no question; type what the picture shows.")


def _check_liked(query: Query) -> None:
    for number in query.liked:
        check_item(number)
    if len(query.liked) > MAX_LIKED:
        raise QueryError(
            f"The query likes {len(query.liked):,} items, but the mean of at most {MAX_LIKED} can be asked for; "
            "leave some out."
        )


def _check_bending(query: Query) -> None:
    if not _is_between(query.share, 0.0, 1.0):
        raise QueryError(
            f"The picture's share is {_shown(query.share)}, but must be from 0 (text alone) to 1 (picture alone)."
        )
    if not _is_between(query.expansion, 0.0, 1.0):
        raise QueryError(
            f"The expansion strength is {_shown(query.expansion)}, but must be from 0 (literal terms only) to 1 (all)."
        )
    if query.mode not in get_args(Mode):
        raise QueryError(f"There is no search mode {_shown(query.mode)}; choose one of {', '.join(get_args(Mode))}.")
    if not isinstance(query.weights, Mapping) or not _are_texts(list(query.weights)):
        raise QueryError(f"The weights are {_shown(query.weights)}, but must be numbers by term, as in {{'dog': 1.5}}.")
    for term, weight in query.weights.items():
        if not _is_between(weight, -MAX_WEIGHT, MAX_WEIGHT):
            raise QueryError(
                f"The term {_shown(term)} cannot weigh {_shown(weight)}; "
                f"give it a weight from -{MAX_WEIGHT:.0f} to {MAX_WEIGHT:.0f}."
            )
    _check_marks(query)


def _check_marks(query: Query) -> None:
    for said, marked in (("right", query.right), ("wrong", query.wrong)):
        if not isinstance(marked, Sequence) or isinstance(marked, str | bytes):
            raise QueryError(f"What is {said} is {_shown(marked)}, but must be a list of ids like [3, 7].")
        for number in marked:
            check_item(number)
        if len(marked) > MAX_MARKED:
            raise QueryError(
                f"The query marks {len(marked):,} items {said}, but at most {MAX_MARKED} can be; leave some out."
            )
    for number in query.right:
        if number in query.wrong:
            raise QueryError(f"Item {number} is marked right and wrong; leave one of the two out.")


def _check_among(query: Query) -> None:
    if query.kind not in get_args(Kind):
        raise QueryError(f"There is no kind of item {_shown(query.kind)}; choose image, caption or both.")
    if not _are_texts(query.without):
        raise QueryError(f"The terms to be without are {_shown(query.without)}, but must be a list like ['dog'].")
    if not isinstance(query.each, bool):
        raise QueryError(f"Whether to give each copy is {_shown(query.each)}, but must be true or false.")
    _ = query.filter  # which says what is wrong with a condition


def _check_rank(query: Query) -> None:
    if query.rank not in get_args(Rank):
        raise QueryError(f"There is no way to rank {_shown(query.rank)}; choose one of {', '.join(get_args(Rank))}.")
    weight = query.dense_weight
    if weight is not None and not _is_between(weight, 0.0, MAX_DENSE_WEIGHT):
        raise QueryError(
            f"The whole picture cannot weigh {_shown(weight)}; give it a weight from 0 to {MAX_DENSE_WEIGHT:,.0f}."
        )
    if not isinstance(query.by_table, bool):
        raise QueryError(f"Whether to ask by table is {_shown(query.by_table)}, but must be true or false.")
    if query.rank != "sparse" and query.by_table and query.text.strip():
        raise QueryError("A query table makes no dense vector to rank by; use the rank 'sparse'.")
    if query.rank != "sparse" and query.vector is not None:
        raise QueryError("A ready vector holds terms only, and no dense vector to rank by; use the rank 'sparse'.")


def _is_picture(value: object) -> bool:
    from PIL.Image import Image  # not for those who ask in words alone

    return isinstance(value, Image)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_between(value: Any, low: float, high: float) -> bool:
    number = isinstance(value, Real) and not isinstance(value, bool)
    return number and low <= value <= high  # also false for nan


def _are_texts(values: Any) -> bool:
    """Whether it is a list of texts; a text alone, which is one of letters, is not."""
    listed = isinstance(values, Sequence) and not isinstance(values, str | bytes)
    return listed and all(isinstance(value, str) for value in values)


def _shown(value: object) -> str:
    """A wrong input as a sentence quotes it: on one line, and not longer than a sentence."""
    return repr(value)[:60]
