"""The built-in encoder of the illustrated world: a small convolutional image tower and a small word-level text tower.

Trained from scratch by `recipes.scenes` on the world's train split; it knows drawings of that world, not photographs.
Besides the words of the world's captions it may know English ones (`english.py`), each as far as it means such words.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy import float32, uint8
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from core.encoders.english import STRANGE_FROM, EnglishWords, singulars
from core.encoders.lanes import Lanes
from core.errors import ModelError
from core.vocabulary import Vocabulary

DIM = 256
PIXELS = 128  # the side of the square that the image tower sees
MAX_WORDS = 48  # of a text; the longest caption has about 30
PICTURES = 8  # encoded at once: more leave the caches
TEXTS = 128


def to_pixels(image: Image.Image, side: int = PIXELS) -> NDArray[uint8]:
    """A picture of any size -> (side, side, 3) area-averaged pixels, without regard to its aspect."""
    image = image.convert("RGB")
    if image.size != (side, side):
        shrinks = min(image.size) >= side
        image = image.resize((side, side), Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC)
    return np.asarray(image)


class Residual(nn.Module):
    """relu(x + bn(conv(relu(bn(conv(x))))))"""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x))))))


def _down(inputs: int, outputs: int, kernel: int, stride: int, padding: int = 0) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class ImageTower(nn.Module):
    """Pixels to a unit vector; convolutional up to the pooling, so a cell of the map is a place in the picture."""

    MAP_CHANNELS = 1024  # many: each is found anywhere, so it can stand for a black cat as well as for black

    def __init__(self, dim: int = DIM):
        super().__init__()
        self.body = nn.Sequential(
            _down(3, 24, kernel=4, stride=2, padding=1),  # (24, S/2, S/2)
            _down(24, 48, kernel=2, stride=2),
            Residual(48),  # (48, S/4, S/4)
            _down(48, 96, kernel=2, stride=2),
            Residual(96),
            Residual(96),  # (96, S/8, S/8)
            _down(96, 160, kernel=3, stride=1, padding=1),
        )
        self.mix = nn.Conv2d(160 + 2, self.MAP_CHANNELS, 1)  # with x and y, so that left and right can be told
        self.project = nn.Linear(2 * self.MAP_CHANNELS, dim)

    def map(self, pixels: Tensor) -> Tensor:
        """(n, 3, S, S) in -1..1 -> (n, 1024, S/8, S/8) non-negative features."""
        with torch.autocast("cpu", enabled=False):  # few channels: bf16 gradients are ten times slower than fp32 here
            stem = self.body[0](pixels)
        features = self.body[1:](stem)
        n, _, height, width = features.shape
        y = torch.linspace(-1, 1, height, dtype=features.dtype).view(1, 1, height, 1).expand(n, 1, height, width)
        x = torch.linspace(-1, 1, width, dtype=features.dtype).view(1, 1, 1, width).expand(n, 1, height, width)
        return torch.relu(self.mix(torch.cat([features, x, y], 1)))

    def pool(self, features: Tensor) -> Tensor:
        """(n, 1024, h, w) -> (n, dim) unit rows: what is there at all (max) and how much of it (mean)."""
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)  # (n, 2048)
        return functional.normalize(self.project(pooled).float(), dim=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, S, S) in -1..1 -> (n, dim) unit rows."""
        return self.pool(self.map(pixels))


