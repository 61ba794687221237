"""Filters: what people write, the items it lets through, and exact search among those."""

import math
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index_store.errors import CollectionError, FilterError
from index_store.filters import EVERYTHING, parse
from index_store.folder.collection import Collection
from index_store.geography import EARTH, distance
from index_store.items import Description, Hit, NewItem
from index_store.search import exact
from index_store.vectors import SparseVector

WORDS = tuple(f"w{number}" for number in range(12))


def item(number: int, **more: object) -> NewItem:
    random = np.random.default_rng(number)
    terms = np.sort(random.choice(12, 4, replace=False)).astype(np.int32)
    vector = SparseVector(terms, random.uniform(0.1, 2, 4).astype(np.float32))
    known = {"kind": "image", "path": f"/p/{number}.png", "caption": None, "content_hash": str(number)} | more
    return NewItem(**known, vector=vector)  # type: ignore[arg-type]


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "it", model="tiny", vocabulary=WORDS) as made:
        best = {"caption": "a dog", "tags": ("best",)}
        made.add([
            item(1, path="/p/holiday/1.png", caption="Two boats at sea", width=100, bytes=5_000, tags=("best", "sea")),
            item(2, path="/p/holiday/deep/2.jpg", width=200, bytes=2_000_000, **best),
            item(3, path="/p/holidays/3.jpg", width=300, bytes=3_000_000),
            item(4, path="/p/holiday/1.png", kind="caption", caption="boats, and a dog's sea"),
            item(5, path="/q/%_.png", caption="Élan: naïve café", tags=("100 %",)),
        ])  # fmt: skip
        yield made


@pytest.fixture
def travelled(collection: Collection) -> Collection:
    """The same collection; three of its pictures also have a date, a camera and a place."""
    collection.describe({
        1: Description("ignored?", ("Berlin",), "2024-05-03T14:07:09+02:00", "Canon EOS 5D", 52.52, 13.405),
        2: Description(None, (), "2024-06", "Google Pixel 7", 48.8566, 2.3522),
        3: Description(None, (), "2023", "NIKON D90", -17.0, 179.99),
        99: Description("nobody"),
    })  # fmt: skip
    return collection


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ((), [1, 2, 3, 4, 5]),
        (["kind=image"], [1, 2, 3, 5]),
        (["kind != image"], [4]),
        (["folder=/p/holiday"], [1, 2, 4]),  # not /p/holidays
        (["folder=/p/holiday/"], [1, 2, 4]),
        (["folder!=/p"], [5]),
        (["file=*.jpg"], [2, 3]),
        (["file=1.png"], [1, 4]),
        (["file!=*.jpg", "kind=image"], [1, 5]),
        (["file=/p/*/?.jpg"], [2, 3]),
        (["tag=best"], [1, 2]),
        (["tag=best", "tag=100 %"], [1, 2, 5]),  # alternatives
        (["tag!=best", "tag!=100 %"], [3, 4]),  # both must hold
        (["tag=best", "caption=dog"], [2]),
        (["caption=sea boats"], [1, 4]),
        (["caption=boat"], []),  # whole words
        (["caption=CAFE"], [5]),  # case and accents do not matter
        (["caption!=dog"], [1, 3, 5]),
        (["width>=200", "width<300"], [2]),
        (["width=100"], [1]),
        (["bytes>=2MB"], [2, 3]),
        (["bytes < 10 KB", "kind=image", "bytes!=0"], [1]),
        (["added>=2020"], [1, 2, 3, 4, 5]),
        (["added<2020-02"], []),
    ],
)
def test_what_a_filter_lets_through(collection: Collection, conditions: list[str], expected: list[int]) -> None:
    where = parse(conditions)
    assert collection.ids(where) == expected
    assert collection.counts(where).items == len(expected)
    everything = SparseVector.from_pairs(dict.fromkeys(range(12), 1.0))
    assert sorted(hit.id for hit in collection.search(everything, 10, where=where).hits) == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["taken=2024"], [1, 2]),
        (["taken>=2024-05"], [1, 2]),
        (["taken>2024-05"], [2]),
        (["taken=2024-05-03T14"], [1]),
        (["taken<=2024-05-03"], [1, 3]),
        (["taken<2024"], [3]),  # undated ones are not earlier than anything
        (["taken!=2024"], [3, 4, 5]),
        (["camera=canon"], [1]),
        (["camera = Pixel 7"], [2]),
        (["camera!=canon", "kind=image"], [2, 3, 5]),
        (["camera=100%"], []),
        (["near=52.52,13.40,5km"], [1]),
        (["near=52.5,13.4"], []),
        (["near=52.5,13.4,3km"], [1]),
        (["near=52.52N,13.405E,1m"], [1]),
        (["near=48.8566,2.3522,870km"], [2]),
        (["near=48.8566,2.3522,880km"], [1, 2]),
        (["near=-17,-179.99,3 km"], [3]),  # across the date line
        (["near=-17,-179.99,2km"], []),
        (["near=90,0,20015km"], [1, 2, 3]),
        (["near=52.52,13.40,5km", "near=48.8566,2.3522,1mi"], [1, 2]),
        (["near!=52.52,13.40,5km"], [2, 3, 4, 5]),
        (["tag=Berlin"], [1]),
        (["caption=ignored"], [1]),
        (["caption=boats", "kind=image"], []),
    ],
)
def test_when_with_what_and_where(travelled: Collection, conditions: list[str], expected: list[int]) -> None:
    where = parse(conditions)
    assert travelled.ids(where) == expected and travelled.count(where) == travelled.counts(where).items == len(expected)
    everything = SparseVector.from_pairs(dict.fromkeys(range(12), 1.0))
    assert sorted(hit.id for hit in travelled.search(everything, 10, where=where).hits) == expected


