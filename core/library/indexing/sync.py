"""Brings a collection in step with folders of pictures and their captions: the one way in, and the order of the steps.

Must not know how progress and the report are shown.
"""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from core.library.duplicates import find_copies
from core.library.indexing.caption_items import CaptionItems
from core.library.indexing.dense_filling import fill_dense
from core.library.indexing.known_items import KnownItems
from core.library.indexing.known_pictures import KnownPictures
from core.library.indexing.lost_items import remove_lost
from core.library.indexing.new_pictures import NewPictures, PictureEncoder
from core.library.indexing.tally import Tally
from core.library.written_words import WrittenWords, weigh_due
from core.pictures.captions.assignment import AssignedCaptions, assign_captions
from core.pictures.captions.reading import find_captions_files, read_captions
from core.pictures.folders.listing import Listing, Shard, list_pictures
from index_store.errors import CollectionError
from index_store.folder.layout import is_collection
from index_store.progress import Progress, ShouldStop, never, silent
from index_store.store import Store

if TYPE_CHECKING:
    from core.models.model import Model

log = logging.getLogger(__name__)

BATCH = 32  # items in one commit: no more is lost when the process is killed, or what a second encodes


@dataclass(frozen=True)
class IndexReport:
    """What a run of index_paths did, in items (pictures and captions).

    `renamed`: those whose file has another path than before. `skipped`: (path, one sentence) for each file, folder or
    row of captions that could not be taken. `seconds`: wall-clock time. `cancelled`: stopped early; all that is counted
    is stored, and the next run takes up the rest. `passed_over`: how many files in folders are no pictures, by suffix
    ("" for none). `junk`: how many pictures lie in folders that systems keep for themselves, by the folder's name.
    `unread_captions`: files in the folders that look like captions of theirs, none of which was ever read. `kept`: ids
    of items whose files are gone, so many that a person is asked first. `filled`: items that were given the dense
    vector that they lacked. `weighed`: pictures that were there already and whose vectors got other words, or none.
    """

    added: int
    unchanged: int
    updated: int
    renamed: int
    removed: int
    skipped: tuple[tuple[str, str], ...]
    seconds: float
    cancelled: bool = False
    passed_over: Mapping[str, int] = field(default_factory=dict)
    junk: Mapping[str, int] = field(default_factory=dict)
    unread_captions: tuple[str, ...] = ()
    kept: tuple[int, ...] = ()
    filled: int = 0
    weighed: int = 0

    @property
    def read(self) -> int:
        """How many items of the given paths are in the collection now."""
        return self.added + self.unchanged + self.updated + self.renamed


