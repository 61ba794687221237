"""Reads a WordNet dictionary (the `data.*` files of Debian's wordnet-base); needed to build the built-in model only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelError

PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
_PART_OF_SENSE = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}  # the first digit of a sense's key
_MARKER = re.compile(r"\((?:a|p|ip)\)$")  # where an adjective may stand: "asleep(p)"
_WORD = re.compile(r"[a-z]{2,20}")

Key = tuple[str, str]  # part of speech, offset: what names a synset


@dataclass(frozen=True)
class Synset:
    """One meaning: its words, its gloss (the definition alone), what it is a kind of, and what is like it."""

    part: str
    words: tuple[str, ...]
    gloss: str
    examples: tuple[str, ...]
    broader: tuple[Key, ...]
    similar: tuple[Key, ...]


class WordNet:
    """All meanings by key, and every word's meanings, the commonest first."""

    def __init__(
        self,
        synsets: dict[Key, Synset],
        senses: dict[tuple[str, str], tuple[Key, ...]],
        uses: dict[tuple[str, str], int],
    ):
        """`uses`: how often a word is met as each part of speech, in the texts that WordNet's makers read."""
        self.synsets, self._senses, self.uses = synsets, senses, uses
        self.counts: dict[str, int] = {}
        for (word, _), count in uses.items():
            self.counts[word] = self.counts.get(word, 0) + count
        self.narrower: dict[Key, list[Key]] = {}
        for key, synset in synsets.items():
            for above in synset.broader:
                self.narrower.setdefault(above, []).append(key)

    @classmethod
    def read(cls, folder: Path) -> "WordNet":
        """From the folder with data.noun, index.noun, cntlist.rev and so on; ModelError where they are not there."""
        try:
            synsets = {(part, offset): synset for part in PARTS for offset, synset in _data(folder, part)}
            senses = {(word, part): keys for part in PARTS for word, keys in _index(folder, part)}
            uses: dict[tuple[str, str], int] = {}
            for line in (folder / "cntlist.rev").read_text("latin-1").splitlines():
                sense, _, count = line.split()
                word, _, kind = sense.partition("%")
                key = (word, _PART_OF_SENSE[kind[0]])
                uses[key] = uses.get(key, 0) + int(count)
        except OSError as error:
            raise ModelError(f"No WordNet was found in {folder} ({error}); install Debian's wordnet-base.") from error
        return cls(synsets, senses, uses)

    def senses(self, word: str, part: str = "n") -> tuple[Key, ...]:
        """The meanings of a word, the commonest first."""
        return self._senses.get((word.replace(" ", "_"), part), ())

    def is_mostly_noun(self, word: str) -> bool:
        """Whether the word has meanings as a noun and is met as one at least as often as otherwise ("red" is not)."""
        met = {part: self.uses.get((word.replace(" ", "_"), part), 0) for part in PARTS}
        return bool(self.senses(word)) and met["n"] == max(met.values())

    def words(self) -> Iterator[str]:
        """Every single word of small letters, each once."""
        yield from sorted({word for word, _ in self._senses if _WORD.fullmatch(word)})

    def below(self, key: Key, depth: int) -> Iterator[tuple[Key, int]]:
        """The meanings under one, with how far down they lie (from 1)."""
        level = [key]
        for down in range(1, depth + 1):
            level = [kind for above in level for kind in self.narrower.get(above, ())]
            yield from ((kind, down) for kind in level)

    def above(self, key: Key, height: int) -> Iterator[tuple[Key, int]]:
        """The meanings over one, with how far up they lie (from 1)."""
        level: list[Key] = [key]
        for up in range(1, height + 1):
            level = [kind for below in level for kind in self.synsets[below].broader]
            yield from ((kind, up) for kind in level)


def _data(folder: Path, part: str) -> Iterator[tuple[str, Synset]]:
    for line in (folder / f"data.{PARTS[part]}").read_text("latin-1").splitlines():
        if line.startswith("  "):
            continue  # the licence
        head, _, text = line.partition(" | ")
        fields = head.split()
        size = int(fields[3], 16)
        words = tuple(_MARKER.sub("", fields[4 + 2 * i]).replace("_", " ").lower() for i in range(size))
        at = 4 + 2 * size
        pointers = [fields[at + 1 + 4 * i : at + 4 + 4 * i] for i in range(int(fields[at]))]
        gloss, *examples = re.split(r'; (?=")', text.strip())
        yield (
            fields[0],
            Synset(
                part,
                words,
                gloss.strip(),
                tuple(example.strip('" ') for example in examples),
                tuple((kind[0], offset) for sign, offset, kind in pointers if sign == "@" and kind in PARTS),
                tuple((_plain(kind), offset) for sign, offset, kind in pointers if sign == "&"),
            ),
        )


def _plain(part: str) -> str:
    return "a" if part == "s" else part


def _index(folder: Path, part: str) -> Iterator[tuple[str, tuple[Key, ...]]]:
    for line in (folder / f"index.{PARTS[part]}").read_text("latin-1").splitlines():
        if line.startswith("  "):
            continue
        fields = line.split()
        yield fields[0], tuple((part, offset) for offset in fields[len(fields) - int(fields[2]) :])
