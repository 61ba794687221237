"""The last layers of a masked language model, which the paper's heads start from; knows no dense vectors.

DistilBERT ends in `vocab_transform`, `vocab_layer_norm` and `vocab_projector`; a head takes the last two as they are.
"""

from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

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


def is_checkpoint(place: Path) -> bool:
    """Whether a model's weights are meant, and not a file of word vectors."""
    return place.is_dir() or place.suffix in (".safetensors", ".bin", ".pt", ".pth")


def weights_file(place: Path) -> Path:
    """The file of weights that a folder holds, or the place itself."""
    if not place.is_dir():
        return place
    return next((found for name in WEIGHTS_FILES if (found := place / name).is_file()), place / WEIGHTS_FILES[0])


def read_mlm_head(place: Path, vocabulary: Vocabulary) -> MlmHead:
    """The head of DistilBERT's published weights: a folder with them, or the file itself.

    Rows are those of the vocabulary's terms: by name where `vocab.txt` lies beside the weights, else as they come.
    Raises TrainingError where the file is no such checkpoint or lacks a term.
    """
    path = weights_file(place)
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
