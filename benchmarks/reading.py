"""How much memory reading a dense data set of MSCOCO's shape takes: `python benchmarks/reading.py`.

Makes the data set (123,287 images and 616,767 captions, 256 doubles each, captions with their tokens as Karpathy's file
lists them) and reads it in a process of its own, whose peak is compared with what it kept. Needs 2 GB of disk, Linux.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.data.dense import IMAGES_FILE, META_FILE, TEXTS_FILE, DenseFolder

IMAGES, CAPTIONS, DIM = 123_287, 616_767, 256
ROWS = 20_000  # drawn at once
WORDS = (
    "a",
    "man",
    "riding",
    "on",
    "the",
    "back",
    "of",
    "brown",
    "horse",
    "next",
    "to",
    "old",
    "wooden",
    "fence",
    "near",
)


def main() -> None:
    """Reads, and prints what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of MSCOCO's size")
    parser.add_argument(
        "--row-group", type=int, default=1 << 20, help="rows a group of the files, as pandas writes them"
    )
    parser.add_argument("--read", type=Path, help="only read this folder, and print JSON")
    asked = parser.parse_args()
    if asked.read is not None:
        print(json.dumps(read(asked.read)))
        return
    with TemporaryDirectory() as folder:
        make(Path(folder), asked.share, asked.row_group)
        command = [sys.executable, __file__, "--read", folder]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{found['images']:,} images, {found['captions']:,} captions, {found['seconds']:.1f} s")
    print(f"kept as arrays {found['kept'] / 1e6:,.0f} MB, at the peak {found['peak'] / 1e6:,.0f} MB more than before")
    print(f"peak / kept {found['peak'] / found['kept']:.2f}")


def make(folder: Path, share: float, row_group: int) -> None:
    """The data set's three files, written batch by batch in another order than the meta file's."""
    rng = np.random.default_rng(0)
    images, captions = int(IMAGES * share), int(CAPTIONS * share)
    for name, count in ((IMAGES_FILE, images), (TEXTS_FILE, captions)):
        order = rng.permutation(count)
        schema = pa.schema([("id", pa.string()), ("emb", pa.list_(pa.float64()))])
        batches = (_batch(order[start : start + ROWS], rng, schema) for start in range(0, count, ROWS))
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        with pq.ParquetWriter(folder / name, schema) as writer:
            for table in _grouped(reader, row_group):
                writer.write_table(table, row_group_size=row_group)
    entries, said = [], np.array_split(np.arange(captions), images)
    for image, sentids in enumerate(said):
        sentences = []
        for sentid in sentids.tolist():
            tokens = [WORDS[i] for i in rng.integers(0, len(WORDS), 10)]
            sentences.append({"tokens": tokens, "raw": " ".join(tokens) + ".", "imgid": image, "sentid": sentid})
        split = ("train", "train", "restval", "val", "test")[image % 5]
        entries.append({"filepath": "val2014", "sentids": sentids.tolist(), "filename": f"COCO_val2014_{image:012}.jpg",
                        "imgid": image, "split": split, "sentences": sentences, "cocoid": image})  # fmt: skip
    (folder / META_FILE).write_text(json.dumps({"images": entries, "dataset": "coco"}))


def _batch(ids: np.ndarray, rng: np.random.Generator, schema: pa.Schema) -> pa.RecordBatch:
    values = pa.array(rng.standard_normal(len(ids) * DIM))
    vectors = pa.ListArray.from_arrays(pa.array(np.arange(len(ids) + 1, dtype=np.int32) * DIM), values)
    return pa.record_batch([pa.array(ids.astype(str)), vectors], schema=schema)


def _grouped(reader: pa.RecordBatchReader, rows: int) -> Iterator[pa.Table]:
    """Tables of that many rows, the last one smaller."""
    held: list[pa.RecordBatch] = []
    for batch in reader:
        held.append(batch)
        if sum(len(part) for part in held) >= rows:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def read(folder: Path) -> dict[str, float]:
    """Reads the folder; bytes of the arrays kept, and by how much the peak of this process grew, at which time."""
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    started = time.perf_counter()
    found = DenseFolder.read(folder)
    seconds = time.perf_counter() - started
    return {
        "images": len(found.images),
        "captions": len(found.texts),
        "kept": found.images.nbytes + found.texts.nbytes,
        "peak": _status("VmHWM") - before,
        "seconds": seconds,
    }


def _status(name: str) -> int:
    """A figure of this process's memory, in bytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
