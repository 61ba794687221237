"""CLIP, SigLIP and SigLIP 2 checkpoints from local folders, against transformers' own forward on the whole batch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from core.encoders import dual
from core.errors import ModelError
from tests.core.towers import pictures
from tests.rounding import ROUNDING

pytestmark = pytest.mark.numeric
TEXTS = ["a red dog", "sea", "the cat in the house on the sea and the dog", ""]
WORDS = ("<pad>", "<unk>", "<s>", "</s>", "a", "the", "red", "dog", "cat", "sea", "house", "in", "on")
SIZES = dict(hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=3)
TEXT = SIZES | dict(
    vocab_size=len(WORDS), max_position_embeddings=16, pad_token_id=0, bos_token_id=2, eos_token_id=3, projection_dim=24
)
VISION = SIZES | dict(image_size=32, patch_size=8, projection_dim=24)


def saved(folder: Path, family: str) -> tuple[Any, Any]:
    """A tiny random checkpoint in the hub's layout, and the model and image processor that were saved."""
    from transformers import (
        CLIPConfig,
        CLIPImageProcessorPil,
        CLIPModel,
        PreTrainedTokenizerFast,
        Siglip2Config,
        Siglip2ImageProcessorPil,
        Siglip2Model,
        SiglipConfig,
        SiglipImageProcessorPil,
        SiglipModel,
    )  # fmt: skip

    torch.manual_seed(3)
    if family == "clip":
        model: Any = CLIPModel(CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=24))
        processor: Any = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    elif family == "siglip":
        model = SiglipModel(SiglipConfig(text_config=TEXT, vision_config=VISION))
        processor = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    else:
        model = Siglip2Model(Siglip2Config(text_config=TEXT, vision_config=VISION | dict(num_patches=16)))
        processor = Siglip2ImageProcessorPil(patch_size=8, max_num_patches=16)
    words = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    words.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", bos_token="<s>", eos_token="</s>",
        model_input_names=["input_ids", "attention_mask"] if family == "clip" else ["input_ids"],
    )  # fmt: skip
    for part in (model, processor, tokenizer):
        part.save_pretrained(folder)
    return model.eval(), processor


@pytest.mark.parametrize("family", ["clip", "siglip", "siglip2"])
@torch.inference_mode()
def test_rows_are_those_of_transformers(tmp_path: Path, family: str) -> None:
    model, processor = saved(tmp_path, family)
    encoder = dual.load("it", tmp_path, "clip" if family == "clip" else "siglip", "cpu")
    images = pictures(11)
    ids = torch.zeros(len(TEXTS), 16, dtype=torch.int64)
    for row, text in zip(ids, TEXTS, strict=True):
        spoken = [2, *(WORDS.index(w) if w in WORDS else 1 for w in text.split()), 3]
        row[: len(spoken)] = torch.tensor(spoken)
    mask = {"attention_mask": (ids > 0).long()} if family == "clip" else {}
    expected_texts = model.get_text_features(input_ids=ids, **mask).pooler_output.numpy()
    expected_images = model.get_image_features(**processor(images, return_tensors="pt")).pooler_output.numpy()
    found = encoder.encode_texts(TEXTS), encoder.encode_images(images)
    for rows, expected in zip(found, (expected_texts, expected_images), strict=True):
        assert rows.shape == (len(expected), encoder.dim) == expected.shape and rows.dtype == np.float32
        assert np.abs(rows - expected / np.linalg.norm(expected, axis=1, keepdims=True)).max() < ROUNDING
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    assert np.abs(alone - encoder.encode_texts(TEXTS)).max() < ROUNDING


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, "clip")
    with pytest.raises(ModelError, match="kind 'clip', not siglip"):
        dual.load("it", tmp_path, "siglip", "cpu")


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, "clip")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="cannot be loaded"):
        dual.load("it", tmp_path, "clip", "cpu")
