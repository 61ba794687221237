"""On ZeroGPU an encoder computes in calls that have a GPU, and gives the same; elsewhere it is left as it is.

Seen with a stand-in for the hub's package `spaces`, which works nowhere else.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.encoders import zero_gpu as zero_gpu_module
from core.encoders.recipes import EncoderRecipe
from core.models.model import Model
from core.models.registry import _built


@pytest.fixture
def zero_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """`zero_gpu` as it is on such a Space; tells for how long calls asked, and how many there were."""
    seen = SimpleNamespace(asked=[], calls=0, module=zero_gpu_module)

    def gpu(duration: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        seen.asked.append(duration)

        def decorate(work: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any) -> Any:
                seen.calls += 1
                return work(*given)

            return call

        return decorate

    stand_in = ModuleType("spaces")
    stand_in.GPU = gpu  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spaces", stand_in)
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    importlib.reload(zero_gpu_module)
    yield seen
    monkeypatch.undo()
    importlib.reload(zero_gpu_module)


def test_elsewhere_an_encoder_is_left_as_it_is(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert zero_gpu_module.with_zero_gpu(model.encoder) is model.encoder


def test_only_encoding_asks_for_a_gpu(zero_gpu: SimpleNamespace, model: Model, patches: list[Image.Image]) -> None:
    assert zero_gpu.asked == [zero_gpu.module.LENT_S]  # declared before any model is loaded
    borrower = zero_gpu.module.with_zero_gpu(model.encoder)
    assert (borrower.name, borrower.dim) == (model.encoder.name, model.encoder.dim)
    assert np.array_equal(borrower.encode_texts(["a red dog"]), model.encoder.encode_texts(["a red dog"]))
    assert np.array_equal(borrower.encode_images(patches[:3]), model.encoder.encode_images(patches[:3]))
    assert zero_gpu.calls == 2
    borrowing = Model("lent", borrower, model.head, model.vocabulary)
    assert borrowing.unknown_words("a zebra") == ["zebra"] and borrowing.out_of_world("tax")
    assert zero_gpu.calls == 2
    (own,), (same,) = model.encode_texts(["two dogs"]), borrowing.encode_texts(["two dogs"])
    assert own.weights.tolist() == same.weights.tolist()


def test_real_encoders_are_lent_a_gpu_and_the_built_in_one_needs_none(
    zero_gpu: SimpleNamespace, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.models.registry.with_zero_gpu", zero_gpu.module.with_zero_gpu)
    for name, borrows in (("blip:somewhere", True), ("scenes", False)):
        recipe = EncoderRecipe(name, "", "", 3, (), lambda places, device, precision: model.encoder)
        assert (_built(recipe, "cpu", "fp32") is not model.encoder) is borrows
