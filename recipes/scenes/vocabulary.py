"""The built-in vocabularies: the world's words as readable whole-word terms, and with them its nouns of a colour."""

from core.vocabulary import Vocabulary
from core.world.words import LEMMAS, lexicon
from recipes.scenes.coloured import COLOURED

# Words that say nothing about a picture; "on", "left" and their kin stay, since pictures show them.
STOP_WORDS = frozenset(
    Vocabulary.words(
        "a an the and with of in at to by is are there that who it them some shown picture drawing illustration image "
        "cartoon scene piece pieces pair couple one over above"
    )
)


def builtin_vocabulary() -> Vocabulary:
    """Singular nouns, colours, states, numbers, sizes, relations and settings, in alphabetical order."""
    spoken = lexicon() - STOP_WORDS
    forms = {plural: singular for plural, singular in LEMMAS.items() if singular in spoken}
    terms = sorted({forms.get(word, word) for word in spoken})
    return Vocabulary(terms, {form: term for form, term in forms.items() if form not in terms})


def shipped_vocabulary() -> Vocabulary:
    """Those words, and behind them the nouns of a colour."""
    words = builtin_vocabulary()
    return Vocabulary((*words.terms, *sorted(COLOURED)), words.forms)
