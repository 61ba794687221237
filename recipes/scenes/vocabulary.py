"""The vocabularies of the built-in heads: the world's words as whole-word terms, and with them its colour nouns.

A colour noun is a term for a thing and its colour together: "black cat", "woman in red". A score adds up the terms of a
question that a picture lights: "black" and "cat" add up for a white cat beside a black dog as well, and only a term for
both together can tell.
"""

from core.vocabulary import Vocabulary
from core.world.catalogue import KINDS
from core.world.scene import Scene
from core.world.words import BROADER, LEMMAS, MEANINGS, PLAIN, lexicon

# Words that say nothing about a picture; "on", "left" and their kin stay, since pictures show them.
STOP_WORDS = frozenset(
    Vocabulary.words(
        "a an the and of with in at to by is are there that who it them some shown picture drawing illustration image "
        "cartoon scene piece pieces pair couple one over above"
    )
)


def _colour_nouns() -> dict[str, tuple[str, str]]:
    return {
        f"{noun} in {colour}" if kind.group == "person" else f"{colour} {noun}": (noun, colour)
        for kind in KINDS
        for noun, _ in (PLAIN[kind.name], *BROADER[kind.name])
        for colour in kind.colours
    }


COLOUR_NOUNS: dict[str, tuple[str, str]] = _colour_nouns()
"""Term -> (noun, colour): all things that the world draws in a colour, by their plain and broader names."""


def colour_nouns_of(scene: Scene) -> set[str]:
    """The colour nouns that are true of a scene."""
    shown = [(group.kind, group.colour) for group in scene.groups]
    return {
        term
        for term, (noun, colour) in COLOUR_NOUNS.items()
        if any(kind in MEANINGS[noun] and colour == own for kind, own in shown)
    }


def builtin_vocabulary() -> Vocabulary:
    """Singular nouns, colours, states, numbers, sizes, relations and settings, in alphabetical order."""
    spoken = lexicon() - STOP_WORDS
    forms = {plural: singular for plural, singular in LEMMAS.items() if singular in spoken}
    terms = sorted({forms.get(word, word) for word in spoken})
    return Vocabulary(terms, {form: term for form, term in forms.items() if form not in terms})


def shipped_vocabulary() -> Vocabulary:
    """The terms of `builtin_vocabulary`, then the colour nouns: the vocabulary of the shipped head."""
    words = builtin_vocabulary()
    return Vocabulary((*words.terms, *sorted(COLOUR_NOUNS)), words.forms)
