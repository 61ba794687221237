"""Makes the caption items of a collection agree with a file of captions; must not know how that file is read."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.library.indexing.known_items import KnownItems
from core.library.indexing.prepared_picture import NO_VECTOR
from core.library.indexing.tally import Tally
from index_store.items import NewItem

if TYPE_CHECKING:
    from core.models.model import Model


class CaptionItems:
    """Makes the caption items of pictures exactly those that a file of captions lists."""

    def __init__(self, model: "Model", known: KnownItems, tally: Tally, batch: int) -> None:
        """`batch`: captions in one commit."""
        self.model, self.known, self.tally, self.batch = model, known, tally, batch

    def sync(self, captions: Mapping[Path, Sequence[str]]) -> None:
        """Adds and removes caption items of these pictures, a batch at a time, until the run is stopped."""
        batch: list[NewItem] = []
        for picture, texts in captions.items():
            if self.tally.stopped:
                return
            batch.extend(_caption_item(picture, text) for text in self._missing(picture, texts))
            while len(batch) >= self.batch:
                self._store(batch[: self.batch])
                batch = batch[self.batch :]
        if not self.tally.stopped:
            self._store(batch)

    def _missing(self, picture: Path, texts: Sequence[str]) -> Iterator[str]:
        """The texts of which a picture has no item yet; items of other texts are removed."""
        if not os.path.exists(picture):
            self.tally.skip(picture, f"The captions file names {picture}, but there is no such picture.")
            self.tally.advance(picture.name, len(texts))
            return iter(())
        known = {item.caption: item for item in self.known.captions_at(picture)}
        outdated = [item.id for caption, item in known.items() if caption not in texts]
        self.tally.removed += self.known.collection.remove(outdated) if outdated else 0
        missing = [text for text in texts if text not in known]
        self.tally.unchanged += len(texts) - len(missing)
        self.tally.advance(picture.name, len(texts) - len(missing))
        return iter(missing)

    def _store(self, batch: Sequence[NewItem]) -> None:
        """Encodes a batch and adds it durably, but for what another run stored meanwhile."""
        if not batch or self.tally.stop_now():
            return
        lit = self.model.light([item.caption or "" for item in batch])
        items = [replace(item, vector=one.vector, dense=one.dense) for item, one in zip(batch, lit, strict=True)]
        with self.known.writing():
            paths = {item.path for item in batch}
            there = {(item.path, item.caption) for path in paths for item in self.known.captions_at(path)}
            fresh = [item for item in items if (item.path, item.caption) not in there]
            self.tally.added += len(self.known.collection.add(fresh))
            self.tally.unchanged += len(items) - len(fresh)
        self.tally.advance(Path(batch[-1].path).name, len(batch))


def _caption_item(picture: Path, text: str) -> NewItem:
    digest = hashlib.sha256(b"caption\0" + text.encode("utf-8")).hexdigest()
    return NewItem("caption", str(picture), text, digest, NO_VECTOR)
