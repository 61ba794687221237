"""The built-in encoder's towers: contract of DenseEncoder, padding, and files."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.encoders.scenes import ImageTower, SceneEncoder, TextTower, to_pixels
from core.errors import ModelError
from tests.rounding import ROUNDING

pytestmark = pytest.mark.numeric
WORDS = ("a", "and", "cat", "dog", "red", "sofa", "on")


@pytest.fixture(scope="module")
def encoder() -> SceneEncoder:
    torch.manual_seed(0)
    tower = ImageTower()
    for _ in range(3):  # move the batch norms away from their initial statistics
        tower(torch.rand(8, 3, 96, 96) * 2 - 1)
    return SceneEncoder(WORDS, tower, TextTower(len(WORDS)))


def pictures(n: int) -> list[Image.Image]:
    rng = np.random.default_rng(1)
    return [Image.fromarray(rng.integers(0, 255, (50 + 13 * i, 97, 3), np.uint8)) for i in range(n)]


def test_rows_are_unit_length_and_do_not_depend_on_their_batch(encoder: SceneEncoder) -> None:
    images = pictures(6)
    texts = ["a red cat on a sofa", "dog", "", "a cat and a dog and a cat and a dog on a red sofa"]
    for together, alone in (
        (encoder.encode_images(images), [encoder.encode_images([image])[0] for image in images]),
        (encoder.encode_texts(texts), [encoder.encode_texts([text])[0] for text in texts]),
    ):
        assert together.dtype == np.float32 and together.shape[1] == encoder.dim
        assert np.abs(together - np.stack(alone)).max() < ROUNDING
        assert np.abs(np.linalg.norm(together, axis=1) - 1).max() < ROUNDING


def test_nothing_gives_no_rows(encoder: SceneEncoder) -> None:
    assert encoder.encode_images([]).shape == encoder.encode_texts([]).shape == (0, encoder.dim)


def test_unknown_words_are_named_and_left_out(encoder: SceneEncoder) -> None:
    assert encoder.unknown_words("A blue cat, a Blue tax!") == ["blue", "tax"]
    assert np.array_equal(encoder.encode_texts(["a blue cat"]), encoder.encode_texts(["a cat"]))


def test_word_order_matters(encoder: SceneEncoder) -> None:
    rows = encoder.encode_texts(["a red cat and a dog", "a cat and a red dog"])
    assert np.abs(rows[0] - rows[1]).max() > 1e-4


def test_pixels_are_area_means() -> None:
    pixels = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3) * 5
    expected = pixels.reshape(2, 2, 2, 2, 3).mean((1, 3))
    assert np.abs(to_pixels(Image.fromarray(pixels), 2) - expected).max() <= 0.5


def test_saved_and_loaded_in_half_precision(encoder: SceneEncoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "e.safetensors")
    loaded = SceneEncoder.load(tmp_path / "e.safetensors")
    assert loaded.words == encoder.words
    assert np.abs(loaded.encode_images(pictures(3)) - encoder.encode_images(pictures(3))).max() < 5e-3
    assert np.abs(loaded.encode_texts(["a red cat"]) - encoder.encode_texts(["a red cat"])).max() < 5e-3


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.safetensors"):
        SceneEncoder.load(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match=r"bad\.safetensors"):
        SceneEncoder.load(tmp_path / "bad.safetensors")
