"""What a term means in a collection, against counting by hand; terms that tell results apart, by hand."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.search.terms import narrowing_terms, profile
from index_store.folder.collection import Collection
from index_store.items import NewItem
from index_store.vectors import SparseVector

TERMS = ("dog", "animal", "sea", "sky", "rare")
VECTORS = [  # of 20 items: dogs are animals, the sky is everywhere
    *[{0: 1.0 + i / 10, 1: 0.5, 3: 0.2} for i in range(5)],
    {0: 0.25, 2: 0.5},
    {1: 0.4, 3: 0.1},
    *[{2: 0.3, 3: 0.7} for _ in range(13)],
]


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "c", model="m", vocabulary=TERMS) as made:
        made.add(
            [
                NewItem("image", f"/{i}.png", f"picture {i}", str(i), SparseVector.from_pairs(pairs))
                for i, pairs in enumerate(VECTORS)
            ]
        )
        yield made


def test_a_profile_by_hand(collection: Collection) -> None:
    found = profile(collection, 0, strongest=3)
    assert (found.term, found.frequency, found.of, found.looked_at) == ("dog", 6, 20, 6)
    assert [(item.caption, round(weight, 3)) for item, weight in found.strongest] == [
        ("picture 4", 1.4), ("picture 3", 1.3), ("picture 2", 1.2),
    ]  # fmt: skip
    assert sum(found.counts) == 6 and found.edges[0] == 0 and found.edges[-1] == pytest.approx(1.4)
    assert found.counts[2] == 1 and sum(found.counts[8:]) == 5  # 0.25 lies in the third twelfth of 1.4
    (animal,) = found.companions  # the sea shares one item only, and the sky is with dogs less often than elsewhere
    assert (animal.term, animal.items) == ("animal", 5) and animal.lift == pytest.approx((5 / 6) / (6 / 20))
    document = found.to_json()
    assert document["histogram"] == {"edges": list(found.edges), "counts": list(found.counts)}


def test_companions_are_ranked_by_how_telling_they_are(collection: Collection) -> None:
    found = profile(collection, 1)
    scores = [row.items * math.log(row.lift) for row in found.companions]
    assert found.companions[0].term == "dog" and scores == sorted(scores, reverse=True)


def test_a_term_that_nothing_has(collection: Collection) -> None:
    found = profile(collection, 4)
    assert (found.frequency, found.looked_at, found.counts, found.strongest, found.companions) == (0, 0, (), (), ())


def test_only_the_heaviest_are_looked_at_in_a_large_collection(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.search.terms.LOOKED_AT", 4)
    found = profile(collection, 3)
    assert found.frequency == 19 and found.looked_at == 4 and sum(found.counts) == 4
    assert np.allclose([weight for _, weight in found.strongest], 0.7)


def vectors(*pairs: dict[int, float]) -> list[SparseVector]:
    return [SparseVector.from_pairs(some) for some in pairs]


def test_the_term_that_half_of_the_results_have_comes_first() -> None:
    results = vectors({0: 1, 1: 1, 2: 1}, {0: 1, 1: 1, 2: 1}, {0: 1, 2: 1, 3: 9}, {0: 1})
    # 0: all have it; 1: 2 of 4, 1/4 * 1; 2: 3 of 4, 3/16 * 1; 3: a single one
    assert narrowing_terms(results, ()) == [1, 2]
    assert narrowing_terms(results, (1,)) == [2]
    assert narrowing_terms(results, (), count=1) == [1]


def test_a_clear_weight_counts_for_more() -> None:
    assert narrowing_terms(vectors({1: 0.1, 2: 2}, {1: 0.1, 2: 2}, {}, {}), {7}) == [2, 1]


def test_few_results_need_no_narrowing() -> None:
    assert narrowing_terms(vectors({1: 1}, {2: 1}), ()) == [] and narrowing_terms([], ()) == []