def test_what_files_say_is_kept_with_an_item(travelled: Collection) -> None:
    one, two, four = travelled.items([1, 2, 4])
    assert (one.caption, one.tags, one.taken) == ("ignored?", ("Berlin", "best", "sea"), "2024-05-03T14:07:09+02:00")
    assert (one.camera, one.latitude, one.longitude) == ("Canon EOS 5D", 52.52, 13.405)
    assert (two.caption, two.tags, four.described, four.taken) == ("a dog", ("best",), None, None)
    assert one.described == two.described and str(one.described) >= one.added
    counts = travelled.counts()
    assert counts.years == {"2024": 2, "2023": 1}
    assert counts.cameras == {"Canon EOS 5D": 1, "Google Pixel 7": 1, "NIKON D90": 1}
    assert travelled.verify() == []
    for bad in (Description(latitude=91.0, longitude=0.0), Description(latitude=1.0), Description(taken="yesterday")):
        with pytest.raises(CollectionError, match="is no"):
            travelled.describe({2: bad, 1: Description("not written")})
    assert travelled.items([1])[0].caption == "ignored?"
    travelled.compact()
    with Collection.open(travelled.path) as reader:
        assert reader.items([1]) == [one]


def test_distances() -> None:
    assert distance(52.52, 13.405, 48.8566, 2.3522) == pytest.approx(877_460, abs=500)  # Berlin to Paris
    assert distance(0, 179.5, 0, -179.5) == pytest.approx(111_195, abs=1)  # a degree of the equator
    assert distance(90, 0, -90, 77) == pytest.approx(math.pi * EARTH)


