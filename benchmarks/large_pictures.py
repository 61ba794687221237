"""What photographs of 12 to 200 megapixels cost: `python benchmarks/large_pictures.py [--count 200] [--model NAME]`

Made JPEGs of the sizes that cameras and telephones take, with the detail of photographs, are indexed by a program of
its own: its peak of memory beside what it held once the model was ready, and photographs a second. Then each size
alone, and a few in other forms: what decoding one of them adds to the peak.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
SIZES = ((4000, 3000), (4032, 3024), (6000, 4000), (8064, 6048), (9248, 6936), (12_000, 9000), (16_320, 12_240))
ROWS = 32  # of blocks, 16 px high, that are made; the rest of a picture repeats them
PEAK = """
def peak():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # not that of its parent
    return int(line.split()[1]) / 1024
"""
WHOLE = f"""
import sys, tempfile, time
from pathlib import Path
from PIL import Image
from core.library.indexing.sync import index_paths
from core.models.registry import load_model
from index_store.folder.collection import Collection
{PEAK}
model = load_model(sys.argv[2])
model.encode_images([Image.effect_noise((1024, 768), 50).convert("RGB")] * 32)
before, started = peak(), time.perf_counter()
with tempfile.TemporaryDirectory() as place:
    with Collection.create(Path(place) / "c", model=model.name, vocabulary=model.vocabulary.terms) as collection:
        report = index_paths(model, collection, [sys.argv[1]])
assert not report.skipped, report.skipped
print(report.added, before, peak(), time.perf_counter() - started)
"""
ALONE = f"""
import sys, time
from core.pictures.images import read_picture, thumbnail, working_copy
{PEAK}
thumbnail(working_copy(read_picture(sys.argv[1]).image))
before, started = peak(), time.perf_counter()
thumbnail(working_copy(read_picture(sys.argv[2]).image))
print(peak() - before, time.perf_counter() - started)
"""


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="of photographs that are indexed")
    parser.add_argument("--model", default="photos")
    options = parser.parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "photographs"
        folder.mkdir()
        pixels = sum(width * height for width, height in made(folder, options.count))
        added, before, peak, seconds = map(float, ran(WHOLE, folder, options.model))
        table = Table(
            "what", "measured", title=f"{added:.0f} photographs, {pixels / 1e6 / added:.0f} megapixels on average"
        )
        table.add_row("held before, model ready, MB", f"{before:.0f}")
        table.add_row("peak of the whole program, MB", f"{peak:.0f}")
        table.add_row("photographs a second", f"{added / seconds:.1f}")
        console.print(table)
        table = Table(
            "picture", "adds to the peak, MB", "seconds", title="one alone: decoding, working copy, thumbnail"
        )
        small = write(Path(scratch) / "small.jpg", 1000, 752)
        for name, path in alone(Path(scratch)):
            table.add_row(name, *(f"{float(value):.1f}" for value in ran(ALONE, small, path)))
        console.print(table)


def ran(code: str, *arguments: object) -> list[str]:
    """What a program of its own printed."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def made(folder: Path, count: int) -> Iterator[tuple[int, int]]:
    """Writes so many photographs, no two alike, and tells their sizes."""
    for number, (width, height) in enumerate(islice(cycle(SIZES), count)):
        write(folder / f"{number:03}.jpg", width, height, number)
        yield width, height


def alone(scratch: Path) -> Iterator[tuple[str, Path]]:
    """Pictures of each size, and in forms whose decoders need more: (what it is, where)."""
    for width, height in SIZES:
        yield f"JPEG, {width:,} × {height:,}", write(scratch / "alone.jpg", width, height)
    with Image.open(write(scratch / "source.jpg", 8064, 6048)) as image:
        image.save(scratch / "progressive.jpg", progressive=True, quality=80)
        image.save(scratch / "alone.png", compress_level=1)
        image.resize((6000, 4500)).save(scratch / "alone.webp", method=0)
        image.save(scratch / "alone.tif", compression="tiff_lzw")
    yield "progressive JPEG, 8,064 × 6,048", scratch / "progressive.jpg"
    yield "PNG, 8,064 × 6,048", scratch / "alone.png"
    yield "TIFF (LZW), 8,064 × 6,048", scratch / "alone.tif"
    yield "WebP, 6,000 × 4,500", scratch / "alone.webp"


def write(path: Path, width: int, height: int, number: int = 0) -> Path:
    """A JPEG of any size in the memory of a strip of it: its rows of blocks, which restart markers part, repeat."""
    strip = path.parent.parent / f".strip-{width}.jpg"
    if not strip.exists():
        random = np.random.default_rng(width)
        small = random.integers(0, 256, (16 * ROWS // 8, width // 8, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((width, 16 * ROWS), Image.Resampling.BICUBIC)
        image.save(strip, quality=70, subsampling=2, restart_marker_rows=1)
    data = strip.read_bytes()
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    start = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
    rows, at = [], start
    for row in range(ROWS):  # row n ends with the marker RST of n modulo 8
        end = data.index(bytes((0xFF, 0xD0 + row % 8)) if row < ROWS - 1 else b"\xff\xd9", at)
        rows.append(data[at:end])
        at = end + 2
    comment = b"\xff\xfe\0\x06" + number.to_bytes(4, "big")
    head = data[:2] + comment + data[2 : frame + 5] + height.to_bytes(2, "big") + data[frame + 7 : start]
    with open(path, "wb") as file:
        file.write(head)
        for row in range(-(-height // 16)):
            file.write((bytes((0xFF, 0xD0 + (row - 1) % 8)) if row else b"") + rows[(row + number) % ROWS])
        file.write(b"\xff\xd9")
    return path


if __name__ == "__main__":
    main()
