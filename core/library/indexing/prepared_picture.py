"""Reads a picture's file for a collection: hash, description, decoded copy, thumbnail; encodes and stores nothing."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from core.errors import ImageError
from core.pictures.captions.encodings import is_encodable
from core.pictures.images import content_hash, read_picture, thumbnail, working_copy
from core.pictures.metadata.description import read_description
from core.pictures.similarity import similarity_hash
from index_store.items import NewItem, now
from index_store.vectors import SparseVector

NO_VECTOR = SparseVector.from_pairs({})  # of an item that is not encoded yet


@dataclass(eq=False)
class PreparedPicture:
    """A picture's file as read, or why it cannot be.

    `item`: what is to be stored, without its vector; None with an `error`. `image`: at most 1,024 px a side; None while
    it is not decoded, as an item with the same bytes has what is needed. `hashed`: whether the file's bytes could be
    read, though perhaps not decoded.
    """

    path: Path
    item: NewItem | None = None
    image: Image.Image | None = None
    error: str | None = None
    hashed: bool = False

    def decode(self) -> None:
        """Adds the image, and to the item what only the image tells; ImageError where it cannot be decoded."""
        assert self.item is not None
        picture = read_picture(self.path)
        self.image = working_copy(picture.image)
        self.item = replace(
            self.item,
            width=picture.width,
            height=picture.height,
            thumbnail=thumbnail(self.image),
            similarity_hash=similarity_hash(self.image),
        )


def prepare_picture(path: Path, alt_text: str | None, has_bytes: Callable[[str], bool]) -> PreparedPicture:
    """Hashes a file and, unless the collection `has_bytes` with this hash, decodes it; raises nothing.

    `alt_text`: the item's caption; what the file itself says where it is None.
    """
    prepared = PreparedPicture(path)
    try:
        if not is_encodable(str(path)):
            raise ImageError(f"The name of {os.fsencode(path)!r} is not valid UTF-8; rename the file.")
        digest = content_hash(path)
        prepared.hashed = True
        prepared.item = _item(path, digest, alt_text)
        if not has_bytes(digest):
            prepared.decode()
    except ImageError as error:
        prepared.item, prepared.error = None, str(error)
    except OSError as error:
        prepared.item, prepared.error = None, f"The picture {path} cannot be read: {error.strerror or error}."
    return prepared


def _item(path: Path, digest: str, alt_text: str | None) -> NewItem:
    """The item of a file: what its headers say, and nothing yet of what it shows."""
    size, description = path.stat().st_size, read_description(path)
    return NewItem(
        kind="image",
        path=str(path),
        caption=description.caption if alt_text is None else alt_text,
        content_hash=digest,
        vector=NO_VECTOR,
        bytes=size,
        tags=description.tags,
        taken=description.taken,
        camera=description.camera,
        latitude=description.latitude,
        longitude=description.longitude,
        described=now(),
    )
