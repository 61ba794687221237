"""The comparison runs, small: tables, JSON and picture hold what was measured; what it measures is right."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks import retrieval
from benchmarks.exported import read_items
from benchmarks.measuring import Task, build_collection, measure_ours, measure_peer
from benchmarks.peers import PEERS, Peer
from benchmarks.peers.matrix import Scipy
from benchmarks.rows import Rows
from benchmarks.synthetic import draw_items
from index_store.folder.collection import Collection
from index_store.formats.jsonl import export_jsonl


@pytest.fixture(scope="module")
def task() -> Task:
    return Task.draw(draw_items(400, seed=9), sizes=(8, 40), queries=6, k=10, seed=1)


class Counting(Scipy):
    """scipy that tells whether it was built or loaded."""

    name, kept = "counting", True
    built = loaded = 0

    def build(self, items: Rows, folder: Path) -> None:
        type(self).built += 1
        items.save(folder / "items.npz")
        super().build(items, folder)

    def load(self, folder: Path) -> None:
        type(self).loaded += 1
        super().build(Rows.load(folder / "items.npz"), folder)


class Broken(Scipy):
    name = "broken"

    def search(self, question: Any, k: int) -> Sequence[int]:
        raise RuntimeError("out of order")


def test_our_search_is_exact_and_says_so(task: Task, tmp_path: Path) -> None:
    (exact, limited, held), opening = measure_ours(task, tmp_path, batch=150, compact=True, budgets=[1])
    for size in (8, 40):
        for one in (exact, held):
            assert one.regimes[size].overlap == one.regimes[size].proven == 1.0
        assert exact.regimes[size].queries == 6 and 0 < exact.regimes[size].p50 <= exact.regimes[size].p95
        assert limited.regimes[size].proven == 0.0
    assert exact.build_seconds and exact.bytes_an_item and exact.bytes_an_item > 8 * 100
    assert opening.load_seconds > 0 and opening.held["own"] > 0
    assert opening.queries == 12 and opening.warm["own"] >= opening.opened["own"] > 0


def test_scipy_finds_the_best(task: Task, tmp_path: Path) -> None:
    (system,) = measure_peer(Scipy(), task, tmp_path, most=4)
    assert not system.note
    assert {regime.overlap for regime in system.regimes.values()} == {1.0}
    assert {regime.queries for regime in system.regimes.values()} == {4}


def test_an_index_that_was_kept_is_taken_up(task: Task, tmp_path: Path) -> None:
    (first,), (second,) = (measure_peer(Counting(), task, tmp_path / "kept", None) for _ in range(2))
    assert (Counting.built, Counting.loaded) == (1, 1)
    assert first.build_seconds == second.build_seconds and second.regimes[8].overlap == 1.0


def test_a_peer_that_fails_is_reported_and_passed_over(task: Task, tmp_path: Path) -> None:
    (system,) = measure_peer(Broken(), task, tmp_path, None)
    assert system.note == "failed: RuntimeError: out of order" and not system.regimes


class Swept(Scipy):
    """Finds all, or as many as its setting says."""

    name, settings = "swept", (10, 5)

    def choose(self, setting: int) -> None:
        self.most = setting

    def search(self, question: Any, k: int) -> Sequence[int]:
        return super().search(question, k)[: self.most]


def test_of_several_settings_only_those_count_that_find_enough(task: Task, tmp_path: Path) -> None:
    for least, one in zip((0.99, 0.999), measure_peer(Swept(), task, tmp_path, 3), strict=True):
        assert one.name == f"swept ≥ {least}" and {regime.overlap for regime in one.regimes.values()} == {1.0}
    Swept.settings = (5, 3)
    poor, _ = measure_peer(Swept(), task, tmp_path, 3)
    assert poor.note == "none of its settings finds as much" and not poor.regimes


@pytest.mark.parametrize("name", PEERS)
def test_every_installed_peer_finds_most_of_the_best(name: str, task: Task, tmp_path: Path) -> None:
    pytest.importorskip(PEERS[name].module)
    system = measure_peer(PEERS[name](), task, tmp_path, most=2)[0]
    assert not system.note
    assert all(regime.overlap is None or regime.overlap >= 0.8 for regime in system.regimes.values())


def test_tables_json_and_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent(Scipy):
        name, module = "absent", "no_such_module"

    class Slow(Scipy):
        name, slow = "slow", True

    peers: dict[str, type[Peer]] = {"scipy": Scipy, "absent": Absent, "slow": Slow}
    monkeypatch.setattr(retrieval, "PEERS", peers)
    files = ["--json", str(tmp_path / "all.json"), "--plot", str(tmp_path / "growth.png")]
    asked = ["--items", "200", "400", "--queries", "5", "--slow-queries", "2", "--slow-peers-up-to", "300"]
    retrieval.main([*asked, "--budgets", "50", "--cache", str(tmp_path / "cache"), *files])
    shown = capsys.readouterr().out
    assert "## 200 items of" in shown and "## 400 items of" in shown
    assert "| absent (not installed) |" in shown and "left out above 300 items" in shown
    assert "| p50 of ours ÷ theirs | sightwords, 8 terms | sightwords, 40 terms | budget 50, 8 terms |" in shown
    small, large = json.loads((tmp_path / "all.json").read_text())["measured"]
    assert (small["items"], large["items"]) == (200, 400)
    assert set(small["ratios"]["budget 50"]) == {"scipy", "slow"} and set(large["ratios"]["sightwords"]) == {"scipy"}
    ours, theirs = small["ours"][0]["regimes"]["8"], small["peers"][0]["regimes"]["8"]
    assert small["ratios"]["sightwords"]["scipy"]["8"] == pytest.approx(ours["p50"] / theirs["p50"])
    assert small["peers"][2]["regimes"]["40"]["queries"] == 2
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "cache" / "synthetic-200-7" / "items.npz").exists()


def test_real_items_come_from_a_collection_or_its_export(tmp_path: Path) -> None:
    items = draw_items(60, seed=2)
    build_collection(items, tmp_path / "c", batch=25, compact=False)
    with Collection.open(tmp_path / "c") as held:
        export_jsonl(held, tmp_path / "c.jsonl")
    back, lines = read_items(tmp_path / "c"), read_items(tmp_path / "c.jsonl")
    assert np.array_equal(back.terms, items.terms) and np.array_equal(back.weights, items.weights)
    assert back.width == items.width and lines.width == len(np.unique(items.terms))
    for number in range(len(items)):
        assert np.array_equal(_heaviest(lines, number), _heaviest(items, number))


def _heaviest(rows: Rows, number: int) -> NDArray[np.float32]:
    return np.sort(rows.row(number)[1])
