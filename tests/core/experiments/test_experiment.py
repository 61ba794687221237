"""Experiments: work in a process of its own, what it leaves behind, and that it can be stopped and gone on with."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.data.dense import DenseFolder
from core.data.literal_terms import literal_terms
from core.errors import DatasetError, TrainingError
from core.evaluation.evaluate import evaluate_dense, evaluate_head
from core.experiments.experiment import Experiment, begin, conduct, discard, experiments
from core.models.head import load_head
from core.subprocess_task import run_in_subprocess
from core.training.checkpoint import CHECKPOINT_FILE
from core.training.config import TrainingConfig
from index_store.progress import ShouldStop
from tests.core.dense_sets import WORDS, write_words

CONFIG = TrainingConfig(epochs=3, batch_size=20, hidden_size=32, tau=0.02)


def once(stop: threading.Event) -> ShouldStop:
    """Answers yes once after each time that the event was set."""

    def should_stop() -> bool:
        asked = stop.is_set()
        if asked:
            stop.clear()
        return asked

    return should_stop


def count_up(until: int, *, tell: Callable[[int], None], should_stop: ShouldStop) -> tuple[int, int]:
    """Counts up, tells each number, and ends early if asked to; returns the last number and the process's id."""
    reached = 0
    for number in range(until):
        tell(number)
        reached = number
        time.sleep(0.01)
        if should_stop():
            break
    return reached, os.getpid()


def fail(how: str, *, tell: Callable[[int], None], should_stop: ShouldStop) -> None:
    if how == "die":
        os._exit(3)
    raise DatasetError("There is nothing in it.")


def test_work_apart_tells_and_stops() -> None:
    told: list[int] = []
    stop = threading.Event()

    def listen(number: int) -> None:
        told.append(number)
        if number == 5:
            stop.set()

    reached, process = run_in_subprocess(count_up, 100_000, tell=listen, should_stop=once(stop))
    assert told == list(range(reached + 1)) and 5 <= reached < 100_000
    assert process != os.getpid() and not stop.is_set()


def test_what_goes_wrong_apart_is_told_here() -> None:
    with pytest.raises(DatasetError, match="nothing in it"):
        run_in_subprocess(fail, "say so", tell=print)
    with pytest.raises(TrainingError, match="exit status 3"):
        run_in_subprocess(fail, "die", tell=print)


def test_an_experiment_is_conducted_stopped_gone_on_with_and_thrown_away(tmp_path: Path) -> None:
    data = write_words(tmp_path / "data")
    config = replace(CONFIG, epochs=2000)
    plan = Experiment("80 pictures", "20 pictures", config, "words", "2026-01-02T03:04:05+00:00", folder=str(data))
    runs = tmp_path / "runs"
    key, other = begin(runs, plan, WORDS), begin(runs, plan, WORDS)
    assert key != other and experiments(runs)[key] == plan
    stop = threading.Event()
    epochs = []

    def listen(kind: str, *said: object) -> None:
        if kind == "epoch":
            epochs.append(said[0])
            if len(epochs) == 3:
                stop.set()

    assert run_in_subprocess(conduct, runs / key, tmp_path, tell=listen, should_stop=once(stop))
    result = experiments(runs)[key].result
    assert result is not None and not result.ended and 3 <= result.epochs < 2000
    assert (runs / key / CHECKPOINT_FILE).exists()
    test = DenseFolder.read(data).split("test")
    head, vocabulary = load_head(runs / key)
    judged = evaluate_head(head, test, literal_terms(test.captions, vocabulary)).measures
    assert result.measures["recall@1"] == judged["recall@1"] and result.items == 20
    assert result.dense_recall_at_1 == evaluate_dense(test).measures["recall@1"]
    before = len(epochs)
    stop.clear()

    def listen_again(kind: str, *said: object) -> None:
        if kind == "epoch":
            epochs.append(said[0])
            stop.set()

    assert run_in_subprocess(conduct, runs / key, tmp_path, tell=listen_again, should_stop=once(stop))
    assert epochs[before]["epoch"] == epochs[before - 1]["epoch"] + 1  # type: ignore[index]
    discard(runs, key)
    assert list(experiments(runs)) == [other]
    discard(runs, "../data")
    assert data.exists()


def test_words_of_the_captions_are_the_terms_where_none_are_given(tmp_path: Path) -> None:
    data = write_words(tmp_path / "data")
    plan = Experiment("d", "t", CONFIG, None, "2026-01-02T03:04:05+00:00", folder=str(data))
    key = begin(tmp_path / "runs", plan, None)
    assert run_in_subprocess(conduct, tmp_path / "runs" / key, tmp_path, tell=lambda *said: None)
    _, vocabulary = load_head(tmp_path / "runs" / key)
    assert len(vocabulary) > 15 and set(vocabulary.terms) <= set(WORDS.terms)  # those said three times


def test_what_is_no_experiment_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "experiment.json").write_text("{}")
    assert experiments(tmp_path) == {} and experiments(tmp_path / "nowhere") == {}
    with pytest.raises(DatasetError, match="cannot be read"):
        Experiment.load(tmp_path / "a")
