"""Writes files so that a reader, or a crash, finds the old one or the new one whole; knows nothing of their content."""

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` fill a hidden file beside `path`, then swaps it in."""
    part = path.with_name(f".{path.name}.part")
    write(part)
    os.replace(part, path)


def write_text_whole(path: Path, text: str) -> None:
    """As `write_whole`, for text in UTF-8."""
    write_whole(path, lambda part: part.write_text(text, "utf-8"))
