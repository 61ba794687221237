"""Adds pictures to a collection and replaces those whose file changed: decoded ahead, encoded and stored in batches.

Others may write to the collection while a batch is encoded; what they did is looked up again before it is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageError
from core.library.indexing.known_items import KnownItems
from core.library.indexing.plan import item_of
from core.library.indexing.prefetch import prefetched
from core.library.indexing.prepared_picture import PreparedPicture, prepare_picture
from core.library.indexing.tally import Tally
from core.library.written_words import WrittenWords
from index_store.items import Item, NewItem
from index_store.vectors import SparseVector

if TYPE_CHECKING:
    from core.models.model import Model

STOP_S = 0.5  # pictures that are encoded together take about so long: who wants to stop waits no longer
FIRST_PART = 8  # pictures that are encoded together before it is known how long that takes
COMMIT_PARTS = 2  # parts in one commit, so that a fast encoder does not wait for one after each part
COMMIT_PIXELS = 32 * 1024**2  # in one commit: as many as 32 of the largest working copies, 100 MB

Vectors = dict[str, tuple[SparseVector, NDArray[np.float32] | None]]  # sparse, and dense where kept, by content hash


class PictureEncoder:
    """Encodes pictures a part at a time, so that it can be stopped between two parts."""

    def __init__(self, model: "Model", tally: Tally, most: int, dense: bool = False) -> None:
        """`most`: pictures that are encoded together at most. `dense`: dense vectors are kept, too."""
        self._model, self._tally, self._most, self._dense = model, tally, most, dense
        self.part = min(FIRST_PART, most)  # pictures that take about STOP_S

    def add_vectors(self, images: Mapping[str, Image.Image], vectors: Vectors) -> None:
        """Adds the vectors of `images`, by content hash, to `vectors`: of all of them unless the run is stopped."""
        digests = list(images)
        while digests and not self._tally.stop_now():
            part, digests = digests[: self.part], digests[self.part :]
            started = perf_counter()
            vectors |= zip(part, self._encoded([images[digest] for digest in part]), strict=True)
            seconds = perf_counter() - started
            self.part = max(1, min(self._most, round(len(part) * STOP_S / max(seconds, 1e-6))))

    def _encoded(self, images: list[Image.Image]) -> list[tuple[SparseVector, NDArray[np.float32] | None]]:
        return [(one.vector, one.dense if self._dense else None) for one in self._model.light_pictures(images)]


class NewPictures:
    """Makes picture items of files.

    `unreadable`: ids of items whose file is there, but holds no picture any more; they are still in the collection.
    """

    def __init__(
        self,
        known: KnownItems,
        encoder: PictureEncoder,
        alt_texts: Mapping[Path, str],
        tally: Tally,
        batch: int,
        words: WrittenWords | None = None,
    ) -> None:
        """`batch`: pictures in one commit; more where all of them are encoded in a moment, and small.

        `words`: what is weighed into their vectors; None for nothing.
        """
        self.known, self.encoder, self.alt_texts, self.tally, self.batch = known, encoder, alt_texts, tally, batch
        self.words = words
        self.unreadable: list[int] = []

    def add(self, paths: Sequence[Path]) -> None:
        """Stores the pictures in these files, a batch at a time, until the run is stopped."""
        batch: list[PreparedPicture] = []
        for _, prepared in prefetched(paths, self._prepare, self.tally.stop_now):
            if prepared.error is not None:
                self._skip(prepared)
            else:
                batch.append(prepared)
            if self._is_full(batch):
                self._store(batch)
                batch = []
        self._store(batch)

    def _is_full(self, batch: Sequence[PreparedPicture]) -> bool:
        pixels = sum(prepared.image.width * prepared.image.height for prepared in batch if prepared.image)
        most = max(self.batch, COMMIT_PARTS * self.encoder.part if pixels < COMMIT_PIXELS else 0)
        return len(batch) >= most

    def _prepare(self, path: Path) -> PreparedPicture:
        return prepare_picture(path, self.alt_texts.get(path), self.known.by_hash.__contains__)

    def _store(self, batch: Sequence[PreparedPicture]) -> None:
        """Encodes what is new in a batch, once for equal bytes, and adds it durably."""
        if not batch or self.tally.stop_now():
            return
        vectors: Vectors = {}
        self._with_vectors(batch, vectors)  # which takes its time: others may write meanwhile
        if self.words is not None:
            self.words.encode(prepared.item for prepared in batch if prepared.item)
        with self.known.writing():
            able = self._with_vectors(batch, vectors)
            there = [prepared for prepared in able if self._is_there(prepared)]  # another run stored them meanwhile
            items, replaced, ids = self._add([prepared for prepared in able if prepared not in there], vectors)
        self.tally.unchanged += len(there)
        for prepared in there:
            self.tally.advance(prepared.path.name)
        self.known.forget_bytes(old for olds in replaced for old in olds)
        for item, olds, new in zip(items, replaced, ids, strict=True):
            self.known.by_hash[item.content_hash] = new
            self.tally.updated += bool(olds)
            self.tally.added += not olds
            self.tally.advance(Path(item.path).name)

    def _with_vectors(self, batch: Sequence[PreparedPicture], vectors: Vectors) -> list[PreparedPicture]:
        """Those of a batch that can be stored; `vectors` gets those of bytes that neither it nor the collection has.

        Once the run is stopped nothing more is encoded: then only what has its vector by then can be stored.
        """
        able = [prepared for prepared in batch if self._can_store(prepared, vectors)]
        fresh = {p.item.content_hash: p.image for p in able if p.item and p.image and not self._known(p.item, vectors)}
        self.encoder.add_vectors(fresh, vectors)
        return [prepared for prepared in able if prepared.item and self._known(prepared.item, vectors)]

    def _can_store(self, prepared: PreparedPicture, vectors: Vectors) -> bool:
        """Decodes a picture whose twin in the collection went since it was prepared; false where that fails."""
        if prepared.error is not None:
            return False
        if prepared.image is None and prepared.item and not self._known(prepared.item, vectors):
            try:
                prepared.decode()
            except ImageError as error:
                prepared.error = str(error)
                self._skip(prepared)
                return False
        return True

    def _known(self, item: NewItem, vectors: Vectors) -> bool:
        """Whether the vector of an item's bytes is known, from the collection or as just encoded."""
        return item.content_hash in self.known.by_hash or item.content_hash in vectors

    def _is_there(self, prepared: PreparedPicture) -> bool:
        """Whether an item already says all that a prepared picture would."""
        assert prepared.item is not None
        item = item_of(self.known.at_path, prepared.path, prepared.item.content_hash)
        return item is not None and self.alt_texts.get(prepared.path) in (None, item.caption)

    def _add(
        self, batch: Sequence[PreparedPicture], vectors: Vectors
    ) -> tuple[list[NewItem], list[list[Item]], list[int]]:
        """The items of a batch, durable now, with those that each replaced, and their ids."""
        items = [self._complete(prepared.item, vectors) for prepared in batch if prepared.item]
        replaced = [self.known.pictures_at(item.path) for item in items]
        items = [replace(item, tags=olds[0].tags) if olds else item for item, olds in zip(items, replaced, strict=True)]
        items = self.words.weigh(items) if self.words is not None else items
        ids = self.known.collection.add(items, replacing=[old.id for olds in replaced for old in olds])
        return items, replaced, ids

    def _complete(self, item: NewItem, vectors: Vectors) -> NewItem:
        """The item with its vector: just encoded, or that of an item with the same bytes, whose tags stay its own."""
        twin = self.known.by_hash.get(item.content_hash)
        if twin is None:
            vector, dense = vectors[item.content_hash]
            return replace(item, vector=vector, dense=dense)
        (old,), (vector,) = self.known.collection.items([twin]), self.known.collection.vectors([twin])
        seen = self.known.collection.seen([twin]).get(twin)
        vector = seen.vector if seen is not None else vector  # what is written of the twin is its own
        dense = self.known.collection.dense([twin]).get(twin)
        small = Path(old.thumbnail).read_bytes() if old.thumbnail and Path(old.thumbnail).exists() else item.thumbnail
        caption = item.caption if item.caption is not None else old.caption
        item = replace(item, vector=vector, dense=dense, caption=caption, thumbnail=small)
        return replace(item, width=old.width, height=old.height)

    def _skip(self, prepared: PreparedPicture) -> None:
        self.tally.skip(prepared.path, prepared.error or "")
        if prepared.hashed:  # the bytes are other ones now; a file that could not be read may still be the old picture
            self.unreadable.extend(item.id for item in self.known.pictures_at(prepared.path))
        self.tally.advance(prepared.path.name)
