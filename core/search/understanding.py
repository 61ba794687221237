"""A text as a model understands it: in plain letters, its slips corrected, its operators taken; encodes nothing."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from core.search.negations import denied, lacking
from core.search.query_language import OR, Question, Token, is_name, literal, parse, tokens
from core.search.spelling import Correction, Speller
from core.search.wording import plain

if TYPE_CHECKING:
    from core.models.query_model import QueryModel
    from core.vocabulary import Vocabulary

_WORD = re.compile(r"[^\W\d_]+")
_COMMON = ("the", "and", "with", "without", "from", "there", "their", "under", "behind", "between", "not")
_spellers: "WeakKeyDictionary[QueryModel, Speller]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Understood:
    """What a text says (`question`), and what was found on the way.

    `corrections`: words that the model does not know, and what they may have been meant to be; those of `corrected`
    were read so. `unknown`: things to leave out, or to be there, that mean nothing to the model; they are dropped.
    """

    question: Question
    corrections: tuple[Correction, ...] = ()
    corrected: tuple[Correction, ...] = ()
    unknown: tuple[str, ...] = ()

    def unexplained(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words of which nothing is said yet: no correction, and no thing to leave out."""
        return tuple(word for word in words if all(word != one.word for one in self.corrections))


def understand(model: "QueryModel", text: str) -> Understood:
    """A text as a question. Things that are left out or must be there are named by their term where they have one."""
    if not text.strip():
        return Understood(literal(text))
    knows = _knowledge(model)
    letters = plain(text, knows)
    pieces = tokens(letters)
    corrections = tuple(_corrections(model, pieces, knows))
    chosen = tuple(one for one in corrections if one.sure) or _all_unknown(pieces, corrections, knows)
    question = parse(letters, [_corrected(token, chosen) for token in pieces], knows)
    if not (question.spoken or question.without or question.factors):
        question = replace(question, spoken=letters)
    return _named(model, question, corrections, chosen)


def canonical(vocabulary: "Vocabulary", words: str) -> str:
    """The term that words are, or are a form of ("dogs": dog); the words themselves, in lower case, for others."""
    number = vocabulary.id(words)
    return words.lower() if number is None else vocabulary.terms[number]


def _named(
    model: "QueryModel", question: Question, corrections: tuple[Correction, ...], corrected: tuple[Correction, ...]
) -> Understood:
    one_of = [tuple(words.split(OR)) for words in question.must]
    things = (*question.without, *(words for some in one_of for words in some))
    unknown = [words for words in things if not _means_something(model, words)]

    def known(some: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(canonical(model.vocabulary, words) for words in some if words not in unknown))

    must = dict.fromkeys(OR.join(some) for some in map(known, one_of) if some)
    question = replace(question, without=known(question.without), must=tuple(must))
    return Understood(question, corrections, corrected, tuple(dict.fromkeys(unknown)))


def _means_something(model: "QueryModel", words: str) -> bool:
    """Whether an item could have such a thing, as far as the model can tell."""
    if model.vocabulary.literal_ids(words):
        return True
    unknown = set(model.unknown_words(words))
    return not set(model.vocabulary.words(words)) <= unknown and not model.out_of_world(words)


def _knowledge(model: "QueryModel") -> Callable[[str], bool]:
    """Whether the model knows a lower-case word."""
    return lambda word: bool(word) and (model.vocabulary.id(word) is not None or not model.unknown_words(word))


def _corrections(model: "QueryModel", pieces: list[Token], knows: Callable[[str], bool]) -> Iterator[Correction]:
    """The corrections of words that the model does not know; a name in the midst of a text is never sure to be one."""
    seen = {"non"}
    for i, token in enumerate(pieces):
        if token.quoted or is_name(token) or lacking(token.word, knows) or denied(token.word, knows):
            continue
        for word in _WORD.findall(token.words):
            lower = word.lower()
            if lower in seen or knows(lower):
                continue
            seen.add(lower)
            correction = _speller(model).correct(lower)
            if correction is not None:
                name = i > 0 and word[0].isupper() and not word.isupper()
                yield replace(correction, sure=correction.sure and not name)


def _all_unknown(
    pieces: list[Token], corrections: tuple[Correction, ...], knows: Callable[[str], bool]
) -> tuple[Correction, ...]:
    """All corrections where no word at all is known: what is likeliest finds more than a refusal."""
    words = (word.lower() for token in pieces for word in _WORD.findall(token.words))
    return () if any(map(knows, words)) else corrections


def _corrected(token: Token, corrections: tuple[Correction, ...]) -> Token:
    meant = {one.word: one.meant[0] for one in corrections}
    if token.quoted or not meant or is_name(token):
        return token

    def instead(text: str) -> str:
        return _WORD.sub(lambda found: meant.get(found[0].lower(), found[0]), text)

    return replace(token, raw=instead(token.raw), words=instead(token.words))


def _speller(model: "QueryModel") -> Speller:
    """Corrects by the model's own words and their forms; made once a model."""
    if model not in _spellers:
        vocabulary = model.vocabulary
        own = {term: term for term in vocabulary.terms if " " not in term and term.isalpha()} | vocabulary.forms
        own |= {word: word for word in _COMMON if word not in own and not model.unknown_words(word)}
        _spellers[model] = Speller(own, model.listed_words)
    return _spellers[model]
