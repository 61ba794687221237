"""The BLIP and ALBEF towers and what they see, against transformers' own forward and independent computations."""

import re
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import pytest
import torch
from PIL import Image

from core.encoders import blip, lavis, lavis_worker
from core.encoders.itc import ItcEncoder
from core.encoders.preprocessing import CaptionTokens, cleaned_caption, normalised_pixels
from core.errors import ModelError
from tests.core.towers import PIECES, TINY, TINY_ALBEF, blip_folder, lavis_state, pictures, random_towers, vocabulary
from tests.rounding import ROUNDING

pytestmark = pytest.mark.numeric
TEXTS = ["A red dog!", "the cat's running in the sea, on a house", "", "blue " * 60]


def pixels(count: int = 3) -> torch.Tensor:
    return torch.from_numpy(np.stack([normalised_pixels(image, TINY.image_size) for image in pictures(count)]))


def test_pixels_are_those_of_an_independent_computation() -> None:
    mean, std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
    for image in pictures(4):
        square = np.asarray(image.resize((384, 384), Image.BICUBIC), dtype=np.float64)
        expected = np.stack([(square[..., c] / 255 - mean[c]) / std[c] for c in range(3)])
        assert np.abs(normalised_pixels(image, 384) - expected).max() < 1e-6


def test_pixels_are_those_of_transformers_pil_processor() -> None:
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    theirs = BlipImageProcessorPil()(pictures(3), return_tensors="np")["pixel_values"]
    ours = np.stack([normalised_pixels(image, 384) for image in pictures(3)])
    assert np.abs(theirs - ours).max() < 1e-6
    wrong = np.stack([normalised_pixels(image.transpose(Image.FLIP_LEFT_RIGHT), 384) for image in pictures(3)])
    assert np.abs(theirs - wrong).max() > 0.1


def test_captions_are_cleaned_as_lavis_does() -> None:
    assert cleaned_caption("A Dog's ball, (red): #1; ~*wow*!.") == "a dog's ball, red 1 wow"
    assert len(cleaned_caption("word " * 80).split()) == 50


def test_token_ids_are_those_of_berts_own_algorithm(tmp_path: Path) -> None:
    tokens = CaptionTokens(vocabulary(tmp_path), 12)

    def pieces(text: str) -> list[str]:  # WordPiece by its definition: the longest match first
        found = []
        for word in re.findall(r"\w+|[^\w\s]", cleaned_caption(text)):
            parts, at = [], 0
            while at < len(word):
                ends = (end for end in range(len(word), at, -1) if ("##" * (at > 0) + word[at:end]) in PIECES)
                end = next(ends, None)
                if end is None:
                    parts = ["[UNK]"]
                    break
                parts.append("##" * (at > 0) + word[at:end])
                at = end
            found += parts
        return ["[CLS]", *found[:10], "[SEP]"]

    ids, mask = tokens(TEXTS)
    for row, speaks, text in zip(ids.tolist(), mask.tolist(), TEXTS, strict=True):
        expected = [PIECES.index(piece) for piece in pieces(text)]
        assert row[: sum(speaks)] == expected and set(row[sum(speaks) :]) <= {0}


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"vocab\.txt or tokenizer\.json"):
        CaptionTokens(tmp_path, 35)
    with pytest.raises(ModelError, match=r"lacks \[PAD\]"):
        CaptionTokens(vocabulary(tmp_path, ("[UNK]", "[CLS]", "[SEP]", "a")), 35)


@pytest.mark.parametrize("sizes", [TINY, TINY_ALBEF], ids=["blip", "albef"])
def test_a_lavis_checkpoint_fills_the_towers(tmp_path: Path, sizes: lavis.LavisSizes) -> None:
    original, loaded = random_towers(sizes), random_towers(sizes, seed=9)
    state = lavis_state(original)
    zipped = sizes is TINY  # torch's older format is what some published files have
    torch.save({"model": state}, tmp_path / "checkpoint.pth", _use_new_zipfile_serialization=zipped)
    unused = lavis.load_state(loaded, lavis.read_checkpoint(tmp_path / "checkpoint.pth"), "it")
    assert {"temp", "image_queue", "itm_head.weight"} <= set(unused) and len(unused) == 6
    for key, value in original.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[key]), key


