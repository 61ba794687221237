"""Pictures and texts a second by batch size, beside the loop of one by one: python benchmarks/encoders.py

Encoders are named as for `sightwords embed` (they must be on this machine); without any, BLIP's and ALBEF's full-size
towers with random weights, which cost the same. The second table indexes a folder of photographs-to-be (1,600 × 1,200
JPEGs): the whole pipeline's time beside the model's own on pixels that are ready. Never timed in tests.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.encoders import DenseEncoder, lavis
from core.encoders.batches import BatchedEncoder
from core.encoders.itc import ItcEncoder
from core.encoders.lavis_original import TOGETHER
from core.encoders.preprocessing import CaptionTokens
from core.head import HeadConfig, SparseHead
from core.indexing import DECODERS, index_paths
from core.model import Model
from core.pictures.images import open_image, working_copy
from core.registry import load_encoder
from core.vocabulary import Vocabulary
from index_store.collection import Collection

TERMS = 30_522  # as many as the published heads weigh
TEXT = "a small brown dog sleeping on a red sofa beside a window"  # 12 words


def main() -> None:
    """Prints both tables for every encoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoders", nargs="*", help="names; left out: random BLIP and ALBEF towers")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--images", type=int, default=16, help="pictures a measurement")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        photos = draw_photos(Path(scratch) / "photos", options.images)
        made: Sequence[Callable[[], DenseEncoder]] = [
            lambda name=name: load_encoder(name, options.device) for name in options.encoders
        ] or [lambda sizes=sizes: random_encoder(sizes, Path(scratch), options.device) for sizes in RANDOM]
        for make in made:
            encoder = make()
            by_batch(encoder, photos, options.batches)
            if isinstance(encoder, BatchedEncoder):  # the worker of salesforce-lavis sees no pixels that are ready
                pipeline(encoder, photos, Path(scratch) / f"collection-{encoder.name.replace('/', '-')}")


RANDOM = (lavis.BLIP, lavis.ALBEF)


def random_encoder(sizes: lavis.LavisSizes, scratch: Path, device: str) -> ItcEncoder:
    """Full-size towers with random weights and a vocabulary of the words of TEXT."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted(set(TEXT.split()))]
    (scratch / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    tokens = CaptionTokens(scratch, sizes.max_tokens)
    return ItcEncoder(f"{sizes.family} (random weights)", lavis.towers(sizes), tokens, device)


def by_batch(encoder: DenseEncoder, photos: Sequence[Path], batches: Sequence[int]) -> None:
    """Rates by batch size; the first row is the plain loop."""
    images, texts = [Image.open(path).convert("RGB") for path in photos], [TEXT] * (4 * len(photos))
    where = encoder.place if isinstance(encoder, BatchedEncoder) else "its worker"
    table = Table("batch", "images/s", "texts/s", title=f"{encoder.name} on {where}")
    encoder.encode_images(images[:1]), encoder.encode_texts(texts[:1])  # warm up
    plain = [rate(lambda item=item, one=one: [one([x]) for x in item], item)
             for item, one in ((images, encoder.encode_images), (texts, encoder.encode_texts))]  # fmt: skip
    table.add_row("plain loop", *(f"{value:.2f}" for value in plain))
    for size in batches if isinstance(encoder, BatchedEncoder) else [TOGETHER]:
        if isinstance(encoder, BatchedEncoder):
            encoder.images.size = encoder.texts.size = size
        values = rate(lambda: encoder.encode_images(images), images), rate(lambda: encoder.encode_texts(texts), texts)
        table.add_row(str(size), *(f"{value:.2f}" for value in values))
    Console(width=100).print(table)


def pipeline(encoder: BatchedEncoder, photos: Sequence[Path], place: Path) -> None:
    """The whole of indexing beside the model's own time, by the clock and in processor seconds (on a busy machine only
    these mean something, and they also count what another core does beside the model)."""
    head = SparseHead(HeadConfig(encoder.dim, 768, TERMS))
    with torch.no_grad():
        head.vocab_projector.bias.sub_(2.0)  # few terms light up, as in a trained head
    vocabulary = Vocabulary(f"t{i}" for i in range(TERMS))
    model = Model("benchmark", encoder, head, vocabulary)
    ready = encoder.images.prepare([Image.open(path).convert("RGB") for path in photos])
    size, run = encoder.images.size, encoder.images.run
    own = timed(lambda: [run(slices(ready, at, size)).cpu() for at in range(0, len(photos), size)])
    with ThreadPoolExecutor(DECODERS) as pool:
        eyes = timed(lambda: encoder.encode_images(list(pool.map(lambda path: working_copy(open_image(path)), photos))))
    with Collection.create(place, model=model.name, vocabulary=vocabulary.terms) as collection:
        whole = timed(lambda: index_paths(model, collection, [photos[0].parent]))
    title = f"{encoder.name}: {len(photos)} by {size}"
    table = Table("", "by the clock, s", "ratio", "of all cores, s", "ratio", title=title)
    for what, (clock, cpu) in (("model alone", own), ("decode + preprocess + encode", eyes), ("indexing", whole)):
        table.add_row(what, f"{clock:.2f}", f"{clock / own[0]:.3f}", f"{cpu:.2f}", f"{cpu / own[1]:.3f}")
    Console(width=100).print(table)


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of all cores together."""
    clock, cpu = perf_counter(), process_time()
    run()
    return perf_counter() - clock, process_time() - cpu


def slices(prepared: object, start: int, size: int) -> object:
    """A part of what an encoder prepared: a tensor, or a mapping of tensors."""
    if isinstance(prepared, torch.Tensor):
        return prepared[start : start + size]
    return {key: value[start : start + size] for key, value in prepared.items()}  # type: ignore[attr-defined]


def rate(run: Callable[[], object], inputs: Sequence[object]) -> float:
    """Inputs a second."""
    started = perf_counter()
    run()
    return len(inputs) / (perf_counter() - started)


def draw_photos(folder: Path, count: int) -> list[Path]:
    """JPEGs of 1,600 × 1,200 pixels with the detail of photographs: blurred noise."""
    folder.mkdir()
    random, paths = np.random.default_rng(0), [folder / f"{number}.jpg" for number in range(count)]
    for path in paths:
        small = Image.fromarray(random.integers(0, 256, (300, 400, 3), dtype=np.uint8))
        small.resize((1600, 1200), Image.Resampling.BICUBIC).save(path, quality=88)
    return paths


if __name__ == "__main__":
    main()
