"""Three processes write to one collection and are killed; `python -m tests.killing_together 100` does so for long."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="children are forked")
def test_three_processes_are_killed_and_nothing_reported_is_lost() -> None:
    """In a process of its own, as forking one that has threads, which tests before this one leave, is not safe."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.killing_together", "4"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 rounds, 12 kills" in done.stdout
