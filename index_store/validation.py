"""What every kind of collection refuses, in the same words: items that cannot be, another model's vectors."""

import re
from collections.abc import Sequence
from pathlib import Path

from index_store.catalog import vocabulary_digest
from index_store.errors import CollectionError, CollectionMismatch, VectorError
from index_store.items import Description, NewItem
from index_store.vectors import SparseVector

KINDS = ("image", "caption")
_MOMENT = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d([+-]\d\d:\d\d)?)?)?)?")


def check_item(item: NewItem, model: str, size: int) -> None:
    """CollectionError or VectorError where an item cannot be added to a collection of `model` with `size` terms."""
    if item.kind not in KINDS:
        raise CollectionError(f"An item's kind is one of {', '.join(KINDS)}, not {item.kind!r} ({item.path}).")
    for text in (item.path, item.content_hash, item.described or ""):
        check_text(text)
    check_description(Description(item.caption, item.tags, item.taken, item.camera, item.latitude, item.longitude))
    check_vector(item.vector, f"The vector of {item.path}", model, size)


def check_description(told: Description) -> None:
    """CollectionError for what cannot be known of a picture."""
    for text in (told.caption, told.taken, told.camera):
        if text is not None:
            check_text(text)
    for tag in told.tags:
        check_tag(tag)
    if told.taken is not None and not _MOMENT.fullmatch(told.taken):
        raise CollectionError(f"{told.taken[:40]!r} is no moment; give it in ISO 8601, as 2024-05-03T14:07:09+02:00.")
    place = told.latitude, told.longitude
    if place != (None, None) and not (
        None not in place and abs(told.latitude or 0) <= 90 and abs(told.longitude or 0) <= 180
    ):
        raise CollectionError(f"{place} is no place; give degrees of latitude (-90 to 90) and longitude (-180 to 180).")


def check_text(text: str) -> None:
    """CollectionError for half a sign, as the name of a file may hold it."""
    if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
        raise CollectionError(f"The text {text!r} is not valid Unicode and cannot be stored; rename the file.")


def check_tag(tag: str) -> None:
    """CollectionError for what cannot be a tag."""
    if not tag.strip() or tag != tag.strip() or not tag.isprintable() or len(tag) > 100:
        raise CollectionError(f"{tag[:40]!r} cannot be a tag; give up to 100 printable characters, no space around.")


def check_vector(vector: SparseVector, what: str, model: str, size: int) -> None:
    """VectorError for a vector with terms outside a vocabulary of `size`; `what` names it."""
    if len(vector) and vector.terms[-1] >= size:
        raise VectorError(
            f"{what} has term {vector.terms[-1]}, but the collection's vocabulary ends at "
            f"{size - 1}; encode with the model {model}."
        )


def check_origin(place: Path | str, about: dict[str, str], model: str | None, vocabulary: Sequence[str] | None) -> None:
    """CollectionMismatch where `about` (`model` and `digest` of a collection) is not of this model and these words."""
    if model is not None and model != about["model"]:
        raise CollectionMismatch(
            f"The collection {place} was made with the model {about['model']}, not {model}; use that model, or index "
            "into another collection."
        )
    if vocabulary is not None and vocabulary_digest(vocabulary) != about["digest"]:
        raise CollectionMismatch(
            f"The collection {place} was made with another vocabulary than this model {about['model']} has now; index "
            "into another collection."
        )
