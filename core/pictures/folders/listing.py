"""Finds the picture files below folders; must not know models or collections."""

import os
import zlib
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import DatasetError, ImageError
from core.pictures.folders.junk import APPLE_DOUBLE, APPLE_DOUBLE_BYTES, is_junk_folder
from core.pictures.formats.kinds import is_picture, is_sidecar, picture_suffixes

LONGEST_SUFFIX = 12  # characters; what is longer belongs to the name


@dataclass(frozen=True)
class Shard:
    """One of `count` machines (from 1) that share the work; which takes a picture is decided by the picture's name and
    its folder's, so that it does not matter where the disk is mounted, or which pictures come and go beside it.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """From "2/8"; DatasetError for anything else."""
        number, slash, count = text.partition("/")
        if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) < 10**6):
            raise DatasetError(f"'{text[:40]}' is no shard; write the second of eight as 2/8.")
        return cls(int(number), int(count))

    def takes(self, picture: Path) -> bool:
        """Whether the picture is this machine's."""
        name = os.fsencode(f"{picture.parent.name}/{picture.name}")
        return zlib.crc32(name) % self.count == self.number - 1


@dataclass
class Listing:
    """What lies below the given paths: absolute picture paths in order, each once."""

    pictures: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)  # the folders that were asked for
    missing: list[tuple[Path, str]] = field(default_factory=list)  # paths that do not exist, one sentence each
    unreadable: list[tuple[Path, str]] = field(default_factory=list)  # a folder or one entry of it, one sentence
    empty: list[Path] = field(default_factory=list)  # those of `folders` that hold no picture: perhaps not mounted
    passed_over: Counter[str] = field(default_factory=Counter)  # files that are no pictures, by suffix ("" for none)
    junk: Counter[str] = field(default_factory=Counter)  # pictures in folders that are junk, by the folder's name
    junk_folders: list[Path] = field(default_factory=list)  # those folders

    def covers(self, path: Path) -> bool:
        """Whether the walk would have met this path, so that its absence means that the file is gone."""
        doubtful = (*self.empty, *(path for path, _ in self.unreadable))
        walked = any(path.is_relative_to(folder) for folder in self.folders)
        return walked and not any(path.is_relative_to(other) for other in doubtful)


def files_by_suffix(numbers: Mapping[str, int]) -> str:
    """ "12 .txt, 3 .mp4, 1 without a suffix", from numbers of files by suffix."""
    return ", ".join(f"{number:,} {suffix or 'without a suffix'}" for suffix, number in numbers.items())


def existing(paths: Sequence[str | os.PathLike[str]]) -> tuple[list[Path], list[tuple[Path, str]]]:
    """The paths that exist, absolute and without links, and (path, one sentence) of the others.

    Raises ImageError where none of them exists, or can be reached.
    """
    there: list[Path] = []
    missing: list[tuple[Path, str]] = []
    for given in paths:
        path = Path(os.path.expanduser(given))  # Path.expanduser raises for ~name where nobody is called so
        try:
            there.append(path.resolve(strict=True))
        except (OSError, RuntimeError, ValueError):  # missing, forbidden, too long, a link to itself
            missing.append((path, f"There is no file or folder at {path} that can be read; check the path."))
    if missing and not there:
        raise ImageError(missing[0][1])
    return there, missing


