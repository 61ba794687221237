"""Where the things of a scene stand: boxes in shares of the picture that make its relations true; draws nothing.

Things that relate to each other form a cluster, laid out around its own origin (x from 0, the ground at y = 0); then
whole clusters are put where they hide no other. Only + - * / on floats: the same layout on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from core.world.catalogue import Kind, Place, Surface

MARGIN = 0.02  # nothing comes closer to the picture's edge
OVERLAP = 0.08  # of the smaller box; more would hide what a caption may mention
SIZE_FACTORS = {"small": 0.75, "medium": 1.0, "large": 1.3}
SMALLEST = 0.165  # a medium thing's side if it were square: small ones stay recognisable at 96 pixels
WIDEST, TALLEST = 0.44, 0.50  # of a medium thing: a large one still leaves room for others
ROW = 0.72  # a group wider than this is drawn smaller
DECKS = {"boat": Surface(0.16, 0.84, 0.76), "canoe": Surface(0.7, 2.5, 0.42)}
# How high a thing may be under a shelter, and around where it stands (share of the shelter's height and width).
HEADROOM = {
    "table": (0.70, (0.5,)),
    "tree": (0.40, (0.2, 0.8)),
    "palm": (0.50, (0.22, 0.8)),
    "umbrella": (0.52, (0.3, 0.7)),
}


@dataclass(frozen=True)
class Box:
    """A drawing box in shares of the picture: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    def moved(self, dx: float, dy: float) -> "Box":
        return Box(self.x + dx, self.y + dy, self.w, self.h)

    def overlap(self, other: "Box") -> float:
        """The shared area (picture area = 1)."""
        w = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        h = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return w * h if w > 0 and h > 0 else 0.0


@dataclass(frozen=True)
class Draft:
    """A group before it has a position."""

    kind: Kind
    colour: str
    count: int
    size: str
    state: str
    flip: bool
    sky: bool = False


@dataclass(frozen=True)
class Cluster:
    """Groups that are laid out together; the relation is between the first (subject) and the second (object)."""

    drafts: tuple[Draft, ...]
    relation: str = ""


@dataclass(frozen=True)
class Standing:
    """A group with its boxes, and the depth that orders the drawing (smaller is farther back)."""

    draft: Draft
    boxes: tuple[Box, ...]
    depth: float
    cluster: int


def surface_of(kind: Kind) -> Surface | None:
    """Where things can be put on this kind, in its own heights; None when it carries nothing."""
    return kind.on or DECKS.get(kind.name)


def medium_height(kind: Kind) -> float:
    """The height of a medium thing at middle depth, as a share of the picture's height."""
    side = kind.size
    while side * side * kind.aspect < SMALLEST * SMALLEST:
        side += 0.005
    return min(side, WIDEST / kind.aspect, TALLEST)


def row(draft: Draft, scale: float, rng: Random, widest: float = ROW, jitter: float = 0.012) -> list[Box]:
    """The members side by side on the ground at y = 0, from x = 0; drawn smaller when wider than `widest`."""
    height = medium_height(draft.kind) * SIZE_FACTORS[draft.size] * scale
    width = height * draft.kind.aspect
    gap = 0.10 * width + 0.008
    total = draft.count * width + (draft.count - 1) * gap
    if total > widest:
        height, width, gap = height * widest / total, width * widest / total, gap * widest / total
    lone = draft.count == 1
    drops = [0.0 if lone else jitter * (2 * rng.random() - 1) for _ in range(draft.count)]
    return [Box(i * (width + gap), drop - height, width, height) for i, drop in enumerate(drops)]


def _extent(boxes: Sequence[Box]) -> tuple[float, float, float, float]:
    return (
        min(b.x for b in boxes), min(b.y for b in boxes), max(b.x + b.w for b in boxes), max(b.y + b.h for b in boxes)
    )  # fmt: skip


Rows = tuple[list[Box], list[Box]]  # the subject's and the object's boxes


def _on(subject: Draft, thing: Draft, scale: float, rng: Random) -> Rows | None:
    """The subject's feet at the support's surface, well inside its ends."""
    surface = surface_of(thing.kind)
    if surface is None:
        return None
    (support,) = row(replace(thing, count=1), scale, rng)
    x0, x1 = surface.x0, surface.x1
    if thing.flip:
        x0, x1 = thing.kind.aspect - x1, thing.kind.aspect - x0
    room = (x1 - x0) * support.h
    riders = row(subject, scale, rng, widest=room * 1.1, jitter=0)
    whole = row(subject, scale, rng, jitter=0)
    if thing.kind.name == "boat" and riders[0].h > 0.45 * support.h:  # the sails must remain to be seen
        riders = row(subject, scale * 0.45 * support.h / whole[0].h, rng, widest=room, jitter=0)
    elif riders[0].h < 0.66 * whole[0].h:
        return None
    if riders[0].h < 0.07:
        return None
    width = _extent(riders)[2]
    dx = support.x + x0 * support.h + (room - width) * (rng.random() if room > width else 0.5)
    return [rider.moved(dx, support.y + surface.y * support.h) for rider in riders], [support]


def _under(subject: Draft, thing: Draft, scale: float, rng: Random) -> Rows | None:
    """The subject's head below the shelter's roof, its feet a little nearer than the shelter's."""
    headroom, spots = HEADROOM[thing.kind.name]
    (shelter,) = row(replace(thing, count=1), scale, rng)
    boxes = row(subject, scale, rng, jitter=0)
    shrink = min(1.0, headroom * shelter.h / boxes[0].h)
    if shrink < 0.6:
        return None
    boxes = row(subject, scale * shrink, rng, jitter=0)
    width = _extent(boxes)[2]
    centre = spots[int(rng.random() * len(spots))] * shelter.w
    if len(spots) > 1 and width > 0.55 * shelter.w:
        centre = 0.5 * shelter.w
    centre = min(max(centre, width / 2), shelter.w - width / 2)
    if width > 0.85 * shelter.w or boxes[0].h < 0.07:
        return None
    return [box.moved(centre - width / 2, 0.012) for box in boxes], [shelter]


