"""Dense data sets by name: a folder of this machine, or a data set of the Hugging Face hub."""

import re
from collections.abc import Callable
from pathlib import Path

from httpx import HTTPError
from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from core.data.dense import FILES
from core.errors import DatasetError

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_PATIENCE_S = 30  # for a hub that says nothing

Told = Callable[[str, int], None]
"""Told (name, bytes) before anything is fetched."""


def dataset_folder(name: str, told: Told = lambda name, size: None) -> Path:
    """The folder of a data set: `name` itself where that is a folder, else the hub's data set of that id.

    What is fetched lies in the hub's own cache, where a file appears only once it is whole, and is not fetched again.
    Raises DatasetError with what is missing and where it was looked for.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if not _HUB_ID.fullmatch(name):
        raise DatasetError(f"There is no folder {folder}, and '{name}' is no hub id of the form owner/name.")
    try:
        if size := _size(name):
            told(name, size)
        return Path(snapshot_download(name, repo_type="dataset", allow_patterns=list(FILES)))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise DatasetError(
            f"The data set '{name}' is neither a folder here nor in the hub's cache {constants.HF_HUB_CACHE}, and "
            f"{constants.ENDPOINT}/datasets/{name} cannot be fetched ({type(error).__name__}); it needs a network or "
            f"a folder with {', '.join(FILES)}."
        ) from error


def _size(name: str) -> int:
    """Bytes still to be fetched, as the hub tells; 0 where all is here, which asks nobody."""
    lacking = [file for file in FILES if not isinstance(try_to_load_from_cache(name, file, repo_type="dataset"), str)]
    if not lacking or constants.HF_HUB_OFFLINE:
        return 0
    try:
        info = HfApi().dataset_info(name, files_metadata=True, timeout=_PATIENCE_S)
    except (HfHubHTTPError, HTTPError, OSError):
        return 0  # whoever fetches says why it cannot
    return sum(file.size or 0 for file in info.siblings or () if file.rfilename in lacking)
