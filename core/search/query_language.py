"""The query language: what a text asks for, what it wants left out, what must be there; knows words, but no models.

It is the one of search engines, `-word` or `!word`, `+word`, `"two words"`, `word^2` or `2:word`, NOT, AND and OR in
capitals (or `&&`, `||`), with brackets around an OR, and plain English (`negations.py`): "no", "not a", "without" and
the like before a thing. What stands in double quotes is spoken as it is. A text that says none of that is spoken
unchanged, to the letter.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile

from core.search.negations import (
    BETWEEN,
    BUT,
    CONTRACTED,
    DETERMINERS,
    ENDING,
    EXCEPT,
    EXCEPT_PAIRS,
    FILLING,
    FREED,
    IDIOMS,
    JOINING,
    LEADING,
    LONGEST_IDIOM,
    NEGATORS,
    NOBODY,
    NOT_ADDED,
    QUALITIES,
    SIGNS,
    THINGS_IN_ING,
    WANTING,
    WHOLE,
    WHOLE_OF,
    denied,
    lacking,
)

Knows = Callable[[str], bool]  # whether a lower-case word is known

MAX_FACTOR = 10.0
LONGEST = 4  # words of a thing that is left out, as in "a big red hat"
OR = " or "  # between the things of which a hit must have one


@dataclass(frozen=True)
class Question:
    """What a text says.

    `spoken`: the words for the encoder; "" when the text only says what should not be there. `without`: things that
    a hit must not have; `must`: things that it must have, or one of several, joined by `OR`. `factors`: (words, factor)
    by which their weights are multiplied, -MAX_FACTOR..MAX_FACTOR. `clipped`: factors, as typed, that lay beyond.
    `unread`: what stands in brackets with operators other than one OR or several, of which the brackets are not heeded.
    """

    spoken: str
    without: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    factors: tuple[tuple[str, float], ...] = ()
    clipped: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Token:
    """A piece of a text between spaces, or in quotes, without what marks it.

    `raw`: as typed. `words`: what it says. `sign`: "", "+" or "-". `factor`: of its weight, as typed. `either`: whether
    its words are several things, joined by `OR`. `open` and `ends`: a mark such as a bracket or a comma stands before,
    or behind it, so that no phrase goes over it.
    """

    raw: str
    words: str
    sign: str = ""
    factor: str = ""
    quoted: bool = False
    either: bool = False
    open: bool = False
    ends: bool = False

    @property
    def marked(self) -> bool:
        """Whether an operator belongs to it."""
        return bool(self.sign or self.factor or self.quoted)

    @property
    def word(self) -> str:
        """In lower case, where it is no operator's; "" otherwise, which no word of English is."""
        return "" if self.marked else self.words.lower()


_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_SIGNS = str.maketrans("−–!", "---")
_PIECE = re.compile(
    rf"""(?P<sign>(?:[-+−–!](?=["(]))?)(?P<before>(?:{_NUMBER}:(?="))?)
         (?:"(?P<quoted>[^"]*)"|(?<=[-+−–!])\((?P<grouped>[^()"]*)\)|\((?P<either>[^()"]+(?:\ OR\ |\|)[^()"]+)\))
         (?:\^(?P<after>\S*))?
         |(?P<plain>[^\s";—]+|")""",
    re.VERBOSE,
)
_EITHER = re.compile(r" OR |\|+")
_BRACKETS = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
_UNREAD = re.compile(r"\b(?:AND|NOT)\b|&&|.\(.*\bOR\b|\bOR\b.*\(")
_PLAIN = re.compile(
    rf"""(?P<open>[^\w+\-−–.@#!]*)(?P<sign>[-+−–!]?)(?P<before>(?:{_NUMBER}:(?=[^\W\d_]))?)
         (?P<words>\w(?:[^^]*\w)?|)(?P<tail>[^\w^]*)(?:\^(?P<after>.*))?""",
    re.VERBOSE | re.DOTALL,
)
_SYMBOLS = {"&&": "AND", "||": "OR", "|": "OR"}
_ADDRESS = re.compile(r"://|@|^www\.|\w\.\w{2,}/", re.IGNORECASE)
_DIGITS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def literal(text: str) -> Question:
    """A text of which nothing is understood but its words."""
    return Question(text)


