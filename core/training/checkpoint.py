"""A training's state between two epochs, on disk: whole or not there, and only for the run that it belongs to."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from core.errors import TrainingError
from core.writing import write_whole

CHECKPOINT_FILE = "checkpoint.pt"


def save_checkpoint(folder: Path, key: str, state: dict[str, Any]) -> None:
    """`key` names the run: a digest of its settings and data."""
    write_whole(folder / CHECKPOINT_FILE, lambda part: torch.save({"key": key, **state}, part))


def load_checkpoint(folder: Path, key: str) -> dict[str, Any] | None:
    """The state saved last, None where there is none; TrainingError where it is another run's or cannot be read."""
    path = folder / CHECKPOINT_FILE
    if not path.exists():
        return None
    try:
        state = torch.load(path, weights_only=True)
        found = state.pop("key")
    except (OSError, RuntimeError, EOFError, KeyError, UnpicklingError, AttributeError) as error:
        raise TrainingError(f"The checkpoint {path} cannot be read; --restart trains from the beginning.") from error
    if found != key:
        raise TrainingError(
            f"{folder} holds an unfinished training with other settings or data; repeat its command to finish it, "
            "choose another folder, or throw it away with --restart."
        )
    return dict(state)
