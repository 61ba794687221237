"""A head with the vocabulary beside it, as `train` writes them; knows no training."""

import json
from pathlib import Path
from typing import Any

from core.errors import ModelError
from core.head import CONFIG_FILE, SparseHead
from core.vocabulary import Splitting, Vocabulary

HEAD_VOCABULARY = "vocabulary.json"  # beside a head's weights: what its dimensions mean


def load_head(
    place: Path, vocabulary: Path | None = None, tokenizer: Splitting | None = None
) -> tuple[SparseHead, Vocabulary]:
    """A head and its vocabulary: the one beside it, or the file named; ModelError when they do not fit."""
    head = SparseHead.load(place)
    beside = place / HEAD_VOCABULARY
    if vocabulary is None and not beside.exists():
        raise ModelError(f"The head {place} has no {HEAD_VOCABULARY} beside it; name its terms with --vocabulary FILE.")
    own = Vocabulary.load(vocabulary or beside, tokenizer)
    if len(own) != head.config.vocab_size:
        raise ModelError(
            f"The head {place} weighs {head.config.vocab_size} terms, but the vocabulary {vocabulary or beside} has "
            f"{len(own)}; they do not belong together."
        )
    return head, own


def head_config(place: Path) -> dict[str, Any]:
    """All that a head's config.json says, sizes and whatever else; ModelError when it cannot be read."""
    try:
        config = json.loads((place / CONFIG_FILE).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"The head's {place / CONFIG_FILE} cannot be read ({error}).") from error
    if not isinstance(config, dict):
        raise ModelError(f"The head's {place / CONFIG_FILE} is no mapping of names to values.")
    return config


def answered_from(place: Path) -> float | None:
    """From which `best_match` on an item answers a question, as the head's config.json says; None where it does not."""
    value = head_config(place).get("answered_from")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ModelError(f"{place / CONFIG_FILE}: answered_from is {value!r}, but must be a number from 0 to 1.")
    return float(value)