class TextTower(nn.Module):
    """Word ids to a unit vector: embeddings, three dilated convolutions (as products), mean, max and bag of words."""

    DISTANCES = (1, 2, 4)  # a word sees the words this far before and after it, one layer each

    def __init__(self, n_words: int, width: int = 160, dim: int = DIM):
        super().__init__()
        self.embed = nn.Embedding(n_words + 1, width, padding_idx=0)  # id 0 is padding
        self.mixes = nn.ModuleList([nn.Linear(3 * width, width) for _ in self.DISTANCES])
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in self.DISTANCES])
        self.project = nn.Linear(3 * width, dim)

    def forward(self, ids: Tensor) -> Tensor:
        """(n, length) ids, 0 = padding -> (n, dim) unit rows; padding never changes a row."""
        return self.read(self.embed(ids), ids > 0)

    def read(self, words: Tensor, spoken: Tensor) -> Tensor:
        """(n, length, width) rows of words and (n, length) bool, False = padding -> (n, dim) unit rows."""
        return functional.normalize(self.project(self.pool(words, spoken)).float(), dim=1)

    def pool(self, words: Tensor, spoken: Tensor) -> Tensor:
        """As `read`, before the projection: (n, 3 * width) mean, peak and bag of words."""
        mask = spoken.unsqueeze(2).float()  # (n, length, 1)
        words = words * mask
        x = words
        for distance, mix, norm in zip(self.DISTANCES, self.mixes, self.norms, strict=True):
            y = functional.pad(norm(x) * mask, (0, 0, distance, distance))  # (n, length + 2 distance, width)
            length = x.shape[1]
            near = torch.cat([y[:, :length], y[:, distance : distance + length], y[:, 2 * distance :]], 2)
            x = (x + torch.relu(mix(near))) * mask
        count = mask.sum(1).clamp(min=1)  # (n, 1)
        peak = x.masked_fill(mask == 0, -1e4).amax(1) * (mask.sum(1) > 0)
        return torch.cat([x.sum(1) / count, peak, words.sum(1) / count.sqrt()], 1)


