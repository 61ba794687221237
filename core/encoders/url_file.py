"""A single file at an address, kept in the home folder; knows no models.

It is fetched over HTTPS: resumed where an earlier try stopped, checked, and renamed into place once it is whole.
"""

import hashlib
import os
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.request import Request, urlopen

from core.encoders.transfer import PATIENCE_S, ByteTally, one_sentence
from core.errors import MissingFiles, ModelError
from core.files import home_folder, write_text_whole
from index_store.progress import Progress, ShouldStop, never, silent

_CHUNK = 1 << 20  # bytes


@dataclass(frozen=True)
class UrlFile:
    """One file at a fixed address; its SHA-256 is recorded when it is first fetched and compared ever after."""

    url: str

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[-1]

    @property
    def path(self) -> Path:
        return home_folder() / "checkpoints" / self.name

    def missing(self) -> list[str]:
        """The file's name when it is not here."""
        return [] if self.path.is_file() else [self.name]

    def locate(self) -> Path:
        """The file, its hash checked; MissingFiles when it is not here, ModelError when it is not what it was.

        A file that a person put there has no record yet: its hash is recorded now.
        """
        if self.missing():
            raise MissingFiles(f"Not on this machine: {self.whereabouts()}.")
        record, digest = self._record(), sha256(self.path)
        if not record.exists():
            write_text_whole(record, digest + "\n")
        elif record.read_text("utf-8").strip() != digest:
            raise ModelError(
                f"The checkpoint {self.path} is not the file it was (its SHA-256 differs from {record}); "
                "delete both and fetch it again."
            )
        return self.path

    def whereabouts(self) -> str:
        """What is missing and where it is looked for, as part of a sentence."""
        return f"{self.url} (looked for at {self.path})"

    def size(self) -> int:
        """Bytes still to be fetched, as the server tells; ModelError when it cannot be reached."""
        if not self.missing():
            return 0
        with one_sentence(self.url), urlopen(_request(self.url, method="HEAD"), timeout=PATIENCE_S) as answer:
            length = int(answer.headers.get("Content-Length") or 0)
        return max(0, length - _length(self._part()))

    def fetch(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """Brings the file here, going on where an earlier try stopped; ModelError when it cannot."""
        if not self.missing():
            return
        part = self._part()
        with one_sentence(self.url):
            part.parent.mkdir(parents=True, exist_ok=True)
            start = _length(part)
            with urlopen(_request(self.url, start), timeout=PATIENCE_S) as answer:
                if start and answer.status != HTTPStatus.PARTIAL_CONTENT:
                    start = 0  # the server begins anew, so the file does too
                total = start + int(answer.headers.get("Content-Length") or 0)
                tally = ByteTally(self.name, total, progress, should_stop)
                tally.add(start)
                with open(part, "ab" if start else "wb") as file:
                    while chunk := answer.read(_CHUNK):
                        tally.add(file.write(chunk))
            if _length(part) < total:
                raise ModelError(
                    f"{self.url} broke off after {_length(part):,} of {total:,} bytes; the same command goes on."
                )
            write_text_whole(self._record(), sha256(part) + "\n")
            os.replace(part, self.path)

    def _part(self) -> Path:
        return self.path.with_name(self.name + ".part")

    def _record(self) -> Path:
        return self.path.with_name(self.name + ".sha256")


def sha256(path: Path) -> str:
    """The hash of a file's bytes in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _request(url: str, start: int = 0, method: str = "GET") -> Request:
    return Request(url, headers={"Range": f"bytes={start}-"} if start else {}, method=method)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
