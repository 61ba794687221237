"""Items and queries like those of learned sparse retrieval, made from nothing: a million items in about a minute.

What a head's vectors look like, and what decides how hard they are to search:
- some 103 non-zeros an item (log-normal, 30 to 300) over 8,000 terms in use of a vocabulary of 30,522;
- document frequencies after Zipf, with a few terms in about half of all items: those are heads' punctuation marks;
- terms that occur together: an item mixes three topics, and two thirds of its terms are theirs;
- log-normal weights in (0.01, 3], heavier on an item's topics than on what is in its background.
A query is an item that was thinned and perturbed, plus some terms that are not the item's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import Rows

VOCABULARY, IN_USE = 30_522, 8_000  # terms: BERT's, and those that any item has
TOPICS, TOPIC_TERMS = 3_000, 220
TOPIC_SHARES = (0.6, 0.25, 0.15)  # of an item's topical terms, by topic
TOPICAL = 0.62  # of an item's terms
LIGHTEST, HEAVIEST = 0.01, 3.0
PAGE = 50_000  # items drawn at a time: bounds memory; 16 bits number them (see `_without_repeats`)
OWN = 0.85  # of a query's terms are its item's
SEED = 7


@dataclass(frozen=True)
class World:
    """What all items are drawn from: which terms are in use, how frequent they are, and the topics."""

    terms: NDArray[np.int32]  # (IN_USE,) term ids, the most frequent first
    background: NDArray[np.float64]  # (IN_USE,) cumulative chances of them
    topics: NDArray[np.int32]  # (TOPICS, TOPIC_TERMS) term ids, the most typical first
    typical: NDArray[np.float64]  # (TOPIC_TERMS,) cumulative chances of them

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "World":
        terms = rng.permutation(VOCABULARY)[:IN_USE].astype(np.int32)
        chances = _zipf(IN_USE, shift=1, power=0.45)
        # the first of a race with exponential times are a weighted draw without repetition, in the order of drawing
        times = rng.standard_exponential((TOPICS, IN_USE), dtype=np.float32) / chances.astype(np.float32)
        first = np.argpartition(times, TOPIC_TERMS, axis=1)[:, :TOPIC_TERMS]
        order = np.argsort(np.take_along_axis(times, first, axis=1), axis=1)
        topics = terms[np.take_along_axis(first, order, axis=1)]
        return cls(
            terms,
            np.cumsum(_zipf(IN_USE, shift=10, power=0.95)),
            topics,
            np.cumsum(_zipf(TOPIC_TERMS, shift=3, power=0.8)),
        )


def draw_items(count: int, seed: int = SEED) -> Rows:
    """`count` items; the same for the same seed, and the first of a larger draw for every whole page."""
    rng = np.random.default_rng(seed)
    world = World.draw(rng)
    pages = [_draw_page(world, min(PAGE, count - first), rng) for first in range(0, count, PAGE)]
    lengths = np.concatenate([lengths for lengths, _, _ in pages])
    return Rows(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([terms for _, terms, _ in pages]),
        np.concatenate([weights for _, _, weights in pages]),
        VOCABULARY,
    )


def draw_queries(items: Rows, count: int, size: int, seed: int) -> Rows:
    """`count` queries of about `size` terms, each from one item; works for real items as well."""
    rng = np.random.default_rng(seed)
    frequency = np.cumsum(np.bincount(items.terms, minlength=items.width))
    chances = frequency / frequency[-1]
    some = rng.integers(0, len(items), count)
    return Rows.of((_draw_query(*items.row(item), size, chances, rng) for item in some.tolist()), items.width)


def _zipf(count: int, *, shift: int, power: float) -> NDArray[np.float64]:
    """Chances of `count` ranks: 1 / (rank + shift) ** power, from rank 0, summing up to 1."""
    falling = np.arange(shift, count + shift, dtype=np.float64) ** -power
    return falling / falling.sum()


def _pick(cumulative: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """`count` ranks, (count,), by cumulative chances."""
    return np.searchsorted(cumulative, rng.random(count)).clip(max=len(cumulative) - 1)


def _draw_page(
    world: World, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Lengths (count,), terms and weights (nnz,) of some items."""
    drawn = np.clip(rng.lognormal(np.log(118) - 0.06, 0.35, count), 35, 320).astype(np.int64)  # terms may repeat
    owner, total = np.repeat(np.arange(count), drawn), int(drawn.sum())
    # most topics are as likely as others, some are fashions: a third of the draws goes by Pareto's law
    fashions = np.minimum(60 * rng.pareto(1.0, (count, 3)), TOPICS - 1).astype(np.int64)
    topics = np.where(rng.random((count, 3)) < 0.7, rng.integers(0, TOPICS, (count, 3)), fashions)
    topic = topics[owner, _pick(np.cumsum(TOPIC_SHARES), total, rng)]
    rank = _pick(world.typical, total, rng)
    topical = rng.random(total) < TOPICAL
    terms = np.where(topical, world.topics[topic, rank], world.terms[_pick(world.background, total, rng)])
    weights = rng.lognormal(-1.15, 0.75, total) * np.where(topical, 1.35 / (1 + rank / 120), 0.8)
    return _without_repeats(owner, terms, weights.clip(LIGHTEST, HEAVIEST).astype(np.float32), count)


def _without_repeats(
    owner: NDArray[np.int64], terms: NDArray[np.int32], weights: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Sorted by item and term, with the heaviest weight of each. One key of 63 bits: sorting numbers is fast.

    Bits of positive floats sort as they do; inverted, the heaviest comes first.
    """
    inverted = ~weights.view(np.uint32)
    keys = (owner.astype(np.uint64) << 47) | (terms.astype(np.uint64) << 32) | inverted
    keys.sort()
    pairs = keys >> 32
    first = np.concatenate([[True], pairs[1:] != pairs[:-1]])
    keys, pairs = keys[first], pairs[first]
    lengths = np.bincount((pairs >> 15).astype(np.int64), minlength=count)
    return lengths, (pairs & 0x7FFF).astype(np.int32), (~keys.astype(np.uint32)).view(np.float32)


def _draw_query(
    terms: NDArray[np.int32],
    weights: NDArray[np.float32],
    size: int,
    chances: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Heavy terms of the item more often, with weights of their own, and frequent ones of other items."""
    wanted = max(3, int(rng.normal(size, 0.2 * size)))
    own = min(len(terms), max(2, round(OWN * wanted)))
    liking = weights.astype(np.float64) ** 1.2
    kept = rng.choice(len(terms), own, replace=False, p=liking / liking.sum())
    foreign = np.setdiff1d(_pick(chances, wanted - own, rng), terms[kept])
    heaviness = np.concatenate(
        [weights[kept] * rng.lognormal(0, 0.45, own), rng.lognormal(-1.1, 0.7, foreign.size)]
    ).clip(2 * LIGHTEST, HEAVIEST)
    together = np.concatenate([terms[kept], foreign.astype(np.int32)])
    order = np.argsort(together)
    return together[order], heaviness[order].astype(np.float32)
