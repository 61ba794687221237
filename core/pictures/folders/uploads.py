"""Copies pictures, and zips of pictures, that a visitor uploads into a folder; trusts none of them.

A zip is checked before anything is unpacked, and refused as a whole where it holds what an honest one does not.
"""

import os
import shutil
import stat
import uuid
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.errors import ImageError
from core.pictures.folders.junk import APPLE_DOUBLE, junk_folder
from core.pictures.folders.listing import files_by_suffix
from core.pictures.formats.kinds import is_picture, picture_suffixes, tells_picture
from index_store.progress import ShouldStop, never

MAX_FILES = 5_000  # in one zip: some minutes of indexing
MAX_BYTES = 2_000_000_000  # of one zip, unpacked
MAX_RATIO = 100  # unpacked to packed: pictures are compressed already, so an honest zip hardly shrinks them


@dataclass
class ReceivedFiles:
    """What came of uploaded files.

    `paths`: the pictures that are there now. `refused`: (name, one sentence) of zips and files that were not taken.
    `passed_over`: files that are no pictures, by suffix. `junk`: files in zips that systems keep for themselves, by the
    name of their folder.
    """

    paths: list[Path] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    junk: Counter[str] = field(default_factory=Counter)

    @property
    def why_nothing(self) -> str:
        """One sentence for the case that no picture was received."""
        if self.refused:
            return self.refused[0][1]
        kinds = f" ({files_by_suffix(self.passed_over)})" if self.passed_over else ""
        return f"There is no picture in what was given{kinds}; choose pictures, or zips of them."


def receive_files(files: Sequence[Path], into: Path, *, should_stop: ShouldStop = never) -> ReceivedFiles:
    """Copies pictures, and the pictures in zips, below `into`.

    Files that are no pictures are passed over and counted. A zip that is damaged, too large, or names files outside
    itself is refused whole. Neither costs the other files. Where another file of a name exists already, both are kept.
    Stops, with nothing received, once `should_stop()` is true. Raises ImageError where `into` cannot be
    written.
    """
    received = ReceivedFiles()
    if not files:
        return received
    into.mkdir(parents=True, exist_ok=True)
    waiting = into / f".taking-{uuid.uuid4().hex}"  # hidden: an index of `into` does not see it
    waiting.mkdir()
    try:
        for number, file in enumerate(files):
            _take(file, waiting / f"{number:06}", received, should_stop)
        if should_stop():
            return ReceivedFiles()
        files_there = [file for file in sorted(waiting.rglob("*")) if file.is_file()]
        received.paths = list(dict.fromkeys(_settle(file, waiting, into) for file in files_there))
    except OSError as error:
        raise ImageError(f"The files cannot be kept in {into}: {(error.strerror or str(error)).lower()}.") from error
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
    return received


def _take(file: Path, into: Path, received: ReceivedFiles, should_stop: ShouldStop) -> None:
    """Copies one picture, or the pictures in one zip, into a folder that is there for nothing else."""
    if file.suffix.lower() == ".zip":
        try:
            _unpack(file, into, received, should_stop)
        except ImageError as error:  # the whole of it
            received.refused.append((file.name, str(error)))
            shutil.rmtree(into, ignore_errors=True)
    elif is_picture(file):
        into.mkdir()
        shutil.copyfile(file, into / file.name)
    else:
        received.passed_over[file.suffix.lower()] += 1


def _unpack(file: Path, into: Path, received: ReceivedFiles, should_stop: ShouldStop) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = _checked(file, archive.infolist())
            for entry in entries:
                if should_stop():
                    return
                if not _wanted(archive, entry, received):
                    continue
                target = into / file.stem / _path(entry)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("xb") as sink:
                    shutil.copyfileobj(source, sink)  # at most as many bytes as were checked; zipfile sees to that
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise ImageError(f"The zip {file.name} is damaged or locked and cannot be unpacked ({error}).") from error
    except FileExistsError as error:
        raise ImageError(f"The zip {file.name} holds two files of one name; pack it again.") from error


def _checked(file: Path, entries: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files among the entries of a zip that can be trusted."""
    if len(entries) > MAX_FILES:
        raise ImageError(
            f"The zip {file.name} holds {len(entries):,} files; at most {MAX_FILES:,} can be taken at once."
        )
    for entry in entries:
        path = _path(entry)
        if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
            raise ImageError(
                f"The zip {file.name} names a file outside itself ('{entry.filename[:80]}'); it is refused."
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ImageError(
                f"The zip {file.name} holds a link ('{entry.filename[:80]}'); pack the pictures themselves."
            )
    whole, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if whole > MAX_BYTES or whole > MAX_RATIO * max(packed, 1 << 16):
        raise ImageError(
            f"The zip {file.name} would unpack to {whole / 1e6:,.0f} MB from {packed / 1e6:,.1f}; it is refused."
        )
    return [entry for entry in entries if not entry.is_dir()]


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(entry.filename.replace("\\", "/"))  # as Windows writes it at times


def _wanted(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, received: ReceivedFiles) -> bool:
    """Whether an entry is a picture, by suffix or first bytes; counts it where it is not. Hidden ones are nobody's."""
    path = _path(entry)
    suffix = path.suffix.lower()
    junk = junk_folder(path.parts[:-1]) or (f"{APPLE_DOUBLE}*" if path.name.startswith(APPLE_DOUBLE) else None)
    if junk is not None:
        if suffix in picture_suffixes():
            received.junk[junk] += 1
        return False
    if any(part.startswith(".") for part in path.parts):
        return False
    if tells_picture(suffix, lambda: archive.open(entry)):
        return True
    received.passed_over[suffix] += 1
    return False


def _settle(file: Path, waiting: Path, into: Path) -> Path:
    """Moves a file to its place; the same content is there once, another file of that name keeps its own."""
    target = into.joinpath(*file.relative_to(waiting).parts[1:])  # below the folder of what it came in
    if target.exists() and target.read_bytes() == file.read_bytes():
        return target
    target = _free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(file, target)
    return target


def _free(path: Path) -> Path:
    """The path, or one beside it with a number where something lies there."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
