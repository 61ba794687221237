"""Heat maps against finite differences, and where they point when the answer is known."""

import numpy as np
import pytest
import torch
from PIL import Image

from core.encoders.scenes import ImageTower, SceneEncoder, TextTower
from core.errors import ModelError
from core.models.head import HeadConfig, SparseHead
from core.models.model import Model
from core.models.registry import load_model
from core.search.heatmap import ZOOM, TermMap, can_point, term_map
from core.vocabulary import Vocabulary
from tests.photographs import photograph

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module", params=[0, 8], ids=["plain", "adapter"])
def pointing(request: pytest.FixtureRequest) -> Model:
    """An untrained model with the built-in architecture, its head without and with an adapter."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        encoder = SceneEncoder(("dog",), ImageTower(), TextTower(1))
        head = SparseHead(HeadConfig(encoder.dim, 16, 4, adapter_size=request.param))
        if head.adapter is not None:
            torch.nn.init.normal_(head.adapter.up.weight)
    return Model("pointing", encoder, head, Vocabulary(("dog", "cat", "sun", "sea")))


def logit(model: Model, features: torch.Tensor, term: int) -> float:
    with torch.inference_mode():
        return float(model.head.logits(model.encoder.image_tower.pool(features))[0, term])  # type: ignore[attr-defined]


def test_the_map_is_what_each_place_adds(pointing: Model, patches: list[Image.Image]) -> None:
    cells = term_map(pointing, patches[0], 2).cells
    with torch.inference_mode():
        features = pointing.encoder.image_tower.map(pointing.encoder.pixels(patches[0]))  # type: ignore[attr-defined]
    assert cells.shape == tuple(features.shape[2:])
    step = 1e-3  # small: beyond a kink of the max pooling the slope is another
    for y, x in ((2, 3), (7, 7), (0, 11)):
        up, down = features.clone(), features.clone()
        up[:, :, y, x] *= 1 + step
        down[:, :, y, x] *= 1 - step
        slope = (logit(pointing, up, 2) - logit(pointing, down, 2)) / (2 * step)
        assert cells[y, x] == pytest.approx(slope, abs=0.1 * float(np.abs(cells).max()))


def test_peak_and_layer() -> None:
    cells = np.zeros((12, 12), np.float32)
    cells[3, 8], cells[10, 1] = 2.0, -5.0
    assert TermMap(cells).peak() == (8.5 / 12, 3.5 / 12)
    layer = np.asarray(TermMap(cells).overlay((255, 0, 0)))
    assert layer.shape == (12 * ZOOM, 12 * ZOOM, 4) and (layer[..., 0] == 255).all()
    y, x = divmod(int(layer[..., 3].argmax()), 12 * ZOOM)
    assert (x // ZOOM, y // ZOOM) == (8, 3) and layer[10 * ZOOM + 4, ZOOM + 4, 3] == 0
    assert np.asarray(TermMap(np.full((2, 2), -1, np.float32)).overlay((0, 0, 0)))[..., 3].max() == 0


def test_a_map_whose_places_see_right_of_and_below_their_squares_is_shown_there() -> None:
    cells = np.zeros((9, 9), np.float32)
    cells[4, 4] = 1.0
    straight, moved = TermMap(cells), TermMap(cells, shift=0.25)
    assert straight.peak() == (0.5, 0.5) and moved.peak() == (4.75 / 9, 4.75 / 9)
    before, after = (np.asarray(one.overlay((0, 0, 0)))[..., 3] for one in (straight, moved))
    assert (after[2:, 2:] == before[:-2, :-2]).all() and after.shape == before.shape
    cells[8, 8] = 2.0
    assert max(TermMap(cells, shift=0.75).peak()) == 1.0  # never outside the picture


def test_a_model_that_cannot_point_says_so(pointing: Model, model: Model, patches: list[Image.Image]) -> None:
    assert can_point(pointing) and not can_point(model)
    with pytest.raises(ModelError, match="cannot point"):
        term_map(model, patches[0], 0)


def test_the_model_of_photographs_points_into_a_wide_picture() -> None:
    """Two pictures side by side: where the lion is not, the sand that it lies on is not seen."""
    lion, tower = (Image.open(photograph(name)).convert("RGB").resize((300, 300)) for name in ("lion.jpg", "tower.jpg"))
    both = Image.new("RGB", (600, 300))
    both.paste(tower, (0, 0))
    both.paste(lion, (300, 0))
    photos = load_model("photos")
    (vector,) = photos.encode_images([lion])
    assert can_point(photos)
    term = photos.vocabulary.id("sand")  # it lies on some
    assert term is not None and term in vector.terms
    x, _ = term_map(photos, both, term).peak()
    assert x > 0.5
