"""Reads what a head starts from: the last layers of a masked language model, as the paper's do, or word vectors.

DistilBERT ends in `vocab_transform`, `vocab_layer_norm` and `vocab_projector`; a head takes the last two as they are.
Knows no dense vectors.
"""

from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

import torch
from numpy import float32
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from core.data.word_vectors import read_word_vectors
from core.errors import TrainingError
from core.models.head import SparseHead
from core.vocabulary import Vocabulary

PIECES_FILE = "vocab.txt"
WEIGHTS_FILES = ("model.safetensors", "pytorch_model.bin")
_TIED = "distilbert.embeddings.word_embeddings.weight"  # what vocab_projector.weight is where it is not stored again
_NAMES = ("vocab_layer_norm.weight", "vocab_layer_norm.bias", "vocab_projector.weight", "vocab_projector.bias")


@dataclass(frozen=True)
class MlmHead:
    """Layer norm (d,), (d,) and projection onto terms (|V|, d), (|V|,) of a masked language model."""

    norm_weight: Tensor
    norm_bias: Tensor
    weight: Tensor
    bias: Tensor

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """All of its numbers."""
        return self.norm_weight, self.norm_bias, self.weight, self.bias


def read_initial_embeddings(path: Path, vocabulary: Vocabulary) -> NDArray[float32] | MlmHead:
    """A language model's head where `path` is a folder or a file of weights, else unit word vectors (|V|, d).

    Raises TrainingError or DatasetError where it is neither or does not fit the vocabulary.
    """
    return read_mlm_head(path, vocabulary) if is_checkpoint(path) else read_word_vectors(path, vocabulary.terms)


def own_pieces(path: Path) -> Path | None:
    """The file of a language model's own terms, beside its weights in or at `path`; None where there is none."""
    pieces = (path if path.is_dir() else path.parent) / PIECES_FILE
    return pieces if is_checkpoint(path) and pieces.is_file() else None


def is_checkpoint(path: Path) -> bool:
    """Whether `path` names a model's weights, and not a file of word vectors."""
    return path.is_dir() or path.suffix in (".safetensors", ".bin", ".pt", ".pth")


def weights_file(path: Path) -> Path:
    """The file of weights in the folder `path`, or `path` itself where it is a file."""
    if not path.is_dir():
        return path
    return next((file for name in WEIGHTS_FILES if (file := path / name).is_file()), path / WEIGHTS_FILES[0])


def read_mlm_head(folder_or_file: Path, vocabulary: Vocabulary) -> MlmHead:
    """The head of DistilBERT's published weights, from a folder with them or from the file itself.

    Its rows are those of the vocabulary's terms: by name where `vocab.txt` lies beside the weights, else in order.
    Raises TrainingError where the file is no such checkpoint or lacks a term.
    """
    path = weights_file(folder_or_file)
    weights = _read(path)
    weights.setdefault("vocab_projector.weight", weights.get(_TIED, torch.empty(0)))
    lacking = [name for name in _NAMES if name not in weights or not weights[name].numel()]
    if lacking:
        raise TrainingError(
            f"{path} lacks {', '.join(lacking)}; the weights of DistilBERT with its masked-language-model head were "
            "expected (distilbert/distilbert-base-uncased)."
        )
    norm_weight, norm_bias, weight, bias = (weights[name].float() for name in _NAMES)
    rows = _rows(path.parent / PIECES_FILE, vocabulary, len(weight))
    head = MlmHead(norm_weight, norm_bias, weight[rows], bias[rows])
    if not all(part.isfinite().all() for part in head.parts):
        raise TrainingError(f"{path} holds a value that is not a finite number.")
    return head


def start_from_mlm(head: SparseHead, mlm: MlmHead) -> None:
    """Sets layer norm and projection onto terms to those of `mlm`; TrainingError where the sizes differ."""
    terms, hidden = head.vocab_projector.weight.shape
    if tuple(mlm.weight.shape) != (terms, hidden):
        raise TrainingError(
            f"The language model's head has {mlm.weight.shape[1]} dimensions for each of {len(mlm.weight)} terms, this "
            f"head {hidden} for each of {terms}; train with --set hidden_size={mlm.weight.shape[1]}."
        )
    with torch.no_grad():
        head.vocab_layer_norm.weight.copy_(mlm.norm_weight)
        head.vocab_layer_norm.bias.copy_(mlm.norm_bias)
        head.vocab_projector.weight.copy_(mlm.weight)
        head.vocab_projector.bias.copy_(mlm.bias)


def _read(path: Path) -> dict[str, Tensor]:
    """What is needed of a file of weights, by name."""
    wanted = {*_NAMES, _TIED}
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                return {name: file.get_tensor(name) for name in wanted & set(file.keys())}
        read = torch.load(path, map_location="cpu", weights_only=True)  # runs no code that the file may hold
        return {name: read[name] for name in wanted & set(read)}
    except (OSError, ValueError, RuntimeError, EOFError, TypeError, SafetensorError, UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it ends too early"
        raise TrainingError(f"The language model's weights {path} cannot be read ({reason}).") from error


def _rows(pieces: Path, vocabulary: Vocabulary, count: int) -> Tensor:
    """(|V|,) the row of each term among the `count` rows of the model."""
    if pieces.is_file():
        ids = {term: row for row, term in enumerate(pieces.read_text("utf-8").split("\n"))}
        strange = next((term for term in vocabulary.terms if ids.get(term, count) >= count), None)
        if strange is not None:
            raise TrainingError(
                f"The language model has no term '{strange}' ({pieces} lists its own); choose those with --vocabulary."
            )
        return torch.tensor([ids[term] for term in vocabulary.terms])
    if count != len(vocabulary):
        raise TrainingError(
            f"The language model has {count} terms and the vocabulary {len(vocabulary)}; without {pieces} that names "
            "them they must be the same."
        )
    return torch.arange(count)
