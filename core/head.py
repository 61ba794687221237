"""Dense2Sparse: the head that turns a dense vector into weights over a vocabulary; knows no encoder and no text.

"Multimodal Learned Sparse Retrieval with Probabilistic Expansion Control" (Nguyen, Hendriksen, Yates, de Rijke,
ECIR 2024), section 3. Parameter names and config are the paper's published ones, so its checkpoints load as they are.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import ModelError
from core.writing import write_whole

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"


@dataclass(frozen=True)
class HeadConfig:
    """The sizes of a head: dense input, hidden layer, vocabulary."""

    dense_size: int
    hidden_size: int
    vocab_size: int


class SparseHead(nn.Module):
    """log1p(relu(vocab_projector(vocab_layer_norm(proj(x)))))."""

    def __init__(self, config: HeadConfig):
        super().__init__()
        self.config = config
        self.proj = nn.Linear(config.dense_size, config.hidden_size)
        self.vocab_layer_norm = nn.LayerNorm(config.hidden_size, eps=1e-12)
        self.vocab_projector = nn.Linear(config.hidden_size, config.vocab_size)

    def logits(self, dense: Tensor) -> Tensor:
        """(n, dense_size) -> (n, vocab_size) before relu: what a term would have to overcome."""
        return self.vocab_projector(self.vocab_layer_norm(self.proj(dense)))

    def forward(self, dense: Tensor) -> Tensor:
        """(n, dense_size) float -> (n, vocab_size) weights >= 0, most of them 0 in a trained head."""
        return torch.log1p(torch.relu(self.logits(dense)))

    @torch.inference_mode()
    def weigh(self, dense: NDArray[float32]) -> NDArray[float32]:
        """(n, dense_size) rows -> (n, vocab_size) weights, without gradients."""
        weights: NDArray[float32] = self(torch.from_numpy(np.ascontiguousarray(dense))).numpy()
        return weights

    def save(self, folder: Path, **extra: Any) -> None:
        """Writes config.json and model.safetensors (half precision); `extra` joins the config."""
        folder.mkdir(parents=True, exist_ok=True)
        config = {"model_type": "d2s", **asdict(self.config), **extra}
        weights = {name: value.detach().half().contiguous() for name, value in self.state_dict().items()}
        write_whole(folder / WEIGHTS_FILE, lambda part: save_file(weights, part))
        (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "SparseHead":
        """Reads a head from its folder; ModelError names the file that is missing or does not fit."""
        path = folder / WEIGHTS_FILE
        try:
            weights = load_file(path)
        except (OSError, ValueError) as error:
            raise ModelError(f"The head's weights {path} cannot be read ({error}).") from error
        missing = {"proj.weight", "vocab_layer_norm.weight", "vocab_projector.weight"} - weights.keys()
        if missing:
            raise ModelError(f"The head {path} lacks {', '.join(sorted(missing))}; it is no Dense2Sparse checkpoint.")
        hidden, dense = weights["proj.weight"].shape
        head = cls(HeadConfig(dense, hidden, len(weights["vocab_projector.weight"])))
        try:
            head.load_state_dict({name: value.float() for name, value in weights.items()})
        except RuntimeError as error:
            raise ModelError(f"The head {path} does not fit Dense2Sparse: {error}") from error
        return head.eval()
