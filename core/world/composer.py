"""Makes up the scenes of the illustrated world, endlessly and repeatably; draws nothing and says nothing.

Which split a scene belongs to is decided by its content (a hash of its signature), so no scene of one split can occur
in another, however many are made. One scene in four of the held-out splits is a favourite (favourites.py): with uniform
chance alone, natural queries would find no picture among a thousand.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

from core.errors import DatasetError
from core.world.casting import EVENLY, PEOPLE, companions, mistakable, residents, settings
from core.world.catalogue import KIND_BY_NAME, KINDS, Kind, Place
from core.world.favourites import Favourite, Lead, favourite_of
from core.world.layout import DECKS, ROW, SIZE_FACTORS, Box, Cluster, Draft, Standing, medium_height, stand
from core.world.scene import Group, Placed, Relation, Scene

SPLITS = ("train", "val", "test")
LONE = frozenset(("sun", "moon", "rainbow"))
LOW_STATES = frozenset(("sleeping", "sitting", "crawling"))  # would vanish behind something
RESTLESS = frozenset(("running", "jumping", "dancing", "walking", "grazing", "crawling"))  # not on furniture
PLANS = {"on": 0.72, "under": 0.40, "behind": 0.28, "next to": 0.26, "": 0.14}
FEW = ((1, 0.78), (2, 0.18), (3, 0.04))  # how many of what is wide
MANY = ((1, 0.32), (2, 0.23), (3, 0.18), (4, 0.14), (5, 0.13))
SIZE_SHARES = (("small", 0.2), ("medium", 0.6), ("large", 0.2))
GROUP_SHARES = ((2, 0.24), (3, 0.42), (4, 0.34))
EXTRAS = ((1, 0.3), (2, 0.7))  # groups that join a favourite
CARRIERS = {"table": 4.0, "boat": 1.5, "canoe": 1.5, "sled": 1.5}  # as supports, because they carry the most
T = TypeVar("T")
Cast = tuple[list[Cluster], Place, str]  # who, where, when


def _pick(rng: Random, weighted: Collection[tuple[T, float]]) -> T:
    """One key, drawn by weight."""
    left = rng.random() * sum([weight for _, weight in weighted])
    for key, weight in weighted:
        left -= weight
        if left < 0:
            return key
    return key


def _weighted(kinds: Iterable[Kind]) -> list[tuple[Kind, float]]:
    return [(kind, EVENLY.get(kind.name, 1.0)) for kind in kinds]


ALL_KINDS = _weighted(KINDS)


def _beginning(rng: Random) -> tuple[Kind, Kind | None, str, Place, str]:
    """(subject, object or None, relation, place, time): the kinds and the relation that the scene is about."""
    first = _pick(rng, ALL_KINDS)
    possible = {p: share for p, share in PLANS.items() if p not in ("on", "under") or companions(first.name, p)[0]}
    plan = _pick(rng, possible.items())
    others, is_subject = companions(first.name, plan)
    chances = [(kind, weight * CARRIERS.get(kind.name, 1.0)) for kind, weight in _weighted(others) if kind is not first]
    second = _pick(rng, chances) if chances else None
    subject, thing = (first, second) if is_subject or second is None else (second, first)
    possible_settings = settings(subject.name, thing.name if thing else "")
    if not possible_settings:
        return _beginning(rng)
    place, time = _pick(rng, possible_settings)
    return subject, thing, plan, place, time


def _state(kind: Kind, place: Place, sky: bool, rng: Random) -> str:
    """What a thing does ("": nothing), for half of them; what swims is in the water, what flies in the air."""
    if sky and "flying" in kind.states:
        return "flying"
    if place.name == "sea" and "swimming" in kind.states:
        return "swimming"
    states = [state for state in kind.states if state not in ("flying", "swimming", "snowy")]
    if "snowy" in kind.states and place.name in ("snow", "mountains"):
        return "snowy" if rng.random() < 0.7 else ""
    return states[int(rng.random() * len(states))] if states and rng.random() < 0.5 else ""


def _count(kind: Kind, rng: Random) -> int:
    if kind.name in LONE:
        return 1
    width = medium_height(kind) * kind.aspect
    if width > 0.28 or kind.group in ("building", "furniture"):
        return _pick(rng, FEW)
    return _pick(rng, MANY)


def _draft(kind: Kind, place: Place, rng: Random, colours_taken: Sequence[str] = ()) -> Draft:
    colours = [colour for colour in kind.colours if colour not in colours_taken]
    sky = not place.indoors and "sky" in kind.habitats and ("land" not in kind.habitats or rng.random() < 0.5)
    if place.name == "sea":
        sky = "sky" in kind.habitats
    count, size = _crowd(kind, rng)
    return Draft(
        kind=kind,
        colour=colours[int(rng.random() * len(colours))] if colours else "",
        count=count,
        size=size,
        state=_state(kind, place, sky, rng),
        flip=rng.random() < 0.5,
        sky=sky,
    )


def _crowd(kind: Kind, rng: Random) -> tuple[int, str]:
    """The count and the size of a group: no more than fit side by side without being drawn much smaller than that."""
    count, size = _count(kind, rng), _pick(rng, SIZE_SHARES)
    room = ROW / (0.8 * 1.1 * medium_height(kind) * kind.aspect)
    if count > 1 and size == "large" and count * SIZE_FACTORS[size] > room:
        size = "medium"
    if count > 3 and count * SIZE_FACTORS[size] > room:
        size = "small"
    while count > 1 and count * SIZE_FACTORS[size] > room:
        count -= 1
    return count, size


def _related(subject: Draft, thing: Draft, plan: str, rng: Random) -> Cluster:
    """The pair in a shape in which the relation can be seen."""
    grounded = "" if subject.state == "flying" else subject.state
    if plan == "on":
        state = "" if grounded in RESTLESS else grounded
        if subject.kind.name in PEOPLE and thing.kind.name != "skateboard":
            state = "sitting"
        size = "medium" if thing.size == "small" and thing.kind.name not in DECKS else thing.size
        count = min(subject.count, 3 if thing.kind.on and thing.kind.name in ("table", "bed", "sofa", "bench") else 2)
        if subject.kind.aspect * medium_height(subject.kind) > 0.2 or thing.kind.name in ("chair", "skateboard"):
            count = 1
        if thing.kind.name == "boat":
            size = "large"
        rider = replace(subject, state=state, sky=False, count=count)
        return Cluster((rider, replace(thing, count=1, size=size, sky=False)), plan)
    if plan == "under":
        size = thing.size if thing.size != "small" else "large"
        thing = replace(thing, state="")  # a bare tree would shelter nothing
        below = replace(subject, state=grounded, sky=False, count=min(subject.count, 2))
        return Cluster((below, replace(thing, count=1, size=size, sky=False)), plan)
    if plan == "behind":
        back = replace(subject, count=1, state="" if subject.state in LOW_STATES else subject.state)
        return Cluster((back, replace(thing, count=1)), plan)
    return Cluster((replace(subject, count=min(subject.count, 3)), replace(thing, count=min(thing.count, 3))), plan)


def _next_kind(
    drafts: Sequence[Draft], place: Place, time: str, rng: Random, wanted: Callable[[Kind], bool]
) -> Kind | None:
    """Another kind for the scene: once in a while one that is there already (in another colour)."""
    there = [draft.kind for draft in drafts]
    again = [kind for kind in there if len(kind.colours) > there.count(kind) and kind.name not in LONE and wanted(kind)]
    if again and rng.random() < 0.14:
        return again[-1]
    taken = frozenset().union(*(mistakable(kind.name) for kind in there))
    chances = _weighted(kind for kind in residents(place.name, time) if kind.name not in taken and wanted(kind))
    return _pick(rng, chances) if chances else None


def _add(
    drafts: list[Draft], setting: tuple[Place, str], rng: Random, wanted: Callable[[Draft], bool], kind: Kind | None
) -> Draft | None:
    """Drafts one more group (of this kind), also into `drafts`; outdoors something stands or swims before all else."""
    place, time = setting
    ground = "water" if place.name == "sea" else "land"
    empty = not place.indoors and all(draft.sky for draft in drafts)
    for _ in range(12):
        chosen = kind or _next_kind(drafts, place, time, rng, lambda kind: not empty or ground in kind.habitats)
        if chosen is None:
            return None
        draft = _draft(chosen, place, rng, [d.colour for d in drafts if d.kind is chosen])
        if wanted(draft) and not (empty and draft.sky):
            drafts.append(draft)
            return draft
    return None


def _extras(
    drafts: list[Draft], setting: tuple[Place, str], total: int, rng: Random, wanted: Callable[[Draft], bool]
) -> list[Cluster]:
    """Groups that stand by themselves, until there are `total`."""
    clusters = []
    while len(drafts) < total:
        extra = _add(drafts, setting, rng, wanted, None)
        if extra is None:
            break
        clusters.append(Cluster((extra,)))
    return clusters


def _cast(rng: Random) -> Cast | None:
    """Who is in the scene, in clusters; at least two groups."""
    subject, thing, plan, place, time = _beginning(rng)
    total = _pick(rng, GROUP_SHARES)
    drafts = [_draft(subject, place, rng)]
    if plan in ("behind", "next to") and drafts[0].sky:
        plan = ""
    if plan:
        partner = _add(drafts, (place, time), rng, lambda draft: thing is not None or not draft.sky, thing)
        if partner is None:
            return None
        pair = (drafts[0], partner) if plan in ("on", "under") or rng.random() < 0.5 else (partner, drafts[0])
        clusters = [_related(*pair, plan, rng)]
    else:
        clusters = [Cluster((drafts[0],))]
    clusters += _extras(drafts, (place, time), total, rng, lambda draft: True)
    return (clusters, place, time) if len(drafts) > 1 else None


def _lead(lead: Lead, place: Place, rng: Random) -> Draft | None:
    """A group as the favourite promises it; None when as many do not fit."""
    kind = KIND_BY_NAME[lead.kinds[int(rng.random() * len(lead.kinds))]]
    draft = _draft(kind, place, rng)
    for _ in range(99):
        if not lead.counts or draft.count in lead.counts:
            return replace(draft, colour=lead.colour or draft.colour, size=lead.size or draft.size)
        count, size = _crowd(kind, rng)
        draft = replace(draft, count=count, size=size)
    return None


def _cast_favourite(favourite: Favourite, rng: Random) -> Cast | None:
    """The favourite's groups as promised, and one or two of other kinds."""
    names = [lead.kinds[0] for lead in favourite.leads]
    possible = [
        ((place, time), share)
        for (place, time), share in settings(names[0], "".join(names[1:]))
        if place.name in (favourite.places or (place.name,)) and time in (favourite.time or time,)
    ]
    place, time = _pick(rng, possible)
    drafts = [draft for lead in favourite.leads if (draft := _lead(lead, place, rng))]
    if len(drafts) < len(favourite.leads):
        return None
    if favourite.relation:
        clusters = [_related(drafts[0], drafts[1], favourite.relation, rng)]
    else:
        clusters = [Cluster((draft,)) for draft in drafts]
    total, promised = len(drafts) + _pick(rng, EXTRAS), {draft.kind.name for draft in drafts}
    clusters += _extras(drafts, (place, time), total, rng, lambda draft: draft.kind.name not in promised)
    return (clusters, place, time) if len(drafts) == total else None


