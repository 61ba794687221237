"""What people type, in plain letters and words: full width, accents, curly quotes, emoji; must not know operators.

Changes nothing in a text that is plain already, whatever its language.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from core.search.spelling import accents_spelled, without_accents

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‘’‛′", "'") | {"\u00ad": None, "\u200b": None})
_SKIN = re.compile(r"_(?:medium_light|medium_dark|light|medium|dark)_skin_tone")
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0020-\U000e007f]+")
_EMOJI = re.compile(r"([-+−–]?)\0([^\0]*)\0(\^?)")
_ACCENTED = re.compile(r"[^\W\d_]+")


def plain(text: str, knows: Callable[[str], bool]) -> str:
    """The text in compatibility form (NFKC), with straight quotes, and words in place of emoji.

    `knows` tells of a lower-case word whether the model does: of an emoji's names, the one that it knows is taken, and
    a word loses its accents where it is known without them only.
    """
    named = _spelled_out(unicodedata.normalize("NFKC", text).translate(_QUOTES), knows)
    return _ACCENTED.sub(lambda found: _without_accents(found[0], knows), named)


def _spelled_out(text: str, knows: Callable[[str], bool]) -> str:
    if text.isascii():
        return text
    import emoji  # a list of 5,000 signs, which few questions need

    if not emoji.emoji_count(text):
        return text
    named = emoji.replace_emoji(text, lambda sign, data: f"\0{_name(sign, data, knows)}\0")
    return re.sub(" {2,}", " ", _EMOJI.sub(_apart, named)).strip()


def _apart(found: re.Match[str]) -> str:
    """An emoji's name as words of their own, or with the operators around it."""
    before, name, after = found.groups()
    together = f'"{name}"' if " " in name and (before or after) else name
    return f" {before}{together}{after} " if not after else f" {before}{together}{after}"


def _name(sign: str, data: Mapping[str, object], knows: Callable[[str], bool]) -> str:
    """What an emoji is called; of several names the shortest whose words are all known; "" where none is."""
    name = str(data["en"])
    aliases = data.get("alias")
    names = [_words(one) for one in (name, *(aliases if isinstance(aliases, list) else ()))]
    if _REGIONAL.fullmatch(sign):
        return f"{names[0]} flag"
    known = [one for one in names if all(map(knows, one.split()))]
    if not known and not any(map(knows, names[0].split())):
        return ""
    return min(known or names[:1], key=lambda one: len(one.split()))


def _words(name: str) -> str:
    """ ":woman_firefighter_medium_skin_tone:" -> "woman firefighter"; letters and spaces only."""
    return " ".join(re.findall(r"[^\W_]+", _SKIN.sub("", name.strip(":")).replace("_", " ").lower()))


def _without_accents(word: str, knows: Callable[[str], bool]) -> str:
    if word.isascii() or knows(word.lower()):
        return word
    letters, spelled = without_accents(word), accents_spelled(word.lower())
    other = spelled != letters.lower() and knows(spelled)  # "ŝip": "sip" or "ship"? The speller chooses
    return letters if letters != word and knows(letters.lower()) and not other else word
