"""Which copies of photographs are found: `python benchmarks/copies.py FOLDER [--count 2500]`

Of each photograph of a folder, and of those below it, one version is made: a copy of the same pixels, one saved again
as JPEG of quality 60, one half as wide, or one from which 2 % are cut on each side. Prints for each kind of version how
many were put into the group of their photograph, and how many groups hold photographs that are not of one another.
Two photographs of the folder that are nearly equal count as the latter: look at them before you call it a mistake.
"""

import argparse
import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from core.pictures.formats.kinds import picture_suffixes
from core.pictures.images import read_picture, working_copy
from core.pictures.similarity import similarity_hash
from index_store.similarity import Picture, groups


def saved_again(image: Image.Image) -> Image.Image:
    """After a JPEG of quality 60."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=60)
    return Image.open(file).convert("RGB")


def smaller(image: Image.Image) -> Image.Image:
    """Half as wide and high."""
    return image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.BICUBIC)


def cut(image: Image.Image) -> Image.Image:
    """Without 2 % on each side."""
    across, down = round(0.02 * image.width), round(0.02 * image.height)
    return image.crop((across, down, image.width - across, image.height - down))


VERSIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "the same pixels": lambda image: image,
    "saved again": saved_again,
    "half the size": smaller,
    "cut a little": cut,
}


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=2500, help="of photographs, the first by name")
    given = parser.parse_args()
    files = sorted(file for file in given.folder.rglob("*") if file.suffix.lower() in picture_suffixes())
    kinds = list(VERSIONS)
    pictures: list[Picture] = []  # photograph n has id 2 n, its version 2 n + 1
    for number, file in enumerate(track(files[: given.count], "photographs", console=Console(stderr=True))):
        image = working_copy(read_picture(file).image)
        for offset, shown in enumerate((image, VERSIONS[kinds[number % len(kinds)]](image))):
            item = 2 * number + offset
            pictures.append(Picture(item, similarity_hash(shown), shown.width / shown.height, str(item)))
    alike = groups(pictures)
    found = {item: at for at, group in enumerate(alike) for item in group}
    table = Table("version", "of", "found")
    for at, kind in enumerate(kinds):
        numbers = range(at, len(pictures) // 2, len(kinds))
        together = [2 * n in found and found[2 * n] == found.get(2 * n + 1) for n in numbers]
        table.add_row(kind, str(len(together)), str(sum(together)))
    mixed = [group for group in alike if len({item // 2 for item in group}) > 1]
    console = Console()
    console.print(table)
    console.print(f"Groups that hold several photographs: {len(mixed)}")
    for group in mixed:
        console.print(" ", *dict.fromkeys(files[item // 2].name for item in group))


if __name__ == "__main__":
    main()
