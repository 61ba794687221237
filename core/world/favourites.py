"""The scenes that visitors ask for first, as data; casts, draws and says nothing.

Kinds are drawn about evenly, so that a model sees all of them. Among a thousand pictures this would leave most natural
queries without an answer: a hundred kinds, fifteen places and eleven colours rarely meet as "a cat on a red sofa".
Therefore one held-out scene in four is a favourite: what it promises is fixed, everything else is drawn as always. The
training split has none, so a model meets them as new combinations.
"""

from dataclasses import dataclass
from random import Random

HELD_OUT = ("val", "test")
ONE_IN = 4


@dataclass(frozen=True)
class Lead:
    """A group that a favourite promises: one of `kinds`; colour, size and counts as said ("" and (): any)."""

    kinds: tuple[str, ...]
    colour: str = ""
    counts: tuple[int, ...] = ()
    size: str = ""


@dataclass(frozen=True)
class Favourite:
    """`query`: how a visitor may ask for it; `relation`: between the first and the second lead; (), "": any."""

    query: str
    leads: tuple[Lead, ...]
    relation: str = ""
    places: tuple[str, ...] = ()
    time: str = ""


def _lead(kinds: str, colour: str = "", *counts: int, size: str = "") -> Lead:
    return Lead(tuple(kinds.split("/")), colour, counts, size)


# fmt: off
FAVOURITES: tuple[Favourite, ...] = (
    # at home
    Favourite("a cat on a red sofa", (_lead("cat"), _lead("sofa", "red")), "on"),
    Favourite("a dog on a sofa", (_lead("dog"), _lead("sofa")), "on"),
    Favourite("a dog under a table", (_lead("dog"), _lead("table")), "under", ("kitchen", "living room")),
    Favourite("a teddy on a bed in a bedroom", (_lead("teddy"), _lead("bed")), "on", ("bedroom",)),
    Favourite("three apples on a table in a kitchen", (_lead("apple", "", 3), _lead("table")), "on", ("kitchen",)),
    Favourite("a cake on a table", (_lead("cake", "", 1), _lead("table")), "on"),
    Favourite("a laptop on a table in an office", (_lead("laptop"), _lead("table")), "on", ("office",)),
    # by the water
    Favourite("two boats on the sea at night", (_lead("boat", "", 2),), "", ("sea",), "night"),
    Favourite("a duck swimming on the sea", (_lead("duck"),), "", ("sea",)),
    Favourite("a lighthouse at the seaside at sunset", (_lead("lighthouse", "", 1),), "", ("beach",), "sunset"),
    Favourite("a palm on the beach", (_lead("palm"),), "", ("beach",)),
    Favourite("a woman under an umbrella on the beach",  # small under large: no medium woman fits under it
              (_lead("woman", "", 1, size="small"), _lead("umbrella", size="large")), "under", ("beach",)),
    # in winter
    Favourite("a dog in the snow", (_lead("dog"),), "", ("snow",)),
    Favourite("a penguin in the snow", (_lead("penguin"),), "", ("snow",)),
    Favourite("a snowman in the snow", (_lead("snowman"),), "", ("snow",)),
    Favourite("a child on a sled in the snow", (_lead("boy/girl"), _lead("sled")), "on", ("snow",)),
    # in town
    Favourite("a red car on a street at night", (_lead("car", "red"),), "", ("street",), "night"),
    Favourite("a yellow taxi in the city", (_lead("taxi", "yellow"),), "", ("city",)),
    Favourite("a child next to a ball in a park", (_lead("boy/girl"), _lead("ball")), "next to", ("park",)),
    Favourite("a balloon over a park", (_lead("balloon"),), "", ("park",)),
    Favourite("a bird on a bench", (_lead("bird"), _lead("bench")), "on"),
    Favourite("a man on a bench in a park", (_lead("man"), _lead("bench")), "on", ("park",)),
    # in the countryside and in the wild
    Favourite("a horse next to a barn on a farm", (_lead("horse"), _lead("barn", "", 1)), "next to", ("farm",)),
    Favourite("cows on a farm", (_lead("cow", "", 2, 3),), "", ("farm",)),
    Favourite("sheep in a meadow", (_lead("sheep", "", 2, 3, 4),), "", ("meadow",)),
    Favourite("flowers in a meadow", (_lead("flower", "", 2, 3, 4, 5),), "", ("meadow",)),
    Favourite("a bear in the forest", (_lead("bear"),), "", ("forest",)),
    Favourite("a tent under a night sky with the moon",
              (_lead("tent"), _lead("moon")), "", ("forest", "mountains"), "night"),
    Favourite("a train in the mountains", (_lead("train"),), "", ("mountains",)),
    Favourite("a castle in the mountains at sunset", (_lead("castle"),), "", ("mountains",), "sunset"),
    Favourite("a cactus in the desert", (_lead("cactus"),), "", ("desert",)),
    Favourite("an elephant in the desert", (_lead("elephant"),), "", ("desert",)),
)
# fmt: on


def favourite_of(split: str, number: int) -> Favourite | None:
    """The favourite that scene `number` of `split` is, or None: each once, in its own order, in each 128 scenes."""
    if split not in HELD_OUT:
        return None
    block, position = divmod(number, ONE_IN * len(FAVOURITES))
    rng = Random(f"favourite/{split}/{block}")
    places = sorted(range(ONE_IN * len(FAVOURITES)), key=lambda _: rng.random())
    chosen = places[position]
    return FAVOURITES[chosen] if chosen < len(FAVOURITES) else None
