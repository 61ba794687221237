"""Dense2Sparse: the formula, and heads on disk."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.errors import ModelError
from core.models.head import HeadConfig, SparseHead

pytestmark = pytest.mark.numeric


def test_forward_by_hand() -> None:
    head = SparseHead(HeadConfig(1, 2, 3))
    with torch.no_grad():
        head.proj.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        head.proj.bias.zero_()
        head.vocab_projector.weight.copy_(torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.5, 0.5]]))
        head.vocab_projector.bias.copy_(torch.tensor([0.0, 0.0, 0.25]))
    # proj(3) = (3, -3); layer norm = (1, -1); logits = (2, -2, 0.25)
    assert head(torch.tensor([[3.0]]))[0].tolist() == pytest.approx([math.log(3), 0.0, math.log(1.25)], abs=1e-6)


def test_saved_in_the_published_form(tmp_path: Path) -> None:
    torch.manual_seed(0)
    head = SparseHead(HeadConfig(4, 5, 6))
    head.save(tmp_path, training={"control": "caption"})
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["model_type"] == "d2s" and config["dense_size"] == 4 and config["training"]["control"] == "caption"
    loaded = SparseHead.load(tmp_path)
    assert set(loaded.state_dict()) == {
        f"{part}.{name}" for part in ("proj", "vocab_layer_norm", "vocab_projector") for name in ("weight", "bias")
    }
    for name, value in head.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
    head.save(tmp_path / "small", half=True)
    small = SparseHead.load(tmp_path / "small").state_dict()
    for name, value in head.state_dict().items():
        assert torch.equal(small[name], value.half().float())


def test_an_adapter_moves_a_vector_at_its_length_and_travels_with_its_head(tmp_path: Path) -> None:
    torch.manual_seed(0)
    plain = SparseHead(HeadConfig(2, 5, 6))
    head = SparseHead(HeadConfig(2, 5, 6, adapter_size=1))
    fresh = head.state_dict()
    head.load_state_dict({**fresh, **plain.state_dict()})
    rows = torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.5, -1.0]])
    assert head.adapter is not None and torch.equal(head(rows), plain(rows))  # a new one changes nothing
    with torch.no_grad():
        head.adapter.down.weight.copy_(torch.tensor([[100.0, 0.0]]))  # gelu(300) = 300
        head.adapter.down.bias.zero_()
        head.adapter.up.weight.copy_(torch.tensor([[-0.01], [0.0]]))
    # (3, 4) + (-3, 0) = (0, 4), at length 5
    assert head.adapted(rows)[0].tolist() == pytest.approx([0.0, 5.0], abs=1e-4)  # 300 hundredths may round
    assert torch.equal(head(rows), plain(head.adapted(rows))) and not torch.allclose(head(rows), plain(rows))
    np.testing.assert_array_equal(head.adapt(rows.numpy()), head.adapted(rows).detach().numpy())
    head.save(tmp_path)
    loaded = SparseHead.load(tmp_path)
    assert loaded.config == HeadConfig(2, 5, 6, adapter_size=1)
    np.testing.assert_array_equal(loaded.weigh(rows.numpy()), head.weigh(rows.numpy()))
    np.testing.assert_array_equal(loaded.unlit(rows.numpy()), head.unlit(rows.numpy()))
    save_file({k: v for k, v in head.state_dict().items() if k != "adapter.up.weight"}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"(?s)does not fit Dense2Sparse.*adapter\.up\.weight"):
        SparseHead.load(tmp_path)


def test_the_older_form_loads_to_the_bit_and_runs_no_code(tmp_path: Path) -> None:
    head = SparseHead(HeadConfig(4, 5, 6))
    torch.save(head.state_dict(), tmp_path / "pytorch_model.bin")
    for name, value in SparseHead.load(tmp_path).state_dict().items():
        assert torch.equal(value, head.state_dict()[name])
    torch.save({"proj.weight": Path("anything but a tensor")}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin cannot be read"):
        SparseHead.load(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("size", [0, 5, 100])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, size: int) -> None:
    head = SparseHead(HeadConfig(4, 5, 6))
    head.save(tmp_path)
    if name.endswith("bin"):
        (tmp_path / "model.safetensors").unlink()
        torch.save(head.state_dict(), tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:size])
    with pytest.raises(ModelError, match=f"{name} cannot be read"):
        SparseHead.load(tmp_path)


def test_what_is_no_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        SparseHead.load(tmp_path)
    save_file({"proj.weight": torch.zeros(2, 2)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"lacks vocab_layer_norm\.weight, vocab_projector\.weight"):
        SparseHead.load(tmp_path)
