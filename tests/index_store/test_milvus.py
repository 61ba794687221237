"""A collection in Milvus Lite answers as the one in a folder does, to the last bit; what it cannot do it says."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index_store.address import MilvusAddress, parse_address
from index_store.errors import (
    CollectionBusy,
    CollectionClosed,
    CollectionDamaged,
    CollectionError,
    CollectionExists,
    CollectionMismatch,
    CollectionNotFound,
    CollectionReadOnly,
    CollectionTooNew,
    CollectionUnreachable,
    FilterError,
    ItemNotFound,
    VectorError,
)
from index_store.filters import EVERYTHING, parse
from index_store.folder.collection import Collection
from index_store.formats.jsonl import export_jsonl, import_jsonl
from index_store.formats.transfer import import_collection
from index_store.items import Description, NewItem, Retrieval, Seen
from index_store.opening import collection_exists, create_collection, open_collection
from index_store.store import Store
from index_store.vectors import SparseVector
from tests.children import start

pytest.importorskip("milvus_lite", reason="Milvus Lite is not installed: pip install 'sightwords[milvus]'")
from index_store.milvus import exact_search, rows, server
from index_store.milvus.collection import MilvusCollection

VOCABULARY = [f"word{i}" for i in range(3_000)]
WEBP = b"RIFF\x00\x00\x00\x00WEBP"


@pytest.fixture
def address(tmp_path: Path) -> MilvusAddress:
    found = parse_address(f"milvus:{tmp_path}/items.db")
    assert isinstance(found, MilvusAddress)
    return found


@pytest.fixture
def milvus(address: MilvusAddress) -> Iterator[MilvusCollection]:
    with MilvusCollection.create(address, model="test", vocabulary=VOCABULARY) as made:
        yield made


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "local", model="test", vocabulary=VOCABULARY) as made:
        yield made


def learned(random: np.random.Generator, mean: float) -> SparseVector:
    """A vector as heads make them: few of many terms, frequent ones often, most weights small."""
    count = max(1, random.poisson(mean))
    terms = np.unique(np.minimum(random.zipf(1.3, count * 2) - 1, len(VOCABULARY) - 1))[:count]
    weights = np.log1p(random.gamma(1.2, 0.6, terms.size)).astype(np.float32) + np.float32(1e-3)
    return SparseVector(terms, weights)


def new(vector: SparseVector, number: int = 0, **known: object) -> NewItem:
    given = {"kind": "image", "path": f"/p/{number}.png", "caption": None, "content_hash": f"h{number}"} | known
    return NewItem(**given, vector=vector)  # type: ignore[arg-type]


def word(**weights: float) -> SparseVector:
    return SparseVector.from_pairs({int(name[1:]): weight for name, weight in weights.items()})


def pairs(found: Retrieval) -> list[tuple[int, float]]:
    assert found.exact and found.retrieve_ms >= 0 and found.rescore_ms >= 0
    return [(hit.id, hit.score) for hit in found.hits]


def fill(items: list[NewItem], *collections: Store) -> list[int]:
    """Adds the items to all collections, which give them the same ids."""
    ids = [
        [number for start in range(0, len(items), 700) for number in one.add(items[start : start + 700])]
        for one in collections
    ]
    assert all(some == ids[0] for some in ids)
    return ids[0]


@pytest.mark.slow
def test_1000_queries_give_the_same_ten_hits_and_scores(milvus: MilvusCollection, local: Collection) -> None:
    random = np.random.default_rng(5)
    vectors = [learned(random, 60) for _ in range(1_500)]
    vectors += [vectors[i] for i in random.integers(0, 1_500, 500)]  # pictures that are there twice: ties
    fill([new(vector, i) for i, vector in enumerate(vectors)], milvus, local)
    milvus.close()  # from here on it is indexed
    reader, ties = open_collection(parse_address(milvus.address)), 0
    for _ in range(1_000):
        query = learned(random, 12)
        found, known = reader.search(query, 10), local.search(query, 10)
        assert [hit.id for hit in found.hits] == [hit.id for hit in known.hits]
        assert [hit.score for hit in found.hits] == pytest.approx([hit.score for hit in known.hits], abs=1e-4)
        assert found.hits == known.hits and found.exact  # scores are equal to the last bit
        scores = [hit.score for hit in found.hits]
        ties += len(scores) - len(set(scores))
    assert ties > 100
    reader.close()


def test_ties_go_to_the_smaller_id_however_few_candidates_come(
    milvus: MilvusCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With many equal scores the candidates that Milvus gives at once prove nothing: ranges of ids do."""
    monkeypatch.setattr(exact_search, "FIRST_CANDIDATES", 1)
    monkeypatch.setattr(exact_search, "MOST", 16)
    ids = fill([new(word(t1=0.7, **{f"t{i + 10}": 0.1}), i) for i in range(60)], milvus)
    milvus.remove(ids[:5])
    assert [hit.id for hit in milvus.search(word(t1=1.0), 3).hits] == ids[5:8]
    assert [hit.id for hit in milvus.search(word(t1=1.0), 40).hits] == ids[5:45]
    assert len(milvus.search(word(t1=1.0), 100).hits) == 55


