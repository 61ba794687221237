"""Small random towers, checkpoints and folders in the published layouts, for the tests of encoders."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from core.encoders.itc import ItcTowers
from core.encoders.lavis import BLIP, LavisSizes, towers
from core.models.head import HeadConfig, SparseHead

WORDS = ("a", "the", "dog", "cat", "house", "red", "blue", "on", "in", "run", "##ning", "##s", ",", "'", "s", "sea")
PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS)
TINY = replace(
    BLIP, image_size=32, patch_size=8, vision_width=24, vision_layers=2, vision_heads=12, text_width=24, text_layers=2,
    text_heads=12, vocab_size=len(PIECES) + 2, positions=40, dim=8,
)  # fmt: skip
TINY_ALBEF = replace(TINY, family="albef", vocab_size=len(PIECES), max_tokens=30)


def random_towers(sizes: LavisSizes, seed: int = 0) -> ItcTowers:
    """Towers whose every weight is random and large enough that each matters."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = towers(sizes)
        for name, value in made.named_parameters():
            if "token_type" not in name:
                with torch.no_grad():
                    value.copy_(torch.randn(value.shape) * 0.2 + (1.0 if "norm" in name.lower() else 0.0))
    return made


def lavis_state(made: ItcTowers) -> dict[str, Tensor]:
    """The towers' weights under the names that LAVIS's checkpoints have, with what else lies in those."""
    state = {}
    for key, value in made.state_dict().items():
        if "token_type" in key or "position_ids" in key:
            continue
        theirs = key.replace("vision_model.", "visual_encoder.").replace("encoder.layers.", "blocks.")
        for ours, name in (
            ("visual_encoder.embeddings.class_embedding", "visual_encoder.cls_token"),
            ("visual_encoder.embeddings.position_embedding", "visual_encoder.pos_embed"),
            ("visual_encoder.embeddings.patch_embedding", "visual_encoder.patch_embed.proj"),
            ("visual_encoder.post_layernorm", "visual_encoder.norm"),
            ("layer_norm", "norm"),
            ("self_attn.qkv", "attn.qkv"),
            ("self_attn.projection", "attn.proj"),
        ):
            theirs = theirs.replace(ours, name)
        state[theirs] = value.clone()
    extra = {"temp": torch.tensor(0.07), "image_queue": torch.zeros(2, 3), "itm_head.weight": torch.zeros(2, 24)}
    momentum = {key.replace("encoder.", "encoder_m.", 1): value for key, value in list(state.items())[:3]}
    return state | extra | momentum


def blip_folder(folder: Path, made: ItcTowers, sizes: LavisSizes, text_heads: int = 12) -> Path:
    """A BLIP retrieval model in the hub's layout with these towers' weights; crossattention and itm_head random."""
    from transformers import BlipConfig, BlipForImageTextRetrieval

    model = BlipForImageTextRetrieval(
        BlipConfig(
            vision_config={
                "hidden_size": sizes.vision_width,
                "intermediate_size": 4 * sizes.vision_width,
                "num_hidden_layers": sizes.vision_layers,
                "num_attention_heads": sizes.vision_heads,
                "image_size": sizes.image_size,
                "patch_size": sizes.patch_size,
                "layer_norm_eps": 1e-6,
            },
            text_config={
                "hidden_size": sizes.text_width,
                "encoder_hidden_size": sizes.vision_width,
                "intermediate_size": 4 * sizes.text_width,
                "num_hidden_layers": sizes.text_layers,
                "num_attention_heads": text_heads,
                "vocab_size": sizes.vocab_size,
                "max_position_embeddings": sizes.positions,
                "bos_token_id": None,
                "eos_token_id": None,
                "sep_token_id": None,
            },
            image_text_hidden_size=sizes.dim,
        )
    )
    missing, unexpected = model.load_state_dict(made.state_dict(), strict=False)
    assert not unexpected and all("crossattention" in key or "itm_head" in key for key in missing)
    model.save_pretrained(folder)
    vocabulary(folder)
    return folder


def vocabulary(folder: Path, pieces: tuple[str, ...] = PIECES) -> Path:
    """A folder with a small vocab.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    return folder


def head_folder(
    folder: Path, dense: int, terms: int, hidden: int = 16, threshold: float = 0.0, **extra: object
) -> Path:
    """A random head in the paper's published layout: half of its terms light up, fewer above a `threshold`."""
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(4)
        weights = SparseHead(HeadConfig(dense, hidden, terms)).state_dict()
    weights["vocab_projector.bias"] -= threshold
    save_file({key: value.contiguous() for key, value in weights.items()}, folder / "model.safetensors")
    config = {"model_type": "d2s", "dense_size": dense, "mlm_head": "distilbert-base-uncased"} | extra
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    return folder


def pictures(count: int, seed: int = 1) -> list[Image.Image]:
    """Random pictures, each of another size."""
    random = np.random.default_rng(seed)
    sizes = [(20 + 7 * i % 50, 30 + 11 * i % 40, 3) for i in range(count)]
    return [Image.fromarray(random.integers(0, 256, size, dtype=np.uint8)) for size in sizes]
