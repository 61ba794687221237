"""Reads a SparseEncoder's folder back as a head: one that `writing` wrote, or sentence-transformers saved after it."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from core.errors import ModelError
from core.files import new_folder
from core.models.exchange.layout import (
    INPUT_CONFIG,
    MODULE_CONFIG,
    MODULE_WEIGHTS,
    MODULES_FILE,
    SCALE,
    TOKENIZER_FILE,
)
from core.models.exchange.terms import terms_of
from core.models.head import HeadConfig, SparseHead
from core.models.head_files import HEAD_VOCABULARY
from core.models.query_table import TABLE_FILE
from core.vocabulary import Vocabulary

_CHAIN = re.compile("DenseVectors (Adapter )?Dense LayerNorm Dense SpladePooling( LeastWeight)?")
_ONLY: dict[str, dict[str, Any]] = {  # what a module can be set to otherwise, and a head's cannot
    "Dense": {"activation_function": "torch.nn.modules.linear.Identity", "use_residual": False},
    "SpladePooling": {"activation_function": "relu"},
}


@dataclass(frozen=True)
class Module:
    """One module of a SparseEncoder: its class, its folder, and what it is made with."""

    name: str
    folder: Path
    config: Mapping[str, Any]

    def weights(self, name: str, becomes: str, scale: float = 1.0) -> dict[str, Tensor]:
        """Weight and bias of one of its layers, as a head calls them."""
        found = load_file(self.folder / MODULE_WEIGHTS)
        weight = found[f"{name}.weight"].float()
        bias = found.get(f"{name}.bias", torch.zeros(len(weight))).float()
        return {f"{becomes}.weight": weight * scale, f"{becomes}.bias": bias * scale}


def import_head(source: Path, folder: Path) -> HeadConfig:
    """Writes the head of a SparseEncoder in `source` into a new `folder`, whole or not at all; its sizes.

    Raises ModelError where `source` is no such folder or has other modules than a head, OSError where `folder` cannot
    be written or holds something already.
    """
    try:
        modules = _modules(source)
        head = _head(modules)
        said = modules[0].config
        terms = terms_of(source / TOKENIZER_FILE, head.config.vocab_size)
        splitting: Mapping[str, Any] = said["vocabulary"]
        vocabulary = Vocabulary(terms, splitting["forms"], tokenizer=splitting["tokenizer"])
        about = said["head"] | ({"encoder": said["encoder"]} if said["encoder"] else {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"The SparseEncoder in {source} cannot be read as a head ({error}).") from error
    with new_folder(folder) as making:
        head.save(making, **about)
        vocabulary.save(making / HEAD_VOCABULARY)
        if (source / TABLE_FILE).exists():
            shutil.copyfile(source / TABLE_FILE, making / TABLE_FILE)
    return head.config


def _modules(source: Path) -> list[Module]:
    """The modules in their order; ModelError where they are not those of a head."""
    if not (source / MODULES_FILE).is_file():
        raise ModelError(f"{source} is no SparseEncoder of sentence-transformers: it has no {MODULES_FILE}.")
    listed = json.loads((source / MODULES_FILE).read_text("utf-8"))
    modules = [_module(source / one["path"], one["type"].rpartition(".")[2]) for one in listed]
    names = " ".join(module.name for module in modules)
    if not _CHAIN.fullmatch(names):
        raise ModelError(
            f"The SparseEncoder in {source} has the modules {names}, not those of export-head, so it cannot be "
            "read as a head."
        )
    return modules


def _module(folder: Path, name: str) -> Module:
    file = folder / (INPUT_CONFIG if name == "DenseVectors" else MODULE_CONFIG)
    config = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for key, value in _ONLY.get(name, {}).items():
        if config.get(key, value) != value:
            raise ModelError(f"{file} sets {key} to {config[key]}, but a head can only have {value} there.")
    return Module(name, folder, config)


def _head(modules: Sequence[Module]) -> SparseHead:
    """The head that weighs as these modules do."""
    first, second = (module for module in modules if module.name == "Dense")
    others = {module.name: module for module in modules}
    adapter, least = others.get("Adapter"), others.get("LeastWeight")
    weights = first.weights("linear", "proj", 1 / SCALE)
    weights |= others["LayerNorm"].weights("norm", "vocab_layer_norm")
    weights |= second.weights("linear", "vocab_projector")
    if adapter is not None:
        weights |= adapter.weights("down", "adapter.down") | adapter.weights("up", "adapter.up")
    hidden, dense = weights["proj.weight"].shape
    config = HeadConfig(
        dense_size=dense,
        hidden_size=hidden,
        vocab_size=len(weights["vocab_projector.weight"]),
        least_weight=least.config["least_weight"] if least is not None else 0.0,
        adapter_size=adapter.config["size"] if adapter is not None else 0,
    )
    head = SparseHead(config)
    head.load_state_dict(weights)
    return head.eval()
