"""Tables with a row for each scene of a split, made on every core and kept in a file; must not know what a row holds.

Their files are named after a hash of the world's source (`world_digest`), so that a world that changed makes new ones.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.world.composer import compose
from core.world.scene import Scene
from index_store.progress import Progress, silent

# What describes scenes and does not draw them: when it changes, pictures stay as they are.
NOT_DRAWING = {
    "captions.py", "sentences.py", "claims.py", "words.py", "oracle.py", "writer.py", "scene_table.py",
}  # fmt: skip
CHUNK = 100  # scenes a task: long enough to amortise, short enough for a smooth progress bar


def world_digest(*, drawing_only: bool = False) -> str:
    """12 hex digits of a hash of the source that draws and describes the world; `drawing_only`: of what draws it."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        if not (drawing_only and path.name in NOT_DRAWING):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def scene_table(
    path: Path,
    split: str,
    count: int,
    row: Callable[[Scene], dict[str, NDArray]],
    *,
    progress: Progress = silent,
) -> dict[str, NDArray]:
    """What `row` makes of each of the first `count` scenes of `split`, stacked by name: arrays of `count` rows.

    Read from the file `path`, or made on every core and written there. `row` must be picklable.
    """
    if not path.exists():
        chunks = [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
        parts = []
        with ProcessPoolExecutor() as pool:
            for numbers, part in zip(chunks, pool.map(partial(_rows, row, split), chunks), strict=True):
                parts.append(part)
                progress(numbers.stop, count, f"{split} scenes")
        save_arrays(path, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def save_arrays(path: Path, arrays: dict[str, NDArray]) -> None:
    """Writes arrays by name into one .npz file, whole or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez(part, allow_pickle=False, **arrays)
    part.replace(path)


def _rows(row: Callable[[Scene], dict[str, NDArray]], split: str, numbers: range) -> dict[str, NDArray]:
    rows = [row(compose(split, number)) for number in numbers]
    return {name: np.stack([one[name] for one in rows]) for name in rows[0]}
