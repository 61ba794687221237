"""What a word that nobody knows was meant to be: the nearest words of a model, by what fingers and ears get wrong.

Knows words only. How far apart two words are is counted by rapidfuzz; what kind of slip lies between them decides.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from rapidfuzz import process
from rapidfuzz.distance import OSA

MARGIN = 0.4  # by which the nearest must be nearer than any other word for it to be meant
SUGGESTED = 3
JOINED = 0.9  # what a missing space costs, in slips
SHORTEST_PART = 3  # letters of a word that was written together with another one
SOUNDS_ALIKE, SWAPPED, DOUBLED, NEIGHBOUR, OTHER_FIRST = 0.75, 0.7, 0.6, 0.8, 0.4  # in slips; the last one is added
_VOWELS = frozenset("aeiouy")
_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "awdxz", "d": "sefcx", "f": "drgvc", "g": "fthbv", "h": "gyjnb", "j": "hukmn",
    "k": "jilm", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
_SPELLED = str.maketrans({"ŝ": "sh", "š": "sh", "ş": "sh", "ĉ": "ch", "č": "ch", "ä": "ae", "ö": "oe", "ü": "ue"})
_SOUNDS = (("ph", "f"), ("ck", "k"), ("wh", "w"), ("kn", "n"), ("gh", "g"), ("qu", "kw"), ("x", "ks"), ("c", "k"),
           ("z", "s"), ("y", "i"), ("j", "g"))  # fmt: skip


@dataclass(frozen=True)
class Correction:
    """A word that is not known, and what it may have been meant to be, the likeliest first; `sure`: nothing else."""

    word: str
    meant: tuple[str, ...]
    sure: bool


class Speller:
    """Corrects by words of two ranks: those that a model weighs, and others that it understands."""

    def __init__(self, terms: Mapping[str, str], others: Iterable[str] = ()):
        """`terms`: words, and the term that each stands for, so that two forms of one are not two meanings."""
        self._terms, self._words = terms, list(terms)
        self._others = [word for word in others if word.isalpha() and word not in terms]

    def correct(self, word: str) -> Correction | None:
        """What a lower-case word may have been meant to be; None where nothing is near."""
        allowed = _allowed(len(word))
        if not allowed or not word.isalpha():
            return None
        written = dict.fromkeys((accents_spelled(word), without_accents(word)))
        near = [pair for letters in written for pair in self._near(letters, self._words, allowed)]
        if (apart := self._two_words(word)) is not None:
            near.append((JOINED, apart))
        near = near or [pair for letters in written for pair in self._near(letters, self._others, min(allowed, 1.0))]
        ranked = sorted(near, key=lambda pair: (pair[0], -len(pair[1]), pair[1]))
        best = dict[str, tuple[float, str]]()
        for cost, meant in ranked:
            best.setdefault(self._terms.get(meant, meant), (cost, meant))
        if not best:
            return None
        costs = [cost for cost, _ in best.values()]
        sure = len(costs) == 1 or costs[1] - costs[0] >= MARGIN
        return Correction(word, tuple(meant for _, meant in best.values())[:SUGGESTED], sure)

    def _near(self, word: str, words: list[str], allowed: float) -> list[tuple[float, str]]:
        most = int(allowed) + 1
        found = process.extract(word, words, scorer=OSA.distance, score_cutoff=most, limit=None)
        costs = ((slips(word, meant), meant) for meant, _, _ in found)
        return [(cost, meant) for cost, meant in costs if cost <= allowed]

    def _two_words(self, word: str) -> str | None:
        ends = range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)
        parts = ((word[:end], word[end:]) for end in ends)
        return next((f"{one} {two}" for one, two in parts if one in self._terms and two in self._terms), None)


def without_accents(word: str) -> str:
    """The letters of a word alone: "dóg" is "dog"."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def accents_spelled(word: str) -> str:
    """A lower-case word without accents, but with the sounds that they stand for: "ŝip" is "ship"."""
    return without_accents(word.translate(_SPELLED))


def slips(typed: str, meant: str) -> float:
    """How many slips lie between two words; one that is made easily counts less than 1."""
    if typed == meant:
        return 0.0  # but for accents
    if _sound(typed) == _sound(meant):
        return SOUNDS_ALIKE
    distance = OSA.distance(typed, meant)
    first = OTHER_FIRST if typed[0] != meant[0] and typed[:2] != meant[1::-1] else 0.0
    return first + (_one_slip(typed, meant) if distance == 1 else float(distance))


def _one_slip(typed: str, meant: str) -> float:
    """What the one slip between two words counts."""
    at = next((i for i, (one, two) in enumerate(zip(typed, meant, strict=False)) if one != two), None)
    if len(typed) != len(meant):  # a letter too many, or one is missing
        longer, at = max(typed, meant, key=len), min(len(typed), len(meant)) if at is None else at
        return DOUBLED if longer[at] == longer[at - 1] else 1.0
    assert at is not None  # else they were equal
    if typed[at + 1 : at + 2] == meant[at] and typed[at] == meant[at + 1 : at + 2]:
        return SWAPPED
    return NEIGHBOUR if {typed[at], meant[at]} <= _VOWELS or meant[at] in _NEIGHBOURS.get(typed[at], "") else 1.0


def _allowed(letters: int) -> float:
    """How many slips a word of so many letters may hold: of short ones, too many others are near."""
    return 0.0 if letters < 3 else 0.8 if letters == 3 else 1.2 if letters < 6 else 2.0 if letters < 9 else 3.0


@lru_cache(maxsize=65_536)
def _sound(word: str) -> str:
    """About how a word is spoken: its letters with what sounds alike written alike, doubled ones once."""
    for letters, alike in _SOUNDS:
        word = word.replace(letters, alike)
    return "".join(letter for letter, _ in groupby(word)).removesuffix("e")
