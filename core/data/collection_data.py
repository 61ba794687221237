"""A collection's pictures and their captions as a dense data set folder to train a head on; knows no training."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from numpy import float32
from numpy.typing import NDArray

from core.data.dense import write_dense
from core.data.dense_items import DenseItems, dense_items
from core.errors import DatasetError
from index_store.items import Item
from index_store.progress import Progress, ShouldStop, never, silent
from index_store.store import Store

if TYPE_CHECKING:
    from core.encoders import DenseEncoder

LEAST = 30  # pictures with captions: below, three to judge by would say nothing at all
HELD_OUT = 10  # one picture in so many is for "val", another one for "test"


@dataclass(frozen=True)
class Described:
    """A picture of the collection and its captions."""

    picture: Item
    captions: tuple[str, ...]


def described(collection: Store) -> list[Described]:
    """Every picture that has captions: its caption items, or the text that describes it."""
    by_path: dict[str, list[str]] = defaultdict(list)
    for item in collection.all_items(kind="caption"):
        by_path[item.path].append(item.caption or "")
    found = []
    for picture in collection.all_items(kind="image"):
        captions = by_path.get(picture.path) or [picture.caption or ""]
        kept = tuple(caption for caption in captions if caption.strip())
        if kept:
            found.append(Described(picture, kept))
    return found


def collection_data(
    encoder: "DenseEncoder",
    collection: Store,
    file: Path,
    out: Path,
    *,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> bool:
    """Writes the dense data set `out`; false when stopped, with the vectors made so far kept in `file`.

    A picture's split follows from its content, so it stays where it is while the collection grows: about a tenth are
    for "val", a tenth for "test". Raises DatasetError where too few pictures have captions.
    """
    pairs = described(collection)
    if len(pairs) < LEAST:
        raise DatasetError(
            f"{len(pairs)} pictures of this collection have captions, but a head needs at least {LEAST} to learn from; "
            "add captions in the Library, or learn from other data."
        )
    images = dense_items(encoder, collection, file, progress=progress, should_stop=should_stop)
    texts = dense_items(encoder, collection, file, kind="caption", progress=progress, should_stop=should_stop)
    if images is None or texts is None:
        return False
    _write(encoder, pairs, collection, images, texts, out)
    return True


def _write(
    encoder: "DenseEncoder",
    pairs: list[Described],
    collection: Store,
    images: DenseItems,
    texts: DenseItems,
    out: Path,
) -> None:
    rows = images.by_id()
    spoken = {item.caption: item.id for item in collection.all_items(kind="caption")}
    known = texts.by_id()
    vectors: dict[str, NDArray[float32]] = {
        caption: known[number] for caption, number in spoken.items() if caption is not None and number in known
    }
    pairs = [pair for pair in pairs if pair.picture.id in rows]
    other = list(dict.fromkeys(text for pair in pairs for text in pair.captions if text not in vectors))
    if other:  # texts that describe pictures without being items
        vectors |= dict(zip(other, encoder.encode_texts(other), strict=True))
    splits = _splits([pair.picture for pair in pairs])
    entries, text_rows = [], dict[int, NDArray[float32]]()
    for pair in pairs:
        first = len(text_rows)
        text_rows.update({first + i: vectors[text] for i, text in enumerate(pair.captions)})
        sentences = [{"sentid": first + i, "raw": text} for i, text in enumerate(pair.captions)]
        picture = pair.picture
        entries.append(
            {"imgid": picture.id, "split": splits[picture.id], "filename": picture.path, "sentences": sentences}
        )
    meta = {"images": entries, "encoder": encoder.name}
    write_dense(out, {pair.picture.id: rows[pair.picture.id] for pair in pairs}, text_rows, meta)


def _splits(pictures: list[Item]) -> dict[int, str]:
    """Split by id: by the content's hash, as good as at random; at least one picture each."""
    splits = {
        picture.id: {0: "val", 1: "test"}.get(int(picture.content_hash[:8], 16) % HELD_OUT, "train")
        for picture in pictures
    }
    ordered = sorted(pictures, key=lambda picture: picture.content_hash)
    for position, name in ((0, "val"), (-1, "test")):
        if name not in splits.values():
            splits[ordered[position].id] = name
    return splits
