"""Files of a repository on the Hugging Face hub: looked for in its cache, fetched by its client; knows no models.

That client honours HF_HOME, HF_ENDPOINT, HF_HUB_OFFLINE and tokens, and shows a file only once it is whole.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.encoders.sources import INDEX_SUFFIX, File, Folder, choices, missing_files
from core.encoders.transfer import PATIENCE_S, ByteTally, one_sentence
from core.errors import MissingFiles
from index_store.progress import Progress, ShouldStop, never, silent

_HUB_ID = re.compile(r"[\w.-]+(?:/[\w.-]+)?")


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
        return missing_files(self.files, self._cached)

    def locate(self) -> Path:
        """The folder of the cached snapshot; MissingFiles says what it lacks."""
        if self.missing():
            raise MissingFiles(f"Not on this machine: {self.whereabouts()}.")
        return next(path.parent for names in choices(self.files[0]) for name in names if (path := self._cached(name)))

    def whereabouts(self) -> str:
        """What is missing and where it is looked for, as part of a sentence."""
        from huggingface_hub import constants

        remark = f"; {self.remark}" if self.remark else ""
        return f"{', '.join(self.missing())} of '{self.repo}' (looked for in {constants.HF_HUB_CACHE}{remark})"

    def size(self) -> int:
        """Bytes still to be fetched, as the hub tells; ModelError when it cannot be reached."""
        with one_sentence(self.repo, self.remark):
            return sum(size for name, size in self._wanted().items() if self._cached(name) is None)

    def fetch(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """Brings every file that is not here; ModelError when it cannot, DownloadStopped when asked to stop.

        What came whole is kept; the hub's client begins a file anew that was stopped in its middle.
        """
        from huggingface_hub import hf_hub_download

        with one_sentence(self.repo, self.remark):
            wanted = self._wanted()
            tally = ByteTally(self.repo, sum(wanted.values()), progress, should_stop)
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

        info: Any = HfApi().repo_info(self.repo, repo_type=self.kind, files_metadata=True, timeout=PATIENCE_S)
        there = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        wanted: list[str] = []
        for file in self.files:
            wanted += next((names for names in choices(file) if there.keys() >= set(names)), ())
        wanted += [name for name in self.also if name in there and name not in wanted]
        if any(name.endswith(INDEX_SUFFIX) for name in wanted):
            wanted += [name for name in there if name.endswith(".safetensors")]
        return {name: there[name] for name in wanted}


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


def _bars(tally: ByteTally) -> Any:
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
