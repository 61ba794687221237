"""Evaluation as a whole against an independent brute-force script, and its parts against cases computed by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.sparse import csr_array

from core.data.dense import DenseDataset
from core.data.literal_terms import literal_terms
from core.data.word_vectors import caption_vectors, read_word_vectors, unit_rows
from core.errors import DatasetError
from core.evaluation import evaluate
from core.evaluation.correlation import kendall_tau, pearson, top_tau
from core.evaluation.evaluate import evaluate_dense, evaluate_head, pair_scores
from core.evaluation.meaning import semantic_rows
from core.evaluation.retrieval import BothDirections, Run, retrieval_measures, top_items
from core.evaluation.sparsity import coactivation, gini, shared_dimensions
from core.models.head import HeadConfig, SparseHead
from core.vocabulary import Vocabulary

pytestmark = pytest.mark.numeric
N, M, DIM = 40, 110, 12
VOCABULARY = Vocabulary([f"w{i}" for i in range(60)])


@pytest.fixture(scope="module")
def data() -> DenseDataset:
    rng = np.random.default_rng(3)
    owner = np.concatenate([np.arange(N), rng.integers(0, N, M - N)])
    images = unit_rows(rng.standard_normal((N, DIM)).astype(np.float32))
    texts = unit_rows(images[owner] + 0.4 * rng.standard_normal((M, DIM)).astype(np.float32))
    captions = [" ".join(f"w{i}" for i in rng.choice(70, 5, replace=False)) for _ in range(M)]  # some words unknown
    return DenseDataset(images, texts, owner, captions)


@pytest.fixture(scope="module")
def head() -> SparseHead:
    torch.manual_seed(0)
    head = SparseHead(HeadConfig(DIM, 16, len(VOCABULARY)))
    with torch.no_grad():
        head.vocab_projector.bias -= 0.5  # so that about a quarter of the weights is not 0
    return head.eval()


def brute_force(head: SparseHead, data: DenseDataset, mode: str, vectors: np.ndarray) -> dict[str, float]:
    """The measures by the plainest loops, sharing no code with the package."""
    with torch.no_grad():
        queries, items = (head(torch.from_numpy(x)).numpy().astype(float).tolist() for x in (data.texts, data.images))
    own = [{int(w[1:]) for w in caption.split() if int(w[1:]) < 60} for caption in data.captions]
    literal = [[w if t in own[q] else 0.0 for t, w in enumerate(row)] for q, row in enumerate(queries)]
    if mode == "literal":
        queries = literal

    def dot(a: list[float], b: list[float]) -> float:
        return math.fsum(x * y for x, y in zip(a, b, strict=True))

    scores = [[dot(q, i) for i in items] for q in queries]
    products = [[sum(x > 0 and y > 0 for x, y in zip(q, i, strict=True)) for i in items] for q in queries]
    if mode == "hybrid":
        for q in range(M):
            for i in range(N):
                if not dot(literal[q], items[i]):
                    scores[q][i] = products[q][i] = 0
    dense = [[dot(t, i) for i in data.images.astype(float).tolist()] for t in data.texts.astype(float).tolist()]

    def recall(rows: list[list[float]], right: list[set[int]], k: int) -> float:
        hits = 0
        for row, good in zip(rows, right, strict=True):
            best = sorted((i for i in range(len(row)) if row[i] > 0), key=lambda i: (-row[i], i))[:k]
            hits += bool(good & set(best))
        return hits / len(rows)

    def reciprocal() -> float:
        total = 0.0
        for row, good in zip(scores, data.image_of_text, strict=True):
            best = sorted((i for i in range(N) if row[i] > 0), key=lambda i: (-row[i], i))[:10]
            total += 1 / (best.index(good) + 1) if good in best else 0
        return total / M

    def tau(a: list[float], b: list[float]) -> float:
        sign = lambda x: (x > 0) - (x < 0)  # noqa: E731
        pairs = [(i, j) for i in range(len(a)) for j in range(i)]
        x, y = ([sign(v[i] - v[j]) for i, j in pairs] for v in (a, b))
        tied = math.sqrt(sum(v != 0 for v in x) * sum(v != 0 for v in y))
        return sum(p * q for p, q in zip(x, y, strict=True)) / tied if tied else math.nan

    def top(row: list[float]) -> list[int]:
        return [t for t in sorted(range(len(row)), key=lambda t: -row[t])[:20] if row[t] > 0]

    def mean(values: list[float]) -> float:
        kept = [v for v in values if not math.isnan(v)]
        return math.fsum(kept) / len(kept)

    exact = [len(set(top(q)) & o) / len(o) for q, o in zip(queries, own, strict=True) if o]
    semantic = [
        mean([max(float(vectors[t] @ vectors[s]) for s in o) for t in top(q)])
        for q, o in zip(queries, own, strict=True) if o and top(q)
    ]  # fmt: skip
    lit = [sum(w > 0 for w in q) for q in queries]
    by_image = [{t for t in range(M) if data.image_of_text[t] == i} for i in range(N)]
    columns = [list(c) for c in zip(*scores, strict=True)]
    right = [{int(i)} for i in data.image_of_text]
    return {
        **{f"recall@{k}": recall(scores, right, k) for k in (1, 5, 10)},
        "mrr@10": reciprocal(),
        "flops": mean([float(p) for row in products for p in row]),
        "query_terms": mean(lit),
        "item_terms": mean([sum(w > 0 for w in i) for i in items]),
        "exact@20": mean(exact),
        "semantic@20": mean(semantic),
        "kendall_tau_vs_dense": mean([tau(a, b) for a, b in zip(scores, dense, strict=True)]),
        "pearson_vs_dense": mean(
            [float(np.corrcoef(a, b)[0, 1]) for a, b in zip(scores, dense, strict=True) if len(set(a)) > 1]
        ),
        **{f"back@{k}": recall(columns, by_image, k) for k in (1, 5, 10)},
    }


@pytest.mark.parametrize("mode", ["full", "literal", "hybrid"])
@pytest.mark.parametrize("block", [7, 512])
def test_evaluation_agrees_with_brute_force(
    head: SparseHead, data: DenseDataset, mode: evaluate.Mode, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "BLOCK", block)
    spoken = literal_terms(data.captions, VOCABULARY)
    vectors = caption_vectors(data.texts, spoken)
    found = evaluate_head(head, data, spoken, mode=mode, vectors=vectors)
    expected = brute_force(head, data, mode, vectors)
    for name in expected.keys() & found.measures.keys():
        assert found.measures[name] == pytest.approx(expected[name], abs=1e-6), name
    assert len(expected.keys() & found.measures.keys()) == 11
    for k in (1, 5, 10):
        assert found.image_to_text[f"recall@{k}"] == pytest.approx(expected[f"back@{k}"], abs=1e-6)


@pytest.mark.parametrize("mode", ["full", "literal", "hybrid"])
def test_as_reference_the_first_ten_places_alone_are_looked_at(
    head: SparseHead, data: DenseDataset, mode: evaluate.Mode
) -> None:
    """Against plain loops: runs as dictionaries of ten, their intersection, hybrid within the literal ten."""
    spoken = literal_terms(data.captions, VOCABULARY)
    judged = evaluate_head(head, data, spoken, mode=mode, as_reference=True)
    with torch.no_grad():
        queries, items = (head(torch.from_numpy(x)).numpy().astype(float) for x in (data.texts, data.images))
    literal = np.where(spoken.toarray(), queries, 0.0)
    dense_scores = data.texts.astype(float) @ data.images.astype(float).T

    def ten(scores: np.ndarray) -> dict[int, float]:
        return dict(sorted(enumerate(scores.tolist()), key=lambda pair: -pair[1])[:10])

    taus, p_values, right, products = [], [], 0, 0
    for q in range(M):
        given = literal[q] if mode == "literal" else queries[q]
        scores = items @ given
        if mode == "hybrid":
            first = [i for i, score in ten(items @ literal[q]).items() if score > 0]
            assert len(first) <= 10
            scores = np.array([score if i in first else 0.0 for i, score in enumerate(scores)])
            products += sum(int(((items[i] > 0) & (literal[q] > 0)).sum()) for i in range(N))
            products += sum(int(((items[i] > 0) & (queries[q] > 0)).sum()) for i in first)
        ours, theirs = ten(scores), ten(dense_scores[q])
        both = sorted(ours.keys() & theirs.keys())
        if len(both) > 1:
            tau, p_value = stats.kendalltau([ours[i] for i in both], [theirs[i] for i in both])
            taus.append(tau)
            p_values.append(p_value)
        best = next(iter(ours))
        right += best == data.image_of_text[q] and ours[best] > 0
    assert judged.measures["recall@1"] == pytest.approx(right / M)
    assert judged.measures["kendall_tau_vs_dense"] == pytest.approx(np.nanmean(taus))
    assert judged.measures["reference_avg_tau"] == pytest.approx(np.nanmean([taus, p_values]))
    assert (
        judged.measures["kendall_tau_vs_dense"]
        != evaluate_head(head, data, spoken, mode=mode).measures["kendall_tau_vs_dense"]
    )
    if mode == "hybrid":
        assert judged.measures["flops"] == pytest.approx(products / M / N)


def test_top_tau_by_hand() -> None:
    scores = np.array([[3.0, 2, 1, 0], [0, 1, 2, 3]])
    dense = np.array([[3.0, 1, 2, 0], [3.0, 2, 1, 0]])
    assert top_tau(scores, dense, 3).tau[0] == pytest.approx(1 / 3)  # two of three pairs agree
    second = top_tau(scores, dense, 2)
    assert math.isnan(second.tau[1]) and math.isnan(second.p_value[1])  # nothing in both


def test_dense_evaluation_is_a_head_that_copies(data: DenseDataset) -> None:
    scores = data.texts.astype(float) @ data.images.astype(float).T
    ranks = (scores > np.take_along_axis(scores, data.image_of_text[:, None], 1)).sum(1) + 1
    found = evaluate_dense(data).measures
    assert found["recall@5"] == pytest.approx((ranks <= 5).mean())
    assert found["mrr@10"] == pytest.approx(np.where(ranks <= 10, 1 / ranks, 0).mean())
    assert found["flops"] is None


def test_both_ways_of_scoring_pairs_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    queries, items = ((rng.random((n, 30)) * (rng.random((n, 30)) < 0.3)).astype(np.float32) for n in (9, 13))
    for share in (0.0, 1.0):
        monkeypatch.setattr(evaluate, "_SPARSE_PAYS", share)
        expected = queries.astype(float) @ items.astype(float).T
        assert pair_scores(queries, csr_array(items)) == pytest.approx(expected, abs=1e-12)


def test_head_data_and_mode_must_fit(head: SparseHead, data: DenseDataset) -> None:
    spoken = literal_terms(data.captions, VOCABULARY)
    with pytest.raises(DatasetError, match=r"12 dimensions to 60 terms, .*vocabulary 59"):
        evaluate_head(head, data, spoken[:, :59])
    with pytest.raises(DatasetError, match="'wide'"):
        evaluate_head(head, data, spoken, mode="wide")  # type: ignore[arg-type]


def test_retrieval_measures_by_hand() -> None:
    nothing = [-1] * 10
    run = Run(np.array([[2, 0, *nothing[2:]], [1, 2, *nothing[2:]], nothing]), np.zeros((3, 10)))
    # right at place 2, at place 1, and never
    assert retrieval_measures(run, [[0], [1], [2]]) == pytest.approx(
        {"recall@1": 1 / 3, "recall@5": 2 / 3, "recall@10": 2 / 3, "mrr@10": (1 / 2 + 1) / 3}
    )
    # several right items: any of them counts, once
    assert retrieval_measures(run, [[0, 2], [0, 2], [1]]) == pytest.approx(
        {"recall@1": 1 / 3, "recall@5": 2 / 3, "recall@10": 2 / 3, "mrr@10": (1 + 1 / 2) / 3}
    )


def test_ties_go_to_the_lower_row_and_zero_is_not_found() -> None:
    rows, scores = top_items(np.array([[0.0, 2.0, 1.0, 2.0]]), 4, found_only=True)
    assert rows.tolist() == [[1, 3, 2, -1]] and scores[0, :3].tolist() == [2, 2, 1]
    assert top_items(np.array([[0.0, -1.0]]), 3, found_only=False)[0].tolist() == [[0, 1, -1]]
    both = BothDirections(1, 3, found_only=True)
    for block in ([[1.0], [0.0]], [[1.0], [3.0]]):
        both.add(np.array(block))
    assert both.image_to_text().rows.tolist() == [[3, 0, 2]]
    assert both.text_to_image().rows[:, 0].tolist() == [0, -1, 0, 0]


def test_trec_run_files(tmp_path: Path) -> None:
    Run(np.array([[1, 0], [0, -1]]), np.array([[2.5, 1], [3, 0]])).write(tmp_path / "r", ["q", "p"], ["a", "b"], "tag")
    assert (tmp_path / "r").read_text() == "q Q0 b 1 2.5 tag\nq Q0 a 2 1.0 tag\np Q0 a 1 3.0 tag\n"
    with pytest.raises(DatasetError, match="cannot be written"):
        Run(np.zeros((0, 1), int), np.zeros((0, 1))).write(tmp_path / "no" / "r", [], [], "tag")


def test_correlations_by_hand() -> None:
    scores, dense = np.array([[1.0, 2, 3], [1, 1, 2], [4, 4, 4]]), np.array([[1.0, 3, 2], [1, 2, 3], [1, 2, 3]])
    # row 0: two pairs agree, one does not; row 1: two agree, one is tied: 2 / sqrt(2 * 3)
    assert kendall_tau(scores, dense)[:2] == pytest.approx([1 / 3, 2 / math.sqrt(6)])
    # row 0: sum of (-1, 0, 1) * (-1, 1, 0) = 1 over 2; row 1: (-1, -1, 2)/3 * (-1, 0, 1) = 1 over sqrt(2/3 * 2)
    assert pearson(scores, dense)[:2] == pytest.approx([0.5, 1 / math.sqrt(4 / 3)])
    assert np.isnan(kendall_tau(scores, dense)[2]) and np.isnan(pearson(scores, dense)[2])


def test_coactivation_and_posting_lengths_by_hand() -> None:
    queries = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], np.float32)
    postings = np.array([3, 1, 0, 2])  # of 4 items
    # query 0: of its two terms an item lights 3/4 and 1/4 on average; query 1: none; query 2 has no term
    assert coactivation(queries, postings, 4)[:2] == pytest.approx([0.5, 0.0])
    assert np.isnan(coactivation(queries, postings, 4)[2])
    assert shared_dimensions((queries > 0).sum(0), postings) == pytest.approx(2 / 4)
    # lengths 1, 2, 3: mean absolute difference 8/9, half of it over the mean 2
    assert gini(postings) == pytest.approx(8 / 9 / 2 / 2)
    assert gini(np.array([5, 5, 0])) == 0.0 == gini(np.zeros(3, int))


def test_semantic_at_by_hand() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1], [0, 0]], np.float32)
    weights = np.array([[0, 2, 3, 1], [1, 0, 0, 0], [0, 0, 0, 1]], np.float32)
    own = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]], bool)
    # row 0: terms 1 and 2 to term 0: 0.6 and 0, term 3 has no vector; row 1 says nothing; row 2 lights nothing known
    found = semantic_rows(weights, own, vectors, 3)
    assert found[0] == pytest.approx(0.3) and np.isnan(found[1:]).all()
    assert semantic_rows(weights, own, vectors, 1)[0] == pytest.approx(0.0)


def test_word_vectors_from_captions_and_files(tmp_path: Path) -> None:
    texts = np.array([[1, 0], [0, 1], [0, -1]], np.float32)
    spoken = csr_array(np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0]], bool))
    # less the mean (1/3, 0): term 0 = (1/3, 1), term 1 = (-2/3, 0), term 2 is never said
    expected = [[1 / math.sqrt(10), 3 / math.sqrt(10)], [-1, 0], [0, 0]]
    assert caption_vectors(texts, spoken) == pytest.approx(np.array(expected), abs=1e-6)
    (tmp_path / "w.txt").write_text("2 2\ndog 3 4\nhen 1 1\n")
    assert read_word_vectors(tmp_path / "w.txt", ["cat", "dog"]) == pytest.approx(np.array([[0, 0], [0.6, 0.8]]))
    np.save(tmp_path / "w.npy", np.array([[0, 2.0]]))
    assert read_word_vectors(tmp_path / "w.npy", ["cat"]).tolist() == [[0, 1]]
    with pytest.raises(DatasetError, match=r"w\.npy cannot be used: its shape is \(1, 2\), 2 rows"):
        read_word_vectors(tmp_path / "w.npy", ["cat", "dog"])
    with pytest.raises(DatasetError, match="no line begins with a term"):
        read_word_vectors(tmp_path / "w.txt", ["cow"])