@pytest.mark.parametrize("sizes", [TINY, TINY_ALBEF], ids=["blip", "albef"])
def test_a_checkpoint_that_lacks_or_bends_a_weight_is_refused(sizes: lavis.LavisSizes) -> None:
    made, whole = random_towers(sizes), lavis_state(random_towers(sizes))
    for key in ("visual_encoder.blocks.1.attn.qkv.weight", "text_proj.bias", "visual_encoder.cls_token"):
        with pytest.raises(ModelError, match="The file lacks 1 of the weights"):
            lavis.load_state(made, {k: v for k, v in whole.items() if k != key}, "The file")
        with pytest.raises(ModelError, match=re.escape(key)):
            lavis.load_state(made, whole | {key: torch.zeros(5)}, "The file")


def test_code_in_a_checkpoint_never_runs(tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    torch.save({"model": Runs()}, tmp_path / "evil.pth")
    (tmp_path / "text.pth").write_text("not a checkpoint")
    for name in ("evil.pth", "text.pth", "missing.pth"):
        with pytest.raises(ModelError, match="cannot be read as plain weights") as raised:
            lavis.read_checkpoint(tmp_path / name)
        assert ("lavis-original-" in str(raised.value)) == (name == "evil.pth")
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_with_more_than_weights_names_the_way_out_which_is_one(tmp_path: Path) -> None:
    checkpoint, made = tmp_path / "albef_coco_retrieval_lavis.pt", torch.nn.Linear(2, 3)
    torch.save({"model": made.state_dict(), "config": Namespace(rate=1e-5)}, checkpoint)
    with pytest.raises(ModelError, match=r"holds argparse\.Namespace.*'lavis-original-albef-coco' reads it") as raised:
        lavis.load("lavis-albef-coco", checkpoint, vocabulary(tmp_path), TINY_ALBEF, "cpu")
    assert "\n" not in str(raised.value)
    read = torch.nn.Linear(2, 3)
    lavis_worker._fill(read, str(checkpoint))
    assert torch.equal(read.weight, made.weight)
    checkpoint.write_text("not a checkpoint")
    with pytest.raises(UnpicklingError):
        lavis_worker._fill(read, str(checkpoint))


@torch.inference_mode()
def test_native_blip_is_transformers_blip(tmp_path: Path) -> None:
    from transformers import BlipForImageTextRetrieval

    made = random_towers(TINY)
    reference = BlipForImageTextRetrieval.from_pretrained(blip_folder(tmp_path, made, TINY)).eval()
    native = random_towers(TINY, seed=5)
    lavis.load_state(native, lavis_state(made), "it")
    ids, mask = CaptionTokens(tmp_path, 35)(TEXTS)
    scores = reference(ids, pixels(), attention_mask=mask, use_itm_head=False).itm_score
    assert (native.images(pixels()) @ native.texts(ids, mask).T - scores).abs().max() < ROUNDING
    loaded = blip.load("it", tmp_path, "cpu")
    assert np.abs(loaded.encode_images(pictures(3)) - native.images(pixels()).numpy()).max() < ROUNDING
    assert np.abs(loaded.encode_texts(TEXTS) - native.texts(ids, mask).numpy()).max() < ROUNDING


@torch.inference_mode()
def test_albef_text_tower_is_a_bert_without_token_types() -> None:
    """By hand: embeddings without types, then every layer of post-norm attention and MLP."""
    made = random_towers(TINY_ALBEF)
    w = {k.removeprefix("text_encoder."): v.double() for k, v in made.state_dict().items()}
    ids = torch.tensor([[2, 5, 7, 3]])

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        return torch.nn.functional.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    x = w["embeddings.word_embeddings.weight"][ids[0]] + w["embeddings.position_embeddings.weight"][:4]
    x = norm(x, "embeddings.LayerNorm")
    for n in range(2):
        layer = f"encoder.layer.{n}"
        q, k, v = (linear(x, f"{layer}.attention.self.{part}").view(4, 12, 2).transpose(0, 1) for part in
                   ("query", "key", "value"))  # fmt: skip
        mixed = ((q @ k.transpose(1, 2) / 2**0.5).softmax(-1) @ v).transpose(0, 1).reshape(4, 24)
        x = norm(linear(mixed, f"{layer}.attention.output.dense") + x, f"{layer}.attention.output.LayerNorm")
        inner = torch.nn.functional.gelu(linear(x, f"{layer}.intermediate.dense"))
        x = norm(linear(inner, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")
    row = linear(x[0], "text_proj")
    expected = row / row.norm()
    assert (made.texts(ids, torch.ones_like(ids))[0].double() - expected).abs().max() < ROUNDING


@torch.inference_mode()
@pytest.mark.parametrize("fault", ["token types", "a layer more", "qkv flipped", "heads"])
def test_the_comparison_notices_what_is_wrong(fault: str) -> None:
    """Negative controls: each known way to port these towers wrongly changes their rows far more than rounding does."""
    made = random_towers(TINY_ALBEF)
    state, sizes = lavis_state(made), TINY_ALBEF
    if fault == "a layer more":
        sizes = replace(TINY_ALBEF, text_layers=3)
        extra = {k.replace(".layer.1.", ".layer.2."): v for k, v in state.items() if ".layer.1." in k}
        state |= extra
    if fault == "heads":
        sizes = replace(TINY_ALBEF, text_heads=8, vision_heads=8)
    if fault == "qkv flipped":
        state = {k: v.flip(0) if ".qkv." in k else v for k, v in state.items()}
    wrong = random_towers(sizes, seed=2)
    lavis.load_state(wrong, state, "it")
    if fault == "token types":
        torch.nn.init.normal_(wrong.text_encoder.embeddings.token_type_embeddings.weight)
    ids = torch.tensor([[2, 5, 7, 3]])
    texts = (made.texts(ids, torch.ones_like(ids)) - wrong.texts(ids, torch.ones_like(ids))).abs().max()
    images = (made.images(pixels()) - wrong.images(pixels())).abs().max()
    assert max(texts, images) > 1e-2


def test_rows_do_not_depend_on_their_batch(tmp_path: Path) -> None:
    encoder = ItcEncoder("it", random_towers(TINY), CaptionTokens(vocabulary(tmp_path), 35), "cpu")
    images, texts = pictures(19), [f"{'dog ' * (i % 7)}cat" for i in range(19)]
    for together, alone in (
        (encoder.encode_images(images), np.concatenate([encoder.encode_images([image]) for image in images])),
        (encoder.encode_texts(texts), np.concatenate([encoder.encode_texts([text]) for text in texts])),
    ):
        assert np.abs(together - alone).max() < ROUNDING
        assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert encoder.encode_images([]).shape == (0, 8) and encoder.encode_texts([]).shape == (0, 8)


def test_blip_with_the_default_heads_is_mended_and_with_others_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = random_towers(TINY)
    right = blip.load("it", blip_folder(tmp_path / "right", made, TINY), "cpu").encode_texts(TEXTS)
    assert not caplog.records
    mended = blip.load("it", blip_folder(tmp_path / "early", made, TINY, text_heads=8), "cpu").encode_texts(TEXTS)
    assert np.abs(mended - right).max() < ROUNDING
    assert "8 attention heads" in caplog.text and "read as 12" in caplog.text
    blip_folder(tmp_path / "other", made, TINY, text_heads=6)
    with pytest.raises(ModelError, match="6 attention heads"):
        blip.load("it", tmp_path / "other", "cpu")


def test_blip_with_a_missing_weight_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    blip_folder(tmp_path, random_towers(TINY), TINY)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["text_proj.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lack 1 that BLIP.*text_proj\.weight"):
        blip.load("it", tmp_path, "cpu")
    (tmp_path / "model.safetensors").write_bytes(b"garbage")
    with pytest.raises(ModelError, match="cannot be loaded"):
        blip.load("it", tmp_path, "cpu")
