"""A head's folder: its files, and what its config.json says; imports no torch."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy import float32
from numpy.typing import NDArray

from core.errors import ModelError
from core.vocabulary import Vocabulary

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"
HEAD_VOCABULARY = "vocabulary.json"  # beside a head's weights: what its dimensions mean
DENSE_WEIGHT = "dense_weight"  # what a head's config.json calls it


def head_config(folder: Path) -> dict[str, Any]:
    """All that a head's config.json says, sizes and whatever else; ModelError when it cannot be read."""
    try:
        config = json.loads((folder / CONFIG_FILE).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"The head's {folder / CONFIG_FILE} cannot be read ({error}).") from error
    if not isinstance(config, dict):
        raise ModelError(f"The head's {folder / CONFIG_FILE} is no mapping of names to values.")
    return config


def config_number(folder: Path, name: str, most: float = math.inf) -> float | None:
    """A number from 0 to `most` that a head's config.json says; None where it does not, ModelError for what is none."""
    value = head_config(folder).get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most or math.isinf(value):
        to = f"to {most:g}" if most < math.inf else "on"
        raise ModelError(f"{folder / CONFIG_FILE}: {name} is {value!r}, but must be a number from 0 {to}.")
    return float(value)


def unspoken_from(folder: Path, vocabulary: Vocabulary) -> NDArray[float32] | None:
    """(|V|,) the weight from which each term counts in a text that does not speak it; None where none is said.

    The head's config.json has {term: weight}, null for a term that counts only where it is spoken. ModelError for
    anything else.
    """
    named = head_config(folder).get("unspoken_from")
    if named is None:
        return None
    numbers = {term: i for i, term in enumerate(vocabulary.terms)}
    floors = np.zeros(len(vocabulary), float32)
    try:
        for term, floor in named.items():
            floors[numbers[term]] = math.inf if floor is None else float(floor)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{folder / CONFIG_FILE}: unspoken_from must give terms of the vocabulary a weight each, or null ({error})."
        ) from error
    return floors


def answered_from(folder: Path) -> float | None:
    """From which `best_match` on an item answers a question, as the head's config.json says; None where it does not."""
    return config_number(folder, "answered_from", most=1)


def dense_weight(folder: Path) -> float | None:
    """How much a cosine of 1 counts beside a sparse score, as the head's config.json says; None where it does not."""
    return config_number(folder, DENSE_WEIGHT)
