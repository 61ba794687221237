"""The compiled loops by hand, and where their machine code cannot be kept."""

import importlib

import numpy as np
import pytest
from numba.core import caching

from index_store.memory import kernels

pytestmark = pytest.mark.numeric
# Rows 0, 1, 2 hold term 0 with 1, 0, 2 and term 1 with 0.5, 4, 0.
STARTS, ROWS = np.array([0, 2, 4], np.int32), np.array([0, 2, 0, 1], np.uint16)
WEIGHTS = np.array([1, 2, 0.5, 4], np.float32)
BOTH = np.array([0, 1], np.int32)


def test_sums_of_all_rows() -> None:
    sums = np.full(3, 9, np.float32)
    kernels.add_up(STARTS, ROWS, WEIGHTS, BOTH, np.array([10, 1], np.float32), sums)
    assert sums.tolist() == [10.5, 4, 20]
    kernels.add_up(STARTS, ROWS, WEIGHTS, BOTH[1:], np.array([2], np.float32), sums)
    assert sums.tolist() == [1, 8, 0]


def test_products_of_some_rows() -> None:
    made = kernels.products(STARTS, ROWS, WEIGHTS, BOTH, np.array([10.0, 1.0]), np.array([2, 0], np.int32))
    assert made.tolist() == [[20, 0], [10, 0.5]]


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 1_000])
@pytest.mark.parametrize("k", [1, 7, 80])
def test_who_leads(k: int, rows: int) -> None:
    """Whoever counts and is among the k best is found; `best` are the k highest sums; nobody without a sum is found."""
    rng = np.random.default_rng(rows + k)
    sums = np.round(rng.random(rows), 1).astype(np.float32)  # many ties, some zeros
    counts = rng.random(max(1, rows - 2)) < 0.8
    best, found = np.zeros(k, np.float32), np.empty(rows, np.int32)
    led = found[: kernels.lead(sums, counts, best, 1.0, found)].tolist()
    counted = {row: float(sums[row]) for row in np.flatnonzero(counts).tolist() if sums[row] > 0}
    highest = sorted(counted.values(), reverse=True)[:k]
    assert sorted(best.tolist(), reverse=True)[: len(highest)] == highest
    assert {row for row, value in counted.items() if value >= highest[-1]} <= set(led) <= set(counted)
    assert led == sorted(set(led))


def test_machine_code_that_cannot_be_kept_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither this folder nor the user's own can be written: slower to start, but it works."""
    with monkeypatch.context() as patch:
        patch.setattr(caching.CacheImpl, "_locator_classes", [])
        importlib.reload(kernels)
        test_sums_of_all_rows()
    importlib.reload(kernels)
