"""Files of our own: the folder in which Sightwords keeps them, and how one is written whole; knows no content.

A reader, or a crash, finds the old file or the new one, never a part.
"""

import os
import sys
from collections.abc import Callable
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
