"""Writes a head as a folder that sentence-transformers loads as a SparseEncoder."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from core.files import new_folder
from core.models.exchange.card import card
from core.models.exchange.layout import (
    CARD_FILE,
    CLASSES,
    CODE,
    INPUT_CONFIG,
    MODULE_CONFIG,
    MODULE_WEIGHTS,
    MODULES_FILE,
    SCALE,
    SETTINGS_FILE,
    TOKENIZER_CONFIG,
    TOKENIZER_FILE,
)
from core.models.exchange.terms import tokenizer_of
from core.models.head import HeadConfig, SparseHead, load_head
from core.models.head_files import CONFIG_FILE, head_config
from core.models.query_table import TABLE_FILE
from core.vocabulary import Splitting, Vocabulary

SETTINGS = {
    "model_type": "SparseEncoder",
    "similarity_fn_name": "dot",
    "prompts": {"query": "", "document": ""},
    "default_prompt_name": None,
    "requirements": {"sentence-transformers": ">=5.7"},
}


@dataclass(frozen=True)
class Layer:
    """One module of a SparseEncoder: its class, what it is made with, and its weights by name."""

    name: str
    config: Mapping[str, Any]
    weights: Mapping[str, Tensor] = field(default_factory=dict)


def export_head(
    source: Path,
    folder: Path,
    *,
    name: str,
    encoder: str | None = None,
    vocabulary: Path | None = None,
    tokenizer: Splitting | None = None,
) -> HeadConfig:
    """Writes the head in `source` into a new `folder`, whole or not at all; its sizes.

    `name`: what its card calls it. `encoder`: whose vectors it reads, where its config does not say so. `vocabulary`,
    `tokenizer`: as in `load_head`. Raises ModelError for what is no head, OSError where `folder` cannot be written or
    holds something already.
    """
    head, terms = load_head(source, vocabulary, tokenizer)
    about = {"encoder": encoder} | (head_config(source) if (source / CONFIG_FILE).exists() else {})
    input_config = _input_config(head.config, terms, about)
    tokens = tokenizer_of(terms)
    with new_folder(folder) as making:
        _write_json(making / INPUT_CONFIG, input_config)
        _write_json(making / SETTINGS_FILE, SETTINGS)
        _write_layers(making, layers(head))
        tokens.save(str(making / TOKENIZER_FILE))
        fast = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": tokens.model.unk_token}
        _write_json(making / TOKENIZER_CONFIG, fast)
        (making / CARD_FILE).write_text(card(name, head.config, input_config["encoder"]), "utf-8")
        shutil.copyfile(CODE, making / CODE.name)
        if (source / TABLE_FILE).exists():
            shutil.copyfile(source / TABLE_FILE, making / TABLE_FILE)
    return head.config


def _input_config(sizes: HeadConfig, terms: Vocabulary, about: Mapping[str, Any]) -> dict[str, Any]:
    """What DenseVectors is made with: all that is known of a head beside its layers and terms, less paths."""
    travels = {key: value for key, value in about.items() if not _is_of_this_machine(value)}
    others = {"model_type", "encoder", *(one.name for one in fields(HeadConfig))}
    return {
        "dense_size": sizes.dense_size,
        "encoder": travels.get("encoder"),
        "vocabulary": {"tokenizer": terms.tokenizer, "forms": terms.forms},
        "head": {key: value for key, value in travels.items() if key not in others},
    }


def _is_of_this_machine(value: object) -> bool:
    """Whether a setting is a path (of data, or of an encoder as in "clip:/home/…"): it means nothing elsewhere."""
    return isinstance(value, str) and any(Path(part).is_absolute() for part in (value, value.partition(":")[2]))


def layers(head: SparseHead) -> list[Layer]:
    """The modules behind DenseVectors that weigh as the head does."""
    sizes = head.config
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in head.state_dict().items():
        part, _, weight = key.partition(".")
        parts.setdefault(part, {})[weight] = value
    scaled = {weight: value * SCALE for weight, value in parts["proj"].items()}
    chain = [
        Layer("Dense", _dense(sizes.dense_size, sizes.hidden_size), _below("linear", scaled)),
        Layer("LayerNorm", {"dimension": sizes.hidden_size}, _below("norm", parts["vocab_layer_norm"])),
        Layer(
            "Dense",
            _dense(sizes.hidden_size, sizes.vocab_size) | {"module_output_name": "token_embeddings"},
            _below("linear", parts["vocab_projector"]),
        ),
        Layer("SpladePooling", {"activation_function": "relu", "embedding_dimension": sizes.vocab_size}),
    ]
    if head.adapter is not None:
        config = {"dense_size": sizes.dense_size, "size": sizes.adapter_size}
        chain.insert(0, Layer("Adapter", config, parts["adapter"]))
    if sizes.least_weight:
        chain.append(Layer("LeastWeight", {"least_weight": sizes.least_weight}))
    return chain


def _dense(inputs: int, outputs: int) -> dict[str, Any]:
    identity = "torch.nn.modules.linear.Identity"
    return {
        "in_features": inputs,
        "out_features": outputs,
        "bias": True,
        "activation_function": identity,
        "module_input_name": "sentence_embedding",
    }


def _below(name: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{name}.{weight}": value for weight, value in weights.items()}


def _write_layers(folder: Path, chain: list[Layer]) -> None:
    modules = [{"idx": 0, "name": "0", "path": "", "type": CLASSES["DenseVectors"]}]
    for number, layer in enumerate(chain, start=1):
        path = f"{number}_{layer.name}"  # as the package itself calls them
        modules.append({"idx": number, "name": str(number), "path": path, "type": CLASSES[layer.name]})
        (folder / path).mkdir()
        _write_json(folder / path / MODULE_CONFIG, layer.config)
        if layer.weights:
            weights = {name: value.detach().float().cpu().contiguous() for name, value in layer.weights.items()}
            save_file(weights, folder / path / MODULE_WEIGHTS)
    _write_json(folder / MODULES_FILE, modules)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
