"""Rows of meaning for English words outside the illustrated world: a listed word's own row, or one from its letters.

A row is what the text tower's own embedding would hold for the word, so the tower reads both alike. A word that is
listed nowhere gets the mean row of its letter groups (Bojanowski et al. 2017): enough for a misspelling or an inflected
form, a guess for anything else, so it counts as unknown still. With the rows comes what tells whether the world holds
anything like a text: how strange to it each word is by itself, and a small layer on the tower's features.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core.errors import ModelError

GROUPS = (3, 4, 5)  # letters a group
BUCKETS = 4096  # rows that all letter groups share by their hash
_PLURALS = (("ies", "y"), ("es", ""), ("s", ""))
_ENDINGS = (
    *_PLURALS,
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("ly", ""),
)
_SHORTEST = 3  # letters that a stem keeps
STRANGE_FROM = 0.5  # strangeness from which a text is told to be strange
_STRANGENESS = "strangeness."


class Strangeness(nn.Module):
    """How strange a text is to the world: a word by itself, a sentence by its sense and by all its words together.

    `words` (n_words,) 0..1: how strange what each listed word names is. `layers` judge the sense, by the tower's pooled
    features. `mix` weighs the two.
    """

    def __init__(self, size: int, n_words: int, hidden: int = 64):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.mix = nn.Linear(4, 1)
        self.words: Tensor
        self.register_buffer("words", torch.zeros(n_words))

    def forward(self, pooled: Tensor) -> Tensor:
        """The tower's pooled features (n, size) -> (n,) logits: above zero, a text is rather about another world."""
        return self.layers(pooled).squeeze(1)

    def features(self, pooled: Tensor, named: Sequence[float]) -> Tensor:
        """(4,) features of a sentence: the logit of its sense (1, size), the mean, least and greatest of its words."""
        return torch.cat([self(pooled), torch.tensor([sum(named) / len(named), min(named), max(named)])])

    def mixed(self, pooled: Tensor, named: Sequence[float]) -> Tensor:
        """(1,) the logit of a sentence, from the same as its `features`."""
        return self.mix(self.features(pooled, named))


class EnglishWords:
    """`words`: the listed ones; `rows` (len(words), width); `buckets` (BUCKETS, width) of letter groups.

    `small`: words, listed ones and the world's own, that name nothing ("two", "red", "of"). `strangeness` judges a
    text; from `STRANGE_FROM` on it is told to be strange.
    """

    def __init__(
        self,
        words: Sequence[str],
        rows: Tensor,
        buckets: Tensor,
        strangeness: Strangeness,
        small: Iterable[str] = (),
    ):
        self.words, self.rows, self.buckets, self.small = tuple(words), rows, buckets, frozenset(small)
        self.strangeness = strangeness.eval().requires_grad_(False)
        self._ids = {word: i for i, word in enumerate(self.words)}

    def __contains__(self, word: str) -> bool:
        return self.listed(word) is not None

    def listed(self, word: str) -> int | None:
        """Where a word stands in the list, by itself or without its ending."""
        return listed(self._ids, word)

    def row(self, word: str) -> Tensor:
        """(width,) what the word means; from its letters where it is not listed."""
        at = self.listed(word)
        return self.rows[at] if at is not None else self.buckets[list(letter_groups(word))].mean(0)

    def strange(self, word: str) -> float:
        """0..1: how strange to the world is what the word names; 1 for one that is not listed."""
        at = self.listed(word)
        return float(self.strangeness.words[at]) if at is not None else 1.0

    def save(self, path: Path) -> None:
        """Writes everything into one safetensors file: rows as bytes with a scale each, the rest in half precision."""
        tables = {f"{_STRANGENESS}{name}": value.half() for name, value in self.strangeness.state_dict().items()}
        for name, rows in (("rows", self.rows), ("buckets", self.buckets)):
            scales = rows.abs().amax(1, keepdim=True).clamp(min=1e-6).half()
            tables |= {
                name: (rows / scales.float() * 127).round().clamp(-127, 127).to(torch.int8),
                f"{name}.scales": scales,
            }
        about = {"words": json.dumps(self.words), "small": json.dumps(sorted(self.small))}
        save_file({name: value.contiguous() for name, value in tables.items()}, path, metadata=about)

    @classmethod
    def load(cls, path: Path) -> "EnglishWords":
        """Reads what `save` wrote; ModelError when the file is missing or is something else."""
        try:
            with safe_open(path, framework="pt") as file:
                about = file.metadata()
                tables = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a mapping)
            layer = {k.removeprefix(_STRANGENESS): v for k, v in tables.items() if k.startswith(_STRANGENESS)}
            hidden, size = layer["layers.0.weight"].shape
            strangeness = Strangeness(size, len(layer["words"]), hidden)
            strangeness.load_state_dict(layer)
            rows, buckets = (tables[name] * tables[f"{name}.scales"] / 127 for name in ("rows", "buckets"))
            return cls(json.loads(about["words"]), rows, buckets, strangeness, json.loads(about["small"]))
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"The built-in words {path} cannot be read ({error}); install Sightwords again."
            ) from error


def listed(positions: Mapping[str, int], word: str) -> int | None:
    """The position of a word, by itself or without its ending ("poodles" -> "poodle"); None where it has none."""
    return next((positions[form] for form in (word, *stems(word)) if form in positions), None)


def singulars(word: str) -> Iterator[str]:
    """What a word may be the plural of, the likeliest first."""
    return stems(word, _PLURALS)


def stems(word: str, endings: Sequence[tuple[str, str]] = _ENDINGS) -> Iterator[str]:
    """What a word may be an inflected form of, the likeliest first."""
    for ending, instead in endings:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST:
            yield stem + instead
            if len(stem) > _SHORTEST and stem[-1] == stem[-2]:
                yield stem[:-1]  # "jogging" -> "jog"


@lru_cache(maxsize=4096)
def letter_groups(word: str) -> tuple[int, ...]:
    """The buckets of a word's letter groups, its ends marked; never empty."""
    marked = f"<{word}>"
    groups = [marked[i : i + n] for n in GROUPS for i in range(len(marked) - n + 1)] or [marked]
    return tuple(zlib.crc32(group.encode()) % BUCKETS for group in groups)
