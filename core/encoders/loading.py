"""Loads checkpoints in transformers' format with errors of one sentence; must not know which model is in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import ModelError


@contextmanager
def loading(kind: str, folder: Path) -> Iterator[None]:
    """Raises a ModelError of one sentence about the folder for whatever a library raises inside.

    Warnings of transformers are silenced: those on published configurations help nobody.
    """
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # transformers raises OSError, ValueError, RuntimeError, KeyError... by what is wrong
        reason = str(error).strip().split("\n")[0]
        raise ModelError(f"The {kind} model in {folder} cannot be loaded ({reason}).") from error
    finally:
        logging.set_verbosity(before)


def check_whole(kind: str, folder: Path, info: Mapping[str, Any]) -> None:
    """Raises ModelError where transformers' loading info names weights that the folder lacks."""
    if missing := sorted(info["missing_keys"]):
        raise ModelError(f"The weights in {folder} lack {len(missing)} that {kind} needs, {missing[0]} among them.")
