"""Which terms questions may and must light, and pictures must: arrays against the definitions, claim by claim."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from core.data.literal_terms import literal_terms
from core.vocabulary import Vocabulary
from core.world.catalogue import KIND_BY_NAME, KINDS, PLACE_BY_NAME, TIMES
from core.world.claims import Claim, Thing
from core.world.colours import COLOUR_SYNONYMS
from core.world.composer import compose
from core.world.words import BROADER, MEANINGS, SYNONYMS
from recipes.scenes.claim_arrays import ClaimArrays
from recipes.scenes.questions import load_questions, questions_of
from recipes.scenes.target_terms import allowed_terms, colour_noun_ids, colour_nouns_shown, target_terms
from recipes.scenes.vocabulary import COLOUR_NOUNS, colour_nouns_of, shipped_vocabulary

SCENES_ASKED = 60
WORDS_OF_SEVERAL = {"one", "two", "three", "four", "five", "some", "several", "a", "group", "of"}
VOCABULARY = shipped_vocabulary()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], ClaimArrays]:
    return load_questions("train", SCENES_ASKED, tmp_path_factory.mktemp("questions"))


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    return [asked.claim for number in range(SCENES_ASKED) for asked in questions_of(compose("train", number))]


def _ids(words: set[str]) -> set[int]:
    return {known for word in words if (known := VOCABULARY.id(word)) is not None}


def _rows(lit: csr_array) -> list[set[int]]:
    return [set(np.flatnonzero(row).tolist()) for row in lit.toarray()]


def _coloured(thing: Thing, *, every: bool) -> set[str]:
    """The nouns of the thing's colour that some of the kinds it can be, or `every` one, can be called."""
    fits = thing.kinds.issubset if every else thing.kinds.intersection
    return {term for term, (noun, colour) in COLOUR_NOUNS.items() if colour == thing.colour and fits(MEANINGS[noun])}


def test_questions_may_light_what_their_things_are_called_and_nothing_else(
    asked: tuple[list[str], ClaimArrays], claims: list[Claim]
) -> None:
    lit = allowed_terms(asked[1], VOCABULARY)
    assert lit.shape == (len(claims), len(VOCABULARY))
    for claim, row in zip(claims, _rows(lit), strict=True):
        words = {noun for noun, kinds in MEANINGS.items() for thing in claim.things if kinds & thing.kinds}
        for thing in claim.things:
            words |= {thing.colour, *COLOUR_SYNONYMS[thing.colour]} if thing.colour else set()
            words |= WORDS_OF_SEVERAL if thing.least > 1 else set()
            words |= _coloured(thing, every=False)
        words |= set(PLACE_BY_NAME[claim.place].words) if claim.place else set()
        words |= {word for phrase in TIMES[claim.time] for word in phrase.split()} if claim.time else set()
        assert row == _ids(words)


def test_questions_must_light_what_their_things_are_besides(
    asked: tuple[list[str], ClaimArrays], claims: list[Claim]
) -> None:
    texts, arrays = asked
    literal = literal_terms(texts, VOCABULARY)
    targets, allowed = target_terms(arrays, literal, VOCABULARY), allowed_terms(arrays, VOCABULARY)
    for claim, row, own, may in zip(claims, _rows(targets), _rows(literal), _rows(allowed), strict=True):
        besides = {
            noun
            for kind in KINDS
            for noun in (kind.name, *(broader for broader, _ in BROADER[kind.name]))
            for thing in claim.things
            if thing.kinds <= MEANINGS[noun]
        }
        for thing in claim.things:
            besides |= _coloured(thing, every=True)
        assert row == _ids(besides) | own
        assert _ids(besides) <= may


def test_pictures_show_the_nouns_of_a_colour_that_are_true_of_them(asked: tuple[list[str], ClaimArrays]) -> None:
    shown = _rows(colour_nouns_shown(asked[1], VOCABULARY))
    assert shown == [_ids(colour_nouns_of(compose("train", number))) for number in range(SCENES_ASKED)]
    assert set().union(*shown) <= set(colour_noun_ids(VOCABULARY).tolist())


def test_nouns_of_a_colour_are_true_as_the_records_say() -> None:
    scene = compose("train", 3)
    for term in colour_nouns_of(scene):
        noun, colour = COLOUR_NOUNS[term]
        assert any(group.kind in MEANINGS[noun] and group.colour == colour for group in scene.groups)
    for group in scene.groups:
        if group.colour and KIND_BY_NAME[group.kind].group != "person":
            assert f"{group.colour} {group.kind}" in colour_nouns_of(scene)
        for synonym, _ in SYNONYMS[group.kind]:  # other names of the first: they make no terms of their own
            assert f"{group.colour} {synonym}" not in COLOUR_NOUNS or group.kind in MEANINGS[synonym]


def test_a_vocabulary_without_such_nouns_has_none() -> None:
    assert colour_noun_ids(Vocabulary(["black", "cat"])).tolist() == []
