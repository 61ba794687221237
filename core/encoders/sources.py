"""What a model is made of: files in a folder, a package of Python, files of a server; knows no models and no network.

Looking at a source never touches the network. Only `fetch` and `size` do, of the sources that lie on a server.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from core.errors import MissingFiles
from index_store.progress import Progress, ShouldStop, never, silent

File = str | tuple[str | tuple[str, ...], ...]
"""A file's name, or alternatives, the best first; an alternative may be several files that are all needed."""

WEIGHTS: File = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
INDEX_SUFFIX = ".safetensors.index.json"  # of a file that names the parts of large weights


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
        return missing_files(self.files, lambda name: self.path / name)

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


def choices(file: File) -> list[tuple[str, ...]]:
    """The names that each alternative takes, the best first."""
    choices = (file,) if isinstance(file, str) else file
    return [(names,) if isinstance(names, str) else names for names in choices]


def missing_files(files: Sequence[File], where: Callable[[str], Path | None]) -> list[str]:
    def there(name: str) -> bool:
        path = where(name)
        return path is not None and path.is_file()

    lacking = []
    for file in files:
        found = next((names for names in choices(file) if all(map(there, names))), None)
        if found is None:
            lacking.append(_listed([file]))
        elif found[0].endswith(INDEX_SUFFIX):
            index: Any = json.loads(Path(where(found[0]) or found[0]).read_text("utf-8"))
            lacking += sorted(name for name in set(index["weight_map"].values()) if not there(name))
    return lacking


def _listed(files: Sequence[File]) -> str:
    return ", ".join(" or ".join(" with ".join(names) for names in choices(file)) for file in files)
