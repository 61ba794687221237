"""Impact levels: never below the weight, monotonic, and a bound that survives tantivy's float32 sums."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index_store import impacts

LARGEST = 3.4028234663852886e38
weights = st.floats(min_value=0, max_value=LARGEST, exclude_min=True, width=32)


def f32(values: list[float]) -> np.ndarray:
    return np.array(values, dtype=np.float32)


@given(st.lists(weights, min_size=1, max_size=50))
def test_a_ceiling_is_never_below_its_weight(values: list[float]) -> None:
    edges = impacts.ceilings(impacts.levels(f32(values)))
    assert np.isfinite(edges).all() and (edges >= f32(values)).all()
    normal = (f32(values) >= 2.0**-126) & (f32(values) < 2.0**127)
    assert (edges[normal] <= f32(values)[normal] * (1 + 2.0**-impacts.MANTISSA_BITS)).all()


@given(st.lists(weights, min_size=2, max_size=50))
def test_levels_keep_the_order(values: list[float]) -> None:
    assert (np.diff(impacts.levels(f32(sorted(values)))) >= 0).all()


@given(weights)
def test_an_edge_is_its_own_ceiling(value: float) -> None:
    edge = impacts.ceilings(impacts.levels(f32([value])))
    assert impacts.ceilings(impacts.levels(edge)) == edge


@given(st.lists(st.tuples(weights, weights), min_size=1, max_size=60), st.randoms())
def test_the_bound_holds_for_float32_sums_in_any_order(pairs: list[tuple[float, float]], order: object) -> None:
    query, item = f32([q for q, _ in pairs]), f32([w for _, w in pairs])
    scale = float(query.max())
    with np.errstate(over="ignore", under="ignore"):
        clauses = (query.astype(np.float64) / scale * impacts.ceilings(impacts.levels(item))).astype(np.float32)
        order.shuffle(clauses)  # type: ignore[attr-defined]
        summed = np.float32(0)
        for clause in clauses:
            summed = np.float32(summed + clause)
    exact = float(np.sum(query.astype(np.float64) * item.astype(np.float64)))
    assert impacts.upper_bound(float(summed), len(pairs), scale) >= exact


def test_tokens_name_term_and_level() -> None:
    text = impacts.tokens(np.array([3, 12], dtype=np.int32), f32([1.0, 0.3]))
    parsed = [impacts.parse(token) for token in text.split()]
    assert [term for term, _ in parsed] == [3, 12]
    assert impacts.ceilings(np.array([level for _, level in parsed])).tolist() == [1.0, 0.375]
    assert all(token.startswith(impacts.prefix(term)) for token, (term, _) in zip(text.split(), parsed, strict=True))
    assert not "12_5".startswith(impacts.prefix(1))
