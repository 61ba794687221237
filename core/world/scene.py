"""One scene of the illustrated world as a record: what there is, where, and how it relates; draws and says nothing."""

from dataclasses import asdict, dataclass, field
from typing import Any

SIZES = ("small", "medium", "large")
RELATIONS = ("on", "under", "next to", "left of", "right of", "behind", "in front of")


@dataclass(frozen=True)
class Placed:
    """One drawn object: its drawing box in shares of the picture; the width follows from the kind."""

    left: float
    top: float
    height: float
    flip: bool = False


@dataclass(frozen=True)
class Group:
    """`count` (1..5) equal things: one kind, one colour, one size, one state ("" when there is nothing to say)."""

    kind: str
    colour: str  # "" for kinds without a colour of their own
    count: int
    size: str
    state: str
    placed: tuple[Placed, ...]  # one for each, back to front


@dataclass(frozen=True)
class Relation:
    """How two groups stand to each other: `subject` is `name` ("on", "under", …) `object`, indices of groups."""

    subject: int
    name: str
    object: int


@dataclass(frozen=True)
class Scene:
    """A whole scene; groups in drawing order (back to front). `split` and `number` made it, and make it again."""

    split: str
    number: int
    place: str
    time: str  # day, sunset or night
    groups: tuple[Group, ...]
    relations: tuple[Relation, ...] = field(default=())

    @property
    def id(self) -> str:
        return f"{self.split}-{self.number:06d}"

    def signature(self) -> tuple[Any, ...]:
        """What is in the scene, without where exactly: equal signatures are the same scene to a reader of captions."""
        groups = tuple(sorted((g.kind, g.colour, g.count, g.size, g.state) for g in self.groups))
        return self.place, self.time, groups

    def record(self) -> dict[str, Any]:
        """The scene as plain JSON data, without drawing boxes (the renderer knows the pixel boxes)."""
        return {
            "place": self.place,
            "time": self.time,
            "objects": [
                {key: value for key, value in asdict(group).items() if key != "placed"} | {"name": group.kind}
                for group in self.groups
            ],
            "relations": [asdict(relation) for relation in self.relations],
        }
