"""Whether explanations point at the right thing, on the built-in world: python benchmarks/pointing.py

Heat maps: for every lit term that names an object of a test scene, whether the map's peak lies inside a box of such an
object (grown by 5 % of its size on each side), beside two chances: a uniform point, and the middle of a random object.
Words: in queries of two objects, whether the link of an expansion term that is true of one object only, and is lit by
that object's own name, names that object's word; a link to no word is counted apart.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs without an installation

from core.models.model import Model
from core.models.registry import DEFAULT_MODEL, load_model
from core.search.attribution import word_links
from core.search.heatmap import term_map
from core.world.catalogue import KINDS
from core.world.composer import compose
from core.world.renderer import Box, render
from core.world.words import BROADER, MEANINGS, SYNONYMS

GROWN = 0.05
SIDE = 384


def pointing(model: Model, scenes: int) -> dict[str, list[bool]]:
    """For each case, whether the peak, a uniform point and the middle of a random object are inside."""
    rng, cases = np.random.default_rng(0), {"peak": [], "uniform point": [], "middle of a random object": []}
    for number in range(scenes):
        scene = compose("test", number)
        drawn = render(scene, SIDE)
        boxes: dict[str, list[Box]] = {}
        for group, places in zip(scene.groups, drawn.boxes, strict=True):
            boxes.setdefault(group.kind, []).extend(places)
        everything = [box for places in boxes.values() for box in places]
        (vector,) = model.encode_images([drawn.image])
        for term in vector.terms.tolist():
            kinds = MEANINGS.get(model.vocabulary.terms[term], frozenset()) & boxes.keys()
            named = [box for kind in kinds for box in boxes[kind]]
            if not named:
                continue
            left, top, right, bottom = everything[rng.integers(len(everything))]
            x, y = term_map(model, drawn.image, term).peak()
            cases["peak"].append(_inside(x * SIDE, y * SIDE, named))
            cases["uniform point"].append(_inside(*(rng.random(2) * SIDE), named))
            cases["middle of a random object"].append(_inside((left + right) / 2, (top + bottom) / 2, named))
    return cases


def _inside(x: float, y: float, boxes: list[Box]) -> bool:
    return any(
        left - GROWN * (right - left) <= x <= right + GROWN * (right - left)
        and top - GROWN * (bottom - top) <= y <= bottom + GROWN * (bottom - top)
        for left, top, right, bottom in boxes
    )


def naming(model: Model, queries: int) -> Counter[str]:
    """How many links of one object's synonyms and broader words name that object's word, another, or none."""
    rng, counted, asked = np.random.default_rng(0), Counter(), 0
    names = [kind.name for kind in KINDS if " " not in kind.name and kind.name in model.vocabulary]
    while asked < queries:
        first, second = rng.choice(names, 2, replace=False).tolist()
        meant = {kind: {noun for noun, _ in (*SYNONYMS[kind], *BROADER[kind])} for kind in (first, second)}
        alone = dict(zip((first, second), model.encode_texts([f"a {first}", f"a {second}"]), strict=True))
        lights = {kind: {model.vocabulary.terms[t] for t in vector.terms.tolist()} for kind, vector in alone.items()}
        links = word_links(model, f"a {first} and a {second}")
        rows = [
            (link, kind)
            for link in links.links
            for kind, other in ((first, second), (second, first))
            if link.term in meant[kind] & lights[kind] and link.term not in meant[other] | {other}
        ]
        if not rows:
            continue
        asked += 1
        for link, kind in rows:
            word = links.words[link.word] if link.word is not None else None
            counted["right" if word == kind else "none" if word is None else "wrong"] += 1
    return counted


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--queries", type=int, default=100)
    options = parser.parse_args()
    model = load_model(DEFAULT_MODEL)
    table = Table("what", "share", "of")
    for name, inside in pointing(model, options.scenes).items():
        table.add_row(f"inside the named object's box: {name}", f"{np.mean(inside):.3f}", f"{len(inside):,} terms")
    counted = naming(model, options.queries)
    for name in ("right", "wrong", "none"):
        table.add_row(
            f"synonym linked to the {name} word", f"{counted[name] / counted.total():.3f}", f"{counted.total()} links"
        )
    Console(width=110).print(f"{options.scenes} test scenes, {options.queries} queries of two objects", table)


if __name__ == "__main__":
    main()