def _left_right(standing: Sequence[Standing], related: set[frozenset[int]], rng: Random) -> list[Relation]:
    """Left and right among groups that clearly stand side by side, at most one."""
    found = []
    for a, first in enumerate(standing):
        for b, second in enumerate(standing):
            if a == b or first.draft.sky or second.draft.sky or frozenset((a, b)) in related:
                continue
            ends = max(box.x + box.w for box in first.boxes), min(box.x for box in second.boxes)
            if ends[0] <= ends[1] + 0.005:
                found.append((a, b))
    if not found or rng.random() > 0.72:
        return []
    a, b = found[int(rng.random() * len(found))]
    return [Relation(a, "left of", b) if rng.random() < 0.5 else Relation(b, "right of", a)]


def _relations(standing: Sequence[Standing], clusters: Sequence[Cluster], rng: Random) -> tuple[Relation, ...]:
    relations: list[Relation] = []
    hiding: set[frozenset[int]] = set()
    for number, cluster in enumerate(clusters):
        if not cluster.relation:
            continue
        where = [i for i, one in enumerate(standing) if one.cluster == number]
        subject = next(i for i in where if standing[i].draft is cluster.drafts[0])
        thing = next(i for i in where if i != subject)
        if cluster.relation != "next to":
            hiding.add(frozenset(where))
        if cluster.relation == "behind" and rng.random() < 0.5:
            relations.append(Relation(thing, "in front of", subject))
        elif cluster.relation == "next to" and rng.random() < 0.5:
            relations.append(Relation(thing, "next to", subject))
        else:
            relations.append(Relation(subject, cluster.relation, thing))
    return tuple(relations + _left_right(standing, hiding, rng))


