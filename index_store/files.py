"""What every kind of collection asks of the file system."""

import os
from pathlib import Path


def bytes_below(folder: Path) -> int:
    """Size of all files in the folder, however deep, in bytes."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except OSError:  # a merge may delete files while we count, and others may be hidden from us
            continue
    return total


def sync(folder: Path) -> None:
    """Makes a rename inside the folder survive a power cut (where the system lets folders be synced)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
