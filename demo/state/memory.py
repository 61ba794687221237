"""How much memory the app may hold vectors in, where nobody says so: half of what the machine or its container has."""

import os
from pathlib import Path

SHARE = 0.5
UNKNOWN = 4 * 2**30  # bytes that a machine is taken to have that does not tell
LIMIT = Path("/sys/fs/cgroup/memory.max")  # what a container may use, in bytes, or "max"


def usual_budget() -> int:
    """Bytes."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        machine = UNKNOWN
    try:
        container = int(LIMIT.read_text())
    except (OSError, ValueError):
        container = machine
    return int(SHARE * min(machine, container))
