"""Files that visitors send: where they lie, the names by which pages know them, how much of them is kept."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

SENT = "sent"  # what pages know the folder as


def upload_folder() -> Path:
    """Where Gradio puts what is sent to it."""
    return Path(get_upload_folder()).resolve()


def sent_file(name: object) -> Path | None:
    """The file that a page names, as `sent/…` or by its path; None for anything that was not sent."""
    if not isinstance(name, str) or "\0" in name:
        return None
    folder = upload_folder()
    path = (folder / name.removeprefix(f"{SENT}/")).resolve()
    return path if path.is_relative_to(folder) and path != folder else None


def with_its_path(value: Any) -> Any:
    """What a page sends for a file, with the file's path where it has its name."""
    if isinstance(value, list):
        return [with_its_path(one) for one in value]
    if isinstance(value, dict) and str(value.get("path", "")).startswith(f"{SENT}/"):
        return {**value, "path": str(sent_file(value["path"]) or "")}
    return value


def trim(folder: Path, most: int) -> None:
    """Deletes the oldest files below the folder until the others are `most` bytes together, and empty folders."""
    files = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # gone meanwhile
            if path.is_file():
                files.append((path.stat().st_mtime_ns, path.stat().st_size, path))
    kept = 0
    for _, size, path in sorted(files, reverse=True):
        kept += size
        if kept > most:
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()  # OSError, unless it is empty now
