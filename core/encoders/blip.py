"""BLIP's retrieval models as transformers stores them, `Salesforce/blip-itm-base-coco` for one."""

from pathlib import Path

from core.encoders.itc import ItcEncoder, ItcTowers
from core.encoders.loading import check_whole, loading
from core.encoders.preprocessing import CaptionTokens
from core.errors import ModelError

TEXT_HEADS = 12  # of every published BLIP; transformers' default is 8, which loads without a word and computes nonsense
VISION_EPS = 1e-6  # what BLIP was trained with; converted configurations may carry transformers' default of 1e-5
MAX_TOKENS = 35  # of LAVIS's BLIP retrieval


def load(name: str, folder: Path, device: str = "auto") -> ItcEncoder:
    """The encoder in a folder of the hub's layout: config.json, weights, vocab.txt or tokenizer.json.

    Raises ModelError when the folder holds another kind of model, the text tower has not 12 heads, or weights are
    missing or of the wrong shape.
    """
    from transformers import BlipConfig, BlipForImageTextRetrieval

    tokens = CaptionTokens(folder, MAX_TOKENS)
    with loading("BLIP", folder):
        config = BlipConfig.from_pretrained(folder, local_files_only=True)
        _check(config, folder)
        config.vision_config.layer_norm_eps = VISION_EPS
        model, info = BlipForImageTextRetrieval.from_pretrained(
            folder, config=config, local_files_only=True, output_loading_info=True, dtype="float32"
        )
    check_whole("BLIP's retrieval model", folder, info)
    return ItcEncoder(
        name, ItcTowers(model.vision_model, model.text_encoder, model.vision_proj, model.text_proj), tokens, device
    )


def _check(config: object, folder: Path) -> None:
    kind = getattr(config, "model_type", None)
    if kind != "blip":
        raise ModelError(f"The folder {folder} holds a model of kind '{kind}', not BLIP.")
    heads = config.text_config.num_attention_heads  # type: ignore[attr-defined]
    if heads != TEXT_HEADS:
        raise ModelError(
            f"The config.json in {folder} gives BLIP's text tower {heads} attention heads, but the published weights "
            f"were trained with {TEXT_HEADS}; set text_config.num_attention_heads to {TEXT_HEADS}."
        )
