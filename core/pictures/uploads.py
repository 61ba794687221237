"""Takes what a visitor hands over, pictures and zips of pictures, into a folder; trusts none of it.

A zip is looked through before anything is unpacked, and refused as a whole where it holds what an honest one does not.
"""

import os
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from core.errors import ImageError
from core.pictures.images import IMAGE_SUFFIXES

MAX_FILES = 5_000  # in one zip: some minutes of indexing
MAX_BYTES = 2_000_000_000  # of one zip, unpacked
MAX_RATIO = 100  # unpacked to packed: pictures are compressed already, so an honest zip hardly shrinks them


def take_files(files: Sequence[Path], into: Path, cancelled: Callable[[], bool] = lambda: False) -> list[Path]:
    """Copies pictures, and the pictures in zips, below `into`, all or none; the paths that are there now.

    What is no picture inside a zip is passed over; of names that exist already, with other content, both are kept.
    Stops, with nothing taken, once `cancelled()` is true. Raises ImageError, one sentence, for a file that is neither
    picture nor zip, and for a zip that is damaged, too large, or names files outside itself.
    """
    for file in files:
        if file.suffix.lower() not in IMAGE_SUFFIXES | {".zip"}:
            raise ImageError(f"{file.name} is neither a picture nor a zip of pictures; leave it out.")
    into.mkdir(parents=True, exist_ok=True)
    waiting = into / f".taking-{uuid.uuid4().hex}"  # hidden: an index of `into` does not see it
    waiting.mkdir()
    try:
        for file in files:
            if file.suffix.lower() == ".zip":
                _unpack(file, waiting, cancelled)
            else:
                shutil.copyfile(file, _free(waiting / file.name))
        if cancelled():
            return []
        return [_settle(file, waiting, into) for file in sorted(waiting.rglob("*")) if file.is_file()]
    except OSError as error:
        raise ImageError(f"The files cannot be kept in {into}: {(error.strerror or str(error)).lower()}.") from error
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def _unpack(file: Path, into: Path, cancelled: Callable[[], bool]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = _checked(file, archive.infolist())
            for entry in entries:
                if cancelled():
                    return
                target = into / file.stem / PurePosixPath(entry.filename)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("xb") as sink:
                    shutil.copyfileobj(source, sink)  # at most as many bytes as were checked; zipfile sees to that
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise ImageError(f"The zip {file.name} is damaged or locked and cannot be unpacked ({error}).") from error
    except FileExistsError as error:
        raise ImageError(f"The zip {file.name} holds two files of one name; pack it again.") from error


def _checked(file: Path, entries: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The pictures among the entries of a zip that can be trusted."""
    if len(entries) > MAX_FILES:
        raise ImageError(
            f"The zip {file.name} holds {len(entries):,} files; at most {MAX_FILES:,} can be taken at once."
        )
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
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
    return [entry for entry in entries if not entry.is_dir() and _is_picture(PurePosixPath(entry.filename))]


def _is_picture(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in IMAGE_SUFFIXES and not hidden


def _settle(file: Path, waiting: Path, into: Path) -> Path:
    """Moves a file to its place; the same content is there once, another file of that name keeps its own."""
    target = into / file.relative_to(waiting)
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
