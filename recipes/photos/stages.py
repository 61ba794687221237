"""The stages of making the model, each kept in the cache folder: what is there is not made again."""

import copy
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from core.data.dense import DenseFolder, write_dense
from core.encoders.efficientnet import EfficientNetLite2
from core.encoders.photo_text import WordList
from core.encoders.photos import ImageTower, PhotoEncoder, backbone, pooled
from core.experiments.fitting import train_folder
from core.models.head import SparseHead
from core.training.config import TrainingConfig
from core.training.trainer import OnStep
from core.vocabulary import Vocabulary
from recipes.photos.blocks import BlocksOverPlaces
from recipes.photos.data import Photograph, label_table, names, spoken
from recipes.photos.maps import BLOCK, kept_maps
from recipes.photos.pictures import (
    ABOVE,
    TAUGHT,
    Guide,
    Reader,
    Side,
    TrainingPairs,
    query_bank,
    standardise,
    teach,
)
from recipes.photos.sources import Sources
from recipes.photos.terms import always_lit, broader, vocabulary, without_terms
from recipes.photos.texts import distillation_texts, known_words
from recipes.photos.tower import distil, fit, rows_of

log = logging.getLogger(__name__)
VIEWS = tuple(range(8))  # of each teaching photograph: as it is, and changed
PHRASES = 3  # of some of its labels, a labelled photograph
PASSES, FIT_STEPS = 2.0, 900
EVERYWHERE = 0.4  # share of labelled photographs from which on the head hears a label only where there is no other
NAMED = 3  # photographs that must be called by a name for it to become a term
CLASS_FRAMES = ("a photo of a {}", "a {}", "{}")  # how a class is called, before what it is a kind of
MIDDLE = 0.5  # how much of the mean photograph stands beside a class
HEAD = TrainingConfig(
    epochs=12, batch_size=256, hidden_size=768, query_sparsity=2e-4, item_sparsity=3e-4, anchor=0.0025,
    anchor_emphasis=8.0, truth=0.0, expansion_until=0.9, least_weight=0.1,
)  # fmt: skip


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
        self.shown = label_table(self.labelling, self.labels)

    @cached_property
    def network(self) -> EfficientNetLite2:
        """The frozen backbone."""
        return backbone()

    @torch.inference_mode()
    def parts(self, name: str, photographs: Sequence[Photograph], view: int) -> tuple[NDArray[Any], ...]:
        """Maps, pooled parts and logits of a view of photographs by the frozen backbone."""
        with tqdm(total=len(photographs), desc=f"{name} {view}", unit="photo", mininterval=5) as bar:
            paths = [photograph.path for photograph in photographs]
            maps = kept_maps(self.cache, name, paths, view=view, progress=lambda done, *_: bar.update(done - bar.n))
        path = self.cache / f"parts-{name}-{view}.npz"
        if not path.exists():
            frozen = copy.deepcopy(self.network).bfloat16()  # a copy: bfloat16() changes the network itself
            seen, logits = [], []
            for start in range(0, len(maps), 16):
                batch = torch.from_numpy(maps[start : start + 16]).bfloat16()
                features = frozen.onward(batch, BLOCK).float()
                seen.append(pooled(features).half().numpy())
                logits.append(self.network.classify(features.mean((2, 3))).numpy())
            np.savez(path, parts=np.concatenate(seen), logits=np.concatenate(logits))
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
        random, texts = np.random.default_rng(0), list[str]()
        owners, phrases = list[list[int]](), list[Photograph]()
        for photograph in self.labelling:
            owners.append(list(range(len(texts), len(texts) + PHRASES)))
            for _ in range(PHRASES):
                some = random.permutation(photograph.labels)[: random.integers(1, 4)].tolist()
                texts.append(("a photo of " if random.random() < 0.3 else "") + spoken(some) or "nothing")
                phrases.append(Photograph(photograph.path, "train", labels=tuple(some)))
        return texts, owners, label_table(phrases, self.labels)

    def pairs(self, maps: bool) -> TrainingPairs:
        """All that the image side is taught."""
        captioned, labelled = self.sides(maps)
        counts = np.cumsum([0, *(len(photograph.captions) for photograph in self.teaching)])
        _, phrases_of, phrase_labels = self.phrases
        captions_of = [range(first, end) for first, end in pairwise(counts.tolist())]
        return TrainingPairs(captioned, labelled, captions_of, phrases_of, phrase_labels, self.shown)

    @cached_property
    def texts(self) -> dict[str, list[str]]:
        """All texts of the teaching by their kind."""
        return {
            "captions": self.captions,
            "phrases": self.phrases[0],
            "classes": [f"a photo of a {name}" for name in self.sources.class_names],
            "classes-short": [f"a {name}" for name in self.sources.class_names],
        }

    def guided(self, guide: Guide) -> Reader:
        """Reads the teaching's texts by the guide, from what the sentence encoder says of them."""
        vectors = {kind: self._sentences(kind, texts) for kind, texts in self.texts.items()}
        return lambda kind, numbers: guide(vectors[kind][list(numbers)])

    def _sentences(self, name: str, texts: Sequence[str]) -> torch.Tensor:
        path = self.cache / f"sentences-{name}.npy"
        if not path.exists():
            np.save(path, self.sources.sentences.encode(texts))
        return torch.from_numpy(np.load(path).astype(np.float32))

    @cached_property
    def image_side(self) -> tuple[ImageTower, Guide]:
        """The image tower, pooling first and then its last blocks as well, and the guide that read texts meanwhile."""
        tower, guide, path = ImageTower(self.network), Guide(), self.cache / "image-side.pt"
        if not path.exists():
            _, parts, logits = self.parts("captioned", self.teaching, 0)
            standardise(tower.pooling, parts, logits)
            with torch.no_grad():
                tower.pooling.meanings.copy_(guide.eval()(self._sentences("classes", self.texts["classes"])))
            read, flat = self.guided(guide), self.pairs(maps=False)
            pooling, kept, _ = teach(tower.pooling, guide, read, None, flat, ABOVE, on_step=_shown("pooling"))
            tower.pooling.load_state_dict(pooling.state_dict())
            guide.load_state_dict(kept.state_dict())
            maps = self.pairs(maps=True)
            pooling, kept, taught = teach(
                tower.pooling, guide, read, tower.taught, maps, TAUGHT, on_step=_shown("blocks")
            )
            assert taught is not None
            torch.save([taught.state_dict(), pooling.state_dict(), kept.state_dict()], path)
        for module, state in zip(
            (tower.taught, tower.pooling, guide), torch.load(path, weights_only=True), strict=True
        ):
            module.load_state_dict(state)
        return tower.eval(), guide.eval()

    @torch.inference_mode()
    def seen(self, tower: ImageTower, name: str, photographs: Sequence[Photograph], view: int) -> torch.Tensor:
        """(n, dim) rows of a view of photographs by a taught tower, before the query bank."""
        maps, _, logits = self.parts(name, photographs, view)
        onward, rows = BlocksOverPlaces(tower.taught), []
        for start in range(0, len(maps), 64):
            some = slice(start, start + 64)
            parts = onward(torch.from_numpy(maps[some]))
            rows.append(tower.pooling(parts, torch.from_numpy(logits[some])))
        return torch.cat(rows)

    @cached_property
    def encoder(self) -> PhotoEncoder:
        """Both towers: the text tower is distilled, then brought to what the guide and the pictures say; the bank."""
        wordnet, named = self.sources.wordnet, [*self.sources.class_names, *self.labels]
        listed = known_words(wordnet, self.captions, self.sources.sentences.common_words, named)
        words = WordList(listed, rows_of(self._sentences("words", listed).numpy()))
        other = distillation_texts(
            self.sources.wordnet, listed, self.captions, [*self.sources.class_names, *self.labels]
        )
        vectors = torch.cat([self._sentences("lessons", other), self._sentences("captions", self.captions)])
        distilled = distil(words, [*other, *self.captions], vectors.half().numpy(), PASSES, on_step=_shown("sentences"))
        tower, guide = self.image_side
        with torch.inference_mode():
            guided = guide(vectors)
        views = torch.stack([self.seen(tower, "captioned", self.teaching, view) for view in VIEWS[:3]])
        owners = np.repeat(np.arange(len(self.teaching)), [len(p.captions) for p in self.teaching])
        reader = fit(distilled, words, other, guided[: len(other)], self.captions, guided[len(other) :], views, owners,
                     FIT_STEPS, on_step=_shown("texts"))  # fmt: skip
        encoder = PhotoEncoder(tower, reader, words)
        asked = [encoder.read(texts) for texts in (self.captions, self.phrases[0], self.texts["classes"])]
        tower.bank.load_state_dict(query_bank(asked, views[0]).state_dict())
        return encoder

    def head(self) -> tuple[SparseHead, Vocabulary]:
        """The head, taught as `train` teaches on what the encoder makes of the teaching photographs; the best by val.

        Besides their captions, photographs are called what the classifier is sure of, and each class stands as a
        picture of its own: what the pooling adds for it, beside the mean of all photographs.
        """
        texts: dict[str, list[str]] = {}
        images: dict[str, NDArray[np.float32]] = {}
        split: dict[str, str] = {}
        called = Counter[str]()
        phrases, phrases_of, phrase_labels = self.phrases
        everywhere = self.shown.mean(0) > EVERYWHERE
        val = [photograph for photograph in self.captioned if photograph.split == "val"]
        kinds = (("captioned", self.teaching), ("labelled", self.labelling), ("val", val))
        for name, photographs in kinds:
            logits, rows = (
                self.parts(name, photographs, 0)[2],
                self.seen(self.encoder.image_tower, name, photographs, 0),
            )
            for number, photograph in enumerate(photographs):
                known = self.sources.called(logits[number]) if name != "val" else []
                called.update([*known, *photograph.labels])
                own_texts = list(photograph.captions)
                if name == "labelled":
                    own = phrases_of[number]
                    telling = [i for i in own if not (phrase_labels[i] & everywhere).any()]
                    own_texts = [phrases[i] for i in telling or own]
                key = f"{name}-{number}"
                texts[key] = own_texts + ([spoken(known)] if known else [])
                images[key], split[key] = rows[number].numpy(), photograph.split
        middle = np.mean([rows for key, rows in images.items() if key.startswith("captioned")], 0)
        meanings = self.encoder.image_tower.pooling.meanings.detach().numpy()
        for number, (meaning, name) in enumerate(zip(meanings, self.sources.class_names, strict=True)):
            over = broader(self.sources.wordnet, self.sources.classes[number])
            called.update([name, *over] * NAMED)
            key = f"class-{number}"
            picture = MIDDLE * middle / np.linalg.norm(middle) + meaning / np.linalg.norm(meaning)
            texts[key] = [frame.format(name) for frame in CLASS_FRAMES] + [spoken([name, *over])]
            split[key] = "train"
            images[key] = (picture / np.linalg.norm(picture)).astype(np.float32)
        terms = vocabulary(self.sources.wordnet, self.captions, sorted(n for n, c in called.items() if c >= NAMED))
        data, out = self.cache / "head-data", self.cache / "head"
        self._write(data, images, texts, split)
        train_folder(DenseFolder.read(data), terms, HEAD, out)
        head = SparseHead.load(out)
        with torch.no_grad():
            head.proj.weight[:, -1] = 0  # as it was taught, see `_write`
        asked = self.texts["classes-short"]
        return without_terms(head, terms, always_lit(head, terms, asked, self.encoder.encode_texts(asked)))

    def _write(
        self, folder: Path, images: dict[str, NDArray[np.float32]], texts: dict[str, list[str]], split: dict[str, str]
    ) -> None:
        """A dense data set, as `embed` writes them but without the query bank's number, of rows before the bank.

        The head does not read that number: a sum of terms can take from all scores of an image by no other means than
        terms that nearly every question lights (measured: 15 products in place of 8, for nothing gained).
        """
        banked = self.encoder.image_tower.bank.images(torch.from_numpy(np.stack(list(images.values())))).numpy()
        captions = {f"{key}-{i}": text for key, own_texts in texts.items() for i, text in enumerate(own_texts)}
        spoken_rows = self.encoder.encode_texts(list(captions.values()))
        for rows in (banked, spoken_rows):
            rows[:, -1] = 0
        meta = [
            {
                "imgid": key,
                "split": split[key],
                "filename": key,
                "sentences": [{"sentid": f"{key}-{i}", "raw": text} for i, text in enumerate(own_texts)],
            }
            for key, own_texts in texts.items()
        ]
        by_image, by_text = (dict(zip(*some, strict=True)) for some in ((images, banked), (captions, spoken_rows)))
        write_dense(folder, by_image, by_text, {"images": meta, "encoder": "photos"})


def _shown(what: str) -> OnStep:
    """What shows a training's steps and their loss on a bar."""
    bar = tqdm(desc=what, unit="step", mininterval=5)

    def on_step(step: int, steps: int, measures: dict[str, float]) -> None:
        bar.total = steps
        bar.set_postfix(loss=f"{measures['loss']:.3f}", refresh=False)
        bar.update(step - bar.n)

    return on_step
