"""Nearly equal pictures are found however they were saved, and search, still exact, shows one for all of them."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from core.library.duplicates import copies, find_copies
from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.pictures.similarity import similarity_hash
from core.search.encoding import encode_text
from core.search.query import Query
from core.search.search import search
from index_store.folder.collection import Collection


def photograph(seed: int) -> Image.Image:
    """Something with the frequencies of a photograph: shapes of all sizes, a gradient, noise."""
    random = np.random.default_rng(seed)
    image = Image.fromarray(random.integers(40, 216, (6, 8, 3), dtype=np.uint8)).resize((640, 480))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        (x, y), size = random.integers(0, 600, 2).tolist(), int(random.integers(20, 160))
        colour = tuple(random.integers(0, 256, 3).tolist())
        draw.ellipse((x, y * 0.75, x + size, y * 0.75 + size * float(random.uniform(0.4, 1.4))), fill=colour)
    noise = random.normal(0, 6, (480, 640, 3))
    return Image.fromarray(
        np.clip(np.asarray(image.filter(ImageFilter.GaussianBlur(1))) + noise, 0, 255).astype(np.uint8)
    )


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Eight photographs; of the first there are seven versions and a copy, of the second one, and two flat pictures."""
    place = tmp_path / "album"
    place.mkdir()
    for number in range(8):
        photograph(number).save(place / f"{number}.png")
    first = photograph(0)
    for quality in (30, 60, 95):
        first.save(place / f"0-q{quality}.jpg", quality=quality)
    first.resize((160, 120), Image.Resampling.LANCZOS).save(place / "0-quarter.png")
    first.resize((320, 240)).save(place / "0-half.jpg", quality=40)
    first.crop((6, 5, 634, 475)).save(place / "0-cropped.png")
    first.save(place / "0.webp", quality=70)
    shutil.copy(place / "0.png", place / "0-copy.png")
    photograph(1).save(place / "1-again.jpg", quality=80)
    Image.new("RGB", (64, 48), (200, 10, 10)).save(place / "red.png")
    Image.new("RGB", (64, 48), (10, 10, 200)).save(place / "blue.png")
    return place


def names(collection: Collection) -> list[list[str]]:
    return [sorted(Path(item.path).name for item in one.items) for one in copies(collection)]


ALIKE = [
    sorted(["0.png", "0-q30.jpg", "0-q60.jpg", "0-q95.jpg", "0-quarter.png", "0-half.jpg", "0-cropped.png", "0.webp",
            "0-copy.png"]),
    ["1-again.jpg", "1.png"],
]  # fmt: skip


def test_versions_of_a_picture_are_found_and_no_others(collection: Collection, model: Model, album: Path) -> None:
    index_paths(model, collection, [album])
    assert names(collection) == ALIKE and not any(one.equal for one in copies(collection))
    (album / "0-copy.png").unlink()
    shutil.copy(album / "3.png", album / "3-copy.png")
    (album / "1-again.jpg").unlink()
    index_paths(model, collection, [album])
    first, second = copies(collection)
    assert len(first.items) == 8 and second.equal and {Path(item.path).name for item in second.items} == {
        "3.png", "3-copy.png",
    }  # fmt: skip
    grouped = {item: ids for ids in collection.copies() for item in ids}
    assert len(grouped) == 10 and {item: collection.copies_of(item) for item in collection.ids()} == {
        item: grouped.get(item, []) for item in collection.ids()
    }


def test_what_a_thumbnail_shows_and_what_the_picture_shows_are_alike(collection: Collection, model: Model) -> None:
    assert similarity_hash(Image.new("L", (50, 50), 7).convert("RGB")) is None
    hash_ = similarity_hash(photograph(3))
    assert hash_ is not None and len(hash_) == 40
    assert similarity_hash(photograph(3).transpose(Image.Transpose.FLIP_LEFT_RIGHT)) != hash_


def test_collections_made_before_get_their_hashes_from_thumbnails(
    collection: Collection, model: Model, album: Path
) -> None:
    index_paths(model, collection, [album])
    db = sqlite3.connect(collection.path / "catalog.sqlite")
    db.execute("DELETE FROM likeness")
    db.commit()
    db.close()
    assert copies(collection) == [] and len(collection.without_similarity_hash()) == 19
    find_copies(collection)
    assert names(collection) == ALIKE and collection.without_similarity_hash() == []


@pytest.mark.parametrize("k", [1, 3, 7, 30])
def test_one_hit_for_all_copies_is_the_exact_list_without_the_worse_ones(
    collection: Collection, model: Model, album: Path, k: int
) -> None:
    index_paths(model, collection, [album])
    group = {item.id: number for number, one in enumerate(copies(collection)) for item in one.items}
    for text in ("a red dog beside the sea", "two blue boats"):
        every = search(model, collection, Query(text, k=100)).hits
        assert len(every) > 12 and all(hit.copies == 1 for hit in every)
        best, seen = [], set()
        for hit in every:
            if (copy_of := group.get(hit.id, -hit.id)) not in seen:
                seen.add(copy_of)
                best.append((hit.id, hit.score))
        found = search(model, collection, Query(text, k=k, each=False))
        assert [(hit.id, hit.score) for hit in found.hits] == best[:k] and found.exact
        assert {hit.copies for hit in found.hits if hit.id in group} <= {9, 2}
        against = {model.vocabulary.terms[int(encode_text(model, text).vector.terms[0])]: -0.5}
        for edits in ({}, against):
            whole = search(model, collection, Query(text, weights=edits, k=100))
            one = search(model, collection, Query(text, weights=edits, k=k, each=False))
            seen, best = set(), []
            for hit in whole.hits:
                if (copy_of := group.get(hit.id, -hit.id)) not in seen:
                    seen.add(copy_of)
                    best.append((hit.id, hit.score))
            assert [(hit.id, hit.score) for hit in one.hits] == best[:k]
