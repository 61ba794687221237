"""Weights in the index: never below the weight, as near as promised, what tantivy really scores, and a sound bound."""

from pathlib import Path

import numpy as np
import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from index_store.postings import documents, impacts
from index_store.postings.budget import plan_within
from index_store.postings.index import PostingsIndex
from index_store.postings.writer import PostingsWriter
from index_store.vectors import SparseVector

pytestmark = pytest.mark.numeric
LARGEST = 3.4028234663852886e38
weights = st.floats(min_value=0, max_value=LARGEST, exclude_min=True, width=32)
vectors = st.dictionaries(st.integers(0, 40), weights, min_size=1, max_size=30).map(SparseVector.from_pairs)


def f32(values: list[float]) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def value(held: impacts.Impacts) -> np.ndarray:
    """What the index says of each weight, by the formula at the top of the module."""
    k = 1.2 * (0.25 + 0.75 * held.length / impacts.LENGTH)
    return impacts.BASE ** held.band.astype(np.float64) * held.frequency / (held.frequency + k)


def long_vector(terms: int, seed: int = 0) -> SparseVector:
    drawn = np.random.default_rng(seed).lognormal(-1, 0.8, terms).astype(np.float32)
    return SparseVector(np.arange(terms), drawn)


@given(st.lists(weights, min_size=1, max_size=50))
def test_a_value_is_never_below_its_weight_nor_far_above(values: list[float]) -> None:
    held = impacts.impacts(f32(values))
    assert (value(held) >= f32(values)).all() and np.isfinite(value(held)).all()
    assert (value(held) <= f32(values).astype(np.float64) * 2.1).all()
    bands = zip(f32(values).tolist(), held.band.tolist(), strict=True)
    assert all(weight <= impacts.ceiling(band) for weight, band in bands)


@given(st.lists(weights, min_size=2, max_size=50))
def test_values_keep_the_order(values: list[float]) -> None:
    assert (np.diff(value(impacts.impacts(f32(sorted(values))))) >= 0).all()


@pytest.mark.parametrize(("terms", "finest"), [(3, 8), (100, 8), (250, 4), (400, 2), (503, 1), (504, 1), (20_000, 1)])
def test_long_vectors_get_coarser_values_and_longer_documents(terms: int, finest: int) -> None:
    vector = long_vector(terms)
    held = impacts.impacts(vector.weights)
    assert held.frequency.max() <= finest and (value(held) >= vector.weights).all()
    assert held.frequency.sum() < held.length == (impacts.LENGTH if terms < impacts.LENGTH else held.length)
    (text,) = documents.texts([vector])
    assert len(text.split()) == held.length and text.split().count(impacts.FILLER) >= 1


far = st.dictionaries(st.integers(0, 2**31 - 1), weights, max_size=5).map(SparseVector.from_pairs)


