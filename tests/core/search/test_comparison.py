"""Two rankings side by side, by hand and against scipy; dense vectors of items, made once."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import kendalltau

from core.data.dense_items import dense_items
from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.search.comparison import compare, kendall_tau
from index_store.folder.collection import Collection
from index_store.items import Hit

pytestmark = pytest.mark.numeric


def ranked(*ids: int) -> list[Hit]:
    return [Hit(number, 1 / (place + 1)) for place, number in enumerate(ids)]


def test_a_comparison_by_hand() -> None:
    found = compare(ranked(1, 2, 3, 4), ranked(3, 9, 1, 2))
    assert found.lines == [(0, 2), (1, 3), (2, 0)]
    assert found.overlap == 0.75 and found.kendall_tau == pytest.approx(-1 / 3)  # of (2,3), (2,0), (3,0) one in order
    assert compare(ranked(1, 2), ranked(1, 2)).kendall_tau == 1
    assert compare([], []).overlap == 0
    one = compare(ranked(1, 2), ranked(1))
    assert one.overlap == 0.5 and one.kendall_tau is None


@given(st.permutations(range(7)))
def test_kendall_tau_is_scipys(places: list[int]) -> None:
    assert kendall_tau(places) == pytest.approx(kendalltau(range(7), places).statistic)


def test_dense_vectors_are_made_once(
    model: Model, patches: list[Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, file = tmp_path / "pictures", tmp_path / "home" / "dense.npz"
    pictures.mkdir()
    for i, patch in enumerate(patches[:5]):
        patch.save(pictures / f"{i}.png")
    encoded: list[int] = []
    whole = model.encoder.encode_images
    monkeypatch.setattr(model.encoder, "encode_images", lambda images: encoded.append(len(images)) or whole(images))

    def collection(name: str) -> Collection:
        made = Collection.create(tmp_path / name, model=model.name, vocabulary=model.vocabulary.terms)
        index_paths(model, made, [pictures])
        encoded.clear()
        return made

    with collection("first") as first:
        told: list[tuple[int, int]] = []
        found = dense_items(model.encoder, first, file, progress=lambda done, of, _: told.append((done, of)))
        assert found is not None and encoded == [5] and told == [(5, 5)] and found.missing == 0
        rows = dict(zip(found.ids.tolist(), found.rows, strict=True))
        for item in first.all_items(kind="image"):
            with Image.open(item.path) as picture:
                np.testing.assert_allclose(rows[item.id], whole([picture])[0], atol=1e-6)
        query = model.dense_texts(["a red dog"])[0]
        scores = sorted(((float(row @ query), -number) for number, row in rows.items()), reverse=True)
        assert [number for number, _ in found.nearest(query, 3)] == [-number for _, number in scores[:3]]
        encoded.clear()
        again = dense_items(model.encoder, first, file)
        assert again is not None and encoded == [] and np.array_equal(again.rows, found.rows)
    shutil.copy(pictures / "0.png", pictures / "same bytes.png")
    patches[5].save(pictures / "new.png")
    with collection("second") as second:  # made anew, so with other ids: what is known by its content is not encoded
        (pictures / "4.png").unlink()
        found = dense_items(model.encoder, second, file)
        assert found is not None and encoded == [1] and len(found.ids) == 7 and found.missing == 0
        file.write_bytes(b"PK\x03\x04 half")
        found = dense_items(model.encoder, second, file)
        assert found is not None and len(found.ids) == 6 and found.missing == 1  # its file is gone
        file.unlink()
        assert dense_items(model.encoder, second, file, should_stop=lambda: True) is None and not file.exists()
