"""Chooses what to say about a scene, in the manner of different people: five captions, and short phrases.

Makes plans from a scene's record; the wording is in sentences.py and words.py. Never sees a picture.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from core.world.catalogue import KIND_BY_NAME, PLACE_BY_NAME, TIMES
from core.world.colours import COLOUR_SYNONYMS
from core.world.scene import Group, Relation, Scene
from core.world.sentences import Caption, Link, Mention, Plan, StateForm, Style, caption_of
from core.world.swaps import swapped as swapped
from core.world.words import (
    BROADER,
    CLOTHES,
    CLOTHES_OF,
    DEFINITE,
    MASS,
    MEANINGS,
    NUMBERS,
    PAIRS,
    PICTURES,
    PLAIN,
    PLURAL_ONLY,
    RARE,
    RELATION_WORDS,
    SIZE_WORDS,
    SYNONYMS,
    VAGUE,
    Noun,
    aloft,
    place_phrases,
)

COLOUR_RATE, PLACE_RATE, TIME_RATE, DAY_RATE = 0.78, 0.62, 0.5, 0.06
STATE_RATE, SIZE_RATE, VAGUE_RATE = 0.65, 0.5, 0.14
TERSE_RATE, TERSE_DETAIL, TERSE_PLACE = 0.34, 0.65, 0.55  # some people say little: shares of the details they keep
_NEVER_BEFORE = frozenset({"cooking", "waving", "eating", "standing"})
_LIGHTS = frozenset({"lamp", "candle"})  # no "dark light"
_STANDING = frozenset({"building", "plant", "furniture"})
_LYING = frozenset({"food", "object"})
Recipe = Literal["full", "full place first", "pair", "pair sentence", "there", "picture", "list", "short"]
_RECIPES: tuple[Recipe, ...] = (
    "full", "full place first", "pair", "pair sentence", "there", "picture", "list", "short", "short",
)  # fmt: skip


# Mentions ---------------------------------------------------------------------------------------------------


def _noun(kind: str, count: int, others: Sequence[str], rng: random.Random) -> Noun:
    """The noun of a kind: 65 % its plain name, 22 % a synonym, 13 % a broader word.

    A broader word is not taken where it could mean another mentioned kind, too.
    """
    draw = rng.random()
    if draw < 0.65:
        return PLAIN[kind]
    if draw < 0.87:
        choices = SYNONYMS[kind]
    else:
        choices = tuple(
            noun for noun in BROADER[kind]
            if not any(other in MEANINGS[noun[0]] for other in others) and not (noun[0] in PLURAL_ONLY and count == 1)
        )  # fmt: skip
    if not choices:
        return PLAIN[kind]
    noun = rng.choice(choices)
    return PLAIN[kind] if noun[0] in RARE and rng.random() < 0.75 else noun


def _amount(group: Group, noun: Noun, rng: random.Random) -> tuple[str, int | None]:
    """The words before the noun and the count that they assert (None: vague)."""
    draw, count = rng.random(), group.count
    if noun[0] in MASS:
        if draw < 0.6:
            return "some", None
        return ("a piece of", 1) if count == 1 else (f"{NUMBERS[count]} pieces of", count)
    if count == 1:
        if noun[0] in DEFINITE:
            return "the", 1
        return ("one" if draw < 0.03 else "a"), 1
    if draw < VAGUE_RATE:
        living = KIND_BY_NAME[group.kind].group in ("animal", "person")
        vague = [word for word, least in VAGUE.items() if least <= count and (living or word != "a group of")]
        return rng.choice(vague), None
    if count == 2 and draw > 0.92:
        return rng.choice(PAIRS), 2
    return NUMBERS[count], count


def _state_form(group: Group, verb: bool, rng: random.Random) -> StateForm:
    """How the state is said; `verb`: the mention is the subject of a verb that can take it."""
    alive = KIND_BY_NAME[group.kind].group in ("animal", "person")
    if not group.state.endswith("ing") or not alive:
        return "before"
    draw = rng.random()
    if verb and draw < 0.55:
        return "verb"
    if draw < 0.7:
        return "after"
    return "that" if draw < 0.82 or group.state in _NEVER_BEFORE else "before"


def _colours(group: Group, rng: random.Random) -> tuple[str, str]:
    """(the colour word, the pattern of clothes or "")."""
    synonyms = COLOUR_SYNONYMS[group.colour]
    fitting = bool(synonyms) and group.kind not in _LIGHTS
    word = rng.choice(synonyms) if fitting and rng.random() < 0.14 else group.colour
    if KIND_BY_NAME[group.kind].group != "person":
        return word, ""
    own = CLOTHES_OF.get(group.kind)
    pattern = rng.choice((*CLOTHES, own, own) if own else CLOTHES)
    if pattern in CLOTHES[:2] and word in ("dark", "golden"):
        word = group.colour
    return word, pattern[group.count > 1]


def _mention(
    scene: Scene,
    index: int,
    others: Sequence[int],
    rng: random.Random,
    *,
    verb: bool = False,
    colour_rate: float = COLOUR_RATE,
    detail: float = 1.0,
) -> Mention:
    """Group `index` of the scene in words; `others` are the groups mentioned beside it; `detail` scales the rates."""
    group = scene.groups[index]
    noun = _noun(group.kind, group.count, [scene.groups[i].kind for i in others if i != index], rng)
    amount, count = _amount(group, noun, rng)
    mention = Mention(index, group.kind, noun, amount, count)
    if group.colour and rng.random() < colour_rate * detail:
        word, clothes = _colours(group, rng)
        mention = replace(mention, colour=group.colour, colour_word=word, clothes=clothes)
    if group.size in SIZE_WORDS and noun[0] not in MASS and rng.random() < SIZE_RATE * detail:
        mention = replace(mention, size=group.size, size_word=rng.choice(SIZE_WORDS[group.size]))
    if group.state and rng.random() < STATE_RATE * detail:
        mention = replace(mention, state=group.state, state_form=_state_form(group, verb, rng))
    return mention


# Setting and relations ----------------------------------------------------------------------------------------


def _with_setting(plan: Plan, scene: Scene, rng: random.Random, place_rate: float, time_rate: float) -> Plan:
    if rng.random() < place_rate:
        phrase = rng.choice(place_phrases(scene.place, [mention.kind for mention in plan.mentions]))
        plan = replace(plan, place=scene.place, place_phrase=phrase)
    rate = DAY_RATE * (not PLACE_BY_NAME[scene.place].indoors) if scene.time == "day" else time_rate
    if rng.random() < rate:
        plan = replace(plan, time=scene.time, time_phrase=rng.choice(TIMES[scene.time]))
    return plan


_TURNED = {"left of": "right of", "right of": "left of", "behind": "in front of", "in front of": "behind",
           "next to": "next to"}  # fmt: skip


def _turn(relation: Relation, rng: random.Random) -> tuple[tuple[int, int], Link]:
    """The two groups in the order of mention, and the link between these two mentions (0 and 1)."""
    word = rng.choice(RELATION_WORDS[relation.name])
    if rng.random() < 0.3:
        if relation.name not in _TURNED:  # "a sofa with a cat on it"
            return (relation.object, relation.subject), Link(1, relation.name, 0, word, it=True)
        name = _TURNED[relation.name]
        return (relation.object, relation.subject), Link(0, name, 1, rng.choice(RELATION_WORDS[name]))
    return (relation.subject, relation.object), Link(0, relation.name, 1, word)


def _verb_for(kind: str, link: Link | None, rng: random.Random) -> str:
    group = KIND_BY_NAME[kind].group
    if rng.random() < 0.5 or aloft(kind):
        return "be"
    if link is not None and link.name == "on" and group in _LYING:
        return rng.choice(("lie", "sit"))
    return "stand" if group in _STANDING else "be"


# Captions -----------------------------------------------------------------------------------------------------


def _order(scene: Scene, rng: random.Random, size: int) -> list[int]:
    """`size` groups of the scene in a random order, things of the air last."""
    chosen = rng.sample(range(len(scene.groups)), size)
    return sorted(chosen, key=lambda i: aloft(scene.groups[i].kind))


def _choose_groups(scene: Scene, rng: random.Random, size: int, link_rate: float) -> tuple[list[int], Link | None]:
    """Which groups to mention, in order; with a link the first two are those that it joins."""
    if size >= 2 and scene.relations and rng.random() < link_rate:
        pair, link = _turn(rng.choice(scene.relations), rng)
        rest = [i for i in _order(scene, rng, len(scene.groups)) if i not in pair]
        return [*pair, *rest[: size - 2]], link
    return _order(scene, rng, size), None


_STYLE: dict[Recipe, Style] = {
    "full": "sentence", "full place first": "place first", "pair": "phrase", "pair sentence": "sentence",
    "there": "there", "picture": "picture", "list": "phrase", "short": "phrase",
}  # fmt: skip


def _plan(scene: Scene, recipe: Recipe, rng: random.Random) -> Plan:
    """One choice of what to say, and how."""
    total = len(scene.groups)
    wanted = {"pair": 2, "pair sentence": 2, "list": min(3, total), "short": rng.choice((1, 1, 2)),
              "there": rng.choice((1, 2, 2, 3)), "picture": rng.choice((1, 2, 2, 3, 4))}.get(recipe, total)  # fmt: skip
    link_rate = {"list": 0.0, "short": 0.25, "pair": 0.9, "pair sentence": 0.9}.get(recipe, 0.65)
    groups, link = _choose_groups(scene, rng, min(wanted, total), link_rate)
    style = _STYLE[recipe]
    above = any(aloft(scene.groups[i].kind) for i in groups[1:])
    joint: Literal["and", "with"] = "with" if rng.random() < 0.4 or (above and style == "sentence") else "and"
    takes_verb = style in ("sentence", "place first") and (
        len(groups) == 1 or (joint == "with" if link is None else not link.it)
    )
    terse = rng.random() < TERSE_RATE
    detail = TERSE_DETAIL if terse else 1.0
    mentions = tuple(
        _mention(scene, index, groups, rng, verb=takes_verb and position == 0, detail=detail)
        for position, index in enumerate(groups)
    )  # fmt: skip
    mentions = _told_apart(mentions)
    if link is None and mentions[0].state_form in ("after", "that"):
        joint = "and"  # else "a giraffe eating with three stars"
    plan = Plan(style, mentions, link, joint=joint, written=rng.random() < 0.5)
    if style == "sentence" or (style == "place first" and link is not None):
        plan = replace(plan, verb=_verb_for(mentions[0].kind, link, rng))
    if style == "picture":
        thing = rng.choice(PICTURES)
        plan = replace(plan, opening=rng.choice((f"{'an' if thing[0] == 'i' else 'a'} {thing} of", "a scene with")))
    first = 1.0 if style == "place first" else PLACE_RATE * (TERSE_PLACE if terse else 1.0)
    if len(mentions) == 1 and not terse:
        first = 0.85  # who names one thing usually says where it is
    return _with_setting(plan, scene, rng, first, TIME_RATE)


def _told_apart(mentions: tuple[Mention, ...]) -> tuple[Mention, ...]:
    """The mentions, where two of one name need to be told apart: "a sled in front of another sled"."""
    told: list[Mention] = []
    for mention in mentions:
        same = any(mention.noun == before.noun for before in told)
        plain = mention.amount == "a" and not mention.colour and not mention.size
        plain = plain and not (mention.state and mention.state_form == "before")
        told.append(replace(mention, amount="another") if same and plain else mention)
    return tuple(told)


def captions(scene: Scene) -> tuple[Caption, ...]:
    """Five different captions of a scene; the same scene always gets the same ones."""
    rng = random.Random(f"captions/{scene.split}/{scene.number}")
    said: dict[str, Caption] = {}
    recipes = rng.sample(_RECIPES, 5)
    for recipe in recipes:
        caption = caption_of(_plan(scene, recipe, rng))
        for _ in range(50):
            if caption.text not in said:
                break
            caption = caption_of(_plan(scene, recipe, rng))
        said[caption.text] = caption
    return tuple(said.values())


# Phrases ------------------------------------------------------------------------------------------------------


def phrases(scene: Scene, rng: random.Random) -> Caption:
    """One short phrase, as somebody would type it into a search box; true of the scene."""
    draw, total, bare = rng.random(), len(scene.groups), rng.random() < 0.45
    if draw < 0.15 and scene.relations:
        pair, link = _turn(rng.choice(scene.relations), rng)
        mentions = _told_apart(tuple(_short_mention(scene, i, pair, rng, bare) for i in pair))
        return caption_of(Plan("phrase", mentions, link))
    if draw < 0.32 and total > 1:
        chosen = _order(scene, rng, 2)
        return caption_of(Plan("phrase", tuple(_short_mention(scene, i, chosen, rng, bare) for i in chosen)))
    index = rng.randrange(total)
    plan = Plan("phrase", (_short_mention(scene, index, (), rng, bare),))
    if draw < 0.55:
        return caption_of(_with_setting(plan, scene, rng, 1.0, 0.15))
    if draw < 0.68:
        return caption_of(_with_setting(plan, scene, rng, 0.0, 1.0))
    return caption_of(plan)


def _short_mention(scene: Scene, index: int, others: Sequence[int], rng: random.Random, bare: bool) -> Mention:
    """A mention with at most one detail; `bare`: without an article or a number."""
    mention = _mention(scene, index, others, rng, colour_rate=0.4)
    if mention.colour or mention.size:
        mention = replace(mention, state="")
    if mention.colour:
        mention = replace(mention, size="", size_word="")
    if mention.clothes or not bare or mention.noun[0] in MASS:
        return mention
    if not others and mention.noun in BROADER[mention.kind] and _several(scene, mention):
        return replace(mention, amount="", count=None)
    return replace(mention, amount="", count=1 if scene.groups[index].count == 1 else None)


def _several(scene: Scene, mention: Mention) -> bool:
    """Whether the noun, colour, size and state are true of two or more things of the scene together."""
    return sum(
        group.count
        for group in scene.groups
        if group.kind in MEANINGS[mention.noun[0]]
        and mention.colour in ("", group.colour)
        and mention.size in ("", group.size)
        and mention.state in ("", group.state)
    ) > 1  # fmt: skip


# Mirrored pictures --------------------------------------------------------------------------------------------

_SIDES = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}


def mirrored(text: str) -> str:
    """The text for the mirrored picture: the words left and right change places."""
    return re.sub(r"\b(left|right)\b", lambda side: _SIDES[side[0]], text, flags=re.IGNORECASE)
