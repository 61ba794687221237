"""Which terms a question may and must light, and which a picture must, by the scene records; knows no vectors."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy import bool_, float32, int64
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.data.spoken_terms import spoken_terms
from core.training.dataset import image_words
from core.vocabulary import Vocabulary
from core.world.catalogue import KINDS, PLACES, TIMES
from core.world.colours import BASES, COLOUR_SYNONYMS
from core.world.words import BROADER, MEANINGS, NUMBERS, PLAIN, VAGUE
from recipes.scenes import corpus as drawn
from recipes.scenes.coloured import COLOURED
from recipes.scenes.truth import KIND_SLOTS, THINGS, Truth

# What things are called plainly or more broadly, in order; synonyms are other names of the first.
NOUNS = sorted({noun for several in (PLAIN.values(), *BROADER.values()) for noun, _ in several})


def may_light(truth: Truth, vocabulary: Vocabulary) -> csr_array:
    """(questions, |V|) bool: names that a question's things may have, its colours, names of things of a colour, words
    for its place and time, and numbers where it says that there are several.

    "Birds" may light a duck, an animal and "three", but not "front", which the captions of many such pictures say.
    """
    colours, where = _flat(truth.details)[:, :, 0], _flat(truth.where) + 1  # (m, 2), (m, 2); 0: not said
    several = _flat(truth.details)[:, :, 2].max(1) > 1  # (m,)
    parts: list[tuple[NDArray[bool_], Sequence[Collection[str]]]] = [
        (_one_hot(several, 1), [(*NUMBERS.values(), *VAGUE)]),
        (_flat(truth.kinds.max(2)), [_names(kind.name) for kind in KINDS]),
        *((_one_hot(colours[:, thing], len(BASES)), [*map(_shades, BASES)]) for thing in range(THINGS)),
        (_one_hot(where[:, 0], len(PLACES)), [place.words for place in PLACES]),
        (_one_hot(where[:, 1], len(TIMES)), [TIMES[time] for time in TIMES]),
    ]
    counts = sum(csr_array(said, dtype=np.int32) @ _terms([(), *words], vocabulary) for said, words in parts)
    some = (_flat(truth.kinds).astype(float32) @ _meant().astype(float32)) > 0  # (m, things, nouns): can be called so
    return _either(counts, _of_colour(some, colours, vocabulary))


def must_light(truth: Truth, spoken: csr_array, vocabulary: Vocabulary) -> csr_array:
    """(questions, |V|) bool: the terms that a question speaks, and those for what its things are besides, in their
    colour too.

    A turtle is a reptile and an animal: who asks for a lizard, which this world does not draw, means those.
    """
    kinds = _flat(truth.kinds)  # (m, things, kinds)
    others = (kinds.astype(float32) @ (~_meant()).astype(float32)) > 0  # (m, things, nouns): can be something else
    nouns = ~others & kinds.any(2, keepdims=True)
    besides = csr_array(nouns.any(1), dtype=np.int32) @ _terms([(noun,) for noun in NOUNS], vocabulary)
    return _either(spoken, besides, _of_colour(nouns, _flat(truth.details)[:, :, 0], vocabulary))


def shown_in_colour(truth: Truth, vocabulary: Vocabulary) -> csr_array:
    """(scenes, |V|) bool: the nouns of a colour that each scene shows."""
    return _of_colour(_meant()[truth.groups[:, :, 0]], truth.groups[:, :, 1], vocabulary).astype(bool)


def coloured_ids(vocabulary: Vocabulary) -> NDArray[int64]:
    """Ids of the vocabulary's nouns of a colour, ascending."""
    ids = _coloured_table(vocabulary)
    return np.sort(ids[ids >= 0])


def _of_colour(nouns: NDArray[bool_], colours: NDArray, vocabulary: Vocabulary) -> csr_array:
    """What things are called, nouns (m, things, NOUNS), and their colours (m, things), 0 = none -> (m, |V|) counts."""
    row, thing, noun = nouns.nonzero()
    term = _coloured_table(vocabulary)[noun, colours[row, thing]]
    row, term = row[term >= 0], term[term >= 0]
    return csr_array((np.ones(len(row), np.int32), (row, term)), shape=(len(nouns), len(vocabulary)))


def _coloured_table(vocabulary: Vocabulary) -> NDArray[int64]:
    """(NOUNS, colours + 1) ids of terms, -1 where there is none; column 0: no colour."""
    table = np.full((len(NOUNS), len(BASES) + 1), -1, int64)
    for term, (noun, colour) in COLOURED.items():
        if (known := vocabulary.id(term)) is not None:
            table[NOUNS.index(noun), drawn.COLOUR_IDS[colour]] = known
    return table


def _meant() -> NDArray[bool_]:
    """(kinds + 1, NOUNS): what each kind can be called; row 0: no kind."""
    meant = np.zeros((KIND_SLOTS, len(NOUNS)), bool)
    for column, noun in enumerate(NOUNS):
        meant[[drawn.KIND_IDS[kind] for kind in MEANINGS[noun]], column] = True
    return meant


def _flat(rows: NDArray) -> NDArray:
    return rows.reshape(-1, *rows.shape[2:])


def _one_hot(ids: NDArray, size: int) -> NDArray[bool_]:
    return ids[:, None] == np.arange(size + 1)  # (m, size + 1), column 0: none


def _either(*tables: csr_array) -> csr_array:
    return csr_array(sum(table.astype(np.int32) for table in tables)).astype(bool)


def _terms(texts: Sequence[Collection[str]], vocabulary: Vocabulary) -> csr_array:
    """(rows, |V|) counts: the single words that the texts of each row speak, never a term of several."""
    words = [(row, word) for row, several in enumerate(texts) for text in several for word in Vocabulary.words(text)]
    spoken = spoken_terms([word for _, word in words], vocabulary)
    return image_words(spoken, np.array([row for row, _ in words]), len(texts)).astype(np.int32)


def _names(kind: str) -> tuple[str, ...]:
    return tuple(noun for noun, kinds in MEANINGS.items() if kind in kinds)


def _shades(colour: str) -> tuple[str, ...]:
    return (colour, *COLOUR_SYNONYMS[colour])
