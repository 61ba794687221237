"""Seconds and memory of a training step, plain and fast, at the paper's sizes: `python benchmarks/training_step.py`.

Batch 512, dense 256, hidden 768, vocabulary 30,522, float32, AdamW. The phases: "literal" (caption control at the very
start: every caption is kept to its own words) and "expanded" (none is); the heads: as initialised, where half of all
logits are above zero, and lit as after two epochs of training. Such a head is made by lowering every bias until the
share of lit terms is `--lit` (what `train` reports after two epochs; default 0.01, about 300 terms). Steps of both
kinds alternate in one process; memory is the growth of the peak over three steps in a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.models.head import HeadConfig, SparseHead
from core.training.batches import Batch
from core.training.config import TrainingConfig
from core.training.fast import fast_objective
from core.training.objective import objective

BATCH, DENSE, HIDDEN, TERMS, SPOKEN = 512, 256, 768, 30_522, 10
PHASES = {"literal": 0.0, "expanded": 1.0}  # progress through training
STEPS = {"plain": objective, "fast": fast_objective}


def head_that_lights(share: float | None) -> SparseHead:
    """A head as initialised (None), or one that lights this share of all terms."""
    torch.manual_seed(0)
    head = SparseHead(HeadConfig(DENSE, HIDDEN, TERMS))
    if share is not None:
        with torch.no_grad():
            some = head.logits(torch.nn.functional.normalize(torch.randn(64, DENSE), dim=1))
            head.vocab_projector.bias -= torch.quantile(some[:, :: TERMS // 2000], 1 - share)
    return head


def batch() -> Batch:
    """Unit rows, and ten terms a caption."""
    generator = torch.Generator().manual_seed(1)
    texts, images = (torch.nn.functional.normalize(torch.randn(BATCH, DENSE, generator=generator)) for _ in range(2))
    literal = torch.zeros(BATCH, TERMS, dtype=torch.bool)
    literal.scatter_(1, torch.randint(0, TERMS, (BATCH, SPOKEN), generator=generator), True)
    return Batch(texts, literal, images, literal)


def stepper(name: str, share: float | None, progress: float) -> Callable[[], float]:
    """A function that makes one step and returns its seconds; the head hardly moves (rate 1e-8), so it stays as lit."""
    head, rows, config = head_that_lights(share), batch(), TrainingConfig(control="caption")
    optimiser = torch.optim.AdamW(head.parameters(), lr=1e-8, fused=True)
    generator = torch.Generator().manual_seed(2)

    def step() -> float:
        started = time.perf_counter()
        loss, _ = STEPS[name](head, rows, config, progress, generator)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return time.perf_counter() - started

    return step


def seconds(share: float | None, progress: float, rounds: int) -> dict[str, float]:
    """The median of each kind of step, taken in turn."""
    steps = {name: stepper(name, share, progress) for name in STEPS}
    for step in steps.values():
        step()
    times = [{name: step() for name, step in steps.items()} for _ in range(rounds)]
    return {name: statistics.median(row[name] for row in times) for name in STEPS}


def peak_megabytes(name: str, share: float | None, progress: float) -> float:
    """How far the peak rises over three steps, in a process of its own."""
    command = [sys.executable, __file__, "--memory", json.dumps([name, share, progress])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return float(done.stdout)


def _memory(name: str, share: float | None, progress: float) -> None:
    step = stepper(name, share, progress)
    before = _peak()
    for _ in range(3):
        step()
    print((_peak() - before) / 1024)


def _peak() -> int:
    """The peak of this process's own memory in KiB (getrusage would tell that of whoever started it)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lit", type=float, default=0.01, help="share of lit terms after two epochs")
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        _memory(*json.loads(options.memory))
        return
    print(f"{torch.get_num_threads()} threads; batch {BATCH}, vocabulary {TERMS}")
    print(f"{'head':22}{'phase':10}{'plain s':>9}{'fast s':>9}{'ratio':>7}{'plain MB':>10}{'fast MB':>9}{'ratio':>7}")
    for label, share in ((f"{options.lit:.2%} of terms lit", options.lit), ("as initialised", None)):
        for phase, progress in PHASES.items():
            took = seconds(share, progress, options.rounds)
            peak = {name: peak_megabytes(name, share, progress) for name in STEPS}
            print(f"{label:22}{phase:10}{took['plain']:9.2f}{took['fast']:9.2f}{took['plain'] / took['fast']:7.1f}"
                  f"{peak['plain']:10.0f}{peak['fast']:9.0f}{peak['fast'] / peak['plain']:7.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
