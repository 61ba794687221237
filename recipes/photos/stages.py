"""The stages of making the model, each kept in the cache folder: what is there is not made again."""

import copy
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from core.data.dense import DenseDataset
from core.data.spoken import spoken_terms
from core.encoders.efficientnet import EfficientNetLite2
from core.encoders.photo_text import WordList
from core.encoders.photos import ImageTower, PhotoEncoder, backbone, joined, pooled
from core.head import SparseHead
from core.training.config import TrainingConfig
from core.training.trainer import train_head
from core.vocabulary import Vocabulary
from recipes.photos.data import Photograph, label_table, names, spoken
from recipes.photos.maps import BLOCK, kept_maps
from recipes.photos.pictures import ABOVE, TAUGHT, Guide, Lessons, Side, parts_of, standardise, teach
from recipes.photos.sources import Sources
from recipes.photos.terms import vocabulary
from recipes.photos.texts import known_words, lessons
from recipes.photos.tower import distil, fit, rows_of

log = logging.getLogger(__name__)
VIEWS = (0, 1, 2, 3)  # of each teaching photograph: as it is, and changed
PHRASES = 3  # of some of its labels, a labelled photograph
PASSES, FIT_STEPS = 2.0, 900
NAMED = 3  # photographs that must be called by a name for it to become a term
HEAD = TrainingConfig()


