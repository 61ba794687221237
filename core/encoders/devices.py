"""Which device an encoder computes on, in which precision, and how many inputs fit it; must not know which encoder."""

from dataclasses import dataclass

import torch

from core.encoders.precision import PRECISIONS, computes_bf16
from core.errors import DeviceError

DEVICES = ("auto", "cpu", "cuda", "mps")
ON_CPU = 8  # inputs in a batch: larger ones are no faster there, as one ViT-B picture already fills the caches
AT_MOST = 256  # inputs in a batch: beyond this a GPU gains nothing
SHARE = 0.5  # of the memory that is free: the rest is for the allocator's gaps and for whoever else computes


@dataclass(frozen=True)
class ComputeDevice:
    """A device and the precision of the matrix products that towers compute there."""

    device: torch.device
    dtype: torch.dtype

    @property
    def precision(self) -> str:
        """fp32, bf16 or fp16."""
        return {torch.float32: "fp32", torch.bfloat16: "bf16"}.get(self.dtype, "fp16")

    def __str__(self) -> str:
        return f"{self.device.type} ({self.precision})"


def compute_device(device: str = "auto", precision: str = "auto") -> ComputeDevice:
    """The device by name, "auto" the fastest there is, and the precision, "auto" the fastest that is true enough there:
    on a processor bf16 where it computes that natively, else fp32; on GPUs bf16 where that is fast, else fp16.

    Raises DeviceError for names that are none, or a device that this machine or this build of torch does not have.
    """
    if precision not in PRECISIONS:
        known = f"{', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}"
        raise DeviceError(f"There is no precision '{precision}'; choose {known}.")
    if device not in DEVICES:
        raise DeviceError(f"There is no device '{device}'; choose {', '.join(DEVICES[:-1])} or {DEVICES[-1]}.")
    has = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if has[name])
    if not has[device]:
        raise DeviceError(
            f"The device '{device}' cannot be used: this machine, or its build of torch ({torch.__version__}), "
            "has none; choose cpu or auto."
        )
    return ComputeDevice(torch.device(device), _dtype(device, precision))


def _dtype(device: str, precision: str) -> torch.dtype:
    if precision != "auto":
        return torch.float32 if precision == "fp32" else torch.bfloat16
    if device == "cpu":
        return torch.bfloat16 if computes_bf16() else torch.float32
    bf16 = device == "cuda" and torch.cuda.get_device_capability()[0] >= 8  # older ones only emulate it
    return torch.bfloat16 if bf16 else torch.float16


def fitting_batch(on: ComputeDevice, bytes_each: int) -> int:
    """How many inputs of so many bytes (activations at the peak) fit the device's free memory; a power of two."""
    if on.device.type == "cpu":
        return ON_CPU
    if on.device.type == "cuda":
        free = torch.cuda.mem_get_info(on.device)[0]
    else:
        free = torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    most = max(1, min(AT_MOST, int(free * SHARE) // max(1, bytes_each)))
    return 1 << (most.bit_length() - 1)


def transformer_bytes(on: ComputeDevice, tokens: int, width: int, heads: int) -> int:
    """An upper estimate of what one input costs at the peak of a transformer layer: activations and attention."""
    element, whole = torch.finfo(on.dtype).bits // 8, 4
    inside = element * (12 * width + 3 * heads * tokens)  # qkv, mlp (4 ×), a copy; scores, softmax, copy
    return tokens * (inside + whole * 3 * width)  # what is added up along the layers stays in single precision
