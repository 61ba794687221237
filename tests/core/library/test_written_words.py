"""What is written of a picture in its vector: exactly added, told apart again, and in step with the words."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from core.library.indexing.sync import IndexReport, index_paths
from core.library.reweighing import carry_over
from core.library.written_words import combined, texts_of
from core.models.model import Model
from core.search.encoding import encode
from core.search.query import Query
from core.search.results import SearchHit
from core.search.search import reasons_of, search
from index_store.errors import CollectionError
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector
from tests.conftest import Keeping, make_model
from tests.rounding import ROUNDING, alike

pytestmark = pytest.mark.numeric
TEXT = "a red dog by the sea with two cats and a ball"
CAPTIONS = {"0.png": ["a red dog by the sea", "two cats"], "1.png": ["a blue boat"], "2.png": ["a ball"]}


def captions_file(folder: Path, captions: Mapping[str, Sequence[str]]) -> Path:
    file = folder.parent / "captions.jsonl"
    lines = [json.dumps({"file": name, "captions": list(texts)}) for name, texts in captions.items()]
    file.write_text("\n".join(lines), "utf-8")
    return file


def indexed(
    model: Model, collection: Collection, folder: Path, captions: Mapping[str, Sequence[str]], weight: float | None
) -> IndexReport:
    file = captions_file(folder, captions)
    return index_paths(model, collection, [folder], captions=file, captions_folder=folder, with_captions=weight)


def by_name(collection: Collection) -> dict[str, tuple[int, SparseVector, SparseVector | None]]:
    """{file name: (id, vector, what was seen)} of the pictures."""
    items = list(collection.all_items("image"))
    ids = [item.id for item in items]
    seen = collection.seen(ids)
    return {
        Path(item.path).name: (item.id, vector, seen[item.id].vector if item.id in seen else None)
        for item, vector in zip(items, collection.vectors(ids), strict=True)
    }


def alone(model: Model, folder: Path, place: Path) -> dict[str, SparseVector]:
    """The vectors of the pictures, of which nothing is written."""
    with Collection.create(place, model=model.name, vocabulary=model.vocabulary.terms) as made:
        index_paths(model, made, [folder])
        return {name: vector for name, (_, vector, _) in by_name(made).items()}


def dense_row(vector: SparseVector, size: int) -> np.ndarray:
    row = np.zeros(size)
    row[vector.terms] = vector.weights
    return row


def test_each_term_weighs_as_much_as_in_what_lights_it_most(
    model: Model, collection: Collection, folder: Path, tmp_path: Path
) -> None:
    indexed(model, collection, folder, CAPTIONS, 0.4)
    pictures, found, size = alone(model, folder, tmp_path / "alone"), by_name(collection), len(model.vocabulary)
    assert sorted(found) == [f"{n}.png" for n in range(6)]
    for name, (_, vector, seen) in found.items():
        texts = CAPTIONS.get(name, [])
        assert (seen is not None) is bool(texts) and alike(seen or vector, pictures[name])
        written = [0.4 * dense_row(one, size) for one in model.encode_texts(texts)]
        expected = np.max([dense_row(pictures[name], size), *written], axis=0)
        np.testing.assert_allclose(dense_row(vector, size), expected, rtol=0, atol=ROUNDING)
    assert collection.verify() == [] and collection.stats().written == 3 and collection.caption_weight == 0.4


def hits_of(model: Model, collection: Collection, query: Query) -> dict[str, SearchHit]:
    return {f"{hit.kind} {Path(hit.path).name} {hit.id}": hit for hit in search(model, collection, query).hits}


@pytest.mark.parametrize("weights", [{}, {"dog": -0.5, "sea": 2.0}], ids=["as asked", "bent"])
def test_scores_are_exact_and_seen_and_written_add_up_to_them(
    model: Model, collection: Collection, folder: Path, tmp_path: Path, weights: dict[str, float]
) -> None:
    indexed(model, collection, folder, CAPTIONS, 0.4)
    result = search(model, collection, Query(TEXT, k=50, weights=weights))
    assert result.exact and {hit.kind for hit in result.hits} == {"image", "caption"}
    query = SparseVector.from_pairs(
        {model.vocabulary.terms.index(term.term): term.weight for term in result.terms if term.weight > 0}
    )
    pictures = alone(model, folder, tmp_path / "alone")
    sources = set()
    for hit in result.hits:
        rows = hit.contributions
        assert sum(row.contribution for row in rows) == pytest.approx(hit.score, rel=1e-5)
        assert all(row.seen + row.written == pytest.approx(row.contribution) for row in rows)
        if hit.kind == "caption":
            assert {row.source for row in rows} == {"written"}
            continue
        sources |= {row.source for row in rows}
        positive = sum(row.seen for row in rows if row.contribution > 0)
        rounding = ROUNDING * float(query.weights.sum())
        assert positive == pytest.approx(query.dot(pictures[Path(hit.path).name]), abs=rounding)
        if Path(hit.path).name not in CAPTIONS:
            assert {row.source for row in rows} == {"seen"}
    assert sources == {"seen", "written", "both"}


def test_the_reasons_of_one_item_tell_the_same(model: Model, collection: Collection, folder: Path) -> None:
    indexed(model, collection, folder, CAPTIONS, 0.4)
    hit = search(model, collection, Query(TEXT, kind="image")).hits[0]
    asked = encode(model, collection, Query(TEXT)).whole(0.5)
    assert reasons_of(model, collection, asked, hit.id) == hit.contributions


def test_other_captions_are_weighed_in_and_no_picture_is_encoded_again(
    model: Model, collection: Collection, folder: Path
) -> None:
    counting = Keeping(model)
    indexed(counting, collection, folder, CAPTIONS, 0.4)
    encoded, before = len(counting.kept), by_name(collection)
    others = CAPTIONS | {"0.png": [CAPTIONS["0.png"][0], "a green house"], "1.png": ["the moon"], "3.png": ["a hat"]}
    report = indexed(counting, collection, folder, others, None)
    after = by_name(collection)
    assert (report.updated, report.weighed) == (2, 1)  # the first caption describes its picture
    assert encoded == 6 and len(counting.kept) == encoded
    for name, (number, vector, seen) in after.items():
        picture = before[name][2] or before[name][1]
        assert (seen or vector) == picture  # to the bit: nothing drifts, however often words change
        assert (number != before[name][0]) is (others.get(name) != CAPTIONS.get(name))
        assert alike(vector, combined(picture, model.encode_texts(others.get(name, [])), 0.4))
    again = indexed(counting, collection, folder, others, None)
    assert (again.weighed, again.updated, again.added) == (0, 0, 0)


def test_the_weight_is_kept_changed_and_taken_back_to_the_bit(
    model: Model, collection: Collection, folder: Path
) -> None:
    assert collection.caption_weight is None
    indexed(model, collection, folder, CAPTIONS, None)
    plain = {name: vector for name, (_, vector, _) in by_name(collection).items()}
    assert collection.seen(collection.ids()) == {} and collection.caption_weight is None
    with sqlite3.connect(collection.path / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE items SET added = '2020-02-02T02:02:02+00:00'")
    assert index_paths(model, collection, [folder], with_captions=0.4).weighed == 3
    assert {item.added[:4] for item in collection.all_items()} == {"2020"}  # they are no newer than before
    assert index_paths(model, collection, [folder], with_captions=0.8).weighed == 3
    assert index_paths(model, collection, [folder]).weighed == 0 and collection.caption_weight == 0.8
    heavy = {name: vector for name, (_, vector, _) in by_name(collection).items()}
    assert all((heavy[name] == plain[name]) is (name not in CAPTIONS) for name in plain)
    assert index_paths(model, collection, [folder], with_captions=0).weighed == 3
    assert {name: vector for name, (_, vector, _) in by_name(collection).items()} == plain
    assert collection.seen(collection.ids()) == {} and collection.verify() == []


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_other_weights_are_refused(collection: Collection, weight: float) -> None:
    with pytest.raises(CollectionError, match="Captions cannot weigh"):
        collection.weigh_captions(weight)


def test_keywords_weigh_once_they_speak_a_term(model: Model, collection: Collection, folder: Path) -> None:
    index_paths(model, collection, [folder], with_captions=0.5)
    (first, vector, _), (second, _, _) = by_name(collection)["0.png"], by_name(collection)["1.png"]
    collection.tag([first], add=["dog", "moon", "to print"])
    collection.tag([second], add=["best"])
    assert index_paths(model, collection, [folder]).weighed == 1
    now, (words,) = by_name(collection), model.encode_texts(["dog, moon"])
    assert alike(now["0.png"][1], combined(vector, [words], 0.5)) and now["0.png"][0] != first
    assert now["1.png"][0] == second and now["1.png"][2] is None
    (item,) = collection.items([now["0.png"][0]])
    assert item.tags == ("dog", "moon", "to print")


def test_what_is_written_is_each_text_once(model: Model) -> None:
    item = NewItem("image", "/a", "a dog", "0", SparseVector.from_pairs({}), tags=("cat", "best"))
    assert texts_of(item, ["a dog", "a boat", " "], model.vocabulary) == ("a boat", "a dog", "cat")


def test_a_copy_has_words_of_its_own(model: Model, collection: Collection, folder: Path) -> None:
    (folder / "copy.png").write_bytes((folder / "0.png").read_bytes())
    counting = Keeping(model)
    indexed(counting, collection, folder, CAPTIONS | {"copy.png": ["the moon"]}, 0.4)
    found = by_name(collection)
    (moon,) = model.encode_texts(["the moon"])
    assert len(counting.kept) == 6 and found["copy.png"][2] == found["0.png"][2]
    assert alike(found["copy.png"][1], combined(found["0.png"][2] or moon, [moon], 0.4))


def test_a_stopped_run_is_taken_up_again(model: Model, collection: Collection, folder: Path) -> None:
    indexed(model, collection, folder, CAPTIONS, None)
    asked = iter([False] * 4)
    report = index_paths(model, collection, [folder], with_captions=0.4, should_stop=lambda: next(asked, True))
    assert report.cancelled and report.weighed == 0
    assert index_paths(model, collection, [folder]).weighed == 3 and collection.verify() == []


def test_another_head_weighs_pictures_and_words(
    model: Model, collection: Collection, folder: Path, tmp_path: Path
) -> None:
    indexed(model, collection, folder, CAPTIONS, 0.4)
    head = make_model(seed=9).head
    other = Model("other", model.encoder, head, model.vocabulary)
    carry_over(other, collection, tmp_path / "new" / "collection")
    pictures = alone(other, folder, tmp_path / "alone")
    with Collection.open(tmp_path / "new" / "collection", writable=True) as target:
        assert target.caption_weight == 0.4
        for name, (_, vector, seen) in by_name(target).items():
            assert alike(seen or vector, pictures[name])
            written = other.encode_texts(CAPTIONS.get(name, []))
            assert alike(vector, combined(seen or vector, written, 0.4))
        file = captions_file(folder, CAPTIONS)
        assert index_paths(other, target, [folder], captions=file, captions_folder=folder).weighed == 0
