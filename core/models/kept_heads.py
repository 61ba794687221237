"""Heads of one's own that have a name: folders in HOME/heads. A name stands for one head for good; knows no training.

A collection remembers the name of the model that made it, so what a name means may never change.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from core.errors import ModelError, QueryError
from core.files import home_folder, new_folder, write_text_whole
from core.models.head_files import (
    CONFIG_FILE,
    HEAD_VOCABULARY,
    WEIGHTS_FILE,
    head_config,
)
from core.models.query_table import TABLE_FILE

NAME = re.compile(r"[^\W_](?:[\w.-]{0,38}\w)?")
_FILES = (CONFIG_FILE, WEIGHTS_FILE, HEAD_VOCABULARY)
_MORE_FILES = (TABLE_FILE,)  # that not every head has


def kept_heads() -> dict[str, Path]:
    """Every kept head, by name."""
    heads = home_folder() / "heads"
    folders = sorted(heads.iterdir()) if heads.is_dir() else []
    return {folder.name: folder for folder in folders if (folder / HEAD_VOCABULARY).is_file()}


def kept_head(name: str) -> Path | None:
    """The folder of the head kept under a name; None where there is none."""
    return kept_heads().get(name) if NAME.fullmatch(name) else None


def fits_encoder(folder: Path, encoder: str) -> bool:
    """Whether a head was made for the vectors of this encoder, as far as its config.json says for which it was."""
    try:
        return head_config(folder).get("encoder") in (None, encoder)
    except ModelError:
        return False


def check_encoder(name: str, folder: Path, encoder: str) -> None:
    """QueryError for a head that was made for another encoder, even where that has as many dimensions."""
    made_for = head_config(folder).get("encoder")
    if made_for not in (None, encoder):
        raise QueryError(
            f"The head '{name}' was made for vectors of '{made_for}', but those here are of '{encoder}'; use it as "
            f"the model {made_for}+{name}."
        )


def keep_head(source: Path, name: str, **about: Any) -> Path:
    """Copies the head in `source` under a name, whole or not at all; `about` joins its config. The new folder.

    Raises ModelError for a name that is taken or cannot be one, and where the folder cannot be written.
    """
    if not NAME.fullmatch(name):
        raise ModelError(
            "A head's name has letters, digits, dots, dashes or underscores and no spaces, at most 40 of them."
        )
    if name in kept_heads():
        raise ModelError(f"There is a head '{name}' already, and a name stands for one head; take another name.")
    target = home_folder() / "heads" / name
    try:
        with new_folder(target) as making:
            for file in (*_FILES, *(more for more in _MORE_FILES if (source / more).exists())):
                shutil.copyfile(source / file, making / file)
            config = json.loads((source / CONFIG_FILE).read_text("utf-8")) | about
            write_text_whole(making / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
    except (OSError, ValueError) as error:
        raise ModelError(f"The head '{name}' cannot be kept in {target.parent} ({error}).") from error
    return target
