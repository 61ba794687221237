"""What every kind of collection refuses to store, in the same words: items, descriptions, texts and tags."""

import re

from index_store.dense import check_dense
from index_store.errors import CollectionError, VectorError
from index_store.items import KINDS, Description, NewItem
from index_store.origin import Origin
from index_store.vectors import within

_DATE_TIME = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d([+-]\d\d:\d\d)?)?)?)?")


def check_item(item: NewItem, origin: Origin, dense: int | None = None) -> None:
    """CollectionError or VectorError where an item cannot be added to a collection of this origin.

    dense: numbers of a dense vector, where these are kept.
    """
    if item.kind not in KINDS:
        raise CollectionError(f"An item's kind is one of {', '.join(KINDS)}, not {item.kind!r} ({item.path}).")
    for text in (item.path, item.content_hash, item.described or "", item.added or ""):
        check_text(text)
    check_description(Description(item.caption, item.tags, item.taken, item.camera, item.latitude, item.longitude))
    origin.check_vector(item.vector, f"The vector of {item.path}")
    if item.seen is not None and not within(item.seen.vector, item.vector):
        raise VectorError(f"What was seen in {item.path} must be a part of its vector, with no greater weight.")
    if dense is not None and item.dense is not None:
        check_dense(item.dense, dense, f"The dense vector of {item.path}")


def check_description(description: Description) -> None:
    """CollectionError where a text, a tag, the date or the coordinates of a description are impossible."""
    for text in (description.caption, description.taken, description.camera):
        if text is not None:
            check_text(text)
    for tag in description.tags:
        check_tag(tag)
    taken = description.taken
    if taken is not None and not _DATE_TIME.fullmatch(taken):
        raise CollectionError(f"{taken[:40]!r} is no moment; give it in ISO 8601, as 2024-05-03T14:07:09+02:00.")
    coordinates = latitude, longitude = description.latitude, description.longitude
    if coordinates != (None, None) and not (
        None not in coordinates and abs(latitude or 0) <= 90 and abs(longitude or 0) <= 180
    ):
        raise CollectionError(
            f"{coordinates} is no place; give degrees of latitude (-90 to 90) and longitude (-180 to 180)."
        )


def check_caption_weight(weight: float) -> None:
    """CollectionError for what captions cannot weigh."""
    if not 0 <= weight <= 1:
        raise CollectionError(f"Captions cannot weigh {weight}; give a number from 0 (not at all) to 1.")


def check_text(text: str) -> None:
    """CollectionError where a text holds half of a surrogate pair, as the name of a file may."""
    if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
        raise CollectionError(f"The text {text!r} is not valid Unicode and cannot be stored; rename the file.")


def check_tag(tag: str) -> None:
    """CollectionError where a text cannot be a tag."""
    if not tag.strip() or tag != tag.strip() or not tag.isprintable() or len(tag) > 100:
        raise CollectionError(f"{tag[:40]!r} cannot be a tag; give up to 100 printable characters, no space around.")