def _placed(box: Box, flip: bool) -> Placed:
    return Placed(left=round(box.x, 5), top=round(box.y, 5), height=round(box.h, 5), flip=flip)


def _scene(
    split: str, number: int, place: Place, time: str, drafts: Sequence[tuple[Draft, tuple[Placed, ...]]]
) -> Scene:
    groups = tuple(
        Group(draft.kind.name, draft.colour, draft.count, draft.size, draft.state, placed) for draft, placed in drafts
    )
    return Scene(split, number, place.name, time, groups)


def _composed(split: str, number: int, favourite: Favourite | None, rng: Random) -> Scene | None:
    cast = _cast_favourite(favourite, rng) if favourite else _cast(rng)
    if cast is None:
        return None
    clusters, place, time = cast
    drafts = [(draft, ()) for cluster in clusters for draft in cluster.drafts]
    if split_of(_scene(split, number, place, time, drafts)) != split:
        return None  # before the layout, which takes most of the time and cannot change the signature
    standing = stand(clusters, place, rng)
    if standing is None:
        return None
    placed = [
        (one.draft, tuple(_placed(box, one.draft.flip) for box in sorted(one.boxes, key=lambda box: box.y + box.h)))
        for one in standing
    ]
    return replace(_scene(split, number, place, time, placed), relations=_relations(standing, clusters, rng))


def split_of(scene: Scene) -> str:
    """The split that a scene's content belongs to: 1 in 20 test, 1 in 20 val, the rest train."""
    digest = hashlib.sha256(repr(scene.signature()).encode()).digest()
    return {0: "test", 1: "val"}.get(int.from_bytes(digest[:8], "big") % 20, "train")


def compose(split: str, number: int) -> Scene:
    """Scene `number` (from 0) of `split` (train, val or test): always the same one, on every machine.

    Raises DatasetError for another split or a negative number.
    """
    if split not in SPLITS or number < 0:
        raise DatasetError(
            f"There is no scene {number} of “{split}”: splits are {', '.join(SPLITS)}, numbers start at 0."
        )
    attempt = 0
    favourite = favourite_of(split, number)
    while (scene := _composed(split, number, favourite, Random(f"{split}/{number}/{attempt}"))) is None:
        attempt += 1
    return scene
