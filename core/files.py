"""Files of our own: the folder in which Sightwords keeps them, and how they are written whole; knows no content.

A reader, or a crash, finds the old file or the new one, never a part.
"""

import errno
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def home_folder() -> Path:
    """`SIGHTWORDS_HOME` when set, else the platform's folder for application data; not created here."""
    chosen = os.environ.get("SIGHTWORDS_HOME")
    if chosen:
        return Path(os.path.expanduser(chosen)).absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "sightwords"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "sightwords"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "sightwords"


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` fill a hidden file beside `path`, then swaps it in."""
    part = path.with_name(f".{path.name}.part")
    write(part)
    os.replace(part, path)


def write_text_whole(path: Path, text: str) -> None:
    """As `write_whole`, for text in UTF-8."""
    write_whole(path, lambda part: part.write_text(text, "utf-8"))


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yields a hidden folder beside `path` to be filled, which becomes `path` when that went well, and else is removed.

    Raises FileExistsError where something is there already, other than an empty folder.
    """
    path = path.absolute()
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise FileExistsError(errno.EEXIST, "there is something already; name a new folder", str(path))
    making = path.with_name(f".{path.name}.new-{uuid.uuid4().hex[:8]}")
    making.mkdir(parents=True)
    try:
        yield making
        if path.exists():
            path.rmdir()  # empty, and Windows moves nothing there otherwise
        making.rename(path)
    finally:
        shutil.rmtree(making, ignore_errors=True)
