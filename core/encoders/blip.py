"""BLIP's retrieval models as transformers stores them, `Salesforce/blip-itm-base-coco` for one."""

import logging
from pathlib import Path

from core.encoders.itc import ItcEncoder, ItcTowers
from core.encoders.loading import check_whole, loading
from core.encoders.preprocessing import CaptionTokens
from core.errors import ModelError

log = logging.getLogger(__name__)

TEXT_HEADS = 12  # of every published BLIP
DEFAULT_HEADS = 8  # transformers', which loads the same weights without a word and computes nonsense
VISION_EPS = 1e-6  # what BLIP was trained with; converted configurations may carry transformers' default of 1e-5
MAX_TOKENS = 35  # of LAVIS's BLIP retrieval


def load(name: str, folder: Path, device: str = "auto", precision: str = "fp32") -> ItcEncoder:
    """The encoder in a folder of the hub's layout: config.json, weights, vocab.txt or tokenizer.json.

    Raises ModelError when the folder holds another kind of model, its text tower has other than 12 heads (8 are taken
    for 12, with a warning), or weights are missing or of the wrong shape.
    """
    from transformers import BlipConfig, BlipForImageTextRetrieval

    tokens = CaptionTokens(folder, MAX_TOKENS)
    with loading("BLIP", folder):
        config = BlipConfig.from_pretrained(folder, local_files_only=True)
        _check_and_mend(config, folder)
        config.vision_config.layer_norm_eps = VISION_EPS
        model, info = BlipForImageTextRetrieval.from_pretrained(
            folder, config=config, local_files_only=True, output_loading_info=True, dtype="float32"
        )
    check_whole("BLIP's retrieval model", folder, info)
    towers = ItcTowers(model.vision_model, model.text_encoder, model.vision_proj, model.text_proj)
    return ItcEncoder(name, towers, tokens, device, precision)


def _check_and_mend(config: object, folder: Path) -> None:
    kind = getattr(config, "model_type", None)
    if kind != "blip":
        raise ModelError(f"The folder {folder} holds a model of kind '{kind}', not BLIP.")
    text = config.text_config  # type: ignore[attr-defined]
    if text.num_attention_heads == DEFAULT_HEADS:
        log.warning(
            "The config.json in %s gives BLIP's text tower %d attention heads, as early published ones did by mistake; "
            "it is read as %d.", folder, DEFAULT_HEADS, TEXT_HEADS,
        )  # fmt: skip
        text.num_attention_heads = TEXT_HEADS
    if text.num_attention_heads != TEXT_HEADS:
        raise ModelError(
            f"The config.json in {folder} gives BLIP's text tower {text.num_attention_heads} attention heads, but the "
            f"published weights were trained with {TEXT_HEADS}; set text_config.num_attention_heads to {TEXT_HEADS}."
        )
