"""Claims of short phrases as arrays, and which scenes they hold of, for whole batches at once; knows no vectors.

"Two dogs" is true of many pictures. A contrastive loss that takes all but one of them for wrong answers teaches the
towers to tell them apart by chance. `core.world.claims.holds` is the definition; a test compares this one with it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import bool_, int16
from numpy.typing import NDArray

from core.world.captions import Caption
from core.world.catalogue import KINDS
from core.world.scene import SIZES, Scene
from core.world.scene_table import scene_table, world_digest
from index_store.progress import Progress, silent
from recipes.scenes.corpus import COLOUR_IDS, KIND_IDS, PLACE_IDS, TIME_IDS, said_of

GROUPS, THINGS = 4, 2  # a scene has at most four groups, a phrase names at most two things
SIZE_IDS = {size: i + 1 for i, size in enumerate(SIZES)}
STATE_IDS = {state: i + 1 for i, state in enumerate(sorted({state for kind in KINDS for state in kind.states}))}
KIND_SLOTS = len(KINDS) + 1  # id 0: no group there


@dataclass(frozen=True)
class ClaimArrays:
    """The records of n scenes, and what p phrases about each of them claim, as ids.

    groups (n, 4, 5): kind, colour, count, size and state of each group of a scene; 0: no such group, or none of these.
    setting (n, 2): place and time of a scene.
    kinds (n, p, 2, kinds + 1) bool: which kinds each thing of a phrase can be; all False: it names no such thing.
    details (n, p, 2, 5): colour, exact count, least count, size and state of a thing; 0: not said.
    where (n, p, 2): place and time of a phrase; -1: not said.
    related (n, p) bool: whether the phrase also claims a relation.
    """

    groups: NDArray[int16]
    setting: NDArray[int16]
    kinds: NDArray[bool_]
    details: NDArray[int16]
    where: NDArray[int16]
    related: NDArray[bool_]


def load_claims(split: str, count: int, cache: Path, *, progress: Progress = silent) -> ClaimArrays:
    """The first `count` scenes of `split`, and the claims of the phrases that the corpus says of them; cached."""
    path = cache / f"claims-{split}-{count}-{world_digest()}.npz"
    return ClaimArrays(**scene_table(path, split, count, _row, progress=progress))


def claims_hold(
    claims: ClaimArrays, rows: NDArray[np.intp], which: NDArray[np.intp], pictures: NDArray[np.intp]
) -> NDArray[bool_]:
    """(q, b) bool: whether phrase `which[i]` of scene `rows[i]` is true of scene `pictures[j]`.

    rows (q,), which (q,), pictures (b,). A phrase that claims a relation counts as true of its own scene only: a few
    right answers are missed, none is invented.
    """
    kinds, details = claims.kinds[rows, which], claims.details[rows, which]  # (q, 2, K), (q, 2, 5)
    groups, where = claims.groups[pictures], claims.where[rows, which]  # (b, 4, 5), (q, 2)
    count = groups[None, :, :, 2]  # (1, b, 4)
    fits: list[NDArray[bool_]] = []
    for thing in range(THINGS):
        fit: NDArray[bool_] = kinds[:, thing][:, groups[:, :, 0]]  # (q, b, 4), a copy
        for slot, column in ((0, 1), (3, 3), (4, 4)):  # colour, size, state
            asked = details[:, thing, slot][:, None, None]
            fit &= (asked == 0) | (asked == groups[None, :, :, column])
        fits.append(fit)
    exact, least = details[:, :, 1], details[:, :, 2]  # (q, 2)
    pooled = (fits[0] * count).sum(2) >= least[:, 0, None]  # vague plurals may be several groups together
    for thing in range(THINGS):
        asked, low = exact[:, thing][:, None, None], least[:, thing][:, None, None]
        fits[thing] = fits[thing] & (count >= low) & ((asked == 0) | (asked == count))
    first, second = fits
    alone: NDArray[bool_] = np.logical_not(kinds[:, 1].any(1))  # (q,)
    vague: NDArray[bool_] = alone & (exact[:, 0] == 0) & (least[:, 0] > 1)
    pair = first.any(2) & second.any(2) & ((first | second).sum(2) >= 2)  # each thing a group of its own
    true = np.where(vague[:, None], pooled, np.where(alone[:, None], first.any(2), pair))
    setting = claims.setting[pictures]
    for slot in range(2):
        asked = where[:, slot][:, None]
        true &= (asked == -1) | (asked == setting[None, :, slot])
    true &= ~claims.related[rows, which][:, None]
    return true | (rows[:, None] == pictures)


def _row(scene: Scene) -> dict[str, NDArray]:
    return scene_row(scene) | phrase_rows(said_of(scene)[2])


def scene_row(scene: Scene) -> dict[str, NDArray]:
    """`groups` and `setting` of one scene, as in `ClaimArrays`."""
    groups = np.zeros((GROUPS, 5), int16)
    for row, group in zip(groups, scene.groups, strict=False):
        colour, state = COLOUR_IDS.get(group.colour, 0), STATE_IDS.get(group.state, 0)
        row[:] = (KIND_IDS[group.kind], colour, group.count, SIZE_IDS[group.size], state)
    return {"groups": groups, "setting": np.array([PLACE_IDS[scene.place], TIME_IDS[scene.time]], int16)}


def phrase_rows(phrases: list[Caption]) -> dict[str, NDArray]:
    """`kinds`, `details`, `where` and `related` of one scene's phrases, as in `ClaimArrays`."""
    count = len(phrases)
    kinds, details = np.zeros((count, THINGS, KIND_SLOTS), bool), np.zeros((count, THINGS, 5), int16)
    where, related = np.full((count, 2), -1, int16), np.zeros(count, bool)
    for i, phrase in enumerate(phrases):
        claim = phrase.claim
        for j, thing in enumerate(claim.things):
            kinds[i, j, [KIND_IDS[kind] for kind in thing.kinds]] = True
            size = SIZE_IDS.get(thing.size or "", 0)
            details[i, j] = (COLOUR_IDS.get(thing.colour or "", 0), thing.count or 0, thing.least, size,
                             STATE_IDS.get(thing.state or "", 0))  # fmt: skip
        if claim.place is not None:
            where[i, 0] = PLACE_IDS[claim.place]
        if claim.time is not None:
            where[i, 1] = TIME_IDS[claim.time]
        related[i] = bool(claim.relations)
    return {"kinds": kinds, "details": details, "where": where, "related": related}
