"""A head with the vocabulary beside it, as `train` writes them; knows no training."""

from pathlib import Path

from core.errors import ModelError
from core.models.head import SparseHead, config_number
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


def answered_from(place: Path) -> float | None:
    """From which `best_match` on an item answers a question, as the head's config.json says; None where it does not."""
    return config_number(place, "answered_from", most=1)
