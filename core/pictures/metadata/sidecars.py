"""Files beside a picture that describe it, XMP and Google Takeout's JSON: which there are, and what they say."""

import os
from datetime import datetime
from pathlib import Path

from core.pictures.metadata.source_metadata import SourceMetadata
from core.pictures.metadata.takeout import SUFFIX, read_takeout, takeout_sidecars
from core.pictures.metadata.xmp import LARGEST, read_xmp

XMP_SUFFIXES = (".xmp", ".XMP")  # Lightroom's replaces the picture's suffix, darktable's and digiKam's follows it


def xmp_sidecars(path: Path) -> list[Path]:
    """The XMP files beside a picture."""
    names = (file for suffix in XMP_SUFFIXES for file in (path.with_name(path.name + suffix), path.with_suffix(suffix)))
    return [file for file in names if file != path and os.path.isfile(file)]  # Path.is_file raises for too long a name


def json_sidecars(path: Path) -> list[Path]:
    """The files of Google Takeout beside a picture: at most one."""
    return [file for file in takeout_sidecars(path) if os.path.isfile(file)][:1]


def read_sidecars(path: Path) -> tuple[list[SourceMetadata], list[SourceMetadata]]:
    """What the XMP files beside a picture say, and what the JSON there says."""
    return (
        [read_xmp(data) for file in xmp_sidecars(path) if (data := _read(file))],
        [read_takeout(data) for file in json_sidecars(path) if (data := _read(file))],
    )


class DueDescriptions:
    """Tells, for one run, of which known pictures the description is to be read again.

    It remembers which folders hold sidecars at all, as few do.
    """

    def __init__(self) -> None:
        self._folders: dict[Path, bool] = {}

    def is_due(self, path: Path, described: str | None) -> bool:
        """Whether a picture's file was never read for a description, or a sidecar changed since.

        `described`: when it was read last (ISO 8601), None for never.
        """
        try:
            since = int(datetime.fromisoformat(described or "never").timestamp())
        except ValueError:
            return True
        folder = path.parent
        if folder not in self._folders:
            self._folders[folder] = _holds_sidecars(folder)
        if not self._folders[folder]:
            return False
        try:
            files = [*xmp_sidecars(path), *json_sidecars(path)]
            return any(int(file.stat().st_mtime) >= since for file in files)
        except OSError:  # gone meanwhile
            return False


def _holds_sidecars(folder: Path) -> bool:
    try:
        return any(name.endswith((*XMP_SUFFIXES, SUFFIX)) for name in os.listdir(folder))
    except OSError:
        return False


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError:
        return b""
