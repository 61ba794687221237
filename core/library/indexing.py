"""Brings a collection in step with folders of pictures and their captions; must not know how it is shown."""

import hashlib
import logging
import os
import shlex
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from PIL import Image

from core.errors import ImageError
from core.library.duplicates import find_copies
from core.library.selection import lost_much
from core.pictures.captions.assignment import Spoken, spoken
from core.pictures.captions.reading import read_captions, unread
from core.pictures.folders.listing import Listing, Shard, list_pictures
from core.pictures.folders.renames import Renames, at_home, gone, homeless, renames
from core.pictures.images import content_hash, read_picture, thumbnail, working_copy
from core.pictures.metadata.description import Asking, describe
from core.pictures.similarity import likeness
from index_store.errors import CollectionError
from index_store.folder.layout import is_collection
from index_store.items import Description, Item, NewItem, now
from index_store.store import Store
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.models.model import Model

log = logging.getLogger(__name__)

_EMPTY = SparseVector.from_pairs({})  # stands in an item until its vector is known

BATCH = 32  # what one commit holds: at most this much work is lost when the process is killed
STOPS_S = 0.5  # pictures that are encoded together take about so long: who wants to stop waits no longer
DESCRIBED = 500  # descriptions of known pictures in one commit: little work, and little to lose
LOOK_AHEAD = 2 * BATCH  # decoded pictures waiting; at 1,024 px a side they cost 200 MB at most
DECODERS = 2  # Pillow frees the interpreter while it decodes, so that two keep an encoder fed

Progress = Callable[[int, int, str], None]
Done = TypeVar("Done")