def _next_to(subject: Draft, thing: Draft, scale: float, rng: Random) -> Rows | None:
    """Side by side on the same ground, closer than half a width."""
    first, second = row(subject, scale, rng, widest=0.5), row(thing, scale, rng, widest=0.5)
    if any(boxes[0].h < 0.72 * row(d, scale, rng, 9)[0].h for d, boxes in ((subject, first), (thing, second))):
        return None  # squeezed too much for the size that captions may tell
    gap = (0.12 + 0.25 * rng.random()) * min(first[0].w, second[0].w)
    if rng.random() < 0.5:
        step = _extent(second)[2] + gap
        return [box.moved(step, 0) for box in first], second
    step = _extent(first)[2] + gap
    return first, [box.moved(step, 0) for box in second]


def _behind(subject: Draft, thing: Draft, scale: float, rng: Random) -> Rows | None:
    """The subject farther back, partly hidden by the object but still easy to recognise."""
    (front,) = row(replace(thing, count=1), scale, rng)
    (back,) = row(replace(subject, count=1), scale * 0.96, rng)
    for _ in range(24):
        dx = rng.random() * (front.w + back.w) - back.w
        box = back.moved(dx, -0.045 - 0.06 * rng.random())
        across = min(box.x + box.w, front.x + front.w) - max(box.x, front.x)
        hidden = box.overlap(front) / (box.w * box.h)
        if 0.2 <= hidden <= 0.45 and across >= 0.4 * min(box.w, front.w):
            return [box], [front]
    return None


LAYOUTS = {"on": _on, "under": _under, "next to": _next_to, "behind": _behind}


def _laid_out(cluster: Cluster, scale: float, rng: Random) -> list[list[Box]] | None:
    """The boxes of each group of the cluster around its own origin, left edge at 0; None when it cannot be."""
    if not cluster.relation:
        sky = cluster.drafts[0].sky
        rows: Sequence[list[Box]] = [row(cluster.drafts[0], scale, rng, jitter=0.03 if sky else 0.012)]
    else:
        pair = LAYOUTS[cluster.relation](cluster.drafts[0], cluster.drafts[1], scale, rng)
        if pair is None:
            return None
        rows = pair
    left = min(_extent(boxes)[0] for boxes in rows)
    return [[box.moved(-left, 0) for box in boxes] for boxes in rows]


def _ground(place: Place, cluster: Cluster, rng: Random) -> float:
    """Where the cluster's ground is: buildings and tall things rather at the back."""
    near, far = 1 - MARGIN - 0.015, place.horizon + 0.07
    if place.name == "sea" and not any(draft.kind.name in DECKS for draft in cluster.drafts):
        far = place.horizon + 0.22  # swimmers whose backs rise above the horizon would seem to fly
    tall = max(medium_height(draft.kind) * SIZE_FACTORS[draft.size] for draft in cluster.drafts)
    return far + (near - far) * rng.random() * (0.5 if tall > 0.38 else 1.0)


def _put(cluster: Cluster, place: Place, others: Sequence[Box], rng: Random) -> tuple[list[list[Box]], float] | None:
    """A position where the cluster fits into the picture and hides nothing, and the depth of its ground."""
    sky = cluster.drafts[0].sky
    for attempt in range(72):
        ground = _ground(place, cluster, rng)
        depth = (ground - place.horizon) / (1 - place.horizon)
        shrink = (1.0, 0.9, 0.8)[attempt // 24]
        rows = _laid_out(cluster, shrink * (1.0 if sky else 0.98 + 0.18 * depth), rng)
        if rows is None:
            return None
        boxes = [box for boxes in rows for box in boxes]
        _, top, right, bottom = _extent(boxes)
        if sky:
            room = place.horizon - 0.05 - MARGIN - (bottom - top)
            ground = MARGIN + rng.random() * room - top if room > 0 else -1.0
        if right > 1 - 2 * MARGIN or ground + top < MARGIN or ground + bottom > 1 - MARGIN:
            continue
        dx = MARGIN + rng.random() * (1 - 2 * MARGIN - right)
        rows = [[box.moved(dx, ground) for box in boxes] for boxes in rows]
        if all(a.overlap(b) <= OVERLAP * min(a.w * a.h, b.w * b.h) for boxes in rows for a in boxes for b in others):
            return rows, -1 + ground if sky else ground
    return None


def stand(clusters: Sequence[Cluster], place: Place, rng: Random) -> list[Standing] | None:
    """Every group with its boxes, back to front; None when the clusters do not fit into one picture."""
    standing: list[Standing] = []
    for number in sorted(range(len(clusters)), key=lambda n: (clusters[n].drafts[0].sky, n)):
        cluster = clusters[number]
        put = _put(cluster, place, [box for one in standing for box in one.boxes], rng)
        if put is None:
            return None
        rows, ground = put
        for member, (draft, boxes) in enumerate(zip(cluster.drafts, rows, strict=True)):
            depth = ground
            if cluster.relation in ("on", "under", "behind") and member == 0:
                aboard = (
                    cluster.relation == "on" and cluster.drafts[1].kind.name == "canoe"
                )  # its side hides their feet
                depth += -0.001 if aboard or cluster.relation == "behind" else 0.001
            standing.append(Standing(draft, tuple(boxes), depth, number))
    return sorted(standing, key=lambda one: one.depth)