def tokens(text: str) -> list[Token]:
    """The pieces of a text in plain letters (`wording.plain`), in order."""
    return [_token(piece) for piece in _PIECE.finditer(text)]


def parse(text: str, pieces: Sequence[Token], knows: Knows) -> Question:
    """What a text says. `pieces`: its `tokens`, of which some words may have been corrected.

    `knows` tells of a lower-case word whether it is known.
    """
    capitals = any(letter.islower() for letter in text)  # NOT in a text of capitals is a plain word
    return _Parser(text, _with_numbers(pieces), knows, capitals).question()


def is_name(token: Token) -> bool:
    """Whether it is an address, a number or the like, of which no letter may be changed."""
    return bool(_ADDRESS.search(token.raw)) or any(letter.isdigit() or letter == "_" for letter in token.words)


def _token(piece: re.Match[str]) -> Token:
    raw = piece[0]
    if piece["plain"] is None:
        inner = next(piece[name] for name in ("quoted", "grouped", "either") if piece[name] is not None)
        parts = [_bare(part) for part in _EITHER.split(inner)] if piece["quoted"] is None else [inner]
        words, factor = OR.join(filter(None, parts)), piece["before"].rstrip(":") or _number(piece["after"])
        sign = piece["sign"].translate(_SIGNS)
        return Token(raw, " ".join(words.split()), sign, factor, quoted=True, either=len(parts) > 1)
    if _ADDRESS.search(raw):
        return Token(raw, raw)
    plain = _PLAIN.fullmatch(raw)
    if plain is None or not plain["words"]:
        return Token(raw, "", ends=True)
    words, sign, factor = plain["words"], plain["sign"].translate(_SIGNS), plain["before"].rstrip(":")
    if not words[0].isalpha():
        sign = ""  # "-5 degrees"
    if plain["after"] is not None:
        factor = factor or _number(plain["after"])
    if plain["after"] is not None and not factor:
        raw = words  # an empty "^", or one before what is no number, says nothing
    return Token(raw, words, sign, factor, open=bool(plain["open"]), ends=bool(plain["tail"].strip("'-")))


def _bare(words: str) -> str:
    """Words without what stands before a thing: "a red hat" is "red hat"."""
    return " ".join(dropwhile(lambda word: word.lower() in DETERMINERS, words.split()))


def _number(text: str | None) -> str:
    found = re.match(_NUMBER, (text or "").translate(_SIGNS))
    return found[0] if found else ""


def _with_numbers(pieces: Sequence[Token]) -> list[Token]:
    """Small numbers before a word as words: "3 dogs" says "three dogs"."""
    spelled = list(pieces)
    for i, token in enumerate(pieces[:-1]):
        following = pieces[i + 1]
        counts = token.raw == token.words and token.words.isdecimal() and int(token.words) < len(_DIGITS)
        if counts and following.words[:1].isalpha() and following.words.isalpha() and not following.sign:
            spelled[i] = replace(token, words=_DIGITS[int(token.words)], raw=_DIGITS[int(token.words)])
    return spelled


