"""Dense data sets by name: a folder of this machine, or a data set of the Hugging Face hub."""

import re
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from core.data.dense import FILES
from core.encoders.hub_files import HubFiles
from core.errors import DatasetError, ModelError

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

Announce = Callable[[str, int], None]
"""Called with (name, bytes) before anything is fetched."""


def dataset_folder(name: str, announce: Announce = lambda name, size: None) -> Path:
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
        if size := _lacking(name):
            announce(name, size)
        return Path(snapshot_download(name, repo_type="dataset", allow_patterns=list(FILES)))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise DatasetError(
            f"The data set '{name}' is neither a folder here nor in the hub's cache {constants.HF_HUB_CACHE}, and "
            f"{constants.ENDPOINT}/datasets/{name} cannot be fetched ({type(error).__name__}); it needs a network or "
            f"a folder with {', '.join(FILES)}."
        ) from error


def _lacking(name: str) -> int:
    """Bytes still to be fetched, as the hub tells; 0 where all is here, which asks nobody."""
    files = HubFiles(name, FILES, kind="dataset")
    try:
        return files.size() if files.missing() else 0
    except ModelError:
        return 0  # whoever fetches says why it cannot
