"""Devices by name, batches that shrink when memory is short, and inputs prepared ahead by a bounded pool."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from core.encoders.batches import AHEAD, PREPARERS, Batches
from core.encoders.devices import AT_MOST, ComputeDevice, compute_device, fitting_batch
from core.errors import DeviceError, ModelError


def rows(inputs: Sequence[int]) -> Tensor:
    return torch.tensor([[float(i), i + 0.5] for i in inputs])


class Short:
    """A device that holds only so many inputs."""

    def __init__(self, holds: int, error: type[RuntimeError] = torch.OutOfMemoryError):
        self.holds, self.error, self.asked = holds, error, []

    def __call__(self, prepared: Tensor) -> Tensor:
        self.asked.append(len(prepared))
        if len(prepared) > self.holds:
            raise self.error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return prepared


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
@pytest.mark.parametrize("count", [0, 1, 3, 16, 37])
def test_out_of_memory_halves_the_batch_and_goes_on(count: int, error: type[RuntimeError]) -> None:
    device = Short(3, error)
    batches = Batches(16, rows, device)
    assert np.array_equal(batches(range(count), 2), rows(range(count)).numpy().reshape(-1, 2))
    assert count < 16 or batches.size == 2
    before = len(device.asked)
    batches(range(count), 2)
    assert count < 16 or max(device.asked[before:]) <= 2  # what was learned stays


def test_one_input_too_large_is_said_and_other_errors_pass() -> None:
    with pytest.raises(ModelError, match="not enough memory"):
        Batches(8, rows, Short(0))(range(5), 2)

    def broken(prepared: Tensor) -> Tensor:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        Batches(8, rows, broken)(range(5), 2)


def test_no_more_is_prepared_than_the_pool_holds() -> None:
    lock, prepared, run, most = threading.Lock(), [0], [0], [0]

    def prepare(inputs: Sequence[int]) -> Tensor:
        with lock:
            prepared[0] += 1
            most[0] = max(most[0], prepared[0] - run[0])
        return rows(inputs)

    def model(batch: Tensor) -> Tensor:
        with lock:
            run[0] += 1
        return batch

    Batches(1, prepare, model)(range(200), 2)
    assert prepared[0] == 200 and most[0] <= AHEAD + PREPARERS


def test_a_failure_to_prepare_is_the_callers() -> None:
    def prepare(inputs: Sequence[int]) -> Tensor:
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        Batches(2, prepare, Short(9))(range(9), 2)


def test_devices_by_name() -> None:
    assert compute_device("cpu", "fp32") == ComputeDevice(torch.device("cpu"), torch.float32)
    assert compute_device("auto").device.type in ("cpu", "cuda", "mps")
    with pytest.raises(DeviceError, match="no device 'gpu'"):
        compute_device("gpu")
    for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if not there:
            with pytest.raises(DeviceError, match=f"'{name}' cannot be used"):
                compute_device(name)


def test_batches_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = ComputeDevice(torch.device("cuda"), torch.bfloat16)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (8 << 30, 16 << 30))
    assert fitting_batch(gpu, 100 << 20) == 32  # 40 fit into half of 8 GB
    assert fitting_batch(gpu, 1) == AT_MOST
    assert fitting_batch(gpu, 20 << 30) == 1
