"""Dense2Sparse in sentence-transformers: what a head of Sightwords needs beyond the layers of that package.

`sightwords export-head` puts this file into the folder of a head, and `SparseEncoder(folder, trust_remote_code=True)`
runs it there. Sightwords itself never imports it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from sentence_transformers.sparse_encoder.modules import InputModule, Module
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoTokenizer, PreTrainedTokenizerBase

Features = dict[str, Tensor]


class DenseVectors(InputModule):
    """The first module: takes dense vectors, one an input, or behind an encoder what that calls a sentence embedding.

    The layers after it read each vector as a text of a single token, which is what SpladePooling can pool.
    `encoder`: whose vectors a head reads, where that is known. `vocabulary`, `head`: what else Sightwords knows of it.
    """

    config_file_name = "config_dense2sparse.json"
    config_keys = ["dense_size", "encoder", "vocabulary", "head"]  # noqa: RUF012
    # the package takes a vector for "audio"; the others come in to be refused in words that help
    modalities = ["audio", "image", "text"]  # noqa: RUF012

    def __init__(
        self,
        dense_size: int,
        encoder: str | None = None,
        vocabulary: dict[str, Any] | None = None,
        head: dict[str, Any] | None = None,
        tokenizer: PreTrainedTokenizerBase | None = None,
    ):
        super().__init__()
        self.dense_size, self.encoder = dense_size, encoder
        self.vocabulary, self.head = vocabulary or {}, head or {}
        if tokenizer is not None:
            self.tokenizer = tokenizer  # its tokens are the terms: what SparseEncoder.decode reads

    def __repr__(self) -> str:
        return f"DenseVectors(dense_size={self.dense_size}, encoder={self.encoder!r})"

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any) -> Features:
        """n vectors of `dense_size` numbers -> "sentence_embedding" (n, dense_size)."""
        return {"sentence_embedding": torch.stack([self._vector(row) for row in inputs])}

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """(n, dense_size) -> (n, 1, dense_size), and a mask (n, 1) that leaves out nothing."""
        dense = features["sentence_embedding"]
        return {"sentence_embedding": dense.unsqueeze(1), "attention_mask": dense.new_ones(len(dense), 1)}

    def _vector(self, row: Any) -> Tensor:
        try:
            vector = torch.as_tensor(row, dtype=torch.float32)
        except (TypeError, ValueError, RuntimeError):
            encoder = f"'{self.encoder}'" if self.encoder else "the encoder of this head"
            raise ValueError(f"A head takes dense vectors, not {row!r:.80}; encode that by {encoder} first.") from None
        if vector.shape != (self.dense_size,):
            raise ValueError(
                f"An input must be one dense vector of {self.dense_size} numbers, but one has the shape "
                f"{tuple(vector.shape)}; give several as a list: encode(list(vectors))."
            )
        return vector

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Writes the settings and the terms."""
        self.save_config(output_path)
        self.save_tokenizer(output_path)

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **kwargs: Any,
    ) -> "DenseVectors":
        """Reads what `save` wrote, in a folder or on the hub."""
        where = {"subfolder": subfolder, "token": token, "revision": revision, "local_files_only": local_files_only}
        config = cls.load_config(model_name_or_path, cache_folder=cache_folder, **where)
        tokenizer = AutoTokenizer.from_pretrained(model_name_or_path, cache_dir=cache_folder, **where)
        return cls(**config, tokenizer=tokenizer)


class Adapter(Module):
    """x + up(gelu(down(x))), at the length of x: what a head adds to dense vectors before it reads them."""

    config_keys = ["dense_size", "size"]  # noqa: RUF012

    def __init__(self, dense_size: int, size: int):
        super().__init__()
        self.dense_size, self.size = dense_size, size
        self.down = nn.Linear(dense_size, size)
        self.up = nn.Linear(size, dense_size)

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """(…, dense_size) -> (…, dense_size) vectors of the same lengths."""
        dense = features["sentence_embedding"]
        moved = dense + self.up(functional.gelu(self.down(dense)))
        lengths = dense.norm(dim=-1, keepdim=True) / moved.norm(dim=-1, keepdim=True).clamp_min(1e-12)
        return features | {"sentence_embedding": moved * lengths}

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Writes sizes and weights."""
        self.save_config(output_path)
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        **kwargs: Any,
    ) -> "Adapter":
        """Reads what `save` wrote, in a folder or on the hub."""
        where = {
            "subfolder": subfolder, "token": token, "cache_folder": cache_folder, "revision": revision,
            "local_files_only": local_files_only,
        }  # fmt: skip
        module = cls(**cls.load_config(model_name_or_path, **where))
        return cls.load_torch_weights(model_name_or_path, model=module, **where)


class LeastWeight(Module):
    """The last module: weights that are not above `least_weight` are 0."""

    config_keys = ["least_weight"]  # noqa: RUF012

    def __init__(self, least_weight: float):
        super().__init__()
        self.least_weight = least_weight

    def forward(self, features: Features, **kwargs: Any) -> Features:
        """(n, |V|) weights -> (n, |V|) weights."""
        weights = functional.threshold(features["sentence_embedding"], self.least_weight, 0.0)
        return features | {"sentence_embedding": weights}

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Writes the least weight."""
        self.save_config(output_path)
