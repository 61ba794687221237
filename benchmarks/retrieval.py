"""How long a search of a collection takes, beside brute force over arrays in memory: `python benchmarks/retrieval.py`.

Synthetic items whose statistics resemble learned sparse vectors: Zipf document frequencies, topics (terms that occur
together), log-normal weights, ~100 terms an item; queries are thinned, perturbed items. Every result is compared with
brute force before it is timed. One process, one thread; p50 and p95 over the queries, the best of 3 runs of each.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

if __name__ == "__main__":  # whoever imports this keeps its threads, and so do the processes that it starts
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from index_store.collection import Collection, NewItem
from index_store.vectors import SparseVector

TERMS = 20_000
TOPICS, TOPIC_TERMS = 400, 150
BATCH = 256  # items in one `add`


def draw_items(count: int, rng: np.random.Generator) -> list[SparseVector]:
    """`count` vectors of 30 to 250 terms: two thirds from two topics of the item, the rest from everything."""
    popularity = 1 / np.arange(10, TERMS + 10) ** 0.95
    popularity /= popularity.sum()
    topics = [
        rng.choice(TERMS, TOPIC_TERMS, replace=False, p=popularity**0.5 / (popularity**0.5).sum())
        for _ in range(TOPICS)
    ]
    items = []
    for _ in range(count):
        size = int(np.clip(rng.lognormal(np.log(100), 0.35), 30, 250))
        own = np.concatenate([topics[i] for i in rng.integers(0, TOPICS, 2)])
        terms = np.unique(np.r_[rng.choice(own, 2 * size // 3), rng.choice(TERMS, size - 2 * size // 3, p=popularity)])
        weights = np.clip(rng.lognormal(-1.15, 0.75, terms.size), 0.01, 3.0).astype(np.float32)
        items.append(SparseVector(terms.astype(np.int32), weights))
    return items


def draw_query(items: list[SparseVector], size: int, rng: np.random.Generator) -> SparseVector:
    """About `size` terms of one item, heavy ones more often, with weights of their own."""
    item = items[int(rng.integers(len(items)))]
    chance = item.weights.astype(np.float64) / item.weights.sum(dtype=np.float64)
    kept = np.sort(rng.choice(len(item), min(size, len(item)), replace=False, p=chance))
    noise = rng.lognormal(0, 0.4, kept.size).astype(np.float32)
    return SparseVector(item.terms[kept], item.weights[kept] * noise)


class BruteForce:
    """All vectors as flat arrays; a search multiplies every weight of every item."""

    def __init__(self, items: list[SparseVector]) -> None:
        self.terms = np.concatenate([item.terms for item in items])  # (nnz,)
        self.weights = np.concatenate([item.weights for item in items])  # (nnz,)
        self.owner = np.repeat(np.arange(len(items)), [len(item) for item in items])  # (nnz,)
        self.count = len(items)

    def search(self, query: SparseVector, k: int) -> NDArray[np.intp]:
        """Rows of the k best items, in no particular order."""
        dense = np.zeros(TERMS, dtype=np.float32)
        dense[query.terms] = query.weights
        scores = np.bincount(self.owner, weights=dense[self.terms] * self.weights, minlength=self.count)
        return np.argpartition(-scores, min(k, self.count - 1))[:k]


def milliseconds(run: Callable[[SparseVector], object], queries: list[SparseVector]) -> tuple[float, float]:
    """(p50, p95) of the best of three runs of each query."""
    best = []
    for query in queries:
        times = []
        for _ in range(3):
            started = time.perf_counter()
            run(query)
            times.append(1000 * (time.perf_counter() - started))
        best.append(min(times))
    return float(np.percentile(best, 50)), float(np.percentile(best, 95))


def measure(count: int, queries_each: int, k: int, budgets: list[int]) -> None:
    """Builds one collection of `count` items and prints its lines of the table."""
    rng = np.random.default_rng(5)
    items = draw_items(count, rng)
    brute = BruteForce(items)
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection.create(Path(folder) / "c", model="benchmark", vocabulary=[str(t) for t in range(TERMS)])
        empty = collection.stats().bytes_on_disk
        started = time.perf_counter()
        ids: list[int] = []
        for first in range(0, count, BATCH):
            some = items[first : first + BATCH]
            ids += collection.add([NewItem("image", f"{first + i}.png", None, "", v) for i, v in enumerate(some)])
        rate = count / (time.perf_counter() - started)
        with collection:
            size = (collection.stats().bytes_on_disk - empty) / count
            for terms in (8, 40):
                queries = [draw_query(items, terms, rng) for _ in range(queries_each)]
                for query in queries:
                    found = [hit.score for hit in collection.search(query, k).hits]
                    truth = sorted((query.dot(items[row]) for row in brute.search(query, k)), reverse=True)
                    assert np.allclose(found, truth[: len(found)], rtol=1e-6), "the index and brute force disagree"
                ours = milliseconds(lambda query: collection.search(query, k), queries)
                theirs = milliseconds(lambda query: brute.search(query, k), queries)
                print(
                    f"| {count:,} | {terms} | {ours[0]:.2f} / {ours[1]:.2f} | {theirs[0]:.2f} / {theirs[1]:.2f} "
                    f"| {size:,.0f} | {rate:,.0f} |",
                    flush=True,
                )
                measure_budgets(collection, queries, k, budgets)


def measure_budgets(collection: Collection, queries: list[SparseVector], k: int, budgets: list[int]) -> None:
    """Prints for each budget of postings: how many answers it still proves, what it finds of the best, how long."""
    truth = [{hit.id for hit in collection.search(query, k).hits} for query in queries]
    for budget in budgets:
        found = [collection.search(query, k, budget=budget) for query in queries]
        proven = np.mean([one.exact for one in found])
        there = np.mean(
            [len({hit.id for hit in one.hits} & best) / len(best) for one, best in zip(found, truth, strict=True)]
        )
        p50, p95 = milliseconds(partial(collection.search, k=k, budget=budget), queries)
        print(
            f"  budget {budget:,}: {proven:.2f} proven, {there:.3f} of the best {k}, {p50:.2f} / {p95:.2f} ms",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--budgets", type=int, nargs="*", default=[], help="also on budgets of so many postings")
    chosen = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, top {chosen.k}; milliseconds p50 / p95\n")
    print(
        "| items | query terms | collection (exact) | brute force, in memory | bytes an item | items added a second |"
    )
    print("|---|---|---|---|---|---|")
    for count in chosen.items:
        measure(count, chosen.queries, chosen.k, chosen.budgets)


if __name__ == "__main__":
    main()
