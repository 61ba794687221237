"""Checks that our BLIP and ALBEF compute what salesforce-lavis computes, from the same weights, pictures and sentences.

Each check reports the largest difference. Controls, which are known faults put in on purpose, must differ, so that a
check that notices nothing cannot pass.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.encoders import lavis
from core.encoders.itc import ItcEncoder
from core.encoders.lavis import LavisSizes
from core.encoders.lavis_environment import LavisEnvironment
from core.encoders.lavis_original import LavisOriginal, array, lavis_worker, png
from core.encoders.preprocessing import CaptionTokens
from core.encoders.recipes import TUNED, encoder_recipe
from core.encoders.worker import Worker

ALLOWED = 1e-5  # between unit vectors, coordinate by coordinate
NOTICED = 1e-2  # what a control must differ by at least
SENTENCES = (
    "A red dog!",
    "the cat's running in the sea, on a house",
    "Two (2) children; a kite: #1 *wow*",
    "",
    "blue " * 60,
)
_SPELLING = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class ParityCheck:
    """One thing compared: the largest absolute difference, and its bound.

    The difference must be at most `bound`; for a `control`, which is a known fault put in on purpose, it must be more.
    """

    model: str
    what: str
    difference: float
    bound: float
    control: bool = False

    @property
    def passed(self) -> bool:
        return self.difference > self.bound if self.control else self.difference <= self.bound


def parity_checks(full: bool = False) -> Iterator[ParityCheck]:
    """The checks of BLIP and ALBEF on small random weights, as each is made.

    `full`: on random weights of the published size instead, and on every published checkpoint that is on this machine.
    Raises MissingFiles where there is no environment of salesforce-lavis.
    """
    python = LavisEnvironment().locate()
    for sizes in (lavis.BLIP, lavis.ALBEF):
        size = "published size" if full else "small"
        yield from compare(python, sizes if full else tiny(sizes), f"{sizes.family.upper()}, {size}, random weights")
    if full:
        for family, tuned in product(("blip", "albef"), TUNED):
            checkpoint, vocabulary = encoder_recipe(f"lavis-{family}-{tuned}").sources
            if not checkpoint.missing() and not vocabulary.missing():
                sizes = lavis.BLIP if family == "blip" else lavis.ALBEF
                yield from compare_published(
                    python, checkpoint.locate(), vocabulary.locate(), sizes, f"lavis-{family}-{tuned}"
                )


def tiny(sizes: LavisSizes) -> LavisSizes:
    """A model of the same family that is compared in a moment."""
    return replace(
        sizes, image_size=32, patch_size=8, vision_width=48, vision_layers=2, vision_heads=12, text_width=48,
        text_layers=2, text_heads=12,
    )  # fmt: skip


def compare(python: Path, sizes: LavisSizes, name: str) -> Iterator[ParityCheck]:
    """Random weights of salesforce-lavis (its Python: `python`), written by it and read by our towers.

    Yields each comparison as it is made; raises ModelError when the worker fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder, checkpoint = Path(scratch), Path(scratch) / "checkpoint.pth"
        pieces = _write_spelling(folder)
        sizes = replace(sizes, vocab_size=pieces + (2 if sizes.family == "blip" else 0))  # BLIP's [DEC] and [ENC]
        worker = lavis_worker(python, sizes.family, "coco", folder / "vocab.txt", None, "cpu", asdict(sizes))
        with closing(worker):
            worker.ask({"do": "save", "path": str(checkpoint)})
            yield from _checks(worker, checkpoint, folder, sizes, name)


def compare_published(
    python: Path, checkpoint: Path, vocabulary: Path, sizes: LavisSizes, name: str
) -> Iterator[ParityCheck]:
    """As `compare`, with a published checkpoint; `vocabulary`: a folder with BERT's vocab.txt."""
    worker = lavis_worker(python, sizes.family, "coco", vocabulary / "vocab.txt", checkpoint, "cpu")
    with closing(worker):
        yield from _checks(worker, checkpoint, vocabulary, sizes, name)


def _checks(worker: Worker, checkpoint: Path, vocabulary: Path, sizes: LavisSizes, name: str) -> Iterator[ParityCheck]:
    original = LavisOriginal(name, worker)
    pictures = _pictures()
    native = lavis.load(name, checkpoint, vocabulary, sizes, "cpu", "fp32")
    seen = array(worker.ask({"do": "pixels", "pngs": [png(picture) for picture in pictures]}))
    yield ParityCheck(name, "pixels", _difference(seen, native.pixels(pictures).numpy()), 1e-6)
    read = worker.ask({"do": "ids", "texts": list(SENTENCES)})["ids"]
    wrong = sum(theirs != ours for theirs, ours in zip(read, _ids(native), strict=True))
    yield ParityCheck(name, "sentences read as other tokens", wrong, 0)
    images, texts = original.encode_images(pictures), original.encode_texts(SENTENCES)
    yield ParityCheck(name, "vectors of pictures", _difference(images, native.encode_images(pictures)), ALLOWED)
    yield ParityCheck(name, "vectors of sentences", _difference(texts, native.encode_texts(SENTENCES)), ALLOWED)
    state = lavis.read_checkpoint(checkpoint)
    for what, (bent, changed) in _faults(state, sizes).items():
        faulty = _filled(bent, changed, vocabulary)
        differences = (
            _difference(images, faulty.encode_images(pictures)),
            _difference(texts, faulty.encode_texts(SENTENCES)),
        )
        yield ParityCheck(name, f"control: {what}", max(differences), NOTICED, control=True)


def _faults(state: Mapping[str, Tensor], sizes: LavisSizes) -> dict[str, tuple[LavisSizes, Mapping[str, Tensor]]]:
    """Known ways to port these towers wrongly: the sizes and the weights of each."""
    heads = replace(sizes, vision_heads=sizes.vision_heads * 2 // 3, text_heads=sizes.text_heads * 2 // 3)
    flipped = {key: value.flip(0) if key.endswith(".qkv.weight") else value for key, value in state.items()}
    return {
        f"{heads.text_heads} attention heads instead of {sizes.text_heads}": (heads, state),
        "queries, keys and values in another order": (sizes, flipped),
        "a layer fewer": (replace(sizes, text_layers=sizes.text_layers - 1), state),
    }


def _filled(sizes: LavisSizes, state: Mapping[str, Tensor], vocabulary: Path) -> ItcEncoder:
    towers = lavis.towers(sizes)
    lavis.load_state(towers, state, "The control")
    return ItcEncoder("control", towers, CaptionTokens(vocabulary, sizes.max_tokens), "cpu")


def _ids(native: ItcEncoder) -> list[list[int]]:
    ids, mask = native.tokens(SENTENCES)
    return [row[:length] for row, length in zip(ids.tolist(), mask.sum(1).tolist(), strict=True)]


def _pictures() -> list[Image.Image]:
    """Noise of several sizes and aspects: every pixel matters."""
    random = np.random.default_rng(0)
    return [
        Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        for height, width in ((384, 384), (240, 320), (500, 333), (32, 32))
    ]


def _write_spelling(folder: Path) -> int:
    """A vocab.txt by which every word can be spelled, for weights that know none; how many pieces it has."""
    letters = [*_SPELLING, *(f"##{letter}" for letter in _SPELLING), *"'-,&%$@?/"]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    return len(pieces)


def _difference(a: NDArray, b: NDArray) -> float:
    return float(np.abs(a - b).max())