def is_gone(path: str | os.PathLike[str]) -> bool:
    """Whether surely nothing lies at a path; not where a folder above it may not be looked into."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def list_pictures(
    paths: Sequence[str | os.PathLike[str]],
    *,
    skip: Callable[[Path], bool] = lambda folder: False,
    everything: bool = False,
    besides: frozenset[Path] = frozenset(),
) -> Listing:
    """Lists the pictures below folders, sorted; a file that is itself one of `paths` counts whatever it is.

    Hidden entries and junk (`junk.py`) are left out, unless `everything`. Pictures are told from other files by suffix
    or first bytes (`formats/kinds.py`); other files are counted. A folder is walked once however many links lead to it,
    and a picture counts once. An entry that cannot be read is named in `unreadable`, and costs no other.

    skip: folders for which it is true are not entered.
    besides: absolute paths of files that are read as something else, and are not counted.

    Raises ImageError where none of `paths` exists; otherwise those that do not are named in `missing`.
    """
    there, missing = existing(paths)
    listing = Listing(missing=missing)
    found: set[Path] = set()
    for path in there:
        if path.is_dir():
            listing.folders.append(path)
            pictures: Sequence[Path] = _Walk(listing, skip, everything, besides).pictures_below(path)
            if not pictures:
                listing.empty.append(path)
        else:
            pictures = [path]
        for picture in pictures:
            if picture not in found:
                found.add(picture)
                listing.pictures.append(picture)
    listing.pictures = _each_once(listing.pictures)
    return listing


def _each_once(pictures: Sequence[Path]) -> list[Path]:
    """Of several paths of one file, by links or hard links, one: that of the file itself, else the first."""
    first: dict[tuple[int, int] | Path, Path] = {}
    for picture in sorted(pictures, key=os.path.islink):
        try:
            status = os.stat(picture)
        except OSError:  # told by whoever reads it
            first[picture] = picture
        else:
            first.setdefault((status.st_dev, status.st_ino) if status.st_ino else picture, picture)
    kept = set(first.values())
    return [picture for picture in pictures if picture in kept]


class _Walk:
    """One walk below one folder; what it meets besides pictures goes into the listing."""

    def __init__(
        self, listing: Listing, skip: Callable[[Path], bool], everything: bool, besides: frozenset[Path]
    ) -> None:
        self.listing, self.skip, self.everything, self.besides = listing, skip, everything, besides
        self.pictures: list[Path] = []
        self.folders, self.linked = deque[Path](), deque[Path]()

    def pictures_below(self, root: Path) -> list[Path]:
        """The pictures, sorted."""
        seen: set[tuple[int, int]] = set()
        self.folders.append(root)
        # links last: a picture keeps the path of its real folder where that is below root too
        while self.folders or self.linked:
            folder = self.folders.popleft() if self.folders else self.linked.popleft()
            try:
                status = folder.stat()
                if (status.st_dev, status.st_ino) in seen or self.skip(folder):
                    continue
                seen.add((status.st_dev, status.st_ino))
                with os.scandir(folder) as entries:
                    for entry in entries:
                        self._look_at(entry, folder)
            except OSError as error:
                self._unreadable(folder, "folder", error)
        return sorted(self.pictures)

    def _look_at(self, entry: os.DirEntry[str], folder: Path) -> None:
        path = Path(entry.path)
        try:
            if entry.is_dir():
                junk = is_junk_folder(entry.name, folder.name)
                if self.everything or not (junk or entry.name.startswith(".")):
                    (self.linked if entry.is_symlink() else self.folders).append(path)
                elif junk and not entry.is_symlink() and (held := _pictures_in(path)):
                    self.listing.junk[entry.name] += held
                    self.listing.junk_folders.append(path)
            elif entry.name.startswith(APPLE_DOUBLE) and not (self.everything and _is_real(path)):
                self.listing.junk[f"{APPLE_DOUBLE}*"] += 1
            elif self.everything or not entry.name.startswith("."):
                self._look_at_file(entry, path)
        except OSError as error:
            self._unreadable(path, "link" if entry.is_symlink() else "entry", error)

    def _look_at_file(self, entry: os.DirEntry[str], path: Path) -> None:
        suffix = path.suffix.lower()
        if suffix in picture_suffixes():
            self.pictures.append(path)
        elif is_sidecar(path.name) or path in self.besides:
            return
        elif entry.is_file():  # a pipe would be waited for
            if _begins_as_picture(path):
                self.pictures.append(path)
            else:
                self.listing.passed_over[suffix if len(suffix) <= LONGEST_SUFFIX else ""] += 1
        elif entry.is_symlink():
            path.stat()  # raises what is wrong with it
            self.listing.passed_over[suffix] += 1

    def _unreadable(self, path: Path, what: str, error: OSError) -> None:
        verb = "followed" if what == "link" else "read"
        reason = (error.strerror or str(error)).lower()
        self.listing.unreadable.append((path, f"The {what} {path} cannot be {verb}: {reason}."))


def _begins_as_picture(path: Path) -> bool:
    try:
        return is_picture(path)
    except OSError:  # nothing says that it is one
        return False


def _is_real(path: Path) -> bool:
    """Whether a file named like macOS's notes on another one is something else."""
    with open(path, "rb") as file:
        return not file.read(4).startswith(APPLE_DOUBLE_BYTES)


def _pictures_in(folder: Path) -> int:
    """How many files below a folder are called pictures; links are not followed, and nothing is opened."""
    return sum(Path(name).suffix.lower() in picture_suffixes() for _, _, names in os.walk(folder) for name in names)
