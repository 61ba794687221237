"""Which kinds of the illustrated world go together: with places, times, furniture and each other; draws no lots."""

from functools import cache

from core.world.catalogue import KIND_BY_NAME, KINDS, PLACE_BY_NAME, PLACES, Kind, Place
from core.world.layout import DECKS, HEADROOM, medium_height

TIME_SHARES = {"day": 0.55, "sunset": 0.20, "night": 0.25}
PEOPLE = frozenset(("man", "woman", "boy", "girl"))
PETS = frozenset(("dog", "cat", "teddy", "rabbit", "penguin"))
TOPS = frozenset(kind.name for kind in KINDS if "top" in kind.habitats)
RIDERS: dict[str, frozenset[str]] = {
    "table": TOPS,
    "chair": frozenset(name for name in TOPS if KIND_BY_NAME[name].aspect < 1.45) - {"owl", "bird"},
    "sofa": TOPS - {"cactus", "flower", "candle"} | PEOPLE | {"dog", "rabbit"},
    "bed": TOPS - {"cactus", "flower", "candle"} | PEOPLE | {"dog", "rabbit"},
    "bench": TOPS | PEOPLE | {"dog"},
    "skateboard": frozenset(("boy", "girl", "robot", "frog", "owl", "ball", "gift", "pumpkin")) | PETS,
    "sled": frozenset(("boy", "girl", "baby", "robot", "owl", "gift", "pumpkin", "dog")) | PETS,
    "boat": PEOPLE | PETS | {"owl", "robot"},
    "canoe": PEOPLE | PETS | {"owl", "robot", "bear"},
}
ONLY_IN: dict[str, frozenset[str]] = {
    "snowman": frozenset(("snow", "mountains", "park", "forest")),
    "sled": frozenset(("snow", "mountains", "forest")),
    "palm": frozenset(("beach", "desert", "park", "street", "city")),
    "surfboard": frozenset(("beach", "street", "park", "desert")),
}
HOMES: dict[str, tuple[str, ...]] = {  # where a kind is found more often than elsewhere
    "beach": ("palm", "surfboard", "umbrella", "lighthouse", "kite"),
    "meadow": ("flower", "butterfly", "rabbit", "horse", "kite", "windmill"),
    "forest": ("pine", "owl", "bear", "mushroom", "tent", "frog"),
    "desert": ("cactus", "lion", "elephant", "giraffe", "rocket"),
    "mountains": ("tent", "pine", "bear", "castle", "helicopter"),
    "snow": ("snowman", "sled", "penguin", "pine"),
    "street": ("car", "bus", "taxi", "bicycle", "motorcycle", "truck"),
    "city": ("skyscraper", "taxi", "bus", "car", "helicopter"),
    "park": ("bench", "tree", "bush", "balloon", "bicycle", "skateboard"),
    "farm": ("cow", "sheep", "pig", "chicken", "tractor", "barn", "fence", "windmill", "sunflower", "pumpkin"),
    "kitchen": ("chef", "teapot", "cup", "pizza", "cake", "sandwich"),
    "living room": ("sofa", "television", "lamp"),
    "bedroom": ("bed", "teddy"),
    "office": ("laptop", "bookcase", "book"),
}
LIGHT: dict[str, tuple[str, ...]] = {
    "sun": ("day", "sunset"), "moon": ("night",), "star": ("night",), "rainbow": ("day",),
}  # fmt: skip
# How often a kind is drawn so that all end up in about as many scenes: some fit few places or draw others along.
EVENLY: dict[str, float] = {
    "cat": 1.1, "horse": 1.5, "cow": 1.4, "duck": 0.9, "owl": 0.8, "elephant": 1.6, "giraffe": 1.6, "lion": 1.2,
    "bear": 1.4, "turtle": 0.9, "butterfly": 1.5, "girl": 0.8, "baby": 1.2, "truck": 1.2, "taxi": 1.2,
    "bicycle": 1.2, "train": 1.2, "boat": 1.5, "canoe": 1.3, "helicopter": 1.3, "chair": 0.3, "sofa": 0.4,
    "table": 0.1, "bed": 0.4, "bench": 0.3, "lamp": 1.8, "bookcase": 2.6, "umbrella": 0.6, "suitcase": 1.1,
    "ball": 0.8, "teddy": 0.8, "kite": 1.2, "skateboard": 0.6, "surfboard": 1.8, "snowman": 2.1, "tree": 0.6,
    "pine": 1.4, "palm": 0.8, "mushroom": 1.2, "house": 1.7, "barn": 1.6, "castle": 1.6, "church": 1.5,
    "skyscraper": 1.2, "windmill": 1.8, "tent": 1.3, "sun": 1.3, "moon": 1.8, "star": 1.8, "cloud": 1.2,
    "rainbow": 1.5, "woman": 1.3,
}  # fmt: skip


