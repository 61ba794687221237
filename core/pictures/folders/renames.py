"""Tells which known pictures were renamed or moved, by their bytes alone; reads no pictures and writes nothing."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index_store.items import Item

Known = Mapping[tuple[str, str], Sequence[Item]]  # items by (kind, path)
Digests = Mapping[Path, str]  # of the files that were read


@dataclass(frozen=True)
class Renames:
    """What brings known items in step: {id: new path} of pictures and their captions, and ids that have no place."""

    paths: dict[int, str]
    removing: list[int]


def at_home(known: Known, path: Path, digest: str) -> Item | None:
    """The item of the picture that a file holds, if it is known under the file's path."""
    return next((item for item in known.get(("image", str(path)), ()) if item.content_hash == digest), None)


def homeless(known: Known, digests: Digests) -> list[Item]:
    """Image items whose bytes are no longer at their path, or are there for another item; by path."""
    left = []
    for (kind, name), items in known.items():
        if kind == "image":
            path = Path(name)
            stays = at_home(known, path, digests[path]) if path in digests else None
            if path in digests or gone(path):
                left += [item for item in items if item is not stays]
    return left


def gone(path: str | os.PathLike[str]) -> bool:
    """Whether surely nothing lies at a path: a folder that may not be looked into hides what is there."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def renames(known: Known, digests: Digests, left: Sequence[Item]) -> Renames:
    """Where homeless items (`left`) go. Captions go with their picture; so do those of a picture that makes room."""
    places = {path: digest for path, digest in digests.items() if at_home(known, path, digest) is None}
    moves = paired(left, places)
    taken, free = set(moves.values()), {item.path for item in left if Path(item.path) not in digests.keys() - places}
    old = {item.path: str(moves[item.id]) for item in reversed(left) if item.id in moves and item.path in free}
    paths = {item: str(path) for item, path in moves.items()}
    paths |= {caption.id: new for path, new in old.items() for caption in known.get(("caption", path), ())}
    over = [item for item in left if item.id not in moves and (item.path not in free or Path(item.path) in taken)]
    removing = [item.id for item in over]
    emptied = {item.path for item in over if item.path in free} - old.keys()
    removing += [caption.id for path in emptied for caption in known.get(("caption", path), ())]
    return Renames(paths, removing)


def paired(left: Iterable[Item], places: Digests) -> dict[int, Path]:
    """{item id: new path}: homeless items with the places that hold their bytes now.

    Each item and each place is used once. Among items with equal bytes, one whose file kept its name goes first, then
    the smaller id, to the first path.
    """
    by_digest: dict[str, list[Item]] = defaultdict(list)
    for item in sorted(left, key=lambda item: item.id):
        by_digest[item.content_hash].append(item)
    found: dict[Path, int] = {}
    for same_name in (True, False):
        for path, digest in sorted(places.items()):
            waiting = by_digest[digest] if path not in found else []
            fits = [item for item in waiting if not same_name or Path(item.path).name == path.name]
            if fits:
                waiting.remove(fits[0])
                found[path] = fits[0].id
    return {item: path for path, item in found.items()}