@dataclass
class Stages:
    """Photographs in, a model out; every property is a stage and asks for those before it."""

    captioned: Sequence[Photograph]
    labelled: Sequence[Photograph]
    cache: Path
    sources: Sources

    def __post_init__(self) -> None:
        self.teaching, self.labelling = (
            [p for p in some if p.split == "train"] for some in (self.captioned, self.labelled)
        )
        self.captions = [caption for photograph in self.teaching for caption in photograph.captions]
        self.labels = names(self.labelled)

    @cached_property
    def network(self) -> EfficientNetLite2:
        """The frozen backbone."""
        return backbone()

    @torch.inference_mode()
    def parts(self, name: str, photographs: Sequence[Photograph], view: int) -> tuple[NDArray[Any], ...]:
        """Maps, pooled parts and logits of a view of photographs by the frozen backbone."""
        with tqdm(total=len(photographs), desc=f"{name} {view}", unit="photo", mininterval=5) as bar:
            paths = [photograph.path for photograph in photographs]
            maps = kept_maps(self.cache, name, paths, view=view, progress=lambda done, _, __: bar.update(done - bar.n))
        path = self.cache / f"parts-{name}-{view}.npz"
        if not path.exists():
            frozen = self.network.bfloat16()
            features = [frozen.onward(torch.from_numpy(maps[i : i + 16]).bfloat16(), BLOCK).float()
                        for i in range(0, len(maps), 16)]  # fmt: skip
            logits = [backbone().classify(some.mean((2, 3))).numpy() for some in features]
            np.savez(path, parts=np.concatenate([pooled(some).half().numpy() for some in features]),
                     logits=np.concatenate(logits))  # fmt: skip
        kept = np.load(path)
        return maps, kept["parts"], kept["logits"]

    def sides(self, maps: bool) -> tuple[Side, Side]:
        """Captioned and labelled photographs of all views, as maps or as pooled parts."""
        both = []
        for name, photographs in (("captioned", self.teaching), ("labelled", self.labelling)):
            views = [self.parts(name, photographs, view) for view in VIEWS]
            both.append(Side([(view[0] if maps else view[1], view[2]) for view in views]))
        return both[0], both[1]

    @cached_property
    def phrases(self) -> tuple[list[str], list[list[int]], NDArray[np.bool_]]:
        """Some of each labelled photograph's labels as short captions; which are whose; which labels each says."""
        random, texts, owners, said = np.random.default_rng(0), [], [], []
        for photograph in self.labelling:
            owners.append(list(range(len(texts), len(texts) + PHRASES)))
            for _ in range(PHRASES):
                some = random.permutation(photograph.labels)[: random.integers(1, 4)].tolist()
                texts.append(("a photo of " if random.random() < 0.3 else "") + spoken(some) or "nothing")
                said.append(Photograph(photograph.path, "train", labels=tuple(some)))
        return texts, owners, label_table(said, self.labels)

    def lessons(self, maps: bool) -> Lessons:
        """All that the image side is taught."""
        captioned, labelled = self.sides(maps)
        counts = np.cumsum([0, *(len(photograph.captions) for photograph in self.teaching)])
        phrases, phrases_of, phrase_labels = self.phrases
        encode = self._sentences
        return Lessons(
            captioned, labelled,
            captions=encode("captions", self.captions),
            captions_of=[range(a, b) for a, b in pairwise(counts.tolist())],
            phrases=encode("phrases", phrases), phrases_of=phrases_of, phrase_labels=phrase_labels,
            labels=label_table(self.labelling, self.labels),
            classes=(encode("classes", [f"a photo of a {name}" for name in self.sources.class_names]),
                     encode("classes-short", [f"a {name}" for name in self.sources.class_names])),
        )  # fmt: skip

    def _sentences(self, name: str, texts: Sequence[str]) -> torch.Tensor:
        path = self.cache / f"sentences-{name}.npy"
        if not path.exists():
            np.save(path, self.sources.sentences.encode(texts))
        return torch.from_numpy(np.load(path).astype(np.float32))

    @cached_property
    def image_side(self) -> tuple[ImageTower, tuple[Guide, Guide]]:
        """The image tower, and the guides that read texts while each of its poolings was taught.

        The frozen features' pooling is taught first; the other goes on from it together with the last blocks.
        """
        tower, guides, path = ImageTower(self.network), (Guide(), Guide()), self.cache / "image-side.pt"
        modules = {
            "taught": tower.taught,
            "frozen_pooling": tower.frozen_pooling,
            "taught_pooling": tower.taught_pooling,
            "guide": guides[0],
            "second_guide": guides[1],
        }
        if not path.exists():
            _, parts, logits = self.parts("captioned", self.teaching, 0)
            standardise(tower.frozen_pooling, parts, logits)
            flat = self.lessons(maps=False)
            with torch.no_grad():
                tower.frozen_pooling.meanings.copy_(guides[0].eval()(flat.classes[0]))
            above = teach(tower.frozen_pooling, guides[0], None, flat, ABOVE, _told("pooling"))
            begun = copy.deepcopy(above[0]), copy.deepcopy(above[1])
            below = teach(*begun, tower.taught, self.lessons(maps=True), TAUGHT, _told("last blocks"))
            states = {"taught": below[2], "frozen_pooling": above[0], "taught_pooling": below[0],
                      "guide": above[1], "second_guide": below[1]}  # fmt: skip
            torch.save({name: module.state_dict() for name, module in states.items() if module is not None}, path)
        for name, state in torch.load(path, weights_only=True).items():
            modules[name].load_state_dict(state)
        tower.eval()
        return tower, guides

    @torch.inference_mode()
    def seen(self, name: str, photographs: Sequence[Photograph], view: int) -> torch.Tensor:
        """(n, dim) rows of a view of photographs by both halves of the tower."""
        tower, _ = self.image_side
        maps, parts, logits = self.parts(name, photographs, view)
        rows = []
        for start in range(0, len(maps), 16):
            some = slice(start, start + 16)
            taught = parts_of(tower.taught, torch.from_numpy(maps[some]).float())
            said = torch.from_numpy(logits[some])
            frozen = tower.frozen_pooling(torch.from_numpy(parts[some]).float(), said)
            rows.append(joined(frozen, tower.taught_pooling(taught, said)))
        return torch.cat(rows)

    @cached_property
    def encoder(self) -> PhotoEncoder:
        """Both towers."""
        listed = known_words(self.sources.wordnet, self.captions, self.sources.sentences.common_words,
                             [*self.sources.class_names, *self.labels])  # fmt: skip
        words = WordList(listed, rows_of(self._sentences("words", listed).numpy()))
        other = lessons(self.sources.wordnet, listed, self.captions, [*self.sources.class_names, *self.labels])
        vectors = torch.cat([self._sentences("lessons", other), self._sentences("captions", self.captions)])
        tower = distil(words, [*other, *self.captions], vectors.half().numpy(), PASSES, _told("sentences"))
        image_tower, guides = self.image_side
        with torch.inference_mode():
            guided = joined(*(guide.eval()(vectors) for guide in guides))
        views = torch.stack([self.seen("captioned", self.teaching, view) for view in VIEWS[:3]])
        owners = np.repeat(np.arange(len(self.teaching)), [len(p.captions) for p in self.teaching])
        fitted = fit(tower, words, other, guided[: len(other)], self.captions, guided[len(other) :], views, owners,
                     FIT_STEPS, _told("texts"))  # fmt: skip
        return PhotoEncoder(image_tower, fitted, words)

    def head(self) -> tuple[SparseHead, Vocabulary]:
        """The head, taught by the trainer's defaults on what the encoder makes of the teaching photographs."""
        texts, owners, rows, called = [], [], [], Counter[str]()
        for name, photographs in (("captioned", self.teaching), ("labelled", self.labelling)):
            logits = self.parts(name, photographs, 0)[2]
            phrases, phrases_of, _ = self.phrases
            for number, photograph in enumerate(photographs):
                known = self.sources.called(logits[number])
                called.update([*known, *photograph.labels])
                said = photograph.captions or [phrases[i] for i in phrases_of[number]]
                for text in [*said, *([spoken(known)] if known else [])]:
                    texts.append(text)
                    owners.append(len(rows) + number)
            rows += list(self.seen(name, photographs, 0).numpy())
        named = sorted(name for name, count in called.items() if count >= NAMED)
        terms = vocabulary(self.sources.wordnet, self.captions, named)
        data = DenseDataset(np.stack(rows), self.encoder.encode_texts(texts), np.array(owners), texts)
        return train_head(data, spoken_terms(texts, terms), HEAD, lambda *_: None), terms


def _told(what: str) -> Callable[[int, int, float], None]:
    bar = tqdm(desc=what, unit="step", mininterval=5)

    def told(done: int, total: int, loss: float) -> None:
        bar.total = total
        bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
        bar.update(done - bar.n)

    return told
