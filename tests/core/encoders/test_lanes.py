"""Batches beside each other: in order, one of torch's threads each, and nobody else's number of threads is changed."""

import threading
from collections.abc import Iterator

import pytest
import torch

from core.encoders.lanes import Lanes


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_are_in_order_and_each_lane_computes_with_one_thread() -> None:
    meeting = threading.Barrier(2)  # passed only by two that work at the same time

    def work(number: int) -> tuple[int, int]:
        meeting.wait(timeout=60)
        return number, torch.get_num_threads()

    assert Lanes()(work, [3, 1, 4, 2]) == [(3, 1), (1, 1), (4, 1), (2, 1)]


def test_the_callers_threads_and_those_of_threads_to_come_stay_as_they_were() -> None:
    Lanes()(abs, [1, 2])
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert (torch.get_num_threads(), later) == (2, [2])


def test_one_batch_gets_all_threads_and_follows_a_change_of_their_number() -> None:
    lanes = Lanes()
    assert lanes(lambda _: torch.get_num_threads(), ["a"]) == [2]
    assert lanes(lambda _: torch.get_num_threads(), []) == []
    torch.set_num_threads(1)
    assert lanes(lambda _: threading.current_thread(), "ab") == [threading.current_thread()] * 2
    torch.set_num_threads(3)
    assert lanes(lambda _: torch.get_num_threads(), "ab") == [1, 1]
    assert torch.get_num_threads() == 3


def test_an_exception_reaches_the_caller_and_the_lanes_go_on() -> None:
    lanes = Lanes()
    with pytest.raises(ZeroDivisionError):
        lanes(lambda number: 1 // number, [1, 0, 2])
    assert lanes(abs, [-1, -2]) == [1, 2]
