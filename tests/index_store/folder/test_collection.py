"""A collection searches exactly what brute force finds, whatever is added, removed, replaced or reopened."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_store.errors import CollectionError
from index_store.filters import parse
from index_store.folder.collection import Collection
from index_store.items import NewItem, Retrieval
from index_store.search import exact
from index_store.snapshots import vector_cache
from index_store.vectors import SparseVector

TERMS = 40
VOCABULARY = [f"word{i}" for i in range(TERMS)]
Live = dict[int, NewItem]

# few distinct weights make ties; extremes make overflow and underflow
common = st.sampled_from([0.25, 0.5, 1.0, 1.5, 2.0])
extreme = st.sampled_from([1e-45, 1e-30, 1e30, 3.4028234663852886e38])
ordinary = st.floats(min_value=0.001953125, max_value=4, width=32)
vectors = st.dictionaries(st.integers(0, 12), common | ordinary | extreme, max_size=8).map(SparseVector.from_pairs)
tied = st.dictionaries(st.integers(0, 3), common, max_size=3).map(SparseVector.from_pairs)
kinds = st.sampled_from(["image", "caption"])


def new(vector: SparseVector, kind: str = "image", path: str = "a.png", thumbnail: bytes | None = None) -> NewItem:
    return NewItem(kind=kind, path=path, caption=None, content_hash=f"h-{path}", vector=vector, thumbnail=thumbnail)


def one(**weights: float) -> SparseVector:
    return SparseVector.from_pairs({int(name[1:]): weight for name, weight in weights.items()})


def brute_force(
    live: Live, query: SparseVector, k: int, kind: str | None = None, within: SparseVector | None = None
) -> list[tuple[int, float]]:
    scored = [
        (item, query.dot(held.vector))
        for item, held in live.items()
        if (kind is None or held.kind == kind) and (within is None or len(within.intersection(held.vector)[0]))
    ]
    return sorted((pair for pair in scored if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))[: max(k, 0)]


def pairs(found: Retrieval) -> list[tuple[int, float]]:
    assert found.exact and found.retrieve_ms >= 0 and found.rescore_ms >= 0
    return [(hit.id, hit.score) for hit in found.hits]


def check(collection: Collection, live: Live, query: SparseVector, k: int, within: SparseVector | None = None) -> None:
    assert pairs(collection.search(query, k)) == brute_force(live, query, k)
    assert pairs(collection.search(query, k, kind="image")) == brute_force(live, query, k, "image")
    if within is not None:
        assert pairs(collection.search(query, k, candidates=within)) == brute_force(live, query, k, None, within)
        found = collection.search(query, k, kind="caption", candidates=within)
        assert pairs(found) == brute_force(live, query, k, "caption", within)


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "c", model="test", vocabulary=VOCABULARY) as made:
        yield made


def filled(collection: Collection, count: int, make: Callable[[int], SparseVector], batch: int = 200) -> Live:
    items = [new(make(i), kind="image" if i % 3 else "caption", path=f"{i}.png") for i in range(count)]
    live: Live = {}
    for start in range(0, count, batch):
        live.update(zip(collection.add(items[start : start + batch]), items[start : start + batch], strict=True))
    return live


@settings(max_examples=15, deadline=None)
@given(
    first=st.lists(st.tuples(vectors | tied, kinds), max_size=30),
    second=st.lists(st.tuples(vectors | tied, kinds), max_size=10),
    gone=st.sets(st.integers(0, 29)),
    replaced=st.sets(st.integers(0, 29)),
    queries=st.lists(st.tuples(vectors | tied, st.integers(0, 12), vectors | tied), min_size=1, max_size=6),
)
def test_any_history_searches_like_brute_force(
    first: list[tuple[SparseVector, str]],
    second: list[tuple[SparseVector, str]],
    gone: set[int],
    replaced: set[int],
    queries: list[tuple[SparseVector, int, SparseVector]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "FIRST_CANDIDATES", 2)  # so that small collections too need widening
        patch.setattr(exact, "WIDENING", 2)
        path = Path(folder) / "c"
        live: Live = {}

        def agree(collection: Collection) -> None:
            assert len(collection) == len(live)
            for query, k, within in queries:
                check(collection, live, query, k, within)

        with (
            Collection.create(path, model="test", vocabulary=VOCABULARY) as collection,
            Collection.open(path) as reader,
        ):
            items = [new(vector, kind) for vector, kind in first]
            ids = collection.add(items)
            live.update(zip(ids, items, strict=True))
            agree(collection)
            old = [ids[i] for i in gone if i < len(ids)]
            assert collection.remove([*old, 10**6]) == len(old)
            live = {item: held for item, held in live.items() if item not in old}
            agree(collection)
            agree(reader)
            items = [new(vector, kind) for vector, kind in second]
            old = [ids[i] for i in replaced if i < len(ids)]
            live = {item: held for item, held in live.items() if item not in old}
            live.update(zip(collection.add(items, replacing=old), items, strict=True))
            agree(collection)
            agree(reader)
        with Collection.open(path, writable=True) as collection:
            agree(collection)
            assert collection.verify() == []
            assert collection.vectors(list(live)) == [held.vector for held in live.values()]


def test_all_scores_equal_gives_the_smallest_ids(collection: Collection) -> None:
    live = filled(collection, 700, lambda i: one(t1=0.7))
    check(collection, live, one(t1=1.0), 10)
    collection.remove(list(live)[:5])
    assert [hit.id for hit in collection.search(one(t1=1.0), 3).hits] == [6, 7, 8]


def test_ties_in_the_score_but_not_in_the_bound(collection: Collection) -> None:
    # 0.5 + 0.5 and 0.75 + 0.25 score alike under equal query weights, while their levels add up differently
    live = filled(collection, 600, lambda i: one(t1=0.5, t2=0.5) if i % 2 else one(t1=0.8125, t2=0.1875))
    check(collection, live, one(t1=1.0, t2=1.0), 7)


def test_one_level_hides_the_best(collection: Collection) -> None:
    # all share one level; the heaviest are the last that the index returns
    rising = np.linspace(0.51, 0.74, 900, dtype=np.float32)
    live = filled(collection, 900, lambda i: one(t3=float(rising[i])))
    check(collection, live, one(t3=2.0), 5)
    assert collection.search(one(t3=2.0), 1).hits[0].id == 900


def test_one_huge_weight(collection: Collection) -> None:
    live = filled(collection, 300, lambda i: one(t1=3e38, t2=i + 1.0) if i % 50 == 0 else one(t2=i + 1.0, t3=1e-45))
    for query in (one(t1=3e38, t2=1.0), one(t2=1.0, t3=3e38), one(t1=1e-45, t2=1e-45), one(t3=1e-45)):
        check(collection, live, query, 10)


def test_random_vectors(collection: Collection) -> None:
    rng = np.random.default_rng(7)

    def draw(most: int = 15) -> SparseVector:
        count = int(rng.integers(1, most))
        terms = np.sort(rng.choice(TERMS, count, replace=False)).astype(np.int32)
        return SparseVector(terms, rng.lognormal(-1, 0.8, count).astype(np.float32))

    live = filled(collection, 1200, lambda i: draw())
    for k in (1, 10, 50, 2000):
        check(collection, live, draw(30), k, draw(4))


def test_nothing_in_common(collection: Collection) -> None:
    filled(collection, 5, lambda i: one(t1=1.0))
    assert collection.search(one(t2=1.0), 5).hits == ()
    assert collection.search(SparseVector.from_pairs({}), 5).hits == ()
    assert collection.search(one(t1=1.0), 0).hits == ()
    assert collection.search(one(t1=1.0), 5, candidates=one(t9=1.0)).hits == ()
    assert collection.search(one(t1=1.0), 5, candidates=SparseVector.from_pairs({})).hits == ()


def test_asking_for_everything(collection: Collection) -> None:
    live = filled(collection, 30, lambda i: one(t1=i + 1.0))
    assert pairs(collection.search(one(t1=1.0), 10**12)) == brute_force(live, one(t1=1.0), 30)


def test_ids_may_be_numpy_integers(collection: Collection) -> None:
    ids = np.array(collection.add([new(one(t1=1.0))] * 4))
    assert len(collection.items(ids)) == len(collection.vectors(ids)) == 4
    assert collection.add([new(one(t1=1.0))], replacing=ids[:1]) == [5]
    assert collection.remove(ids) == 3 and len(collection) == 1


def test_an_empty_collection(collection: Collection) -> None:
    assert len(collection) == 0 and list(collection.all_items()) == [] and collection.verify() == []
    assert collection.search(one(t1=1.0), 5).hits == ()
    stats = collection.stats()
    assert (stats.items, stats.postings, stats.mean_terms, stats.frequent) == (0, 0, 0.0, ())
    assert collection.add([]) == [] and collection.remove([]) == 0


def test_items_come_back_as_given(collection: Collection) -> None:
    given_item = NewItem("image", "räksmörgås/ä b.png", "a café", "hash", one(t1=1.0), 640, 480, 1234, b"RIFF....WEBP")
    [item] = collection.items(collection.add([given_item]))
    assert (item.kind, item.path, item.caption, item.content_hash) == ("image", given_item.path, "a café", "hash")
    assert (item.width, item.height, item.bytes) == (640, 480, 1234) and item.added.endswith("+00:00")
    assert item.thumbnail is not None and Path(item.thumbnail).read_bytes() == b"RIFF....WEBP"
    assert Path(item.thumbnail).is_absolute() and item.thumbnail.endswith(".webp")
    assert collection.find(path=given_item.path) == collection.find(content_hash="hash") == [item]
    assert collection.find(path=given_item.path, content_hash="other") == []
    collection.remove([item.id])
    assert not Path(item.thumbnail).exists() and collection.find(path=given_item.path) == []


def test_items_that_move_keep_all_but_their_path(collection: Collection) -> None:
    first, second, third = collection.add([new(one(t1=i + 1.0), path=f"/here/{i}.png") for i in range(3)])
    collection.tag([first], add=["best"])
    before = collection.items([first, second])
    with Collection.open(collection.path) as reader:
        here = parse(["folder=/here"])
        for held in (collection, reader):
            assert held.count(here) == 3
        moves = {first: "/here/1.png", second: "/there/0.png", 999: "/there/x.png"}
        assert collection.move(moves, removing=[third, 998]) == 1
        for held in (collection, reader):
            after = held.items([first, second])
            assert [item.path for item in after] == ["/here/1.png", "/there/0.png"]
            assert [replace(item, path="") for item in after] == [replace(item, path="") for item in before]
            assert held.ids(here) == [first] and held.count(here) == 1 and len(held) == 2
            assert pairs(held.search(one(t1=1.0), 5, where=here)) == [(first, 1.0)]
            assert held.verify() == []
    with pytest.raises(CollectionError, match="not valid Unicode"):
        collection.move({first: "\udcff.png"}, removing=[second])
    assert len(collection) == 2


def test_ids_are_never_used_twice(collection: Collection) -> None:
    first = collection.add([new(one(t1=1.0))] * 3)
    collection.remove(first)
    second = collection.add([new(one(t1=1.0))] * 2, replacing=first)
    collection.close()
    with Collection.open(collection.path, writable=True) as again:
        third = again.add([new(one(t1=1.0))])
    assert first + second + third == sorted(set(first + second + third))


def test_all_items_walks_every_page(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index_store.folder.reader.PAGE", 4)
    live = filled(collection, 11, lambda i: one(t1=1.0))
    assert [item.id for item in collection.all_items()] == list(live)
    assert [item.path for item in collection.all_items("caption")] == ["0.png", "3.png", "6.png", "9.png"]


def test_stats_count_only_what_is_there(collection: Collection) -> None:
    live = filled(collection, 6, lambda i: one(t1=1.0, t2=i + 1.0) if i < 3 else one(t1=2.0))
    collection.remove(list(live)[:1])
    stats = collection.stats()
    assert stats.items == 5 and stats.by_kind == {"image": 4, "caption": 1}
    assert stats.postings == 7 and stats.mean_terms == 7 / 5 and stats.distinct_terms == 2
    assert stats.frequent == (("word1", 5), ("word2", 2)) and stats.bytes_on_disk > 0
    assert collection.document_frequencies() == {1: 5, 2: 2}


def test_vectors_survive_a_full_cache(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_cache, "CACHE_BYTES", 64)
    live = filled(collection, 100, lambda i: one(t1=i + 1.0, t2=1.0))
    check(collection, live, one(t1=1.0, t2=1.0), 30)
    check(collection, live, one(t1=1.0, t2=1.0), 30)


def test_many_threads_read_while_one_writes(collection: Collection) -> None:
    live = filled(collection, 50, lambda i: one(t1=i + 1.0))
    keep, failures, stop = set(live), [], threading.Event()

    def read() -> None:
        try:
            with Collection.open(collection.path) as reader:
                while not stop.is_set():
                    for searched in (collection, reader):
                        hits = searched.search(one(t1=1.0), 1000).hits
                        assert keep <= {hit.id for hit in hits}
                        assert len({hit.id for hit in hits} - keep) == 5  # replaced in one step: never 0, never 10
                        assert len(searched.items([hits[0].id])) == 1
        except BaseException as error:
            failures.append(error)

    extra = collection.add([new(one(t1=0.5))] * 5)
    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        extra = collection.add([new(one(t1=0.5))] * 5, replacing=extra)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures, failures


def test_what_was_opened_is_remembered(collection: Collection, tmp_path: Path) -> None:
    assert (collection.model, collection.vocabulary, collection.path) == ("test", tuple(VOCABULARY), tmp_path / "c")
    assert collection.writable and bool(collection)
    with Collection.open(tmp_path / "c", model="test", vocabulary=VOCABULARY) as reader:
        assert not reader.writable and reader.digest == collection.digest
    assert Collection.exists(tmp_path / "c") and not Collection.exists(tmp_path)
