"""What is exported and imported is what was there, to the last bit; a bad file changes nothing."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_store.errors import ExchangeError
from index_store.folder.collection import Collection
from index_store.formats.jsonl import export_jsonl, import_jsonl
from index_store.formats.transfer import BATCH
from index_store.items import NewItem
from index_store.vectors import SparseVector

VOCABULARY = ["dog", "cat", 'a "quoted" term', "Straße", "雪", "sofa"]
weights = st.floats(min_value=0, exclude_min=True, allow_infinity=False, width=32)
vectors = st.dictionaries(st.integers(0, len(VOCABULARY) - 1), weights, max_size=6).map(SparseVector.from_pairs)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
items = st.builds(
    NewItem, st.sampled_from(["image", "caption"]), texts.filter(bool), st.none() | texts, texts.filter(bool), vectors,
    st.integers(0, 9000), st.integers(0, 9000), st.integers(0, 2**40),
)  # fmt: skip


def _known(collection: Collection) -> list[tuple]:
    held = list(collection.all_items())
    found = collection.vectors([item.id for item in held])
    return [
        (item.kind, item.path, item.caption, item.content_hash, item.width, item.height, item.bytes, vector.to_bytes())
        for item, vector in zip(held, found, strict=True)
    ]


@given(st.lists(items, max_size=6, unique_by=lambda item: (item.path, item.content_hash)))
@settings(max_examples=25, deadline=None)
def test_a_round_trip_loses_nothing(given_items: list[NewItem]) -> None:
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "items.jsonl"
        with Collection.create(Path(place) / "one", model="m", vocabulary=VOCABULARY) as one:
            one.add(given_items)
            assert export_jsonl(one, file) == len(given_items)
            with Collection.create(Path(place) / "two", model="m", vocabulary=VOCABULARY) as two:
                assert import_jsonl(two, file).added == len(given_items)
                assert _known(two) == _known(one)
                again = import_jsonl(two, file)
                assert (again.added, again.present) == (0, len(given_items))


def test_many_items_come_in_batches_with_progress(tmp_path: Path) -> None:
    file, count, told = tmp_path / "items.jsonl", BATCH + 7, []
    file.write_text("".join(json.dumps({"id": f"doc{i}", "vector": {"dog": i + 1}}) + "\n" for i in range(count)))
    with Collection.create(tmp_path / "c", model="m", vocabulary=VOCABULARY) as collection:
        import_jsonl(collection, file, progress=lambda done, total, _: told.append((done, total)))
        hits = collection.search(SparseVector.from_pairs({0: 2.0}), 2).hits
        assert told == [(BATCH, count), (count, count)] and len(collection) == count
        assert [hit.score for hit in hits] == [2.0 * count, 2.0 * (count - 1)]
        assert collection.items([hits[0].id])[0].path == f"doc{count - 1}"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "double quotes"),
        ("[1]", "expected an object"),
        ('{"vector": ["dog"]}', "expected an object"),
        ('{"vector": {"unicorn": 1}}', "'unicorn' is not in the collection's vocabulary"),
        ('{"vector": {"dog": "much"}}', "not a number"),
        ('{"vector": {"dog": true}}', "not a number"),
        ('{"vector": {"dog": -1}}', "positive"),
        ('{"vector": {"dog": 1e999}}', "finite"),
        ('{"vector": {"dog": 1%s}}' % ("0" * 400), "too large"),
        ('{"vector": {}, "kind": "film"}', '"kind" must be'),
        ('{"vector": {}, "path": 7}', '"path" must be text'),
        ('{"vector": {}, "width": -1}', '"width" must be a whole number'),
        ('{"vector": {}, "path": "\\ud800"}', "surrogates"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_imported(tmp_path: Path, line: str, reason: str) -> None:
    file = tmp_path / "items.jsonl"
    good = json.dumps({"vector": {"dog": 1.5}})
    file.write_text(f"{good}\n{line}\n{good}\n")
    with Collection.create(tmp_path / "c", model="m", vocabulary=VOCABULARY) as collection:
        with pytest.raises(ExchangeError, match=r"^Line 2 of .*nothing was imported\.$") as raised:
            import_jsonl(collection, file)
        assert reason in str(raised.value)
        assert len(collection) == 0 and collection.verify() == []


def test_files_that_cannot_be_read_or_written_are_said(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "c", model="m", vocabulary=VOCABULARY) as collection:
        with pytest.raises(ExchangeError, match="cannot be read: no such file"):
            import_jsonl(collection, tmp_path / "none.jsonl")
        with pytest.raises(ExchangeError, match="cannot be written"):
            export_jsonl(collection, tmp_path / "none" / "out.jsonl")
        (tmp_path / "latin").write_bytes("ä".encode("latin-1"))
        with pytest.raises(ExchangeError, match="UTF-8"):
            import_jsonl(collection, tmp_path / "latin")