@dataclass(frozen=True)
class IndexReport:
    """What a run of index_paths did, in items (pictures and captions).

    `renamed`: those whose file has another path than before. `skipped`: (path, one sentence) for each file, folder or
    row of captions that could not be taken. `seconds`: wall-clock time. `cancelled`: stopped early; all that is counted
    is stored, and the next run takes up the rest. `passed_over`: how many files in folders are no pictures, by suffix
    ("" for none). `junk`: how many pictures lie in folders that systems keep for themselves, by the folder's name.
    `unread_captions`: files in the folders that look like captions of theirs, none of which was ever read. `kept`: ids
    of items whose files are gone, so many that a person is asked first.
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
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> IndexReport:
    """Adds the pictures below `paths` (files or folders) and makes known folders agree with what is on disk now.

    A picture whose bytes are known at its path is left alone. Known bytes at a new path are the same item where they
    are no longer at the old one (renamed; its captions go with it), and otherwise a new item with the same vector. New
    bytes at a known path replace the old item. Items of files that are gone from a walked folder are removed, except
    when a folder that was asked for holds no picture any more: its disk may not be mounted, which is reported instead,
    and when the folders lost much (`removal.lost_much`), unless `remove_many`: the report then names those kept.
    `captions`, a file that `read_captions` reads, makes each caption an item of kind "caption" with its picture's path;
    which picture its names mean, `spoken` says (from `captions_folder`, or from where it lies).
    `shard`: takes only its share of the pictures and their captions. `everything`: takes hidden entries, deleted files
    and others' thumbnails too (see `list_pictures`).
    `alt_texts` describes pictures by absolute path without making items; an image's `caption` is its alt text, its
    first caption in the file of captions, or else what its own file says (`describe`), which also gives it tags, date,
    camera and place. `progress(done, total, name)` is called once an item is durable or done with, `cancelled()`
    at least after every STOPS_S of encoding; what was encoded by then is stored. Other processes may write between two
    batches; what they did is followed.

    A file or a row of captions that cannot be read is skipped with its reason. Raises ImageError for a path that does
    not exist, DatasetError for a captions file without captions, CollectionError when another model made the
    collection.
    """
    started = perf_counter()
    if collection.model != model.name:
        raise CollectionError(
            f"The collection {collection.address} was made by the model '{collection.model}', so the model "
            f"'{model.name}' cannot add to it; use '{collection.model}' or another collection."
        )
    file = read_captions(captions) if captions is not None else None
    # the thumbnails in a collection are nobody's pictures
    besides = frozenset({Path(captions).resolve()}) if captions is not None else frozenset()
    listing = list_pictures(paths, skip=is_collection, everything=everything, besides=besides)
    said = Spoken({}, ())
    if file is not None:
        known = (Path(item.path) for item in collection.all_items("image"))
        said = spoken(file, [*listing.pictures, *known], listing.folders, captions_folder)
    by_picture = said.by_picture
    if shard is not None:
        listing = replace(listing, pictures=[picture for picture in listing.pictures if shard.takes(picture)])
        by_picture = {picture: texts for picture, texts in by_picture.items() if shard.takes(picture)}
    alts = {picture: texts[0] for picture, texts in by_picture.items() if texts} | dict(alt_texts or {})
    run = _Run(model, collection, listing, by_picture, alts, progress, cancelled or (lambda: False), remove_many)
    run.skipped.extend(said.skipped)
    left = run.unread_captions() if file is None else ()
    run.known_pictures()
    run.descriptions()
    run.pictures()
    run.captions()
    run.remove_gone()
    if run.added or run.updated or run.removed or collection.without_similarity_hash():
        find_copies(collection)
    if collection.wasteful and not run.stopped:
        collection.compact()
    log.info("indexed %s: %d added, %d updated, %d removed", collection.address, run.added, run.updated, run.removed)
    skipped = tuple((str(path), reason) for path, reason in run.skipped)
    seconds = perf_counter() - started
    return IndexReport(
        run.added, run.unchanged, run.updated, run.renamed, run.removed, skipped, seconds, run.stopped,
        _most_first(listing.passed_over), _most_first(listing.junk), left, run.kept,
    )  # fmt: skip


@dataclass(eq=False)
class _Prepared:
    """A picture that a decoder thread has looked at, and what is left to do with it."""

    path: Path
    item: NewItem | None = None  # None: an error; its vector is empty until encoded
    image: Image.Image | None = None  # None when a stored item has the same bytes
    error: str | None = None
    hashed: bool = False  # whether the file could be read at all, though not decoded


@dataclass
class _Run:
    """One run of index_paths: its inputs, its counters, and four steps that are called in order."""

    model: "Model"
    collection: Store
    listing: Listing
    spoken: Mapping[Path, Sequence[str]]
    alts: Mapping[Path, str]
    progress: Progress | None
    cancelled: Callable[[], bool]
    remove_many: bool
    added: int = 0
    unchanged: int = 0
    updated: int = 0
    renamed: int = 0
    removed: int = 0
    done: int = 0
    stopped: bool = False
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    kept: tuple[int, ...] = ()
    spoilt: list[int] = field(default_factory=list)  # ids whose file is there, but holds no picture any more
    part: int = 8  # pictures that are encoded together, by how long that took

    def __post_init__(self) -> None:
        self.skipped.extend(self.listing.unreadable)
        self.settled: set[Path] = set()  # pictures that nothing is left to do with
        self.asking = Asking()
        self.undescribed: dict[Path, Item] = {}  # those of them whose files are to be asked what they say
        self._read_items()
        self.total = len(self.listing.pictures) + sum(len(texts) for texts in self.spoken.values())

    def _read_items(self) -> None:
        self.at_path: dict[tuple[str, str], list[Item]] = defaultdict(list)  # by (kind, path)
        self.by_hash: dict[str, int] = {}  # id of an image item with these bytes
        for item in self.collection.all_items():
            self.at_path[item.kind, item.path].append(item)
            if item.kind == "image":
                self.by_hash[item.content_hash] = item.id

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A time to look something up and write: no other process writes, and what others wrote before is known."""
        with self.collection.writing() as others:
            if others:
                self._read_items()
            yield

    def descriptions(self) -> None:
        """Asks the files of known pictures what people and cameras wrote into them, where that was never done."""
        told: dict[int, Description] = {}
        for path, description in self._ahead(list(self.undescribed), _described):
            item = self.undescribed[path]
            spoken = {caption.caption for caption in self.at_path["caption", item.path]}
            # what a captions file said stays; what the picture's own file said before makes room
            stays = item.caption is not None and (not item.described or item.caption in spoken or path in self.alts)
            told[item.id] = replace(description, caption=None) if stays else description
            if len(told) == DESCRIBED:
                self.collection.describe(told)
                told = {}
        self.collection.describe(told)

    def known_pictures(self) -> None:
        """Leaves alone what is as it was, and gives items the new path of their file, before anything is replaced."""
        digests: dict[Path, str] = {}
        paths = [path for path in self.listing.pictures if ("image", str(path)) in self.at_path]
        for path, digest in self._ahead(paths, _digest):
            if digest is not None:
                digests[path] = digest
                if (item := at_home(self.at_path, path, digest)) is not None:
                    self.unchanged += self._settle(path, item)
        left = homeless(self.at_path, digests)
        sizes = {item.bytes for item in left}  # files of another size need not be read twice
        paths = [path for path in self.listing.pictures if path not in digests and _size(path) in sizes]
        digests |= {path: digest for path, digest in self._ahead(paths, _digest) if digest is not None}
        if left and not self._stop_now():
            with self._turn():
                self._rename(renames(self.at_path, digests, homeless(self.at_path, digests)))

    def _rename(self, found: Renames) -> None:
        if found.paths or found.removing:
            self.removed += self.collection.move(found.paths, found.removing)
            self.renamed += len(found.paths)
            self._read_items()
            for item in (item for items in self.at_path.values() for item in items if item.id in found.paths):
                if item.kind == "image":
                    self._settle(Path(item.path), item)

    def _settle(self, path: Path, item: Item) -> bool:
        """Whether nothing is left to do with a picture whose item has its bytes: only its alt text may differ."""
        if not self._says_so(path, item):
            return False
        self.settled.add(path)
        if self.asking.is_due(path, item.described):
            self.undescribed[path] = item
        self._advance(path.name)
        return True

    def _says_so(self, path: Path, item: Item) -> bool:
        """Whether an item has the alt text that its picture is to have."""
        return self.alts.get(path) in (None, item.caption)

    def _is_there(self, prepared: _Prepared) -> bool:
        """Whether an item already says all that a prepared picture would."""
        assert prepared.item is not None
        known = at_home(self.at_path, prepared.path, prepared.item.content_hash)
        return known is not None and self._says_so(prepared.path, known)

    def pictures(self) -> None:
        """Adds and replaces image items, a batch at a time."""
        batch: list[_Prepared] = []
        for prepared in self._ahead(
            [path for path in self.listing.pictures if path not in self.settled], self._prepare
        ):
            if prepared.error is not None:
                self._skip(prepared)
            else:
                batch.append(prepared)
            if len(batch) == BATCH:
                self._store_pictures(batch)
                batch = []
        self._store_pictures(batch)

    def captions(self) -> None:
        """Makes the caption items of each picture in the captions file exactly those that it lists."""
        batch: list[NewItem] = []
        for picture, texts in self.spoken.items():
            if self.stopped:
                return
            known = {item.caption: item for item in self.at_path["caption", str(picture)]}
            if not os.path.exists(picture):
                self.skipped.append((picture, f"The captions file names {picture}, but there is no such picture."))
                self._advance(picture.name, len(texts))
                continue
            off = [item.id for caption, item in known.items() if caption not in texts]
            self.removed += self.collection.remove(off) if off else 0
            fresh = [text for text in texts if text not in known]
            self.unchanged += len(texts) - len(fresh)
            self._advance(picture.name, len(texts) - len(fresh))
            batch.extend(_caption_item(picture, text) for text in fresh)
            while len(batch) >= BATCH:
                self._store_captions(batch[:BATCH])
                batch = batch[BATCH:]
        if not self.stopped:
            self._store_captions(batch)

    def remove_gone(self) -> None:
        """Removes items whose file is gone from a walked folder or no longer holds a picture."""
        if self.stopped:
            return
        self._tell_of_empty_folders()
        self._tell_of_items_in_junk()
        with self._turn():
            present, known, lost = set(map(str, self.listing.pictures)), 0, list[int]()
            for (_, path), items in self.at_path.items():
                if self.listing.covers(Path(path)):
                    known += len(items)
                    lost += [item.id for item in items] if path not in present and gone(path) else []
            if lost_much(len(lost), known) and not self.remove_many:
                self.kept, lost = tuple(lost), []
            if lost or self.spoilt:
                self.removed += self.collection.remove(self.spoilt + lost)

    def unread_captions(self) -> tuple[str, ...]:
        """What look like captions files in the folders that have no captions yet."""
        known = [Path(path) for kind, path in self.at_path if kind == "caption"]
        bare = [folder for folder in self.listing.folders if not any(path.is_relative_to(folder) for path in known)]
        return tuple(map(str, unread(bare)))

    def _tell_of_empty_folders(self) -> None:
        """An empty folder that pictures came from may be an unmounted disk: what is below it is not taken for gone."""
        unread = {folder for folder, _ in self.listing.unreadable}
        for folder in self.listing.empty:
            known = sum(len(items) for (_, path), items in self.at_path.items() if Path(path).is_relative_to(folder))
            if known and folder not in unread:
                reason = (
                    f"The folder {folder} holds no pictures now, but {known} items came from it; they stay. "
                    f"Is its disk mounted? To take them out: {self._removing(folder)}"
                )
                self.skipped.append((folder, reason))

    def _removing(self, folder: Path) -> str:
        """The command that takes out what lies in a folder, as a shell understands it."""
        return f"sightwords remove {shlex.quote(str(folder))} --collection {shlex.quote(self.collection.address)}"

    def _tell_of_items_in_junk(self) -> None:
        """What was taken from a folder of deleted files before those were left out, or on purpose, stays."""
        for place in self.listing.junk_places:
            known = sum(len(items) for (_, path), items in self.at_path.items() if Path(path).is_relative_to(place))
            if known:
                reason = (
                    f"{known} {'item' if known == 1 else 'items'} of the collection came from {place}, which is left "
                    f"out now; what is in stays. To take it out: {self._removing(place)}"
                )
                self.skipped.append((place, reason))

    def _ahead(self, paths: Iterable[Path], work: Callable[[Path], Done]) -> Iterator[Done]:
        """What is done with each path, in order, by a few threads that run at most LOOK_AHEAD ahead."""
        waiting: deque[Future[Done]] = deque()
        rest = iter(paths)
        with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
            try:
                while True:
                    while len(waiting) < LOOK_AHEAD and (path := next(rest, None)) is not None:
                        waiting.append(pool.submit(work, path))
                    if not waiting or self._stop_now():
                        return
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _prepare(self, path: Path) -> _Prepared:
        """Hashes a file and, unless an item has its bytes, decodes it; runs in a decoder thread."""
        prepared = _Prepared(path)
        try:
            if not _storable(path):
                raise ImageError(f"The name of {os.fsencode(path)!r} is not valid UTF-8; rename the file.")
            digest = content_hash(path)
            prepared.hashed = True
            size = path.stat().st_size
            prepared.item = self._new_item(path, digest, size)
            if digest not in self.by_hash:
                self._decode(prepared)
        except ImageError as error:
            prepared.item, prepared.error = None, str(error)
        except OSError as error:
            prepared.item, prepared.error = None, f"The picture {path} cannot be read: {error.strerror or error}."
        return prepared

    def _new_item(self, path: Path, digest: str, size: int) -> NewItem:
        """An item with what its file says of it; what was said elsewhere goes before a caption in there."""
        told = describe(path)
        caption = self.alts.get(path, told.caption)
        return NewItem(
            "image", str(path), caption, digest, _EMPTY, bytes=size, tags=told.tags, taken=told.taken,
            camera=told.camera, latitude=told.latitude, longitude=told.longitude, described=now(),
        )  # fmt: skip

    @staticmethod
    def _decode(prepared: _Prepared) -> None:
        assert prepared.item is not None
        picture = read_picture(prepared.path)
        prepared.image = working_copy(picture.image)
        prepared.item = replace(
            prepared.item,
            width=picture.width,
            height=picture.height,
            thumbnail=thumbnail(prepared.image),
            similarity_hash=likeness(prepared.image),
        )

    def _store_pictures(self, batch: Sequence[_Prepared]) -> None:
        """Encodes what is new in a batch, once for equal bytes, and adds it durably."""
        if not batch or self._stop_now():
            return
        encoded: dict[str, SparseVector] = {}
        self._encode(batch, encoded)  # which takes its time: others may write meanwhile
        with self._turn():
            able = self._encode(batch, encoded)
            there = [prepared for prepared in able if self._is_there(prepared)]  # stored by another run meanwhile
            items, replaced, ids = self._add([prepared for prepared in able if prepared not in there], encoded)
        self.unchanged += len(there)
        for prepared in there:
            self._advance(prepared.path.name)
        for old in (old for olds in replaced for old in olds):
            if self.by_hash.get(old.content_hash) == old.id:
                del self.by_hash[old.content_hash]
        for item, olds, new in zip(items, replaced, ids, strict=True):
            self.by_hash[item.content_hash] = new
            self.updated += bool(olds)
            self.added += not olds
            self._advance(Path(item.path).name)

    def _encode(self, batch: Sequence[_Prepared], encoded: dict[str, SparseVector]) -> list[_Prepared]:
        """Those of a batch that can be stored; `encoded` gets the vectors of bytes that neither it nor an item has.

        Once somebody wants to stop nothing more is encoded: then only what has its vector by then can be stored.
        """
        able = [prepared for prepared in batch if self._can_store(prepared, encoded)]
        fresh = {p.item.content_hash: p.image for p in able if p.item and p.image and not self._known(p.item, encoded)}
        digests = list(fresh)
        while digests and not self._stop_now():
            part, digests = digests[: self.part], digests[self.part :]
            started = perf_counter()
            encoded |= zip(part, self.model.encode_images([fresh[digest] for digest in part]), strict=True)
            seconds = perf_counter() - started
            self.part = max(1, min(BATCH, round(len(part) * STOPS_S / max(seconds, 1e-6))))
        return [prepared for prepared in able if prepared.item and self._known(prepared.item, encoded)]

    def _add(
        self, batch: Sequence[_Prepared], encoded: Mapping[str, SparseVector]
    ) -> tuple[list[NewItem], list[list[Item]], list[int]]:
        """The items of a batch, durable now, with those that each replaced, and their ids."""
        items = [self._completed(prepared.item, encoded) for prepared in batch if prepared.item]
        replaced = [self.at_path.get(("image", item.path), []) for item in items]
        items = [replace(item, tags=olds[0].tags) if olds else item for item, olds in zip(items, replaced, strict=True)]
        return items, replaced, self.collection.add(items, replacing=[old.id for olds in replaced for old in olds])

    def _can_store(self, prepared: _Prepared, encoded: Mapping[str, SparseVector]) -> bool:
        """Decodes a picture whose stored twin was replaced since it was prepared; false when that fails."""
        if prepared.error is not None:
            return False
        if prepared.image is None and prepared.item and not self._known(prepared.item, encoded):
            try:
                self._decode(prepared)
            except ImageError as error:
                prepared.error = str(error)
                self._skip(prepared)
                return False
        return True

    def _known(self, item: NewItem, encoded: Mapping[str, SparseVector]) -> bool:
        return item.content_hash in self.by_hash or item.content_hash in encoded

    def _completed(self, item: NewItem, encoded: Mapping[str, SparseVector]) -> NewItem:
        """The item with its vector: just encoded, or that of an item with the same bytes, whose tags stay its own."""
        twin = self.by_hash.get(item.content_hash)
        if twin is None:
            return replace(item, vector=encoded[item.content_hash])
        (old,), (vector,) = self.collection.items([twin]), self.collection.vectors([twin])
        small = Path(old.thumbnail).read_bytes() if old.thumbnail and Path(old.thumbnail).exists() else item.thumbnail
        caption = item.caption if item.caption is not None else old.caption
        sized = replace(item, width=old.width, height=old.height, thumbnail=small)
        return replace(sized, vector=vector, caption=caption)

    def _store_captions(self, batch: Sequence[NewItem]) -> None:
        if not batch or self._stop_now():
            return
        vectors = self.model.encode_texts([item.caption or "" for item in batch])
        items = [replace(item, vector=vector) for item, vector in zip(batch, vectors, strict=True)]
        with self._turn():
            there = {(item.path, item.caption) for items in self._captions_of(batch) for item in items}
            fresh = [item for item in items if (item.path, item.caption) not in there]
            self.added += len(self.collection.add(fresh))
            self.unchanged += len(items) - len(fresh)
        self._advance(Path(batch[-1].path).name, len(batch))

    def _captions_of(self, batch: Sequence[NewItem]) -> Iterator[list[Item]]:
        """The caption items of each picture that a batch of captions belongs to."""
        return (self.at_path.get(("caption", path), []) for path in {item.path for item in batch})

    def _skip(self, prepared: _Prepared) -> None:
        self.skipped.append((prepared.path, prepared.error or ""))
        if prepared.hashed:  # the bytes are other ones now; a file that could not be read may still be the old picture
            self.spoilt.extend(item.id for item in self.at_path.get(("image", str(prepared.path)), []))
        self._advance(prepared.path.name)

    def _advance(self, name: str, count: int = 1) -> None:
        self.done += count
        if self.progress is not None and count:
            self.progress(self.done, self.total, name)

    def _stop_now(self) -> bool:
        self.stopped = self.stopped or self.cancelled()
        return self.stopped


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _digest(path: Path) -> tuple[Path, str | None]:
    """A file's path and its content hash; None for one that cannot be read or stored."""
    try:
        return path, content_hash(path) if _storable(path) else None
    except ImageError:
        return path, None


def _described(path: Path) -> tuple[Path, Description]:
    return path, describe(path)


def _joined(*tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for some in tags for tag in some))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _caption_item(picture: Path, text: str) -> NewItem:
    digest = hashlib.sha256(b"caption\0" + text.encode("utf-8")).hexdigest()
    return NewItem("caption", str(picture), text, digest, _EMPTY)


def _storable(path: Path) -> bool:
    """Whether a path is text: file names may hold bytes that no encoding of text has."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
