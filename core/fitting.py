"""A head from a dense data set folder: the vocabulary, the training and the files beside it; knows no encoder."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from core.dense import DenseFolder
from core.errors import ModelError
from core.head import SparseHead
from core.training.config import TrainingConfig
from core.training.dataset import literal_matrix
from core.training.trainer import train_head
from core.vocabulary import Splitting, Vocabulary

HEAD_VOCABULARY = "vocabulary.json"  # beside a head's weights: what its dimensions mean

Progress = Callable[[int, int, dict[str, float]], None]


def train_folder(
    folder: DenseFolder, vocabulary: Vocabulary, config: TrainingConfig, out: Path, progress: Progress | None = None
) -> SparseHead:
    """Trains a head on the split "train" and saves it in `out` with its settings and its vocabulary."""
    data = folder.split("train")
    head = train_head(data, literal_matrix(data.captions, vocabulary), config, progress)
    out.mkdir(parents=True, exist_ok=True)
    vocabulary.save(out / HEAD_VOCABULARY)
    head.save(out, training=asdict(config))
    return head


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