class SceneEncoder:
    """Both towers behind the DenseEncoder contract."""

    name = "scenes"
    dim = DIM
    shift = 0.0  # nothing is padded on one side only

    def __init__(
        self,
        words: Sequence[str],
        image_tower: ImageTower,
        text_tower: TextTower,
        english: EnglishWords | None = None,
    ):
        """`words`: the words the text tower was trained on, the one at position i with id i + 1; `english`: more."""
        self.words, self.english = tuple(words), english
        self._ids = {word: i + 1 for i, word in enumerate(self.words)}
        self.image_tower = image_tower.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.text_tower = text_tower.eval().requires_grad_(False)
        self.listed_words = (*self.words, *(english.words if english else ()))
        self._lanes = Lanes()

    def unknown_words(self, text: str) -> list[str]:
        """The words of the text that are neither the world's nor listed, in order, each once: left out without
        `english`, guessed from their letters with it.
        """
        words = dict.fromkeys(Vocabulary.words(text))
        return [word for word in words if word not in self._ids and not (self.english and word in self.english)]

    def out_of_world(self, text: str) -> bool:
        """Whether nothing in the world is like what the text says; False without `english`, which can tell."""
        return self.english is not None and bool(self.strangeness([text])[0] >= STRANGE_FROM)

    @torch.inference_mode()
    def strangeness(self, texts: Sequence[str]) -> NDArray[float32]:
        """(n,) 0..1: how strange each text is to the world; ModelError without `english`.

        A text in the world's own words is not strange, whatever it says; one without a known word wholly is.
        """
        english = self._english()
        return np.array([self._strange(text, english) for text in texts], np.float32)

    def _strange(self, text: str, english: EnglishWords) -> float:
        words = Vocabulary.words(text)
        own = [self._is_of_world(word) for word in words]
        if not any(mine or word in english for mine, word in zip(own, words, strict=True)):
            return 1.0
        if all(own):
            return 0.0
        named = self._named(text, english)
        if len(named) < 2:
            return named[0] if named else 0.0  # a word's sense is that of the nearest thing, however far that is
        return float(torch.sigmoid(english.strangeness.mixed(self.text_tower.pool(*self._rows([text])), named)))

    @torch.inference_mode()
    def strangeness_features(self, text: str) -> Tensor | None:
        """What a sentence is judged by, (4,) as `Strangeness.features` gives them; None where it names one thing only.

        ModelError without `english`.
        """
        named = self._named(text, self._english())
        if len(named) < 2:
            return None
        return self._english().strangeness.features(self.text_tower.pool(*self._rows([text])), named)

    def _named(self, text: str, english: EnglishWords) -> list[float]:
        """How strange to the world, 0..1, each word of a text is that names something."""
        words = [word for word in Vocabulary.words(text) if word not in english.small]
        return [0.0 if self._is_of_world(word) else english.strange(word) for word in words]

    def _english(self) -> EnglishWords:
        if self.english is None:
            raise ModelError("This encoder knows the world's own words only, so it cannot tell what is strange to it.")
        return self.english

    def _is_of_world(self, word: str) -> bool:
        """Whether the captions of the world say the word, or what it is the plural of."""
        return word in self._ids or any(one in self._ids for one in singulars(word))

    def pixels(self, image: Image.Image) -> Tensor:
        """A picture of any size -> (1, 3, S, S) as the image tower takes it."""
        return as_input(to_pixels(image)[None].copy())

    def encode_images(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        """RGB pictures of any size -> (n, 256) rows of unit length."""
        return self._lanes.encode(self._look, images, PICTURES, self.dim)

    @torch.inference_mode()
    def _look(self, images: Sequence[Image.Image]) -> NDArray[float32]:
        return self.image_tower(as_input(np.stack([to_pixels(image) for image in images]))).numpy()

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> NDArray[float32]:
        """Sentences -> (n, 256) rows of unit length."""
        rows = [
            self.text_tower.read(*self._rows(texts[start : start + TEXTS])).numpy()
            for start in range(0, len(texts), TEXTS)
        ]
        return np.concatenate(rows) if rows else np.zeros((0, self.dim), np.float32)

    def _rows(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(n, longest, width) rows of the words of each text, and (n, longest) bool where there is one."""
        nothing = self.text_tower.embed.weight[:0]
        sentences = []
        for text in texts:
            rows = [row for word in Vocabulary.words(text) if (row := self._row(word)) is not None][:MAX_WORDS]
            sentences.append(torch.stack(rows) if rows else nothing)
        masks = [torch.ones(max(1, len(rows)), dtype=torch.bool) * bool(len(rows)) for rows in sentences]
        sentences = [rows if len(rows) else torch.zeros(1, nothing.shape[1]) for rows in sentences]
        return pad_sequence(sentences, batch_first=True), pad_sequence(masks, batch_first=True)

    def _row(self, word: str) -> Tensor | None:
        at = self._ids.get(word)
        if at is not None:
            return self.text_tower.embed.weight[at]
        return self.english.row(word) if self.english is not None else None

    def save(self, path: Path) -> None:
        """Writes both towers (half precision) and the world's words into one safetensors file."""
        weights = {
            f"{tower}.{name}": (value.half() if value.is_floating_point() else value).contiguous()
            for tower, module in (("image", self.image_tower), ("text", self.text_tower))
            for name, value in module.state_dict().items()
        }
        save_file(weights, path, metadata={"words": json.dumps(self.words)})

    @classmethod
    def load(cls, path: Path, english: Path | None = None) -> "SceneEncoder":
        """Reads what `save` wrote, and the file of English words where one is given; ModelError when a file is missing
        or is something else.
        """
        try:
            with safe_open(path, framework="pt") as file:
                words = json.loads(file.metadata()["words"])
                weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
            image_tower, text_tower = ImageTower(), TextTower(len(words))
            for prefix, tower in (("image.", image_tower), ("text.", text_tower)):
                tower.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"The built-in encoder {path} cannot be read ({error}); install Sightwords again."
            ) from error
        return cls(words, image_tower, text_tower, EnglishWords.load(english) if english is not None else None)


def as_input(pixels: NDArray[uint8]) -> Tensor:
    """(n, S, S, 3) bytes -> (n, 3, S, S) floats in -1..1, channels last in memory."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
