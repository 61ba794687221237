"""A plan of a sentence, its text and its claim; decides nothing about what to mention and sees no scene."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.world.catalogue import KIND_BY_NAME
from core.world.claims import Claim, Thing
from core.world.words import MASS, MEANINGS, PLURAL_ONLY, VAGUE, Noun

Style = Literal["phrase", "sentence", "there", "picture", "place first"]
# How a state in -ing is said: "a sleeping dog", "a dog sleeping", "a dog that is sleeping", "a dog is sleeping".
StateForm = Literal["before", "after", "that", "verb"]
_SOUNDS_LIKE_YOU = ("ukulele",)


@dataclass(frozen=True)
class Mention:
    """One group as the sentence says it. `amount` is the words before the noun ("a", "two", "some", "")."""

    group: int
    kind: str
    noun: Noun
    amount: str = "a"
    count: int | None = 1  # None: vague
    colour: str = ""
    colour_word: str = ""
    clothes: str = ""  # pattern for people, such as "wearing {}" ("" for things)
    size: str = ""
    size_word: str = ""
    state: str = ""
    state_form: StateForm = "before"

    @property
    def plural(self) -> bool:
        """Whether the verb is plural."""
        if self.noun[0] in MASS:
            return self.amount.endswith("pieces of")
        return self.count != 1 or self.noun[0] in PLURAL_ONLY

    @property
    def person(self) -> bool:
        return KIND_BY_NAME[self.kind].group == "person"


@dataclass(frozen=True)
class Link:
    """Mention `subject` is in a relation to mention `object`; `it`: "a sofa with a cat on it" (the object is first)."""

    subject: int
    name: str
    object: int
    word: str
    it: bool = False


@dataclass(frozen=True)
class Plan:
    """Everything that decides a sentence. The link, when there is one, joins the first two mentions."""

    style: Style
    mentions: tuple[Mention, ...]
    link: Link | None = None
    place: str = ""
    place_phrase: str = ""
    time: str = ""
    time_phrase: str = ""
    opening: str = ""  # the words before the list: "a picture of"
    joint: Literal["and", "with"] = "and"
    verb: str = "be"  # be, lie, stand or sit
    written: bool = False  # a capital and a full stop


def article(words: str) -> str:
    """ "a" or "an", by the sound of the next word."""
    return "an" if words[:1] in "aeiou" and not words.startswith(_SOUNDS_LIKE_YOU) else "a"


def noun_phrase(mention: Mention, with_state: bool = True) -> str:
    """The mention as words: "two small brown dogs sleeping", "a woman in a red dress"."""
    said = mention.state if with_state and mention.state_form != "verb" else ""
    before = said if said and mention.state_form == "before" else ""
    singular, plural = mention.noun
    pieces = singular in MASS
    noun = singular if pieces or (mention.count == 1 and singular not in PLURAL_ONLY) else plural
    colour = "" if mention.clothes else mention.colour_word
    core = " ".join(filter(None, (mention.size_word, before, colour, noun)))
    amount = mention.amount
    if amount == "a":
        amount = article(core)
    words = [amount, core]
    if mention.clothes:
        worn = mention.clothes.replace("{}", mention.colour_word)
        words.append(worn.replace("a " + mention.colour_word, f"{article(mention.colour_word)} {mention.colour_word}"))
    if said and mention.state_form == "after":
        words.append(("who " + be(mention) + " " if mention.clothes else "") + said)
    if said and mention.state_form == "that":
        words.append(f"{'who' if mention.person else 'that'} {be(mention)} {said}")
    return " ".join(filter(None, words))


def be(mention: Mention) -> str:
    return "are" if mention.plural else "is"


def _verb(plan: Plan, seen: str = "") -> str:
    """The verb of a sentence about the first mention (or about all of them, when they are its joint subject)."""
    first = plan.mentions[0]
    together = plan.link is None and plan.joint == "and" and len(plan.mentions) > 1
    plural = first.plural or together
    if first.state and first.state_form == "verb" and not together:
        return f"{be(first)} {first.state}"
    if plan.verb == "be" or seen:
        return "are" if plural else "is"
    return plan.verb if plural else plan.verb + "s"


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _with(parts: Sequence[str]) -> str:
    return " with " + _join(parts) if parts else ""


def _linked(plan: Plan, link: Link, verb: str = "") -> str:
    """The first two mentions with their relation: "a cat [is] on a sofa" or "a sofa with a cat on it"."""
    a, b = plan.mentions[link.subject], plan.mentions[link.object]
    if link.it:
        return f"{noun_phrase(b)} with {noun_phrase(a)} {link.word} {'them' if b.plural else 'it'}"
    return " ".join(filter(None, (noun_phrase(a), verb, link.word, noun_phrase(b))))


def _setting(plan: Plan) -> str:
    return " ".join(filter(None, (plan.place_phrase, plan.time_phrase)))


def _listed(plan: Plan) -> str:
    """The mentions without a verb."""
    names = [noun_phrase(mention) for mention in plan.mentions]
    if plan.link is not None:
        rest = names[2:]
        head = _linked(plan, plan.link)
        if not rest:
            return head
        return head + (", with " + _join(rest) if plan.joint == "with" else ", and " + _join(rest))
    return names[0] + _with(names[1:]) if plan.joint == "with" else _join(names)


def _clause(plan: Plan) -> str:
    """The mentions with a verb and the setting: "a dog is running on the beach with two cats"."""
    setting = "" if plan.style == "place first" else _setting(plan)
    if plan.link is not None and not plan.link.it:
        rest = [noun_phrase(mention) for mention in plan.mentions[2:]]
        tail = f", with {_join(rest)} nearby" if rest else ""
        return " ".join(filter(None, (_linked(plan, plan.link, _verb(plan)), setting))) + tail
    first = plan.mentions[0]
    doing = bool(first.state) and first.state_form == "verb"
    if plan.link is not None or (plan.style == "place first" and not doing):
        return f"there {be(first)} " + " ".join(filter(None, (_listed(plan), setting)))
    names = [noun_phrase(mention) for mention in plan.mentions]
    if plan.joint == "with":
        seen = "" if plan.place or doing else "shown"
        return " ".join(filter(None, (names[0], _verb(plan, seen), seen, setting))) + _with(names[1:])
    seen = "" if plan.place or (doing and len(names) == 1) else "shown"
    return " ".join(filter(None, (_join(names), _verb(plan, seen), seen, setting)))


def say(plan: Plan) -> str:
    """The sentence of a plan."""
    if plan.style == "sentence":
        text = _clause(plan)
    elif plan.style == "place first":
        text = f"{_setting(plan)}, {_clause(plan)}"
    else:
        opening = f"there {be(plan.mentions[0])}" if plan.style == "there" else plan.opening
        text = " ".join(filter(None, (opening, _listed(plan), _setting(plan))))
    return text[0].upper() + text[1:] + "." if plan.written else text


def _thing(mention: Mention) -> Thing:
    least = mention.count or VAGUE.get(mention.amount, 1)
    if mention.noun[0] in MASS and mention.count is None:
        least = 1
    return Thing(
        MEANINGS[mention.noun[0]],
        mention.colour or None,
        mention.count,
        least,
        mention.size or None,
        mention.state or None,
    )


def claim_of(plan: Plan) -> Claim:
    """What the sentence of a plan asserts."""
    relations = ((plan.link.subject, plan.link.name, plan.link.object),) if plan.link else ()
    return Claim(tuple(_thing(m) for m in plan.mentions), relations, plan.place or None, plan.time or None)


@dataclass(frozen=True)
class Caption:
    """One sentence, what it asserts, and the plan that it was said from."""

    text: str
    claim: Claim
    plan: Plan = field(repr=False, compare=False)


def caption_of(plan: Plan) -> Caption:
    """The caption that a plan makes."""
    return Caption(say(plan), claim_of(plan), plan)
