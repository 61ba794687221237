"""A training's state between two epochs, on disk: whole or not there, and only for the run that it belongs to."""

import json
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from core.errors import TrainingError
from core.files import write_text_whole, write_whole

CHECKPOINT_FILE, END_FILE = "checkpoint.pt", "ended.json"


def save_checkpoint(folder: Path, key: str, state: dict[str, Any]) -> None:
    """`key` names the run: a digest of its settings and data."""
    write_whole(folder / CHECKPOINT_FILE, lambda part: torch.save({"key": key, **state}, part))


def save_end(folder: Path, key: str) -> None:
    """Marks a training as ended: what it needed to go on is thrown away."""
    write_text_whole(folder / END_FILE, json.dumps({"key": key}) + "\n")
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)


def has_ended(folder: Path, key: str) -> bool:
    """Whether this very training has ended in the folder; TrainingError where another one has."""
    try:
        found = json.loads((folder / END_FILE).read_text("utf-8"))["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if found != key:
        raise TrainingError(
            f"{folder} holds a finished head of other settings or data; choose another folder, or write over it with "
            "--restart."
        )
    return True


def forget_end(folder: Path) -> None:
    """A training begins: what lies in the folder is no longer that of an ended one."""
    (folder / END_FILE).unlink(missing_ok=True)


def load_checkpoint(folder: Path, key: str) -> dict[str, Any] | None:
    """The state saved last, None where there is none; TrainingError where it is another run's or cannot be read."""
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return None
    try:
        state = torch.load(path, weights_only=True)
        found = state.pop("key")
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, UnpicklingError, AttributeError) as error:
        raise TrainingError(f"The checkpoint {path} cannot be read; --restart trains from the beginning.") from error
    if found != key:
        raise TrainingError(
            f"{folder} holds an unfinished training with other settings or data; repeat its command to finish it, "
            "choose another folder, or throw it away with --restart."
        )
    return dict(state)