def test_a_date_stands_for_all_of_its_time(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, moment in ((11, "2025-12-31T23:59:59+00:00"), (12, "2026-01-01T00:00:00+00:00")):
        monkeypatch.setattr("index_store.folder.writer.now", lambda moment=moment: moment)
        collection.add([item(number, path=f"/r/{number}.png")])
    among = "folder=/r"
    for condition, expected in (("added<=2025", 1), ("added=2025-12-31", 1), ("added>2025", 1), ("added>=2025", 2)):
        assert len(collection.ids(parse([condition, among]))) == expected, condition


@pytest.mark.parametrize(
    "text",
    ["", "boats", "colour=red", "folder=", "kind=video", "tag>best", "width=wide", "width=2MB", "bytes=1 TB",
     "added>=yesterday", "added=26", "caption=!?",
     "taken>=May", "camera>Canon", "near=Berlin", "near=52.5", "near=91,0,1km", "near=0,181", "near=1,1,0km",
     "near=1,1,5", "near>1,1", "near=-5S,10E", "near=1,1,1e9km", "width>=100; DROP TABLE items"],
)  # fmt: skip
def test_what_is_no_condition_is_one_sentence(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse([text])
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize("evil", ["x' OR 1=1 --", 'a"b', "(", "NEAR(a b)", "a*", "caption : a", "-a"])
def test_values_are_never_code(collection: Collection, evil: str) -> None:
    for key in ("tag", "folder", "file"):
        assert collection.ids(parse([f"{key}={evil}"])) == []
    assert collection.ids(parse([f"caption={evil} zzz"])) == []
    assert len(collection) == 5


def test_counts_by_kind_folder_and_tag(collection: Collection) -> None:
    counts = collection.counts()
    assert counts.items == 5 and counts.kinds == {"image": 4, "caption": 1}
    assert counts.folders == {"/p/holiday": 2, "/p/holiday/deep": 1, "/p/holidays": 1, "/q": 1}
    assert list(counts.tags.items()) == [("best", 2), ("100 %", 1), ("sea", 1)]
    assert collection.counts(parse(["tag=sea"])).tags == {"best": 1, "sea": 1}
    assert collection.counts(most=1).folders == {"/p/holiday": 2}


def test_tags_are_given_taken_and_kept(collection: Collection, tmp_path: Path) -> None:
    collection.tag([1, 3, 99], add=["new", "best"], remove=["sea"])
    assert [one.tags for one in collection.items([1, 2, 3])] == [("best", "new"), ("best",), ("best", "new")]
    assert collection.ids(parse(["tag=new"])) == [1, 3]
    for bad in ("", " ", " a", "a\nb", "a\x1fb", "x" * 101):
        with pytest.raises(CollectionError, match="cannot be a tag"):
            collection.tag([2], add=["fine", bad])
    assert collection.items([2])[0].tags == ("best",)
    collection.remove([1])
    assert collection.counts().tags == {"best": 2, "100 %": 1, "new": 1}
    with Collection.open(collection.path) as reader:
        assert reader.items([3])[0].tags == ("best", "new")
        with pytest.raises(CollectionError, match="open for reading"):
            reader.tag([3], add=["more"])


def test_a_filtered_search_sees_what_was_just_changed(collection: Collection) -> None:
    where, everything = parse(["tag=best"]), SparseVector.from_pairs(dict.fromkeys(range(12), 1.0))

    def found(held: Collection) -> list[int]:
        return sorted(hit.id for hit in held.search(everything, 10, where=where).hits)

    with Collection.open(collection.path) as reader:
        assert found(collection) == found(reader) == [1, 2]
        collection.tag([3], add=["best"])
        assert found(collection) == found(reader) == [1, 2, 3]
        (new,) = collection.add([item(20, tags=("best",))], replacing=[1])
        assert found(collection) == found(reader) == [2, 3, new]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_filtered_search_is_brute_force_among_what_is_left(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Search scores the items of a narrow filter one by one and walks the postings for a wide one; both are tried."""
    count = data.draw(st.integers(1, 60))
    chosen = data.draw(st.sets(st.integers(0, count - 1)))
    k = data.draw(st.integers(1, 8))
    pairs = data.draw(st.dictionaries(st.integers(0, 11), st.sampled_from([0.5, 1.0, 2.0]), min_size=1))
    within = data.draw(
        st.none() | st.builds(SparseVector.from_pairs, st.dictionaries(st.integers(0, 11), st.just(1.0)))
    )
    one_by_one = data.draw(st.booleans())
    query, new = SparseVector.from_pairs(pairs), [item(n, tags=("in",) if n in chosen else ()) for n in range(count)]
    place = tmp_path_factory.mktemp("filtered") / "it"
    with pytest.MonkeyPatch.context() as patch, Collection.create(place, model="tiny", vocabulary=WORDS) as made:
        patch.setattr(exact, "SCORED_ALL", 2_000 if one_by_one else -1)
        patch.setattr(exact, "SKIPPED", 0 if one_by_one else 4)
        ids = made.add(new)
        kind = data.draw(st.sampled_from([None, "image", "caption"]))
        hits = made.search(query, k, where=parse(["tag=in"]), candidates=within, kind=kind).hits
    scored = [
        Hit(ids[n], query.dot(new[n].vector))
        for n in sorted(chosen)
        if kind != "caption" and (within is None or within.dot(new[n].vector) > 0)
    ]
    assert list(hits) == sorted((h for h in scored if h.score > 0), key=lambda h: (-h.score, h.id))[:k]


EARLIER = sorted((Path(__file__).parent / "collections").glob("*.zip"))


@pytest.mark.parametrize("archive", EARLIER, ids=lambda path: path.stem)
def test_a_collection_of_every_earlier_version_opens(tmp_path: Path, archive: Path) -> None:
    """Four items: ids 2 to 5, as `m001_first` and later versions wrote them; upgraded by the first writer."""
    place = tmp_path / "it"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(place)
    with pytest.raises(CollectionError, match=r"older Sightwords; .*verify --repair"):
        Collection.open(place)
    query = SparseVector.from_pairs({0: 1.0, 2: 1.0})
    for writable in (True, False):
        with Collection.open(place, writable=writable) as held:
            assert held.verify() == [] and held.ids(EVERYTHING) == [2, 3, 4, 5]
            assert list(held.search(query, 5).hits) == [Hit(2, 2.0), Hit(5, 1.0), Hit(4, 0.5)]
            assert held.ids(parse(["caption=boats"])) == [2, 5] and held.counts().folders == {"/pictures": 4}
            assert not held.items([3])[0].described
            if writable:
                held.tag([2], add=["old"])
                held.describe({4: Description("a hat", ("hats",), "2024")})
                assert held.caption_weight is None
                held.weigh_captions(0.5)
            assert held.caption_weight == 0.5 and held.seen([2, 3, 4, 5]) == {}
            assert held.items([2])[0].tags == ("old",)
            assert held.ids(parse(["taken=2024"])) == held.ids(parse(["caption=hat"])) == [4]


def test_there_is_a_collection_of_every_version_but_the_newest(tmp_path: Path) -> None:
    Collection.create(tmp_path / "it", model="tiny", vocabulary=WORDS).close()
    names = (
        sqlite3.connect(tmp_path / "it" / "catalog.sqlite").execute("SELECT name FROM _sqlite_migrations").fetchall()
    )
    assert [archive.stem for archive in EARLIER] == sorted(name for (name,) in names)[:-1]


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "it"
    with zipfile.ZipFile(EARLIER[0]) as packed:
        packed.extractall(place)
    before = (place / "catalog.sqlite").read_bytes()
    db = sqlite3.connect(place / "catalog.sqlite")
    db.execute("BEGIN IMMEDIATE")  # somebody else is writing
    monkeypatch.setattr("index_store.catalog.connection.BUSY_SECONDS", 0.1)
    with pytest.raises(CollectionError, match="locked by another program"):
        Collection.open(place, writable=True)
    db.close()
    assert (place / "catalog.sqlite").read_bytes() == before
    Collection.open(place, writable=True).close()
    shutil.rmtree(place)
