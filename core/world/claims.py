"""What a sentence asserts about a scene, and whether that is so; knows no wording and draws nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import SightwordsError
from core.world.catalogue import PLACE_BY_NAME, TIMES
from core.world.colours import COLOUR_SYNONYMS
from core.world.scene import RELATIONS, Group, Scene
from core.world.words import LEMMAS, MEANINGS

_INVERSE = {
    "on": "under", "under": "on", "left of": "right of", "right of": "left of",
    "behind": "in front of", "in front of": "behind", "next to": "next to",
}  # fmt: skip


class ClaimError(SightwordsError):
    """A claim names something that the illustrated world does not have."""


@dataclass(frozen=True)
class Thing:
    """One mentioned thing. None says nothing; `count` is exact, `least` a lower bound (vague and bare plurals)."""

    kinds: frozenset[str]
    colour: str | None = None
    count: int | None = None
    least: int = 1
    size: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Claim:
    """What a sentence asserts: things, relations, place and time (None: not said).

    A relation is (index of the subject, a name of scene.RELATIONS, index of the object).
    """

    things: tuple[Thing, ...]
    relations: tuple[tuple[int, str, int], ...] = ()
    place: str | None = None
    time: str | None = None


def matches(thing: Thing, group: Group) -> bool:
    """Whether one group of a scene is what the sentence mentions."""
    return (
        group.kind in thing.kinds
        and group.count >= thing.least
        and (thing.count is None or group.count == thing.count)
        and (thing.colour is None or group.colour == thing.colour)
        and (thing.size is None or group.size == thing.size)
        and (thing.state is None or group.state == thing.state)
    )


def _pooled(thing: Thing, groups: Sequence[Group]) -> bool:
    """A vague plural alone ("animals in the snow") may be several groups together: a cat and a dog."""
    one = Thing(thing.kinds, thing.colour, size=thing.size, state=thing.state)
    return sum(group.count for group in groups if matches(one, group)) >= thing.least


def holds(claim: Claim, scene: Scene) -> bool:
    """Whether all that the claim asserts is so; distinct mentioned things must be distinct groups of the scene."""
    if claim.place not in (None, scene.place) or claim.time not in (None, scene.time):
        return False
    groups = scene.groups
    if len(claim.things) == 1 and claim.things[0].count is None and claim.things[0].least > 1:
        return _pooled(claim.things[0], groups)
    candidates = [[i for i, group in enumerate(groups) if matches(thing, group)] for thing in claim.things]
    if not all(candidates):
        return False
    facts = {(r.subject, r.name, r.object) for r in scene.relations}
    facts |= {(b, _INVERSE[name], a) for a, name, b in facts}
    return _assign(claim, candidates, facts, ())


def _assign(
    claim: Claim, candidates: list[list[int]], facts: set[tuple[int, str, int]], chosen: tuple[int, ...]
) -> bool:
    """Tries every way of giving each remaining thing a group of its own (at most a handful)."""
    if len(chosen) == len(candidates):
        return all((chosen[a], name, chosen[b]) in facts for a, name, b in claim.relations)
    return any(_assign(claim, candidates, facts, (*chosen, i)) for i in candidates[len(chosen)] if i not in chosen)


def claim_from_json(data: Mapping[str, Any]) -> Claim:
    """A claim from {"things": [{"noun", "colour"?, "count"?, "least"?, "size"?, "state"?}], "relations"?, "place"?,
    "time"?}; nouns may be plural. Raises ClaimError for a word that the world does not have."""
    things = []
    for thing in data["things"]:
        noun = LEMMAS.get(thing["noun"], thing["noun"])
        if noun not in MEANINGS:
            raise ClaimError(f"The illustrated world has no '{thing['noun']}'; use a noun of its catalogue.")
        if thing.get("colour") not in (None, *COLOUR_SYNONYMS):
            raise ClaimError(f"'{thing['colour']}' is no colour of the illustrated world; use one of its eleven.")
        extra = {key: thing[key] for key in ("colour", "count", "least", "size", "state") if key in thing}
        things.append(Thing(MEANINGS[noun], **extra))
    relations = tuple((int(a), str(name), int(b)) for a, name, b in data.get("relations") or ())
    place, time = data.get("place"), data.get("time")
    if any(name not in RELATIONS or not (0 <= a < len(things) and 0 <= b < len(things)) for a, name, b in relations):
        raise ClaimError(f"A relation of this claim is not [index, name, index] with a known name: {relations}.")
    if place is not None and place not in PLACE_BY_NAME:
        raise ClaimError(f"The illustrated world has no place '{place}'; use a name of its catalogue.")
    if time is not None and time not in TIMES:
        raise ClaimError(f"The illustrated world has no time '{time}'; use day, sunset or night.")
    return Claim(tuple(things), relations, place, time)
