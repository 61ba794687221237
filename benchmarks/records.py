"""What was measured, as plain records; `--json` writes them as they are."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Regime:
    """Queries of one size. `proven`: share of answers that say they are exact; None where nobody says such a thing."""

    queries: int
    p50: float  # milliseconds, the best of some runs of each query
    p95: float
    overlap: float | None  # mean share of the best k found; None: other vectors, nothing to compare with
    proven: float | None = None


@dataclass(frozen=True)
class System:
    """One way to search. `regimes`: by size of queries; empty where it was not measured, and `note` says why."""

    name: str
    about: str
    regimes: dict[int, Regime] = field(default_factory=dict)
    build_seconds: float | None = None
    bytes_an_item: float | None = None  # on disk, where it keeps something there
    note: str = ""


@dataclass(frozen=True)
class Opening:
    """A collection opened in a process of its own; memory in megabytes, {"own", "files"} (see `timing.resident`)."""

    seconds: float
    first_search_ms: float
    queries: int  # between `opened` and `warm`
    before: dict[str, float]
    opened: dict[str, float]
    warm: dict[str, float]
    load_seconds: float  # to hold all vectors in memory
    held: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """All there is to say of one number of items. `ours`: exact search, then one a budget, then held in memory."""

    items: int
    mean_terms: float
    query_terms: dict[int, float]  # size asked for: mean of those drawn
    load: float  # of the machine, over the last quarter of an hour
    opening: Opening
    ours: list[System]
    peers: list[System]
