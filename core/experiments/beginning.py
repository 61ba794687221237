"""Where a head's projection onto terms starts, by a place on this machine: word vectors or a language model."""

from pathlib import Path

from numpy import float32
from numpy.typing import NDArray

from core.evaluation.word_vectors import read_word_vectors
from core.training.mlm_head import PIECES_FILE, MlmHead, is_checkpoint, read_mlm_head
from core.vocabulary import Vocabulary


def read_beginning(place: Path, vocabulary: Vocabulary) -> NDArray[float32] | MlmHead:
    """A masked language model's head where `place` is a folder or a file of weights, else (|V|, d) unit word vectors.

    Raises TrainingError or DatasetError where it is neither or does not fit the vocabulary.
    """
    return read_mlm_head(place, vocabulary) if is_checkpoint(place) else read_word_vectors(place, vocabulary.terms)


def own_pieces(place: Path) -> Path | None:
    """The list of terms that lies beside a language model's weights, where there is one."""
    pieces = (place if place.is_dir() else place.parent) / PIECES_FILE
    return pieces if is_checkpoint(place) and pieces.is_file() else None
