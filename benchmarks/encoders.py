"""Pictures and texts a second by precision and batch size: python benchmarks/encoders.py

Encoders are named as for `sightwords embed` (they must be on this machine); without any, BLIP's and ALBEF's full-size
towers and a CLIP ViT-B/32 with random weights, which cost the same (`--random` names some of them). The first table has
fp32 and what `auto` chooses here, in turns with the plain loop of transformers over one picture after the other, by the
clock and in processor seconds, and says how far the vectors, and the terms of a random head of the published layout,
move; `--only precision` ends after it. The second goes by batch size. The third indexes a folder of photographs-to-be
(1,600 × 1,200 JPEGs): the whole pipeline's time beside the model's own on pixels that are ready. Never timed in tests.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.encoders import DenseEncoder, lavis
from core.encoders.batches import BatchedEncoder
from core.encoders.dual import DualEncoder
from core.encoders.dual_tokens import DualTokens
from core.encoders.itc import ItcEncoder
from core.encoders.lavis_original import TOGETHER
from core.encoders.preprocessing import CaptionTokens
from core.library.indexing.prefetch import DECODERS
from core.library.indexing.sync import index_paths
from core.models.head import HeadConfig, SparseHead
from core.models.model import Model
from core.models.registry import load_encoder
from core.pictures.images import open_image, working_copy
from core.vocabulary import Vocabulary
from index_store.folder.collection import Collection

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
    parser.add_argument("--random", nargs="+", choices=RANDOM, default=list(RANDOM), help="where none is named")
    parser.add_argument("--rounds", type=int, default=3, help="of the first table; the best of them counts")
    parser.add_argument("--only", choices=["precision"], help="the first table alone")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        photos = draw_photos(Path(scratch) / "photos", options.images)
        made: Sequence[Callable[[str], DenseEncoder]] = [
            lambda precision, name=name: load_encoder(name, options.device, precision) for name in options.encoders
        ] or [
            lambda precision, kind=kind: random_encoder(kind, Path(scratch), options.device, precision)
            for kind in options.random
        ]
        loops = dict(enumerate(RANDOM[kind] for kind in options.random)) if not options.encoders else {}
        for number, make in enumerate(made):
            by_precision(make, photos, loops.get(number), options.rounds)
            if options.only:
                continue
            encoder = make("auto")
            by_batch(encoder, photos, options.batches)
            if isinstance(encoder, BatchedEncoder):  # the worker of salesforce-lavis sees no pixels that are ready
                pipeline(encoder, photos, Path(scratch) / f"collection-{encoder.name.replace('/', '-')}")


def random_encoder(kind: str, scratch: Path, device: str, precision: str) -> BatchedEncoder:
    """A full-size encoder with random weights, the same ones each time, and a vocabulary of the words of TEXT."""
    words = sorted(set(TEXT.split()))
    torch.manual_seed(0)
    name = f"{kind} (random weights)"
    if kind == "clip":
        from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

        start, end = "<|startoftext|>", "<|endoftext|>"
        pieces = {piece: number for number, piece in enumerate([start, end, *(f"{word}</w>" for word in words)])}
        tokens = DualTokens("clip", CLIPTokenizer(vocab=pieces, merges=[]))
        return DualEncoder(name, spread(CLIPModel(CLIPConfig())), CLIPImageProcessorPil(), tokens, device, precision)
    sizes = {"blip": lavis.BLIP, "albef": lavis.ALBEF}[kind]
    (scratch / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words]) + "\n", "utf-8")
    towers, tokens = spread(lavis.towers(sizes)), CaptionTokens(scratch, sizes.max_tokens)
    return ItcEncoder(name, towers, tokens, device, precision)


def spread(model: nn.Module) -> Any:
    """Weights about as large as trained ones; BLIP's start at 1e-10 in transformers, where no layer does anything."""
    with torch.no_grad():
        for value in model.parameters():
            if value.ndim > 1:  # matrices and embeddings, not norms and biases
                value.normal_(std=0.04)
    return model


def plain_itc(sizes: lavis.LavisSizes) -> Callable[[Image.Image], Tensor]:
    """One picture through transformers' own BLIP vision model, as its documentation shows it."""
    from transformers import BlipImageProcessorPil

    torch.manual_seed(0)
    towers, processor = lavis.towers(sizes), BlipImageProcessorPil()
    return lambda image: towers.images(processor(image, return_tensors="pt")["pixel_values"])


def plain_clip() -> Callable[[Image.Image], Tensor]:
    """One picture through transformers' own CLIP, as its documentation shows it."""
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    torch.manual_seed(0)
    model, processor = CLIPModel(CLIPConfig()).eval(), CLIPImageProcessorPil()
    return lambda image: model.get_image_features(**processor(image, return_tensors="pt")).pooler_output


RANDOM: dict[str, Callable[[], Callable[[Image.Image], Tensor]]] = {
    "blip": lambda: plain_itc(lavis.BLIP),
    "albef": lambda: plain_itc(lavis.ALBEF),
    "clip": plain_clip,
}


def by_precision(
    make: Callable[[str], DenseEncoder],
    photos: Sequence[Path],
    plain: Callable[[], Callable[[Image.Image], Tensor]] | None,
    rounds: int,
) -> None:
    """Pictures a second in fp32 and auto beside the plain loop, all in turns, and how far half precision moves them."""
    images = [Image.open(path).convert("RGB") for path in photos]
    whole, auto = make("fp32"), make("auto")
    runs: dict[str, Callable[[], object]] = {
        f"Sightwords, {encoder.precision}": lambda encoder=encoder: encoder.encode_images(images)
        for encoder in (whole, auto)
    }  # one row where auto is fp32 as well
    if plain is not None:
        one = plain()
        runs = {"transformers, one by one": lambda: [one(image) for image in images]} | runs
    best = dict.fromkeys(runs, (math.inf, math.inf))  # seconds by the clock and of all cores together
    with torch.inference_mode():
        for _ in range(rounds):
            for what, run in runs.items():
                best[what] = tuple(map(min, best[what], timed(run)))
    first = next(iter(best.values()))
    title = f"{auto.name}: {len(images)} pictures, best of {rounds}"
    table = Table("", "images/s", "times as many", "core-s an image", "times as few", title=title)
    for what, (clock, cores) in best.items():
        times = f"{first[0] / clock:.2f}", f"{first[1] / cores:.2f}"
        table.add_row(what, f"{len(images) / clock:.2f}", times[0], f"{cores / len(images):.3f}", times[1])
    Console(width=100).print(table)
    exact, fast = whole.encode_images(images), auto.encode_images(images)
    head = random_head(exact.shape[1])
    terms, moved = head.weigh(exact), head.weigh(fast)
    apart = np.linalg.norm(terms - moved, axis=1) / np.linalg.norm(terms, axis=1)
    print(f"cosine to fp32 {(exact * fast).sum(1).min():.7f} at least, sparse vectors move {apart.max():.3%} at most")


def random_head(dim: int) -> SparseHead:
    """A head of the published layout with few terms lit, as in a trained one."""
    torch.manual_seed(0)
    head = SparseHead(HeadConfig(dim, 768, TERMS))
    with torch.no_grad():
        head.vocab_projector.bias.sub_(2.0)
    return head


def by_batch(encoder: DenseEncoder, photos: Sequence[Path], batches: Sequence[int]) -> None:
    """Rates by batch size; the first row is the plain loop."""
    images, texts = [Image.open(path).convert("RGB") for path in photos], [TEXT] * (4 * len(photos))
    where = encoder.compute_device if isinstance(encoder, BatchedEncoder) else "its worker"
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
    head = random_head(encoder.dim)
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
