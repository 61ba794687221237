"""Where the published weights lie on this machine, and how they come here when a person says so; knows no models.

Looking never touches the network. Fetching happens in `fetch` alone: from the Hugging Face hub through its own client
(which honours HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE and tokens, resumes, and shows a file only once it is whole), and
of single files over HTTPS, where the same holds: resumed, checked, and renamed into place at the end.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from urllib.request import Request, urlopen

from core.errors import DownloadStopped, MissingFiles, ModelError
from core.home import home_folder
from core.writing import write_text_whole
from index_store.progress import Progress, ShouldStop, never, silent

_HUB_ID = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
_INDEX = ".safetensors.index.json"
_CHUNK = 1 << 20
_PATIENCE_S = 30  # for a server that says nothing

File = str | tuple[str | tuple[str, ...], ...]  # a name, or several: the first that is there, alone or a pair, counts

WEIGHTS: File = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")


class Source(Protocol):
    """Something that a model needs: files of this machine or of a server, or an environment."""

    @property
    def name(self) -> str: ...

    def missing(self) -> list[str]:
        """What of it is not here; empty when all is."""
        ...

    def locate(self) -> Path:
        """Where it lies; MissingFiles says what it lacks."""
        ...

    def whereabouts(self) -> str:
        """What is missing and where it is looked for, as part of a sentence."""
        ...

    def size(self) -> int:
        """Bytes still to be fetched; ModelError when the server cannot be reached."""
        ...

    def fetch(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """Brings it here; ModelError when it cannot, DownloadStopped when asked to stop. Progress counts bytes."""
        ...


@dataclass(frozen=True)
class Folder:
    """Files that a person keeps in a folder of this machine."""

    path: Path
    files: tuple[File, ...]

    @property
    def name(self) -> str:
        return str(self.path)

    def missing(self) -> list[str]:
        """The files that are not there, alternatives joined by "or"; empty when all is."""
        return _missing(self.files, lambda name: self.path / name)

    def locate(self) -> Path:
        """The folder; MissingFiles names what it lacks."""
        if not self.path.is_dir():
            raise MissingFiles(f"There is no folder {self.path}; name the folder that holds {_listed(self.files)}.")
        if missing := self.missing():
            raise MissingFiles(f"The folder {self.path} lacks {', '.join(missing)}; a model saved for the hub has it.")
        return self.path

    def whereabouts(self) -> str:
        """What is missing and where it is looked for, as part of a sentence."""
        return f"{', '.join(self.missing())} in {self.path}"

    def size(self) -> int:
        """Bytes still to be fetched: none ever are."""
        return 0

    def fetch(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """Nothing to fetch; MissingFiles when the folder is not complete."""
        self.locate()


@dataclass(frozen=True)
class Package:
    """A package of Python that holds weights and installs with Sightwords; `holds` says which, `module` its import."""

    name: str
    module: str
    holds: str

    def missing(self) -> list[str]:
        """The package's name where it is not installed."""
        return [] if find_spec(self.module) is not None else [self.name]

    def locate(self) -> Path:
        """The folder of the module; MissingFiles names a package that is not installed."""
        found = find_spec(self.module)
        if found is None or found.origin is None:
            raise MissingFiles(
                f"The package '{self.name}', which holds {self.holds}, is not installed; run: pip install {self.name}."
            )
        return Path(found.origin).parent

    def whereabouts(self) -> str:
        """What is missing and where it is looked for, as part of a sentence."""
        return f"the package '{self.name}' (pip install {self.name})"

    def size(self) -> int:
        """Bytes still to be fetched: none ever are, as packages are installed by pip; MissingFiles where it is not."""
        self.locate()
        return 0

    def fetch(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """Nothing to fetch; MissingFiles where it is not installed."""
        self.locate()


@dataclass(frozen=True)
class HubFiles:
    """Files of a repository on the Hugging Face hub, of a model or a data set, which lie in its cache once fetched.

    `also`: files that are fetched where the repository has them, and not missed where it has not. `formerly`: ids that
    it had, under which a cache may still hold it. `remark`: what to know of its id where it cannot be found.
    """

    repo: str
    files: tuple[File, ...]
    also: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    remark: str = ""
    kind: str = "model"  # or "dataset"

    @property
    def name(self) -> str:
        return self.repo

    def missing(self) -> list[str]:
        """The files that are not in the cache; empty when all are."""
        return _missing(self.files, self._cached)

    def locate(self) -> Path:
        """The folder of the cached snapshot; MissingFiles says what it lacks."""
        if self.missing():
            raise MissingFiles(f"Not on this machine: {self.whereabouts()}.")
        return next(path.parent for names in _choices(self.files[0]) for name in names if (path := self._cached(name)))

    def whereabouts(self) -> str:
        """What is missing and where it is looked for, as part of a sentence."""
        from huggingface_hub import constants

        remark = f"; {self.remark}" if self.remark else ""
        return f"{', '.join(self.missing())} of '{self.repo}' (looked for in {constants.HF_HUB_CACHE}{remark})"

    def size(self) -> int:
        """Bytes still to be fetched, as the hub tells; ModelError when it cannot be reached."""
        with _reaching(self.repo, self.remark):
            return sum(size for name, size in self._wanted().items() if self._cached(name) is None)

    def fetch(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """Brings every file that is not here; ModelError when it cannot, DownloadStopped when asked to stop.

        What came whole is kept; the hub's client begins a file anew that was stopped in its middle.
        """
        from huggingface_hub import hf_hub_download

        with _reaching(self.repo, self.remark):
            wanted = self._wanted()
            tally = _Tally(self.repo, sum(wanted.values()), progress, should_stop)
            for name, size in wanted.items():
                hf_hub_download(self.repo, name, repo_type=self.kind, tqdm_class=_bars(tally))
                tally.finished(size)
        self.locate()

    def _cached(self, name: str) -> Path | None:
        from huggingface_hub import try_to_load_from_cache

        for repo in (self.repo, *self.formerly):
            path = try_to_load_from_cache(repo, name, repo_type=self.kind)
            if isinstance(path, str):
                return Path(path)
        return None

    def _wanted(self) -> dict[str, int]:
        """What to ask for, in bytes: of alternatives the first that the hub has, an index's shards, and `also`."""
        from huggingface_hub import HfApi

        info: Any = HfApi().repo_info(self.repo, repo_type=self.kind, files_metadata=True, timeout=_PATIENCE_S)
        there = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        wanted: list[str] = []
        for file in self.files:
            wanted += next((names for names in _choices(file) if there.keys() >= set(names)), ())
        wanted += [name for name in self.also if name in there and name not in wanted]
        if any(name.endswith(_INDEX) for name in wanted):
            wanted += [name for name in there if name.endswith(".safetensors")]
        return {name: there[name] for name in wanted}


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
        with _reaching(self.url), urlopen(_request(self.url, method="HEAD"), timeout=_PATIENCE_S) as answer:
            length = int(answer.headers.get("Content-Length") or 0)
        return max(0, length - _length(self._part()))

    def fetch(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """Brings the file here, going on where an earlier try stopped; ModelError when it cannot."""
        if not self.missing():
            return
        part = self._part()
        with _reaching(self.url):
            part.parent.mkdir(parents=True, exist_ok=True)
            start = _length(part)
            with urlopen(_request(self.url, start), timeout=_PATIENCE_S) as answer:
                if start and answer.status != HTTPStatus.PARTIAL_CONTENT:
                    start = 0  # the server begins anew, so the file does too
                total = start + int(answer.headers.get("Content-Length") or 0)
                tally = _Tally(self.name, total, progress, should_stop)
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


def source(named: str, files: Sequence[File], also: Sequence[str] = (), remark: str = "") -> Folder | HubFiles:
    """A local folder where `named` is one or looks like a path, else the hub's repository of that id.

    `also`, `remark`: as HubFiles has them. Raises MissingFiles when it can be neither.
    """
    path = Path(os.path.expanduser(named))
    if path.is_dir() or named.startswith((".", "~", os.sep)) or path.is_absolute():
        return Folder(path.absolute(), tuple(files))
    if _HUB_ID.fullmatch(named):
        return HubFiles(named, tuple(files), tuple(also), remark=remark)
    raise MissingFiles(f"There is no folder '{named}', and it is no hub id of the form owner/name either.")


def sha256(path: Path) -> str:
    """The hash of a file's bytes in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _reaching(what: str, remark: str = "") -> Iterator[None]:
    """Turns whatever keeps a download from happening into one sentence; HF_HUB_OFFLINE forbids all of them."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise ModelError(f"'{what}' is not fetched, because HF_HUB_OFFLINE forbids it; unset it to allow downloads.")
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # the hub's client, its HTTP library and urllib share no class of their errors
        reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        advice = f"{remark}; " if remark else ""
        raise ModelError(
            f"'{what}' cannot be fetched ({reason}); {advice}check the network, or bring its files here another way."
        ) from error


class _Tally:
    """Counts the bytes of a download, tells of them, and ends it when asked to."""

    def __init__(self, name: str, total: int, progress: Progress, should_stop: ShouldStop):
        self._name, self._total, self._progress, self._should_stop = name, total, progress, should_stop
        self._before = self._now = 0  # bytes of the files that are whole; of the one that comes

    def add(self, count: int) -> None:
        """So many bytes more of the file at hand."""
        self._now += count
        self._progress(min(self._before + self._now, self._total), self._total, self._name)
        if self._should_stop():
            raise DownloadStopped(
                f"'{self._name}' was not fetched to its end: stopped as asked; the next try fetches what is missing."
            )

    def finished(self, size: int) -> None:
        """The file at hand is whole, however much of it had to come."""
        self._before, self._now = self._before + size, 0
        self.add(0)


def _bars(tally: _Tally) -> Any:
    """The kind of progress bar that the hub's client draws on, wired to a tally and drawn nowhere."""
    from tqdm import tqdm

    class Bar(tqdm):
        def __init__(self, *arguments: Any, **options: Any):
            start = options.get("initial") or 0
            super().__init__(*arguments, **{k: v for k, v in options.items() if k != "name"} | {"disable": True})
            tally.add(int(start))

        def update(self, n: float | None = 1) -> bool | None:
            tally.add(int(n or 0))
            return None

    return Bar


def _request(url: str, start: int = 0, method: str = "GET") -> Request:
    return Request(url, headers={"Range": f"bytes={start}-"} if start else {}, method=method)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _missing(files: Sequence[File], where: Callable[[str], Path | None]) -> list[str]:
    def there(name: str) -> bool:
        path = where(name)
        return path is not None and path.is_file()

    lacking = []
    for file in files:
        found = next((names for names in _choices(file) if all(map(there, names))), None)
        if found is None:
            lacking.append(_listed([file]))
        elif found[0].endswith(_INDEX):
            index: Any = json.loads(Path(where(found[0]) or found[0]).read_text("utf-8"))
            lacking += sorted(name for name in set(index["weight_map"].values()) if not there(name))
    return lacking


def _choices(file: File) -> list[tuple[str, ...]]:
    """The names that each alternative takes, the best first."""
    choices = (file,) if isinstance(file, str) else file
    return [(names,) if isinstance(names, str) else names for names in choices]


def _listed(files: Sequence[File]) -> str:
    return ", ".join(" or ".join(" with ".join(names) for names in _choices(file)) for file in files)