class _Parser:
    """Walks over the tokens once; `_kept` are those that are spoken."""

    def __init__(self, text: str, pieces: Sequence[Token], knows: Knows, capitals: bool) -> None:
        self._text, self._tokens, self._knows, self._capitals = text, pieces, knows, capitals
        self._kept: list[Token] = []
        self._without: dict[str, None] = {}
        self._must: dict[str, None] = {}
        self._factors: dict[str, float] = {}
        self._clipped: list[str] = []

    def question(self) -> Question:
        at = 0
        while at < len(self._tokens):
            at = self._step(at)
        spoken, factors = self._spoken(), self._factors
        if not spoken:  # what only counts against is, alone, what should not be there
            self._without |= dict.fromkeys(words for words, factor in factors.items() if factor < 0)
            factors = {words: factor for words, factor in factors.items() if factor >= 0}
        brackets = _BRACKETS.findall(self._text) if self._capitals else []
        unread = tuple(found for found in brackets if _UNREAD.search(found))
        without, must, clipped = map(tuple, (self._without, self._must, self._clipped))
        return Question(spoken, without, must, tuple(factors.items()), clipped, unread)

    def _spoken(self) -> str:
        kept = self._kept
        if not any(token.marked for token in kept) and [token.raw for token in kept] == self._text.split():
            return self._text
        if self._without or self._factors:
            while kept and kept[0].word in LEADING:
                kept = kept[1:]
            if all(token.word in FILLING or not token.words for token in kept if not token.marked or not token.words):
                kept = [token for token in kept if token.marked and token.words]
        words = [token.raw if not token.marked and token.words else token.words for token in kept]
        return " ".join(filter(None, words))

    def _step(self, at: int) -> int:
        """Understands what begins at a token, and returns where the next thing begins."""
        token = self._tokens[at]
        if token.marked:
            self._take_marked(token)
            return at + 1
        if idiom := self._idiom(at):
            self._kept += self._tokens[at : at + idiom]
            return at + idiom
        if self._operates(token):
            return self._operator(at)
        return self._negation(at) or self._part_of_word(at) or self._spoken_word(at)

    def _operates(self, token: Token) -> bool:
        return token.raw in _SYMBOLS or (self._capitals and token.raw in ("NOT", "AND", "OR"))

    def _part_of_word(self, at: int) -> int:
        """Where what a word says to be missing ends ("hatless", "non-red", "car free"); 0 where it says no such."""
        token, following = self._tokens[at], self._word(at + 1)
        if thing := lacking(token.word, self._knows):
            self._leave_out(thing)
            return at + 1
        if token.word == "free" and following not in ENDING and following and self._kept[-1:]:
            if self._kept[-1].word in FREED and not self._kept[-1].ends:
                self._leave_out(self._kept.pop().word)
                return at + 1
            return 0
        apart = token.word == "non" and not token.ends
        thing = denied(f"non-{following}" if apart else token.word, self._knows)
        if thing in QUALITIES:
            self._factors[thing] = -1.0
        elif thing:
            self._leave_out(thing)
        return at + 1 + apart if thing else 0

    def _spoken_word(self, at: int) -> int:
        token = self._tokens[at]
        if token.words or not self._kept or not self._without:
            self._kept.append(token)
        return at + 1

    def _take_marked(self, token: Token) -> None:
        words = token.words if token.quoted else token.words.strip("'")
        if not any(map(str.isalnum, words)):
            return
        if token.sign == "-":
            self._leave_out(*(words.split(OR) if token.either else [words]))
            return
        if token.sign == "+":
            self._must[words.lower()] = None
        if token.factor:
            factor = float(token.factor)
            if abs(factor) > MAX_FACTOR:
                self._clipped.append(token.raw)
            self._factors[words.lower()] = max(-MAX_FACTOR, min(MAX_FACTOR, factor))
        if not token.factor or float(token.factor) > 0:
            self._kept.append(token)

    def _operator(self, at: int) -> int:
        token = self._tokens[at]
        operator = _SYMBOLS.get(token.raw, token.raw)
        thing, end = self._thing(at + 1)
        following = self._tokens[at + 1] if at + 1 < len(self._tokens) else token
        if following.quoted and not following.sign:
            thing, end = following.words, at + 2
        if operator == "NOT" and thing:
            self._drop_leading()
            self._leave_out(*(thing.split(OR) if following.either else [thing]))
            return end
        if operator == "AND" and thing and (before := self._thing_before()):
            self._must |= dict.fromkeys((before, thing.lower()))
        if operator == "AND" and not thing and at + 1 < len(self._tokens):
            return at + 1  # AND before NOT, or before what has an operator of its own
        self._kept.append(replace(token, raw=operator.lower(), words=operator.lower()))
        return at + 1

    def _negation(self, at: int) -> int:
        """Where the negation that begins here ends; 0 where none does."""
        word = self._tokens[at].word
        if word in NOBODY or (word == "no" and self._word(at + 1) == "one"):
            if not self._knows("people"):
                return 0
            self._drop_leading()
            self._leave_out("people")
            return self._past_on_it(at + (2 if word == "no" else 1))
        start = self._after_negator(at)
        if not start:
            return 0
        thing, end = self._thing(start)
        if not thing or (word == "no" and (thing.rpartition(" ")[2] in SIGNS or self._states(end))):
            return 0
        if word in ("not", "but", *CONTRACTED) and thing in QUALITIES:
            self._drop_leading()
            self._factors[thing] = -1.0
            return end
        self._drop_leading()
        self._leave_out(thing)
        while more := self._joined(end):
            thing, end = more
            self._leave_out(thing)
        return end + 2 if (self._word(end), self._word(end + 1)) in (("at", "all"), ("in", "sight")) else end

    def _states(self, end: int) -> bool:
        """Whether "no" and a thing, which ends here, begin a statement: "no man is an island"."""
        return self._word(end) in ("is", "was") and self._word(end + 1) in ("a", "an")

    def _after_negator(self, at: int) -> int:
        """Where the thing may begin that a negator at this place leaves out; 0 where none stands here."""
        word, start = self._tokens[at].word, at + 1
        if self._tokens[at].ends:
            return 0
        if word in NEGATORS:
            return start
        if word in EXCEPT:
            return start + (self._word(start) == "for")
        if (word, self._word(start)) in EXCEPT_PAIRS:
            return start + 1
        if word in BUT and self._behind_whole():
            return start
        if word in CONTRACTED or word == "not":
            while self._word(start) in BETWEEN and start - at < 3:
                start += 1
            return 0 if word in WANTING and start == at + 1 else start
        return 0

    def _behind_whole(self) -> bool:
        """Whether what has been kept ends in "anything", "any animal" or the like."""
        *before, last = ["", "", *(token.word for token in self._kept)]
        return last in WHOLE or not WHOLE_OF.isdisjoint(before[-2:]) or [token.word for token in self._kept] == ["all"]

    def _joined(self, end: int) -> tuple[str, int] | None:
        """Another thing that is left out, too: "no cats or dogs", "without cars and people"; where it ends."""
        if end == 0 or end >= len(self._tokens) or self._tokens[end - 1].ends:
            return None
        word, following = self._word(end), self._word(end + 1)
        both = word == "and" and following not in NOT_ADDED and following not in NEGATORS
        if word not in JOINING and not both:
            return None
        if following in ("no", "without"):
            end += 1
        thing, last = self._thing(end + 1)
        return (thing, last) if thing else None

    def _thing(self, start: int) -> tuple[str, int]:
        """The noun phrase that begins at a token, without its article, and where it ends; ("", start) for none."""
        at, words = start, list[str]()
        while self._word(at) in DETERMINERS:
            at += 1
        while at < len(self._tokens) and len(words) < LONGEST:
            token = self._tokens[at]
            word = token.word
            if word == "of" and words:  # "a cup of tea"
                words.append(word)
                at += 1
                continue
            if not word or word in ENDING or not word[0].isalpha() or (token.open and words):
                break
            if self._operates(token):
                break
            doing = word.endswith("ing") and word not in THINGS_IN_ING
            if words and doing:
                break
            words.append(word)
            at += 1
            if token.ends:
                break
        while words and words[-1] == "of":
            words.pop()
            at -= 1
        if len(words) > 1 and words[-1] in ("one", "ones"):  # "not black ones" denies black
            words.pop()
        return (" ".join(words), at) if words else ("", start)

    def _thing_before(self) -> str:
        """The noun phrase, or what stands in quotes or brackets, that ends what has been kept so far."""
        if self._kept and self._kept[-1].quoted:
            return self._kept[-1].words.lower()
        words = list[str]()
        for token in reversed(self._kept):
            if token.word in ENDING or token.word in DETERMINERS or not token.word or (token.ends and words):
                break
            words.insert(0, token.word)
        return " ".join(words[-LONGEST:])

    def _leave_out(self, *things: str) -> None:
        self._without |= dict.fromkeys(thing.lower() for thing in things)

    def _drop_leading(self) -> None:
        while self._kept and (self._kept[-1].word in LEADING or not self._kept[-1].words):
            self._kept.pop()

    def _past_on_it(self, at: int) -> int:
        """ "nobody on it", "no one in it": the end of it."""
        return at + 2 if self._word(at) in ("on", "in", "at") and self._word(at + 1) == "it" else at

    def _idiom(self, at: int) -> int:
        """How many tokens from here on are an idiom; 0 for none."""
        words = [self._word(i) for i in range(at, at + LONGEST_IDIOM)]
        return next((len(one) for one in IDIOMS if tuple(words[: len(one)]) == one), 0)

    def _word(self, at: int) -> str:
        return self._tokens[at].word if at < len(self._tokens) else ""
