"""Deals with listed pictures whose bytes a collection holds already, before anything is encoded; encodes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import ImageError
from core.library.indexing.known_items import KnownItems
from core.library.indexing.plan import Renames, displaced, item_of, renames
from core.library.indexing.prefetch import prefetched
from core.library.indexing.tally import Tally
from core.pictures.captions.encodings import is_encodable
from core.pictures.images import content_hash
from core.pictures.metadata.description import read_description
from core.pictures.metadata.sidecars import DueDescriptions
from index_store.items import Description, Item

DESCRIPTIONS = 500  # descriptions of known pictures in one commit: little work, and little to lose


class KnownPictures:
    """The listed pictures that need no encoding.

    `settled`: those with which nothing is left to do. `undescribed`: those of them whose files are to be asked for a
    description, with their items.
    """

    def __init__(self, known: KnownItems, alt_texts: Mapping[Path, str], tally: Tally) -> None:
        self.known, self.alt_texts, self.tally = known, alt_texts, tally
        self.settled: set[Path] = set()
        self.undescribed: dict[Path, Item] = {}
        self._due = DueDescriptions()

    def settle(self, pictures: Sequence[Path]) -> None:
        """Leaves alone what is as it was, and gives items the new path of their file.

        All of it comes before anything is replaced: the old file of an item that moved may be another picture now.
        """
        known_paths = [path for path in pictures if self.known.pictures_at(path)]
        digests = self._digests(known_paths, settling=True)
        left = displaced(self.known.at_path, digests)
        sizes = {item.bytes for item in left}  # a file of another size is none of those that moved
        unread = (path for path in pictures if path not in digests and _size(path) in sizes)
        digests |= self._digests(list(unread))
        if left and not self.tally.stop_now():
            with self.known.writing():
                left = displaced(self.known.at_path, digests)
                self._rename(renames(self.known.at_path, digests, left))

    def describe(self) -> None:
        """Asks the files of settled pictures what people and cameras wrote into them, where that is due."""
        descriptions: dict[int, Description] = {}
        for path, description in prefetched(list(self.undescribed), read_description, self.tally.stop_now):
            item = self.undescribed[path]
            descriptions[item.id] = replace(description, caption=None) if self._keeps_caption(path) else description
            if len(descriptions) == DESCRIPTIONS:
                self.known.collection.describe(descriptions)
                descriptions = {}
        self.known.collection.describe(descriptions)

    def _digests(self, paths: Sequence[Path], *, settling: bool = False) -> dict[Path, str]:
        """Content hashes of the files that can be read. `settling`: files that hold their item's bytes are settled."""
        digests: dict[Path, str] = {}
        for path, digest in prefetched(paths, _digest, self.tally.stop_now):
            if digest is None:
                continue
            digests[path] = digest
            if settling and (item := item_of(self.known.at_path, path, digest)) is not None:
                self.tally.unchanged += self._settle(path, item)
        return digests

    def _rename(self, planned: Renames) -> None:
        if not (planned.paths or planned.removing):
            return
        self.tally.removed += self.known.collection.move(planned.paths, planned.removing)
        self.tally.renamed += len(planned.paths)
        self.known.read()
        for item in (item for items in self.known.at_path.values() for item in items if item.id in planned.paths):
            if item.kind == "image":
                self._settle(Path(item.path), item)

    def _settle(self, path: Path, item: Item) -> bool:
        """Whether nothing is left to do with a picture whose item has its bytes: its alt text may be another one."""
        if self.alt_texts.get(path) not in (None, item.caption):
            return False
        self.settled.add(path)
        if self._due.is_due(path, item.described):
            self.undescribed[path] = item
        self.tally.advance(path.name)
        return True

    def _keeps_caption(self, path: Path) -> bool:
        """Whether an item's caption came from elsewhere than the picture's file, whose caption is then not taken."""
        item = self.undescribed[path]
        from_captions_file = {caption.caption for caption in self.known.captions_at(path)}
        return item.caption is not None and (
            not item.described or item.caption in from_captions_file or path in self.alt_texts
        )


def _digest(path: Path) -> str | None:
    """A file's content hash; None for one that cannot be read, or whose name cannot be stored."""
    try:
        return content_hash(path) if is_encodable(str(path)) else None
    except ImageError:
        return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