@pytest.mark.parametrize("seed", range(4))
def test_any_history_searches_as_in_a_folder(
    milvus: MilvusCollection, local: Collection, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few terms and weights make ties; adding, replacing and removing; kinds and candidates; few candidates."""
    monkeypatch.setattr(exact_search, "FIRST_CANDIDATES", 1)
    monkeypatch.setattr(exact_search, "MOST", 12)
    random = np.random.default_rng(seed)

    def vector(most: int = 5) -> SparseVector:
        terms = random.choice(8, random.integers(0, most), replace=False)
        return SparseVector.from_pairs({int(term): float(random.choice([0.25, 0.5, 1, 1.1])) for term in terms})

    def items(count: int) -> list[NewItem]:
        return [new(vector(), i, kind=str(random.choice(["image", "caption"]))) for i in range(count)]

    ids = fill(items(50), milvus, local)
    gone = [int(item) for item in random.choice(ids, 10)]
    assert milvus.remove([*gone, 10**6]) == local.remove([*gone, 10**6])
    batch, old = items(10), [int(item) for item in random.choice(ids, 5)]
    assert milvus.add(batch, replacing=old) == local.add(batch, replacing=old)
    assert len(milvus) == len(local) and milvus.ids() == local.ids()
    assert milvus.vectors(local.ids()) == local.vectors(local.ids())
    assert milvus.document_frequencies() == local.document_frequencies()
    for _ in range(25):
        query, within, k = vector(7), vector(4), int(random.integers(0, 20))
        for kind in (None, "image"):
            assert pairs(milvus.search(query, k, kind=kind)) == pairs(local.search(query, k, kind=kind))
            found = milvus.search(query, k, kind=kind, candidates=within)
            assert pairs(found) == pairs(local.search(query, k, kind=kind, candidates=within))
    assert milvus.verify() == []


def test_large_and_small_query_weights_keep_the_order(milvus: MilvusCollection) -> None:
    ids = fill([new(word(t1=1.0 + i / 10), i) for i in range(5)], milvus)
    for weight in (3e38, 1e-38):
        found = milvus.search(word(t1=weight), 3)
        assert found.exact and [hit.id for hit in found.hits] == ids[:1:-1]
        assert found.hits[0].score == word(t1=weight).dot(word(t1=1.4))
    assert not milvus.search(word(t1=1.0, t2=1e-30), 3).exact  # what the small one adds may be lost on the way
    with pytest.raises(VectorError, match="weight outside"):
        milvus.add([new(word(t1=1e-30))])


def test_filters_let_through_what_they_do_in_a_folder(milvus: MilvusCollection, local: Collection) -> None:
    known = [
        {"path": "/p/holiday/IMG_1.jpg", "caption": "A boat, at sea", "width": 100, "tags": ("best", "a b")},
        {"path": "/p/holiday/IMGx1.jpg", "caption": "Un bateau à Sète: CAFÉ", "width": 2000, "bytes": 3_000_000},
        {"path": "/p/holiday/deep/100%.png", "caption": None, "height": 50, "tags": ('quo"te\\',)},
        {"path": "/p/holidays/a.png", "caption": "two boats", "kind": "caption", "tags": ("best",)},
        {"path": "/p/IMG_2.JPG", "caption": "sea, sea and a boat_house 3×", "tags": ()},
    ]
    fill([new(word(t1=1.0), i, **one) for i, one in enumerate(known)], milvus, local)
    for one in (milvus, local):
        one.describe({
            1: Description("A boat, at sea", ("new",), "2024-05-03T14:07:09", "Canon EOS_5D", 52.52, 13.405),
            2: Description(None, (), "2023", "NIKON D90", -17.0, 179.99),
        })  # fmt: skip
    assert [replace(item, added="", described="") for item in milvus.items([1, 2, 3])] == [
        replace(item, added="", described="", thumbnail=None) for item in local.items([1, 2, 3])
    ]
    found = milvus.counts()
    assert (found.cameras, found.years) == (local.counts().cameras, local.counts().years)
    year = milvus.items([1])[0].added[:4]
    asked = [
        "kind=image",
        "kind!=image",
        "folder=/p/holiday",
        "folder!=/p/holiday",
        "file=IMG_1.jpg",
        "file=IMG_*",
        "file!=IMG_*",
        "file=IMG?1.jpg",
        "file=100%.png",
        "file=*.png",
        "file=/p/IMG_2.JPG",
        "tag=best",
        "tag!=best",
        'tag=quo"te\\',
        "caption=boat",
        "caption!=boat",
        "caption=SEA",
        "caption=cafe",
        "caption=boat_house",
        "width>=100",
        "width<2000",
        "width!=0",
        "height=50",
        "bytes>2MB",
        "added>=2026",
        "added<2026",
        "caption=nothing",
        "tag=nothing",
        "tag=new",
        "camera=canon",
        "camera=EOS_5",
        "camera!=nikon",
        "near=52.52,13.4,5km",
        "near!=52.52,13.4,5km",
        "near=-17,-179.99,3km",
        "near=0,0,1km",
        "near!=0,0,1km",
    ]
    asked += [
        f"taken{sign}{date}" for sign in ("=", "!=", "<=", ">", "<", ">=") for date in ("2024", "2024-05", "2023")
    ]
    asked += [f"added{sign}{year}" for sign in ("=", "!=", "<=", ">", "<", ">=")]
    for condition in asked:
        where = parse([condition])
        assert milvus.ids(where) == local.ids(where), condition
        assert milvus.count(where) == len(local.ids(where))
        assert pairs(milvus.search(word(t1=1.0), 9, where=where)) == pairs(local.search(word(t1=1.0), 9, where=where))
    for several in (["tag=best", "tag=a b"], ["tag=best", "kind=image"], ["file!=IMG_1.jpg", "file!=a.png"]):
        assert milvus.ids(parse(several)) == local.ids(parse(several)), several
        assert milvus.counts(parse(several)) == local.counts(parse(several))
    assert milvus.counts(EVERYTHING) == local.counts(EVERYTHING)
    with pytest.raises(FilterError, match="brackets"):
        milvus.ids(parse(["file=[ab].png"]))


def test_items_move_to_other_paths_as_in_a_folder(milvus: MilvusCollection, local: Collection) -> None:
    fill([new(word(_0=1.0, _1=number + 1.0), number, caption=f"number {number}") for number in range(4)], milvus, local)
    for collection in (milvus, local):
        first, second, third = collection.ids()[:3]
        swapped = {first: collection.items([second])[0].path, second: collection.items([first])[0].path}
        before = collection.items([first, second])
        assert collection.move(swapped | {10**6: "nobody"}, removing=[third]) == 1
        after = collection.items([first, second])
        assert [item.path for item in after] == [item.path for item in reversed(before)]
        assert [(item.id, item.caption, item.tags) for item in after] == [(i.id, i.caption, i.tags) for i in before]
        assert third not in collection.ids()
        assert [item.id for item in collection.find(path=before[0].path)] == [second]
        with pytest.raises(CollectionError, match="not valid Unicode"):
            collection.move({first: "half a sign \ud800"})
    with pytest.raises(CollectionError, match="leave the budget out"):
        milvus.search(SparseVector.from_pairs({0: 1.0}), 3, budget=10)


def test_items_come_back_whole(milvus: MilvusCollection, address: MilvusAddress) -> None:
    large = WEBP + np.random.default_rng(1).bytes(90_000)  # more than one text of Milvus holds
    first, second, third = milvus.add(
        [
            new(word(t1=0.3, t7=1.5), 1, caption="a dog", thumbnail=large, width=3, height=2, bytes=9, tags=("z", "a")),
            new(word(t2=1.0), 2, caption='"quoted" \\ and\nmore'),
            new(SparseVector.from_pairs({}), 3, kind="caption", content_hash="h1"),
        ]
    )
    milvus.tag([first, second, 99], add=["best"], remove=["z"])
    with open_collection(address) as reader:
        one, two = reader.items([first, second])
        assert (one.path, one.caption, one.width, one.height, one.bytes) == ("/p/1.png", "a dog", 3, 2, 9)
        assert one.tags == ("a", "best") and two.tags == ("best",) and two.caption == '"quoted" \\ and\nmore'
        assert one.thumbnail and Path(one.thumbnail).read_bytes() == large and two.thumbnail is None
        assert Path(one.thumbnail).is_relative_to(reader.thumbnails)
        assert reader.vectors([third, first]) == [SparseVector.from_pairs({}), word(t1=0.3, t7=1.5)]
        assert [item.id for item in reader.all_items()] == [first, second, third] == reader.ids()
        assert [item.id for item in reader.all_items("caption")] == [third]
        assert [item.id for item in reader.find(content_hash="h1")] == [first, third]
        assert [item.id for item in reader.find(path="/p/1.png", content_hash="h1")] == [first]
        stats = reader.stats()
        assert (stats.items, stats.by_kind, stats.postings) == (3, {"caption": 1, "image": 2}, 3)
        assert stats.frequent == (("word1", 1), ("word2", 1), ("word7", 1)) and stats.bytes_on_disk
        for absent in (reader.items, reader.vectors):
            with pytest.raises(ItemNotFound, match="holds no item 99"):
                absent([first, 99])
    assert not Path(one.thumbnail).exists()  # copies end with the collection


def test_items_go_there_and_back(milvus: MilvusCollection, local: Collection, tmp_path: Path) -> None:
    """From a folder to Milvus and from there into a folder and a file, exact, with thumbnails and tags."""
    random = np.random.default_rng(3)
    fill([new(learned(random, 20), i, thumbnail=WEBP + bytes([i]), tags=("t",)) for i in range(30)], local)
    assert import_collection(milvus, local.path).added == 30
    with Collection.create(tmp_path / "back", model="test", vocabulary=VOCABULARY) as back:
        address = parse_address(milvus.address)
        assert import_collection(back, address).added == 30
        assert back.vectors(back.ids()) == local.vectors(local.ids())
        assert Path(back.items([7])[0].thumbnail or "").read_bytes() == WEBP + bytes([6])
        assert back.items([7])[0].tags == ("t",)
    assert export_jsonl(milvus, tmp_path / "milvus.jsonl") == export_jsonl(local, tmp_path / "local.jsonl") == 30
    assert (tmp_path / "milvus.jsonl").read_bytes() == (tmp_path / "local.jsonl").read_bytes()
    done = import_jsonl(milvus, tmp_path / "local.jsonl")
    assert (done.added, done.present) == (0, 30)


def test_another_models_vectors_are_refused_in_the_same_words(milvus: MilvusCollection, local: Collection) -> None:
    vocabulary = [*VOCABULARY[:-1], "other"]
    told = []
    for one, address in ((milvus, parse_address(milvus.address)), (local, local.path)):
        for wanted in ({"model": "another"}, {"vocabulary": vocabulary}):
            with pytest.raises(CollectionMismatch) as caught:
                open_collection(address, **wanted)  # type: ignore[arg-type]
            told.append(str(caught.value).replace(one.address, "X"))
        with pytest.raises(VectorError, match="vocabulary ends at 2999") as refused:
            one.search(word(t3000=1.0), 1)
        told.append(str(refused.value))
        with pytest.raises(CollectionError, match="kind is one of"):
            one.add([new(word(t1=1.0), kind="film")])
        with pytest.raises(CollectionError, match="cannot be a tag"):
            one.tag([1], add=[" x"])
    assert told[:3] == told[3:]
    with open_collection(parse_address(milvus.address), model="test", vocabulary=VOCABULARY) as same:
        assert same.vocabulary == tuple(VOCABULARY) and same.digest == local.digest and same.model == "test"


def test_what_is_not_so_is_said_in_one_sentence(address: MilvusAddress, tmp_path: Path) -> None:
    assert not collection_exists(address)
    with pytest.raises(CollectionNotFound, match="no collection at milvus:"):
        open_collection(address)
    assert not (tmp_path / "items.db").exists()
    (tmp_path / "text.db").write_text("no database")
    with pytest.raises(CollectionNotFound, match="not a file of Milvus Lite"):
        open_collection(parse_address(f"milvus:{tmp_path}/text.db"))
    with create_collection(address, model="test", vocabulary=VOCABULARY) as made:
        assert collection_exists(address) and made.writable and not made.wasteful and len(made) == 0 and made
        with pytest.raises(CollectionExists, match="already something"):
            create_collection(address, model="test", vocabulary=VOCABULARY)
        with pytest.raises(CollectionBusy, match="being written already"):
            open_collection(address, writable=True, wait=0.1)
        with open_collection(address) as reader:
            with pytest.raises(CollectionReadOnly, match="open for reading"):
                reader.add([new(word(t1=1.0))])
            assert reader.search(word(t1=1.0), 5).hits == ()
        with pytest.raises(CollectionError, match="nothing to compact"):
            made.compact()
        with pytest.raises(CollectionError, match="needs a path or a content hash"):
            made.find()
    with pytest.raises(CollectionClosed, match="has been closed"):
        len(made)
    made.close()  # twice is fine
    with open_collection(address, writable=True) as again:
        assert again.remove([1]) == 0


def test_one_program_at_a_time_has_a_file(milvus: MilvusCollection) -> None:
    told = "from index_store.opening import *; from index_store.address import parse_address; import sys"
    code = (
        f"{told}\ntry: open_collection(parse_address(sys.argv[1]))\nexcept Exception as e: print(type(e).__name__, e)"
    )
    done = subprocess.run([sys.executable, "-c", code, milvus.address], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("CollectionBusy Another program has milvus:") and not done.stderr
    milvus.close()
    assert subprocess.run([sys.executable, "-c", code, milvus.address], capture_output=True, timeout=60).stdout == b""


def test_no_server_and_no_packages(monkeypatch: pytest.MonkeyPatch, address: MilvusAddress) -> None:
    with pytest.raises(CollectionUnreachable, match="No Milvus server answers at milvus:"):
        open_collection(parse_address("milvus://127.0.0.1:1/x"))
    assert "MILVUS_TOKEN" in str(server.explain(1800, "auth check failure", address))
    monkeypatch.setattr(server, "find_spec", lambda name: None)
    with pytest.raises(CollectionError, match=r"pip install 'sightwords\[milvus\]'"):
        create_collection(address, model="test", vocabulary=VOCABULARY)


def test_a_server_is_asked_over_the_network(tmp_path: Path) -> None:
    """Milvus Lite as a program of its own, at a port; once it is killed, that is said and nobody waits for long."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(tmp_path / "data")]
    program = subprocess.Popen([*command, "--host", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL)
    address = parse_address(f"milvus://127.0.0.1:{port}/pictures")
    try:
        for _ in range(100):
            with contextlib.suppress(CollectionUnreachable):
                assert not collection_exists(address)
                break
            time.sleep(0.3)
        with (
            create_collection(address, model="test", vocabulary=VOCABULARY) as made,
            open_collection(address) as reader,
        ):
            ids = made.add([new(word(t1=0.5 + i), i) for i in range(20)])
            with ThreadPoolExecutor(4) as pool:
                found = list(pool.map(lambda _: reader.search(word(t1=1.0), 3).hits, range(20)))
            assert all([hit.id for hit in hits] == ids[:16:-1] for hits in found)
            assert reader.address == f"milvus://127.0.0.1:{port}/pictures" and reader.stats().bytes_on_disk is None
            program.kill()
            program.wait()
            started = time.monotonic()
            with pytest.raises(CollectionUnreachable, match="No Milvus server answers"):
                reader.search(word(t1=1.0), 3)
            assert time.monotonic() - started < 20
    finally:
        program.kill()
        program.wait()


def test_a_killed_writer_leaves_whole_items_only(address: MilvusAddress) -> None:
    """What it reported is there, and of what it was about to add all requests that were taken, or none."""
    code = """
import sys
from index_store.address import parse_address
from index_store.items import NewItem
from index_store.opening import create_collection
from index_store.vectors import SparseVector
with create_collection(parse_address(sys.argv[1]), model="test", vocabulary=["a", "b"]) as made:
    while True:
        vector = SparseVector.from_pairs({0: 1.0, 1: 0.5})
        made.add([NewItem("image", "a.png", None, "h", vector, thumbnail=b"RIFF" * 999, tags=("t",))] * 10)
        print(len(made), flush=True)
"""
    program = start(code, address)
    for _ in range(5):
        reported = int(program.stdout.readline())
    program.kill()
    program.wait()
    program.stdout.close()
    with open_collection(address, writable=True) as left:
        assert len(left) >= reported == 50 and len(left) % 10 == 0
        assert left.verify() == [] and len(left.search(left.vectors([1])[0], 999).hits) == len(left)
        assert all(item.thumbnail and item.tags == ("t",) for item in left.items(left.ids()))
        assert left.add([new(SparseVector.from_pairs({1: 1.0}))])[0] > max(left.ids()[:-1])


def test_an_add_that_fails_leaves_nothing(milvus: MilvusCollection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second request of an add is one that Milvus refuses; what the first one brought is taken back."""
    (kept,) = milvus.add([new(word(t1=1.0))])
    monkeypatch.setattr("index_store.milvus.writer.REQUEST", 2)
    monkeypatch.setattr(rows, "LONGEST", 100_000)  # lets through a caption that Milvus does not
    batch = [new(word(t1=1.0), i, caption="x " * (40_000 if i == 3 else 3)) for i in range(4)]
    with pytest.raises(CollectionError, match="Milvus could not do what was asked"):
        milvus.add(batch, replacing=[kept])
    assert milvus.ids() == [kept] and milvus.document_frequencies() == {1: 1}
    monkeypatch.undo()
    with pytest.raises(CollectionError, match=r"caption of /p/3.png is longer than the 65,535 bytes"):
        milvus.add(batch)
    assert milvus.add([new(word(t1=1.0))]) == [6]  # ids are never used twice
    assert milvus.add([], replacing=[kept]) == [] and milvus.ids() == [6]


def test_a_creation_that_was_interrupted_is_made_anew(milvus: MilvusCollection, address: MilvusAddress) -> None:
    milvus._table.server.ask("drop_collection", "sightwords")  # as if it ended after the table of facts
    milvus.close()
    assert not collection_exists(address)
    with create_collection(address, model="second", vocabulary=VOCABULARY[:5]) as made:
        assert made.vocabulary == tuple(VOCABULARY[:5]) and made.model == "second"


def test_a_table_of_the_earlier_form_answers_all_but_what_it_has_no_room_for(
    address: MilvusAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = rows.item_table

    def earlier() -> Any:
        schema, indexes = table()
        schema._fields = [one for one in schema.fields if one.name not in (*rows.DESCRIBED, "camera_key")]
        return schema, indexes

    monkeypatch.setattr(rows, "item_table", earlier)
    MilvusCollection.create(address, model="test", vocabulary=VOCABULARY).close()
    with MilvusCollection.open(address, writable=True) as made:
        made._table.server.ask("upsert", "sightwords_about", [rows.fact("form", rows.EARLIER)])
    with MilvusCollection.open(address, writable=True) as made:
        (one,) = made.add([new(word(t1=1.0), 1, camera="lost", tags=("a",))])
        made.describe({one: Description("a boat", ("b",), "2024", "lost", 1.0, 2.0)})
        made.move({one: "/q.png"})
        (item,) = made.items([one])
        assert (item.caption, item.tags, item.camera, item.described) == ("a boat", ("a", "b"), None, item.added)
        assert made.counts().cameras == {} and made.ids(parse(["caption=boat"])) == [one]
        for condition in ("taken=2024", "camera=x", "near=1,2,3km"):
            with pytest.raises(FilterError, match="an earlier Sightwords made it"):
                made.ids(parse([condition]))


def test_rows_that_are_wrong_are_found_and_taken_out(milvus: MilvusCollection, address: MilvusAddress) -> None:
    good, bad = milvus.add([new(word(t1=1.0, t2=1.0), 1), new(word(t1=1.0), 2)])
    (row,) = milvus._table.rows_of([bad], rows.every_field(rows.FORM))
    milvus._table.server.ask(
        "upsert", "sightwords", [{name: row[name] for name in rows.every_field(rows.FORM)} | {"terms": 9}]
    )
    assert len(milvus.verify()) == 1 and str(bad) in milvus.verify()[0]
    assert milvus.repair().removed == 1 and milvus.verify() == [] and milvus.ids() == [good]
    milvus._table.server.ask("upsert", "sightwords_about", [rows.fact("form", "99")])
    with pytest.raises(CollectionTooNew, match="newer Sightwords"):
        open_collection(address)
    milvus._table.server.ask(
        "upsert", "sightwords_about", [rows.fact("form", rows.FORM), rows.fact("vocabulary-000000", "[]")]
    )
    with pytest.raises(CollectionDamaged, match="lost its vocabulary"):
        open_collection(address)
    milvus._table.server.ask("drop_collection", "sightwords_about")
    with pytest.raises(CollectionNotFound, match="no collection of Sightwords"):
        open_collection(address)


def test_a_long_vocabulary_is_kept_in_parts(address: MilvusAddress) -> None:
    vocabulary = [f"wörd-{i:05d}" for i in range(30_522)]
    with create_collection(address, model="test", vocabulary=vocabulary) as made:
        assert made.vocabulary == tuple(vocabulary)


def test_words_stay_behind_for_they_could_not_be_told_from_what_was_seen(milvus: MilvusCollection) -> None:
    seen = SparseVector.from_pairs({1: 0.5})
    (item,) = milvus.add([replace(new(SparseVector.from_pairs({1: 0.7, 2: 0.3})), seen=Seen(seen, "words"))])
    assert milvus.vectors([item]) == [seen] and milvus.seen([item]) == {} and milvus.verify() == []
    assert milvus.caption_weight is None
    with pytest.raises(CollectionError, match="captions weigh nothing"):
        milvus.weigh_captions(0.5)