@settings(deadline=None)
@given(some=st.lists(vectors | far, min_size=1, max_size=6), kept=st.sampled_from([0, 3, 500_000]))
def test_texts_say_the_impacts(some: list[SparseVector], kept: int) -> None:
    """For usual and unusual terms and weights, however few pieces of text are kept for the next vector."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "PIECES_KEPT", kept)
        made = documents.texts(some)
    for vector, text in zip(some, made, strict=True):
        held = impacts.impacts(vector.weights)
        tokens = text.split()
        assert len(tokens) == held.length
        said = {impacts.parse(token): tokens.count(token) for token in set(tokens) - {impacts.FILLER}}
        pairs = zip(vector.terms.tolist(), held.band.tolist(), strict=True)
        assert said == dict(zip(pairs, held.frequency.tolist(), strict=True))


def test_tokens_name_term_and_band() -> None:
    assert impacts.parse(impacts.token(12, -7)) == (12, -7)
    assert impacts.token(12, -7).startswith(impacts.prefix(12))
    assert not impacts.token(12, 5).startswith(impacts.prefix(1))


def test_what_tantivy_scores_is_the_formula(tmp_path: Path) -> None:
    """In each list of a real index of documents of all lengths, some removed, the score is unit * f / (f + K)."""
    PostingsIndex.create(tmp_path / "index")
    index = PostingsIndex(tmp_path / "index", writable=True)
    writer = PostingsWriter(index)
    sizes = [1, 2, 5, 60, 103, 250, 400, 600, 1500]
    some = {item: long_vector(size, seed=item) for item, size in enumerate(sizes, start=1)}
    writer.write(add=some.items())
    writer.write(add=[(20, some[3])], delete=[1, 6])
    reader = index.reader()
    total = sum(len(text.split()) for text in documents.texts([*some.values(), some[3]]))
    assert reader.documents in (10, 8) and reader.average_length() >= impacts.LENGTH
    if reader.documents == 10:
        assert reader.average_length() == pytest.approx(total / 10, rel=0.1)  # lengths are rounded down
    checked = 0
    for (term, band), count in reader.frequencies().items():
        query = tantivy.Query.term_query(reader.schema, "impacts", impacts.token(term, band), index_option="freq")
        holding = reader.searcher.doc_freq("impacts", impacts.token(term, band))
        for score, address in reader.searcher.search(query, limit=count).hits:
            [item] = reader.searcher.fast_field_values("id", [address])
            held = impacts.impacts({**some, 20: some[3]}[item].weights)
            f = held.frequency[({**some, 20: some[3]}[item].terms == term).argmax()]
            length = impacts.rounded(np.array([float(held.length)]))[0]
            k = impacts.saturation(length, reader.average_length())
            assert score == pytest.approx(impacts.unit(np.int64(holding), reader.documents) * f / (f + k), rel=1e-5)
            checked += 1
    assert checked > 500
    writer.close()
    index.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(vectors, min_size=1, max_size=8), vectors, st.integers(1, 60))
def test_bounds_of_the_real_index_hold(
    tmp_path_factory: pytest.TempPathFactory, some: list[SparseVector], query: SparseVector, budget: int
) -> None:
    """No item scores more than its bound, and no unseen item more than `beyond`, with and without a budget."""
    folder = tmp_path_factory.mktemp("bounds") / "index"
    PostingsIndex.create(folder)
    index = PostingsIndex(folder, writable=True)
    writer = PostingsWriter(index)
    writer.write(add=list(enumerate(some, start=1)))
    reader = index.reader()
    exact = {item: query.dot(vector) for item, vector in enumerate(some, start=1)}
    lists = reader.lists(query)
    for most in (10**9, budget):
        plan = plan_within(lists, most)
        assert plan.postings <= max(most, max((one.length for one in lists), default=0))
        for limit in (1, 3, 100):
            found = reader.candidates(plan, limit)
            assert found.bounds == sorted(found.bounds, reverse=True)
            for item, bound in zip(found.ids, found.bounds, strict=True):
                assert exact[item] <= bound
            for item in exact.keys() - set(found.ids):
                assert exact[item] <= (found.beyond or 0.0)
    writer.close()
    index.close()


def test_a_term_that_every_item_has(tmp_path: Path) -> None:
    """The idf of such a term is almost 0, so the bound follows BM25's float32 arithmetic and not its formula."""
    PostingsIndex.create(tmp_path / "index")
    index = PostingsIndex(tmp_path / "index", writable=True)
    writer = PostingsWriter(index)
    writer.write(add=[(item, SparseVector.from_pairs({3: 0.7})) for item in range(1, 5001)])
    reader = index.reader()
    assert 0 < impacts.idf(np.int64(5000), reader.documents) < 1e-3
    found = reader.candidates(plan_within(reader.lists(SparseVector.from_pairs({3: 2.0})), 10**9), 10)
    assert all(1.4 <= bound < 1.4 * 1.2 for bound in found.bounds)
    assert impacts.idf(np.int64(10**8), 10**8) == 0.0  # then a constant stands for the list (`PostingsReader._clause`)
    writer.close()
    index.close()
