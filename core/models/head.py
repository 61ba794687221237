"""Dense2Sparse: the head that turns a dense vector into weights over a vocabulary, and its folder; knows no encoder.

"Multimodal Learned Sparse Retrieval with Probabilistic Expansion Control" (Nguyen, Hendriksen, Yates, de Rijke,
ECIR 2024), section 3. Parameter names and config are the paper's published ones, so its checkpoints load as they are.
The adapter is not the paper's.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from numpy import float32
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from core.errors import ModelError
from core.files import write_text_whole, write_whole
from core.models.head_files import CONFIG_FILE, HEAD_VOCABULARY, WEIGHTS_FILE, config_number
from core.vocabulary import Splitting, Vocabulary

_WEIGHTS_FILES = (WEIGHTS_FILE, "pytorch_model.bin")  # in the order they are looked for


@dataclass(frozen=True)
class HeadConfig:
    """The sizes of a head: dense input, hidden layer, vocabulary; and from where on it lights a term.

    `least_weight`: what does not weigh more is 0. Weak terms add little to any score but are products of it like all
    others ("static pruning", Lassance et al. 2023). 0: the paper's method, and all that is published.
    `adapter_size`: width of the hidden layer of its `Adapter`. 0: it has none, as in the paper.
    """

    dense_size: int
    hidden_size: int
    vocab_size: int
    least_weight: float = 0.0
    adapter_size: int = 0


class Adapter(nn.Module):
    """What a head adds to dense vectors before it reads them: x + up(gelu(down(x))), at the length of x.

    A residual adapter (Houlsby et al. 2019): the encoder stays frozen. `up` starts at 0, so that a new adapter gives
    back what it is given.
    """

    def __init__(self, dense_size: int, size: int):
        super().__init__()
        self.down = nn.Linear(dense_size, size)
        self.up = nn.Linear(size, dense_size)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, dense: Tensor) -> Tensor:
        """(n, dense_size) -> (n, dense_size) rows of the same lengths."""
        moved = dense + self.up(functional.gelu(self.down(dense)))
        return moved * (dense.norm(dim=1, keepdim=True) / moved.norm(dim=1, keepdim=True).clamp_min(1e-12))


class SparseHead(nn.Module):
    """log1p(relu(vocab_projector(vocab_layer_norm(proj(x))))), where that is above `least_weight`.

    x: the dense vector, or what the adapter makes of it where there is one.
    """

    def __init__(self, config: HeadConfig):
        super().__init__()
        self.config = config
        self.proj = nn.Linear(config.dense_size, config.hidden_size)
        self.vocab_layer_norm = nn.LayerNorm(config.hidden_size, eps=1e-12)
        self.vocab_projector = nn.Linear(config.hidden_size, config.vocab_size)
        self.adapter = Adapter(config.dense_size, config.adapter_size) if config.adapter_size else None

    def adapted(self, dense: Tensor) -> Tensor:
        """(n, dense_size) -> (n, dense_size) as the adapter has them; the same without one."""
        return dense if self.adapter is None else self.adapter(dense)

    def hidden(self, adapted: Tensor) -> Tensor:
        """(n, dense_size) adapted vectors -> (n, hidden_size), what each term is a product with."""
        hidden: Tensor = self.vocab_layer_norm(self.proj(adapted))
        return hidden

    def logits(self, dense: Tensor) -> Tensor:
        """(n, dense_size) -> (n, vocab_size) before relu: what a term would have to overcome."""
        return self.vocab_projector(self.hidden(self.adapted(dense)))

    def forward(self, dense: Tensor) -> Tensor:
        """(n, dense_size) float -> (n, vocab_size) weights >= 0, most of them 0 in a trained head."""
        return self.weights_of(self.logits(dense))

    def weights_of(self, logits: Tensor) -> Tensor:
        """Logits of any shape -> the weights that they come to."""
        weights = torch.log1p(torch.relu(logits))
        return functional.threshold(weights, self.config.least_weight, 0.0) if self.config.least_weight else weights

    @torch.inference_mode()
    def unlit(self, dense: NDArray[float32]) -> NDArray[float32]:
        """(n, dense_size) rows -> (n, vocab_size) logits, without gradients: how dark a dark term is, too."""
        rows = torch.from_numpy(np.ascontiguousarray(dense)).to(self.proj.weight)
        logits: NDArray[float32] = self.logits(rows).float().cpu().numpy()
        return logits

    @torch.inference_mode()
    def weigh(self, dense: NDArray[float32]) -> NDArray[float32]:
        """(n, dense_size) rows -> (n, vocab_size) weights, without gradients."""
        rows = torch.from_numpy(np.ascontiguousarray(dense)).to(self.proj.weight)
        weights: NDArray[float32] = self(rows).float().cpu().numpy()
        return weights

    @torch.inference_mode()
    def adapt(self, dense: NDArray[float32]) -> NDArray[float32]:
        """(n, dense_size) rows -> (n, dense_size) rows as the adapter has them, without gradients."""
        rows = torch.from_numpy(np.ascontiguousarray(dense)).to(self.proj.weight)
        moved: NDArray[float32] = self.adapted(rows).float().cpu().numpy()
        return moved

    def save(self, folder: Path, *, half: bool = False, **extra: Any) -> None:
        """Writes config.json and model.safetensors, in half precision where asked; `extra` joins the config."""
        folder.mkdir(parents=True, exist_ok=True)
        config = {"model_type": "d2s", **asdict(self.config), **extra}
        kind = torch.float16 if half else torch.float32
        weights = {name: value.detach().to("cpu", kind).contiguous() for name, value in self.state_dict().items()}
        write_whole(folder / WEIGHTS_FILE, lambda part: save_file(weights, part))
        write_text_whole(folder / CONFIG_FILE, json.dumps(config, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "SparseHead":
        """Reads model.safetensors or pytorch_model.bin; ModelError names the file that is missing or does not fit."""
        path = next((path for name in _WEIGHTS_FILES if (path := folder / name).exists()), folder / WEIGHTS_FILE)
        try:
            if path.name == WEIGHTS_FILE:
                weights = load_file(path)
            else:
                weights = torch.load(path, map_location="cpu", weights_only=True)  # runs no code that the file may hold
        except (OSError, ValueError, RuntimeError, EOFError, SafetensorError, UnpicklingError) as error:
            reason = str(error).splitlines()[0] if str(error) else "it ends too early"
            raise ModelError(f"The head's weights {path} cannot be read ({reason}).") from error
        missing = {"proj.weight", "vocab_layer_norm.weight", "vocab_projector.weight"} - weights.keys()
        if missing:
            raise ModelError(f"The head {path} lacks {', '.join(sorted(missing))}; it is no Dense2Sparse checkpoint.")
        hidden, dense = weights["proj.weight"].shape
        least = config_number(folder, "least_weight") if (folder / CONFIG_FILE).exists() else None
        adapter = len(weights["adapter.down.weight"]) if "adapter.down.weight" in weights else 0
        head = cls(HeadConfig(dense, hidden, len(weights["vocab_projector.weight"]), least or 0.0, adapter))
        try:
            head.load_state_dict({name: value.float() for name, value in weights.items()})
        except RuntimeError as error:
            raise ModelError(f"The head {path} does not fit Dense2Sparse: {error}") from error
        return head.eval()


def load_head(
    folder: Path, vocabulary: Path | None = None, tokenizer: Splitting | None = None
) -> tuple[SparseHead, Vocabulary]:
    """A head and its vocabulary: the one beside it, or the file named; ModelError when they do not fit."""
    head = SparseHead.load(folder)
    beside = folder / HEAD_VOCABULARY
    if vocabulary is None and not beside.exists():
        raise ModelError(
            f"The head {folder} has no {HEAD_VOCABULARY} beside it; name its terms with --vocabulary FILE."
        )
    own = Vocabulary.load(vocabulary or beside, tokenizer)
    if len(own) != head.config.vocab_size:
        raise ModelError(
            f"The head {folder} weighs {head.config.vocab_size} terms, but the vocabulary {vocabulary or beside} has "
            f"{len(own)}; they do not belong together."
        )
    return head, own
