"""What the model reaches, measured with the files that ship: on captioned photographs and on those of another kind."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy import bool_, float32
from numpy.typing import NDArray
from PIL import Image

from core.data.dense import DenseDataset
from core.data.literal_terms import literal_terms
from core.evaluation.evaluate import evaluate_dense, evaluate_head
from core.models.model import Model
from core.search.heatmap import term_map
from core.vocabulary import Vocabulary
from recipes.photos.data import Photograph, spoken
from recipes.photos.terms import BROADER_STEPS, singular
from recipes.scenes.wordnet import Key, WordNet

TOP = 5  # heaviest nouns of a photograph
PAIRS = 300  # of photographs side by side
SIDE = 256  # pixels of each of a pair


@dataclass(frozen=True)
class HeadFigures:
    """`of_dense`: R@1 of the head as a share of the dense vectors' own; the rest as in `evaluate`."""

    dense: tuple[float, float, float]
    sparse: tuple[float, float, float]
    of_dense: float
    flops: float
    query_terms: float
    item_terms: float
    exact_at_20: float


@dataclass(frozen=True)
class Pointing:
    """Of pairs side by side: how often a thing's term fires at all, and how often its peak lies in the thing's half."""

    pairs: int
    fires: float
    right_half: float


def opened(photographs: Sequence[Photograph]) -> list[Image.Image]:
    """The photographs as RGB."""
    images = []
    for photograph in photographs:
        with Image.open(photograph.path) as image:
            images.append(image.convert("RGB"))
    return images


def dataset(model: Model, photographs: Sequence[Photograph]) -> DenseDataset:
    """The photographs and their captions, encoded by the model as it ships; labels stand in for missing captions."""
    texts = [photograph.captions or (spoken(photograph.labels),) for photograph in photographs]
    captions = [caption for some in texts for caption in some]
    owner = np.repeat(np.arange(len(photographs)), [len(some) for some in texts])
    return DenseDataset(model.dense_images(opened(photographs)), model.dense_texts(captions), owner, captions)


def retrieval(model: Model, data: DenseDataset) -> HeadFigures:
    """Dense and sparse, text to image."""
    dense = evaluate_dense(data).measures
    head = evaluate_head(model.head, data, literal_terms(data.captions, model.vocabulary)).measures
    first, second = ((each["recall@1"], each["recall@5"], each["recall@10"]) for each in (dense, head))
    cost = (head[name] for name in ("flops", "query_terms", "item_terms", "exact@20"))
    return HeadFigures(first, second, second[0] / first[0], *cost)  # type: ignore[arg-type, operator]


def by_label(dense_texts: NDArray[float32], dense_images: NDArray[float32], shown: NDArray[bool_]) -> float:
    """Mean average precision of asking for each label (labels, dim) among images (n, dim), `shown` (n, labels)."""
    precisions = []
    for scores, right in zip(dense_texts @ dense_images.T, shown.T, strict=True):
        if right.any():
            hits = right[np.argsort(-scores, kind="stable")]
            precisions.append((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())
    return float(np.mean(precisions))


def true_terms(model: Model, data: DenseDataset, wordnet: WordNet) -> float:
    """The share of photographs' TOP heaviest nouns that a caption says, or a synonym, a broader or a narrower word."""
    terms = model.vocabulary.terms
    nouns = np.array([i for i, term in enumerate(terms) if wordnet.is_mostly_noun(term)])
    related = {term: related_words(wordnet, term) for term in terms}
    words: list[set[str]] = [set() for _ in data.images]
    for caption, image in zip(data.captions, data.image_of_text.tolist(), strict=True):
        words[image] |= {terms[i] for i in model.vocabulary.literal_ids(caption)}
        words[image] |= {singular(word, wordnet) for word in Vocabulary.words(caption)}
    right = []
    for weights, own in zip(model.head.weigh(data.images), words, strict=True):
        meant = own | {word for one in own for word in related.get(one) or related_words(wordnet, one)}
        heaviest = nouns[np.argsort(-weights[nouns], kind="stable")[:TOP]]
        right += [terms[i] in meant or bool(related[terms[i]] & own) for i in heaviest if weights[i] > 0]
    return float(np.mean(right))


def related_words(wordnet: WordNet, word: str) -> frozenset[str]:
    """Synonyms and broader words (two steps) of a noun in its three commonest meanings."""
    near: list[Key] = []
    for key in wordnet.senses(word)[:3]:
        near += [key, *(above for above, _ in wordnet.above(key, BROADER_STEPS))]
    return frozenset(one for key in near for one in wordnet.synsets[key].words)


def pointing(model: Model, photographs: Sequence[Photograph], seed: int = 0) -> Pointing:
    """Two labelled photographs of different things side by side: does the peak of a thing's term lie in its half?"""
    draw = random.Random(seed)
    usable = [p for p in photographs if any(model.vocabulary.id(label) is not None for label in p.labels)]
    asked = fired = right = 0
    while asked < PAIRS:
        pair = draw.sample(usable, 2)
        which = draw.randrange(2)
        own = [label for label in pair[which].labels if label not in pair[1 - which].labels]
        ids = [i for label in own if (i := model.vocabulary.id(label)) is not None]
        if not ids or not set(pair[1 - which].labels) - set(pair[which].labels):
            continue
        term, asked = draw.choice(ids), asked + 1
        beside = Image.new("RGB", (2 * SIDE, SIDE))
        for column, image in enumerate(opened(pair)):
            beside.paste(image.resize((SIDE, SIDE)), (column * SIDE, 0))
        if model.head.weigh(model.dense_images([beside]))[0, term] > 0:
            fired += 1
            right += (term_map(model, beside, term).peak()[0] > 0.5) == bool(which)
    return Pointing(PAIRS, fired / PAIRS, right / max(1, fired))


def as_json(figures: HeadFigures | Pointing) -> dict[str, object]:
    """The fields by name, rounded to four digits."""
    rounded = {}
    for name, value in asdict(figures).items():
        rounded[name] = [round(v, 4) for v in value] if isinstance(value, tuple | list) else round(value, 4)
    return rounded
