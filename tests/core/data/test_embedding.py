"""Dense data sets from pictures: what the encoder says, in the order of the meta file, or nothing at all."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.data.dense import META_FILE, DenseFolder
from core.data.embedding import embed_dataset, refuse_overwriting
from core.encoders.scenes import SceneEncoder
from core.errors import DatasetError
from core.models.registry import load_encoder
from tests.rounding import ROUNDING

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def encoder() -> SceneEncoder:
    return load_encoder("scenes")  # type: ignore[return-value]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "below").mkdir(parents=True)
    Image.new("RGB", (64, 48), "red").save(folder / "a.png")
    Image.new("RGB", (48, 64), "blue").save(folder / "below" / "b.png")
    images: list[dict[str, Any]] = [
        {"imgid": 3, "split": "train", "filename": "a.png",
         "sentences": [{"sentid": 5, "raw": "a red house"}, {"sentid": 4, "raw": "a house"}]},
        {"imgid": 2, "split": "test", "filepath": "below", "filename": "b.png",
         "sentences": [{"sentid": 6, "raw": "the sea"}]},
    ]  # fmt: skip
    (folder / META_FILE).write_text(json.dumps({"images": images}))
    return folder


def test_vectors_are_the_encoders_own(encoder: SceneEncoder, pictures: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    out = tmp_path / "out"
    written = embed_dataset(encoder, pictures, out, progress=lambda done, total, _: told.append((done, total)))
    assert written == {"images": 2, "captions": 3, "dim": 256} and told[-1] == (5, 5)
    train = DenseFolder.read(tmp_path / "out").split("train")
    assert train.image_ids == ["3"] and list(train.captions) == ["a red house", "a house"]
    with Image.open(pictures / "a.png") as picture:
        assert train.images == pytest.approx(encoder.encode_images([picture]), abs=ROUNDING)
    assert train.texts == pytest.approx(encoder.encode_texts(["a red house", "a house"]), abs=ROUNDING)
    assert np.linalg.norm(train.texts, axis=1) == pytest.approx(np.ones(2), abs=ROUNDING)
    with pytest.raises(DatasetError, match="already holds img_embs"):
        refuse_overwriting(tmp_path / "out")


def test_what_is_wrong_with_a_picture_is_said_and_nothing_written(
    encoder: SceneEncoder, pictures: Path, tmp_path: Path
) -> None:
    (pictures / "a.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"a\.png cannot be embedded"):
        embed_dataset(encoder, pictures, tmp_path / "out")
    (pictures / "a.png").unlink()
    with pytest.raises(DatasetError, match=r"dataset_meta\.json, image 0: there is no picture a\.png"):
        embed_dataset(encoder, pictures, tmp_path / "out")
    with pytest.raises(DatasetError, match="has no dataset_meta"):
        embed_dataset(encoder, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
