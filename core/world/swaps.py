"""Hard negatives: a caption with exactly one thing changed so that it is false of its scene.

Edits plans and says them again; never cuts text, never sees a picture.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from core.world.catalogue import KIND_BY_NAME, KINDS, PLACE_BY_NAME, PLACES, TIMES
from core.world.claims import holds
from core.world.colours import COLOUR_SYNONYMS
from core.world.scene import Scene
from core.world.sentences import Caption, Mention, Plan, caption_of
from core.world.words import (
    CLOTHES_IN_PLURAL,
    CLOTHES_IN_SINGULAR,
    DEFINITE,
    MASS,
    NUMBERS,
    PLAIN,
    RELATION_WORDS,
    place_phrases,
)

_CHANGED = {"left of": "right of", "right of": "left of", "behind": "in front of", "in front of": "behind",
            "on": "under", "under": "on", "next to": "on"}  # fmt: skip
_FAMILIES: dict[str, tuple[str, ...]] = {
    group: tuple(kind.name for kind in KINDS if kind.group == group) for group in {kind.group for kind in KINDS}
}
_NAMES = tuple(kind.name for kind in KINDS if kind.group not in ("person", "sky"))
_OUTDOORS = tuple(place.name for place in PLACES if not place.indoors)
_INDOORS = tuple(place.name for place in PLACES if place.indoors)


def _put(plan: Plan, index: int, mention: Mention) -> Plan:
    return replace(plan, mentions=(*plan.mentions[:index], mention, *plan.mentions[index + 1 :]))


def _colour(plan: Plan, rng: random.Random) -> Plan | None:
    """Another colour, usually one that the kind can have."""
    index = rng.randrange(len(plan.mentions))
    mention = plan.mentions[index]
    if not mention.colour:
        return None
    own = [colour for colour in KIND_BY_NAME[mention.kind].colours if colour != mention.colour]
    colour = rng.choice(own or [colour for colour in COLOUR_SYNONYMS if colour != mention.colour])
    return _put(plan, index, replace(mention, colour=colour, colour_word=colour))


def _count(plan: Plan, rng: random.Random) -> Plan | None:
    """Another exact number; clothes and nouns follow it."""
    index = rng.randrange(len(plan.mentions))
    mention = plan.mentions[index]
    if mention.count is None or mention.noun[0] in MASS | DEFINITE:
        return None
    near = [n for n in NUMBERS if n != mention.count and abs(n - mention.count) <= 2]
    count = rng.choice(near)
    clothes = mention.clothes
    if clothes:
        one = CLOTHES_IN_SINGULAR.get(clothes, clothes)
        clothes = one if count == 1 else CLOTHES_IN_PLURAL[one]
    amount = "a" if count == 1 else NUMBERS[count]
    return _put(plan, index, replace(mention, count=count, amount=amount, clothes=clothes))


def _kind(plan: Plan, rng: random.Random) -> Plan | None:
    """Another kind of thing by its plain name, usually of the same family; a state it cannot have is left out."""
    index = rng.randrange(len(plan.mentions))
    mention = plan.mentions[index]
    family = _FAMILIES[KIND_BY_NAME[mention.kind].group]
    name = rng.choice(family if mention.clothes or rng.random() < 0.6 else _NAMES)
    if name == mention.kind:
        return None
    changed = replace(mention, kind=name, noun=PLAIN[name])
    if mention.noun[0] in MASS and mention.count is not None:
        changed = replace(changed, amount="a" if mention.count == 1 else NUMBERS[mention.count])
    elif mention.noun[0] in MASS:
        changed = replace(changed, amount="a", count=1)
    if name in DEFINITE and changed.count == 1:
        changed = replace(changed, amount="the")
    elif changed.amount in ("the", "another"):
        changed = replace(changed, amount="a")
    if mention.state and mention.state not in KIND_BY_NAME[name].states:
        changed = replace(changed, state="", state_form="before")
    return _put(plan, index, changed)


def _place(plan: Plan, rng: random.Random) -> Plan | None:
    if not plan.place:
        return None
    alike, unlike = (_INDOORS, _OUTDOORS) if PLACE_BY_NAME[plan.place].indoors else (_OUTDOORS, _INDOORS)
    place = rng.choice(alike if plan.time or rng.random() < 0.75 else unlike)
    phrase = rng.choice(place_phrases(place, [mention.kind for mention in plan.mentions]))
    return replace(plan, place=place, place_phrase=phrase)


def _time(plan: Plan, rng: random.Random) -> Plan | None:
    if not plan.time:
        return None
    time = rng.choice([time for time in TIMES if time != plan.time])
    return replace(plan, time=time, time_phrase=rng.choice(TIMES[time]))


def _relation(plan: Plan, rng: random.Random) -> Plan | None:
    """The opposite relation, the mentions staying where they are."""
    if plan.link is None or (plan.link.name == "next to" and rng.random() < 0.8):
        return None
    name = _CHANGED[plan.link.name]
    word = rng.choice(RELATION_WORDS[name])
    return replace(plan, link=replace(plan.link, name=name, word=word))


# Sides are what a model of pictures learns last: they are changed most often.
_CHANGES: tuple[Callable[[Plan, random.Random], Plan | None], ...] = (
    _relation, _relation, _relation, _relation, _colour, _colour, _count, _kind, _place, _time,
)  # fmt: skip


def swapped(caption: Caption, scene: Scene, rng: random.Random) -> Caption | None:
    """The caption with one thing changed (a colour, relation, count, kind, place or time), false of the scene.

    None when a handful of tries finds no such change.
    """
    for _ in range(24):
        plan = rng.choice(_CHANGES)(caption.plan, rng)
        if plan is None:
            continue
        other = caption_of(plan)
        if other.text != caption.text and not holds(other.claim, scene):
            return other
    return None
