"""How well somebody who knows every scene's record could find a scene by its caption: the ceiling of any model.

Works on records and claims alone; knows no pictures, models or wording.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.world.captions import captions
from core.world.claims import Claim, holds
from core.world.scene import Scene


@dataclass(frozen=True)
class Oracle:
    """Expected recall in percent, ties at random; `matching[i][j]`: scenes for which caption j of scene i holds."""

    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    matching: tuple[tuple[int, ...], ...]


class SceneIndex:
    """Scenes by the kinds in them, so that a claim is checked only where its rarest thing occurs."""

    def __init__(self, scenes: Sequence[Scene]) -> None:
        self._scenes = scenes
        by_kind: dict[str, set[int]] = defaultdict(set)
        for number, scene in enumerate(scenes):
            for group in scene.groups:
                by_kind[group.kind].add(number)
        self._by_kind = dict(by_kind)

    def matching(self, claim: Claim) -> list[int]:
        """The positions of the scenes for which the claim holds, ascending."""
        possible: set[int] | None = None
        for thing in claim.things:
            having = set().union(*(self._by_kind.get(kind, set()) for kind in thing.kinds))
            possible = having if possible is None else possible & having
        places = range(len(self._scenes)) if possible is None else sorted(possible)
        return [i for i in places if holds(claim, self._scenes[i])]


def expected_recall(matching: Sequence[int], k: int) -> float:
    """Mean over captions, in percent, of min(1, k / m): m scenes fit a caption and one of them is meant."""
    return 100.0 * sum(min(1.0, k / m) for m in matching) / len(matching) if matching else 0.0


def oracle_ranks(scenes: Sequence[Scene]) -> Oracle:
    """The oracle over all five captions of each scene, searched among exactly these scenes."""
    index = SceneIndex(scenes)
    counts = tuple(tuple(len(index.matching(caption.claim)) for caption in captions(scene)) for scene in scenes)
    flat = [count for row in counts for count in row]
    return Oracle(expected_recall(flat, 1), expected_recall(flat, 5), expected_recall(flat, 10), counts)
