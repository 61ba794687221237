"""The published LAVIS retrieval checkpoints (BLIP and ALBEF) in transformers' towers, without salesforce-lavis.

LAVIS's vision transformer is BLIP's; ALBEF's text tower is BERT's first six layers without token types. So a
checkpoint needs its keys renamed, nothing else: https://github.com/salesforce/LAVIS.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from core.encoders.itc import ItcEncoder, ItcTowers
from core.encoders.preprocessing import CaptionTokens
from core.errors import ModelError

log = logging.getLogger(__name__)

Family = Literal["blip", "albef"]

_RENAMES = (
    (r"^visual_encoder\.cls_token$", "vision_model.embeddings.class_embedding"),
    (r"^visual_encoder\.pos_embed$", "vision_model.embeddings.position_embedding"),
    (r"^visual_encoder\.patch_embed\.proj\.", "vision_model.embeddings.patch_embedding."),
    (r"^visual_encoder\.blocks\.(\d+)\.norm([12])\.", r"vision_model.encoder.layers.\1.layer_norm\2."),
    (r"^visual_encoder\.blocks\.(\d+)\.attn\.proj\.", r"vision_model.encoder.layers.\1.self_attn.projection."),
    (r"^visual_encoder\.blocks\.(\d+)\.attn\.", r"vision_model.encoder.layers.\1.self_attn."),
    (r"^visual_encoder\.blocks\.(\d+)\.", r"vision_model.encoder.layers.\1."),
    (r"^visual_encoder\.norm\.", "vision_model.post_layernorm."),
    (r"^text_encoder\.bert\.", "text_encoder."),
)
# what torch says of the first thing in a pickle that weights_only=True does not let through
_OTHER_THAN_WEIGHTS = re.compile(r"un(?:supported (?:global|class)|recognized function)\W+(?:GLOBAL )?([\w.]+)", re.I)
_TOKEN_TYPES = "text_encoder.embeddings.token_type_embeddings.weight"


@dataclass(frozen=True)
class LavisSizes:
    """The shape of a LAVIS retrieval model; the defaults are those of the published checkpoints."""

    family: Family
    image_size: int = 384
    patch_size: int = 16
    vision_width: int = 768
    vision_layers: int = 12
    vision_heads: int = 12
    text_width: int = 768
    text_layers: int = 12
    text_heads: int = 12
    vocab_size: int = 30524  # BERT's and the [DEC] and [ENC] of BLIP
    positions: int = 512
    dim: int = 256
    max_tokens: int = 35


BLIP = LavisSizes("blip")
ALBEF = LavisSizes("albef", text_layers=6, vocab_size=30522, max_tokens=30)


def towers(sizes: LavisSizes) -> ItcTowers:
    """Towers of those sizes with random weights; ALBEF's token types are zero, as LAVIS has none."""
    from transformers import BertConfig, BertModel, BlipTextConfig, BlipTextModel, BlipVisionConfig, BlipVisionModel

    vision = BlipVisionModel(
        BlipVisionConfig(
            **_transformer(sizes.vision_width, sizes.vision_layers, sizes.vision_heads),
            image_size=sizes.image_size,
            patch_size=sizes.patch_size,
            layer_norm_eps=1e-6,  # LAVIS's; the class's default is another
        )
    )
    common: dict[str, Any] = dict(
        **_transformer(sizes.text_width, sizes.text_layers, sizes.text_heads),
        vocab_size=sizes.vocab_size,
        max_position_embeddings=sizes.positions,
        layer_norm_eps=1e-12,
        is_decoder=False,  # no cross attention: contrast never looks at both at once
        bos_token_id=None,  # nothing is generated
        eos_token_id=None,
    )
    if sizes.family == "blip":
        text = BlipTextModel(BlipTextConfig(**common, sep_token_id=None), add_pooling_layer=False)
    else:
        text = BertModel(BertConfig(**common), add_pooling_layer=False)
        with torch.no_grad():
            text.embeddings.token_type_embeddings.weight.zero_()
    projections = torch.nn.Linear(sizes.vision_width, sizes.dim), torch.nn.Linear(sizes.text_width, sizes.dim)
    return ItcTowers(vision, text, *projections).eval()


def _transformer(width: int, layers: int, heads: int) -> dict[str, int]:
    """The sizes by transformers' names."""
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
    }


def native_key(key: str) -> str:
    """The name in ItcTowers of what LAVIS calls `key`; names that both share come back as they are."""
    for pattern, ours in _RENAMES:
        renamed, count = re.subn(pattern, ours, key)
        if count:
            return renamed
    return key


def load_state(model: ItcTowers, state: Mapping[str, Tensor], what: str) -> list[str]:
    """Fills towers from a LAVIS state dict (unchanged keys); returns the names it did not use, sorted.

    Raises ModelError, naming `what` and the first key, when one is missing or has another shape.
    """
    theirs = {native_key(key): (key, value) for key, value in state.items()}
    optional = {key for key in (_TOKEN_TYPES,) if key in model.state_dict()}
    mine = {key: value for key, value in model.state_dict().items() if key not in optional}
    missing = sorted(mine.keys() - theirs.keys())
    if missing:
        raise ModelError(f"{what} lacks {len(missing)} of the weights that the towers need, {missing[0]} among them.")
    for key, value in mine.items():
        if theirs[key][1].shape != value.shape:
            raise ModelError(
                f"{what} has {theirs[key][0]} of shape {tuple(theirs[key][1].shape)}, "
                f"but {tuple(value.shape)} is needed; it belongs to another model."
            )
    model.load_state_dict({key: theirs[key][1] for key in mine}, strict=False)
    return sorted(key for ours, (key, _) in theirs.items() if ours not in mine)


def read_checkpoint(path: Path, original: str = "lavis-original-…") -> Mapping[str, Tensor]:
    """The state dict of a LAVIS checkpoint file, read without running any code in it; ModelError when it is none.

    `original`: the model that reads files which hold more than plain weights, for the error.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        state = checkpoint.get("model", checkpoint)
        weights = {key: value for key, value in state.items() if isinstance(value, Tensor)}
    except Exception as error:  # torch raises RuntimeError, UnpicklingError, EOFError, AttributeError... by the damage
        found = _OTHER_THAN_WEIGHTS.search(str(error))
        if found:
            raise ModelError(
                f"The checkpoint {path} cannot be read as plain weights: it also holds {found[1]}, to make which code "
                f"would have to run; if you trust the file, the model '{original}' reads it as salesforce-lavis does."
            ) from error
        reason = str(error).split("\n")[0][:200]
        raise ModelError(f"The checkpoint {path} cannot be read as plain weights ({reason}).") from error
    return weights


def load(
    name: str,
    checkpoint: Path,
    vocabulary: Path,
    sizes: LavisSizes,
    device: str = "auto",
    precision: str = "fp32",
) -> ItcEncoder:
    """The encoder in a published checkpoint; `vocabulary` is a folder with BERT's uncased vocab.txt."""
    tokens = CaptionTokens(vocabulary, sizes.max_tokens)
    model = towers(sizes)
    state = read_checkpoint(checkpoint, name.replace("lavis-", "lavis-original-", 1))
    unused = load_state(model, state, f"The checkpoint {checkpoint}")
    if unused:
        log.info("%s: %d weights are not needed: %s", checkpoint, len(unused), ", ".join(unused))
    return ItcEncoder(name, model, tokens, device, precision)
