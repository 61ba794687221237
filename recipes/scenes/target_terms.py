"""Target terms by the scene records: those that a question must light or may light, and a picture must; no vectors.

"Light" means: give a weight above zero. Rows of the tables are questions, EACH a scene in order, or scenes.
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy import bool_, float32, int64
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.data.literal_terms import image_literal_terms, literal_terms
from core.vocabulary import Vocabulary
from core.world.catalogue import KINDS, PLACES, TIMES
from core.world.colours import BASES, COLOUR_SYNONYMS
from core.world.words import BROADER, MEANINGS, NUMBERS, PLAIN, VAGUE
from recipes.scenes.claim_arrays import KIND_SLOTS, THINGS, ClaimArrays
from recipes.scenes.corpus import COLOUR_IDS, KIND_IDS
from recipes.scenes.vocabulary import COLOUR_NOUNS

# What things are called plainly or more broadly, in order; synonyms are other names of the first.
NOUNS = sorted({noun for several in (PLAIN.values(), *BROADER.values()) for noun, _ in several})


def allowed_terms(claims: ClaimArrays, vocabulary: Vocabulary) -> csr_array:
    """(questions, |V|) bool: the terms that each question may light.

    They are all names of the things that it may mean, its colours and their synonyms, the colour nouns of both, words
    for its place and its time, and numbers where it says that there are several. "Birds" may light a duck, an animal
    and "three", but not "front", though the captions of many pictures with birds say it.
    """
    colours, where = _flat(claims.details)[:, :, 0], _flat(claims.where) + 1  # (m, 2), (m, 2); 0: not said
    several = _flat(claims.details)[:, :, 2].max(1) > 1  # (m,)
    parts: list[tuple[NDArray[bool_], Sequence[Collection[str]]]] = [
        (_one_hot(several, 1), [(*NUMBERS.values(), *VAGUE)]),
        (_flat(claims.kinds.max(2)), [_names(kind.name) for kind in KINDS]),
        *((_one_hot(colours[:, thing], len(BASES)), [*map(_shades, BASES)]) for thing in range(THINGS)),
        (_one_hot(where[:, 0], len(PLACES)), [place.words for place in PLACES]),
        (_one_hot(where[:, 1], len(TIMES)), [TIMES[time] for time in TIMES]),
    ]
    counts = sum(csr_array(shown, dtype=np.int32) @ _term_table([(), *words], vocabulary) for shown, words in parts)
    # (m, things, nouns): whether some kind that the thing may be is called so
    names = (_flat(claims.kinds).astype(float32) @ _names_of_kinds().astype(float32)) > 0
    return _union(counts, _colour_noun_counts(names, colours, vocabulary))


def target_terms(claims: ClaimArrays, literal: csr_array, vocabulary: Vocabulary) -> csr_array:
    """(questions, |V|) bool: the terms that each question must light.

    They are the terms that it speaks (`literal`, the same shape), and what its things are whatever kind they be, with
    and without their colour: a turtle is a reptile and an animal. So a question for a lizard, which this world does not
    draw, can mean those.
    """
    kinds = _flat(claims.kinds)  # (m, things, kinds)
    # (m, things, nouns): whether some kind that the thing may be is not called so
    others = (kinds.astype(float32) @ (~_names_of_kinds()).astype(float32)) > 0
    nouns = ~others & kinds.any(2, keepdims=True)
    names = csr_array(nouns.any(1), dtype=np.int32) @ _term_table([(noun,) for noun in NOUNS], vocabulary)
    return _union(literal, names, _colour_noun_counts(nouns, _flat(claims.details)[:, :, 0], vocabulary))


def colour_nouns_shown(claims: ClaimArrays, vocabulary: Vocabulary) -> csr_array:
    """(scenes, |V|) bool: the colour nouns that are true of each scene."""
    nouns = _names_of_kinds()[claims.groups[:, :, 0]]  # (n, groups, nouns)
    return _colour_noun_counts(nouns, claims.groups[:, :, 1], vocabulary).astype(bool)


def colour_noun_ids(vocabulary: Vocabulary) -> NDArray[int64]:
    """The ids of the vocabulary's colour nouns, ascending."""
    ids = _colour_noun_table(vocabulary)
    return np.sort(ids[ids >= 0])


def _colour_noun_counts(nouns: NDArray[bool_], colours: NDArray, vocabulary: Vocabulary) -> csr_array:
    """(m, |V|) counts of colour nouns, from what things are called (m, things, NOUNS) and their colours (m, things).

    Colours are ids, 0 = none.
    """
    row, thing, noun = nouns.nonzero()
    term = _colour_noun_table(vocabulary)[noun, colours[row, thing]]
    row, term = row[term >= 0], term[term >= 0]
    return csr_array((np.ones(len(row), np.int32), (row, term)), shape=(len(nouns), len(vocabulary)))


def _colour_noun_table(vocabulary: Vocabulary) -> NDArray[int64]:
    """(NOUNS, colours + 1) ids of colour nouns, -1 where there is no such term; column 0: no colour."""
    table = np.full((len(NOUNS), len(BASES) + 1), -1, int64)
    for term, (noun, colour) in COLOUR_NOUNS.items():
        if (known := vocabulary.id(term)) is not None:
            table[NOUNS.index(noun), COLOUR_IDS[colour]] = known
    return table


def _names_of_kinds() -> NDArray[bool_]:
    """(kinds + 1, NOUNS): which nouns each kind can be called by; row 0: no kind."""
    names = np.zeros((KIND_SLOTS, len(NOUNS)), bool)
    for column, noun in enumerate(NOUNS):
        names[[KIND_IDS[kind] for kind in MEANINGS[noun]], column] = True
    return names


def _flat(rows: NDArray) -> NDArray:
    """(n, p, …) of p questions a scene -> (n * p, …)."""
    return rows.reshape(-1, *rows.shape[2:])


def _one_hot(ids: NDArray, size: int) -> NDArray[bool_]:
    """Ids (m,), 0 = none -> (m, size + 1), column 0: none."""
    return ids[:, None] == np.arange(size + 1)


def _union(*tables: csr_array) -> csr_array:
    return csr_array(sum(table.astype(np.int32) for table in tables)).astype(bool)


def _term_table(texts: Sequence[Collection[str]], vocabulary: Vocabulary) -> csr_array:
    """(rows, |V|) counts: the terms of one word that the texts of each row speak."""
    words = [(row, word) for row, several in enumerate(texts) for text in several for word in Vocabulary.words(text)]
    literal = literal_terms([word for _, word in words], vocabulary)
    return image_literal_terms(literal, np.array([row for row, _ in words]), len(texts)).astype(np.int32)


def _names(kind: str) -> tuple[str, ...]:
    return tuple(noun for noun, kinds in MEANINGS.items() if kind in kinds)


def _shades(colour: str) -> tuple[str, ...]:
    return (colour, *COLOUR_SYNONYMS[colour])
