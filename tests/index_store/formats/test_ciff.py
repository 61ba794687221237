"""The Common Index File Format: bytes as its own description has them, and a round trip within its rounding."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_store.errors import ExchangeError
from index_store.folder.collection import Collection
from index_store.formats.ciff import export_ciff, import_ciff
from index_store.items import NewItem
from index_store.vectors import SparseVector

VOCABULARY = ("dog", "cat", "Straße", "boat")


def add(collection: Collection, *vectors: dict[int, float]) -> list[int]:
    items = [NewItem("image", f"{n}.png", None, str(n), SparseVector.from_pairs(v)) for n, v in enumerate(vectors)]
    return collection.add(items)


def test_the_bytes_by_hand(tmp_path: Path) -> None:
    """Two documents; messages as protobuf writes them: (field << 3 | type), then a varint or a length and bytes."""
    with Collection.create(tmp_path / "c", model="m", vocabulary=VOCABULARY) as held:
        add(held, {0: 0.002, 1: 0.3}, {1: 0.0001})
        assert export_ciff(held, tmp_path / "out.ciff") == 2
    data = (tmp_path / "out.ciff").read_bytes()
    about = b"Sightwords, model m; weights times 1000, rounded"
    header = (
        b"\x08\x01" + b"\x10\x02" + b"\x18\x02" + b"\x20\x02" + b"\x28\x02"
        + b"\x30\xaf\x02"  # 2 + 300 + 1 = 303
        + b"\x39" + struct.pack("<d", 303 / 2) + b"\x42" + bytes([len(about)]) + about
    )  # fmt: skip
    cat = b"\x0a\x03cat" + b"\x10\x02" + b"\x18\xad\x02" + b"\x22\x03\x10\xac\x02" + b"\x22\x04\x08\x01\x10\x01"
    dog = b"\x0a\x03dog" + b"\x10\x01" + b"\x18\x02" + b"\x22\x02\x10\x02"
    first = b"\x12\x011" + b"\x18\xae\x02"
    second = b"\x08\x01" + b"\x12\x012" + b"\x18\x01"
    assert data == b"".join(bytes([len(part)]) + part for part in (header, cat, dog, first, second))


weights = st.floats(min_value=2**-9, max_value=20, width=32)
vectors = st.dictionaries(st.integers(0, len(VOCABULARY) - 1), weights, max_size=4)


@given(st.lists(vectors, max_size=6))
@settings(max_examples=25, deadline=None)
def test_a_round_trip_keeps_every_posting_within_rounding(
    tmp_path_factory: pytest.TempPathFactory, made: list[dict[int, float]]
) -> None:
    place = tmp_path_factory.mktemp("ciff")
    with (
        Collection.create(place / "one", model="m", vocabulary=VOCABULARY) as one,
        Collection.create(place / "two", model="m", vocabulary=VOCABULARY[::-1]) as two,  # terms go by name
    ):
        ids = add(one, *made)
        export_ciff(one, place / "it.ciff")
        assert import_ciff(two, place / "it.ciff").added == len(made)
        assert import_ciff(two, place / "it.ciff").present == len(made)
        back = {item.path: vector for item, vector in zip(two.all_items(), two.vectors(two.ids()), strict=True)}
        for number, expected in zip(ids, made, strict=True):
            vector = back[str(number)]
            pairs = zip(vector.terms.tolist(), vector.weights.tolist(), strict=True)
            found = {two.vocabulary[term]: weight for term, weight in pairs}
            assert found.keys() == {VOCABULARY[t] for t in expected}
            for term, weight in expected.items():
                assert abs(found[VOCABULARY[term]] - weight) <= 0.0005 + 1e-6 * weight


def test_a_file_that_is_none_changes_nothing(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "c", model="m", vocabulary=VOCABULARY) as held:
        add(held, {0: 1.0, 3: 2.0}, {1: 1.0})
        export_ciff(held, tmp_path / "good.ciff")
        good = (tmp_path / "good.ciff").read_bytes()
        bad = tmp_path / "bad.ciff"
        for data in (b"", good[:-1], good[: len(good) // 2], b"no such format at all", b"\xff" * 40, b"\x02\x18\x01"):
            bad.write_bytes(data)
            with pytest.raises(ExchangeError, match="is not in the Common Index File Format") as caught:
                import_ciff(held, bad)
            assert "\n" not in str(caught.value)
        with pytest.raises(ExchangeError, match="cannot be read"):
            import_ciff(held, tmp_path / "missing.ciff")
        assert len(held) == 2
        with pytest.raises(ExchangeError, match="cannot be written"):
            export_ciff(held, tmp_path / "no" / "such.ciff")
    with Collection.create(tmp_path / "other", model="m", vocabulary=("cat", "boat")) as other:
        with pytest.raises(ExchangeError, match="the term 'dog', which is not in the collection's vocabulary"):
            import_ciff(other, tmp_path / "good.ciff")
        assert len(other) == 0
