"""Nouns of a colour, each a term of its own: "black cat", "woman in red".

A score adds up what terms of a question a picture lights. "black" and "cat" add up for a white cat beside a black dog
as well; only a term for both together can tell.
"""

from core.world.catalogue import KINDS
from core.world.scene import Scene
from core.world.words import BROADER, MEANINGS, PLAIN


def _coloured() -> dict[str, tuple[str, str]]:
    return {
        f"{noun} in {colour}" if kind.group == "person" else f"{colour} {noun}": (noun, colour)
        for kind in KINDS
        for noun, _ in (PLAIN[kind.name], *BROADER[kind.name])
        for colour in kind.colours
    }


# Term -> (noun, colour): by their plain and broader names, all things that the world draws in a colour.
COLOURED: dict[str, tuple[str, str]] = _coloured()


def coloured_terms(scene: Scene) -> set[str]:
    """The nouns of a colour that are true of a scene."""
    there = [(group.kind, group.colour) for group in scene.groups]
    return {
        term
        for term, (noun, colour) in COLOURED.items()
        if any(kind in MEANINGS[noun] and colour == shown for kind, shown in there)
    }