def _names(kind: Kind) -> set[str]:
    return {kind.name} | {singular for singular, _ in kind.synonyms}


def confusable(a: Kind, b: Kind) -> bool:
    """Whether a name of one is also said of the other: a duck is a bird, a pine a tree, the sun a star."""
    said_of_a = _names(a) | {singular for singular, _ in a.broader}
    said_of_b = _names(b) | {singular for singular, _ in b.broader}
    return bool(_names(a) & said_of_b or _names(b) & said_of_a)


# Held-out scenes are cast some twenty times until one is of their split, so what follows is worked out once. The keys
# are names: a Kind as a key would be hashed with all its words each time, which took most of the time.
@cache
def mistakable(name: str) -> frozenset[str]:
    """The names of all kinds that cannot be told from this one by some word, itself among them."""
    return frozenset(kind.name for kind in KINDS if kind.name == name or confusable(kind, KIND_BY_NAME[name]))


@cache
def residents(place: str, time: str) -> tuple[Kind, ...]:
    """All kinds that fit this place at this time."""
    return tuple(kind for kind in KINDS if fits(kind, PLACE_BY_NAME[place], time))


@cache
def settings(name: str, other: str) -> tuple[tuple[tuple[Place, str], float], ...]:
    """Where and when the kind (together with the other one, unless "") can be, with how often, most likely at home."""
    kind, support = KIND_BY_NAME[name], KIND_BY_NAME.get(other)
    found = []
    for place in PLACES:
        homely = 4.0 if {name, other} & set(HOMES.get(place.name, ())) else 1.0
        for time, share in (TIME_SHARES if not place.indoors else {"day": 1.0}).items():
            if fits(kind, place, time) if support is None else fits_pair(kind, support, place, time):
                found.append(((place, time), share * homely))
    return tuple(found)


@cache
def companions(name: str, plan: str) -> tuple[tuple[Kind, ...], bool]:
    """As `partners`, of the kind of this name."""
    others, is_subject = partners(KIND_BY_NAME[name], plan)
    return tuple(others), is_subject


def fits(kind: Kind, place: Place, time: str) -> bool:
    """Whether the kind can be in this place by itself at this time."""
    if time not in LIGHT.get(kind.name, place.times) or time not in place.times:
        return False
    if place.name not in ONLY_IN.get(kind.name, (place.name,)):
        return False
    if place.name == "sea":
        return ("water" in kind.habitats or "sky" in kind.habitats) and kind.name != "butterfly"
    return any(habitat in place.habitats or habitat == "top" for habitat in kind.habitats)


def fits_pair(kind: Kind, support: Kind, place: Place, time: str) -> bool:
    """As `fits`, but whoever sits in a boat may be at sea."""
    return fits(support, place, time) and (support.name in DECKS or fits(kind, place, time))


def partners(kind: Kind, plan: str) -> tuple[list[Kind], bool]:
    """With whom the kind can take part in a relation, and whether the kind is the relation's subject."""
    if plan == "on":
        if kind.name in RIDERS:
            return [KIND_BY_NAME[name] for name in sorted(RIDERS[kind.name])], False
        return [
            KIND_BY_NAME[name] for name, riders in RIDERS.items() if kind.name in riders and name not in DECKS
        ], True
    if plan == "under":
        if kind.name in HEADROOM:
            return [other for other in KINDS if goes_under(other)], False
        return [KIND_BY_NAME[name] for name in HEADROOM] if goes_under(kind) else [], True
    return [], True


def goes_under(kind: Kind) -> bool:
    grounded = any(habitat in kind.habitats for habitat in ("land", "floor", "top"))
    return (
        grounded
        and medium_height(kind) * kind.aspect < 0.3
        and medium_height(kind) <= 0.26
        and kind.group != "building"
    )
