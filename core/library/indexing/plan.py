"""Decides what must change in a collection so that it agrees with folders: which items moved, and which are lost.

From known items, a listing and the hashes of files alone: it reads no pictures and writes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.pictures.folders.listing import Listing, is_gone
from index_store.items import Item

Known = Mapping[tuple[str, str], Sequence[Item]]  # items by (kind, path)
Digests = Mapping[Path, str]  # content hashes of the files that were read


@dataclass(frozen=True)
class Renames:
    """`paths`: {id: new path} of pictures and their captions. `removing`: ids of items that have no file any more."""

    paths: dict[int, str]
    removing: list[int]


@dataclass(frozen=True)
class Lost:
    """`ids`: items in walked folders whose files are gone. `known`: how many items the walked folders had in all."""

    ids: tuple[int, ...]
    known: int


def item_of(known: Known, path: Path, digest: str) -> Item | None:
    """The picture item with the path and the bytes of a file; None where there is none."""
    return next((item for item in known.get(("image", str(path)), ()) if item.content_hash == digest), None)


def displaced(known: Known, digests: Digests) -> list[Item]:
    """Picture items whose bytes are no longer at their path, in the order of `known`.

    The file is gone, or was read and holds other bytes now, or holds those of another item with the same path.
    """
    items: list[Item] = []
    for (kind, name), here in known.items():
        if kind == "image":
            path = Path(name)
            stays = item_of(known, path, digests[path]) if path in digests else None
            if path in digests or is_gone(path):
                items += [item for item in here if item is not stays]
    return items


def renames(known: Known, digests: Digests, left: Sequence[Item]) -> Renames:
    """Where displaced items (`left`) go.

    Captions go with their picture. A picture that another one was renamed over is removed, with its captions.
    """
    files = {path: digest for path, digest in digests.items() if item_of(known, path, digest) is None}
    moves = paired(left, files)
    taken, free = set(moves.values()), {item.path for item in left if Path(item.path) not in digests.keys() - files}
    old = {item.path: str(moves[item.id]) for item in reversed(left) if item.id in moves and item.path in free}
    paths = {item: str(path) for item, path in moves.items()}
    paths |= {caption.id: new for path, new in old.items() for caption in known.get(("caption", path), ())}
    over = [item for item in left if item.id not in moves and (item.path not in free or Path(item.path) in taken)]
    removing = [item.id for item in over]
    emptied = {item.path for item in over if item.path in free} - old.keys()
    removing += [caption.id for path in emptied for caption in known.get(("caption", path), ())]
    return Renames(paths, removing)


def paired(left: Iterable[Item], files: Digests) -> dict[int, Path]:
    """{item id: new path}: displaced items with the files that hold their bytes now.

    Each item and each file is used once. Among items with equal bytes, one whose file kept its name goes first, then
    the smaller id, to the first path.
    """
    by_digest: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(left, key=lambda item: item.id):
        by_digest[item.content_hash].append(item)
    owners: dict[Path, int] = {}
    for same_name in (True, False):
        for path, digest in sorted(files.items()):
            waiting = by_digest[digest] if path not in owners else []
            fits = [item for item in waiting if not same_name or Path(item.path).name == path.name]
            if fits:
                waiting.remove(fits[0])
                owners[path] = fits[0].id
    return {item: path for path, item in owners.items()}


def lost(known: Known, listing: Listing) -> Lost:
    """The items in the folders that a listing covers whose files are neither listed nor there."""
    present, count, ids = set(map(str, listing.pictures)), 0, list[int]()
    for (_, path), items in known.items():
        if listing.covers(Path(path)):
            count += len(items)
            ids += [item.id for item in items] if path not in present and is_gone(path) else []
    return Lost(tuple(ids), count)
