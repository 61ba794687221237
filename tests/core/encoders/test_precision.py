"""Half precision on a processor: chosen by asking it, true to single precision, and remembered by collections."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from core.encoders import dual, precision
from core.encoders.batches import BatchedEncoder
from core.encoders.devices import compute_device
from core.encoders.itc import FusedAttention, ItcEncoder
from core.encoders.preprocessing import CaptionTokens
from core.errors import DeviceError
from core.models.registry import load_encoder, load_model, precision_like
from demo.cli import app
from tests.core import published
from tests.core.towers import PIECES, TINY, TINY_ALBEF, blip_folder, head_folder, pictures, random_towers, vocabulary
from tests.rounding import ROUNDING

pytestmark = pytest.mark.numeric
TEXTS = ["a red dog", "the cat in the house on the sea", "", "running " * 40]


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    for kept in (precision.computes_bf16, load_model, load_encoder):
        kept.cache_clear()
    monkeypatch.setenv("SIGHTWORDS_PRECISION", "auto")  # put back afterwards, whatever the command line makes of it


@pytest.mark.parametrize(
    ("flags", "gain", "native"),
    [
        ({"architecture": "x86_64", "amx_bf16": True}, 0.1, True),
        ({"architecture": "x86_64", "amx_bf16": False, "avx512_bf16": True}, 0.1, True),
        ({"architecture": "x86_64", "avx2": True}, 9.0, False),  # it says what it has: no trial
        ({"architecture": "aarch64", "bf16": True}, 0.1, True),
        ({"architecture": "aarch64"}, 2.0, True),
        ({}, 2.0, True),
        ({}, 1.0, False),
    ],
)
def test_the_processor_is_asked_and_tried_where_it_does_not_say(
    flags: dict[str, object], gain: float, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "processor_flags", lambda: flags)
    monkeypatch.setattr(precision, "bf16_gain", lambda: gain)
    assert compute_device("cpu").precision == ("bf16" if native else "fp32")
    assert compute_device("cpu", "fp32").precision == "fp32" and compute_device("cpu", "bf16").precision == "bf16"
    assert [precision_like(made) for made in (None, "fp16", "fp32")] == [None, None, "fp32"]
    assert precision_like("bf16") == ("bf16" if native else None)  # it is not emulated unless a person says so
    monkeypatch.setenv("SIGHTWORDS_PRECISION", "fp32")
    assert precision_like("bf16") is None
    with pytest.raises(DeviceError, match="no precision 'int8'"):
        compute_device("cpu", "int8")


def test_the_trial_is_a_ratio_and_this_processor_can_be_asked() -> None:
    assert 0 < precision.bf16_gain() < 1000
    assert isinstance(precision.computes_bf16(), bool)


def itc(sizes: Any, folder: Path, asked: str) -> BatchedEncoder:
    return ItcEncoder("it", random_towers(sizes), CaptionTokens(vocabulary(folder), 35), "cpu", asked)


def a_dual(publish: Callable[[Path], object], folder: Path, asked: str) -> BatchedEncoder:
    folder.mkdir(exist_ok=True)
    publish(folder)
    return dual.load("it", folder, "clip" if publish is published.clip else "siglip", "cpu", asked)


@pytest.mark.parametrize(
    "make",
    [
        lambda folder, asked: itc(TINY, folder, asked),
        lambda folder, asked: itc(TINY_ALBEF, folder, asked),
        lambda folder, asked: a_dual(published.clip, folder, asked),
        lambda folder, asked: a_dual(published.siglip, folder, asked),
        lambda folder, asked: a_dual(published.siglip2_naflex, folder, asked),
    ],
    ids=["blip", "albef", "clip", "siglip", "naflex"],
)
def test_vectors_in_half_precision_keep_their_direction(
    make: Callable[[Path, str], BatchedEncoder], tmp_path: Path
) -> None:
    whole, half = make(tmp_path / "it", "fp32"), make(tmp_path / "it", "bf16")
    assert (whole.precision, half.precision) == ("fp32", "bf16")
    for rows, exact in (
        (half.encode_images(pictures(9)), whole.encode_images(pictures(9))),
        (half.encode_texts(TEXTS), whole.encode_texts(TEXTS)),
    ):
        assert rows.dtype == np.float32 and np.allclose(np.linalg.norm(rows, axis=1), 1, atol=ROUNDING)
        assert (rows * exact).sum(1).min() > 0.9999 and not np.array_equal(rows, exact)


def test_products_inside_the_layers_alone_are_halved(tmp_path: Path) -> None:
    encoder = itc(TINY, tmp_path, "bf16")
    assert isinstance(encoder, ItcEncoder)
    towers = encoder.towers
    halved = {name for name, value in towers.named_parameters() if value.dtype == torch.bfloat16}
    linear = {
        f"{name}.{part}" for name, module in towers.named_modules() if isinstance(module, nn.Linear)
        for part in ("weight", "bias")
    }  # fmt: skip
    assert halved == {name for name in linear if ".encoder." in name} and "vision_proj.weight" in linear - halved
    seen: list[torch.dtype] = []
    towers.vision_proj.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].dtype))
    encoder.encode_images(pictures(1))
    assert seen == [torch.float32]


@torch.inference_mode()
def test_fused_attention_is_blips() -> None:
    own: Any = random_towers(TINY).vision_model.encoder.layers[0].self_attn
    states = torch.randn(2, 17, TINY.vision_width)
    assert (FusedAttention(own)(states)[0] - own(states)[0]).abs().max() < ROUNDING


def run(*arguments: object, code: int = 0) -> Any:
    """A command as in a process of its own, where nothing is loaded yet."""
    load_model.cache_clear()
    load_encoder.cache_clear()
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "300"})
    assert result.exit_code == code, result.output
    return result


def test_a_collection_remembers_what_it_was_made_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "processor_flags", lambda: {"architecture": "x86_64", "amx_bf16": True})
    blip = blip_folder(tmp_path / "blip", random_towers(TINY), TINY)
    name = f"blip:{blip}+{head_folder(tmp_path / 'head', 8, len(PIECES))}"
    (tmp_path / "p").mkdir()
    for number, image in enumerate(pictures(4)):
        image.save(tmp_path / "p" / f"{number}.png")
    run("index", tmp_path / "p", "--collection", tmp_path / "c", "--model", name, "--precision", "fp32")
    monkeypatch.setenv("SIGHTWORDS_PRECISION", "auto")
    assert json.loads(run("stats", "--collection", tmp_path / "c", "--json").stdout)["precision"] == "fp32"
    assert "computed in fp32" in run("stats", "--collection", tmp_path / "c").stdout
    computed: list[str] = []
    encode = BatchedEncoder.encode_images

    def watched(self: BatchedEncoder, images: Any) -> Any:
        computed.append(self.precision)
        return encode(self, images)

    monkeypatch.setattr(BatchedEncoder, "encode_images", watched)
    pictures(5)[4].save(tmp_path / "p" / "4.png")
    assert "ten-thousandth" not in run("index", tmp_path / "p", "--collection", tmp_path / "c").stderr
    assert set(computed) == {"fp32"}  # though this processor would choose bf16
    pictures(6)[5].save(tmp_path / "p" / "5.png")
    told = run("index", tmp_path / "p", "--collection", tmp_path / "c", "--precision", "bf16").stderr
    assert computed[-1] == "bf16" and "made in fp32, what is added is computed in bf16" in told
    assert json.loads(run("stats", "--collection", tmp_path / "c", "--json").stdout)["precision"] == "fp32"
    found = json.loads(run("search", "a red dog", "--collection", tmp_path / "c", "--json").stdout)
    assert found["exact"] and found["hits"]
    run("search", "a red dog", "--collection", tmp_path / "c", "--precision", "int8", code=2)