def index_paths(
    model: "Model",
    collection: Store,
    paths: Sequence[str | os.PathLike[str]],
    *,
    captions: str | os.PathLike[str] | None = None,
    captions_folder: str | os.PathLike[str] | None = None,
    alt_texts: Mapping[Path, str] | None = None,
    shard: Shard | None = None,
    everything: bool = False,
    remove_many: bool = False,
    keep_dense: bool = False,
    with_captions: float | None = None,
    progress: Progress = silent,
    should_stop: ShouldStop = never,
) -> IndexReport:
    """Adds the pictures below `paths` (files or folders) and makes known folders agree with what is on disk now.

    A picture whose bytes are known at its path is left alone. Known bytes at a new path are the same item where they
    are no longer at the old one (renamed; its captions go with it), and otherwise a new item with the same vector. New
    bytes at a known path replace the old item. Items whose files are gone from a walked folder are removed, with two
    exceptions. A folder of `paths` that holds no picture any more may be an unmounted disk: its items stay, and the
    report says so. Where folders lost much (`selection.lost_much`), the items stay and the report names them as `kept`,
    unless `remove_many`.

    captions: a file that `read_captions` reads. Each caption becomes an item of kind "caption" with its picture's path;
    `assign_captions` tells which picture a name means, counted from `captions_folder` or from where the file lies.
    alt_texts: captions of pictures by absolute path, of which no items are made.
    shard: only its share of the pictures and their captions is taken.
    everything: hidden entries, deleted files and others' thumbnails are taken too (see `list_pictures`).
    keep_dense: from now on the collection keeps dense vectors; items of a collection that does are given those that
    they lack, whatever the paths.
    with_captions: from now on what is written of a picture, its captions and keywords, weighs so much in its vector, 0
    to 1; None leaves it as it was chosen before (`Store.caption_weight`). A picture becomes a new item where its words
    or their weight are others than before.
    progress: called with the name of a file once its item is durable or done with.
    should_stop: asked at least after every STOP_S of encoding; what was encoded by then is stored.

    The `caption` of a picture is its alt text, else its first caption in the file of captions, else what its own file
    says. That file also gives it tags, date, camera and coordinates (`read_description`). Other processes may write to
    the collection between two batches; what they did is followed.

    A path that does not exist, a file or a row of captions that cannot be read is skipped, and the report says why.
    Raises ImageError where none of the paths exists, DatasetError for a captions file without captions, CollectionError
    when another model made the collection, or it cannot keep dense vectors or weigh captions as is asked for.
    """
    started = perf_counter()
    _check_model(model, collection)
    if keep_dense:
        collection.keep_dense(model.encoder.dim)
    if with_captions is not None:
        collection.weigh_captions(with_captions)
    dense = collection.dense_size is not None
    file = read_captions(captions) if captions is not None else None
    # the thumbnails in a collection are nobody's pictures
    besides = frozenset({Path(captions).resolve()}) if captions is not None else frozenset()
    listing = list_pictures(paths, skip=is_collection, everything=everything, besides=besides)
    known = KnownItems(collection)
    assigned = AssignedCaptions({}, ())
    if file is not None:
        pictures = [*listing.pictures, *(Path(path) for kind, path in known.at_path if kind == "image")]
        assigned = assign_captions(file, pictures, listing.folders, captions_folder)
    spoken = assigned.by_picture
    if shard is not None:
        listing = replace(listing, pictures=[picture for picture in listing.pictures if shard.takes(picture)])
        spoken = {picture: texts for picture, texts in spoken.items() if shard.takes(picture)}
    total = len(listing.pictures) + sum(map(len, spoken.values()))
    tally = Tally(total, progress, should_stop, skipped=[*listing.missing, *listing.unreadable, *assigned.skipped])
    unread = _unread_captions(known, listing.folders) if file is None else ()
    alts = {picture: texts[0] for picture, texts in spoken.items() if texts} | dict(alt_texts or {})

    settled = KnownPictures(known, alts, tally)
    settled.settle(listing.pictures)
    settled.describe()
    words = _written_words(model, known, spoken)
    new = NewPictures(known, PictureEncoder(model, tally, 2 * BATCH, dense), alts, tally, BATCH, words)
    new.add([path for path in listing.pictures if path not in settled.settled])
    CaptionItems(model, known, tally, BATCH).sync(spoken)
    filled = 0
    if dense and not tally.stop_now():
        filled = fill_dense(model.encoder, collection, progress=progress, should_stop=tally.stop_now)
    kept = () if tally.stopped else remove_lost(known, listing, new.unreadable, tally, remove_many=remove_many)
    weighed = 0
    if words is not None and not tally.stop_now():
        known.read()
        weighed = weigh_due(words, collection, besides=kept, progress=progress, should_stop=tally.stop_now)
    if tally.added or tally.updated or tally.removed or collection.without_similarity_hash():
        find_copies(collection)
    if collection.wasteful and not tally.stopped:
        collection.compact()
    log.info(
        "indexed %s: %d added, %d updated, %d removed", collection.address, tally.added, tally.updated, tally.removed
    )
    return _report(tally, listing, unread, kept, filled, weighed, perf_counter() - started)


def _written_words(model: "Model", known: KnownItems, spoken: Mapping[Path, Sequence[str]]) -> WrittenWords | None:
    """What is written of pictures; None where nobody has chosen that it weighs. spoken: captions that become items."""
    weight = known.collection.caption_weight

    def captions_of(path: str) -> Sequence[str]:
        held = [item.caption or "" for item in known.captions_at(path)]
        return spoken.get(Path(path), held)

    return WrittenWords(model, weight, captions_of) if weight is not None else None


def _check_model(model: "Model", collection: Store) -> None:
    if collection.model != model.name:
        raise CollectionError(
            f"The collection {collection.address} was made by the model '{collection.model}', so the model "
            f"'{model.name}' cannot add to it; use '{collection.model}' or another collection."
        )


def _unread_captions(known: KnownItems, folders: Iterable[Path]) -> tuple[str, ...]:
    """What look like captions files in the folders of whose pictures no captions are known."""
    captioned = [Path(path) for kind, path in known.at_path if kind == "caption"]
    bare = [folder for folder in folders if not any(path.is_relative_to(folder) for path in captioned)]
    return tuple(map(str, find_captions_files(bare)))


def _report(
    tally: Tally,
    listing: Listing,
    unread_captions: tuple[str, ...],
    kept: tuple[int, ...],
    filled: int,
    weighed: int,
    seconds: float,
) -> IndexReport:
    return IndexReport(
        added=tally.added,
        unchanged=tally.unchanged,
        updated=tally.updated,
        renamed=tally.renamed,
        removed=tally.removed,
        skipped=tuple((str(path), reason) for path, reason in tally.skipped),
        seconds=seconds,
        cancelled=tally.stopped,
        passed_over=_most_first(listing.passed_over),
        junk=_most_first(listing.junk),
        unread_captions=unread_captions,
        kept=kept,
        filled=filled,
        weighed=weighed,
    )


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
