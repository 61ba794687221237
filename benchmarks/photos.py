"""What the model `photos` costs on this machine: `python benchmarks/photos.py [FOLDER]`

Photographs of FOLDER (made ones of 1,000 × 750 px when left out) are indexed: decoding, encoding, weighing and storing
beside the encoder alone on pixels that are ready, in turns in one run. Then: a question's text to its sparse vector, a
program from its start until it is ready to answer, what it holds in memory, and what the model adds to an installation.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.encoders.photos import PACKAGE, PHOTOS
from core.library.indexing.sync import index_paths
from core.models.registry import load_model
from core.pictures.images import open_image, working_copy
from index_store.folder.collection import Collection

TEXTS = (
    "a dog",
    "two boats on the sea at night",
    "a man in a red jacket riding a bicycle down a wet street in the rain",
)
READY = """
import time; started = time.perf_counter()
from core.models.registry import load_model
load_model("photos").encode_texts(["a dog on a beach"])
resident = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # not that of its parent
print(time.perf_counter() - started, int(resident.split()[1]) / 1024)
"""


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="photographs; made ones when left out")
    parser.add_argument("--count", type=int, default=256, help="of made photographs")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = Table("what", "measured", title=f"photos, {options.threads} threads")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or made(Path(scratch) / "photographs", options.count)
        for row in speed(folder, Path(scratch), options.rounds):
            table.add_row(*row)
    for row in (*question(), *ready(), *installed()):
        table.add_row(*row)
    Console(width=110).print(table)


def made(folder: Path, count: int) -> Path:
    """JPEGs of 1,000 × 750 pixels with the detail of photographs: blurred noise."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(count):
        small = Image.fromarray(random.integers(0, 256, (150, 200, 3), dtype=np.uint8))
        small.resize((1000, 750), Image.Resampling.BICUBIC).save(folder / f"{number:04}.jpg", quality=88)
    return folder


def speed(folder: Path, scratch: Path, rounds: int) -> list[tuple[str, str]]:
    """The encoder alone and the whole of indexing, in turns; medians."""
    model = load_model("photos")
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    images = [working_copy(open_image(path)) for path in paths[:256]]
    model.encode_images(images[:16])
    alone, whole = [], []
    for number in range(rounds):
        started = perf_counter()
        model.dense_images(images)
        alone.append(len(images) / (perf_counter() - started))
        started = perf_counter()
        with Collection.create(
            scratch / str(number), model=model.name, vocabulary=model.vocabulary.terms
        ) as collection:
            index_paths(model, collection, [folder])
        whole.append(len(paths) / (perf_counter() - started))
    first, second = statistics.median(alone), statistics.median(whole)
    return [
        ("encoder alone, photographs a second", f"{first:.1f} ({min(alone):.1f} to {max(alone):.1f})"),
        ("decoding, encoding, weighing, storing, a second", f"{second:.1f} ({min(whole):.1f} to {max(whole):.1f})"),
        ("time of the whole ÷ the encoder's own", f"{first / second:.3f}"),
    ]


def question(times: int = 200) -> list[tuple[str, str]]:
    """From a text to its sparse vector."""
    model, seconds = load_model("photos"), []
    for number in range(times):
        started = perf_counter()
        model.encode_texts([TEXTS[number % len(TEXTS)]])
        seconds.append(perf_counter() - started)
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return [("a question's text, ms", f"{p50:.1f} p50, {p95:.1f} p95")]


def ready() -> list[tuple[str, str]]:
    """A program of its own, from its start until its first text is encoded."""
    run = subprocess.run([sys.executable, "-c", READY], capture_output=True, text=True, check=True,
                         cwd=Path(__file__).resolve().parents[1])  # fmt: skip
    seconds, megabytes = map(float, run.stdout.split())
    return [("ready after, s", f"{seconds:.1f}"), ("resident until then at most, MB", f"{megabytes:.0f}")]


def installed() -> list[tuple[str, str]]:
    """Bytes of the model's own files and of the backbone's package."""
    found = find_spec(PACKAGE)
    folders = (
        [PHOTOS, *(Path(place) for place in (found.submodule_search_locations or []) if found)] if found else [PHOTOS]
    )
    size = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
    return [("added to an installation, MB", f"{size / 1e6:.0f}")]


if __name__ == "__main__":
    main()
